// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What a module's filter makes of programs (kfunc spec 1.4): mod.c's wants sleepable ones. */
#include "mod.h"

SEC("syscall")
__expect_accept
int sleepable(void *ctx)
{
	return mod_filtered(1);
}

SEC("tp_btf/task_newtask")
__expect_reject(EACCES, KF0701)
int BPF_PROG(not_sleepable, struct task_struct *task, u64 clone_flags)
{
	return mod_filtered(1);
}

/* the filter is asked about other kfuncs as well, and lets them pass */
SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(other_kfunc, struct task_struct *task, u64 clone_flags)
{
	return mod_task(task);
}

/* what is never reached is never asked for */
SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(dead, struct task_struct *task, u64 clone_flags)
{
	u64 zero = 0;

	hide(zero);
	if (zero != 0)
		return mod_filtered(1);
	return 0;
}

char LICENSE[] SEC("license")
= "GPL";
