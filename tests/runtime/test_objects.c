/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tasks, control groups and CPU masks made from this machine (runtime/objects.h): identity,
 * freshness, and that counts return to where they were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/objects.h"
#include "runtime/rt.h"

static uint64_t tasks_alive(void)
{
	struct rt_object_counts c;

	for (int i = 0; i < 40; i++) /* freeing one lets go of its parent */
		rt_rcu_barrier();
	rt_objects_count(&c);
	return c.tasks;
}

static pid_t child_that_waits(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_pid_of_nobody(void **state)
{
	pid_t pid;

	(void)state;
	assert_null(rt_task_get_pid(-1));
	assert_null(rt_task_get_pid(0));
	assert_null(rt_task_get_pid(INT_MIN));
	assert_null(rt_task_get_pid(INT_MAX));
	pid = child_that_waits();
	end(pid);
	assert_null(rt_task_get_pid(pid));
}

static void test_members(void **state)
{
	struct task_struct *t = rt_task_get_pid(getpid());
	cpu_set_t set;

	(void)state;
	assert_non_null(t);
	prctl(PR_SET_NAME, "some ) name (");
	assert_true(rt_task_refresh(t));
	assert_string_equal(t->comm, "some ) name (");
	assert_int_equal(t->pid, getpid());
	assert_int_equal(t->tgid, getpid());
	assert_int_equal(t->real_parent->pid, getppid());
	assert_ptr_equal(t->group_leader, t);
	assert_int_equal(t->cred->uid.val, getuid());
	assert_int_equal(t->cred->egid.val, getegid());
	assert_int_equal(t->thread_pid->numbers[0].nr, getpid());
	assert_non_null(t->mm);
	assert_non_null(t->mm->exe_file);
	assert_true(t->mm->total_vm > 0);
	assert_string_equal((const char *)t->mm->exe_file->f_path.dentry->d_name.name,
			    program_invocation_short_name);
	assert_true(t->start_time > 0);
	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	assert_int_equal(t->nr_cpus_allowed, CPU_COUNT(&set));
	assert_memory_equal(t->cpus_ptr->bits, &set, sizeof(set));
	assert_int_equal(t->static_prio, 120 + getpriority(PRIO_PROCESS, 0));
	rt_task_put(t);
}

static void test_identity(void **state)
{
	pid_t pid = child_that_waits();
	struct task_struct *a = rt_task_get_pid(pid), *b = rt_task_get_pid(pid);
	struct task_struct *self = rt_task_get_pid(getpid());

	(void)state;
	assert_non_null(a);
	assert_ptr_equal(a, b);
	assert_ptr_equal(a->real_parent, self);
	assert_ptr_not_equal(a, self);
	rt_task_put(self);
	rt_task_put(b);
	end(pid);
	/* what we hold stays readable, but is found no more */
	assert_null(rt_task_get_pid(pid));
	assert_int_equal(a->pid, pid);
	assert_true(rt_task_try_get(a));
	rt_task_put(a);
	rt_task_put(a);
}

static void test_zombie_is_found(void **state)
{
	pid_t pid = child_that_waits();
	struct task_struct *t = rt_task_get_pid(pid), *again;
	siginfo_t si;

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	again = rt_task_get_pid(pid);
	assert_ptr_equal(again, t);
	assert_int_equal(t->exit_state, 32);
	assert_null(t->mm);
	rt_task_put(again);
	rt_task_put(t);
	end(pid);
}

static void test_counts_return(void **state)
{
	uint64_t before;
	pid_t pid[20];
	int i;

	(void)state;
	rt_objects_reap();
	before = tasks_alive();
	for (i = 0; i < 20; i++) {
		struct task_struct *t;

		pid[i] = child_that_waits();
		t = rt_task_get_pid(pid[i]);
		assert_non_null(t);
		rt_task_put(t);
	}
	assert_int_equal(tasks_alive(), before + 20);
	for (i = 0; i < 20; i++)
		end(pid[i]);
	rt_objects_reap();
	assert_int_equal(tasks_alive(), before);
}

static void *report_thread(void *arg)
{
	struct task_struct *t = rt_task_current();

	assert_non_null(t);
	assert_int_equal(t->pid, syscall(SYS_gettid));
	assert_int_equal(t->tgid, getpid());
	assert_int_equal(t->group_leader->pid, getpid());
	assert_ptr_equal(rt_task_current(), t);
	*(pid_t *)arg = t->pid;
	return NULL;
}

static void test_current(void **state)
{
	struct task_struct *t = rt_task_current(), *other;
	pthread_t thread;
	pid_t tid, pid;

	(void)state;
	assert_int_equal(t->pid, getpid());
	assert_int_equal(pthread_create(&thread, NULL, report_thread, &tid), 0);
	pthread_join(thread, NULL);
	assert_int_not_equal(tid, getpid());
	pid = child_that_waits();
	other = rt_task_get_pid(pid);
	rt_task_set_current(other);
	assert_ptr_equal(rt_task_current(), other);
	rt_task_set_current(NULL);
	assert_ptr_equal(rt_task_current(), t);
	rt_task_put(other);
	end(pid);
}

/* ---- eight threads exchange references ---- */

#define THREADS 8
#define ROUNDS  4000
#define SLOTS   4

static struct task_struct *_Atomic slots[SLOTS];
static struct cgroup *_Atomic group_slots[SLOTS];
static struct bpf_cpumask *_Atomic mask_slots[SLOTS];
static pid_t children[SLOTS];

static void *exchange(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		unsigned int s = (unsigned int)rand_r(&seed) % SLOTS;
		struct task_struct *t;
		struct bpf_cpumask *m;
		struct cgroup *c;

		t = rt_task_get_pid(children[(unsigned int)rand_r(&seed) % SLOTS]);
		if (t)
			t = atomic_exchange(&slots[s], t);
		rt_task_put(t);
		rt_rcu_read_lock();
		t = atomic_load(&slots[s]);
		if (t && rt_task_try_get(t)) {
			assert_true(t->pid > 0);
			rt_task_put(t);
		}
		rt_rcu_read_unlock();
		c = rt_cgroup_get_path("/");
		rt_cgroup_put(atomic_exchange(&group_slots[s], c));
		m = rt_cpumask_create();
		rt_cpumask_put(atomic_exchange(&mask_slots[s], m));
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct rt_object_counts before, after;
	pthread_t t[THREADS];
	uintptr_t i;

	(void)state;
	rt_objects_reap();
	rt_cgroup_put(rt_cgroup_get_path("/"));
	rt_task_current();
	tasks_alive();
	rt_objects_count(&before);
	for (i = 0; i < SLOTS; i++)
		children[i] = child_that_waits();
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, exchange, (void *)(i + 1)), 0);
	usleep(20000);
	end(children[0]); /* one dies under them */
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (i = 1; i < SLOTS; i++)
		end(children[i]);
	for (i = 0; i < SLOTS; i++) {
		rt_task_put(atomic_exchange(&slots[i], NULL));
		rt_cgroup_put(atomic_exchange(&group_slots[i], NULL));
		rt_cpumask_put(atomic_exchange(&mask_slots[i], NULL));
	}
	rt_objects_reap();
	tasks_alive();
	rt_objects_count(&after);
	assert_int_equal(after.tasks, before.tasks);
	assert_int_equal(after.cgroups, before.cgroups);
	assert_int_equal(after.cpumasks, before.cpumasks);
}

