/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Values of scalars: a tnum and four ranges that describe the same number (verifier spec 4.1), how
 * they inform each other (4.3), what a contradiction is (4.4), truncation and extension by loads
 * (4.5 LDX, LDXSX), and containment for pruning (R9.3).
 *
 * The rules follow the kernel's steps one by one: a value that is known better than there would
 * accept programs that Linux refuses.
 */
#include "verifier/scalar.h"

#define SIGN64 (1ull << 63)
#define SIGN32 (1u << 31)

#define FULL32 .u32min = 0, .u32max = UINT32_MAX, .s32min = INT32_MIN, .s32max = INT32_MAX
#define FULL64 .umin = 0, .umax = UINT64_MAX, .smin = INT64_MIN, .smax = INT64_MAX

const struct vf_scalar vf_scalar_unknown = {.t = {0, ~0ull}, FULL64, FULL32};

#define LOADED(max)                                                                                \
	{.t = {0, max},                                                                            \
	 .umin = 0,                                                                                \
	 .umax = max,                                                                              \
	 .smin = 0,                                                                                \
	 .smax = max,                                                                              \
	 .u32min = 0,                                                                              \
	 .u32max = max,                                                                            \
	 .s32min = 0,                                                                              \
	 .s32max = max}
#define LOADED_SX(min, max)                                                                        \
	{.t = {0, ~0ull},                                                                          \
	 .umin = 0,                                                                                \
	 .umax = UINT64_MAX,                                                                       \
	 .smin = min,                                                                              \
	 .smax = max,                                                                              \
	 .u32min = 0,                                                                              \
	 .u32max = UINT32_MAX,                                                                     \
	 .s32min = min,                                                                            \
	 .s32max = max}

const struct vf_scalar vf_scalar_loaded[9] = {
	[1] = LOADED(UINT8_MAX),
	[2] = LOADED(UINT16_MAX),
	[4] = {.t = {0, UINT32_MAX},
	       .umin = 0,
	       .umax = UINT32_MAX,
	       .smin = 0,
	       .smax = UINT32_MAX,
	       FULL32},
	[8] = {.t = {0, ~0ull}, FULL64, FULL32},
};

const struct vf_scalar vf_scalar_loaded_sx[9] = {
	[1] = LOADED_SX(INT8_MIN, INT8_MAX),
	[2] = LOADED_SX(INT16_MIN, INT16_MAX),
	[4] = LOADED_SX(INT32_MIN, INT32_MAX),
	[8] = {.t = {0, ~0ull}, FULL64, FULL32},
};

void vf_scalar_const(struct vf_scalar *s, uint64_t v)
{
	s->t = vf_tnum_const(v);
	s->umin = s->umax = v;
	s->smin = s->smax = (int64_t)v;
	s->u32min = s->u32max = (uint32_t)v;
	s->s32min = s->s32max = (int32_t)v;
}

void vf_scalar_unbound32(struct vf_scalar *s)
{
	s->u32min = 0;
	s->u32max = UINT32_MAX;
	s->s32min = INT32_MIN;
	s->s32max = INT32_MAX;
}

void vf_scalar_unbound(struct vf_scalar *s)
{
	s->umin = 0;
	s->umax = UINT64_MAX;
	s->smin = INT64_MIN;
	s->smax = INT64_MAX;
	vf_scalar_unbound32(s);
}

/* ---------------------------------------------------------------- sync */

#define RAISE(lo, x)                                                                               \
	do {                                                                                       \
		__typeof__(lo) x_ = (x);                                                           \
		if (x_ > (lo))                                                                     \
			(lo) = x_;                                                                 \
	} while (0)
#define LOWER(hi, x)                                                                               \
	do {                                                                                       \
		__typeof__(hi) x_ = (x);                                                           \
		if (x_ < (hi))                                                                     \
			(hi) = x_;                                                                 \
	} while (0)

static inline void ranges_from_tnum(struct vf_scalar *s)
{
	uint64_t v = s->t.v, m = s->t.m;
	uint32_t v32 = (uint32_t)v, m32 = (uint32_t)m;

	RAISE(s->umin, v);
	LOWER(s->umax, v | m);
	RAISE(s->smin, (int64_t)(v | (m & SIGN64)));
	LOWER(s->smax, (int64_t)(v | (m & ~SIGN64)));
	RAISE(s->u32min, v32);
	LOWER(s->u32max, v32 | m32);
	RAISE(s->s32min, (int32_t)(v32 | (m32 & SIGN32)));
	LOWER(s->s32max, (int32_t)(v32 | (m32 & ~SIGN32)));
}

