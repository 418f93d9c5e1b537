/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The value domains against concrete evaluation. Small sets of numbers around the places where
 * something can wrap are turned into abstract values; every operation, decision and refinement must
 * cover what it does to each of the numbers. Tristate operations are checked over all tristate
 * numbers of a few bits, at several positions. Some results are also compared with exact values,
 * because a result that is too precise would accept what Linux refuses.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "verifier/scalar.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool holds(const struct vf_scalar *s, uint64_t v)
{
	return (v & ~s->t.m) == s->t.v && v >= s->umin && v <= s->umax && (int64_t)v >= s->smin &&
	       (int64_t)v <= s->smax && (uint32_t)v >= s->u32min && (uint32_t)v <= s->u32max &&
	       (int32_t)v >= s->s32min && (int32_t)v <= s->s32max;
}

static void print(const char *what, const struct vf_scalar *s)
{
	print_error("%s t=(%" PRIx64 ",%" PRIx64 ") u=[%" PRIx64 ",%" PRIx64 "] s=[%" PRId64
		    ",%" PRId64 "] u32=[%x,%x] s32=[%d,%d]\n",
		    what, s->t.v, s->t.m, s->umin, s->umax, s->smin, s->smax, s->u32min, s->u32max,
		    s->s32min, s->s32max);
}

/* ---------------------------------------------------------------- tristate numbers */

#define BITS 4
#define ALL  (1u << BITS)

/* the i-th of the 3^BITS tristate numbers of BITS bits */
static struct vf_tnum nth_tnum(unsigned int i)
{
	struct vf_tnum t = {0, 0};

	for (int b = 0; b < BITS; b++, i /= 3) {
		t.v |= (uint64_t)(i % 3 == 1) << b;
		t.m |= (uint64_t)(i % 3 == 2) << b;
	}
	return t;
}

static bool in_tnum(struct vf_tnum t, uint64_t v)
{
	return (v & ~t.m) == t.v;
}

static void tnum_binary(void **state)
{
	static const unsigned int at[] = {0, 15, 29, 31, 60};
	const unsigned int n = 81;

	(void)state;
	for (size_t p = 0; p < COUNT(at); p++) {
		for (unsigned int i = 0; i < n; i++) {
			for (unsigned int j = 0; j < n; j++) {
				struct vf_tnum a = vf_tnum_shl(nth_tnum(i), at[p]);
				struct vf_tnum b = vf_tnum_shl(nth_tnum(j), at[p]);

				for (uint64_t x = 0; x < ALL; x++) {
					for (uint64_t y = 0; y < ALL; y++) {
						uint64_t u = x << at[p], v = y << at[p];

						if (!in_tnum(a, u) || !in_tnum(b, v))
							continue;
						assert_true(in_tnum(vf_tnum_add(a, b), u + v));
						assert_true(in_tnum(vf_tnum_sub(a, b), u - v));
						assert_true(in_tnum(vf_tnum_and(a, b), u & v));
						assert_true(in_tnum(vf_tnum_or(a, b), u | v));
						assert_true(in_tnum(vf_tnum_xor(a, b), u ^ v));
						assert_true(
							in_tnum(vf_tnum_mul(a, b, true), u * v));
						assert_true(
							in_tnum(vf_tnum_mul(a, b, false), u * v));
						assert_true(in_tnum(vf_tnum_union(a, b), u));
						assert_true(in_tnum(vf_tnum_union(a, b), v));
						if (u == v) {
							assert_true(vf_tnum_overlap(a, b));
							assert_true(in_tnum(vf_tnum_intersect(a, b),
									    u));
						}
					}
				}
				if (vf_tnum_in(a, b))
					assert_true(vf_tnum_overlap(a, b));
			}
		}
	}
}

