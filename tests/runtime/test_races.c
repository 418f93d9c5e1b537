/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs in four threads, with lookups in line, storage of tasks, arenas and exchanged objects, while two
 * others change their maps from outside and put programs in each other's place; by both engines. No program may
 * find what is wrong, per-CPU counts and atomic ones are the number of runs, and in the end no object is left.
 * KFUNC_STRESS_SECONDS makes it longer; meant for the sanitizers too.
 */
#include "lib/bpf.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kfunc/libkfunc.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

#define RUNNERS 4
#define KEYS    64

struct args {
	uint64_t seed, pid;
};

struct value {
	uint64_t key, inverse, round;
};

static const struct {
	const char *name;
	uint32_t every; /* so many rounds: what works with the system is slower */
} rows[] = {{"look_up", 1}, {"change", 1},    {"count", 1},
	    {"storage", 2}, {"exchanged", 4}, {"pages", 8}};

#define N_PROGS (sizeof(rows) / sizeof(rows[0]))
#define COUNT   2

static struct kfunc_object *obj;
static struct kfunc_program *progs[N_PROGS], *jump;
static _Atomic bool stop;
static _Atomic uint64_t counted;
static _Atomic int wrong;

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x >> 20;
}

/* the first thing that was wrong is told */
static void check(const char *what, int err, uint32_t got, bool good)
{
	int none = 0;

	if (!good && atomic_compare_exchange_strong(&wrong, &none, 1))
		print_message("%s: error %d, returned %u\n", what, err, got);
}

