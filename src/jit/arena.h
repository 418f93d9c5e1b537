/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Programs with an arena: what both engines need. */
#ifndef JIT_ARENA_H
#define JIT_ARENA_H

#include "jit/interp.h"
#include "maps/arena.h"

/* What an IOP_ARENA stands for; its dst, src and immediate are in the operation. */
struct interp_arena {
	uint16_t op; /* ISA_*: a load, a store, an atomic operation, CAST_USER */
	int16_t off;
	const struct map_arena_view *view;
};

/* Finds the program's arena, if it uses one. 0, -ENOMEM, -EINVAL. */
int jit_arena_open(const struct rt_prog *p, struct interp_code *code, const char **what);
void jit_arena_close(struct interp_code *code);
/* An instruction that the verifier saw work on arena addresses: changes op, which its row has filled. */
int jit_arena_decode(struct interp_code *code, const struct bpf_insn *insn, struct interp_op *op);
/* What an operation other than CAST_USER does. */
struct jit_arena_access {
	int size;
	bool is_load, is_atomic, sign;
	bool is_rmw;      /* kind: BPF_ADD and its kin */
	bool is_constant; /* stores the immediate */
	int32_t kind;
};
void jit_arena_access(const struct interp_arena *a, struct jit_arena_access *as);
/* Does one. r: R0-R10 */
void interp_arena(const struct interp_op *ip, uint64_t *r);
/* the same when its place in the window is known */
void interp_arena_at(const struct interp_op *ip, uint32_t rel, uint64_t *r);

/* the row of the operation, or of what an IOP_ARENA stands for */
static inline uint16_t jit_plain_op(const struct interp_op *op)
{
	return op->op == IOP_ARENA ? ((const struct interp_arena *)op->p)->op : op->op;
}

#endif