/* ---- control groups ---- */

static char dir[] = "/tmp/kfunc-cgroup-XXXXXX";

static void make(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", dir, path);
	assert_int_equal(mkdir(full, 0755), 0);
}

static void test_plain_directory(void **state)
{
	struct cgroup *root, *a, *b, *again;
	char full[PATH_MAX];
	struct stat sb;

	(void)state;
	make("/a");
	make("/a/b");
	assert_int_equal(rt_cgroup_set_root(dir), 0);
	root = rt_cgroup_get_path("/");
	b = rt_cgroup_get_path("/a/b");
	a = rt_cgroup_get_path("/a/");
	assert_non_null(b);
	snprintf(full, sizeof(full), "%s/a/b", dir);
	assert_int_equal(stat(full, &sb), 0);
	assert_int_equal(b->kn->id, sb.st_ino);
	assert_int_equal(b->level, 2);
	assert_ptr_equal(b->ancestors[0], root);
	assert_ptr_equal(b->ancestors[1], a);
	assert_ptr_equal(b->ancestors[2], b);
	assert_string_equal(b->kn->name, "b");
	assert_ptr_equal(b->self.parent, &a->self);
	assert_ptr_equal(b->kn->__parent, a->kn);
	assert_true(rt_cgroup_is_under(b, a));
	assert_false(rt_cgroup_is_under(a, b));
	again = rt_cgroup_get_id(b->kn->id);
	assert_ptr_equal(again, b);
	rt_cgroup_put(again);
	assert_null(rt_cgroup_get_path("/a/nothing"));
	assert_null(rt_cgroup_get_path("/a/.."));
	assert_null(rt_cgroup_get_id(~0ull));
	/* gone, but readable */
	assert_int_equal(rmdir(full), 0);
	assert_null(rt_cgroup_get_path("/a/b"));
	assert_null(rt_cgroup_get_id(b->kn->id));
	assert_int_equal(b->ancestors[1]->level, 1);
	rt_cgroup_put(b);
	rt_cgroup_put(a);
	rt_cgroup_put(root);
	snprintf(full, sizeof(full), "%s/a", dir);
	rmdir(full);
}

