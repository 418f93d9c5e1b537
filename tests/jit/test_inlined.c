/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What generated code does itself instead of calling a function: the same results, packets and counts as
 * with the interpreter, which calls it, and the ones that are meant.
 */
#include <kfunc/libkfunc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jit/jit.h"
#include "lib/bpf.h"
#include "runtime/objects.h"

struct numbers {
	uint64_t in[4];
	uint64_t out[8];
};

static struct kfunc_object *objs[2]; /* interpreted, native */

static int load_both(void **state)
{
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/jit/progs/inlined.bpf.o", getenv("KFUNC_PROGS"));
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

static uint32_t run(int native, const char *name, struct kfunc_run_opts *o)
{
	struct kfunc_program *p = kfunc_object__find_program(objs[native], name);

	assert_non_null(p);
	assert_int_equal(kfunc_program__run(p, o), 0);
	return o->retval;
}

static void call(const char *name, struct numbers n[2])
{
	for (int native = 0; native < 2; native++) {
		KFUNC_OPTS(kfunc_run_opts, o, .ctx_in = &n[native], .ctx_size_in = sizeof(n[0]));

		assert_int_equal(run(native, name, &o), 0);
	}
	assert_memory_equal(&n[0], &n[1], sizeof(n[0]));
}

/* ---- packets ---- */

static uint32_t n_values;

static void view(const char *name, const uint8_t *packet, uint32_t len)
{
	uint8_t out[2][128];
	uint32_t ret[2];

	memset(out, 0, sizeof(out));
	for (int native = 0; native < 2; native++) {
		KFUNC_OPTS(kfunc_run_opts, o, .data_in = packet, .data_size_in = len,
			   .data_out = out[native], .data_size_out = sizeof(out[0]));

		ret[native] = run(native, name, &o);
	}
	if (ret[0] != ret[1])
		fprintf(stderr, "%s of %u bytes: %u %u %u %u\n", name, len, packet[0], packet[1],
			packet[2], packet[3]);
	assert_int_equal(ret[0], ret[1]);
	assert_memory_equal(out[0], out[1], sizeof(out[0]));
	n_values += ret[0] != 0;
}

static void views_of_packets(void **state)
{
	static const char *const progs[] = {"skb_view", "xdp_view", "readonly_view", "skb_local"};
	static const uint8_t at[] = {0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20, 57, 64, 255};
	uint8_t packet[64];

	(void)state;
	n_values = 0;
	for (uint32_t i = 0; i < sizeof(packet); i++)
		packet[i] = (uint8_t)(i * 37 + 11);
	for (uint32_t len = 14; len <= 64; len += 25) /* 14, 39, 64 */
		for (uint32_t i = 0; i < sizeof(at) * 3 * 2 * 4; i++) {
			packet[0] = at[i % sizeof(at)];
			packet[1] = i / sizeof(at) % 3 == 1;
			packet[2] = i / sizeof(at) / 3 % 4 * 7;
			packet[3] = i / sizeof(at) / 12 ? 0xff : 0;
			for (uint32_t k = 0; k < sizeof(progs) / sizeof(progs[0]); k++)
				view(progs[k], packet, len);
		}
	assert_true(n_values > 1000);
}

/* ---- masks, loops, tasks ---- */

static void bits_of_masks(void **state)
{
	const uint32_t n = rt_cpumask_ids();
	const uint64_t some[] = {0,          1,
				 n - 1,      n,
				 n + 1,      63,
				 64,         65,
				 8191,       0xffffffffull,
				 1ull << 32, 5ull << 32 | (n - 1)};

	(void)state;
	for (uint32_t i = 0; i < 144; i++) {
		struct numbers v[2] = {{{some[i / 12], some[i % 12]}, {0}},
				       {{some[i / 12], some[i % 12]}, {0}}};
		bool first = (uint32_t)some[i / 12] < n, second = (uint32_t)some[i % 12] < n;
		bool same = (uint32_t)some[i / 12] == (uint32_t)some[i % 12];

		call("masks", v);
		assert_int_equal(v[1].out[0], first);
		assert_int_equal(v[1].out[1], first && same);
		assert_int_equal(v[1].out[2], first);
		assert_int_equal(v[1].out[3], first && same);
		assert_int_equal(v[1].out[4], first + (second && !same));
		assert_int_equal(v[1].out[5], first);
		assert_int_equal(v[1].out[6], 0);
		assert_int_equal(v[1].out[7], 0);
	}
}

static void loops_count(void **state)
{
	static const struct {
		uint64_t count, stop, flags;
		int64_t ret;
		uint64_t rounds;
	} rows[] = {
		{0, 0, 0, 0, 0},
		{1, 5, 0, 1, 1},
		{100, 1000, 0, 100, 100},
		{100, 0, 0, 1, 1},
		{100, 41, 0, 42, 42},
		{(1ull << 32) + 3, 1000, 0, 3, 3}, /* a 32-bit argument */
		{1 << 23, 70, 0, 71, 71},
		{(1 << 23) + 1, 70, 0, -E2BIG, 0},
		{0xffffffff, 70, 0, -E2BIG, 0},
		{10, 70, 1, -EINVAL, 0},
		{10, 70, 1ull << 40, -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct numbers n[2] = {{{rows[i].count, rows[i].stop, rows[i].flags}, {0}},
				       {{rows[i].count, rows[i].stop, rows[i].flags}, {0}}};

		call("loops", n);
		assert_int_equal(n[1].out[0], rows[i].ret);
		assert_int_equal(n[1].out[1], rows[i].rounds);
	}
}

static void short_loops_count(void **state)
{
	static const uint64_t counts[] = {
		0, 1, 2, 15, 16, 17, 18, 1000, (1 << 23) + 1, (7ull << 32) + 5};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (uint64_t flags = 0; flags < 2; flags++) {
			struct numbers n[2] = {{{counts[i], 77, flags}, {0}},
					       {{counts[i], 77, flags}, {0}}};
			uint32_t count = (uint32_t)counts[i];
			uint64_t sum = 0, a = 77;
			int64_t ret = count;

			call("short_loops", n);
			if (count > 1 << 23) {
				count = 0;
				ret = -E2BIG;
			}
			if (flags)
				ret = -EINVAL;
			for (uint32_t k = 0; k < count && !flags; k++) {
				sum += (uint64_t)k * k + a;
				a ^= sum >> 3;
			}
			assert_int_equal(n[1].out[0], ret);
			assert_int_equal(n[1].out[1], sum);
			assert_int_equal(n[1].out[2], a);
			assert_int_equal(n[1].out[4], count > 17 ? 17 : count);
			assert_int_equal(n[1].out[5], (counts[i] ^ 77) + flags);
		}
}

static void tasks_keep_their_counts(void **state)
{
	struct task_struct *t = rt_task_current(); /* borrowed: this thread exists */
	int before = __atomic_load_n(&t->rcu_users.refs.counter, __ATOMIC_RELAXED);

	(void)state;
	for (int i = 0; i < 100; i++) {
		uint64_t other = i % 3 == 0   ? (uint64_t)getpid()
				 : i % 3 == 1 ? (uint64_t)getppid()
					      : 0;
		struct numbers n[2] = {{{other}, {0}}, {{other}, {0}}};

		call("tasks", n);
		assert_int_equal(n[1].out[0], 1);
		assert_int_equal(__atomic_load_n(&t->rcu_users.refs.counter, __ATOMIC_RELAXED),
				 before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_of_packets),
		cmocka_unit_test(bits_of_masks),
		cmocka_unit_test(loops_count),
		cmocka_unit_test(short_loops_count),
		cmocka_unit_test(tasks_keep_their_counts),
	};

	return cmocka_run_group_tests(tests, load_both, close_both);
}