/* the smallest value of t that is not below x; false: there is none */
static bool next_value(struct vf_tnum t, uint64_t x, uint64_t *res)
{
	uint64_t differ = (x ^ t.v) & ~t.m, low, room;

	*res = x;
	if (!differ)
		return true;
	low = ~0ull >> __builtin_clzll(differ); /* the highest known bit that differs, and below */
	if (t.v & (low - (low >> 1))) { /* it must become 1: the rest can be as small as possible */
		*res = (x & ~low) | (t.v & low);
		return true;
	}
	room = t.m & ~x & ~low; /* unknown bits above that can still become 1 */
	if (!room)
		return false;
	room &= -room;
	*res = (x & ~(room | (room - 1))) | room | (t.v & (room - 1));
	return true;
}

/*
 * When just one value of the tnum lies in the unsigned range, that is it. Tnums whose unknown bits
 * are the lowest ones have no gaps, so the ranges say as much. A contradiction (on a side of a
 * comparison that is never taken) ends in the value that the kernel arrives at.
 */
static bool settle_single(struct vf_scalar *s)
{
	bool gaps = s->t.m & (s->t.m + 1);
	uint64_t top = s->t.v | s->t.m, first, second;

	if (!s->t.m || s->umin > top) {
		vf_scalar_const(s, top);
		return true;
	}
	if (!gaps && s->umin <= s->umax)
		return false;
	if (!next_value(s->t, s->umin, &first))
		return false;
	second = (((first | ~s->t.m) + 1) & s->t.m) | s->t.v;
	if (first == s->umin) {
		if (second > first && second <= s->umax)
			return false;
	} else if (first != top && (first > s->umax || second <= s->umax)) {
		return false;
	}
	vf_scalar_const(s, first);
	return true;
}

static inline void tnum_from_ranges(struct vf_scalar *s)
{
	struct vf_tnum t = vf_tnum_intersect(s->t, vf_tnum_range(s->umin, s->umax));
	struct vf_tnum low =
		vf_tnum_intersect(vf_tnum_low32(t), vf_tnum_range(s->u32min, s->u32max));

	s->t = vf_tnum_with_low32(t, low);
}

/* the low halves of both ends of a 64-bit range whose upper halves agree, or differ by one */
static inline void deduce_32_from(struct vf_scalar *s, uint64_t min, uint64_t max, bool is_signed)
{
	uint32_t hmin = (uint32_t)(min >> 32), hmax = (uint32_t)(max >> 32);
	uint32_t lmin = (uint32_t)min, lmax = (uint32_t)max;

	if (hmin == hmax) {
		if (!is_signed || lmin <= lmax) {
			RAISE(s->u32min, lmin);
			LOWER(s->u32max, lmax);
		}
		if ((int32_t)lmin <= (int32_t)lmax) {
			RAISE(s->s32min, (int32_t)lmin);
			LOWER(s->s32max, (int32_t)lmax);
		}
	} else if ((uint32_t)(hmin + 1) == hmax && (int32_t)lmin < 0 && (int32_t)lmax >= 0) {
		RAISE(s->s32min, (int32_t)lmin);
		LOWER(s->s32max, (int32_t)lmax);
	}
}

static inline void deduce_32(struct vf_scalar *s)
{
	deduce_32_from(s, s->umin, s->umax, false);
	deduce_32_from(s, (uint64_t)s->smin, (uint64_t)s->smax, true);
	if ((int32_t)s->u32min <= (int32_t)s->u32max) {
		RAISE(s->s32min, (int32_t)s->u32min);
		LOWER(s->s32max, (int32_t)s->u32max);
	}
	if ((uint32_t)s->s32min <= (uint32_t)s->s32max) {
		RAISE(s->u32min, (uint32_t)s->s32min);
		LOWER(s->u32max, (uint32_t)s->s32max);
	} else if (s->u32max < (uint32_t)s->s32min) { /* only the non-negative part remains */
		s->s32min = (int32_t)s->u32min;
		LOWER(s->u32max, (uint32_t)s->s32max);
	} else if ((uint32_t)s->s32max < s->u32min) { /* only the negative part */
		s->s32max = (int32_t)s->u32max;
		RAISE(s->u32min, (uint32_t)s->s32min);
	}
}

