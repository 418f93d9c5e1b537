/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The live kernel: its types, and that every kfunc has the flags and the visibility that the kernel
 * of its version gives it (data/kernels/6.18.json).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "contract/registry.h"
#include "kernel/kernel.h"
#include "kernel/tables.h"

static void *get(void *arg)
{
	*(struct kfunc_kernel **)arg = kernel_live();
	return NULL;
}

/* first, while it does not exist yet */
static void test_made_once(void **state)
{
	struct kfunc_kernel *k[8];
	pthread_t t[8];
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, get, &k[i]), 0);
	for (i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	assert_non_null(k[0]);
	for (i = 1; i < 8; i++)
		assert_ptr_equal(k[i], k[0]);
	assert_true(k[0]->live);
	assert_int_equal(k[0]->version, KVER(6, 18));
}

static void test_types(void **state)
{
	static const struct {
		const char *name;
		uint32_t kind;
	} want[] = {
		{"task_struct", BTF_KIND_STRUCT},
		{"cgroup", BTF_KIND_STRUCT},
		{"css_set", BTF_KIND_STRUCT},
		{"bpf_cpumask", BTF_KIND_STRUCT},
		{"__sk_buff", BTF_KIND_STRUCT},
		{"xdp_md", BTF_KIND_STRUCT},
		{"bpf_prog_aux", BTF_KIND_STRUCT},
		{"bpf_dynptr", BTF_KIND_STRUCT},
		{"bpf_iter_num", BTF_KIND_STRUCT},
		{"bpf_user_pt_regs_t", BTF_KIND_TYPEDEF},
		{"btf_trace_task_newtask", BTF_KIND_TYPEDEF},
		{"btf_trace_cgroup_mkdir", BTF_KIND_TYPEDEF},
		{"__bpf_trace_task_newtask", BTF_KIND_FUNC},
		{"task_struct__safe_rcu", BTF_KIND_STRUCT},
		{"bpf_map_type", BTF_KIND_ENUM},
		{"xdp_action", BTF_KIND_ENUM},
	};
	const struct btf_obj *btf = kernel_live()->btf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (btf_find(btf, want[i].name, want[i].kind) <= 0)
			fail_msg("%s is missing", want[i].name);
}

/* pointer to a prototype whose first parameter is void * */
static void test_tracepoint_shape(void **state)
{
	const struct btf_obj *btf = kernel_live()->btf;
	int32_t id = btf_find(btf, "btf_trace_task_newtask", BTF_KIND_TYPEDEF);
	const struct btf_type *proto = btf_pointee(btf, (uint32_t)id, NULL), *t;
	const struct btf_param *p;
	uint32_t func;

	(void)state;
	assert_non_null(proto);
	assert_int_equal(btf_type_kind(proto), BTF_KIND_FUNC_PROTO);
	assert_int_equal(btf_type_vlen(proto), 3);
	p = btf_type_params(proto);
	assert_int_equal(btf_pointee(btf, p[0].type, NULL)->info, 0);
	t = btf_pointee(btf, p[1].type, NULL);
	assert_string_equal(btf_str(btf, t->name_off), "task_struct");
	assert_int_equal(btf_type_size(btf, p[2].type), 8);
	/* the stub has names */
	func = (uint32_t)btf_find(btf, "__bpf_trace_task_newtask", BTF_KIND_FUNC);
	proto = btf_type(btf, btf_type(btf, func)->type);
	assert_string_equal(btf_str(btf, btf_type_params(proto)[2].name_off), "clone_flags");
}

static const struct kt_release *linux_618(void)
{
	uint32_t i;

	for (i = 0; i < kt_n_releases; i++)
		if (kt_releases[i].version == KVER(6, 18))
			return &kt_releases[i];
	fail_msg("no table for 6.18");
	return NULL;
}

struct seen {
	uint32_t n, compared, not_in_table, older;
};

