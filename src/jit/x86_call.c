/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Calls. A call of a helper or kfunc is one near call when the function is in reach; arguments are in place
 * already, only declared widths are adjusted (interp_kfunc). A tail call leaves the running function's frame
 * and jumps into the other program.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

/* In reach of where the code will probably be, the call is a near one. */
void x86_call_addr(struct x86 *x, const void *fn)
{
	int64_t d = (const uint8_t *)fn - x->image;

	if (!x->far_calls && d == (int32_t)d) {
		e1(x, 0xe8);
		x86_distance_to(x, 0, fn);
		return;
	}
	rex(x, true, 0, TMP2, false); /* mov r11, fn; call r11 */
	e1(x, 0xb8 | (TMP2 & 7));
	e8(x, (uintptr_t)fn);
	rex(x, false, 0, TMP2, false);
	e1(x, 0xff);
	e1(x, 0xd0 | (TMP2 & 7));
}

/* test reg8, reg8; setne reg8; movzx reg32, reg8 */
static void to_bool(struct x86 *x, int reg)
{
	rex(x, false, reg, reg, true);
	e1(x, 0x84);
	e1(x, 0xc0 | (reg & 7) << 3 | (reg & 7));
	rex(x, false, 0, reg, true);
	e1(x, 0x0f);
	e1(x, 0x95);
	e1(x, 0xc0 | (reg & 7));
	rex(x, false, reg, reg, true);
	e1(x, 0x0f);
	e1(x, 0xb6);
	e1(x, 0xc0 | (reg & 7) << 3 | (reg & 7));
}

static void convert(struct x86 *x, uint8_t conv, int reg)
{
	static const struct {
		uint8_t bits;
		bool sign;
	} how[] = {
		[CONV_U32] = {32, false}, [CONV_S32] = {32, true}, [CONV_U16] = {16, false},
		[CONV_S16] = {16, true},  [CONV_U8] = {8, false},  [CONV_S8] = {8, true},
	};

	if (conv == CONV_BOOL)
		to_bool(x, reg);
	if (conv == CONV_NONE || conv == CONV_BOOL)
		return;
	if (how[conv].bits == 32) {
		rex(x, how[conv].sign, reg, reg, false);
		e1(x, how[conv].sign ? 0x63 : 0x8b);
	} else {
		rex(x, how[conv].sign, reg, reg, how[conv].bits == 8);
		e1(x, 0x0f);
		e1(x, (how[conv].sign ? 0xbe : 0xb6) | (how[conv].bits == 16));
	}
	e1(x, 0xc0 | (reg & 7) << 3 | (reg & 7));
}

static void call_kfunc(struct x86 *x, const struct interp_kfunc *k)
{
	for (int i = 0; i < 5; i++)
		if (k->arg[i] != CONV_S32 && k->arg[i] != CONV_U32) /* callees look at 32 bits */
			convert(x, k->arg[i], x86_reg_of[i + 1]);
	for (int i = 0; i < k->n_fill; i++)
		mov_imm(x, x86_reg_of[k->fill_reg[i]], k->fill[i]);
	x86_call_addr(x, (const void *)(uintptr_t)k->fn);
	if (x->out & 1u << 0 && k->ret != CONV_U32) /* see flushed_call() */
		convert(x, k->ret, RAX);
}

static void call_sub(struct x86 *x, const struct interp_func *fn)
{
	x86_call_func(x, fn - x->code->funcs);
}

/* jit_tail_target(map, index) -> code; the registers that it needs are R2 and R3 */
static void tail_call(struct x86 *x)
{
	uint32_t none, d;

	push(x, RDI); /* the context, and 8 bytes that keep the stack aligned */
	push(x, RDI);
	mov_rr(x, true, RDI, RSI);
	mov_rr(x, true, RSI, RDX);
	x86_call_addr(x, (const void *)jit_tail_target);
	pop(x, RDI);
	pop(x, RDI);
	op_rr(x, true, 0x85, RAX, RAX);
	e1(x, 0x0f); /* je, patched below: the epilogue's length varies */
	e1(x, 0x84);
	e4(x, 0);
	none = x->len;
	x86_epilogue(x);
	e1(x, 0xff); /* jmp rax */
	e1(x, 0xe0);
	d = x->len - none;
	memcpy(x->buf + none - 4, &d, 4);
}

/* A packet load beyond the packet ends the program with 0. */
static void packet_load(struct x86 *x, const struct interp_op *op, int size, bool indirect)
{
	uint32_t found;

	if (indirect) { /* esi = src + imm, sign-extended */
		mov_rr(x, false, RSI, x86_reg_of[op->src]);
		grp1_imm(x, false, 0, RSI, op->imm);
		rex(x, true, RSI, RSI, false);
		e1(x, 0x63);
		e1(x, 0xc0 | RSI << 3 | RSI);
	} else {
		mov_imm(x, RSI, (uint64_t)(int64_t)op->imm);
	}
	mov_rr(x, true, RDI, RBX);
	mov_imm(x, RDX, size);
	x86_call_addr(x, (const void *)jit_ld_abs);
	op_rr(x, true, 0x85, RDX, RDX);
	found = jump8(x, 0x75);
	op_rr(x, false, 0x31, RAX, RAX);
	x86_epilogue(x);
	e1(x, 0xc3);
	land8(x, found);
}

/* what a call leaves in registers is the callee's: all notes are carried out before */
static bool flushed_call(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	const void *fn;

	x86_flush(x, x->use | x->out);
	if (x86_inline_call(x, op, i)) {
		x86_forget(x);
		return true;
	}
	switch (op->op) {
	case IOP_HELPER:
		fn = x86_map_function(x, i);
		x86_call_addr(x, fn ? fn : op->p);
		break;
	case IOP_KFUNC_PLAIN:
		x86_call_addr(x, op->p);
		break;
	case IOP_KFUNC:
		call_kfunc(x, op->p);
		break;
	case ISA_CALL_SUB:
		call_sub(x, op->func);
		break;
	case IOP_TAIL_CALL:
		tail_call(x);
		break;
	case ISA_LD_ABSB:
	case ISA_LD_INDB:
		packet_load(x, op, 1, op->op == ISA_LD_INDB);
		break;
	case ISA_LD_ABSH:
	case ISA_LD_INDH:
		packet_load(x, op, 2, op->op == ISA_LD_INDH);
		break;
	case ISA_LD_ABSW:
	case ISA_LD_INDW:
		packet_load(x, op, 4, op->op == ISA_LD_INDW);
		break;
	case IOP_THROW:
		x86_call_addr(x, (const void *)jit_throw);
		break;
	default:
		return false;
	}
	x86_forget(x);
	if (op->op == IOP_KFUNC && ((const struct interp_kfunc *)op->p)->ret == CONV_U32)
		x86_note_upper(x, 0);
	return true;
}

bool x86_call(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	if (op->op == IOP_HELPER && (x86_array_lookup(x, i) || x86_hash_lookup(x, i)))
		return true;
	if (x86_inline(x, op, i)) {
		x->stored.valid = false; /* who knows what it wrote */
		return true;
	}
	return flushed_call(x, op, i);
}

#endif
