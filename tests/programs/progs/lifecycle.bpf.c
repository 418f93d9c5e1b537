/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The life of a kfunc (kfunc spec 13.1): deprecated ones load with one warning for each, which says until
 * when, what instead and why; removed ones are refused with the same words.
 */
#include "mod.h"

char LICENSE[] SEC("license") = "GPL";

extern struct task_struct *bpf_task_acquire_not_zero(struct task_struct *p) __ksym;
extern int mod_never_was(int x) __ksym;

SEC("syscall")
__expect_accept
__expect_warning("mod_old() is deprecated: until release 2; use mod_const(), which is checked.")
__expect_retval(7)
int deprecated_twice(void *ctx)
{
	return mod_old(3) + mod_old(4);
}

/* the same function in another program of the object: no second warning */
SEC("syscall")
__expect_accept
__expect_warning("mod_old() is deprecated: ")
__expect_retval(5)
int deprecated_again(void *ctx)
{
	return mod_old(5);
}

SEC("syscall")
__expect_reject(EINVAL, KF0720)
__expect_says("mod_gone() was removed: in release 1; use mod_const().")
int removed_by_host(void *ctx)
{
	return mod_gone(1);
}

SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0720)
__expect_says("removed in Linux 6.4")
__expect_says("instead: bpf_task_acquire()")
int BPF_PROG(removed_by_linux, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *t = bpf_task_acquire_not_zero(task);

	if (t)
		bpf_task_release(t);
	return 0;
}

SEC("syscall")
__expect_reject(EINVAL, KF0700)
int never_was(void *ctx)
{
	return mod_never_was(1);
}