/* what Linux has in a loadable module, or only in its documents: the table says nothing of it */
static bool not_in_the_image(const char *name)
{
	static const char *const documents[] = {"bpf_find_get_task_by_vpid", "bpf_memzero",
						"bpf_get_task_pid", "bpf_put_pid"};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
		if (strcmp(name, documents[i]) == 0)
			return true;
	return strncmp(name, "bpf_ct_", 7) == 0 || strncmp(name, "bpf_xdp_ct_", 11) == 0 ||
	       strncmp(name, "bpf_skb_ct_", 11) == 0;
}

/* what Linux no longer has: works, and says that it is deprecated */
static void check_older(const struct kfunc_contract *c)
{
	static const struct {
		const char *name;
		uint32_t flags;
	} older[] = {
		{"bpf_cgroup_kptr_get", KF_ACQUIRE | KF_KPTR_GET | KF_RET_NULL | KF_DEPRECATED},
		{"bpf_task_kptr_get", KF_ACQUIRE | KF_KPTR_GET | KF_RET_NULL | KF_DEPRECATED},
		{"bpf_cpumask_any", KF_RCU | KF_DEPRECATED},
		{"bpf_cpumask_any_and", KF_RCU | KF_DEPRECATED},
	};
	size_t i;

	for (i = 0; i < sizeof(older) / sizeof(older[0]); i++)
		if (!strcmp(older[i].name, c->name)) {
			assert_int_equal(c->flags, older[i].flags);
			return;
		}
	fail_msg("Linux 6.18 has no %s", c->name);
}

static int compare(void *ctx, const struct kfunc_contract *c)
{
	const struct kt_release *r = linux_618();
	struct seen *seen = ctx;
	uint32_t i, type;

	seen->n++;
	if (!c->addr)
		fail_msg("%s has no address", c->name);
	if (!c->doc || strncmp(c->doc, c->name, strlen(c->name)))
		fail_msg("%s has no documentation", c->name);
	if (c->bad_why && *c->bad_why)
		fail_msg("%s: %s", c->name, c->bad_why);
	for (i = 0; i < c->n_args; i++)
		if (!*c->arg[i].name)
			fail_msg("%s: parameter %u has no name", c->name, i);
	for (i = 0; i < r->n && strcmp(r->kfuncs[i].name, c->name); i++)
		;
	if (i == r->n && not_in_the_image(c->name)) {
		seen->not_in_table++;
		return 0;
	}
	if (i == r->n) {
		check_older(c);
		seen->older++;
		return 0;
	}
	seen->compared++;
	if (c->flags != r->kfuncs[i].flags)
		fail_msg("%s: flags %#x, the kernel has %#x", c->name, c->flags,
			 r->kfuncs[i].flags);
	for (type = 0; type < 33; type++) {
		bool theirs = r->kfuncs[i].progs >> type & 1;
		int hook = contract_hook_of(type, KVER(6, 18));

		if (theirs && !(c->hooks >> hook & 1))
			fail_msg("%s: not visible to type %u", c->name, type);
	}
	return 0;
}

static void test_contracts(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_int_equal(registry_for_each(kernel_live()->registry, compare, &seen), 0);
	assert_true(seen.n >= 53);
	assert_int_equal(seen.not_in_table, 14);
	assert_int_equal(seen.older, 4);
	assert_int_equal(seen.compared + seen.not_in_table + seen.older, seen.n);
}

static void test_destructors(void **state)
{
	static const char *const types[] = {"task_struct", "cgroup", "bpf_cpumask"};
	struct kfunc_kernel *k = kernel_live();
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		int32_t id = btf_find(k->btf, types[i], BTF_KIND_STRUCT);
		const struct contract_dtor *d = registry_dtor(k->registry, k->btf, (uint32_t)id);

		assert_non_null(d);
		assert_non_null(d->addr);
	}
	assert_null(registry_dtor(k->registry, k->btf,
				  (uint32_t)btf_find(k->btf, "cred", BTF_KIND_STRUCT)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_once),        cmocka_unit_test(test_types),
		cmocka_unit_test(test_tracepoint_shape), cmocka_unit_test(test_contracts),
		cmocka_unit_test(test_destructors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
