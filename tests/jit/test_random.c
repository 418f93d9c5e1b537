/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random verified programs, run by generated code and by the interpreter: the same result and the same
 * maps afterwards. KFUNC_SEED and KFUNC_COUNT choose others than the usual ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "isa/isa.h"
#include "jit/jit.h"
#include "lib/bpf.h"
#include "lib/gen.h"

#define KEYS 6

struct outcome {
	uint32_t retval;
	uint64_t value[2][KEYS][2];
};

static int map_fd[2];
static uint8_t packet[64];

static void fill_maps(void)
{
	for (uint32_t k = 0; k < 4; k++) {
		uint64_t v[2] = {k * 0x9e3779b97f4a7c15ull, ~(uint64_t)k << (k * 9)};

		assert_int_equal(t_update(map_fd[0], &k, v, 0), 0);
		(void)t_delete(map_fd[1], &k);
		if (k < 3)
			assert_int_equal(t_update(map_fd[1], &k, v, 0), 0);
	}
}

static int load(const struct gen *g, bool native)
{
	struct bpf_insn copy[GEN_MAX + 8];
	union bpf_attr a;
	int fd;

	memcpy(copy, g->insn, sizeof(copy));
	for (int i = 0; i < g->n; i++)
		if (isa_is_ldimm64(&copy[i]) && copy[i].src_reg == BPF_PSEUDO_MAP_FD)
			copy[i].imm = map_fd[copy[i].imm - 100];
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)copy;
	a.insn_cnt = g->n;
	a.license = (uintptr_t)"GPL";
	jit_enable(native);
	fd = kfunc_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	jit_enable(true);
	return fd;
}

static void run(int fd, struct outcome *o)
{
	union bpf_attr a;

	memset(o, 0, sizeof(*o));
	fill_maps();
	memset(&a, 0, sizeof(a));
	a.test.prog_fd = fd;
	a.test.data_in = (uintptr_t)packet;
	a.test.data_size_in = sizeof(packet);
	assert_int_equal(kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)), 0);
	o->retval = a.test.retval;
	for (uint32_t m = 0; m < 2; m++)
		for (uint32_t k = 0; k < 4; k++)
			(void)t_lookup(map_fd[m], &k, o->value[m][k]);
}

static void show(const struct gen *g, const struct outcome *a, const struct outcome *b)
{
	struct strbuf out = {0};

	print_message("results %u (native) and %u\n", a->retval, b->retval);
	for (int i = 0; i < g->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&g->insn[i], &out);
		print_message("%4d: %s\n", i, strbuf_str(&out));
		if (isa_is_ldimm64(&g->insn[i]))
			i++;
	}
	strbuf_free(&out);
}

static void same_by_both_engines(void **state)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1;
	int count = c ? atoi(c) : 4000, accepted = 0;
	static struct gen g;

	(void)state;
	map_fd[0] = t_create(BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0);
	map_fd[1] = t_create(BPF_MAP_TYPE_HASH, 4, 16, 4, 0);
	assert_true(map_fd[0] >= 0 && map_fd[1] >= 0);
	for (size_t i = 0; i < sizeof(packet); i++)
		packet[i] = (uint8_t)(i * 37);
	for (int i = 0; i < count; i++) {
		struct outcome a, b;
		int native, interpreted;

		gen_seed(&g, seed + i);
		generate(&g, true);
		native = load(&g, true);
		if (native < 0)
			continue;
		interpreted = load(&g, false);
		assert_true(interpreted >= 0);
		accepted++;
		run(native, &a);
		run(interpreted, &b);
		if (memcmp(&a, &b, sizeof(a))) {
			show(&g, &a, &b);
			fail_msg("program %d", i);
		}
		close(native);
		close(interpreted);
	}
	print_message("%d of %d programs ran\n", accepted, count);
	assert_true(accepted > count / 20);
	close(map_fd[0]);
	close(map_fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(same_by_both_engines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
