/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_task_get_cgroup1() against the version 1 hierarchies of this machine (kfunc spec 12.1): what a
 * program finds is what /proc/PID/cgroup and the mounted directories say. Where none is mounted, only
 * that nothing is found; where groups may be made, also a child that is moved into one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfunc/libkfunc.h"
#include "runtime/cgroup_mount.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

struct group_query { /* as in core_kfuncs.bpf.c */
	int pid, hierarchy;
	int found, level;
	uint64_t id;
	int hierarchy_id;
	char name[64];
};

#define DIR_SIZE (2 * PATH_MAX + 16)

static struct kfunc_object *obj;
static struct kfunc_program *finder;

static int open_programs(void **state)
{
	struct kfunc_program *p = NULL;
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/programs/progs/core_kfuncs.bpf.o",
		 getenv("KFUNC_BUILD"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p)))
		kfunc_program__set_autoload(p, !strcmp(kfunc_program__name(p), "find_group1"));
	assert_int_equal(kfunc_object__load(obj), 0);
	finder = kfunc_object__find_program(obj, "find_group1");
	return 0;
}

static struct group_query ask(int pid, int hierarchy)
{
	struct group_query q = {.pid = pid, .hierarchy = hierarchy};
	KFUNC_OPTS(kfunc_run_opts, opts);

	opts.ctx_in = &q;
	opts.ctx_size_in = sizeof(q);
	assert_int_equal(kfunc_program__run(finder, &opts), 0);
	assert_int_equal(opts.retval, 0);
	return q;
}

static int levels(const char *path)
{
	int n = 0;

	for (; *path; path++)
		n += path[0] == '/' && path[1];
	return n;
}

/* Every line of a task's file; the directory of one hierarchy's group is put into dir */
static int compare(int pid, int wanted, char dir[DIR_SIZE])
{
	char file[64], line[PATH_MAX], where[2 * PATH_MAX];
	int seen = 0;
	FILE *f;

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	f = fopen(file, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *names = strchr(line, ':') + 1, *path = strchr(names, ':');
		struct cgroup_mount m;
		struct group_query q;
		struct stat sb;
		int id = atoi(line);

		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		q = ask(pid, id);
		if (!id || cgroup_mount_find(names, &m) || strcmp(m.root, "/")) {
			assert_false(!id && q.found);
			continue;
		}
		snprintf(where, sizeof(where), "%s%s", m.dir, path[1] ? path : "");
		assert_int_equal(stat(where, &sb), 0);
		assert_int_equal(q.found, 1);
		assert_int_equal(q.id, sb.st_ino); /* 64 bits: the inode number is the id */
		assert_int_equal(q.level, levels(path));
		assert_int_equal(q.hierarchy_id, id);
		assert_string_equal(q.name, path[1] ? strrchr(path, '/') + 1 : "/");
		seen++;
		if (id == wanted)
			snprintf(dir, DIR_SIZE, "%s", where);
		if (wanted < 0 && !access(where, W_OK) && strstr(names, "freezer"))
			snprintf(dir, DIR_SIZE, "%d %s", id, where);
	}
	fclose(f);
	return seen;
}

static void test_this_process(void **state)
{
	char dir[DIR_SIZE] = "";
	int seen = compare(getpid(), -1, dir);

	(void)state;
	print_message("%d version 1 hierarchies\n", seen);
	assert_int_equal(ask(getpid(), 0).found, 0);
	assert_int_equal(ask(getpid(), -1).found, 0);
	assert_int_equal(ask(getpid(), INT32_MAX).found, 0);
}

static int move(pid_t pid, const char *group)
{
	char file[DIR_SIZE + 64];
	FILE *f;
	int err;

	snprintf(file, sizeof(file), "%s/cgroup.procs", group);
	f = fopen(file, "we");
	if (!f)
		return -1;
	fprintf(f, "%d\n", (int)pid);
	err = fclose(f);
	return err;
}

static void test_a_child(void **state)
{
	char own[DIR_SIZE] = "", group[DIR_SIZE + 32], seen[DIR_SIZE] = "", *parent;
	struct group_query q;
	pid_t child;
	int id;

	(void)state;
	compare(getpid(), -1, own);
	if (!*own)
		skip();
	id = (int)strtol(own, &parent, 10);
	snprintf(group, sizeof(group), "%s/kfunc-test-%d", parent + 1, (int)getpid());
	if (mkdir(group, 0755))
		skip();
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	if (move(child, group) == 0) {
		assert_true(compare(child, id, seen) > 0);
		assert_string_equal(seen, group);
		q = ask(child, id);
		assert_int_equal(move(child, parent + 1),
				 0); /* and back: the next answer is another */
		assert_int_not_equal(ask(child, id).id, q.id);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(rmdir(group), 0);
}

static void test_counts(void **state)
{
	struct rt_object_counts c;

	(void)state;
	kfunc_object__close(obj);
	rt_objects_forget();
	for (int i = 0; i < 100; i++) {
		rt_rcu_barrier();
		rt_objects_count(&c);
		if (!c.cgroups && !c.tasks)
			break;
	}
	assert_int_equal(c.cgroups, 0);
	assert_int_equal(c.tasks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_process),
		cmocka_unit_test(test_a_child),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, open_programs, NULL);
}
