/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/cgroup_kptr.bpf.c, done wrong in every obvious way, and twice right. */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct entry {
	struct cgroup __kptr *group;
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, s32);
	__type(value, struct entry);
} entries SEC(".maps");

static struct entry *entry_of(const struct cgroup *cgrp)
{
	s32 id = cgrp->self.id;

	return bpf_map_lookup_elem(&entries, &id);
}

/* Kfunc scenario 72 */
SEC("tp_btf/cgroup_mkdir") __expect_accept
int BPF_PROG(right_then, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	if (!stored)
		return 0;
	bpf_printk("%d", stored->self.id);
	bpf_cgroup_release(stored);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_accept
int BPF_PROG(right_now, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored, *held = NULL;

	if (!e)
		return 0;
	bpf_rcu_read_lock();
	stored = e->group;
	if (stored)
		held = bpf_cgroup_acquire(stored);
	bpf_rcu_read_unlock();
	if (held)
		bpf_cgroup_release(held);
	return 0;
}

/* a value may have slots of several types */
SEC("tp_btf/cgroup_mkdir") __expect_accept
int BPF_PROG(right_other_slot, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct task_struct *old;

	if (!e)
		return 0;
	old = bpf_kptr_xchg(&e->task, NULL);
	if (!old)
		return 0;
	bpf_printk("%d", old->pid);
	bpf_task_release(old);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak_then, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	if (stored)
		bpf_printk("%d", stored->self.id);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak_now, struct cgroup *cgrp, const char *path)
{
	struct cgroup *mine = bpf_cgroup_acquire(cgrp), *old;
	struct entry *e = entry_of(cgrp);

	if (!mine)
		return 0;
	if (!e) {
		bpf_cgroup_release(mine);
		return 0;
	}
	old = bpf_kptr_xchg(&e->group, mine);
	if (old)
		bpf_printk("%d", old->self.id);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0404)
int BPF_PROG(double_release, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	if (!stored)
		return 0;
	bpf_cgroup_release(stored);
	bpf_cgroup_release(stored);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0403)
int BPF_PROG(use_after_release, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	if (!stored)
		return 0;
	bpf_cgroup_release(stored);
	bpf_printk("%d", stored->self.id);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0303)
int BPF_PROG(missing_null_check, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	bpf_printk("%d", stored->self.id);
	bpf_cgroup_release(stored);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0503)
int BPF_PROG(missing_null_check_of_value, struct cgroup *cgrp, const char *path)
{
	struct cgroup *old = bpf_kptr_xchg(&entry_of(cgrp)->group, NULL);

	if (old)
		bpf_cgroup_release(old);
	return 0;
}

/* the slot holds tasks */
SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0500)
int BPF_PROG(wrong_type, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get((struct cgroup **)&e->task);
	if (stored)
		bpf_cgroup_release(stored);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0500)
int BPF_PROG(not_a_slot, struct cgroup *cgrp, const char *path)
{
	struct cgroup *local = cgrp, *stored;

	stored = bpf_cgroup_kptr_get(&local);
	if (stored)
		bpf_cgroup_release(stored);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF1001)
int BPF_PROG(plain_store, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);

	if (e)
		*(struct cgroup *volatile *)&e->group = cgrp;
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0502)
int BPF_PROG(walked_pointer, struct cgroup *cgrp, const char *path)
{
	struct cgroup_subsys_state *up = cgrp->self.parent;
	struct entry *e = entry_of(cgrp);
	struct cgroup *mine, *old;

	if (!e || !up)
		return 0;
	mine = bpf_cgroup_acquire(up->cgroup);
	if (!mine)
		return 0;
	old = bpf_kptr_xchg(&e->group, mine);
	if (old)
		bpf_cgroup_release(old);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0600)
int BPF_PROG(non_sleepable_caller, struct cgroup *cgrp, const char *path)
{
	struct entry *e = entry_of(cgrp);
	struct cgroup *stored;
	char name[16];

	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	if (!stored)
		return 0;
	bpf_copy_from_user_str(name, sizeof(name), path, 0);
	bpf_cgroup_release(stored);
	return 0;
}

SEC("raw_tp/cgroup_mkdir") __expect_reject(EACCES, KF0701)
int wrong_program_type(struct bpf_raw_tracepoint_args *ctx)
{
	struct cgroup *stored;
	struct entry *e;
	s32 id = 1;

	e = bpf_map_lookup_elem(&entries, &id);
	if (!e)
		return 0;
	stored = bpf_cgroup_kptr_get(&e->group);
	if (stored)
		bpf_cgroup_release(stored);
	return 0;
}
