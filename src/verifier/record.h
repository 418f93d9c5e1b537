/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The states that a verification kept, in a form that a concrete run can be held against
 * (options.record_states): wherever the run comes to an instruction with kept states, one of them must
 * describe its registers and stack. What the verifier does not rely on - dead registers, imprecise
 * numbers, slots nobody reads - is not compared.
 */
#ifndef VERIFIER_RECORD_H
#define VERIFIER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vf_env;
struct vf_record;

/* Is instruction insn one at which the run must be looked at? */
bool vf_record_at(const struct vf_record *rec, uint32_t insn);
/*
 * regs: R0-R10 before the instruction; the stack below R10 is read where a state relies on it. false:
 * no kept state covers them; why (may be NULL) gets a sentence.
 */
bool vf_record_covers(const struct vf_record *rec, uint32_t insn, const uint64_t regs[11],
		      char *why, size_t why_size);
void vf_record_free(struct vf_record *rec);

/*
 * Where paths come to one instruction in more states than this, none are kept, and a run is not looked at
 * there: a loop of a million rounds would cost more than anybody waits for.
 */
#define VF_RECORD_MAX 400

/* within the verifier: keeps what the root that was just walked has stored; 0 or -ENOMEM */
int vf_record_states(struct vf_env *env);

#endif
