/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Virtual CPUs and RCU: one owner at a time, nesting, more threads than CPUs, grace periods. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/run.h"

static _Atomic int owners[RT_MAX_CPUS];
static _Atomic int clashes;

static void *come_and_go(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < 3000; i++) {
		struct rt_vcpu *cpu = rt_enter(), *again;

		if (atomic_fetch_add(&owners[cpu->id], 1) != 0)
			clashes++;
		again = rt_enter();
		if (again != cpu || cpu->depth != 2 || rt_current() != cpu)
			clashes++;
		rt_leave(again);
		atomic_fetch_sub(&owners[cpu->id], 1);
		rt_leave(cpu);
		if (rt_current())
			clashes++;
	}
	return NULL;
}

static void test_exclusive(void **state)
{
	uint32_t n = rt_nr_cpus() * 3, i;
	pthread_t *t = calloc(n, sizeof(*t));

	(void)state;
	assert_true(rt_nr_cpus() >= 1 && rt_nr_cpus() <= RT_MAX_CPUS);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_create(&t[i], NULL, come_and_go, NULL), 0);
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(clashes, 0);
	free(t);
}

static void test_chosen(void **state)
{
	uint32_t last = rt_nr_cpus() - 1;
	struct rt_vcpu *cpu = rt_enter_on(last);

	(void)state;
	assert_non_null(cpu);
	assert_int_equal(cpu->id, last);
	assert_ptr_equal(rt_enter_on(last), cpu);
	assert_null(rt_enter_on(rt_nr_cpus()));
	if (last)
		assert_null(rt_enter_on(0));
	rt_leave(cpu);
	rt_leave(cpu);
	assert_null(rt_current());
}

/* ---- RCU ---- */

struct item {
	struct rcu_head rcu;
	int value;
};

static _Atomic(struct item *) published;
static _Atomic int freed, wrong;
static _Atomic bool stop;

static void free_item(struct rcu_head *head)
{
	struct item *it = (struct item *)head;

	it->value = -1;
	free(it);
	atomic_fetch_add(&freed, 1);
}

static void *read_items(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		struct item *it;

		rt_rcu_read_lock();
		rt_rcu_read_lock();
		it = atomic_load_explicit(&published, memory_order_acquire);
		if (it && it->value < 0)
			wrong++;
		rt_rcu_read_unlock();
		if (it && it->value < 0)
			wrong++;
		rt_rcu_read_unlock();
	}
	return NULL;
}

static void test_rcu(void **state)
{
	pthread_t t[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, read_items, NULL), 0);
	for (i = 0; i < 2000; i++) {
		struct item *it = calloc(1, sizeof(*it)), *old;

		it->value = i;
		old = atomic_exchange(&published, it);
		if (old && i % 100 == 0) {
			rt_rcu_synchronize();
			free_item(&old->rcu);
		} else if (old) {
			rt_rcu_call(&old->rcu, free_item);
		}
	}
	atomic_store(&stop, true);
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	rt_rcu_barrier();
	assert_int_equal(freed, 1999);
	assert_int_equal(wrong, 0);
	free(atomic_load(&published));
}

/* the state of a CPU is put back after a nested run */
static void test_runs_nest(void **state)
{
	struct rt_prog a = {.type = BPF_PROG_TYPE_XDP}, b = {.type = BPF_PROG_TYPE_SYSCALL};
	struct rt_run outer, inner;
	struct rt_vcpu *cpu;
	int x, y;

	(void)state;
	rt_run_begin(&outer, &a, &x);
	cpu = rt_current();
	cpu->tail_calls = 7;
	cpu->rcu_depth = 1;
	rt_run_begin(&inner, &b, &y);
	assert_ptr_equal(cpu->prog, &b);
	assert_ptr_equal(cpu->ctx, &y);
	assert_ptr_equal(cpu->run->outer, &outer);
	assert_int_equal(cpu->tail_calls, 0);
	assert_int_equal(cpu->rcu_depth, 0);
	rt_run_end(&inner);
	assert_ptr_equal(cpu->prog, &a);
	assert_ptr_equal(cpu->ctx, &x);
	assert_int_equal(cpu->tail_calls, 7);
	assert_int_equal(cpu->rcu_depth, 1);
	cpu->rcu_depth = 0;
	rt_run_end(&outer);
	assert_null(rt_current());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exclusive),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_rcu),
		cmocka_unit_test(test_runs_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
