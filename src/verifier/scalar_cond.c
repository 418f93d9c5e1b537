/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Comparing two scalars: whether the outcome is known (verifier spec R4.8), and what is learnt on
 * either side (4.8). A constant operand is a scalar with one value. Comparisons are reduced to ==,
 * !=, <, <=, and the bit tests; > and >= are < and <= with the operands exchanged.
 */
#include "verifier/scalar.h"

static inline bool is_const(const struct vf_scalar *s, bool is32)
{
	return is32 ? !(uint32_t)s->t.m : !s->t.m;
}

static inline uint64_t const_of(const struct vf_scalar *s, bool is32)
{
	return is32 ? (uint32_t)s->t.v : s->t.v;
}

static bool disjoint32(const struct vf_scalar *a, const struct vf_scalar *b)
{
	return a->u32min > b->u32max || a->u32max < b->u32min || a->s32min > b->s32max ||
	       a->s32max < b->s32min;
}

static int decide_equal(const struct vf_scalar *a, const struct vf_scalar *b, bool is32,
			bool tnum_overlap)
{
	struct vf_tnum ta = is32 ? vf_tnum_low32(a->t) : a->t;
	struct vf_tnum tb = is32 ? vf_tnum_low32(b->t) : b->t;

	if (!ta.m && !tb.m)
		return ta.v == tb.v;
	if (tnum_overlap && !vf_tnum_overlap(ta, tb))
		return 0;
	if (disjoint32(a, b))
		return 0;
	if (!is32 &&
	    (a->umin > b->umax || a->umax < b->umin || a->smin > b->smax || a->smax < b->smin))
		return 0;
	return -1;
}

static int decide_set(const struct vf_scalar *a, const struct vf_scalar *b, bool is32)
{
	const struct vf_scalar *x = a;
	struct vf_tnum t;
	uint64_t k;

	if (!is_const(b, is32)) {
		x = b;
		b = a;
	}
	if (!is_const(b, is32))
		return -1;
	k = const_of(b, is32);
	t = is32 ? vf_tnum_low32(x->t) : x->t;
	if (t.v & k)
		return 1;
	return ((t.v | t.m) & k) ? -1 : 0;
}

/* a < b, or a <= b with or_equal */
static int decide_less(const struct vf_scalar *a, const struct vf_scalar *b, bool is32,
		       bool is_signed, bool or_equal)
{
	bool always, never;

	if (is_signed && is32) {
		always = or_equal ? a->s32max <= b->s32min : a->s32max < b->s32min;
		never = or_equal ? a->s32min > b->s32max : a->s32min >= b->s32max;
	} else if (is_signed) {
		always = or_equal ? a->smax <= b->smin : a->smax < b->smin;
		never = or_equal ? a->smin > b->smax : a->smin >= b->smax;
	} else if (is32) {
		always = or_equal ? a->u32max <= b->u32min : a->u32max < b->u32min;
		never = or_equal ? a->u32min > b->u32max : a->u32min >= b->u32max;
	} else {
		always = or_equal ? a->umax <= b->umin : a->umax < b->umin;
		never = or_equal ? a->umin > b->umax : a->umin >= b->umax;
	}
	return always ? 1 : never ? 0 : -1;
}

int vf_scalar_decide(const struct vf_scalar *a, const struct vf_scalar *b, uint8_t op, bool is32,
		     bool tnum_overlap)
{
	int r;

	switch (op) {
	case BPF_JEQ:
		return decide_equal(a, b, is32, tnum_overlap);
	case BPF_JNE:
		r = decide_equal(a, b, is32, tnum_overlap);
		return r < 0 ? r : !r;
	case BPF_JSET:
		return decide_set(a, b, is32);
	case BPF_JLT:
		return decide_less(a, b, is32, false, false);
	case BPF_JLE:
		return decide_less(a, b, is32, false, true);
	case BPF_JGT:
		return decide_less(b, a, is32, false, false);
	case BPF_JGE:
		return decide_less(b, a, is32, false, true);
	case BPF_JSLT:
		return decide_less(a, b, is32, true, false);
	case BPF_JSLE:
		return decide_less(a, b, is32, true, true);
	case BPF_JSGT:
		return decide_less(b, a, is32, true, false);
	case BPF_JSGE:
		return decide_less(b, a, is32, true, true);
	default:
		return -1;
	}
}

/* ---------------------------------------------------------------- refinement */

#define KEEP_UP(a, b)   ((a) > (b) ? (a) : (b))
#define KEEP_DOWN(a, b) ((a) < (b) ? (a) : (b))

static void refine_equal(struct vf_scalar *a, struct vf_scalar *b, bool is32)
{
	if (is32) {
		struct vf_tnum t = vf_tnum_intersect(vf_tnum_low32(a->t), vf_tnum_low32(b->t));

		a->u32min = b->u32min = KEEP_UP(a->u32min, b->u32min);
		a->u32max = b->u32max = KEEP_DOWN(a->u32max, b->u32max);
		a->s32min = b->s32min = KEEP_UP(a->s32min, b->s32min);
		a->s32max = b->s32max = KEEP_DOWN(a->s32max, b->s32max);
		a->t = vf_tnum_with_low32(a->t, t);
		b->t = vf_tnum_with_low32(b->t, t);
		return;
	}
	a->umin = b->umin = KEEP_UP(a->umin, b->umin);
	a->umax = b->umax = KEEP_DOWN(a->umax, b->umax);
	a->smin = b->smin = KEEP_UP(a->smin, b->smin);
	a->smax = b->smax = KEEP_DOWN(a->smax, b->smax);
	a->t = b->t = vf_tnum_intersect(a->t, b->t);
}

