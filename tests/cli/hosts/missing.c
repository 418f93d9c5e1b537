/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A library whose set lists a function of some other file. */
#include <kfunc/kfunc.h>

__bpf_kfunc_start_defs();

__bpf_kfunc int present(int a)
{
	return a;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(missing_set)
BTF_ID_FLAGS(func, present)
BTF_ID_FLAGS(func, elsewhere)
BTF_KFUNCS_END(missing_set)
