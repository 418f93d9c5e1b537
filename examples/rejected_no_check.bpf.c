/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Rejected: the result of a lookup is used as if it were never NULL.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/task_newtask")
int BPF_PROG(trusts_too_much, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	bpf_printk("%d", found->tgid); /* here */
	bpf_task_release(found);
	return 0;
}