static inline void deduce_64(struct vf_scalar *s)
{
	if ((int64_t)s->umin <= (int64_t)s->umax) {
		RAISE(s->smin, (int64_t)s->umin);
		LOWER(s->smax, (int64_t)s->umax);
	}
	if ((uint64_t)s->smin <= (uint64_t)s->smax) {
		RAISE(s->umin, (uint64_t)s->smin);
		LOWER(s->umax, (uint64_t)s->smax);
	} else if (s->umax < (uint64_t)s->smin) {
		s->smin = (int64_t)s->umin;
		LOWER(s->umax, (uint64_t)s->smax);
	} else if ((uint64_t)s->smax < s->umin) {
		s->smax = (int64_t)s->umax;
		RAISE(s->umin, (uint64_t)s->smin);
	}
}

static inline uint64_t with_low(uint64_t v, uint32_t low)
{
	return (v & ~(uint64_t)UINT32_MAX) | low;
}

static inline void deduce_64_from_32(struct vf_scalar *s)
{
	RAISE(s->umin, with_low(s->umin, s->u32min));
	LOWER(s->umax, with_low(s->umax, s->u32max));
	RAISE(s->smin, (int64_t)with_low((uint64_t)s->smin, s->u32min));
	LOWER(s->smax, (int64_t)with_low((uint64_t)s->smax, s->u32max));
	if ((uint32_t)s->s32min <= (uint32_t)s->s32max) {
		RAISE(s->umin, with_low(s->umin, (uint32_t)s->s32min));
		LOWER(s->umax, with_low(s->umax, (uint32_t)s->s32max));
		RAISE(s->smin, (int64_t)with_low((uint64_t)s->smin, (uint32_t)s->s32min));
		LOWER(s->smax, (int64_t)with_low((uint64_t)s->smax, (uint32_t)s->s32max));
	}
	/* a value that fits an int and whose low half is not negative is that half */
	if (s->s32min >= 0 && s->smin >= INT32_MIN && s->smax <= INT32_MAX) {
		s->smin = s->s32min;
		s->smax = s->s32max;
		s->umin = (uint64_t)s->s32min;
		s->umax = (uint64_t)s->s32max;
	}
}

static inline bool is_settled_const(const struct vf_scalar *s)
{
	uint64_t v = s->t.v;

	return !s->t.m && s->umin == v && s->umax == v && (uint64_t)s->smin == v &&
	       (uint64_t)s->smax == v && s->u32min == (uint32_t)v && s->u32max == (uint32_t)v &&
	       s->s32min == (int32_t)v && s->s32max == (int32_t)v;
}

void vf_scalar_sync(struct vf_scalar *s)
{
	ranges_from_tnum(s);
	if (is_settled_const(s) || settle_single(s))
		return;
	for (int round = 0; round < 3; round++) {
		struct vf_scalar before = *s;

		deduce_32(s);
		deduce_64(s);
		deduce_64_from_32(s);
		if (!memcmp(&before, s, sizeof(before)))
			break; /* further rounds would change nothing either */
	}
	tnum_from_ranges(s);
	ranges_from_tnum(s);
	settle_single(s);
}

/* R4.2: false means contradiction */
bool vf_scalar_sane(const struct vf_scalar *s)
{
	if (s->umin > s->umax || s->smin > s->smax || s->u32min > s->u32max ||
	    s->s32min > s->s32max)
		return false;
	if (!s->t.m && !is_settled_const(s))
		return false;
	if (!(uint32_t)s->t.m) {
		uint32_t v = (uint32_t)s->t.v;

		return s->u32min == v && s->u32max == v && s->s32min == (int32_t)v &&
		       s->s32max == (int32_t)v;
	}
	return true;
}

/* ---------------------------------------------------------------- making values */

void vf_scalar_set_urange(struct vf_scalar *s, uint64_t min, uint64_t max)
{
	*s = vf_scalar_unknown;
	s->umin = min;
	s->umax = max;
	vf_scalar_sync(s);
}

void vf_scalar_set_srange(struct vf_scalar *s, int64_t min, int64_t max)
{
	*s = vf_scalar_unknown;
	s->smin = min;
	s->smax = max;
	vf_scalar_sync(s);
}

