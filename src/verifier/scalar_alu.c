/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Transfer functions of two-operand arithmetic on scalars (verifier spec 4.5, R4.3). Each operation
 * has one function that works on the ranges of one width; the tnum is computed once for both. What
 * the kernel does not track (x - x, variable shifts, division before 7.2) is unknown here too.
 *
 * Left out: links between registers (alu.c), pointers (alu_ptr.c).
 */
#include "verifier/scalar.h"

/*
 * The ranges of one width, so that every rule is written once. min and max are sign- or
 * zero-extended to 64 bits; bits says where overflow lies.
 */
struct ranges {
	uint64_t umin, umax;
	int64_t smin, smax;
};

static const struct ranges full[2] = {
	{0, UINT64_MAX, INT64_MIN, INT64_MAX},
	{0, UINT32_MAX, INT32_MIN, INT32_MAX},
};

static inline struct ranges get(const struct vf_scalar *s, bool w32)
{
	if (w32)
		return (struct ranges){s->u32min, s->u32max, s->s32min, s->s32max};
	return (struct ranges){s->umin, s->umax, s->smin, s->smax};
}

static inline void put(struct vf_scalar *s, bool w32, const struct ranges *r)
{
	if (w32) {
		s->u32min = (uint32_t)r->umin;
		s->u32max = (uint32_t)r->umax;
		s->s32min = (int32_t)r->smin;
		s->s32max = (int32_t)r->smax;
	} else {
		s->umin = r->umin;
		s->umax = r->umax;
		s->smin = r->smin;
		s->smax = r->smax;
	}
}

/* a + b and a * b in the given width; the result says whether it did not fit */
static inline bool uadd(uint64_t a, uint64_t b, bool w32, uint64_t *res)
{
	bool over = __builtin_add_overflow(a, b, res);

	if (!w32)
		return over;
	over = *res > UINT32_MAX;
	*res = (uint32_t)*res;
	return over;
}

static inline bool sadd(int64_t a, int64_t b, bool w32, int64_t *res)
{
	bool over = __builtin_add_overflow(a, b, res);

	return w32 ? *res != (int32_t)*res : over;
}

static inline bool ssub(int64_t a, int64_t b, bool w32, int64_t *res)
{
	bool over = __builtin_sub_overflow(a, b, res);

	return w32 ? *res != (int32_t)*res : over;
}

static inline bool umul(uint64_t a, uint64_t b, bool w32, uint64_t *res)
{
	bool over = __builtin_mul_overflow(a, b, res);

	return w32 ? *res > UINT32_MAX : over;
}

static inline bool smul(int64_t a, int64_t b, bool w32, int64_t *res)
{
	bool over = __builtin_mul_overflow(a, b, res);

	return w32 ? *res != (int32_t)*res : over;
}

static void add_ranges(struct vf_scalar *d, const struct vf_scalar *s, bool w32, bool both_ends)
{
	struct ranges a = get(d, w32), b = get(s, w32), r;
	bool over_min = uadd(a.umin, b.umin, w32, &r.umin);
	bool over_max = uadd(a.umax, b.umax, w32, &r.umax);

	if (over_max && !(over_min && both_ends)) {
		r.umin = full[w32].umin;
		r.umax = full[w32].umax;
	}
	over_min = sadd(a.smin, b.smin, w32, &r.smin);
	over_max = sadd(a.smax, b.smax, w32, &r.smax);
	if (over_min || over_max) {
		r.smin = full[w32].smin;
		r.smax = full[w32].smax;
	}
	put(d, w32, &r);
}

static void sub_ranges(struct vf_scalar *d, const struct vf_scalar *s, bool w32, bool both_ends)
{
	struct ranges a = get(d, w32), b = get(s, w32), r;
	bool under_min = a.umin < b.umax, under_max = a.umax < b.umin;
	bool over_min, over_max;

	r.umin = a.umin - b.umax;
	r.umax = a.umax - b.umin;
	if (w32) {
		r.umin = (uint32_t)r.umin;
		r.umax = (uint32_t)r.umax;
	}
	if (under_min && !(under_max && both_ends)) {
		r.umin = full[w32].umin;
		r.umax = full[w32].umax;
	}
	over_min = ssub(a.smin, b.smax, w32, &r.smin);
	over_max = ssub(a.smax, b.smin, w32, &r.smax);
	if (over_min || over_max) {
		r.smin = full[w32].smin;
		r.smax = full[w32].smax;
	}
	put(d, w32, &r);
}

void vf_scalar_add(struct vf_scalar *d, const struct vf_scalar *s, bool wrap_both_ends)
{
	add_ranges(d, s, true, wrap_both_ends);
	add_ranges(d, s, false, wrap_both_ends);
	d->t = vf_tnum_add(d->t, s->t);
	vf_scalar_sync(d);
}