static void tnum_unary(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 81; i++) {
		for (unsigned int at = 0; at < 61; at++) {
			struct vf_tnum a = vf_tnum_shl(nth_tnum(i), at);

			for (uint64_t x = 0; x < ALL; x++) {
				uint64_t u = x << at;

				if (!in_tnum(a, u))
					continue;
				assert_true(in_tnum(vf_tnum_bswap(a, 64), __builtin_bswap64(u)));
				assert_true(in_tnum(vf_tnum_bswap(a, 32),
						    __builtin_bswap32((uint32_t)u)));
				assert_true(in_tnum(vf_tnum_bswap(a, 16),
						    __builtin_bswap16((uint16_t)u)));
				assert_true(in_tnum(vf_tnum_cast(a, 1), (uint8_t)u));
				assert_true(in_tnum(vf_tnum_cast(a, 4), (uint32_t)u));
				for (unsigned int n = 0; n < 32; n++) {
					assert_true(in_tnum(vf_tnum_sar(a, n, false),
							    (uint64_t)((int64_t)u >> n)));
					assert_true(in_tnum(vf_tnum_sar(vf_tnum_low32(a), n, true),
							    (uint32_t)((int32_t)u >> n)));
				}
				for (uint64_t al = 1; al <= 8; al *= 2)
					if (vf_tnum_aligned(a, al))
						assert_int_equal(u % al, 0);
			}
		}
	}
	for (uint64_t lo = 0; lo < 40; lo++)
		for (uint64_t hi = lo; hi < 40; hi++)
			for (uint64_t v = lo; v <= hi; v++)
				assert_true(in_tnum(vf_tnum_range(lo, hi), v));
	assert_true(vf_tnum_range(0, UINT64_MAX).m == UINT64_MAX);
}

/* ---------------------------------------------------------------- abstract values of number sets */

static const uint64_t bases[] = {
	0,
	0x80,
	1ull << 31,
	1ull << 32,
	3ull << 31,
	1ull << 63,
	(1ull << 63) + (1ull << 31),
	0xfffffff0,
};

#define SPAN   3
#define MAX_IN (2 * SPAN + 1)

struct set {
	uint64_t v[MAX_IN];
	int n;
	struct vf_scalar s;
};

static struct set *sets;
static size_t n_sets;

/* what = how much of the set the abstract value starts from */
static void add_set(uint64_t base, int lo, int hi, int what)
{
	struct set *s = &sets[n_sets++];
	struct vf_tnum t = vf_tnum_const(base + (uint64_t)(int64_t)lo);

	s->n = 0;
	for (int d = lo; d <= hi; d++) {
		s->v[s->n++] = base + (uint64_t)(int64_t)d;
		t = vf_tnum_union(t, vf_tnum_const(base + (uint64_t)(int64_t)d));
	}
	s->s = vf_scalar_unknown;
	switch (what) {
	case 0: /* everything, computed from the numbers */
		s->s.t = t;
		s->s.umin = s->s.umax = s->v[0];
		s->s.smin = s->s.smax = (int64_t)s->v[0];
		s->s.u32min = s->s.u32max = (uint32_t)s->v[0];
		s->s.s32min = s->s.s32max = (int32_t)s->v[0];
		for (int i = 1; i < s->n; i++) {
			uint64_t v = s->v[i];

			s->s.umin = v < s->s.umin ? v : s->s.umin;
			s->s.umax = v > s->s.umax ? v : s->s.umax;
			s->s.smin = (int64_t)v < s->s.smin ? (int64_t)v : s->s.smin;
			s->s.smax = (int64_t)v > s->s.smax ? (int64_t)v : s->s.smax;
			s->s.u32min = (uint32_t)v < s->s.u32min ? (uint32_t)v : s->s.u32min;
			s->s.u32max = (uint32_t)v > s->s.u32max ? (uint32_t)v : s->s.u32max;
			s->s.s32min = (int32_t)v < s->s.s32min ? (int32_t)v : s->s.s32min;
			s->s.s32max = (int32_t)v > s->s.s32max ? (int32_t)v : s->s.s32max;
		}
		break;
	case 1: /* known bits only */
		s->s.t = t;
		break;
	case 2: /* signed range only */
		s->s.smin = (int64_t)s->v[0];
		s->s.smax = (int64_t)s->v[0];
		for (int i = 1; i < s->n; i++) {
			s->s.smin = (int64_t)s->v[i] < s->s.smin ? (int64_t)s->v[i] : s->s.smin;
			s->s.smax = (int64_t)s->v[i] > s->s.smax ? (int64_t)s->v[i] : s->s.smax;
		}
		break;
	case 3: /* 32-bit signed range only */
		s->s.s32min = s->s.s32max = (int32_t)s->v[0];
		for (int i = 1; i < s->n; i++) {
			int32_t v = (int32_t)s->v[i];

			s->s.s32min = v < s->s.s32min ? v : s->s.s32min;
			s->s.s32max = v > s->s.s32max ? v : s->s.s32max;
		}
		break;
	}
	vf_scalar_sync(&s->s);
}

static int make_sets(void **state)
{
	(void)state;
	sets = calloc(COUNT(bases) * 28 * 4, sizeof(*sets));
	for (size_t b = 0; sets && b < COUNT(bases); b++)
		for (int what = 0; what < 4; what++)
			for (int lo = -SPAN; lo <= SPAN; lo++)
				for (int hi = lo; hi <= SPAN; hi += 1 + (hi - lo))
					add_set(bases[b], lo, hi, what);
	return sets ? 0 : -1;
}

