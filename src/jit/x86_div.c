/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Division. The machine's instruction has its operands in rax and rdx, traps on zero and is slow: values
 * of others that are there are kept in scratch registers, zero is looked for first (the quotient is then 0,
 * the remainder the dividend), and a division by a constant is a multiplication by its inverse.
 *
 * Inverses: for a dividend below 2^N and a divisor d with 2^(l-1) < d <= 2^l, the quotient is the upper part
 * of n * ceil(2^(N+l) / d), a constant of up to N + 1 bits. Where it has N + 1 bits, n times its lower N
 * bits gives t, and (t + n) >> l without the carry is (t + (n - t) / 2) >> (l - 1). For magnitudes of signed
 * dividends, at most 2^(N-1), the constant of N bits that belongs to N - 1 will do: the error is below 1 / d.
 */
#if defined(__x86_64__)

#include "jit/x86.h"

enum { SHR = 5, SAR = 7 };

static void shift(struct x86 *x, bool w, int how, int reg, int by)
{
	if (!by)
		return;
	rex(x, w, 0, reg, false);
	e1(x, 0xc1);
	e1(x, 0xc0 | how << 3 | (reg & 7));
	e1(x, by);
}

static void shift_right(struct x86 *x, bool w, int reg, int by)
{
	shift(x, w, SHR, reg, by);
}

static void negate(struct x86 *x, bool w, int reg)
{
	rex(x, w, 0, reg, false);
	e1(x, 0xf7);
	e1(x, 0xd8 | (reg & 7));
}

static void imul_rr(struct x86 *x, int dst, int src)
{
	rex(x, true, dst, src, false);
	e1(x, 0x0f);
	e1(x, 0xaf);
	e1(x, 0xc0 | (dst & 7) << 3 | (src & 7));
}

/* q = n / d from t, n * (the constant's lower bits) >> N: see above. t is lost. */
static void with_carry(struct x86 *x, bool w, int q, int n, int t, int l)
{
	if (q != n)
		mov_rr(x, w, q, n);
	op_rr(x, w, 0x29, t, q); /* sub q, t */
	shift_right(x, w, q, 1);
	op_rr(x, w, 0x01, t, q); /* add q, t */
	shift_right(x, w, q, l - 1);
}

/* dst = n - q * d; q is lost */
static void remainder_of(struct x86 *x, bool w, int dst, int n, int q, int32_t d)
{
	rex(x, w, q, q, false); /* imul q, q, d */
	e1(x, 0x69);
	e1(x, 0xc0 | (q & 7) << 3 | (q & 7));
	e4(x, (uint32_t)d);
	if (dst != n)
		mov_rr(x, w, dst, n);
	op_rr(x, w, 0x29, q, dst);
}

/* a dividend of 32 bits, in temporary registers alone */
static void by_constant32(struct x86 *x, const struct interp_op *op, bool mod)
{
	uint32_t d = (uint32_t)op->imm;
	int l = 32 - __builtin_clz(d - 1), dst, n;
	uint64_t inverse = ((((uint64_t)1 << l) - d) << 32) / d + 1; /* without bit 32 */
	bool short_one = false;

	/* a smaller constant may do: one that is exact enough for all dividends */
	for (int s = l - 1; s >= 0 && !short_one; s--) {
		uint64_t m = ((uint64_t)1 << (32 + s)) / d + 1;

		if (m <= UINT32_MAX && m * d - ((uint64_t)1 << (32 + s)) <= (uint64_t)1 << s) {
			inverse = m;
			l = s;
			short_one = true;
		}
	}
	n = x86_read_low(x, op->dst);
	mov_rr(x, false, TMP0, n);
	mov_imm(x, TMP1, inverse);
	imul_rr(x, TMP1, TMP0);
	shift_right(x, true, TMP1, 32 + (short_one ? l : 0));
	dst = x86_write(x, op->dst);
	if (!short_one) {
		with_carry(x, false, TMP2, TMP0, TMP1, l);
		mov_rr(x, false, TMP1, TMP2);
	}
	if (mod)
		remainder_of(x, false, dst, TMP0, TMP1, op->imm);
	else
		mov_rr(x, false, dst, TMP1);
}

