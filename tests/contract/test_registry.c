/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Registration, row by row (kfunc spec 1.3), what is discarded with it (R1.6), filters (R1.10,
 * R1.11), hooks by version (1.5), destructors (R1.13), fmod_ret targets (R1.15).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdatomic.h>

#include <kfunc/kfunc.h>

#include "base/kver.h"
#include "base/mem.h"
#include "contract/registry.h"
#include "mkbtf.h"

#define V618 KVER(6, 18)
#define N    600

static struct mkbtf m;
static struct btf_obj *vmlinux, *module, *module2;
static uint32_t func[N]; /* int fN(void) in vmlinux */
static uint32_t mod_func[4], mod2_func, same_name;
static uint32_t i32, type_a, type_b, dtor, not_dtor[3], next_bad;
static struct contract_entry e[N];

static int setup(void **state)
{
	char name[16];
	uint32_t pvoid;

	(void)state;
	mk_init(&m, NULL);
	i32 = mk_int(&m, "int", 4, BTF_INT_SIGNED);
	pvoid = mk_ptr(&m, 0);
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		func[i] = mk_func(&m, name, i32, 0);
		e[i] = (struct contract_entry){.id = func[i], .addr = &func[i]};
	}
	type_a = mk_struct(&m, "a", 8, 0);
	type_b = mk_struct(&m, "b", 8, 0);
	dtor = mk_func(&m, "dtor", 0, 1, "p", pvoid);
	not_dtor[0] = mk_func(&m, "dtor_int", i32, 1, "p", pvoid);
	not_dtor[1] = mk_func(&m, "dtor_two", 0, 2, "p", pvoid, "q", pvoid);
	not_dtor[2] = mk_func(&m, "dtor_scalar", 0, 1, "x", i32);
	next_bad = mk_func(&m, "bpf_iter_a_next", i32, 1, "it", pvoid);
	vmlinux = mk_done(&m, NULL, "vmlinux");
	mk_init(&m, vmlinux);
	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		mod_func[i] = mk_func(&m, name, i32, 0);
	}
	same_name = mk_func(&m, "f7", i32, 1, "x", i32);
	module = mk_done(&m, vmlinux, "mod");
	mk_init(&m, vmlinux);
	mod2_func = mk_func(&m, "m0", i32, 0);
	module2 = mk_done(&m, vmlinux, "mod2");
	return vmlinux && module && module2 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	btf_put(module2);
	btf_put(module);
	btf_put(vmlinux);
	return 0;
}

static int add(struct contract_registry *r, uint32_t type, uint32_t from, uint32_t n)
{
	return registry_add(r, vmlinux, false, type, e + from, n, NULL);
}

static int add_mod(struct contract_registry *r, uint32_t type, uint32_t id)
{
	struct contract_entry one = {.id = id};

	return registry_add(r, module, true, type, &one, 1, NULL);
}

static bool allowed(struct contract_registry *r, uint32_t i, uint32_t type)
{
	return registry_allowed(r, vmlinux, func[i], type, NULL, NULL);
}

/* Scenario 6: rows 3 and 5: nothing is stored, nothing dropped */
static void test_bad_entries(void **state)
{
	struct contract_registry *r = registry_new(V618);
	struct contract_entry bad = {.id = type_a};

	(void)state;
	assert_int_equal(add(r, BPF_PROG_TYPE_XDP, 0, 1), 0);
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, &bad, 1, NULL),
			 -EINVAL);
	bad.id = 0;
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, &bad, 1, NULL),
			 -EINVAL);
	bad.id = 1u << 30;
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, &bad, 1, NULL),
			 -EINVAL);
	bad.id = next_bad;
	bad.flags = KF_ITER_NEXT;
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, &bad, 1, NULL),
			 -EINVAL);
	assert_true(allowed(r, 0, BPF_PROG_TYPE_XDP));
	assert_null(registry_contract(r, vmlinux, next_bad));
	registry_free(r);
}