static int free_sets(void **state)
{
	(void)state;
	free(sets);
	return 0;
}

static void sync_keeps_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_sets; i++) {
		struct vf_scalar again = sets[i].s;

		assert_true(vf_scalar_sane(&sets[i].s));
		for (int k = 0; k < sets[i].n; k++)
			assert_true(holds(&sets[i].s, sets[i].v[k]));
		vf_scalar_sync(&again);
		assert_true(vf_scalar_within(&sets[i].s, &again));
	}
}

/* one value of a tnum with gaps in a range: against counting */
static void single_values(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 81; i++) {
		struct vf_tnum t = vf_tnum_shl(nth_tnum(i), 1);

		for (uint64_t lo = 0; lo < 34; lo++) {
			for (uint64_t hi = lo; hi < 34; hi++) {
				struct vf_scalar s = vf_scalar_unknown;
				uint64_t n = 0, last = 0;

				for (uint64_t v = lo; v <= hi; v++)
					if (in_tnum(t, v)) {
						n++;
						last = v;
					}
				if (!n)
					continue;
				s.t = t;
				s.umin = lo;
				s.umax = hi;
				vf_scalar_sync(&s);
				assert_true(holds(&s, last));
				if (n == 1)
					assert_true(!s.t.m && s.t.v == last);
				else
					assert_true(s.t.m);
			}
		}
	}
}

static void casts(void **state)
{
	static const uint32_t bytes[] = {1, 2, 4};

	(void)state;
	for (size_t i = 0; i < n_sets; i++) {
		for (size_t b = 0; b < COUNT(bytes); b++) {
			struct vf_scalar z = sets[i].s, x = sets[i].s, w = sets[i].s;
			uint32_t n = 64 - bytes[b] * 8;

			vf_scalar_cast(&z, bytes[b]);
			vf_scalar_cast_signed(&x, bytes[b]);
			if (bytes[b] < 4) {
				vf_scalar_cast_signed32(&w, bytes[b]);
				vf_scalar_zext32(&w);
			}
			for (int k = 0; k < sets[i].n; k++) {
				uint64_t v = sets[i].v[k];

				assert_true(holds(&z, v << n >> n));
				assert_true(holds(&x, (uint64_t)((int64_t)(v << n) >> n)));
				if (bytes[b] < 4)
					assert_true(holds(&w, (uint32_t)((int64_t)(v << n) >> n)));
			}
		}
	}
}

/* ---------------------------------------------------------------- arithmetic */

static const uint8_t ops[] = {BPF_ADD, BPF_SUB, BPF_MUL,  BPF_AND, BPF_OR, BPF_XOR,
			      BPF_LSH, BPF_RSH, BPF_ARSH, BPF_DIV, BPF_MOD};

static uint64_t div64(uint64_t a, uint64_t b, bool sgn, bool mod)
{
	if (!b)
		return mod ? a : 0;
	if (!sgn)
		return mod ? a % b : a / b;
	if (b == UINT64_MAX)
		return mod ? 0 : -a;
	return (uint64_t)(mod ? (int64_t)a % (int64_t)b : (int64_t)a / (int64_t)b);
}

static uint64_t concrete(uint64_t a, uint64_t b, uint8_t op, bool is32, bool sgn)
{
	uint64_t r;

	if (is32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
		if (sgn) {
			a = (uint64_t)(int64_t)(int32_t)a;
			b = (uint64_t)(int64_t)(int32_t)b;
		}
	}
	switch (op) {
	case BPF_ADD:
		r = a + b;
		break;
	case BPF_SUB:
		r = a - b;
		break;
	case BPF_MUL:
		r = a * b;
		break;
	case BPF_AND:
		r = a & b;
		break;
	case BPF_OR:
		r = a | b;
		break;
	case BPF_XOR:
		r = a ^ b;
		break;
	case BPF_LSH:
		r = a << (b & (is32 ? 31 : 63));
		break;
	case BPF_RSH:
		r = a >> (b & (is32 ? 31 : 63));
		break;
	case BPF_ARSH:
		r = is32 ? (uint64_t)((int32_t)a >> (b & 31)) : (uint64_t)((int64_t)a >> (b & 63));
		break;
	default:
		r = div64(a, b, sgn, op == BPF_MOD);
		break;
	}
	return is32 ? (uint32_t)r : r;
}

static const struct vf_scalar_rules rule_sets[] = {
	{.mul_signed = true, .mul_joined = true, .wrap_both_ends = true, .div_ranges = true},
	{.mul_signed = false, .mul_joined = false, .wrap_both_ends = false, .div_ranges = false},
};

