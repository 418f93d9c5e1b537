/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The types that a CO-RE relocation may mean: what the index finds must be what a walk through all types
 * finds, for every name that there is and for names with a flavour.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "loader/loader.h"

static struct kfunc_kernel *kernel;
static struct btf *types;

/* what counts of a name, as libbpf documents it: all before the last X___Y with X and Y no underscores */
static size_t plain(const char *name)
{
	size_t i, n = strlen(name);

	for (i = n; i-- > 0;)
		if (i + 4 < n && name[i] != '_' && strncmp(name + i + 1, "___", 3) == 0 &&
		    name[i + 4] != '_')
			return i + 1;
	return n;
}

static bool is_enum(uint32_t kind)
{
	return kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64;
}

/* Returns how many there are. */
static int compare(const char *name, size_t len, uint32_t kind)
{
	const struct btf_obj *btf = kernel->btf;
	char *want = strndup(name, len);
	uint32_t *ids = NULL, id;
	int n, k = 0;

	n = loader_types_candidates(types, want, kind, &ids);
	assert_true(n >= 0);
	for (id = btf_start_id(btf); id < btf_end_id(btf); id++) {
		const char *other = btf_type_name(btf, id);
		uint32_t other_kind = btf_type_kind(btf_type(btf, id));

		if (other_kind != kind && !(is_enum(kind) && is_enum(other_kind)))
			continue;
		if (plain(other) != len || strncmp(other, want, len) != 0)
			continue;
		assert_true(k < n);
		assert_int_equal(ids[k++], id);
	}
	assert_int_equal(k, n);
	mem_free(ids);
	free(want);
	return n;
}

static void as_a_walk(void **state)
{
	const struct btf_obj *btf = kernel->btf;
	int found = 0, id;

	(void)state;
	for (id = btf_start_id(btf); id < (int)btf_end_id(btf); id++) {
		const char *name = btf_type_name(btf, id);

		/* tags have no relocations */
		if (btf_type_kind(btf_type(btf, id)) == BTF_KIND_DECL_TAG ||
		    btf_type_kind(btf_type(btf, id)) == BTF_KIND_TYPE_TAG)
			continue;
		if (*name)
			found += compare(name, plain(name), btf_type_kind(btf_type(btf, id)));
	}
	assert_true(found > 100);
}

static void flavours(void **state)
{
	(void)state;
	assert_int_equal(compare("nf_conn", 7, BTF_KIND_STRUCT), 2); /* and nf_conn___init */
	assert_int_equal(compare("nf_conn", 7, BTF_KIND_UNION), 0);
	assert_int_equal(compare("task_struct", 11, BTF_KIND_STRUCT), 1);
	assert_int_equal(compare("no_such_thing", 13, BTF_KIND_STRUCT), 0);
	/* "nf_conn___init" as the plain part of a longer name: no type is called so */
	assert_int_equal(compare("nf_conn___init", 14, BTF_KIND_STRUCT), 0);
}

static void of_an_object(void **state)
{
	uint32_t *ids = NULL;

	(void)state;
	assert_int_equal(loader_types_candidates(NULL, "int", BTF_KIND_INT, &ids), -ENOENT);
	assert_null(ids);
}

static int open_kernel(void **state)
{
	(void)state;
	kernel = kfunc_kernel__live();
	if (!kernel || syscall_set_kernel(kernel))
		return -1;
	types = loader_types_get();
	return types ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_a_walk),
		cmocka_unit_test(flavours),
		cmocka_unit_test(of_an_object),
	};

	return cmocka_run_group_tests_name("loader/candidates", tests, open_kernel, NULL);
}
