/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/task_global.bpf.c, done wrong in every obvious way, and once right
   (kfunc spec). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))

private(TASK) static struct task_struct __kptr *kept;
private(PLAIN) static struct task_struct *plain; /* no tag: eight bytes of data */

/* Scenario 73 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(right, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *mine = bpf_task_acquire(task), *old;

	if (!mine)
		return 0;
	old = bpf_kptr_xchg(&kept, mine);
	if (old)
		bpf_task_release(old);
	bpf_rcu_read_lock();
	old = kept;
	if (old)
		bpf_printk("%s", old->comm);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *old = bpf_kptr_xchg(&kept, NULL);

	if (old)
		bpf_printk("%d", old->pid);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0404)
int BPF_PROG(double_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *mine = bpf_task_acquire(task), *old;

	if (!mine)
		return 0;
	old = bpf_kptr_xchg(&kept, mine);
	if (old)
		bpf_task_release(old);
	bpf_task_release(mine); /* it belongs to the variable now */
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0403)
int BPF_PROG(use_after_release, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *old = bpf_kptr_xchg(&kept, NULL);

	if (!old)
		return 0;
	bpf_task_release(old);
	bpf_printk("%d", old->pid);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int BPF_PROG(use_after_unlock, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *seen, *held;

	bpf_rcu_read_lock();
	seen = kept;
	bpf_rcu_read_unlock();
	if (!seen)
		return 0;
	held = bpf_task_acquire(seen);
	if (held)
		bpf_task_release(held);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0303)
int BPF_PROG(missing_null_check, struct task_struct *task, u64 clone_flags)
{
	bpf_rcu_read_lock();
	bpf_printk("%d", kept->pid);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 73 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0302)
int BPF_PROG(missing_tag, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *seen;

	bpf_rcu_read_lock();
	seen = plain;
	if (seen)
		bpf_printk("%d", seen->pid);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF1001)
int BPF_PROG(plain_store, struct task_struct *task, u64 clone_flags)
{
	*(struct task_struct *volatile *)&kept = task;
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF1002)
int BPF_PROG(wrong_type, struct cgroup *cgrp, const char *path)
{
	struct cgroup *mine = bpf_cgroup_acquire(cgrp);
	struct task_struct *old;

	if (!mine)
		return 0;
	old = bpf_kptr_xchg(&kept, (struct task_struct *)mine);
	if (old)
		bpf_task_release(old);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0400)
int BPF_PROG(store_of_unowned, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *old = bpf_kptr_xchg(&kept, task);

	if (old)
		bpf_task_release(old);
	return 0;
}

/* what was read under RCU is not owned */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int BPF_PROG(release_of_read, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *seen;

	bpf_rcu_read_lock();
	seen = kept;
	if (seen)
		bpf_task_release(seen);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int BPF_PROG(walked_pointer, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *seen;
	int err = 0;

	bpf_rcu_read_lock();
	seen = kept;
	if (seen)
		err = bpf_send_signal_task(seen->real_parent, 0, 0, 0);
	bpf_rcu_read_unlock();
	return err;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0603)
int BPF_PROG(open_section, struct task_struct *task, u64 clone_flags)
{
	bpf_rcu_read_lock();
	if (!kept)
		return 0;
	bpf_rcu_read_unlock();
	return 0;
}

SEC("fentry.s/bpf_fentry_test1") __expect_reject(EACCES, KF0601)
int BPF_PROG(sleeps_in_section, int a)
{
	struct task_struct *seen;
	char word[8];

	bpf_rcu_read_lock();
	seen = kept;
	if (seen)
		bpf_copy_from_user_task_str(word, sizeof(word), NULL, seen, 0);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0600)
int BPF_PROG(non_sleepable_caller, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *old = bpf_kptr_xchg(&kept, NULL);
	char word[8];

	if (!old)
		return 0;
	bpf_copy_from_user_task_str(word, sizeof(word), NULL, old, 0);
	bpf_task_release(old);
	return 0;
}

SEC("raw_tp/task_newtask") __expect_reject(EACCES, KF0701)
int wrong_program_type(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *old = bpf_kptr_xchg(&kept, NULL);

	if (old)
		bpf_task_release(old);
	return 0;
}