/* only a constant at the edge of the other's range says something */
static void refine_unequal(struct vf_scalar *a, struct vf_scalar *b, bool is32)
{
	struct vf_scalar *x = a;
	uint64_t c;

	if (!is_const(b, is32)) {
		x = b;
		b = a;
	}
	if (!is_const(b, is32))
		return;
	c = const_of(b, is32);
	if (is32) {
		if (x->u32min == (uint32_t)c)
			x->u32min++;
		if (x->u32max == (uint32_t)c)
			x->u32max--;
		if (x->s32min == (int32_t)c)
			x->s32min = (int32_t)((uint32_t)x->s32min + 1);
		if (x->s32max == (int32_t)c)
			x->s32max = (int32_t)((uint32_t)x->s32max - 1);
		return;
	}
	if (x->umin == c)
		x->umin++;
	if (x->umax == c)
		x->umax--;
	if (x->smin == (int64_t)c)
		x->smin = (int64_t)((uint64_t)x->smin + 1);
	if (x->smax == (int64_t)c)
		x->smax = (int64_t)((uint64_t)x->smax - 1);
}

static void refine_bits(struct vf_scalar *a, struct vf_scalar *b, bool is32, bool any_set)
{
	struct vf_scalar *x = a;
	uint64_t k;

	if (!is_const(b, is32)) {
		x = b;
		b = a;
	}
	if (!is_const(b, is32))
		return;
	k = const_of(b, is32);
	if (any_set) {
		if (k && !(k & (k - 1))) /* one of several bits would say nothing about each */
			x->t = vf_tnum_or(x->t, vf_tnum_const(k));
		return;
	}
	x->t.v &= ~k;
	x->t.m &= ~k;
	vf_scalar_unbound(x); /* the ranges start anew from the known bits */
}

/* a < b, or a <= b with or_equal */
static void refine_less(struct vf_scalar *a, struct vf_scalar *b, bool is32, bool is_signed,
			bool or_equal)
{
	uint32_t one = !or_equal;

	/* min and max below never wrap: decide_less() has excluded the ends of the type */
	if (is_signed && is32) {
		int32_t top = (int32_t)((uint32_t)b->s32max - one);
		int32_t bottom = (int32_t)((uint32_t)a->s32min + one);

		a->s32max = KEEP_DOWN(a->s32max, top);
		b->s32min = KEEP_UP(b->s32min, bottom);
	} else if (is_signed) {
		int64_t top = (int64_t)((uint64_t)b->smax - one);
		int64_t bottom = (int64_t)((uint64_t)a->smin + one);

		a->smax = KEEP_DOWN(a->smax, top);
		b->smin = KEEP_UP(b->smin, bottom);
	} else if (is32) {
		uint32_t top = b->u32max - one, bottom = a->u32min + one;

		a->u32max = KEEP_DOWN(a->u32max, top);
		b->u32min = KEEP_UP(b->u32min, bottom);
	} else {
		uint64_t top = b->umax - one, bottom = a->umin + one;

		a->umax = KEEP_DOWN(a->umax, top);
		b->umin = KEEP_UP(b->umin, bottom);
	}
}

static const uint8_t negated[16] = {
	[BPF_JEQ >> 4] = BPF_JNE,   [BPF_JNE >> 4] = BPF_JEQ,   [BPF_JGT >> 4] = BPF_JLE,
	[BPF_JLE >> 4] = BPF_JGT,   [BPF_JGE >> 4] = BPF_JLT,   [BPF_JLT >> 4] = BPF_JGE,
	[BPF_JSGT >> 4] = BPF_JSLE, [BPF_JSLE >> 4] = BPF_JSGT, [BPF_JSGE >> 4] = BPF_JSLT,
	[BPF_JSLT >> 4] = BPF_JSGE,
};

void vf_scalar_refine(struct vf_scalar *a, struct vf_scalar *b, uint8_t op, bool is32, bool holds)
{
	const struct vf_scalar a0 = *a, b0 = *b;

	if (op == BPF_JSET) {
		refine_bits(a, b, is32, holds);
	} else {
		switch (holds ? op : negated[op >> 4]) {
		case BPF_JEQ:
			refine_equal(a, b, is32);
			break;
		case BPF_JNE:
			refine_unequal(a, b, is32);
			break;
		case BPF_JLT:
			refine_less(a, b, is32, false, false);
			break;
		case BPF_JLE:
			refine_less(a, b, is32, false, true);
			break;
		case BPF_JGT:
			refine_less(b, a, is32, false, false);
			break;
		case BPF_JGE:
			refine_less(b, a, is32, false, true);
			break;
		case BPF_JSLT:
			refine_less(a, b, is32, true, false);
			break;
		case BPF_JSLE:
			refine_less(a, b, is32, true, true);
			break;
		case BPF_JSGT:
			refine_less(b, a, is32, true, false);
			break;
		case BPF_JSGE:
			refine_less(b, a, is32, true, true);
			break;
		}
	}
	if (memcmp(&a0, a, sizeof(a0)))
		vf_scalar_sync(a);
	if (memcmp(&b0, b, sizeof(b0)))
		vf_scalar_sync(b);
}
