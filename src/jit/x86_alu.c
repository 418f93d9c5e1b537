/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arithmetic: one row per BPF operation with its x86 encoding; what needs more than one instruction
 * (division, variable shifts without BMI2, byte swaps) has a function.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

/* BPF operations that are one x86 instruction: opcode of "op rm, reg", extension of "op rm, imm" */
static const struct {
	uint8_t rr, ext;
} simple[16] = {
	[BPF_ADD >> 4] = {0x01, 0}, /* add */
	[BPF_SUB >> 4] = {0x29, 5}, /* sub */
	[BPF_OR >> 4] = {0x09, 1},  /* or */
	[BPF_AND >> 4] = {0x21, 4}, /* and */
	[BPF_XOR >> 4] = {0x31, 6}, /* xor */
};

/* shifts: extension of group 2, and the BMI2 prefix that selects shlx, shrx, sarx */
static const struct {
	uint8_t ext, pp;
} shifts[16] = {
	[BPF_LSH >> 4] = {4, 1},
	[BPF_RSH >> 4] = {5, 3},
	[BPF_ARSH >> 4] = {7, 2},
};

static void mul(struct x86 *x, bool w, int dst, int src, bool k, int32_t imm)
{
	if (k) { /* imul dst, dst, imm */
		rex(x, w, dst, dst, false);
		e1(x, imm >= -128 && imm <= 127 ? 0x6b : 0x69);
		e1(x, 0xc0 | (dst & 7) << 3 | (dst & 7));
		if (imm >= -128 && imm <= 127)
			e1(x, (uint8_t)imm);
		else
			e4(x, (uint32_t)imm);
		return;
	}
	rex(x, w, dst, src, false); /* imul dst, src */
	e1(x, 0x0f);
	e1(x, 0xaf);
	e1(x, 0xc0 | (dst & 7) << 3 | (src & 7));
}

static void shift_by_reg(struct x86 *x, bool w, uint8_t op, int dst, int src)
{
	if (x->bmi2) { /* shlx dst, dst, src and its kin: the count is masked by the machine */
		e1(x, 0xc4);
		e1(x, dst & 8 ? 0x42 : 0xe2); /* R and B are inverted */
		e1(x, (w ? 0x80 : 0) | (~src & 15) << 3 | shifts[op >> 4].pp);
		e1(x, 0xf7);
		e1(x, 0xc0 | (dst & 7) << 3 | (dst & 7));
		return;
	}
	/* the count must be in cl: work on a copy, so that rcx may be operand or count */
	mov_rr(x, w, TMP1, dst);
	if (src != RCX) {
		mov_rr(x, true, TMP0, RCX);
		mov_rr(x, true, RCX, src);
	}
	rex(x, w, 0, TMP1, false);
	e1(x, 0xd3);
	e1(x, 0xc0 | shifts[op >> 4].ext << 3 | (TMP1 & 7));
	if (src != RCX)
		mov_rr(x, true, RCX, TMP0);
	mov_rr(x, w, dst, TMP1);
}

static void shift_by_imm(struct x86 *x, bool w, uint8_t op, int dst, int32_t imm)
{
	rex(x, w, 0, dst, false);
	e1(x, 0xc1);
	e1(x, 0xc0 | shifts[op >> 4].ext << 3 | (dst & 7));
	e1(x, (uint8_t)imm);
}

/* A signed division by -1 must not trap: the quotient is the negated dividend, the remainder 0. */
static void signed_divide(struct x86 *x, bool w, bool mod)
{
	uint32_t other, done;

	grp1_imm(x, w, 7, TMP0, -1);
	other = jump8(x, 0x75); /* jne */
	if (mod) {
		op_rr(x, false, 0x31, RDX, RDX);
	} else {
		rex(x, w, 0, RAX, false); /* neg rax */
		e1(x, 0xf7);
		e1(x, 0xd8);
	}
	done = jump8(x, 0xeb);
	land8(x, other);
	rex(x, w, 0, 0, false); /* cqo, cdq */
	e1(x, 0x99);
	rex(x, w, 0, TMP0, false); /* idiv */
	e1(x, 0xf7);
	e1(x, 0xf8 | (TMP0 & 7));
	land8(x, done);
}

