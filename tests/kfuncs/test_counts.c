/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Eight threads take, exchange and give back tasks, control groups, CPU masks and objects of their
 * own through maps, lists and trees; when the maps are gone, every count is what it was. For two
 * seconds, or as many as KFUNC_COUNT_SECONDS says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kfunc/libkfunc.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

#define THREADS 8

static const char *const names[] = {"churn", "churn_hash", "churn_graphs", "churn_hashed_graphs"};
static struct kfunc_program *churns[4];
static time_t until;
static _Atomic uint64_t rounds;
static _Atomic int failed;

static void settle(struct rt_object_counts *c)
{
	rt_objects_forget();
	for (int i = 0; i < 100; i++) { /* freeing a task lets go of its parent, and so on */
		rt_rcu_barrier();
		rt_objects_count(c);
		if (!c->tasks && !c->cgroups && !c->cpumasks && !c->own)
			break;
	}
}

static void run(const struct kfunc_program *p)
{
	KFUNC_OPTS(kfunc_run_opts, opts);
	uint64_t ctx = 0;

	opts.ctx_in = &ctx;
	opts.ctx_size_in = sizeof(ctx);
	if (kfunc_program__run(p, &opts) || opts.retval)
		failed++;
}

static void *work(void *unused)
{
	while (time(NULL) < until) {
		for (int i = 0; i < 50; i++) {
			for (int p = 0; p < 4; p++)
				run(churns[p]);
		}
		rounds += 50;
	}
	return unused;
}

static void test_counts(void **state)
{
	const char *seconds = getenv("KFUNC_COUNT_SECONDS");
	struct rt_object_counts before, after;
	struct kfunc_object *obj;
	pthread_t t[THREADS];
	char path[512];

	(void)state;
	settle(&before);
	snprintf(path, sizeof(path), "%s/tests/programs/progs/counts.bpf.o", getenv("KFUNC_BUILD"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	assert_int_equal(kfunc_object__load(obj), 0);
	for (int i = 0; i < 4; i++) {
		churns[i] = kfunc_object__find_program(obj, names[i]);
		assert_non_null(churns[i]);
	}
	until = time(NULL) + (seconds ? atoi(seconds) : 2);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, work, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(failed, 0);
	assert_true(rounds > 0);
	rt_objects_count(&after);
	/* held by the maps */
	assert_true(after.tasks && after.cgroups && after.cpumasks && after.own);
	print_message("%llu rounds; held by maps: %llu tasks, %llu groups, %llu masks, %llu own "
		      "objects\n",
		      (unsigned long long)rounds, (unsigned long long)after.tasks,
		      (unsigned long long)after.cgroups, (unsigned long long)after.cpumasks,
		      (unsigned long long)after.own);
	kfunc_object__close(obj);
	settle(&after);
	assert_int_equal(after.tasks, before.tasks);
	assert_int_equal(after.cgroups, before.cgroups);
	assert_int_equal(after.cpumasks, before.cpumasks);
	assert_int_equal(after.own, before.own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