/* rdx holds the dividend for mulx and is kept if it is somebody's */
static void by_constant64(struct x86 *x, const struct interp_op *op, bool mod)
{
	uint32_t d = (uint32_t)op->imm;
	int l = 32 - __builtin_clz(d - 1), dst, n;
	unsigned __int128 top = (unsigned __int128)(((uint64_t)1 << l) - d) << 64;
	bool keep_rdx = op->dst != 3 && x->out & 1u << 3;

	x86_spoil(x, RDX);
	n = x86_read(x, op->dst);
	mov_rr(x, true, TMP0, n);
	if (keep_rdx)
		mov_rr(x, true, TMP2, RDX);
	if (n != RDX)
		mov_rr(x, true, RDX, TMP0);
	mov_imm(x, TMP1, (uint64_t)(top / d) + 1);
	mulx(x, TMP1, TMP1, TMP1); /* the upper half stays */
	with_carry(x, true, RDX, TMP0, TMP1, l);
	if (mod)
		remainder_of(x, true, TMP0, TMP0, RDX, op->imm);
	else
		mov_rr(x, true, TMP0, RDX);
	if (keep_rdx)
		mov_rr(x, true, RDX, TMP2);
	dst = x86_write(x, op->dst);
	mov_rr(x, true, dst, TMP0);
}

/* not powers of two: they are shifts */
static bool by_constant(struct x86 *x, const struct interp_op *op, bool w, bool mod)
{
	if (!w || x86_bound(x, op->dst) <= UINT32_MAX) {
		/* a divisor of 64 bits above all dividends is left to the machine */
		if (w && op->imm < 0)
			return false;
		by_constant32(x, op, mod);
		return true;
	}
	if (!x->bmi2 || op->imm < 0)
		return false;
	by_constant64(x, op, mod);
	return true;
}

/* ---- signed, by a constant: the dividend in TMP0; TMP1 becomes its quotient by the constant's magnitude ---- */

/* Towards zero: a negative dividend gets d - 1 more first. A remainder comes into TMP0. */
static void signed_pow2(struct x86 *x, bool w, bool mod, uint32_t d)
{
	int bits = w ? 64 : 32, k = __builtin_ctz(d);

	mov_rr(x, w, TMP1, TMP0);
	shift(x, w, SAR, TMP1, bits - 1);
	shift(x, w, SHR, TMP1, bits - k);
	op_rr(x, w, 0x01, TMP0, TMP1);
	if (mod) {
		grp1_imm(x, w, 4, TMP1, (int32_t)-d);
		op_rr(x, w, 0x29, TMP1, TMP0);
	} else {
		shift(x, w, SAR, TMP1, k);
	}
}

static void signed_inverse32(struct x86 *x, uint32_t d)
{
	int l = 32 - __builtin_clz(d - 1);

	rex(x, true, TMP0, TMP0, false); /* movsxd r9, r9d */
	e1(x, 0x63);
	e1(x, 0xc0 | (TMP0 & 7) << 3 | (TMP0 & 7));
	mov_imm(x, TMP1, ((uint64_t)1 << (31 + l)) / d + 1);
	imul_rr(x, TMP1, TMP0);
	shift(x, true, SAR, TMP1, 31 + l);
	mov_rr(x, true, TMP2, TMP0); /* it was rounded down: one more if negative */
	shift(x, true, SAR, TMP2, 63);
	op_rr(x, true, 0x29, TMP2, TMP1);
}

/* reg = -reg where the dividend is negative; sign becomes its sign */
static void signed_like(struct x86 *x, int reg, int sign)
{
	mov_rr(x, true, sign, TMP0);
	shift(x, true, SAR, sign, 63);
	op_rr(x, true, 0x31, sign, reg);
	op_rr(x, true, 0x29, sign, reg);
}

/* rdx is lost */
static void signed_inverse64(struct x86 *x, uint32_t d)
{
	int l = 32 - __builtin_clz(d - 1);

	mov_rr(x, true, RDX, TMP0);
	signed_like(x, RDX, TMP1);
	mov_imm(x, TMP1, (uint64_t)(((unsigned __int128)1 << (63 + l)) / d) + 1);
	mulx(x, TMP1, TMP1, TMP1); /* the upper half stays */
	shift(x, true, SHR, TMP1, l - 1);
	signed_like(x, TMP1, RDX);
}

