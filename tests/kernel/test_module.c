/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Registration from a program that the library is linked into, and that has no BTF: rows 1 and 2 of
 * kfunc spec 1.3, and what is kept of them. Everything that needs BTF is tested with
 * real hosts: tests/contract/forms, tests/programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <kfunc/kfunc.h>
#include <string.h>

#include "base/kver.h"
#include "contract/contract.h"
#include "kernel/kernel.h"
#include "kernel/module.h"

__bpf_kfunc_start_defs();

__bpf_kfunc int here(void)
{
	return 1;
}

__bpf_kfunc_end_defs();

BTF_SET8_START(undecorated)
BTF_ID_FLAGS(func, here)
BTF_SET8_END(undecorated)

BTF_KFUNCS_START(decorated)
BTF_ID_FLAGS(func, here)
BTF_KFUNCS_END(decorated)

static struct btf_kfunc_id_set set8 = {.owner = THIS_MODULE, .set = &undecorated};
static struct btf_kfunc_id_set kfuncs = {.owner = THIS_MODULE, .set = &decorated};

static int early(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &kfuncs);
}
late_initcall(early);

/* Scenario 1 */
static void test_kfunc_bit(void **state)
{
	(void)state;
	assert_int_equal(module_register(BPF_PROG_TYPE_XDP, false, &set8, KVER(6, 9)), -EINVAL);
	assert_non_null(strstr(kfunc_register_error(), "BTF_KFUNCS_START"));
	assert_int_equal(module_register(BPF_PROG_TYPE_XDP, false, &kfuncs, KVER(6, 9)), 0);
	assert_int_equal(module_register(BPF_PROG_TYPE_XDP, false, &set8, KVER(6, 8)), 0);
	/* fmod_ret targets are no kfuncs */
	assert_int_equal(module_register(0, true, &set8, KVER(6, 9)), 0);
}

static void print(void *ctx, const struct kfunc_init_error *e)
{
	int *in_initcall = ctx;

	assert_int_equal(e->err, 0);
	assert_non_null(strstr(e->module, "test"));
	assert_non_null(strstr(e->reason, "no .BTF section"));
	if (e->initcall)
		*in_initcall += !strcmp(e->initcall, "early");
}

static void test_no_btf_is_no_error(void **state)
{
	unsigned int before = kfunc_init_errors(NULL, NULL);
	int in_initcall = 0;

	(void)state;
	assert_int_equal(register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &kfuncs), 0);
	assert_int_equal(kfunc_init_errors(print, &in_initcall), before + 1);
	assert_int_equal(in_initcall, 1);
	assert_int_equal(decorated.pairs[0].id, 0);
}

static void test_owner(void **state)
{
	struct btf_kfunc_id_set s = kfuncs;
	struct module other = {.size = 4};

	(void)state;
	s.owner = &other;
	assert_int_equal(register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &s), -EINVAL);
	/* the library's own types know no such function */
	s.owner = NULL;
	assert_int_equal(register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &s), -EINVAL);
	assert_non_null(strstr(kfunc_register_error(), "here"));
	assert_non_null(kernel_live());
	assert_int_equal(register_btf_id_dtor_kfuncs(NULL, 0, NULL), -EINVAL);
}

/* One source of truth for the numbers: flags.def against the public header. */
static void test_flags(void **state)
{
	static const uint32_t public[32] = {
		KF_ACQUIRE,       KF_RELEASE,           KF_RET_NULL,     KF_KPTR_GET,
		KF_TRUSTED_ARGS,  KF_SLEEPABLE,         KF_DESTRUCTIVE,  KF_RCU,
		KF_ITER_NEW,      KF_ITER_NEXT,         KF_ITER_DESTROY, KF_RCU_PROTECTED,
		KF_FASTCALL,      KF_ARENA_RET,         KF_ARENA_ARG1,   KF_ARENA_ARG2,
		KF_IMPLICIT_ARGS, [31] = KF_DEPRECATED,
	};

	(void)state;
	for (unsigned int bit = 0; bit < 32; bit++) {
		assert_int_equal(public[bit], contract_flag_name(bit) ? 1u << bit : 0);
		assert_int_equal(!contract_flag_text(bit), !public[bit]);
	}
	assert_string_equal(contract_flag_name(7), "KF_RCU");
	assert_string_equal(contract_flag_name(31), "KF_DEPRECATED");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kfunc_bit),
		cmocka_unit_test(test_no_btf_is_no_error),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
