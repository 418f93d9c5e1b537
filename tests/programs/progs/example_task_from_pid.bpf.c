/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/task_from_pid.bpf.c, done wrong in every obvious way, and once right
   (kfunc spec). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* Scenario 39 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(right, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	if (!found)
		return 0;
	if (found->pid != task->pid)
		bpf_printk("%d", found->pid);
	bpf_task_release(found);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	if (!found)
		return 0;
	if (found->pid != task->pid)
		return 0;
	bpf_task_release(found);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0404)
int BPF_PROG(double_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	if (!found)
		return 0;
	bpf_task_release(found);
	bpf_task_release(found);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0403)
int BPF_PROG(use_after_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	if (!found)
		return 0;
	bpf_task_release(found);
	bpf_printk("%d", found->pid);
	return 0;
}

/* Scenario 39 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0303)
int BPF_PROG(missing_null_check, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	bpf_printk("%d", found->pid);
	bpf_task_release(found);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0504)
int BPF_PROG(wrong_type, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);

	if (found)
		bpf_cgroup_release((struct cgroup *)found);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0505)
int BPF_PROG(pointer_for_number, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = ((struct task_struct * (*)(void *)) bpf_task_from_pid)(task);

	if (found)
		bpf_task_release(found);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int BPF_PROG(walked_pointer, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);
	int err;

	if (!found)
		return 0;
	err = bpf_send_signal_task(found->group_leader, 0, 0, 0);
	bpf_task_release(found);
	return err;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0600)
int BPF_PROG(non_sleepable_caller, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *found = bpf_task_from_pid(task->pid);
	char word[8];

	if (!found)
		return 0;
	bpf_copy_from_user_task_str(word, sizeof(word), NULL, found, 0);
	bpf_task_release(found);
	return 0;
}

SEC("fentry.s/bpf_fentry_test1") __expect_accept
int BPF_PROG(sleepable_caller, int a)
{
	struct task_struct *found = bpf_task_from_pid(a);
	char word[8];

	if (!found)
		return 0;
	bpf_copy_from_user_task_str(word, sizeof(word), NULL, found, 0);
	bpf_task_release(found);
	return 0;
}

SEC("raw_tp/task_newtask") __expect_reject(EACCES, KF0701)
int wrong_program_type(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *found = bpf_task_from_pid(1);

	if (found)
		bpf_task_release(found);
	return 0;
}
