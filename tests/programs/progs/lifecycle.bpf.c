/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The life of a kfunc (kfunc spec 13.1): deprecated ones load with one warning for each, which says until
 * when, what instead and why; removed ones are refused with the same words.
 */
#include "mod.h"

char LICENSE[] SEC("license") = "GPL";

extern struct task_struct *bpf_task_acquire_not_zero(struct task_struct *p) __ksym;
extern int mod_never_was(int x) __ksym;
extern struct task_struct *bpf_task_acquire___one(struct task_struct *task) __ksym __weak;
extern void bpf_task_acquire___other(void *ctx, int more) __ksym __weak;

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

/* Scenario 12 */
SEC("syscall")
__expect_reject(EINVAL, KF0700)
int never_was(void *ctx)
{
	return mod_never_was(1);
}

/* Kfunc scenario 13: what follows three underscores is no part of the name... */
SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(flavour, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *t = bpf_task_acquire___one(task);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* ...and a flavour with another prototype is another function, which does not exist. */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0700)
int BPF_PROG(flavour_incompatible, struct task_struct *task, u64 clone_flags)
{
	bpf_task_acquire___other(task, 1);
	return 0;
}

/* Scenarios 12, 13 */
SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(flavour_incompatible_guarded, struct task_struct *task, u64 clone_flags)
{
	if (bpf_ksym_exists(bpf_task_acquire___other))
		bpf_task_acquire___other(task, 1);
	return 0;
}