static void run_jump(void)
{
	char packet[64] = {0};
	KFUNC_OPTS(kfunc_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	int err = kfunc_program__run(jump, &opts);

	check("jump", err, opts.retval, !err && opts.retval >= 1001 && opts.retval <= 1003);
}

static void *run_all(void *arg)
{
	uint64_t x = 88172645463325252ull + 7919 * (uintptr_t)arg;

	for (uint32_t round = 0; !atomic_load(&stop); round++) {
		for (size_t i = 0; i < N_PROGS; i++) {
			struct args args = {.pid = (uint64_t)getpid()};
			KFUNC_OPTS(kfunc_run_opts, opts, .ctx_in = &args,
				   .ctx_size_in = sizeof(args));
			int err;

			if (round % rows[i].every)
				continue;
			args.seed = next(&x) | 1ull << 40;
			err = kfunc_program__run(progs[i], &opts);
			check(rows[i].name, err, opts.retval, !err && !opts.retval);
			if (i == COUNT)
				atomic_fetch_add(&counted, 1);
		}
		run_jump();
	}
	return NULL;
}

static int fd_of(const char *map)
{
	int fd = kfunc_map__fd(kfunc_object__find_map(obj, map));

	assert_true(fd >= 0);
	return fd;
}

/* maps from outside, as a program's user does it */
static void *change(void *arg)
{
	int words = fd_of("words"), wides = fd_of("wides"), lately = fd_of("lately"),
	    held = fd_of("held_by_key");
	uint64_t x = 1234567 + (uintptr_t)arg;

	while (!atomic_load(&stop)) {
		uint64_t key = next(&x) % KEYS, wide[2] = {key, ~key}, small = key % 8;
		struct value v = {key, ~key, x}, seen;

		if (next(&x) & 1) {
			(void)t_elem(BPF_MAP_DELETE_ELEM, words, &key, NULL, 0);
			(void)t_elem(BPF_MAP_DELETE_ELEM, wides, wide, NULL, 0);
			(void)t_elem(BPF_MAP_DELETE_ELEM, lately, &key, NULL, 0);
			(void)t_elem(BPF_MAP_DELETE_ELEM, held, &small, NULL, 0);
		} else {
			(void)t_elem(BPF_MAP_UPDATE_ELEM, words, &key, &v, 0);
			(void)t_elem(BPF_MAP_UPDATE_ELEM, wides, wide, &v, 0);
			(void)t_elem(BPF_MAP_UPDATE_ELEM, lately, &key, &v, 0);
		}
		if (!t_lookup(words, &key, &seen))
			check("words", 0, 0, seen.key == key && seen.inverse == ~key);
	}
	return NULL;
}

/* programs in each other's place, or none; and programs of objects that come and go */
static void *replace(void *path)
{
	int slot = fd_of("slot");
	uint32_t zero = 0;

	while (!atomic_load(&stop)) {
		struct kfunc_object *other = kfunc_object__open_file(path, NULL);
		struct kfunc_program *p = NULL;
		int fds[4], err;

		while ((p = kfunc_object__next_program(other, p)))
			kfunc_program__set_autoload(p, !strcmp(kfunc_program__name(p), "second"));
		err = kfunc_object__load(other);
		check("load", err, 0, !err);
		fds[0] = kfunc_program__fd(kfunc_object__find_program(obj, "first"));
		fds[1] = fds[3] = kfunc_program__fd(kfunc_object__find_program(other, "second"));
		fds[2] = kfunc_program__fd(kfunc_object__find_program(obj, "second"));
		for (int i = 0; i < 4; i++) {
			err = t_elem(BPF_MAP_UPDATE_ELEM, slot, &zero, &fds[i], 0);
			check("slot", err, 0, !err);
			usleep(50);
		}
		if (fds[1] & 1) /* or its slot keeps it */
			(void)t_elem(BPF_MAP_DELETE_ELEM, slot, &zero, NULL, 0);
		kfunc_object__close(other);
	}
	return NULL;
}

static double seconds(void)
{
	const char *s = getenv("KFUNC_STRESS_SECONDS");

	return s ? atof(s) : 0.5;
}

static uint64_t sum_of(const char *name)
{
	uint64_t sum = 0, v[4096];
	int fd = fd_of(name);

	for (uint32_t key = 0; key < 4; key++) {
		uint32_t n = !strcmp(name, "counts") ? 1 : rt_nr_cpus();

		assert_true(n <= 4096);
		assert_int_equal(t_lookup(fd, &key, v), 0);
		while (n--)
			sum += v[n];
	}
	return sum;
}

static void settle(void)
{
	struct rt_object_counts c = {0};

	rt_objects_forget();
	for (int i = 0; i < 200; i++) {
		rt_rcu_barrier();
		rt_objects_count(&c);
		if (!c.tasks && !c.cgroups && !c.cpumasks && !c.own)
			return;
	}
	fail_msg("left: %lu tasks, %lu groups, %lu masks, %lu own objects", (unsigned long)c.tasks,
		 (unsigned long)c.cgroups, (unsigned long)c.cpumasks, (unsigned long)c.own);
}

static void together(bool jit)
{
	pthread_t t[RUNNERS + 2];
	char path[512];

	if (kfunc_set_jit(jit))
		skip();
	stop = false;
	counted = 0;
	wrong = 0;
	snprintf(path, sizeof(path), "%s/runtime/progs/races.bpf.o", getenv("KFUNC_PROGS"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	assert_int_equal(kfunc_object__load(obj), 0);
	for (size_t i = 0; i < N_PROGS; i++) {
		progs[i] = kfunc_object__find_program(obj, rows[i].name);
		assert_non_null(progs[i]);
	}
	jump = kfunc_object__find_program(obj, "jump");
	for (uintptr_t i = 0; i < RUNNERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, run_all, (void *)i), 0);
	assert_int_equal(pthread_create(&t[RUNNERS], NULL, change, NULL), 0);
	assert_int_equal(pthread_create(&t[RUNNERS + 1], NULL, replace, path), 0);
	usleep((useconds_t)(seconds() * 1e6));
	stop = true;
	for (int i = 0; i < RUNNERS + 2; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(wrong, 0);
	assert_true(counted > 0);
	print_message("%lu rounds\n", (unsigned long)counted);
	assert_int_equal(sum_of("counts"), counted);
	assert_int_equal(sum_of("each_counts"), counted);
	kfunc_object__close(obj);
	settle();
	kfunc_set_jit(true);
}

static void machine_code(void **state)
{
	(void)state;
	together(true);
}

static void interpreted(void **state)
{
	(void)state;
	together(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_code),
		cmocka_unit_test(interpreted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