static void check_alu(const struct set *a, const struct set *b, uint8_t op, bool is32, bool sgn,
		      const struct vf_scalar_rules *rules)
{
	struct vf_scalar r = a->s;

	vf_scalar_alu(&r, &b->s, op, is32, sgn, rules);
	for (int i = 0; i < a->n; i++) {
		for (int j = 0; j < b->n; j++) {
			uint64_t v = concrete(a->v[i], b->v[j], op, is32, sgn);

			if (holds(&r, v))
				continue;
			print("a", &a->s);
			print("b", &b->s);
			print("r", &r);
			fail_msg("op %02x is32 %d signed %d: %" PRIx64 " op %" PRIx64 " = %" PRIx64,
				 op, is32, sgn, a->v[i], b->v[j], v);
		}
	}
}

static void arithmetic(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_sets; i++)
		for (size_t j = 0; j < n_sets; j += 1 + (i % 3)) /* a third is enough for each */
			for (size_t o = 0; o < COUNT(ops); o++) {
				bool sgn = ops[o] == BPF_DIV || ops[o] == BPF_MOD;

				for (int is32 = 0; is32 < 2; is32++)
					for (size_t v = 0; v < COUNT(rule_sets); v++) {
						check_alu(&sets[i], &sets[j], ops[o], is32, false,
							  &rule_sets[v]);
						if (sgn)
							check_alu(&sets[i], &sets[j], ops[o], is32,
								  true, &rule_sets[v]);
					}
			}
}

/* shift amounts and divisors are mostly small constants: all of them */
static void small_constants(void **state)
{
	(void)state;
	for (uint64_t k = 0; k < 64; k++) {
		struct set c = {.v = {k}, .n = 1};

		vf_scalar_const(&c.s, k);
		for (size_t i = 0; i < n_sets; i++)
			for (size_t o = 0; o < COUNT(ops); o++)
				for (int is32 = 0; is32 < 2; is32++) {
					check_alu(&sets[i], &c, ops[o], is32, false, &rule_sets[0]);
					if (ops[o] == BPF_DIV || ops[o] == BPF_MOD)
						check_alu(&sets[i], &c, ops[o], is32, true,
							  &rule_sets[0]);
				}
	}
}

/* ---------------------------------------------------------------- comparisons */

static const uint8_t jumps[] = {BPF_JEQ, BPF_JNE,  BPF_JSET, BPF_JGT,  BPF_JGE, BPF_JLT,
				BPF_JLE, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE};

static bool compare(uint64_t a, uint64_t b, uint8_t op, bool is32)
{
	int64_t x = is32 ? (int32_t)a : (int64_t)a, y = is32 ? (int32_t)b : (int64_t)b;

	if (is32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JSET:
		return a & b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSGT:
		return x > y;
	case BPF_JSGE:
		return x >= y;
	case BPF_JSLT:
		return x < y;
	default:
		return x <= y;
	}
}

static void check_jump(const struct set *a, const struct set *b, uint8_t op, bool is32)
{
	int known = vf_scalar_decide(&a->s, &b->s, op, is32, true);
	struct vf_scalar ra[2] = {a->s, a->s}, rb[2] = {b->s, b->s};

	for (int side = 0; known < 0 && side < 2; side++)
		vf_scalar_refine(&ra[side], &rb[side], op, is32, side);
	for (int i = 0; i < a->n; i++) {
		for (int j = 0; j < b->n; j++) {
			bool res = compare(a->v[i], b->v[j], op, is32);

			if (known >= 0)
				assert_int_equal(known, res);
			if (known >= 0 || (holds(&ra[res], a->v[i]) && holds(&rb[res], b->v[j])))
				continue;
			print("a", &a->s);
			print("b", &b->s);
			print("refined a", &ra[res]);
			print("refined b", &rb[res]);
			fail_msg("jump %02x is32 %d: %" PRIx64 " ? %" PRIx64 " is %d", op, is32,
				 a->v[i], b->v[j], res);
		}
	}
}

static void comparisons(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_sets; i++)
		for (size_t j = 0; j < n_sets; j += 1 + (i % 2))
			for (size_t o = 0; o < COUNT(jumps); o++)
				for (int is32 = 0; is32 < 2; is32++)
					check_jump(&sets[i], &sets[j], jumps[o], is32);
}

/* ---------------------------------------------------------------- exact results */

static struct vf_scalar u32_unknown(void)
{
	return vf_scalar_loaded[4];
}