/* row 4, since 7.1 */
static void test_name_clash(void **state)
{
	struct contract_entry one = {.id = mod2_func};
	struct contract_registry *r = registry_new(KVER(6, 19));

	(void)state;
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, same_name), 0);
	registry_free(r);
	r = registry_new(KVER(7, 2));
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, same_name), -EINVAL);
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, mod_func[0]), 0);
	assert_int_equal(registry_add(r, module2, true, BPF_PROG_TYPE_TRACING, &one, 1, NULL),
			 -EINVAL);
	registry_free(r);
}

/* row 6 drops everything of that BTF, row 7 nothing */
static void test_no_hook(void **state)
{
	struct contract_registry *r = registry_new(V618);

	(void)state;
	assert_int_equal(add(r, BPF_PROG_TYPE_XDP, 0, 1), 0);
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, mod_func[0]), 0);
	assert_int_equal(add(r, BPF_PROG_TYPE_XDP, 0, 0), 0);
	assert_true(allowed(r, 0, BPF_PROG_TYPE_XDP));
	assert_int_equal(add(r, BPF_PROG_TYPE_SK_MSG, 1, 1), -EINVAL);
	assert_false(allowed(r, 0, BPF_PROG_TYPE_XDP));
	assert_null(registry_contract(r, vmlinux, func[0]));
	assert_true(registry_allowed(r, module, mod_func[0], BPF_PROG_TYPE_XDP, NULL, NULL));
	registry_free(r);
}

/* scenario 3 and row 9 */
static void test_module_once_per_hook(void **state)
{
	struct contract_registry *r = registry_new(V618);

	(void)state;
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, mod_func[0]), 0);
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_SCHED_CLS, mod_func[1]), 0);
	assert_true(registry_allowed(r, module, mod_func[0], BPF_PROG_TYPE_XDP, NULL, NULL));
	assert_true(registry_allowed(r, module, mod_func[1], BPF_PROG_TYPE_SCHED_CLS, NULL, NULL));
	assert_false(registry_allowed(r, module, mod_func[1], BPF_PROG_TYPE_XDP, NULL, NULL));
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, mod_func[2]), -EINVAL);
	assert_false(registry_allowed(r, module, mod_func[0], BPF_PROG_TYPE_XDP, NULL, NULL));
	assert_false(registry_allowed(r, module, mod_func[1], BPF_PROG_TYPE_SCHED_CLS, NULL, NULL));
	/* a fresh start is possible */
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, mod_func[2]), 0);
	assert_true(registry_allowed(r, module, mod_func[2], BPF_PROG_TYPE_XDP, NULL, NULL));
	registry_free(r);
}

/* scenario 2 and row 10 */
static void test_256(void **state)
{
	struct contract_registry *r = registry_new(V618);
	const struct kfunc_contract *c;

	(void)state;
	assert_int_equal(add(r, BPF_PROG_TYPE_SCHED_CLS, 0, 200), 0);
	assert_int_equal(add(r, BPF_PROG_TYPE_SCHED_CLS, 200, 56), 0);
	assert_int_equal(add(r, BPF_PROG_TYPE_XDP, 300, 256), 0);
	assert_true(allowed(r, 255, BPF_PROG_TYPE_SCHED_CLS));
	c = registry_contract(r, vmlinux, func[255]);
	assert_non_null(c);
	assert_int_equal(add(r, BPF_PROG_TYPE_SCHED_CLS, 256, 1), -E2BIG);
	assert_false(allowed(r, 0, BPF_PROG_TYPE_SCHED_CLS));
	assert_false(allowed(r, 300, BPF_PROG_TYPE_XDP));
	assert_string_equal(c->name, "f255"); /* the pointer stays good */
	registry_free(r);
	r = registry_new(V618);
	assert_int_equal(add(r, BPF_PROG_TYPE_SCHED_CLS, 0, 200), 0);
	assert_int_equal(add(r, BPF_PROG_TYPE_SCHED_CLS, 200, 57), -E2BIG);
	assert_null(registry_contract(r, vmlinux, func[0]));
	assert_int_equal(add(r, BPF_PROG_TYPE_SCHED_CLS, 0, 257), -E2BIG);
	registry_free(r);
}

