/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Resilient locks between threads: they exclude, see a crossing, and give up in time (kfunc spec 7.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "runtime/region.h"
#include "runtime/rt.h"

#define THREADS 4
#define ROUNDS  20000

static uint32_t first, second;
static uint64_t counted;
static _Atomic int stage, crossed;

static void nap(unsigned int ms)
{
	const struct timespec ts = {.tv_nsec = ms * 1000000l};

	nanosleep(&ts, NULL);
}

static void *count(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct rt_vcpu *cpu = rt_enter();
		int err;

		do
			err = rt_res_lock(&first);
		while (err == -ETIMEDOUT); /* a busy machine may take that long */
		if (!err) {
			counted++;
			rt_res_unlock(&first);
		}
		rt_leave(cpu);
	}
	return unused;
}

static void test_excludes(void **state)
{
	pthread_t t[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(counted, THREADS * ROUNDS);
	assert_int_equal(first, 0);
}

static void test_held_here(void **state)
{
	struct rt_vcpu *cpu = rt_enter();

	(void)state;
	assert_int_equal(rt_res_lock(&first), 0);
	assert_int_equal(rt_res_lock(&first), -EDEADLK);
	assert_int_equal(rt_res_lock(&second), 0);
	rt_res_unlock(&second);
	rt_res_unlock(&first);
	assert_int_equal(rt_res_lock(&first), 0);
	rt_res_unlock(&first);
	rt_leave(cpu);
	assert_int_equal(rt_res_lock(&first), -EINVAL); /* no program */
}

/* Takes one lock, waits for the other thread, takes the other lock. */
static void *cross(void *arg)
{
	uint32_t *mine = arg, *other = mine == &first ? &second : &first;
	struct rt_vcpu *cpu = rt_enter();
	int err = rt_res_lock(mine);

	if (!err) {
		stage++;
		while (stage < 2)
			nap(1);
		err = rt_res_lock(other);
		if (err == -EDEADLK)
			crossed++;
		if (!err)
			rt_res_unlock(other);
		rt_res_unlock(mine);
	}
	rt_leave(cpu);
	return NULL;
}

static void test_crossing(void **state)
{
	pthread_t a, b;

	(void)state;
	if (rt_nr_cpus() < 2)
		skip();
	stage = 0;
	assert_int_equal(pthread_create(&a, NULL, cross, &first), 0);
	assert_int_equal(pthread_create(&b, NULL, cross, &second), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert_true(crossed >= 1);
	assert_int_equal(first | second, 0);
}

static void *hold(void *unused)
{
	struct rt_vcpu *cpu = rt_enter();

	if (!rt_res_lock(&first)) {
		stage = 1;
		while (stage == 1)
			nap(1);
		rt_res_unlock(&first);
	}
	rt_leave(cpu);
	return unused;
}

static void test_gives_up(void **state)
{
	struct rt_vcpu *cpu;
	pthread_t t;

	(void)state;
	if (rt_nr_cpus() < 2)
		skip();
	stage = 0;
	assert_int_equal(pthread_create(&t, NULL, hold, NULL), 0);
	while (!stage)
		nap(1);
	cpu = rt_enter();
	assert_int_equal(rt_res_lock(&first), -ETIMEDOUT);
	rt_leave(cpu);
	stage = 2;
	pthread_join(t, NULL);
	assert_int_equal(first, 0);
	/* a holder that is no program */
	rt_res_lock_outside(&first);
	cpu = rt_enter();
	assert_int_equal(rt_res_lock(&first), -ETIMEDOUT);
	rt_leave(cpu);
	rt_res_unlock_outside(&first);
	assert_int_equal(first, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_excludes),
		cmocka_unit_test(test_held_here),
		cmocka_unit_test(test_crossing),
		cmocka_unit_test(test_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