static void divide(struct x86 *x, bool w, bool mod, bool is_signed, int dst, int src, bool k, int32_t imm)
{
	bool keep_rax = dst != RAX && x->out & 1u << 0, keep_rdx = dst != RDX && x->out & 1u << 3;
	uint32_t not_zero = 0, done = 0;

	/* divisor in TMP0; rax and rdx are the machine's operands and kept if they are not ours */
	if (k)
		mov_imm(x, TMP0, w ? (uint64_t)(int64_t)imm : (uint32_t)imm);
	else
		mov_rr(x, w, TMP0, src);
	if (keep_rax)
		mov_rr(x, true, TMP1, RAX);
	if (keep_rdx)
		mov_rr(x, true, TMP2, RDX);
	if (dst != RAX)
		mov_rr(x, w, RAX, dst);
	else if (!w)
		mov_rr(x, false, RAX, RAX);
	if (!k) { /* by zero: 0, or the dividend */
		op_rr(x, w, 0x85, TMP0, TMP0);
		not_zero = jump8(x, 0x75);
		if (mod)
			mov_rr(x, w, RDX, RAX);
		else
			op_rr(x, false, 0x31, RAX, RAX);
		done = jump8(x, 0xeb);
		land8(x, not_zero);
	}
	if (is_signed) {
		signed_divide(x, w, mod);
	} else {
		op_rr(x, false, 0x31, RDX, RDX);
		rex(x, w, 0, TMP0, false); /* div */
		e1(x, 0xf7);
		e1(x, 0xf0 | (TMP0 & 7));
	}
	if (!k)
		land8(x, done);
	mov_rr(x, w, TMP0, mod ? RDX : RAX);
	if (keep_rax)
		mov_rr(x, true, RAX, TMP1);
	if (keep_rdx)
		mov_rr(x, true, RDX, TMP2);
	mov_rr(x, w, dst, TMP0);
}

/* unsigned, by a power of two */
static bool divide_pow2(struct x86 *x, bool w, bool mod, int dst, int32_t imm)
{
	if (imm <= 0 || imm & (imm - 1))
		return false;
	if (mod)
		grp1_imm(x, w, 4, dst, imm - 1);
	else if (imm == 1)
		mov_rr(x, w, dst, dst);
	else
		shift_by_imm(x, w, BPF_RSH, dst, __builtin_ctz((uint32_t)imm));
	return true;
}

static void sign_extend(struct x86 *x, bool w, int dst, int src, int bits)
{
	rex(x, w, dst, src, bits == 8);
	if (bits == 32) {
		e1(x, 0x63); /* movslq */
	} else {
		e1(x, 0x0f);
		e1(x, bits == 8 ? 0xbe : 0xbf);
	}
	e1(x, 0xc0 | (dst & 7) << 3 | (src & 7));
}

static void zero_extend16(struct x86 *x, int dst)
{
	rex(x, false, dst, dst, false);
	e1(x, 0x0f);
	e1(x, 0xb7);
	e1(x, 0xc0 | (dst & 7) << 3 | (dst & 7));
}

static void swap_bytes(struct x86 *x, int dst, int32_t width)
{
	if (width == 16) { /* rol dst16, 8 */
		e1(x, 0x66);
		rex(x, false, 0, dst, false);
		e1(x, 0xc1);
		e1(x, 0xc0 | (dst & 7));
		e1(x, 8);
		zero_extend16(x, dst);
		return;
	}
	rex(x, width == 64, 0, dst, false); /* bswap */
	e1(x, 0x0f);
	e1(x, 0xc8 | (dst & 7));
}

static void truncate_to(struct x86 *x, int dst, int32_t width)
{
	if (width == 16)
		zero_extend16(x, dst);
	else if (width == 32)
		mov_rr(x, false, dst, dst);
}

/* operations that are told apart by more than their opcode */
static bool special(struct x86 *x, const struct interp_op *op)
{
	static const struct {
		uint16_t op;
		uint8_t bits;
		bool w;
	} moves[] = {
		{ISA_MOV64_S8, 8, true},   {ISA_MOV64_S16, 16, true},	{ISA_MOV64_S32, 32, true},
		{ISA_MOV32_S8, 8, false},  {ISA_MOV32_S16, 16, false},
	};
	int src;

	for (size_t k = 0; k < sizeof(moves) / sizeof(moves[0]); k++) {
		if (op->op != moves[k].op)
			continue;
		src = x86_read(x, op->src);
		sign_extend(x, moves[k].w, x86_write(x, op->dst), src, moves[k].bits);
		return true;
	}
	if (op->op == ISA_LE)
		truncate_to(x, x86_change(x, op->dst), op->imm);
	else if (op->op == ISA_BE || op->op == ISA_BSWAP)
		swap_bytes(x, x86_change(x, op->dst), op->imm);
	else
		return false;
	return true;
}