/* scenario 4 and R1.7: duplicates are kept and counted */
static void test_duplicates(void **state)
{
	struct contract_registry *r = registry_new(V618);

	(void)state;
	assert_int_equal(add(r, BPF_PROG_TYPE_CGROUP_SKB, 0, 128), 0);
	assert_int_equal(add(r, BPF_PROG_TYPE_CGROUP_SOCK, 0, 128), 0);
	assert_true(allowed(r, 5, BPF_PROG_TYPE_CGROUP_SYSCTL));
	assert_int_equal(add(r, BPF_PROG_TYPE_CGROUP_SOCKOPT, 0, 1), -E2BIG);
	registry_free(r);
}

/* ---- filters ---- */

static _Atomic unsigned int asked;

#define FILTER(n)                                                                                  \
	static int filter##n(const struct bpf_prog *prog, uint32_t id)                             \
	{                                                                                          \
		(void)prog;                                                                        \
		return id == UINT32_MAX - (n);                                                     \
	}
/* clang-format off */
FILTER(0) FILTER(1) FILTER(2) FILTER(3) FILTER(4) FILTER(5) FILTER(6) FILTER(7) FILTER(8)
FILTER(9) FILTER(10) FILTER(11) FILTER(12) FILTER(13) FILTER(14) FILTER(15) FILTER(16)
	/* clang-format on */

	static const contract_filter_fn filters[17] = {
		filter0,  filter1,  filter2,  filter3,  filter4,  filter5,
		filter6,  filter7,  filter8,  filter9,  filter10, filter11,
		filter12, filter13, filter14, filter15, filter16,
};

static int only_sleepable(const struct bpf_prog *prog, uint32_t id)
{
	asked++;
	return id == func[1] && !prog->sleepable ? -EACCES : 0;
}

/* scenario 5 and row 8 */
static void test_16_filters(void **state)
{
	struct contract_registry *r = registry_new(V618);

	(void)state;
	for (int i = 0; i < 17; i++)
		assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, e + i, 1,
					      filters[3]),
				 0);
	registry_free(r);
	r = registry_new(V618);
	for (int i = 0; i < 16; i++)
		assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, e + i, 1,
					      filters[i]),
				 0);
	/* LSM and TRACING are one hook, XDP is another */
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_LSM, e, 1, filters[16]), 0);
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, e + 16, 1, filters[2]),
			 0);
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, e + 17, 1, filters[16]),
			 -E2BIG);
	assert_null(registry_contract(r, vmlinux, func[0]));
	registry_free(r);
}

/* R1.10, R1.11 */
static void test_filters_decide(void **state)
{
	struct contract_registry *r = registry_new(V618);
	struct bpf_prog prog = {.type = BPF_PROG_TYPE_TRACING}, sleeper = {.sleepable = 1};
	uint32_t flags = 0;

	(void)state;
	e[0].flags = KF_RET_NULL;
	e[1].flags = KF_SLEEPABLE;
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_TRACING, e, 1, NULL), 0);
	assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_LSM, e + 1, 1,
				      only_sleepable),
			 0);
	asked = 0;
	assert_false(registry_allowed(r, vmlinux, func[1], BPF_PROG_TYPE_TRACING, &prog, &flags));
	assert_true(registry_allowed(r, vmlinux, func[1], BPF_PROG_TYPE_LSM, &sleeper, &flags));
	assert_int_equal(flags, KF_SLEEPABLE);
	/* asked about every kfunc of the hook, those of other sets included */
	assert_true(registry_allowed(r, vmlinux, func[0], BPF_PROG_TYPE_TRACING, &prog, &flags));
	assert_int_equal(flags, KF_RET_NULL);
	assert_int_equal(asked, 3);
	/* without a program a filter cannot agree */
	assert_false(registry_allowed(r, vmlinux, func[0], BPF_PROG_TYPE_TRACING, NULL, &flags));
	/* COMMON lets pass what the hook's filter denies, and its flags win */
	e[1].flags = KF_RCU;
	assert_int_equal(add(r, BPF_PROG_TYPE_UNSPEC, 1, 1), 0);
	assert_true(registry_allowed(r, vmlinux, func[1], BPF_PROG_TYPE_TRACING, &prog, &flags));
	assert_int_equal(flags, KF_RCU);
	/* a type without a hook of its own sees COMMON */
	assert_true(registry_allowed(r, vmlinux, func[1], BPF_PROG_TYPE_SK_MSG, &prog, &flags));
	assert_false(registry_allowed(r, vmlinux, func[0], BPF_PROG_TYPE_SK_MSG, &prog, &flags));
	/* one function, two sets of flags: two contracts */
	assert_int_equal(registry_contract(r, vmlinux, func[1])->flags, KF_SLEEPABLE);
	assert_int_equal(registry_contract_flags(r, vmlinux, func[1], KF_RCU)->flags, KF_RCU);
	assert_null(registry_contract_flags(r, vmlinux, func[1], 0));
	e[0].flags = e[1].flags = 0;
	registry_free(r);
}

