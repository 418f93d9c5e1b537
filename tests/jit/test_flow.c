/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Random programs about control flow (lib/flow.h), run by generated code and by the interpreter: the
 * same result and the same maps afterwards. KFUNC_SEED and KFUNC_COUNT choose others than the usual ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "isa/isa.h"
#include "jit/jit.h"
#include "kernel/kernel.h"
#include "lib/bpf.h"
#include "lib/flow.h"
#include "verifier/verifier.h"
#include "syscall/syscall.h"

struct outcome {
	uint32_t retval;
	uint64_t value[2][4][VALUE / 8];
};

static int map_fd[2][4], btf_fd; /* by engine: native, interpreted */
static uint8_t packet[64];

static int load(const struct gen *g, int engine)
{
	static struct bpf_insn copy[MAX];
	uint32_t info[FUNCS][2];
	union bpf_attr a;
	int fd;

	memcpy(copy, g->insn, sizeof(copy));
	for (int i = 0; i < g->n; i++)
		if (isa_is_ldimm64(&copy[i]) && copy[i].src_reg == BPF_PSEUDO_MAP_FD)
			copy[i].imm = map_fd[engine][copy[i].imm - 100];
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)copy;
	a.insn_cnt = (uint32_t)g->n;
	a.license = (uintptr_t)"GPL";
	a.prog_flags = g->flags;
	a.prog_btf_fd = (uint32_t)btf_fd;
	a.func_info_rec_size = 8;
	a.func_info = (uintptr_t)info;
	a.func_info_cnt = func_info(g, info);
	jit_enable(engine == 0);
	fd = kfunc_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	jit_enable(true);
	return fd;
}

static void fill_maps(int engine)
{
	for (uint32_t k = 0; k < 4; k++) {
		uint64_t v[VALUE / 8];

		for (uint32_t i = 0; i < VALUE / 8; i++)
			v[i] = (k * 5 + i) * (i & 1 ? 1 : 0x9e3779b97f4a7c15ull);
		assert_int_equal(t_update(map_fd[engine][0], &k, v, 0), 0);
		(void)t_delete(map_fd[engine][1], &k);
		if (k != 3)
			assert_int_equal(t_update(map_fd[engine][1], &k, v, 0), 0);
	}
}

static void run(int fd, int engine, struct outcome *o)
{
	union bpf_attr a;

	memset(o, 0, sizeof(*o));
	fill_maps(engine);
	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (uint32_t)fd;
	a.test.data_in = (uintptr_t)packet;
	a.test.data_size_in = sizeof(packet);
	assert_int_equal(kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a)), 0);
	o->retval = a.test.retval;
	for (uint32_t m = 0; m < 2; m++)
		for (uint32_t k = 0; k < 4; k++)
			(void)t_lookup(map_fd[engine][m], &k, o->value[m][k]);
}

static void show(const struct gen *g, const struct outcome *a, const struct outcome *b)
{
	struct strbuf out = {0};

	print_message("results %u (native) and %u\n", a->retval, b->retval);
	for (int m = 0; m < 2; m++)
		for (int k = 0; k < 4; k++)
			for (int i = 0; i < VALUE / 8; i++)
				if (a->value[m][k][i] != b->value[m][k][i])
					print_message("map %d key %d word %d: %#llx and %#llx\n", m,
						      k, i, (unsigned long long)a->value[m][k][i],
						      (unsigned long long)b->value[m][k][i]);
	for (int i = 0; i < g->n; i++) {
		strbuf_reset(&out);
		isa_disasm(&g->insn[i], &out);
		print_message("%4d: %s\n", i, strbuf_str(&out));
		i += isa_is_ldimm64(&g->insn[i]);
	}
	strbuf_free(&out);
}

/* what tail calls lead to: one place in each array */
static void make_maps(int engine)
{
	static const struct bpf_insn two[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 2},
					      {.code = BPF_JMP | BPF_EXIT}};
	int *fd = map_fd[engine], prog;
	uint32_t key = 1;
	union bpf_attr a;

	fd[0] = t_create(BPF_MAP_TYPE_ARRAY, 4, VALUE, 4, 0);
	fd[1] = t_create(BPF_MAP_TYPE_HASH, 4, VALUE, 4, 0);
	fd[2] = t_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0);
	fd[3] = t_create(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)two;
	a.insn_cnt = 2;
	a.license = (uintptr_t)"GPL";
	jit_enable(engine == 0);
	prog = kfunc_bpf(BPF_PROG_LOAD, &a, sizeof(a));
	jit_enable(true);
	assert_true(prog >= 0);
	assert_int_equal(t_update(fd[2], &key, &prog, 0), 0);
	close(prog);
}

static void same_by_both_engines(void **state)
{
	const char *s = getenv("KFUNC_SEED"), *c = getenv("KFUNC_COUNT");
	uint64_t seed = s ? strtoull(s, NULL, 0) : 1;
	int count = c ? atoi(c) : 1500, accepted = 0;
	struct vf_options opts = {.max_insns = 20000};
	static uint32_t raw[256];
	static struct gen g;
	union bpf_attr a;

	(void)state;
	find_kfuncs(kernel_live()->btf);
	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)raw;
	a.btf_size = flow_btf(raw);
	btf_fd = kfunc_bpf(BPF_BTF_LOAD, &a, sizeof(a));
	assert_true(btf_fd >= 0);
	make_maps(0);
	make_maps(1);
	for (size_t i = 0; i < sizeof(packet); i++)
		packet[i] = (uint8_t)(i * 37);
	assert_int_equal(syscall_set_verifier_options(&opts), 0);
	for (int i = 0; i < count; i++) {
		struct outcome x, y;
		int native, interpreted;

		g.seed = (seed + (uint64_t)i) * 0x9e3779b97f4a7c15ull + 1;
		g.result = true;
		generate(&g);
		native = load(&g, 0);
		if (native < 0)
			continue;
		interpreted = load(&g, 1);
		assert_true(interpreted >= 0);
		accepted++;
		run(native, 0, &x);
		run(interpreted, 1, &y);
		if (memcmp(&x, &y, sizeof(x))) {
			show(&g, &x, &y);
			fail_msg("program %d", i);
		}
		close(native);
		close(interpreted);
	}
	syscall_set_verifier_options(NULL);
	print_message("%d of %d programs ran\n", accepted, count);
	assert_true(accepted > count / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(same_by_both_engines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
