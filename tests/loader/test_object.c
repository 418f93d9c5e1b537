/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The embedding API: options that grow, errors of opening, states of an object, reports. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "kfunc/libkfunc.h"
#include "loader/loader.h"

static const char *progs(const char *name)
{
	static char path[600];

	snprintf(path, sizeof(path), "%s/%s", getenv("KFUNC_PROGS"), name);
	return path;
}

static struct kfunc_object *open_pair(void)
{
	return kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), NULL);
}

static void *read_pair(size_t *size)
{
	char why[100];
	void *data;

	assert_int_equal(loader_read_file(progs("cli/progs/pair.bpf.o"), &data, size, why,
					  sizeof(why)),
			 0);
	return data;
}

static void options_grow(void **state)
{
	struct {
		struct kfunc_object_opts known;
		char more[16];
	} newer = {.known = {.sz = sizeof(newer)}};
	KFUNC_OPTS(kfunc_object_opts, opts);
	struct kfunc_object *obj;

	(void)state;
	obj = kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &newer.known);
	assert_non_null(obj);
	kfunc_object__close(obj);
	newer.more[15] = 1;
	assert_null(kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &newer.known));
	assert_int_equal(errno, E2BIG);
	opts.sz = 4;
	assert_null(kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &opts));
	assert_int_equal(errno, EINVAL);
	/* an older caller's struct ends early */
	opts.sz = offsetof(struct kfunc_object_opts, kernel);
	opts.name = (const char *)1;
	obj = kfunc_object__open_file(progs("cli/progs/pair.bpf.o"), &opts);
	assert_non_null(obj);
	assert_string_equal(kfunc_object__name(obj), "pair");
	kfunc_object__close(obj);
}

static void results_grow(void **state)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p;
	struct kfunc_report r;

	(void)state;
	assert_int_equal(kfunc_object__check(obj), 0);
	p = kfunc_object__find_program(obj, "balanced");
	memset(&r, 0xff, sizeof(r));
	r.sz = offsetof(struct kfunc_report, err);
	assert_int_equal(kfunc_program__report(p, &r), 0);
	assert_int_equal(r.verdict, KFUNC_ACCEPT);
	assert_int_equal(r.err, -1); /* behind what the caller has room for */
	assert_int_equal(r.sz, offsetof(struct kfunc_report, err));
	kfunc_object__close(obj);
}

static void from_memory(void **state)
{
	KFUNC_OPTS(kfunc_object_opts, opts, .name = "pair");
	struct kfunc_object *obj;
	size_t size;
	char *data = read_pair(&size);

	(void)state;
	assert_null(kfunc_object__open_mem(data, size, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kfunc_object__open_mem(data, 100, &opts));
	assert_int_equal(errno, ENOEXEC);
	obj = kfunc_object__open_mem(data, size, &opts);
	memset(data, 0, size); /* it was copied */
	mem_free(data);
	assert_non_null(obj);
	assert_int_equal(kfunc_object__check(obj), 0);
	kfunc_object__close(obj);
}

static void errors_have_words(void **state)
{
	char why[80];
	KFUNC_OPTS(kfunc_object_opts, opts, .error = why, .error_size = sizeof(why));

	(void)state;
	assert_null(kfunc_object__open_file("/no/such/file", &opts));
	assert_int_equal(errno, ENOENT);
	assert_true(why[0]);
	assert_null(kfunc_object__open_file("/tmp", &opts));
	assert_int_equal(errno, EISDIR);
	assert_null(kfunc_object__open_file("/bin/true", &opts));
	assert_int_equal(errno, ENOEXEC);
	assert_null(kfunc_object__open_file("/bin/true", NULL));
	assert_int_equal(errno, ENOEXEC);
}

/* The first function's prototype gets a type that does not exist; libbpf would follow it. */
static void types_are_checked_first(void **state)
{
	char why[120] = "";
	KFUNC_OPTS(kfunc_object_opts, opts, .name = "pair", .error = why,
		   .error_size = sizeof(why));
	uint32_t *w, i;
	size_t size;
	char *data = read_pair(&size), *btf;

	(void)state;
	btf = memmem(data, size, "\x9f\xeb\x01\x00", 4);
	assert_non_null(btf);
	w = (uint32_t *)(btf + ((uint32_t *)btf)[1]); /* the first type: a pointer */
	assert_int_equal(BTF_INFO_KIND(w[1]), BTF_KIND_PTR);
	w[2] = 60000;
	assert_null(kfunc_object__open_mem(data, size, &opts));
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(why, "60000"));
	/* an offset that leads out of the file */
	for (i = 0; i < 2; i++) {
		((Elf64_Ehdr *)data)->e_shoff = i ? size - 8 : UINT64_MAX - 63;
		assert_null(kfunc_object__open_mem(data, size, &opts));
		assert_int_equal(errno, ENOEXEC);
	}
	mem_free(data);
}