static void test_search_by_id(void **state)
{
	char full[PATH_MAX];
	struct cgroup *c;
	struct stat sb;

	(void)state;
	make("/deep");
	make("/deep/er");
	assert_int_equal(rt_cgroup_set_root(dir), 0);
	snprintf(full, sizeof(full), "%s/deep/er", dir);
	assert_int_equal(stat(full, &sb), 0);
	c = rt_cgroup_get_id(sb.st_ino); /* not met before */
	assert_non_null(c);
	assert_string_equal(c->kn->name, "er");
	rt_cgroup_put(c);
	rmdir(full);
	snprintf(full, sizeof(full), "%s/deep", dir);
	rmdir(full);
}

static void test_default_root(void **state)
{
	struct task_struct *t;
	char root[PATH_MAX];
	struct cgroup *c;
	int err = rt_cgroup_set_root(NULL);

	(void)state;
	assert_true(err == 0 || err == -ENOENT);
	assert_int_equal(rt_cgroup_root_dir(root, sizeof(root)), err == 0);
	t = rt_task_get_pid(getpid());
	assert_non_null(t->cgroups);
	c = t->cgroups->dfl_cgrp;
	assert_non_null(c);
	assert_ptr_equal(c->ancestors[c->level], c);
	assert_int_equal(c->ancestors[0]->level, 0);
	rt_task_put(t);
}

static void test_bad_root(void **state)
{
	(void)state;
	assert_int_equal(rt_cgroup_set_root("/nonexistent/directory"), -ENOENT);
	assert_int_equal(rt_cgroup_set_root("/etc/passwd"), -ENOTDIR);
}

static int teardown(void **state)
{
	(void)state;
	rt_objects_forget();
	rmdir(dir);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pid_of_nobody), cmocka_unit_test(test_members),
		cmocka_unit_test(test_identity),      cmocka_unit_test(test_zombie_is_found),
		cmocka_unit_test(test_counts_return), cmocka_unit_test(test_current),
		cmocka_unit_test(test_threads),       cmocka_unit_test(test_plain_directory),
		cmocka_unit_test(test_search_by_id),  cmocka_unit_test(test_default_root),
		cmocka_unit_test(test_bad_root),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
