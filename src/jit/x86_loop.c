/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_loop(): the loop itself in machine code. A callback that is known and short and has no jumps, calls or
 * memory of its own stands in the loop; any other is called.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

#define BODY_MAX  16
#define LOOK_BACK 16

/* which function R2 is at operation i, if that can be seen from what comes before; or -1 */
static int32_t callback_of(const struct x86 *x, uint32_t i)
{
	for (uint32_t n = 0; n < LOOK_BACK && i > 0 && !(x->live[i] & JIT_TARGET); n++) {
		const struct interp_op *op = &x->code->ops[--i];

		if (op->op == IOP_TRAP) /* the second half of a constant */
			continue;
		if (x->jump_of[i] & JIT_ENDS)
			return -1;
		if (!(x->def_of[i] & 1u << 2))
			continue;
		if (op->op != ISA_LDIMM64 || x->prog->insns[i].src_reg != BPF_PSEUDO_FUNC)
			return -1;
		return (const struct interp_func *)(uintptr_t)op->value - x->code->funcs;
	}
	return -1;
}

/* only operations that compute, load and store, and the exit behind them */
static bool fits_in_loop(const struct x86 *x, uint32_t func)
{
	const struct vf_subprog *sub = &x->prog->facts.subprog[func];
	const struct x86_func *f = &x->funcs[func];

	if (f->calls || f->has_frame || f->saves_r12 || f->saves[0] || f->saves[1] || f->saves[2] ||
	    f->saves[3] || sub->end - sub->start > BODY_MAX ||
	    x->code->ops[sub->end - 1].op != ISA_EXIT)
		return false;
	for (uint32_t i = sub->start; i < sub->end - 1; i++) {
		uint16_t op = x->code->ops[i].op;

		if (op == ISA_LDIMM64)
			i++;
		else if (x->jump_of[i] != JIT_NEXT || op == IOP_THROW)
			return false;
	}
	return true;
}

/* R1 and R2 are there; R0 afterwards, as after a call. Returns whether it is known to be 0. */
static bool body(struct x86 *x, uint32_t func)
{
	const struct vf_subprog *sub = &x->prog->facts.subprog[func];
	uint16_t use = x->use, out = x->out;
	bool zero;

	x86_forget(x);
	x86_set_bound(x, 1, RT_LOOP_MAX - 1);
	x->copying = true;
	for (uint32_t i = sub->start; i < sub->end - 1 && !x->err; i++) {
		x->err = x86_translate(x, i);
		i += x->skip + (x->code->ops[i].op == ISA_LDIMM64);
		x->skip = 0;
	}
	x->copying = false;
	x86_flush(x, 1u << 0);
	zero = x->exact & 1u << 0 && x->bound[0] == 0;
	x86_forget(x);
	x->use = use;
	x->out = out;
	return zero;
}

/* one round; returns whether it is known to go on */
static bool one_round(struct x86 *x, int32_t func)
{
	mov_rr(x, false, RDI, RBX);
	mov_rr(x, true, RSI, R13);
	if (func >= 0 && fits_in_loop(x, func))
		return body(x, func);
	if (func >= 0) {
		x86_call_func(x, func);
	} else {
		rex(x, false, 0, R14, false); /* call r14 */
		e1(x, 0xff);
		e1(x, 0xd0 | (R14 & 7));
	}
	return false;
}

/*
 * (count, callback, context, flags): rbx counts, r12 is the count, r13 the context, r14 the callback, which
 * is a function of this program and has code by then.
 */
bool x86_loop(struct x86 *x, uint32_t i)
{
	static const int kept[] = {R12, RBX, R13,
				   R14}; /* an even number: the stack stays aligned */
	uint32_t flags, many, none, top, stop = 0, d;
	int32_t func = callback_of(x, i);

	mov_imm(x, RAX, (uint64_t)-EINVAL);
	op_rr(x, true, 0x85, RCX, RCX);
	flags = x86_jump32(x, 0x5);
	mov_imm(x, RAX, (uint64_t)-E2BIG);
	grp1_imm(x, false, 7, RDI, RT_LOOP_MAX);
	many = x86_jump32(x, 0x7);
	for (int k = 0; k < 4; k++)
		push(x, kept[k]);
	mov_rr(x, false, R12, RDI);
	mov_rr(x, true, R13, RDX);
	if (func < 0)
		load_at(x, true, R14, RSI, offsetof(struct interp_func, native));
	op_rr(x, false, 0x31, RBX, RBX);
	op_rr(x, false, 0x85, R12, R12);
	none = x86_jump32(x, 0x4);
	top = x->len;
	if (one_round(x, func)) {
		grp1_imm(x, false, 0, RBX, 1);
	} else {
		grp1_imm(x, false, 0, RBX, 1);
		op_rr(x, true, 0x85, RAX, RAX);
		stop = x86_jump32(x, 0x5);
	}
	op_rr(x, false, 0x39, R12, RBX);
	d = x86_jump32(x, 0x2);
	memcpy(x->buf + d - 4, &(uint32_t){top - d}, 4);
	if (stop)
		x86_land32(x, stop);
	x86_land32(x, none);
	mov_rr(x, false, RAX, RBX);
	for (int k = 3; k >= 0; k--)
		pop(x, kept[k]);
	x86_land32(x, flags);
	x86_land32(x, many);
	return true;
}

#endif
