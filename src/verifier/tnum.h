/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tristate numbers: bits of m are unknown, all others have their value in v, and v & m is 0
 * (verifier spec 4.2). The short operations are inline because every simulated instruction uses
 * them; tnum.c has the long ones.
 */
#ifndef VERIFIER_TNUM_H
#define VERIFIER_TNUM_H

#include "verifier/vf.h"

#define VF_TNUM_UNKNOWN ((struct vf_tnum){0, ~0ull})

static inline struct vf_tnum vf_tnum_const(uint64_t v)
{
	return (struct vf_tnum){v, 0};
}

static inline struct vf_tnum vf_tnum_add(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t low = a.v + b.v;
	uint64_t carries = (low + a.m + b.m) ^ low; /* bits some carry may reach */
	uint64_t m = carries | a.m | b.m;

	return (struct vf_tnum){low & ~m, m};
}

static inline struct vf_tnum vf_tnum_sub(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t diff = a.v - b.v;
	uint64_t borrows = (diff + a.m) ^ (diff - b.m);
	uint64_t m = borrows | a.m | b.m;

	return (struct vf_tnum){diff & ~m, m};
}

static inline struct vf_tnum vf_tnum_and(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t v = a.v & b.v;

	return (struct vf_tnum){v, (a.v | a.m) & (b.v | b.m) & ~v};
}

static inline struct vf_tnum vf_tnum_or(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t v = a.v | b.v;

	return (struct vf_tnum){v, (a.m | b.m) & ~v};
}

static inline struct vf_tnum vf_tnum_xor(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t m = a.m | b.m;

	return (struct vf_tnum){(a.v ^ b.v) & ~m, m};
}

static inline struct vf_tnum vf_tnum_shl(struct vf_tnum a, unsigned int n)
{
	return (struct vf_tnum){a.v << n, a.m << n};
}

static inline struct vf_tnum vf_tnum_shr(struct vf_tnum a, unsigned int n)
{
	return (struct vf_tnum){a.v >> n, a.m >> n};
}

static inline struct vf_tnum vf_tnum_sar(struct vf_tnum a, unsigned int n, bool is32)
{
	if (is32)
		return (struct vf_tnum){(uint32_t)((int32_t)a.v >> n),
					(uint32_t)((int32_t)a.m >> n)};
	return (struct vf_tnum){(uint64_t)((int64_t)a.v >> n), (uint64_t)((int64_t)a.m >> n)};
}

/* values that both describe; only meaningful when there is one */
static inline struct vf_tnum vf_tnum_intersect(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t m = a.m & b.m;

	return (struct vf_tnum){(a.v | b.v) & ~m, m};
}

static inline struct vf_tnum vf_tnum_union(struct vf_tnum a, struct vf_tnum b)
{
	uint64_t m = (a.v ^ b.v) | a.m | b.m;

	return (struct vf_tnum){a.v & b.v & ~m, m};
}

/* every value of b is one of a */
static inline bool vf_tnum_in(struct vf_tnum a, struct vf_tnum b)
{
	return !(b.m & ~a.m) && (b.v & ~a.m) == a.v;
}

static inline bool vf_tnum_overlap(struct vf_tnum a, struct vf_tnum b)
{
	return !((a.v ^ b.v) & ~(a.m | b.m));
}

static inline bool vf_tnum_aligned(struct vf_tnum a, uint64_t n)
{
	return !((a.v | a.m) & (n - 1));
}

static inline struct vf_tnum vf_tnum_low32(struct vf_tnum a)
{
	return (struct vf_tnum){(uint32_t)a.v, (uint32_t)a.m};
}

static inline struct vf_tnum vf_tnum_with_low32(struct vf_tnum a, struct vf_tnum low)
{
	uint64_t high = ~0ull << 32;

	return (struct vf_tnum){(a.v & high) | (uint32_t)low.v, (a.m & high) | (uint32_t)low.m};
}

static inline struct vf_tnum vf_tnum_cast(struct vf_tnum a, uint32_t bytes)
{
	uint64_t keep = bytes >= 8 ? ~0ull : (1ull << (bytes * 8)) - 1;

	return (struct vf_tnum){a.v & keep, a.m & keep};
}

/* the smallest tnum with all values of lo..hi */
static inline struct vf_tnum vf_tnum_range(uint64_t lo, uint64_t hi)
{
	uint64_t differ = lo ^ hi, m;

	if (!differ)
		return (struct vf_tnum){lo, 0};
	m = ~0ull >> __builtin_clzll(differ);
	return (struct vf_tnum){lo & ~m, m};
}

/* joined: products of an unknown bit are joined with the sum without it (since 6.18) */
struct vf_tnum vf_tnum_mul(struct vf_tnum a, struct vf_tnum b, bool joined);
struct vf_tnum vf_tnum_bswap(struct vf_tnum a, uint32_t bits); /* 16, 32, 64; truncates */

#endif