void vf_scalar_sub(struct vf_scalar *d, const struct vf_scalar *s, bool wrap_both_ends)
{
	sub_ranges(d, s, true, wrap_both_ends);
	sub_ranges(d, s, false, wrap_both_ends);
	d->t = vf_tnum_sub(d->t, s->t);
	vf_scalar_sync(d);
}

/* the rule up to 6.13: only products of small non-negative numbers are followed */
static void mul_ranges_old(struct vf_scalar *d, const struct vf_scalar *s, bool w32)
{
	struct ranges a = get(d, w32), b = get(s, w32), r = full[w32];
	uint64_t limit = w32 ? UINT16_MAX : UINT32_MAX;

	if (a.smin >= 0 && b.smin >= 0 && a.umax <= limit && b.umax <= limit) {
		r.umin = a.umin * b.umin;
		r.umax = a.umax * b.umax;
		if (r.umax <= (uint64_t)full[w32].smax) {
			r.smin = (int64_t)r.umin;
			r.smax = (int64_t)r.umax;
		}
	}
	put(d, w32, &r);
}

static void mul_ranges(struct vf_scalar *d, const struct vf_scalar *s, bool w32)
{
	struct ranges a = get(d, w32), b = get(s, w32), r;
	int64_t p[4];

	if (umul(a.umin, b.umin, w32, &r.umin) || umul(a.umax, b.umax, w32, &r.umax)) {
		r.umin = full[w32].umin;
		r.umax = full[w32].umax;
	}
	if (smul(a.smin, b.smin, w32, &p[0]) || smul(a.smin, b.smax, w32, &p[1]) ||
	    smul(a.smax, b.smin, w32, &p[2]) || smul(a.smax, b.smax, w32, &p[3])) {
		r.smin = full[w32].smin;
		r.smax = full[w32].smax;
	} else {
		r.smin = r.smax = p[0];
		for (int i = 1; i < 4; i++) {
			if (p[i] < r.smin)
				r.smin = p[i];
			if (p[i] > r.smax)
				r.smax = p[i];
		}
	}
	put(d, w32, &r);
}

/* AND, OR, XOR: t is the new tnum (of the width), the signed range follows by sync */
static void bitwise_ranges(struct vf_scalar *d, const struct vf_scalar *s, bool w32, uint8_t op,
			   struct vf_tnum t)
{
	struct ranges a = get(d, w32), b = get(s, w32), r = full[w32];

	if (op == BPF_AND) {
		r.umin = t.v;
		r.umax = a.umax < b.umax ? a.umax : b.umax;
	} else {
		r.umin = op == BPF_XOR ? t.v : a.umin > b.umin ? a.umin : b.umin;
		r.umax = t.v | t.m;
	}
	put(d, w32, &r);
}

/* shift by a constant n below the width */
static void shl_ranges(struct vf_scalar *d, unsigned int n)
{
	struct ranges r32 = full[1], r64 = full[0];

	if (n <= 31 && d->u32max <= 1u << (31 - n)) {
		r32.umin = (uint64_t)d->u32min << n;
		r32.umax = (uint64_t)d->u32max << n;
	}
	if (d->umax <= 1ull << (63 - n)) {
		r64.umin = d->umin << n;
		r64.umax = d->umax << n;
	}
	if (n == 32) { /* the usual first half of a sign extension */
		r64.smin = (int64_t)((uint64_t)(int64_t)d->s32min << 32);
		r64.smax = (int64_t)((uint64_t)(int64_t)d->s32max << 32);
	}
	put(d, true, &r32);
	put(d, false, &r64);
}

static void shift(struct vf_scalar *d, unsigned int n, uint8_t op, bool is32)
{
	struct vf_tnum t = is32 ? vf_tnum_low32(d->t) : d->t;
	struct ranges a, r = full[is32];

	if (op == BPF_LSH) {
		shl_ranges(d, n);
		t = vf_tnum_shl(t, n);
		d->t = is32 ? vf_tnum_low32(t) : t;
		return;
	}
	a = get(d, is32);
	if (op == BPF_RSH) {
		r.umin = a.umin >> n;
		r.umax = a.umax >> n;
		d->t = vf_tnum_shr(t, n);
	} else {
		r.smin = a.smin >> n;
		r.smax = a.smax >> n;
		d->t = vf_tnum_sar(t, n, is32);
	}
	/* the low half of a 64-bit result has bits from above: only the tnum knows them */
	vf_scalar_unbound32(d);
	put(d, is32, &r);
}

