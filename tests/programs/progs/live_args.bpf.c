// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Members of the live kernel's objects as arguments (kfunc spec). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* ---- CPU masks of a task ---- */

/* Scenario 23 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(listed_member, struct task_struct *task, u64 clone_flags)
{
	return bpf_cpumask_test_cpu(0, task->cpus_ptr);
}

/* Scenario 23 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int BPF_PROG(unlisted_member, struct task_struct *task, u64 clone_flags)
{
	return bpf_cpumask_test_cpu(0, task->user_cpus_ptr);
}

/* Scenario 24 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(embedded_member, struct task_struct *task, u64 clone_flags)
{
	return bpf_cpumask_first_zero(&task->cpus_mask);
}

/* Scenario 25 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0504)
int BPF_PROG(read_only_mask, struct task_struct *task, u64 clone_flags)
{
	bpf_cpumask_set_cpu(0, (struct bpf_cpumask *)task->cpus_ptr);
	return 0;
}

/* Scenario 25 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int BPF_PROG(acquire_of_member, struct task_struct *task, u64 clone_flags)
{
	struct bpf_cpumask *m = bpf_cpumask_acquire((struct bpf_cpumask *)task->cpus_ptr);

	bpf_cpumask_release(m);
	return 0;
}

/* Scenario 26 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(made_mask, struct task_struct *task, u64 clone_flags)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	int ret;

	if (!m)
		return 0;
	bpf_cpumask_copy(m, task->cpus_ptr);
	ret = bpf_cpumask_weight((struct cpumask *)m);
	bpf_cpumask_release(m);
	return ret;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0335)
int BPF_PROG(short_buffer, struct task_struct *task, u64 clone_flags)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	u32 half = 0;
	int ret;

	if (!m)
		return 0;
	ret = bpf_cpumask_populate((struct cpumask *)m, &half, 2000);
	bpf_cpumask_release(m);
	return ret;
}

/* ---- memory of objects ---- */

/* Scenario 58 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0314)
int BPF_PROG(write_to_task, struct task_struct *task, u64 clone_flags)
{
	task->pid = 1;
	return 0;
}

/* Scenario 58 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(name_compared, struct task_struct *task, u64 clone_flags)
{
	return bpf_strncmp(task->comm, 16, "sh");
}

/* Scenario 58 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0315)
int BPF_PROG(name_overrun, struct task_struct *task, u64 clone_flags)
{
	return bpf_strncmp(task->comm, 17, "sh");
}

/* ---- RCU in programs that may sleep ---- */

/* Scenarios 47, 56 */
SEC("fentry.s/bpf_fentry_test1") __expect_accept
int BPF_PROG(walk_in_section, int a)
{
	struct task_struct *me = bpf_get_current_task_btf(), *up;
	int pid;

	bpf_rcu_read_lock();
	up = bpf_task_acquire(me->real_parent->group_leader);
	bpf_rcu_read_unlock();
	if (!up)
		return 0;
	pid = up->pid;
	bpf_task_release(up);
	return pid > 0 ? 0 : 0;
}

/* Scenario 48 */
SEC("fentry.s/bpf_fentry_test1") __expect_reject(EINVAL, KF0502)
int BPF_PROG(walk_without_section, int a)
{
	struct task_struct *me = bpf_get_current_task_btf(), *up;

	up = bpf_task_acquire(me->real_parent);
	if (up)
		bpf_task_release(up);
	return 0;
}

/* Scenario 52 */
SEC("fentry.s/bpf_fentry_test1") __expect_reject(EINVAL, KF0605)
int BPF_PROG(nested_sections, int a)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 52 */
SEC("fentry.s/bpf_fentry_test1") __expect_reject(EINVAL, KF0604)
int BPF_PROG(unlock_alone, int a)
{
	bpf_rcu_read_unlock();
	return 0;
}

/* ---- names of the older documents ---- */

struct old_value {
	struct cgroup __kptr_ref *group;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct old_value);
} old_names SEC(".maps");

/* Scenario 72 */
SEC("tp_btf/cgroup_mkdir") __expect_accept
int BPF_PROG(old_tag, struct cgroup *cgrp, const char *path)
{
	s32 id = cgrp->self.id;
	struct old_value *v = bpf_map_lookup_elem(&old_names, &id);
	struct cgroup *c;

	if (!v)
		return 0;
	c = bpf_cgroup_kptr_get(&v->group);
	if (c)
		bpf_cgroup_release(c);
	return 0;
}
