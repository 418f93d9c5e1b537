/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Functions that exist to be traced: fentry, fexit and, since they are listed below, fmod_ret and
 * sleepable programs may attach to them (kfunc spec 1.7). They are no kfuncs.
 */
#include "kfuncs/kfuncs.h"

#define TRACED __attribute__((used, noinline))

__bpf_kfunc_start_defs();

TRACED int bpf_fentry_test1(int a)
{
	return a + 1;
}

TRACED int bpf_fentry_test2(int a, u64 b)
{
	return a + (int)b;
}

TRACED int bpf_modify_return_test(int a, int *b)
{
	*b += 1;
	return a + *b;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_traced_set)
BTF_ID_FLAGS(func, bpf_fentry_test1, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_modify_return_test)
BTF_KFUNCS_END(kfuncs_traced_set)
BTF_ID_GLOBAL(kfuncs_traced_set)
