/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Threads that load, run, attach and unload programs that share maps. Every program adds one to a
 * counter in an array with an atomic addition, and works on a shared hash map, LRU map and ring
 * buffer; in the end the counter must be the number of runs. KFUNC_STRESS_SECONDS makes it longer
 * (60 is what a release is asked for), ThreadSanitizer or helgrind watch.
 */
#include "lib/bpf.h"
#include "lib/insn.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "maps/ringbuf.h"
#include "runtime/tracepoint.h"

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)

static int array_fd, hash_fd, lru_fd, ring_fd, progs_fd;
static _Atomic uint64_t runs, loads;
static _Atomic bool stop;
static struct rt_tracepoint *tp;

/* r6: first argument. The counter, then one of two branches by the argument's lowest bit. */
static int load(uint32_t type, char *log, uint32_t log_size)
{
	struct bpf_insn code[] = {
		I_LDX(BPF_DW, 6, 1, 0),
		I_AND(6, 15),
		I_VALUE(1, array_fd, 0),
		I_MOV(2, 1),
		I_XADD(1, 0, 2),
		I_STX(BPF_DW, 10, -8, 6), /* key */
		I_ST(BPF_DW, 10, -16, 7), /* value */
		/* hash: update or delete, then look */
		I_MAP(1, hash_fd),
		I_MOVR(2, 10),
		I_ADD(2, -8),
		I_JEQ(6, 3, 6),
		I_MOVR(3, 10),
		I_ADD(3, -16),
		I_MOV(4, 0),
		I_CALL(BPF_FUNC_map_update_elem),
		I_MOV(0, 0),
		I_JEQ(0, 0, 1),
		I_CALL(BPF_FUNC_map_delete_elem),
		I_MAP(1, hash_fd),
		I_MOVR(2, 10),
		I_ADD(2, -8),
		I_CALL(BPF_FUNC_map_lookup_elem),
		I_JEQ(0, 0, 2),
		I_MOV(1, 1),
		I_XADD(0, 0, 1),
		/* LRU */
		I_MAP(1, lru_fd),
		I_MOVR(2, 10),
		I_ADD(2, -8),
		I_MOVR(3, 10),
		I_ADD(3, -16),
		I_MOV(4, 0),
		I_CALL(BPF_FUNC_map_update_elem),
		/* ring */
		I_MAP(1, ring_fd),
		I_MOVR(2, 10),
		I_ADD(2, -16),
		I_MOV(3, 8),
		I_MOV(4, 0),
		I_CALL(BPF_FUNC_ringbuf_output),
		I_MOV(0, 0),
		I_EXIT,
	};
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.prog_type = type;
	a.insns = (uintptr_t)code;
	a.insn_cnt = sizeof(code) / sizeof(code[0]);
	a.license = (uintptr_t)"GPL";
	a.log_buf = (uintptr_t)log;
	a.log_size = log_size;
	a.log_level = log ? 1 : 0;
	strcpy(a.prog_name, "stress");
	return kfunc_bpf(BPF_PROG_LOAD, &a, sizeof(a));
}

static int run_once(int fd, uint64_t arg)
{
	uint64_t ctx[1] = {arg};
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.test.prog_fd = fd;
	a.test.ctx_in = (uintptr_t)ctx;
	a.test.ctx_size_in = sizeof(ctx);
	return kfunc_bpf(BPF_PROG_TEST_RUN, &a, sizeof(a));
}

static int attach(int fd)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.raw_tracepoint.name = (uintptr_t)"stress_event";
	a.raw_tracepoint.prog_fd = fd;
	return kfunc_bpf(BPF_RAW_TRACEPOINT_OPEN, &a, sizeof(a));
}

static void *worker(void *arg)
{
	uint32_t seed = (uintptr_t)arg, slot = seed & 3;

	while (!atomic_load(&stop)) {
		int fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, 0), link;
		uint64_t value = seed;

		assert_true(fd >= 0);
		atomic_fetch_add(&loads, 1);
		for (int i = 0; i < 20; i++) {
			assert_int_equal(run_once(fd, rand_r(&seed)), 0);
			atomic_fetch_add(&runs, 1);
		}
		/* a program in an array that outlives its descriptor */
		assert_int_equal(t_update(progs_fd, &slot, &fd, 0), 0);
		link = attach(fd);
		assert_true(link >= 0);
		value = rand_r(&seed);
		rt_tracepoint_fire(tp, &value); /* the other thread's too */
		CLOSE(link);
		CLOSE(fd);
		t_delete(progs_fd, &slot);
	}
	return NULL;
}

static void *drain(void *arg)
{
	struct rt_map *map = arg;

	while (!atomic_load(&stop)) {
		uint64_t key;

		/* stands for a consumer that is always up to date */
		while (!t_next(hash_fd, NULL, &key) && !atomic_load(&stop))
			t_delete(hash_fd, &key);
		map_ringbuf_query(map, BPF_RB_AVAIL_DATA);
		usleep(100);
	}
	return NULL;
}

static void share(void **state)
{
	const char *s = getenv("KFUNC_STRESS_SECONDS");
	uint64_t counter = 0;
	uint32_t key = 0;
	pthread_t t[3];
	struct rt_map *ring;
	static char log[4096];
	int err, fd;

	(void)state;
	tp = rt_tracepoint_declare("stress_event", 1);
	array_fd = t_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	hash_fd = t_create(BPF_MAP_TYPE_HASH, 8, 8, 12, 0);
	lru_fd = t_create(BPF_MAP_TYPE_LRU_HASH, 8, 8, 4, 0);
	ring_fd = t_create(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0);
	progs_fd = t_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0);
	assert_true(array_fd >= 0 && hash_fd >= 0 && lru_fd >= 0 && ring_fd >= 0 && progs_fd >= 0);
	fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, log, sizeof(log));
	if (fd < 0)
		print_message("%s\n", log);
	assert_true(fd >= 0);
	CLOSE(fd);
	ring = syscall_map_by_fd(ring_fd, &err);
	pthread_create(&t[0], NULL, worker, (void *)1);
	pthread_create(&t[1], NULL, worker, (void *)2);
	pthread_create(&t[2], NULL, drain, ring);
	usleep((s ? atof(s) : 1.0) * 1e6);
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	rt_map_put(ring);
	assert_int_equal(t_lookup(array_fd, &key, &counter), 0);
	print_message("%llu loads, %llu test runs, counter %llu\n", (unsigned long long)loads,
		      (unsigned long long)runs, (unsigned long long)counter);
	/* each load was also fired, by its own thread at least */
	assert_true(counter >= runs + loads);
	assert_true(loads > 1);
	CLOSE(array_fd);
	CLOSE(hash_fd);
	CLOSE(lru_fd);
	CLOSE(ring_fd);
	CLOSE(progs_fd);
	rt_rcu_barrier(); /* programs go first, then what they held */
	rt_rcu_barrier();
	assert_int_equal(kfunc_bpf(BPF_PROG_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
