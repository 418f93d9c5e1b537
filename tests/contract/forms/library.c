/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A shared library with kfuncs of its own, beside a program that has the same names: user.c. */
#include <kfunc/kfunc.h>

extern const u32 *library_ids(void);

__bpf_kfunc_start_defs();

__bpf_kfunc int twin(int x)
{
	return x + 1;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(twins)
BTF_ID_FLAGS(func, twin)
BTF_KFUNCS_END(twins)

const u32 *library_ids(void)
{
	return &twins.pairs[0].id;
}

static const struct btf_kfunc_id_set set = {.owner = THIS_MODULE, .set = &twins};

static int init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &set);
}
late_initcall(init);
