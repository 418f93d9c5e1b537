/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Local storage of tasks and control groups: what users see of it through a pidfd or a directory, that it
 * goes with its task or with its map, with all that it holds, and use from many threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfunc/libkfunc.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

struct value { /* as in storage.bpf.c */
	uint64_t count, marked;
	uint32_t lock, pad;
	uint64_t item;
	uint64_t mask;
};

static struct kfunc_object *obj;
static struct kfunc_program *visit_prog, *forget_prog;

static void settle(struct rt_object_counts *c)
{
	rt_objects_reap();
	for (int i = 0; i < 40; i++)
		rt_rcu_barrier();
	rt_objects_count(c);
}

static int open_programs(void **state)
{
	static const char *const wanted[] = {"visit", "forget"};
	struct kfunc_program *p = NULL;
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/programs/progs/storage.bpf.o",
		 getenv("KFUNC_BUILD"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p)))
		kfunc_program__set_autoload(p, !strcmp(kfunc_program__name(p), wanted[0]) ||
						       !strcmp(kfunc_program__name(p), wanted[1]));
	assert_int_equal(kfunc_object__load(obj), 0);
	visit_prog = kfunc_object__find_program(obj, wanted[0]);
	forget_prog = kfunc_object__find_program(obj, wanted[1]);
	return 0;
}

static int close_programs(void **state)
{
	(void)state;
	kfunc_object__close(obj);
	return 0;
}

static int run(const struct kfunc_program *p, int pid)
{
	KFUNC_OPTS(kfunc_run_opts, opts);

	opts.ctx_in = &pid;
	opts.ctx_size_in = sizeof(pid);
	if (kfunc_program__run(p, &opts))
		return -1000;
	return (int)opts.retval;
}

static long map_cmd(int cmd, int fd, const void *key, void *value, uint64_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	attr.flags = flags;
	return kfunc_bpf(cmd, &attr, sizeof(attr));
}

static int map_fd(const char *name)
{
	return kfunc_map__fd(kfunc_object__find_map(obj, name));
}

static pid_t make_child(int *pidfd)
{
	pid_t child = fork();

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	*pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	assert_true(*pidfd >= 0);
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void test_users(void **state)
{
	int fd = map_fd("of_tasks"), pidfd, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct value v = {0}, set = {.count = 100, .marked = 9};
	pid_t child = make_child(&pidfd);

	(void)state;
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &pidfd, &v, 0), -ENOENT);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, fd, &pidfd, NULL, 0), -ENOENT);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &null, &v, 0), -EBADF);
	assert_int_equal(run(visit_prog, child), 1);
	assert_int_equal(run(visit_prog, child), 2);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &pidfd, &v, 0), 0);
	assert_int_equal(v.count, 2);
	assert_int_equal(v.mask | v.item, 0); /* addresses stay inside */
	assert_int_equal(map_cmd(BPF_MAP_UPDATE_ELEM, fd, &pidfd, &set, BPF_NOEXIST), -EEXIST);
	assert_int_equal(map_cmd(BPF_MAP_UPDATE_ELEM, fd, &pidfd, &set, 8), -EINVAL);
	assert_int_equal(map_cmd(BPF_MAP_UPDATE_ELEM, fd, &pidfd, &set, BPF_EXIST), 0);
	assert_int_equal(run(visit_prog, child), 101);
	set.count = 200;
	assert_int_equal(map_cmd(BPF_MAP_UPDATE_ELEM, fd, &pidfd, &set, BPF_F_LOCK), 0);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &pidfd, &v, BPF_F_LOCK), 0);
	assert_int_equal(v.count, 200);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, fd, &pidfd, NULL, 0), 0);
	assert_int_equal(map_cmd(BPF_MAP_UPDATE_ELEM, fd, &pidfd, &set, BPF_EXIST), -ENOENT);
	assert_int_equal(run(visit_prog, child), 1);
	end_child(child);
	close(pidfd);
	close(null);
}

/* the value goes with the task, and what the value holds goes with it */
static void test_end_of_a_task(void **state)
{
	struct rt_object_counts before, held, after;
	int pidfd;
	pid_t child;

	(void)state;
	settle(&before);
	child = make_child(&pidfd);
	for (int i = 0; i < 10; i++)
		assert_int_equal(run(visit_prog, child), i + 1);
	rt_objects_count(&held);
	assert_true(held.cpumasks > before.cpumasks && held.own > before.own);
	end_child(child);
	settle(&after);
	assert_int_equal(after.tasks, before.tasks);
	assert_int_equal(after.cpumasks, before.cpumasks);
	assert_int_equal(after.own, before.own);
	close(pidfd);
}

/* the value goes with the map, while the task stays */
static void test_end_of_the_map(void **state)
{
	struct rt_object_counts before, after;

	close_programs(state);
	settle(&before);
	open_programs(state);
	assert_int_equal(run(visit_prog, getpid()), 1);
	assert_int_equal(run(visit_prog, getpid()), 2);
	close_programs(state);
	settle(&after);
	assert_int_equal(after.cpumasks, before.cpumasks);
	assert_int_equal(after.own, before.own);
	open_programs(state);
	assert_int_equal(run(visit_prog, getpid()), 1);
}

static void test_groups(void **state)
{
	int fd = map_fd("of_groups"), dir, plain = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t v = 0, set = 77;
	char path[4096];

	(void)state;
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &plain, &v, 0), -EBADF);
	close(plain);
	if (!rt_cgroup_root_dir(path, sizeof(path)))
		skip();
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &dir, &v, 0), -ENOENT);
	assert_int_equal(map_cmd(BPF_MAP_UPDATE_ELEM, fd, &dir, &set, BPF_NOEXIST), 0);
	assert_int_equal(map_cmd(BPF_MAP_LOOKUP_ELEM, fd, &dir, &v, 0), 0);
	assert_int_equal(v, 77);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, fd, &dir, NULL, 0), 0);
	assert_int_equal(map_cmd(BPF_MAP_DELETE_ELEM, fd, &dir, NULL, 0), -ENOENT);
	close(dir);
}

static _Atomic int wrong;

static void *churn(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;

	for (int i = 0; i < 3000; i++) {
		int r = rand_r(&seed) % 4 ? run(visit_prog, getpid()) : run(forget_prog, getpid());

		wrong += r < -ENOENT;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct rt_object_counts before, after;
	pthread_t t[4];

	(void)state;
	run(forget_prog, getpid());
	settle(&before);
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, churn, (void *)i), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(wrong, 0);
	run(forget_prog, getpid());
	settle(&after);
	assert_int_equal(after.cpumasks, before.cpumasks);
	assert_int_equal(after.own, before.own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),          cmocka_unit_test(test_end_of_a_task),
		cmocka_unit_test(test_end_of_the_map), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, open_programs, close_programs);
}