/* ---- hooks ---- */

static void test_hooks_by_version(void **state)
{
	static const struct {
		uint32_t type;
		uint16_t version;
		int hook;
	} rows[] = {
		{BPF_PROG_TYPE_UNSPEC, KVER(6, 1), -1},
		{BPF_PROG_TYPE_UNSPEC, KVER(6, 2), HOOK_COMMON},
		{BPF_PROG_TYPE_XDP, KVER(6, 1), HOOK_XDP},
		{BPF_PROG_TYPE_SCHED_CLS, KVER(6, 1), HOOK_TC},
		{BPF_PROG_TYPE_LSM, KVER(6, 1), HOOK_TRACING},
		{BPF_PROG_TYPE_TRACEPOINT, KVER(6, 7), -1},
		{BPF_PROG_TYPE_TRACEPOINT, KVER(6, 12), HOOK_TRACING},
		{BPF_PROG_TYPE_PERF_EVENT, KVER(6, 12), HOOK_TRACING},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, KVER(6, 18), -1},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, KVER(6, 19), HOOK_TRACING},
		{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, KVER(7, 2), -1},
		{BPF_PROG_TYPE_KPROBE, KVER(6, 11), -1},
		{BPF_PROG_TYPE_KPROBE, KVER(6, 12), HOOK_KPROBE},
		{BPF_PROG_TYPE_CGROUP_SKB, KVER(6, 3), -1},
		{BPF_PROG_TYPE_CGROUP_SKB, KVER(6, 5), HOOK_CGROUP},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, KVER(6, 6), -1},
		{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, KVER(6, 7), HOOK_CGROUP},
		{BPF_PROG_TYPE_CGROUP_SYSCTL, KVER(6, 12), HOOK_CGROUP},
		{BPF_PROG_TYPE_SOCK_OPS, KVER(6, 12), -1},
		{BPF_PROG_TYPE_SOCK_OPS, KVER(7, 2), HOOK_CGROUP},
		{BPF_PROG_TYPE_LWT_SEG6LOCAL, V618, HOOK_LWT},
		{32 /* NETFILTER */, V618, HOOK_NETFILTER},
		{BPF_PROG_TYPE_SK_LOOKUP, KVER(7, 2), -1},
		{1000, KVER(7, 2), -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (contract_hook_of(rows[i].type, rows[i].version) != rows[i].hook)
			fail_msg("type %u at %x: %d", rows[i].type, rows[i].version,
				 contract_hook_of(rows[i].type, rows[i].version));
	assert_string_equal(contract_hook_name(HOOK_FMODRET), "fmod_ret");
}

/* ---- fmod_ret, destructors, modules, walking ---- */

