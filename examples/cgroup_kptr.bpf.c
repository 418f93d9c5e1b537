/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Control groups in a map. Each new group is stored under its id; then its parent's entry is read, in
 * the way of Linux 6.3 and in today's. When a group is removed, its entry goes with it.
 *
 *	kfunc run examples/cgroup_kptr.bpf.c --cgroup DIR -- sh -c 'mkdir -p DIR/a/b && rmdir DIR/a/b'
 *
 * bpf_cgroup_kptr_get() is deprecated: loading says so, with what to use instead.
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "Dual BSD/GPL";

struct group_entry {
	struct cgroup __kptr *group;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, s32);
	__type(value, struct group_entry);
} groups SEC(".maps");

static s32 parent_id(const struct cgroup *cgrp)
{
	return cgrp->self.parent ? cgrp->self.parent->id : -1;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(remember, struct cgroup *cgrp, const char *path)
{
	struct group_entry empty = {}, *e;
	struct cgroup *mine, *old;
	s32 id = cgrp->self.id;

	if (bpf_map_update_elem(&groups, &id, &empty, BPF_NOEXIST))
		return 0;
	e = bpf_map_lookup_elem(&groups, &id);
	if (!e)
		return 0;
	mine = bpf_cgroup_acquire(cgrp);
	if (!mine)
		return 0;
	old = bpf_kptr_xchg(&e->group, mine);
	if (old)
		bpf_cgroup_release(old);
	bpf_printk("group %d: stored", id);
	return 0;
}

/* 6.3: the kfunc takes the address of the slot and does everything else itself */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(parent_then, struct cgroup *cgrp, const char *path)
{
	s32 id = parent_id(cgrp);
	struct group_entry *e;
	struct cgroup *parent;

	e = bpf_map_lookup_elem(&groups, &id);
	if (!e)
		return 0;
	parent = bpf_cgroup_kptr_get(&e->group);
	if (!parent)
		return 0;
	bpf_printk("  parent by bpf_cgroup_kptr_get(): %d", parent->self.id);
	bpf_cgroup_release(parent);
	return 0;
}

/* since 6.4: read the slot under RCU, and acquire what is to live longer than the section */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(parent_now, struct cgroup *cgrp, const char *path)
{
	struct cgroup *stored, *parent = NULL;
	s32 id = parent_id(cgrp);
	struct group_entry *e;

	e = bpf_map_lookup_elem(&groups, &id);
	if (!e)
		return 0;
	bpf_rcu_read_lock();
	stored = e->group;
	if (stored)
		parent = bpf_cgroup_acquire(stored);
	bpf_rcu_read_unlock();
	if (!parent)
		return 0;
	bpf_printk("  parent by load and acquire:      %d", parent->self.id);
	bpf_cgroup_release(parent);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(drop, struct cgroup *cgrp, const char *path)
{
	s32 id = cgrp->self.id;
	struct group_entry *e;
	struct cgroup *stored;

	e = bpf_map_lookup_elem(&groups, &id);
	if (!e)
		return 0;
	stored = bpf_kptr_xchg(&e->group, NULL);
	if (stored) {
		bpf_printk("group %d: taken out at level %d", stored->self.id, stored->level);
		bpf_cgroup_release(stored);
	}
	bpf_map_delete_elem(&groups, &id);
	return 0;
}
