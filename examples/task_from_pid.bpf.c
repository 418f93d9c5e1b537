/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From a number to a task: the new task and its parent are looked up by their ids. The object found is
 * the very one that the event brought, so even the addresses agree.
 *
 *	kfunc run examples/task_from_pid.bpf.c -- /bin/sh -c 'true; (true)'
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/task_newtask")
int BPF_PROG(look_up, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *same, *parent;

	same = bpf_task_from_pid(task->pid);
	if (!same) {
		bpf_printk("%d: not found", task->pid);
		return 0;
	}
	parent = bpf_task_from_pid(same->real_parent->tgid);
	if (parent) {
		bpf_printk("%d: found%s, child of %d (%s)", same->pid,
			   same == task ? " the same object" : "", parent->pid, parent->comm);
		bpf_task_release(parent);
	}
	bpf_task_release(same);

	/* there is no such task, and asking is no mistake */
	same = bpf_task_from_pid(-1);
	if (same) {
		bpf_printk("-1: found %s", same->comm);
		bpf_task_release(same);
	}
	return 0;
}
