/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The two tristate operations that are too long for tnum.h: product and byte swap (spec 4.2). */
#include "verifier/tnum.h"

/*
 * Schoolbook product over the bits of a. A known 1 adds b. Before 6.18 the known and the unknown
 * parts were summed apart; since then an unknown bit gives both sums at once.
 */
struct vf_tnum vf_tnum_mul(struct vf_tnum a, struct vf_tnum b, bool joined)
{
	struct vf_tnum sum = joined ? vf_tnum_const(0) : vf_tnum_const(a.v * b.v);

	for (; a.v | a.m; a = vf_tnum_shr(a, 1), b = vf_tnum_shl(b, 1)) {
		if (a.v & 1) {
			sum = vf_tnum_add(sum, joined ? b : (struct vf_tnum){0, b.m});
		} else if (a.m & 1) {
			if (joined)
				sum = vf_tnum_union(sum, vf_tnum_add(sum, b));
			else
				sum = vf_tnum_add(sum, (struct vf_tnum){0, b.v | b.m});
		}
	}
	return sum;
}

struct vf_tnum vf_tnum_bswap(struct vf_tnum a, uint32_t bits)
{
	switch (bits) {
	case 16:
		return (struct vf_tnum){__builtin_bswap16((uint16_t)a.v),
					__builtin_bswap16((uint16_t)a.m)};
	case 32:
		return (struct vf_tnum){__builtin_bswap32((uint32_t)a.v),
					__builtin_bswap32((uint32_t)a.m)};
	default:
		return (struct vf_tnum){__builtin_bswap64(a.v), __builtin_bswap64(a.m)};
	}
}
