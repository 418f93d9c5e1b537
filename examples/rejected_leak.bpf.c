/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Rejected: on one path the program ends while it still owns a task.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "Dual BSD/GPL";

int ignored_pid;

SEC("tp_btf/task_newtask")
int BPF_PROG(forgets_to_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	if (!held)
		return 0;
	if (held->tgid == ignored_pid)
		return 0; /* here */
	bpf_printk("%s", held->comm);
	bpf_task_release(held);
	return 0;
}
