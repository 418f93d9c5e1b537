/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Timers and workqueues after the program that started them: they run, with their own map, key and
 * value, they stop when their value or map goes, and nothing keeps program or map alive after that.
 * The programs are programs/progs/async.bpf.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kfunc/libkfunc.h"
#include "lib/bpf.h"
#include "runtime/rt.h"

struct timed {
	uint64_t timer[2], runs, key;
};

static struct kfunc_object *load(void)
{
	struct kfunc_program *p = NULL;
	struct kfunc_object *obj;
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/programs/progs/async.bpf.o", getenv("KFUNC_BUILD"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p))) {
		const char *n = kfunc_program__name(p);

		kfunc_program__set_autoload(p, !strncmp(n, "arm_", 4) || !strncmp(n, "start_", 6) ||
						       !strcmp(n, "delete_hash"));
	}
	assert_int_equal(kfunc_object__load(obj), 0);
	return obj;
}

static int run(struct kfunc_object *obj, const char *name)
{
	KFUNC_OPTS(kfunc_run_opts, opts);
	struct kfunc_program *p = kfunc_object__find_program(obj, name);
	uint64_t ctx[2] = {0};

	assert_non_null(p);
	opts.ctx_in = ctx;
	opts.ctx_size_in = sizeof(ctx);
	assert_int_equal(kfunc_program__run(p, &opts), 0);
	return (int)opts.retval;
}

static int map_fd(struct kfunc_object *obj, const char *name)
{
	struct kfunc_map *map = kfunc_object__find_map(obj, name);

	assert_non_null(map);
	return kfunc_map__fd(map);
}

/* the object's zeroed globals; libbpf puts a piece of the object's name in front */
static int globals_fd(struct kfunc_object *obj)
{
	struct kfunc_map *map = NULL;

	while ((map = kfunc_object__next_map(obj, map)))
		if (strstr(kfunc_map__name(map), ".bss"))
			return kfunc_map__fd(map);
	fail_msg("no globals");
	return -1;
}

static struct timed get(int fd, uint32_t key)
{
	struct timed v;

	assert_int_equal(t_lookup(fd, &key, &v), 0);
	return v;
}

static void nap(unsigned int ms)
{
	const struct timespec ts = {.tv_nsec = ms * 1000000l};

	nanosleep(&ts, NULL);
}

/* waits for up to five seconds */
static struct timed wait_runs(int fd, uint32_t key, uint64_t runs)
{
	struct timed v = get(fd, key);

	for (int i = 0; i < 5000 && v.runs < runs; i++) {
		nap(1);
		v = get(fd, key);
	}
	assert_true(v.runs >= runs);
	return v;
}

static void fires(const char *prog, const char *map, uint32_t key)
{
	struct kfunc_object *obj = load();
	struct timed v;

	assert_int_equal(run(obj, prog), 0);
	v = wait_runs(map_fd(obj, map), key, 1);
	nap(3);
	v = get(map_fd(obj, map), key);
	assert_int_equal(v.runs, 1);
	assert_int_equal(v.key, key);
	assert_int_equal(v.timer[0], 0); /* hidden from the outside */
	kfunc_object__close(obj);
}

static void test_array(void **state)
{
	(void)state;
	fires("arm_array", "array", 2);
}

static void test_hash(void **state)
{
	(void)state;
	fires("arm_hash", "hash", 7);
}

static void test_lru(void **state)
{
	(void)state;
	fires("arm_lru", "lru", 9);
}

/* Kfunc scenario 97 */
static void test_work(void **state)
{
	(void)state;
	fires("start_work", "works", 3);
	fires("start_hash_work", "work_hash", 5);
}

/* a callback starts its own timer again; cancelling itself is refused */
static void test_ticking(void **state)
{
	struct kfunc_object *obj = load();
	uint64_t data[8];
	uint32_t zero = 0;

	(void)state;
	assert_int_equal(run(obj, "arm_ticking"), 0);
	wait_runs(map_fd(obj, "array"), 0, 5);
	assert_int_equal(t_lookup(globals_fd(obj), &zero, data), 0);
	assert_true(data[0] == (uint64_t)-EDEADLK || data[1] == (uint64_t)-EDEADLK);
	kfunc_object__close(obj);
}

/* nothing fires after the value was deleted or updated */
static void test_value_goes(void **state)
{
	struct kfunc_object *obj = load();
	uint64_t data[8];
	uint32_t key = 7, zero = 0;
	struct timed v = {.runs = 0};

	(void)state;
	assert_int_equal(run(obj, "arm_hash_late"), 0);
	assert_int_equal(run(obj, "delete_hash"), 0);
	assert_int_equal(run(obj, "arm_hash_late"), 0);
	assert_int_equal(t_update(map_fd(obj, "hash"), &key, &v, 0), 0);
	assert_int_equal(run(obj, "arm_ticking"), 0);
	wait_runs(map_fd(obj, "array"), 0, 1);
	assert_int_equal(t_update(map_fd(obj, "array"), &zero, &v, 0), 0);
	nap(60);
	assert_true(get(map_fd(obj, "array"), 0).runs <= 1); /* one may have been on its way */
	assert_int_equal(get(map_fd(obj, "hash"), 7).runs, 0);
	assert_int_equal(t_lookup(globals_fd(obj), &zero, data), 0);
	assert_int_equal(data[0] * data[1], 0);
	kfunc_object__close(obj);
}

static _Atomic int maps_freed;
static void (*boundary_on_free)(struct rt_map *map);

static void count_free(struct rt_map *map)
{
	maps_freed++;
	boundary_on_free(map);
}

/* armed for later, armed again and again: the map's last descriptor ends both, and then the map goes */
static void test_map_goes(void **state)
{
	struct kfunc_object *obj = load();
	struct rt_map *map;
	int i, err;

	(void)state;
	map = syscall_map_by_fd(map_fd(obj, "array"), &err);
	assert_non_null(map);
	boundary_on_free = map->on_free;
	map->on_free = count_free;
	rt_map_put(map);
	assert_int_equal(run(obj, "arm_late"), 0);
	assert_int_equal(run(obj, "arm_ticking"), 0);
	nap(5);
	kfunc_object__close(obj);
	for (i = 0; i < 1000 && !maps_freed; i++) {
		rt_rcu_barrier();
		nap(1);
	}
	assert_int_equal(maps_freed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_array),    cmocka_unit_test(test_hash),
		cmocka_unit_test(test_lru),      cmocka_unit_test(test_work),
		cmocka_unit_test(test_ticking),  cmocka_unit_test(test_value_goes),
		cmocka_unit_test(test_map_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
