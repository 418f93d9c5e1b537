/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Two objects with one map, whose values hold objects of the first one's types: what programs of the
 * second may do with them (kfunc spec R8.9, R8.11), and that what they drop owns what its type says.
 */
#include <kfunc/libkfunc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bpf.h"
#include "loader/loader.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

/* of the private libbpf */
struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *obj, const char *name);
int bpf_map__fd(const struct bpf_map *map);
int bpf_map__reuse_fd(struct bpf_map *map, int fd);

static struct kfunc_object *first;

static struct kfunc_object *open_it(void)
{
	struct kfunc_object *o;
	char path[512];

	snprintf(path, sizeof(path), "%s/loader/progs/other_types.bpf.o", getenv("KFUNC_PROGS"));
	o = kfunc_object__open_file(path, NULL);
	assert_non_null(o);
	return o;
}

static int run(struct kfunc_object *o, const char *name)
{
	KFUNC_OPTS(kfunc_run_opts, opts);
	uint64_t ctx = 0;

	opts.ctx_in = &ctx;
	opts.ctx_size_in = sizeof(ctx);
	assert_int_equal(kfunc_program__run(kfunc_object__find_program(o, name), &opts), 0);
	return (int)opts.retval;
}

/* loads one program over the first object's map; its result, or the error */
static int other(const char *name)
{
	struct kfunc_object *o = open_it();
	struct kfunc_program *p = NULL;
	int err;

	while ((p = kfunc_object__next_program(o, p)))
		kfunc_program__set_autoload(p, !strcmp(kfunc_program__name(p), name));
	err = bpf_map__reuse_fd(bpf_object__find_map_by_name(o->bpf, "values"),
				bpf_map__fd(bpf_object__find_map_by_name(first->bpf, "values")));
	assert_int_equal(err, 0);
	err = kfunc_object__load(o);
	if (!err)
		err = run(o, name);
	kfunc_object__close(o);
	return err;
}

static void count(struct rt_object_counts *c)
{
	rt_objects_forget();
	for (int i = 0; i < 20; i++) {
		rt_rcu_barrier();
		rt_objects_count(c);
	}
}

static void types_of_another_file(void **state)
{
	struct rt_object_counts before, now;

	(void)state;
	count(&before);
	first = open_it();
	assert_int_equal(kfunc_object__load(first), -EACCES); /* store_into_slot */
	kfunc_object__close(first);
	first = open_it();
	kfunc_program__set_autoload(kfunc_object__find_program(first, "store_into_slot"), false);
	assert_int_equal(kfunc_object__load(first), 0);
	assert_int_equal(run(first, "put"), 1);
	assert_int_equal(run(first, "push"), 1);

	assert_int_equal(other("look"), 6);
	assert_int_equal(other("change"), 6);
	assert_int_equal(other("change"), 7);
	assert_int_equal(run(first, "look"), 8);
	assert_int_equal(other("task_of"), 1);
	assert_int_equal(other("around"), 8);
	assert_int_equal(other("around"), 8);

	/* what it makes is of another type */
	assert_int_equal(other("put"), -EACCES);
	assert_int_equal(other("push"), -EINVAL);
	assert_int_equal(other("store_into_slot"), -EACCES);

	count(&now);
	assert_int_equal(now.own, before.own + 2);
	assert_int_equal(now.tasks, before.tasks + 1);
	assert_int_equal(other("remove"), 1);
	assert_int_equal(other("pop"), 1);
	count(&now);
	assert_int_equal(now.own, before.own);
	assert_int_equal(now.tasks, before.tasks);

	assert_int_equal(run(first, "put"), 1);
	assert_int_equal(other("change"), 6);
	kfunc_object__close(first);
	count(&now);
	assert_int_equal(now.own, before.own);
	assert_int_equal(now.tasks, before.tasks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_another_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
