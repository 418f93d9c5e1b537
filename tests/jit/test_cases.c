/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * progs/cases.bpf.c with both engines: call instructions that see objects of several types do with each
 * what its own type wants, and when the maps are gone, nothing is left.
 */
#include <kfunc/libkfunc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit/jit.h"
#include "lib/bpf.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

struct numbers {
	uint64_t in[4];
	uint64_t out[8];
};

static struct kfunc_object *obj; /* of the engine that is tested */
static struct rt_object_counts before;

static void settle(struct rt_object_counts *c)
{
	rt_objects_forget();
	for (int i = 0; i < 100; i++) { /* freeing a task lets go of its parent, and so on */
		rt_rcu_barrier();
		rt_objects_count(c);
		if (!c->tasks && !c->own)
			break;
	}
}

static int load(bool native)
{
	char path[512];

	settle(&before);
	snprintf(path, sizeof(path), "%s/jit/progs/cases.bpf.o", getenv("KFUNC_PROGS"));
	jit_enable(native);
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	if (kfunc_object__load(obj)) {
		fprintf(stderr, "%s\n", kfunc_object__error(obj));
		return -1;
	}
	return 0;
}

static int load_interpreted(void **state)
{
	(void)state;
	return load(false);
}

static int load_native(void **state)
{
	(void)state;
	return load(true);
}

/* what the maps still hold goes with them */
static int close_it(void **state)
{
	struct rt_object_counts after;

	(void)state;
	kfunc_object__close(obj);
	jit_enable(true);
	settle(&after);
	if (after.own != before.own || after.tasks != before.tasks) {
		fprintf(stderr, "%llu objects and %llu tasks are left, there were %llu and %llu\n",
			(unsigned long long)after.own, (unsigned long long)after.tasks,
			(unsigned long long)before.own, (unsigned long long)before.tasks);
		return -1;
	}
	return 0;
}

static void call(const char *name, struct numbers *n)
{
	KFUNC_OPTS(kfunc_run_opts, o, .ctx_in = n, .ctx_size_in = sizeof(*n));

	assert_int_equal(kfunc_program__run(kfunc_object__find_program(obj, name), &o), 0);
	assert_int_equal(o.retval, 0);
}

static uint64_t alive(void)
{
	struct rt_object_counts c;

	rt_rcu_barrier();
	rt_objects_count(&c);
	return c.own - before.own;
}

static void are(const struct numbers *n, uint32_t cnt, const uint64_t *want)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (n->out[i] != want[i])
			fail_msg("out[%u] is %lld, should be %lld", i, (long long)n->out[i],
				 (long long)want[i]);
}

#define ARE(n, ...)                                                                                \
	are(n, sizeof((const uint64_t[]){__VA_ARGS__}) / 8, (const uint64_t[]){__VA_ARGS__})

/* bpf_obj_new() and bpf_obj_drop(), by the type's id and by the object */
static void objects(void **state)
{
	struct rt_object_counts c;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct numbers made = {.in = {41, (uint64_t)getpid()}},
			       chosen = {.in = {(uint64_t)i % 3, (uint64_t)getpid()}};

		call("made", &made);
		ARE(&made, 41, 299, (uint64_t)getpid(), 77);
		call("chosen", &chosen);
		ARE(&chosen, (const uint64_t[]){5, 6, 7}[i % 3]);
	}
	assert_int_equal(alive(), 0);
	settle(&c);
	assert_int_equal(c.tasks, before.tasks);
}

static void percpu_objects(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		struct numbers n = {.in = {i + 5}};

		call("percpu", &n);
		ARE(&n, i + 5);
		assert_int_equal(alive(), 2); /* the last ones, in their slots */
	}
}

static void references(void **state)
{
	uint64_t held = alive();

	(void)state;
	for (uint64_t i = 1; i < 5; i++) {
		struct numbers n = {.in = {i}}, inside = n, link = n, list = n;

		call("counted", &n);
		ARE(&n, i, i, i);
		call("counted_inside", &inside);
		ARE(&inside, i, i, i, i, i);
		call("counted_at_link", &link);
		ARE(&link, i);
		call("counted_in_list", &list);
		ARE(&list, i, i);
	}
	assert_int_equal(alive(), held);
}

static void lists(void **state)
{
	uint64_t held = alive();

	(void)state;
	for (uint64_t i = 1; i < 4; i++) {
		struct numbers n = {.in = {i}}, out = n;

		call("pushed", &n);
		ARE(&n, 0, 0, 0, 0, (uint64_t)-EINVAL, (uint64_t)-EINVAL);
		assert_int_equal(alive(), held + 6);
		call("popped", &out);
		ARE(&out, i, i, i, i, i, i, 0, 0);
		assert_int_equal(alive(), held);
	}
	for (uint64_t i = 1; i < 4; i++) { /* these stay until the map goes */
		struct numbers n = {.in = {i}};

		call("pushed", &n);
	}
	assert_int_equal(alive(), held + 18);
}

static void trees(void **state)
{
	uint64_t held = alive();

	(void)state;
	for (uint64_t i = 0; i < 18;
	     i++) { /* keys 1 to 6 in each tree, the odd ones counted twice for a while */
		struct numbers n = {.in = {i, (i / 3 * 5) % 6 + 1, i & 1}};

		call("planted", &n);
		ARE(&n, 0);
	}
	assert_int_equal(alive(), held + 18);
	for (uint64_t i = 1; i < 7; i += 2) { /* the third tree is upside down */
		struct numbers n = {{0}, {0}};

		call("cut", &n);
		ARE(&n, i, i, 7 - i, i + 1, i + 1, 6 - i);
	}
	assert_int_equal(alive(), held);
	for (uint64_t i = 1; i < 4; i++) {
		struct numbers n = {.in = {i}};

		call("planted_twice", &n);
		ARE(&n, 0, (uint64_t)-EINVAL, (uint64_t)-EINVAL);
		assert_int_equal(alive(), held + 3 * i);
	}
}

#define BOTH(f)                                                                                    \
	cmocka_unit_test_setup_teardown(f, load_interpreted, close_it),                            \
		cmocka_unit_test_setup_teardown(f, load_native, close_it)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(objects), BOTH(percpu_objects), BOTH(references), BOTH(lists), BOTH(trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
