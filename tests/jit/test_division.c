/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Division by constants, which generated code does by shifts and multiplications: every kind by divisors and of
 * dividends at the edges and from everywhere, against C and against the interpreter. The registers that the machine
 * needs for it are in use by others. KFUNC_SEED and KFUNC_COUNT choose other divisors.
 */
#include <stdio.h>

#include "base/strbuf.h"
#include "jit/jit.h"
#include "lib/prog.h"

static uint64_t state;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* numbers of all lengths, and what lies beside powers of two */
static int64_t number(void)
{
	uint64_t n = rnd() >> rnd() % 64;

	if (!(rnd() & 3))
		n = (1ull << rnd() % 64) + rnd() % 3 - 1;
	return (int64_t)(rnd() & 1 ? 0 - n : n);
}

#define OPS 8

static const char *const ops[OPS] = {"r%d /= %d",  "r%d %%= %d",  "w%d /= %d",  "w%d %%= %d",
				     "r%d s/= %d", "r%d s%%= %d", "w%d s/= %d", "w%d s%%= %d"};

static uint64_t expected(int op, uint64_t n, int32_t d)
{
	uint32_t low = (uint32_t)n, d32 = (uint32_t)d;
	uint64_t d64 = (uint64_t)(int64_t)d;

	switch (op) {
	case 0:
		return n / d64;
	case 1:
		return n % d64;
	case 2:
		return low / d32;
	case 3:
		return low % d32;
	case 4:
		return d == -1 ? 0 - n : (uint64_t)((int64_t)n / d);
	case 5:
		return d == -1 ? 0 : (uint64_t)((int64_t)n % d);
	case 6:
		return d == -1 ? (uint32_t)(0 - low) : (uint32_t)((int32_t)low / d);
	default:
		return d == -1 ? 0 : (uint32_t)((int32_t)low % d);
	}
}

/*
 * ctx[op] = ctx[8] op d, in one of three registers, for each operation; ctx[9]: what the others hold afterwards.
 * Of every second program the dividend is known not to be negative.
 */
static struct rt_prog *program(int32_t d, bool native)
{
	static const int regs[] = {0, 3, 7}; /* rax, rdx and one that division leaves alone */
	struct strbuf text = {0};
	struct rt_prog *p;

	strbuf_puts(&text, "r6 = r1; r9 = 0");
	for (int op = 0; op < OPS; op++) {
		int reg = regs[(op + (uint32_t)d) % 3];

		strbuf_puts(&text,
			    "; r0 = 1000; r2 = 2000; r3 = 3000; r4 = 4000; r5 = 5000; r7 = 7000; ");
		strbuf_printf(&text, "r%d = *(%s *)(r6 + 64); ", reg, d & 64 ? "u32" : "u64");
		strbuf_printf(&text, d & 64 ? "r%d >>= 1; " : "", reg);
		strbuf_printf(&text, ops[op], reg, d);
		strbuf_printf(&text, "; *(u64 *)(r6 + %d) = r%d; r%d = 0; ", op * 8, reg, reg);
		strbuf_puts(&text, "r9 += r0; r9 += r2; r9 += r3; r9 += r4; r9 += r5; r9 += r7");
	}
	strbuf_puts(&text, "; *(u64 *)(r6 + 72) = r9; r0 = 0; exit");
	test_native = native;
	p = test_prog(strbuf_str(&text), BPF_PROG_TYPE_SYSCALL);
	test_native = false;
	if (native)
		assert_non_null(p->jit);
	strbuf_free(&text);
	return p;
}

static void try_divisor(int32_t d)
{
	static const int64_t edges[] = {
		0,          1,         -1,        INT32_MAX,     INT32_MIN,
		UINT32_MAX, INT64_MAX, INT64_MIN, INT64_MIN + 1, 2 * (int64_t)INT32_MIN,
		3000000000};
	struct rt_prog *native = program(d, true), *interpreted = program(d, false);

	for (int i = 0; i < 60; i++) {
		uint64_t a[10] = {0}, b[10] = {0}, n;

		if (i < (int)(sizeof(edges) / sizeof(edges[0])))
			n = (uint64_t)edges[i];
		else if (i < 30) /* beside multiples */
			n = (uint64_t)d * (rnd() >> rnd() % 64) + rnd() % 3 - 1;
		else
			n = (uint64_t)number();
		a[8] = b[8] = n;
		rt_prog_run(native, a);
		rt_prog_run(interpreted, b);
		assert_memory_equal(a, b, sizeof(a));
		if (d & 64)
			n = (uint32_t)n >> 1;
		for (int op = 0; op < OPS; op++)
			if (a[op] != expected(op, n, d))
				fail_msg("%s: %lx by %d: %lx", ops[op], (long)n, d, (long)a[op]);
	}
	test_prog_free(native);
	test_prog_free(interpreted);
}

static void quotients_and_remainders(void **unused)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	int count = c ? atoi(c) : 1000;

	(void)unused;
	state = (s ? strtoull(s, NULL, 0) : 1) * 0x9e3779b97f4a7c15ull | 1;
	for (int32_t d = 1; d < 200; d++) {
		try_divisor(d);
		try_divisor(-d);
	}
	for (int k = 7; k < 32; k++) {
		int32_t d = (int32_t)(1u << k);

		try_divisor(d);
		try_divisor(d - (k < 31));
		try_divisor(d + 1);
		try_divisor((int32_t)(0u - (uint32_t)d));
	}
	try_divisor(INT32_MAX);
	for (int i = 0; i < count; i++) {
		int32_t d = (int32_t)number();

		try_divisor(d ? d : 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(quotients_and_remainders)};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