/* Division and remainder by a constant that is not 0 (7.2); anything else is unknown. */
static void divide(struct vf_scalar *d, uint64_t c, uint8_t op, bool w32, bool is_signed)
{
	struct ranges a = get(d, w32), r = full[w32];
	int64_t sc = w32 ? (int32_t)c : (int64_t)c;
	uint64_t mag = sc < 0 ? -(uint64_t)sc : (uint64_t)sc;

	if (op == BPF_DIV && !is_signed) {
		r.umin = a.umin / c;
		r.umax = a.umax / c;
	} else if (op == BPF_DIV) {
		if (sc != -1 || a.smin != full[w32].smin) {
			int64_t x = a.smin / sc, y = a.smax / sc;

			r.smin = x < y ? x : y;
			r.smax = x < y ? y : x;
		}
	} else if (!is_signed) {
		if (a.umax < c) {
			r.umin = a.umin;
			r.umax = a.umax;
		} else {
			r.umax = a.umax < c - 1 ? a.umax : c - 1;
		}
	} else if (mag <= (uint64_t)full[w32].smax) {
		int64_t top = (int64_t)mag - 1;

		r.smin = a.smin >= 0 ? 0 : a.smin > -top ? a.smin : -top;
		r.smax = a.smax <= 0 ? 0 : a.smax < top ? a.smax : top;
	}
	*d = vf_scalar_unknown;
	put(d, w32, &r);
}

/* the whole register counts for the bound, even when only its low half is used */
static bool shift_amount(const struct vf_scalar *s, bool is32, unsigned int *n)
{
	if ((is32 ? (uint32_t)s->t.m : s->t.m) || s->umax >= (is32 ? 32 : 64))
		return false;
	*n = (unsigned int)s->t.v;
	return true;
}

/* constants, the usual case in loops; not division, which is unknown in most versions */
static bool fold(struct vf_scalar *d, uint64_t a, uint64_t b, uint8_t op, bool is32)
{
	uint64_t shift = b, width = is32 ? 32 : 64; /* see shift_amount() */

	if (is32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_ADD:
		a += b;
		break;
	case BPF_SUB:
		a -= b;
		break;
	case BPF_MUL:
		a *= b;
		break;
	case BPF_AND:
		a &= b;
		break;
	case BPF_OR:
		a |= b;
		break;
	case BPF_XOR:
		a ^= b;
		break;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		if (shift >= width)
			return false;
		if (op == BPF_LSH)
			a <<= b;
		else if (op == BPF_RSH)
			a >>= b;
		else
			a = is32 ? (uint64_t)((int32_t)a >> b) : (uint64_t)((int64_t)a >> b);
		break;
	default:
		return false;
	}
	vf_scalar_const(d, is32 ? (uint32_t)a : a);
	return true;
}

void vf_scalar_alu(struct vf_scalar *d, const struct vf_scalar *s, uint8_t op, bool is32,
		   bool is_signed, const struct vf_scalar_rules *rules)
{
	struct vf_tnum t;
	unsigned int n;
	uint64_t c;

	if (!d->t.m && !s->t.m && fold(d, d->t.v, s->t.v, op, is32))
		return;
	switch (op) {
	case BPF_ADD:
	case BPF_SUB:
		if (op == BPF_ADD)
			add_ranges(d, s, true, rules->wrap_both_ends);
		else
			sub_ranges(d, s, true, rules->wrap_both_ends);
		if (!is32 && op == BPF_ADD)
			add_ranges(d, s, false, rules->wrap_both_ends);
		else if (!is32)
			sub_ranges(d, s, false, rules->wrap_both_ends);
		d->t = op == BPF_ADD ? vf_tnum_add(d->t, s->t) : vf_tnum_sub(d->t, s->t);
		break;
	case BPF_MUL:
		if (rules->mul_signed) {
			mul_ranges(d, s, true);
			if (!is32)
				mul_ranges(d, s, false);
		} else {
			mul_ranges_old(d, s, true);
			if (!is32)
				mul_ranges_old(d, s, false);
		}
		d->t = vf_tnum_mul(d->t, s->t, rules->mul_joined);
		break;
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		t = op == BPF_AND  ? vf_tnum_and(d->t, s->t)
		    : op == BPF_OR ? vf_tnum_or(d->t, s->t)
				   : vf_tnum_xor(d->t, s->t);
		bitwise_ranges(d, s, true, op, vf_tnum_low32(t));
		if (!is32)
			bitwise_ranges(d, s, false, op, t);
		d->t = t;
		break;
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		if (!shift_amount(s, is32, &n)) {
			*d = vf_scalar_unknown; /* all 64 bits, as the kernel has it */
			return;
		}
		shift(d, n, op, is32);
		break;
	default: /* BPF_DIV, BPF_MOD */
		c = is32 ? (uint32_t)s->t.v : s->t.v;
		if (!rules->div_ranges || (is32 ? (uint32_t)s->t.m : s->t.m) || !c) {
			*d = vf_scalar_unknown;
			return;
		}
		divide(d, c, op, is32, is_signed);
		break;
	}
	if (is32)
		vf_scalar_zext32(d);
	else
		vf_scalar_sync(d);
}

void vf_scalar_bswap(struct vf_scalar *d, uint32_t bits)
{
	struct vf_tnum t = vf_tnum_bswap(d->t, bits);

	*d = vf_scalar_unknown;
	d->t = t;
	vf_scalar_sync(d);
}