static bool by_signed_constant(struct x86 *x, const struct interp_op *op, bool w, bool mod)
{
	uint32_t d = op->imm < 0 ? -(uint32_t)op->imm : (uint32_t)op->imm;
	bool pow2 = !(d & (d - 1)), uses_rdx = w && !pow2;
	bool keep_rdx = uses_rdx && op->dst != 3 && x->out & 1u << 3;
	int dst;

	if (d < 2 || (uses_rdx && !x->bmi2))
		return false;
	if (uses_rdx)
		x86_spoil(x, RDX);
	mov_rr(x, w, TMP0, w ? x86_read(x, op->dst) : x86_read_low(x, op->dst));
	if (keep_rdx)
		mov_rr(x, true, TMP2, RDX);
	if (pow2)
		signed_pow2(x, w, mod, d);
	else if (w)
		signed_inverse64(x, d);
	else
		signed_inverse32(x, d);
	if (mod && !pow2)
		remainder_of(x, w, TMP0, TMP0, TMP1, (int32_t)d);
	else if (!mod && op->imm < 0)
		negate(x, w, TMP1);
	if (keep_rdx)
		mov_rr(x, true, RDX, TMP2);
	dst = x86_write(x, op->dst);
	mov_rr(x, w, dst, mod ? TMP0 : TMP1);
	return true;
}

/* A signed division by -1 must not trap: the quotient is the negated dividend, the remainder 0. */
static void signed_divide(struct x86 *x, bool w, bool mod, int divisor)
{
	uint32_t other, done;

	grp1_imm(x, w, 7, divisor, -1);
	other = jump8(x, 0x75); /* jne */
	if (mod) {
		op_rr(x, false, 0x31, RDX, RDX);
	} else {
		negate(x, w, RAX);
	}
	done = jump8(x, 0xeb);
	land8(x, other);
	rex(x, w, 0, 0, false); /* cqo, cdq */
	e1(x, 0x99);
	rex(x, w, 0, divisor, false); /* idiv */
	e1(x, 0xf7);
	e1(x, 0xf8 | (divisor & 7));
	land8(x, done);
}

/* dividend in rax, divisor not zero */
static void machine_divide(struct x86 *x, bool w, bool mod, bool is_signed, int divisor)
{
	if (is_signed) {
		signed_divide(x, w, mod, divisor);
		return;
	}
	op_rr(x, false, 0x31, RDX, RDX);
	rex(x, w, 0, divisor, false); /* div */
	e1(x, 0xf7);
	e1(x, 0xf0 | (divisor & 7));
}

/* puts the divisor where division does not write; a constant needs a register */
static int take_divisor(struct x86 *x, const struct interp_op *op, bool w, bool k)
{
	int divisor;

	if (k) {
		mov_imm(x, TMP0, w ? (uint64_t)(int64_t)op->imm : (uint32_t)op->imm);
		return TMP0;
	}
	divisor = w ? x86_read(x, op->src) : x86_read_low(x, op->src);
	if (divisor != RAX && divisor != RDX)
		return divisor;
	mov_rr(x, w, TMP0, divisor);
	return TMP0;
}

void x86_divide(struct x86 *x, const struct interp_op *op, bool w, bool mod, bool k, bool is_signed)
{
	bool keep_rax = op->dst != 0 && x->out & 1u << 0,
	     keep_rdx = op->dst != 3 && x->out & 1u << 3;
	uint32_t zero = 0;
	int dividend, divisor, dst;

	if (k && (is_signed ? by_signed_constant : by_constant)(x, op, w, mod))
		return;
	x86_spoil(x, RAX); /* values of others that lie there alone */
	x86_spoil(x, RDX);
	dividend = w ? x86_read(x, op->dst) : x86_read_low(x, op->dst);
	divisor = take_divisor(x, op, w, k);
	dst = x86_write(x, op->dst);
	if (keep_rax)
		mov_rr(x, true, TMP1, RAX);
	if (keep_rdx)
		mov_rr(x, true, TMP2, RDX);
	if (dividend != RAX)
		mov_rr(x, w, RAX, dividend);
	if (!k) { /* by zero: 0, or the dividend */
		if (mod)
			mov_rr(x, w, RDX, RAX);
		op_rr(x, w, 0x85, divisor, divisor);
		if (!mod) { /* cmovz rax, divisor */
			rex(x, w, RAX, divisor, false);
			e1(x, 0x0f);
			e1(x, 0x44);
			e1(x, 0xc0 | RAX << 3 | (divisor & 7));
		}
		zero = jump8(x, 0x74);
	}
	machine_divide(x, w, mod, is_signed, divisor);
	if (!k)
		land8(x, zero);
	if (dst != (mod ? RDX : RAX))
		mov_rr(x, w, dst, mod ? RDX : RAX);
	if (keep_rax)
		mov_rr(x, true, RAX, TMP1);
	if (keep_rdx)
		mov_rr(x, true, RDX, TMP2);
}

#endif
