/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Comments near functions that are about something else, for `kfunc doc --host`. Never run. */
#include <kfunc/kfunc.h>

static int hits; /* how often anything was called */
__bpf_kfunc int behind_code(int a)
{
	return hits + a;
}

/* Disables missing prototype warnings */
__bpf_kfunc_start_defs();

__bpf_kfunc int behind_brackets(int a)
{
	return a;
}

/** plain_name - a summary without parentheses */
__bpf_kfunc int plain_name(int a)
{
	return a;
}
__bpf_kfunc int behind_one_line(int a)
{
	return a;
}

/**
 * marked_above() - the mark has a line of its own
 */
__bpf_kfunc int marked_above(int a)
{
	return a;
}

__bpf_kfunc_end_defs();

KFUNC_DOC(gone, "Removed: in release 2; use plain_name().");

BTF_KFUNCS_START(comments)
BTF_ID_FLAGS(func, behind_code)
BTF_ID_FLAGS(func, behind_brackets)
BTF_ID_FLAGS(func, plain_name)
BTF_ID_FLAGS(func, behind_one_line)
BTF_ID_FLAGS(func, marked_above)
BTF_KFUNCS_END(comments)

static const struct btf_kfunc_id_set set = {.owner = THIS_MODULE, .set = &comments};

static int init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &set);
}
late_initcall(init);

int main(void)
{
	return 0;
}
