/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/task_acquire.bpf.c, done wrong in every obvious way, and once right
   (kfunc spec). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* Scenario 17 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(right, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	if (!held)
		return 0;
	bpf_printk("%d %s", held->pid, held->comm);
	bpf_task_release(held);
	return 0;
}

/* Scenario 37 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	if (held)
		bpf_printk("%d", held->pid);
	return 0;
}

/* Scenario 37 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak_on_one_path, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	if (held && !(clone_flags & 0x10000))
		bpf_task_release(held);
	return 0;
}

/* Scenario 38 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0404)
int BPF_PROG(double_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	if (!held)
		return 0;
	bpf_task_release(held);
	bpf_task_release(held);
	return 0;
}

/* Scenario 38 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0403)
int BPF_PROG(use_after_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);

	if (!held)
		return 0;
	bpf_task_release(held);
	return held->exit_signal;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0503)
int BPF_PROG(missing_null_check, struct task_struct *task, u64 clone_flags)
{
	bpf_task_release(bpf_task_acquire(task));
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0400)
int BPF_PROG(release_of_unowned, struct task_struct *task, u64 clone_flags)
{
	bpf_task_release(task);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0504)
int BPF_PROG(wrong_type, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire((struct task_struct *)task->cgroups);

	if (held)
		bpf_task_release(held);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0500)
int BPF_PROG(stack_address, struct task_struct *task, u64 clone_flags)
{
	u64 local = clone_flags;
	struct task_struct *held = bpf_task_acquire((struct task_struct *)&local);

	if (held)
		bpf_task_release(held);
	return 0;
}

/* one step is fine: real_parent is in the list of members that RCU protects */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(walked_one_listed_step, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task->real_parent);

	if (held)
		bpf_task_release(held);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int BPF_PROG(walked_pointer, struct task_struct *task, u64 clone_flags)
{
	struct mm_struct *mm = task->mm;
	struct task_struct *held;

	if (!mm)
		return 0;
	held = bpf_task_acquire(mm->owner);
	if (held)
		bpf_task_release(held);
	return 0;
}

/* protected by RCU is not enough where trusted is asked for */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int BPF_PROG(walked_to_trusted, struct task_struct *task, u64 clone_flags)
{
	return bpf_send_signal_task(task->real_parent, 0, 0, 0);
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0600)
int BPF_PROG(non_sleepable_caller, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *held = bpf_task_acquire(task);
	char word[8];

	if (!held)
		return 0;
	bpf_copy_from_user_task_str(word, sizeof(word), NULL, held, 0);
	bpf_task_release(held);
	return 0;
}

SEC("raw_tp/task_newtask") __expect_reject(EACCES, KF0701)
int wrong_program_type(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *held = bpf_task_acquire((struct task_struct *)ctx->args[0]);

	if (held)
		bpf_task_release(held);
	return 0;
}
