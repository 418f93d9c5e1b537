/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Holding on to a task: every new process or thread is acquired, described, and released again.
 *
 *	kfunc run examples/task_acquire.bpf.c -- /bin/sh -c 'ls | wc -l'
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define CLONE_THREAD 0x00010000

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/task_newtask")
int BPF_PROG(hold_new_task, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	/* nobody promises that the object was still alive when we asked */
	if (!held)
		return 0;
	bpf_printk("%s %d was started by %s", clone_flags & CLONE_THREAD ? "thread" : "process",
		   held->pid, held->real_parent->comm);
	bpf_task_release(held);
	return 0;
}