static void test_fmodret(void **state)
{
	struct contract_registry *r = registry_new(V618);
	struct contract_entry one = {.id = func[3], .flags = KF_SLEEPABLE};
	uint32_t flags = 0;

	(void)state;
	assert_int_equal(registry_add_fmodret(r, vmlinux, &one, 1), 0);
	assert_true(registry_fmodret(r, vmlinux, func[3], &flags));
	assert_int_equal(flags, KF_SLEEPABLE);
	assert_false(registry_fmodret(r, vmlinux, func[4], NULL));
	assert_null(registry_contract(r, vmlinux, func[3])); /* a target, not a kfunc */
	assert_false(allowed(r, 3, BPF_PROG_TYPE_TRACING));
	assert_int_equal(add(r, BPF_PROG_TYPE_TRACING, 3, 1), 0);
	assert_true(allowed(r, 3, BPF_PROG_TYPE_TRACING));
	registry_free(r);
}

static void test_dtors(void **state)
{
	struct contract_registry *r = registry_new(V618);
	static struct contract_dtor d[300];

	(void)state;
	for (int i = 0; i < 300; i++)
		d[i] = (struct contract_dtor){.type_id = 1000 - i, .func_id = dtor, .addr = &d[i]};
	assert_int_equal(registry_add_dtors(r, vmlinux, false, d, 255), 0);
	assert_ptr_equal(registry_dtor(r, vmlinux, 1000 - 7)->addr, &d[7]);
	assert_null(registry_dtor(r, vmlinux, 1001));
	assert_null(registry_dtor(r, module, 1000));
	assert_int_equal(registry_add_dtors(r, vmlinux, false, d, 1), -E2BIG);
	assert_null(registry_dtor(r, vmlinux, 1000)); /* every failure empties the table */
	assert_int_equal(registry_add_dtors(r, vmlinux, false, d, 256), -E2BIG);
	d[0].type_id = type_a;
	assert_int_equal(registry_add_dtors(r, vmlinux, false, d, 1), 0);
	d[1].type_id = type_b;
	assert_int_equal(registry_add_dtors(r, vmlinux, false, d + 1, 1), 0);
	assert_non_null(registry_dtor(r, vmlinux, type_a));
	assert_non_null(registry_dtor(r, vmlinux, type_b));
	for (int i = 0; i < 3; i++) {
		d[2].func_id = not_dtor[i];
		assert_int_equal(registry_add_dtors(r, vmlinux, false, d + 2, 1), -EINVAL);
		assert_null(registry_dtor(r, vmlinux, type_a));
		assert_int_equal(registry_add_dtors(r, vmlinux, false, d, 1), 0);
	}
	d[2].func_id = type_a;
	assert_int_equal(registry_add_dtors(r, vmlinux, false, d + 2, 1), -EINVAL);
	assert_int_equal(registry_add_dtors(r, module, true, d, 1), 0);
	assert_int_equal(registry_add_dtors(r, module, true, d + 1, 1), -EINVAL);
	assert_null(registry_dtor(r, module, type_a));
	registry_free(r);
}

static int count(void *ctx, const struct kfunc_contract *c)
{
	char *s = ctx;

	if (strlen(s) < 100)
		strcat(strcat(s, c->name), " ");
	return strcmp(c->name, "f3") ? 0 : 42;
}

static void test_modules_and_walk(void **state)
{
	struct contract_registry *r = registry_new(V618);
	char seen[128] = "";

	(void)state;
	assert_int_equal(registry_modules(r), 0);
	assert_int_equal(registry_add_module(r, module2), 0);
	assert_int_equal(registry_add_module(r, module2), 0);
	assert_int_equal(add_mod(r, BPF_PROG_TYPE_XDP, mod_func[0]), 0);
	assert_int_equal(add(r, BPF_PROG_TYPE_XDP, 1, 2), 0);
	assert_int_equal(registry_modules(r), 2);
	assert_ptr_equal(registry_module(r, 0), module2);
	assert_ptr_equal(registry_module(r, 1), module);
	assert_null(registry_module(r, 2));
	assert_true(registry_is_module(r, module));
	assert_false(registry_is_module(r, vmlinux));
	assert_int_equal(registry_for_each(r, count, seen), 0);
	assert_string_equal(seen, "f1 f2 m0 ");
	assert_int_equal(add(r, BPF_PROG_TYPE_TRACING, 3, 1), 0);
	assert_int_equal(registry_for_each(r, count, seen), 42);
	assert_int_equal(registry_contract(r, vmlinux, func[1])->hooks, 1u << HOOK_XDP);
	assert_ptr_equal(registry_contract(r, vmlinux, func[1])->addr, &func[1]);
	registry_free(r);
}

