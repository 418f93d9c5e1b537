/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arithmetic: one row per BPF operation with its x86 encoding; what needs more than one instruction
 * (variable shifts without BMI2, byte swaps) has a function. Division: x86_div.c.
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

static void mul(struct x86 *x, bool w, int dst, int src)
{
	rex(x, w, dst, src, false); /* imul dst, src */
	e1(x, 0x0f);
	e1(x, 0xaf);
	e1(x, 0xc0 | (dst & 7) << 3 | (src & 7));
}

/* imul dst, src, imm */
static void mul_imm(struct x86 *x, bool w, int dst, int src, int32_t imm)
{
	rex(x, w, dst, src, false);
	e1(x, imm >= -128 && imm <= 127 ? 0x6b : 0x69);
	e1(x, 0xc0 | (dst & 7) << 3 | (src & 7));
	if (imm >= -128 && imm <= 127)
		e1(x, (uint8_t)imm);
	else
		e4(x, (uint32_t)imm);
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

/* unsigned, by a power of two */
static bool divide_pow2(struct x86 *x, const struct interp_op *op, bool w, bool mod)
{
	int32_t imm = op->imm;
	int dst;

	if (imm <= 0 || imm & (imm - 1))
		return false;
	dst = x86_change(x, op->dst);
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
/* moves that extend the sign; byte swaps */
static bool special(struct x86 *x, const struct interp_op *op, uint8_t bpf_op, bool w)
{
	int src, bits = isa_rows[op->op].val;

	if (bpf_op == BPF_MOV && bits) {
		src = x86_read(x, op->src);
		sign_extend(x, w, x86_write(x, op->dst), src, bits);
		if (!w)
			x86_set_bound(x, op->dst, UINT32_MAX);
		return true;
	}
	if (bpf_op != BPF_END)
		return false;
	if (op->op == ISA_LE)
		truncate_to(x, x86_change(x, op->dst), op->imm);
	else
		swap_bytes(x, x86_change(x, op->dst), op->imm);
	return true;
}

static void mov(struct x86 *x, const struct interp_op *op, bool w, bool k)
{
	uint64_t value = w ? (uint64_t)(int64_t)op->imm : (uint32_t)op->imm;
	int src;

	if (k) {
		mov_imm(x, x86_write(x, op->dst), value);
		x86_set_exact(x, op->dst, value);
	} else if (w || x86_bound(x, op->src) <= UINT32_MAX) {
		x86_note_copy(x, op->dst, op->src);
	} else if (!x86_note_low(x, op->dst, op->src)) {
		src = x86_read_low(x, op->src);
		mov_rr(x, false, x86_write(x, op->dst), src);
		x86_set_bound(x, op->dst, UINT32_MAX);
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

/* zero or not: the next comparison need not look */
static void set_flags(struct x86 *x, int dst, bool w)
{
	x->zf_len = x->len;
	x->zf_reg = dst;
	x->zf_wide = w;
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
	set_flags(x, dst, w && imm < 0);
}

/* dst = base op something, where dst is only noted as a copy of base: one instruction instead of two */
static bool three_operands(struct x86 *x, const struct interp_op *op, uint8_t bpf_op, bool w,
			   bool k)
{
	const struct x86_value *v = &x->value[op->dst];
	struct x86_value sum;
	int base, dst;

	if (!(x->notes & 1u << op->dst) || v->index >= 0 || v->disp ||
	    (v->low && (w || v->base == x86_reg_of[op->dst])) || (!k && op->src == op->dst))
		return false;
	if (bpf_op == BPF_MUL && k) {
		base = v->base;
		dst = x86_write(x, op->dst);
		mul_imm(x, w, dst, base, op->imm);
		return true;
	}
	if (bpf_op != BPF_ADD || w)
		return false;
	sum = x86_at(v->base, k ? op->imm : 0);
	if (!k)
		sum.index = x86_read_low(x, op->src);
	dst = x86_write(x, op->dst);
	lea_as(x, false, dst, &sum);
	return true;
}

/* the register holds a constant that an immediate can hold: divides by that */
static bool known_divisor(const struct x86 *x, const struct interp_op *op, bool w,
			  struct interp_op *by)
{
	uint64_t value = x->bound[op->src];

	if (!(x->exact & 1u << op->src) || isa_rows[op->op].val)
		return false;
	if (!w)
		value = (uint32_t)value;
	if (!value || value > INT32_MAX)
		return false;
	*by = *op;
	by->imm = (int32_t)value;
	return true;
}

static void binary(struct x86 *x, const struct interp_op *op, uint8_t bpf_op, bool w, bool k)
{
	struct interp_op by;
	bool is_signed;
	int dst, src;

	if (bpf_op == BPF_DIV || bpf_op == BPF_MOD) {
		if (!k && known_divisor(x, op, w, &by)) {
			op = &by;
			k = true;
		}
		/* of two numbers that are not negative it is the same */
		is_signed =
			isa_rows[op->op].val &&
			!(k && op->imm > 0 && x86_bound(x, op->dst) <= (w ? INT64_MAX : INT32_MAX));
		if (!k || is_signed || !divide_pow2(x, op, w, bpf_op == BPF_MOD))
			x86_divide(x, op, w, bpf_op == BPF_MOD, k, is_signed);
		return;
	}
	if (three_operands(x, op, bpf_op, w, k))
		return;
	dst = w ? x86_change(x, op->dst) : x86_change_low(x, op->dst);
	src = k ? 0 : w ? x86_read(x, op->src) : x86_read_low(x, op->src);

	switch (bpf_op) {
	case BPF_MUL:
		if (k)
			mul_imm(x, w, dst, dst, op->imm);
		else
			mul(x, w, dst, src);
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
		set_flags(x, dst, w);
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
		set_flags(x, dst, w);
	}
}

/* all bits up to the highest of v */
static uint64_t ones(uint64_t v)
{
	return v ? UINT64_MAX >> __builtin_clzll(v) : 0;
}

/* what the result is at most, of operands that are at most a and b; k: b is the second one itself */
static uint64_t result_bound(uint8_t bpf_op, bool k, uint64_t a, uint64_t b)
{
	uint64_t r;

	switch (bpf_op) {
	case BPF_AND:
		return a < b ? a : b;
	case BPF_OR:
	case BPF_XOR:
		return ones(a | b);
	case BPF_ADD:
		return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
	case BPF_MUL:
		return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
	case BPF_RSH:
		return k ? a >> b : a;
	case BPF_LSH:
		return k && a << b >> b == a ? a << b : UINT64_MAX;
	case BPF_MOD:
		return k && b && b - 1 < a ? b - 1 : a;
	case BPF_DIV:
		return k && b ? a / b : a;
	default:
		return UINT64_MAX;
	}
}

static uint64_t new_bound(const struct x86 *x, const struct interp_op *op, uint8_t bpf_op, bool w,
			  bool k)
{
	uint64_t a = x86_bound(x, op->dst),
		 b = k ? (uint64_t)(int64_t)op->imm : x86_bound(x, op->src);
	uint64_t most = w ? UINT64_MAX : UINT32_MAX, r = UINT64_MAX;
	bool is_signed = (bpf_op == BPF_DIV || bpf_op == BPF_MOD) && isa_rows[op->op].val;

	if (!w) {
		a = a < most ? a : most;
		b = k ? (uint32_t)op->imm : b < most ? b : most;
	}
	if (!is_signed)
		r = result_bound(bpf_op, k, a, b);
	return r < most ? r : most;
}

bool x86_alu(struct x86 *x, const struct interp_op *op, uint32_t i)
{
	uint8_t code, bpf_op;
	uint64_t bound;
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
	if (special(x, op, bpf_op, w))
		return true;
	if (bpf_op == BPF_MOV) {
		mov(x, op, w, k);
		return true;
	}
	bound = new_bound(x, op, bpf_op, w, k);
	if (!noted(x, op))
		binary(x, op, bpf_op, w, k);
	x86_set_bound(x, op->dst, bound);
	return true;
}

#endif
