/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* progs/shapes.bpf.c with both engines: the same results and contexts, into which goes what maps and variables held. */
#include <kfunc/libkfunc.h>

#include <stdio.h>
#include <stdlib.h>

#include "jit/jit.h"
#include "lib/bpf.h"

struct numbers {
	uint64_t in[4];
	uint64_t out[8];
};

static struct kfunc_object *objs[2]; /* interpreted, native */

static int load_both(void **state)
{
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/jit/progs/shapes.bpf.o", getenv("KFUNC_PROGS"));
	for (int native = 0; native < 2; native++) {
		jit_enable(native);
		objs[native] = kfunc_object__open_file(path, NULL);
		assert_non_null(objs[native]);
		if (kfunc_object__load(objs[native])) {
			fprintf(stderr, "%s\n", kfunc_object__error(objs[native]));
			return -1;
		}
	}
	return 0;
}

static int close_both(void **state)
{
	(void)state;
	jit_enable(true);
	for (int i = 0; i < 2; i++)
		kfunc_object__close(objs[i]);
	return 0;
}

static uint64_t state;

static uint64_t rnd(void)
{
	static const uint64_t edges[] = {0,   1,          3,          127,        255,
					 256, 0x7fffffff, 0xffffffff, 1ull << 63, UINT64_MAX};

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 60 < 6 ? edges[(state >> 32) % 10] : state >> 33 << (state >> 20) % 34;
}

static uint32_t run(int native, const char *name, struct kfunc_run_opts *o)
{
	struct kfunc_program *p = kfunc_object__find_program(objs[native], name);

	assert_non_null(p);
	assert_int_equal(kfunc_program__run(p, o), 0);
	return o->retval;
}

static void same_everywhere(const char *name, int rounds, bool pointer)
{
	uint32_t distinct = 0, first = 0;

	for (int i = 0; i < rounds; i++) {
		struct numbers n[2] = {{.in = {rnd(), rnd(), rnd(), rnd()}}};
		uint32_t ret[2];

		if (pointer) /* nothing is mapped there */
			n[0].in[0] =
				(uint64_t[]){0, 64, 0xffff800000000000, 0x8000000000000000}[i % 4];
		n[1] = n[0];
		for (int native = 0; native < 2; native++) {
			KFUNC_OPTS(kfunc_run_opts, o, .ctx_in = &n[native],
				   .ctx_size_in = sizeof(n[0]));

			ret[native] = run(native, name, &o);
		}
		assert_int_equal(ret[0], ret[1]);
		assert_memory_equal(&n[0], &n[1], sizeof(n[0]));
		if (!i)
			first = (uint32_t)n[0].out[0];
		distinct += (uint32_t)n[0].out[0] != first || ret[0] > 6;
	}
	if (!pointer)
		assert_true(distinct > 0);
}

#define SHAPE(name, rounds, pointer)                                                               \
	static void name(void **unused)                                                            \
	{                                                                                          \
		(void)unused;                                                                      \
		same_everywhere(#name, rounds, pointer);                                           \
	}
SHAPE(deep_calls, 500, false)
SHAPE(far_branches, 200, false)
SHAPE(atomics, 500, false)
SHAPE(callbacks, 500, false)
SHAPE(thrown_from_loop, 500, false)
SHAPE(thrown_unseen, 500, false)
SHAPE(faults, 12, true)

static void leaving(void **unused)
{
	uint8_t packet[80] = {0};

	(void)unused;
	for (uint32_t len = 14; len <= sizeof(packet); len++) {
		uint32_t ret[2];

		for (int native = 0; native < 2; native++) {
			KFUNC_OPTS(kfunc_run_opts, o, .data_in = packet, .data_size_in = len);

			ret[native] = run(native, "leaving", &o);
		}
		assert_int_equal(ret[0], ret[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deep_calls),       cmocka_unit_test(far_branches),
		cmocka_unit_test(atomics),          cmocka_unit_test(callbacks),
		cmocka_unit_test(thrown_from_loop), cmocka_unit_test(thrown_unseen),
		cmocka_unit_test(faults),           cmocka_unit_test(leaving),
	};

	if (!jit_available())
		return 77;
	return cmocka_run_group_tests(tests, load_both, close_both);
}
