/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The scalar domain inside the verifier: what alu.c, branch.c and mem.c need beyond vf.h. Pure
 * functions of values, tested on their own.
 */
#ifndef VERIFIER_SCALAR_H
#define VERIFIER_SCALAR_H

#include "verifier/tnum.h"

/* unknown value of 0..2^(8*bytes)-1, bytes 1, 2, 4 or 8; and its sign-extended kin */
extern const struct vf_scalar vf_scalar_loaded[9];
extern const struct vf_scalar vf_scalar_loaded_sx[9];

void vf_scalar_unbound(struct vf_scalar *s);   /* all ranges full, tnum kept */
void vf_scalar_unbound32(struct vf_scalar *s); /* the 32-bit ranges full */
/* the 32-bit part zero-extended (R4.3); syncs */
void vf_scalar_zext32(struct vf_scalar *s);
/* sign-extends the low bytes (1, 2) into the low half; upper half untouched, no zero extension */
void vf_scalar_cast_signed32(struct vf_scalar *s, uint32_t bytes);

/* how a kernel version computes; see rules.def */
struct vf_scalar_rules {
	bool mul_signed, mul_joined, wrap_both_ends, div_ranges;
};

/*
 * *d = *d OP *s for a BPF_ALU operation (BPF_ADD ... BPF_ARSH; not MOV, NEG, END): spec 4.5. is32:
 * 32-bit operation, zero-extended. is_signed: signed division or modulo. Syncs.
 */
void vf_scalar_alu(struct vf_scalar *d, const struct vf_scalar *s, uint8_t op, bool is32,
		   bool is_signed, const struct vf_scalar_rules *rules);
void vf_scalar_add(struct vf_scalar *d, const struct vf_scalar *s, bool wrap_both_ends);
void vf_scalar_sub(struct vf_scalar *d, const struct vf_scalar *s, bool wrap_both_ends);
void vf_scalar_bswap(struct vf_scalar *d, uint32_t bits);

/* 1: `a op b` always holds, 0: never, -1: open (R4.8). op BPF_JEQ ... BPF_JSLE, BPF_JSET */
int vf_scalar_decide(const struct vf_scalar *a, const struct vf_scalar *b, uint8_t op, bool is32,
		     bool tnum_overlap);
/* a and b under the condition that `a op b` holds or not (4.8); syncs what changed */
void vf_scalar_refine(struct vf_scalar *a, struct vf_scalar *b, uint8_t op, bool is32, bool holds);

#endif
