/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A task in a global variable. The first program keeps the task that was created last, the second one
 * reads the variable in an RCU section, without taking a reference: what was stored stays in memory
 * until the section ends. The __kptr tag is what makes the variable more than eight bytes.
 *
 *	kfunc run examples/task_global.bpf.c -- /bin/sh -c 'true | true; (true)'
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))

char _license[] SEC("license") = "Dual BSD/GPL";

private(LATEST) static struct task_struct __kptr *latest;

/* attached first, so it sees the task of the event before */
SEC("tp_btf/task_newtask")
int BPF_PROG(read_latest, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *before;

	bpf_rcu_read_lock();
	before = latest;
	if (before)
		bpf_printk("%d comes after %d, which is called %s", task->pid, before->pid, before->comm);
	else
		bpf_printk("%d is the first", task->pid);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(keep_latest, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *mine, *old;

	mine = bpf_task_acquire(task);
	if (!mine)
		return 0;
	/* the variable takes our reference over and hands us the one it had */
	old = bpf_kptr_xchg(&latest, mine);
	if (old)
		bpf_task_release(old);
	return 0;
}