static void test_history(void **state)
{
	const struct contract_history *h = contract_history("bpf_task_kptr_get");

	(void)state;
	assert_non_null(h);
	assert_int_equal(h->since, KVER(6, 2));
	assert_int_equal(h->removed, KVER(6, 4));
	assert_non_null(h->instead);
	assert_ptr_equal(contract_history("bpf_task_kptr_get___old"), h);
	assert_null(contract_history("bpf_task_kptr_ge"));
	assert_null(contract_history("___x"));
}

/* ---- under stress ---- */

/*
 * Every allocation may fail: an error, no leak, and the first set of a hook leaves the rest alone.
 */
static void test_out_of_memory(void **state)
{
	int failures = 0, err;

	(void)state;
	for (int n = 1; n < 200; n++) {
		struct contract_registry *r = registry_new(V618);

		assert_int_equal(add(r, BPF_PROG_TYPE_XDP, 0, 3), 0);
		mem_fail_at(n);
		err = add(r, BPF_PROG_TYPE_TRACING, 10, 40);
		mem_fail_at(0);
		assert_true(err == 0 || err == -ENOMEM);
		assert_true(allowed(r, 0, BPF_PROG_TYPE_XDP));
		assert_int_equal(allowed(r, 10, BPF_PROG_TYPE_TRACING), !err);
		failures += err != 0;
		if (err) { /* growing a hook's set, it takes all with it */
			mem_fail_at(n);
			err = add(r, BPF_PROG_TYPE_XDP, 50, 40);
			mem_fail_at(0);
			assert_int_equal(allowed(r, 0, BPF_PROG_TYPE_XDP), !err);
		}
		registry_free(r);
	}
	assert_true(failures > 20);
	mem_fail_at(1);
	assert_null(registry_new(V618));
	mem_fail_at(0);
}

static _Atomic bool stop;

static void *reader(void *arg)
{
	struct contract_registry *r = arg;
	unsigned long bad = 0;

	while (!atomic_load(&stop))
		for (uint32_t i = 0; i < 250; i++) {
			const struct kfunc_contract *c = registry_contract(r, vmlinux, func[i]);
			struct bpf_prog prog = {.type = BPF_PROG_TYPE_XDP};
			uint32_t flags;

			if (c && (c->func_id != func[i] || *c->name != 'f'))
				bad++;
			/* it is never seen without its filter, which denies */
			if (i == 1 &&
			    registry_allowed(r, vmlinux, func[1], BPF_PROG_TYPE_XDP, &prog, &flags))
				bad++;
		}
	return (void *)bad;
}

static void test_readers_need_no_lock(void **state)
{
	struct contract_registry *r = registry_new(V618);
	pthread_t t[2];
	void *bad;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, reader, r), 0);
	for (int round = 0; round < 50; round++) {
		assert_int_equal(registry_add(r, vmlinux, false, BPF_PROG_TYPE_XDP, e, 2,
					      only_sleepable),
				 0);
		for (int i = 2; i < 250; i += 31)
			assert_int_equal(add(r, BPF_PROG_TYPE_XDP, i, 31 < 250 - i ? 31 : 250 - i),
					 0);
		assert_int_equal(add(r, BPF_PROG_TYPE_SK_MSG, 0, 1), -EINVAL);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_entries),
		cmocka_unit_test(test_name_clash),
		cmocka_unit_test(test_no_hook),
		cmocka_unit_test(test_module_once_per_hook),
		cmocka_unit_test(test_256),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_16_filters),
		cmocka_unit_test(test_filters_decide),
		cmocka_unit_test(test_hooks_by_version),
		cmocka_unit_test(test_fmodret),
		cmocka_unit_test(test_dtors),
		cmocka_unit_test(test_modules_and_walk),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_readers_need_no_lock),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