static bool is_signed_division(uint16_t op)
{
	switch (op) {
	case ISA_SDIV64_K:
	case ISA_SDIV64_X:
	case ISA_SDIV32_K:
	case ISA_SDIV32_X:
	case ISA_SMOD64_K:
	case ISA_SMOD64_X:
	case ISA_SMOD32_K:
	case ISA_SMOD32_X:
		return true;
	default:
		return false;
	}
}

static void mov(struct x86 *x, const struct interp_op *op, bool w, bool k)
{
	int src;

	if (k) {
		mov_imm(x, x86_write(x, op->dst), w ? (uint64_t)(int64_t)op->imm : (uint32_t)op->imm);
		if (!w || op->imm >= 0)
			x->zext |= 1u << op->dst;
	} else if (w || x->zext & 1u << op->src) {
		x86_note_copy(x, op->dst, op->src);
	} else {
		src = x86_read(x, op->src);
		mov_rr(x, false, x86_write(x, op->dst), src);
	}
}

/* sums and small shifts of 64 bits, which addresses are made of */
static bool noted(struct x86 *x, const struct interp_op *op)
{
	switch (op->op) {
	case ISA_ADD64_K:
		return x86_note_add_imm(x, op->dst, op->imm);
	case ISA_SUB64_K:
		return x86_note_add_imm(x, op->dst, -(int64_t)op->imm);
	case ISA_ADD64_X:
		return x86_note_add(x, op->dst, op->src);
	case ISA_LSH64_K:
		return x86_note_shift(x, op->dst, op->imm);
	default:
		return false;
	}
}

/* and with a constant that needs no 64 bits, or no constant */
static void and_imm(struct x86 *x, bool w, int dst, int32_t imm)
{
	if (imm == 0xff || imm == 0xffff) {
		rex(x, false, dst, dst, imm == 0xff);
		e1(x, 0x0f);
		e1(x, imm == 0xff ? 0xb6 : 0xb7);
		e1(x, 0xc0 | (dst & 7) << 3 | (dst & 7));
		return;
	}
	grp1_imm(x, w && imm < 0, 4, dst, imm);
}

static void binary(struct x86 *x, const struct interp_op *op, uint8_t bpf_op, bool w, bool k)
{
	bool s = is_signed_division(op->op);
	int dst, src;

	if (bpf_op == BPF_DIV || bpf_op == BPF_MOD) { /* values of others that lie there alone */
		x86_spoil(x, RAX);
		x86_spoil(x, RDX);
	}
	dst = x86_change(x, op->dst);
	src = k ? 0 : x86_read(x, op->src);

	switch (bpf_op) {
	case BPF_MUL:
		mul(x, w, dst, src, k, op->imm);
		break;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		if (k)
			shift_by_imm(x, w, bpf_op, dst, op->imm);
		else
			shift_by_reg(x, w, bpf_op, dst, src);
		break;
	case BPF_NEG:
		rex(x, w, 0, dst, false);
		e1(x, 0xf7);
		e1(x, 0xd8 | (dst & 7));
		break;
	case BPF_DIV:
	case BPF_MOD:
		if (!k || s || !divide_pow2(x, w, bpf_op == BPF_MOD, dst, op->imm))
			divide(x, w, bpf_op == BPF_MOD, s, dst, src, k, op->imm);
		break;
	case BPF_AND:
		if (k) {
			and_imm(x, w, dst, op->imm);
			break;
		}
		/* fall through */
	default:
		if (k)
			grp1_imm(x, w, simple[bpf_op >> 4].ext, dst, op->imm);
		else
			op_rr(x, w, simple[bpf_op >> 4].rr, src, dst);
	}
}

bool x86_alu(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	uint8_t code, bpf_op;
	bool w, k;

	(void)i;
	if (op->op >= ISA_OP_COUNT)
		return false;
	code = isa_rows[op->op].code;
	if (BPF_CLASS(code) != BPF_ALU && BPF_CLASS(code) != BPF_ALU64)
		return false;
	w = BPF_CLASS(code) == BPF_ALU64;
	k = BPF_SRC(code) == BPF_K;
	bpf_op = BPF_OP(code);
	if (special(x, op) || noted(x, op))
		return true;
	if (bpf_op == BPF_MOV) {
		mov(x, op, w, k);
		return true;
	}
	binary(x, op, bpf_op, w, k);
	if (!w || (bpf_op == BPF_AND && k && op->imm >= 0))
		x->zext |= 1u << op->dst;
	return true;
}

#endif
