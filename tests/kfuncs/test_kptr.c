/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Objects that programs leave in maps: held as long as the map, released by their destructor once,
 * with it (kfunc spec R8.17). The programs are the examples.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfunc/libkfunc.h"
#include "runtime/events.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

static char lines[64][128];
static unsigned int n_lines;

static void keep_line(void *ctx, const char *text)
{
	(void)ctx;
	snprintf(lines[n_lines++ % 64], sizeof(lines[0]), "%s", text);
}

static void settle(struct rt_object_counts *c)
{
	int i;

	rt_objects_reap();
	for (i = 0; i < 40; i++) /* freeing a task lets go of its parent */
		rt_rcu_barrier();
	rt_objects_count(c);
}

struct loaded {
	struct kfunc_object *obj;
	struct kfunc_link *links[8];
	unsigned int n;
};

static void load(struct loaded *l, const char *name)
{
	char path[512];
	struct kfunc_program *p = NULL;

	memset(l, 0, sizeof(*l));
	snprintf(path, sizeof(path), "%s/examples/%s.bpf.o", getenv("KFUNC_BUILD"), name);
	l->obj = kfunc_object__open_file(path, NULL);
	assert_non_null(l->obj);
	assert_int_equal(kfunc_object__load(l->obj), 0);
	while ((p = kfunc_object__next_program(l->obj, p))) {
		l->links[l->n] = kfunc_program__attach(p);
		assert_non_null(l->links[l->n++]);
	}
}

static void detach(struct loaded *l)
{
	while (l->n)
		assert_int_equal(kfunc_link__destroy(l->links[--l->n]), 0);
}

static void run(const char *script, const char *dir)
{
	char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};
	struct rt_events_opts o = {.argv = argv, .stop_fd = -1, .cgroup_dir = dir};
	struct rt_events_result res;

	n_lines = 0;
	rt_set_printk(keep_line, NULL);
	assert_int_equal(rt_events_run(&o, &res), 0);
	rt_set_printk(NULL, NULL);
	assert_int_equal(WEXITSTATUS(res.wait_status), 0);
}

/* Scenarios 73, 76 */
static void test_global(void **state)
{
	struct rt_object_counts before, held, after;
	struct loaded l;

	(void)state;
	kfunc_kernel__live();
	rt_task_current();
	settle(&before);
	load(&l, "task_global");
	run("(true); (true)", NULL);
	assert_int_equal(n_lines, 3);
	assert_non_null(strstr(lines[0], "is the first"));
	assert_non_null(strstr(lines[2], "comes after"));
	detach(&l);
	settle(&held);
	/* the last task, and its parent for as long as it points there */
	assert_int_equal(held.tasks, before.tasks + 2);
	kfunc_object__close(l.obj);
	settle(&after);
	assert_int_equal(after.tasks, before.tasks);
}

/* Scenario 76 */
static void test_hash(void **state)
{
	char dir[] = "/tmp/kfunc-kptr-XXXXXX", script[256];
	struct rt_object_counts before, held, after;
	struct loaded l;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(rt_cgroup_set_root(dir), 0);
	rt_cgroup_put(rt_cgroup_get_path("/"));
	rt_task_current();
	settle(&before);
	load(&l, "cgroup_kptr");
	snprintf(script, sizeof(script), "mkdir -p %s/a/b && sleep 0.1 && rmdir %s/a/b", dir, dir);
	run(script, dir);
	detach(&l);
	snprintf(script, sizeof(script), "%s/a", dir);
	rmdir(script);
	settle(&held);
	/* b was taken out when it was removed, a is still in the map */
	assert_int_equal(held.cgroups, before.cgroups + 1);
	kfunc_object__close(l.obj);
	settle(&after);
	assert_int_equal(after.cgroups, before.cgroups);
	rmdir(dir);
}

static void test_warning(void **state)
{
	struct loaded l;
	const char *w;

	(void)state;
	load(&l, "cgroup_kptr");
	w = kfunc_object__warnings(l.obj);
	assert_non_null(strstr(w, "bpf_cgroup_kptr_get() is deprecated: "));
	assert_non_null(strstr(w, "bpf_cgroup_acquire()"));
	assert_ptr_equal(strchr(w, '\n'), w + strlen(w) - 1); /* one line */
	detach(&l);
	kfunc_object__close(l.obj);
	load(&l, "task_global");
	assert_string_equal(kfunc_object__warnings(l.obj), "");
	detach(&l);
	kfunc_object__close(l.obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
