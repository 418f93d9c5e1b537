// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Objects of every kind made, taken, exchanged through a map and given back, for kfuncs/test_counts.c
 * (kfunc spec 8.4, 9; scenarios 17, 38, 46, 67). */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct own {
	u64 n;
	struct task_struct __kptr *task;
};

struct slots {
	struct task_struct __kptr *task;
	struct cgroup __kptr *cgroup;
	struct bpf_cpumask __kptr *mask;
	struct own __kptr *own;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct slots);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct slots);
} hashed SEC(".maps");

static void exchange_task(struct slots *s, int pid)
{
	struct task_struct *t = bpf_task_from_pid(pid), *again;

	if (!t)
		return;
	again = bpf_task_acquire(t);
	if (again)
		bpf_task_release(again);
	t = bpf_kptr_xchg(&s->task, t);
	if (t)
		bpf_task_release(t);
}

static void exchange_cgroup(struct slots *s)
{
	struct cgroup *c = bpf_cgroup_from_id(1), *root;

	if (!c)
		return;
	root = bpf_cgroup_ancestor(c, 0);
	if (root)
		bpf_cgroup_release(root);
	c = bpf_kptr_xchg(&s->cgroup, c);
	if (c)
		bpf_cgroup_release(c);
}

static void exchange_mask(struct slots *s)
{
	struct bpf_cpumask *m = bpf_cpumask_create(), *again;

	if (!m)
		return;
	again = bpf_cpumask_acquire(m);
	bpf_cpumask_release(again);
	m = bpf_kptr_xchg(&s->mask, m);
	if (m)
		bpf_cpumask_release(m);
}

static void exchange_own(struct slots *s, int pid)
{
	struct own *o = new(struct own);
	struct task_struct *t;

	if (!o)
		return;
	t = bpf_task_from_pid(pid);
	if (t) {
		t = bpf_kptr_xchg(&o->task, t);
		if (t)
			bpf_task_release(t);
	}
	o = bpf_kptr_xchg(&s->own, o);
	if (o)
		drop(o);
}

static void read_under_rcu(struct slots *s)
{
	struct task_struct *t, *again;

	bpf_rcu_read_lock();
	t = s->task;
	if (t) {
		again = bpf_task_acquire(t);
		if (again)
			bpf_task_release(again);
	}
	bpf_rcu_read_unlock();
}

SEC("syscall") __expect_accept __expect_retval(0)
int churn(void *ctx)
{
	u32 key = bpf_get_prandom_u32() % 4;
	int pid = bpf_get_current_pid_tgid();
	struct slots *s;

	s = bpf_map_lookup_elem(&slots, &key);
	if (!s)
		return 1;
	exchange_task(s, pid);
	exchange_cgroup(s);
	exchange_mask(s);
	exchange_own(s, pid);
	read_under_rcu(s);
	return 0;
}

/* values that go with what they hold */
SEC("syscall") __expect_accept __expect_retval(0)
int churn_hash(void *ctx)
{
	u32 key = bpf_get_prandom_u32() % 4;
	int pid = bpf_get_current_pid_tgid();
	struct slots zero = {}, *s;

	bpf_map_update_elem(&hashed, &key, &zero, 0);
	s = bpf_map_lookup_elem(&hashed, &key);
	if (s) {
		exchange_task(s, pid);
		exchange_cgroup(s);
		exchange_mask(s);
		exchange_own(s, pid);
	}
	if (bpf_get_prandom_u32() % 2)
		bpf_map_delete_elem(&hashed, &key);
	return 0;
}