void vf_scalar_zext32(struct vf_scalar *s)
{
	s->t = vf_tnum_low32(s->t);
	s->umin = s->u32min;
	s->umax = s->u32max;
	if (s->s32min >= 0 && s->s32max >= 0) {
		s->smin = s->s32min;
		s->smax = s->s32max;
	} else {
		s->smin = 0;
		s->smax = UINT32_MAX;
	}
	vf_scalar_sync(s);
}

void vf_scalar_cast(struct vf_scalar *s, uint32_t bytes)
{
	uint64_t mask;

	if (bytes >= 8)
		return;
	mask = (1ull << (bytes * 8)) - 1;
	s->t = vf_tnum_cast(s->t, bytes);
	if ((s->umin & ~mask) == (s->umax & ~mask)) {
		s->umin &= mask;
		s->umax &= mask;
	} else {
		s->umin = 0;
		s->umax = mask;
	}
	s->smin = (int64_t)s->umin;
	s->smax = (int64_t)s->umax;
	if (bytes < 4)
		vf_scalar_unbound32(s);
	vf_scalar_sync(s);
}

static inline int64_t sign_extend(uint64_t v, uint32_t bytes)
{
	uint32_t n = 64 - bytes * 8;

	return (int64_t)(v << n) >> n;
}

void vf_scalar_cast_signed(struct vf_scalar *s, uint32_t bytes)
{
	uint64_t upper;
	int64_t a, b;

	if (bytes >= 8)
		return;
	if (!s->t.m) {
		vf_scalar_const(s, (uint64_t)sign_extend(s->t.v, bytes));
		return;
	}
	upper = ~0ull << (bytes * 8);
	if (((uint64_t)s->smin & upper) == ((uint64_t)s->smax & upper)) {
		a = sign_extend((uint64_t)s->smin, bytes);
		b = sign_extend((uint64_t)s->smax, bytes);
		/* ends of equal sign keep their order; the unknown bits may all differ */
		if ((a >= 0) == (b >= 0)) {
			*s = vf_scalar_unknown;
			s->smin = s->s32min = (int32_t)(a < b ? a : b);
			s->smax = s->s32max = (int32_t)(a < b ? b : a);
			s->umin = (uint64_t)s->smin;
			s->umax = (uint64_t)s->smax;
			s->u32min = (uint32_t)s->umin;
			s->u32max = (uint32_t)s->umax;
			s->t = vf_tnum_range(s->umin, s->umax);
			vf_scalar_sync(s);
			return;
		}
	}
	*s = vf_scalar_loaded_sx[bytes];
	vf_scalar_sync(s);
}

void vf_scalar_cast_signed32(struct vf_scalar *s, uint32_t bytes)
{
	uint32_t upper = ~0u << (bytes * 8);
	int32_t a, b;

	if (!(uint32_t)s->t.m) {
		uint32_t v = (uint32_t)sign_extend(s->t.v, bytes);

		s->t = vf_tnum_with_low32(s->t, vf_tnum_const(v));
		s->u32min = s->u32max = v;
		s->s32min = s->s32max = (int32_t)v;
		return;
	}
	s->t = vf_tnum_with_low32(s->t, VF_TNUM_UNKNOWN);
	s->u32min = 0;
	s->u32max = UINT32_MAX;
	if (((uint32_t)s->s32min & upper) == ((uint32_t)s->s32max & upper)) {
		a = (int32_t)sign_extend((uint32_t)s->s32min, bytes);
		b = (int32_t)sign_extend((uint32_t)s->s32max, bytes);
		if ((a >= 0) == (b >= 0)) {
			s->s32min = a < b ? a : b;
			s->s32max = a < b ? b : a;
			s->u32min = (uint32_t)s->s32min;
			s->u32max = (uint32_t)s->s32max;
			return;
		}
	}
	s->s32min = -(int32_t)(1u << (bytes * 8 - 1));
	s->s32max = (int32_t)(1u << (bytes * 8 - 1)) - 1;
}

bool vf_scalar_within(const struct vf_scalar *old, const struct vf_scalar *cur)
{
	return old->umin <= cur->umin && old->umax >= cur->umax && old->smin <= cur->smin &&
	       old->smax >= cur->smax && old->u32min <= cur->u32min && old->u32max >= cur->u32max &&
	       old->s32min <= cur->s32min && old->s32max >= cur->s32max &&
	       vf_tnum_in(old->t, cur->t);
}
