/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a host's tracepoint costs while no program is attached: in the machine code of a function that has
 * one, one variable is read and one branch falls through, nothing is called, and building the arguments
 * lies out of the way. And the time, which is printed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <Zydis/Zydis.h>
#include <kfunc/hooks.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct thing {
	long n;
};

KFUNC_TRACEPOINT(hooks_unattached, TP_PROTO(struct thing *t, long n), TP_ARGS(t, n));

#define APART __attribute__((noinline, noclone, noipa))
#ifdef __clang__
#undef APART
#define APART __attribute__((noinline))
#endif

APART static long traced(struct thing *t, long n);
APART static long traced(struct thing *t, long n)
{
	trace_hooks_unattached(t, n);
	return t->n + n;
}

APART static long plain(struct thing *t, long n);
APART static long plain(struct thing *t, long n)
{
	return t->n + n;
}

/* empty but for the tracepoint: nothing has to be saved */
APART static void only_traced(struct thing *t, long n);
APART static void only_traced(struct thing *t, long n)
{
	trace_hooks_unattached(t, n);
}

struct shape {
	int insns, branches, calls, loads;
	bool ended; /* by a return */
	const void *read,
		*target; /* a variable that is read by its address; where the branch goes */
};

/* the instructions from fn to its first return, branches not taken */
static struct shape shape_of(const void *fn)
{
	const uint8_t *at = fn;
	ZydisDisassembledInstruction d;
	struct shape s = {0};

	while (s.insns < 64 && !s.ended) {
		assert_true(ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64,
							       (uintptr_t)at, at,
							       ZYDIS_MAX_INSTRUCTION_LENGTH, &d)));
		at += d.info.length;
		if (d.info.mnemonic == ZYDIS_MNEMONIC_ENDBR64 ||
		    d.info.mnemonic == ZYDIS_MNEMONIC_NOP)
			continue;
		s.insns++;
		s.ended = d.info.meta.category == ZYDIS_CATEGORY_RET;
		s.calls += d.info.meta.category == ZYDIS_CATEGORY_CALL ||
			   d.info.meta.category == ZYDIS_CATEGORY_UNCOND_BR;
		if (d.info.meta.category == ZYDIS_CATEGORY_COND_BR) {
			s.branches++;
			s.target = at + d.operands[0].imm.value.s;
		}
		for (int i = 0; i < d.info.operand_count_visible; i++) {
			if (d.operands[i].type != ZYDIS_OPERAND_TYPE_MEMORY ||
			    d.info.mnemonic == ZYDIS_MNEMONIC_LEA)
				continue;
			s.loads++;
			if (d.operands[i].mem.base == ZYDIS_REGISTER_RIP)
				s.read = at + d.operands[i].mem.disp.value;
		}
	}
	return s;
}

/* a sanitizer calls a function for each load */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#define LIMIT_NS  50
#else
#define SANITIZED 0
#define LIMIT_NS  5
#endif

static void test_code(void **state)
{
	struct shape without = shape_of((const void *)plain), with = shape_of((const void *)traced);

	(void)state;
	if (SANITIZED)
		skip(); /* its checks are in between */
	assert_true(without.ended && with.ended);
	assert_int_equal(without.branches, 0);
	assert_int_equal(with.branches, 1);
	assert_int_equal(with.calls, 0);
	assert_int_equal(with.loads, without.loads + 1);
	assert_ptr_equal(with.read, &kfunc_tp_hooks_unattached.active);
	/* a comparison and a branch, or a load, a test and a branch; and what registers the compiler
	 * saves for the call that it put elsewhere */
	assert_in_range(with.insns, without.insns + 2, without.insns + 10);
	/* what is done for a program lies elsewhere */
	assert_false((const char *)with.target > (const char *)traced &&
		     (const char *)with.target < (const char *)traced + 16);
	assert_in_range(shape_of((const void *)only_traced).insns, 3, 6);
	print_message("%d instructions more: %d instead of %d\n", with.insns - without.insns,
		      with.insns, without.insns);
}

static double best_of(long (*fn)(struct thing *t, long n))
{
	double best = 1e9;

	for (int round = 0; round < 50; round++) {
		struct thing t = {1};
		struct timespec a, b;
		long n = 0;
		double ns;

		clock_gettime(CLOCK_MONOTONIC, &a);
		for (int i = 0; i < 100000; i++)
			n = fn(&t, n);
		clock_gettime(CLOCK_MONOTONIC, &b);
		assert_int_equal(n, 100000);
		ns = ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 100000;
		best = ns < best ? ns : best;
	}
	return best;
}

static void test_time(void **state)
{
	double without = best_of(plain), with = best_of(traced);

	(void)state;
	print_message("a call with a tracepoint %.2f ns, without %.2f ns\n", with, without);
	/* many times what it takes, for slow and busy machines: nothing is called */
	assert_true(with - without < LIMIT_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