static void alu_k(struct vf_scalar *s, uint8_t op, uint64_t k, bool is32)
{
	struct vf_scalar c;

	vf_scalar_const(&c, k);
	vf_scalar_alu(s, &c, op, is32, false,
		      &(struct vf_scalar_rules){.mul_signed = true,
						.mul_joined = true,
						.wrap_both_ends = true});
}

/* spec 4.11 and scenarios 47-59: what is known, and what is not */
static void exact_results(void **state)
{
	struct vf_scalar a, b;

	(void)state;
	a = u32_unknown();
	alu_k(&a, BPF_AND, 7, false);
	assert_int_equal(a.umax, 7);
	alu_k(&a, BPF_XOR, 8, false);
	assert_int_equal(a.umin, 8);
	assert_int_equal(a.umax, 15);

	a = u32_unknown();
	alu_k(&a, BPF_RSH, 28, false);
	assert_int_equal(a.umax, 15);

	a = u32_unknown(); /* no division before 7.2, not even of constants */
	alu_k(&a, BPF_MOD, 8, false);
	assert_memory_equal(&a, &vf_scalar_unknown, sizeof(a));
	vf_scalar_const(&a, 17);
	alu_k(&a, BPF_DIV, 4, true);
	assert_memory_equal(&a, &vf_scalar_unknown, sizeof(a));

	a = u32_unknown(); /* ((U & 7) - 3) * 2 s<= 8 */
	alu_k(&a, BPF_AND, 7, false);
	alu_k(&a, BPF_SUB, 3, false);
	alu_k(&a, BPF_MUL, 2, false);
	assert_int_equal(a.smin, -6);
	assert_int_equal(a.smax, 8);

	a = u32_unknown(); /* x - x is not recognised */
	b = a;
	vf_scalar_alu(&a, &b, BPF_SUB, false, false, &rule_sets[0]);
	assert_int_equal(a.smin, -(int64_t)UINT32_MAX);
	assert_int_equal(a.smax, UINT32_MAX);

	a = u32_unknown(); /* amounts that vary */
	alu_k(&a, BPF_AND, 1, false);
	b = u32_unknown();
	alu_k(&b, BPF_AND, 3, false);
	vf_scalar_alu(&a, &b, BPF_LSH, false, false, &rule_sets[0]);
	assert_memory_equal(&a, &vf_scalar_unknown, sizeof(a));

	a = u32_unknown(); /* (U|1) == 4 never, by the known bits alone */
	alu_k(&a, BPF_OR, 1, false);
	vf_scalar_const(&b, 4);
	assert_int_equal(vf_scalar_decide(&a, &b, BPF_JEQ, false, true), 0);
	assert_int_equal(vf_scalar_decide(&a, &b, BPF_JEQ, false, false), -1);

	a = vf_scalar_unknown; /* a 32-bit comparison bounds the low half only */
	vf_scalar_const(&b, 7);
	vf_scalar_refine(&a, &b, BPF_JLE, true, true);
	assert_int_equal(a.u32max, 7);
	assert_true(a.umax == UINT64_MAX - UINT32_MAX + 7);
	a = u32_unknown();
	vf_scalar_const(&b, 7);
	vf_scalar_refine(&a, &b, BPF_JLE, true, true);
	assert_int_equal(a.umax, 7);

	vf_scalar_set_srange(&a, -4, 3); /* sign known, then the other side of zero */
	assert_true(a.umax == UINT64_MAX);
	vf_scalar_const(&b, 0);
	vf_scalar_refine(&a, &b, BPF_JSLT, false, true);
	assert_int_equal(a.smax, -1);
	assert_true(a.umin == (uint64_t)-4);
}

static void contradictions(void **state)
{
	struct vf_scalar s;

	(void)state;
	vf_scalar_const(&s, 5);
	assert_true(vf_scalar_sane(&s));
	s.umin = 6;
	assert_false(vf_scalar_sane(&s));
	vf_scalar_const(&s, 5);
	s.smax = 7;
	assert_false(vf_scalar_sane(&s));
	s = vf_scalar_unknown;
	s.s32min = 3;
	s.s32max = 2;
	assert_false(vf_scalar_sane(&s));
	vf_scalar_unbound(&s);
	assert_true(vf_scalar_sane(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tnum_binary),
		cmocka_unit_test(tnum_unary),
		cmocka_unit_test(sync_keeps_members),
		cmocka_unit_test(single_values),
		cmocka_unit_test(casts),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(small_constants),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(exact_results),
		cmocka_unit_test(contradictions),
	};

	return cmocka_run_group_tests(tests, make_sets, free_sets);
}