static void one_check_per_object(void **state)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p = kfunc_object__find_program(obj, "balanced"), *q;
	KFUNC_OPTS(kfunc_report, r);

	(void)state;
	assert_null(kfunc_object__find_program(obj, "nobody"));
	assert_int_equal(errno, ENOENT);
	assert_int_equal(kfunc_program__report(p, &r), -ENOENT);
	assert_int_equal(kfunc_program__fd(p), -ENOENT);
	assert_null(kfunc_program__attach(p));
	assert_int_equal(errno, ENOENT);
	q = kfunc_object__next_program(obj, p);
	assert_string_equal(kfunc_program__name(q), "leaking");
	assert_null(kfunc_object__next_program(obj, q));
	assert_int_equal(kfunc_program__set_autoload(q, false), 0);
	assert_int_equal(kfunc_object__check(obj), 0);
	assert_int_equal(kfunc_program__report(p, &r), 0);
	assert_int_equal(kfunc_program__report(q, &r), -ENOENT);
	assert_int_equal(kfunc_program__set_autoload(q, true), -EALREADY);
	assert_int_equal(kfunc_program__add_flags(q, 1), -EALREADY);
	assert_int_equal(kfunc_object__check(obj), -EALREADY);
	assert_int_equal(kfunc_object__load(obj), -EALREADY);
	assert_int_equal(kfunc_program__fd(p), -ENOENT);
	kfunc_object__close(obj);
}

static void load_stops_at_a_rejection(void **state)
{
	struct kfunc_object *obj = open_pair();
	KFUNC_OPTS(kfunc_report, r);

	(void)state;
	assert_int_equal(kfunc_object__load(obj), -EINVAL);
	assert_non_null(strstr(kfunc_object__error(obj), "leaking"));
	assert_int_equal(kfunc_program__report(kfunc_object__find_program(obj, "leaking"), &r), 0);
	assert_int_equal(r.verdict, KFUNC_REJECT);
	assert_int_equal(r.code, KF_REF_LEAK);
	assert_non_null(strstr(r.text, "error[KF0412]"));
	kfunc_object__close(obj);
}

static void load_without_the_bad_one(void **state)
{
	struct kfunc_object *obj = open_pair();
	struct kfunc_program *p = kfunc_object__find_program(obj, "balanced");
	struct kfunc_link *link;

	(void)state;
	kfunc_program__set_autoload(kfunc_object__find_program(obj, "leaking"), false);
	assert_int_equal(kfunc_object__load(obj), 0);
	assert_string_equal(kfunc_object__error(obj), "");
	assert_true(kfunc_program__fd(p) >= 0);
	link = kfunc_program__attach(p);
	assert_non_null(link);
	assert_int_equal(kfunc_link__destroy(link), 0);
	kfunc_object__close(obj);
}

/* Every allocation of open and check fails once; nothing leaks (ASan) and nothing breaks. */
static void allocations_fail(void **state)
{
	uint64_t n;
	int done = 0;

	(void)state;
	kfunc_object__close(open_pair()); /* the live kernel exists */
	for (n = 1; n < 400 && done < 3; n++) {
		struct kfunc_object *obj;
		int err = 0;

		mem_fail_at(n);
		obj = open_pair();
		if (obj)
			err = kfunc_object__check(obj);
		done = mem_fail_pending() ? done + 1 : 0;
		mem_fail_at(0);
		if (!obj)
			assert_int_equal(errno, ENOMEM);
		else
			assert_true(err == 0 || err == -ENOMEM);
		kfunc_object__close(obj);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_grow),
		cmocka_unit_test(results_grow),
		cmocka_unit_test(from_memory),
		cmocka_unit_test(errors_have_words),
		cmocka_unit_test(types_are_checked_first),
		cmocka_unit_test(one_check_per_object),
		cmocka_unit_test(load_stops_at_a_rejection),
		cmocka_unit_test(load_without_the_bad_one),
		cmocka_unit_test(allocations_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
