// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Every kfunc of the core lists (kfunc spec 12.1-12.3): what it does on known objects, and for each one
 * a call that breaks its contract. Results of runs count what was right.
 */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct slots {
	struct task_struct __kptr *task;
	struct cgroup __kptr *group;
	struct bpf_cpumask __kptr *mask;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct slots);
} slots SEC(".maps");

static struct slots *the_slots(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&slots, &zero);
}

/* ---- tasks ---- */

/* A reference that was given back may be kept for the next acquire, until the program ends: the count
 * never falls below what it was, and kfuncs/test_counts.c sees it return. */
SEC("syscall") __expect_accept __expect_retval(6)
int task_references(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t, *same;
	int before = me->rcu_users.refs.counter, right = 0;

	t = bpf_task_acquire(me);
	if (!t)
		return -1;
	right += t == me && me->rcu_users.refs.counter == before + 1;
	same = bpf_task_from_pid(me->pid);
	if (same) {
		right += same == me && me->rcu_users.refs.counter == before + 2;
		bpf_task_release(same);
	}
	same = bpf_task_from_vpid(me->pid);
	if (same) {
		right += same == me && me->rcu_users.refs.counter >= before + 2;
		bpf_task_release(same);
	}
	right += me->rcu_users.refs.counter >= before + 1;
	bpf_task_release(t);
	right += me->rcu_users.refs.counter >= before;
	t = bpf_task_from_pid(1);
	if (t) {
		right += t->pid == 1 && t->tgid == 1;
		bpf_task_release(t);
	}
	return right;
}

/* of the older documents: a reference on what a map holds, the map keeps its own */
SEC("syscall") __expect_accept __expect_warning("bpf_task_kptr_get() is deprecated: ")
__expect_retval(7)
int task_kptr_get(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t;
	struct slots *s = the_slots();
	int before, right = 0;

	if (!s)
		return -1;
	t = bpf_task_kptr_get(&s->task);
	if (t) {
		bpf_task_release(t);
		return -2;
	}
	right++;
	t = bpf_task_acquire(me);
	if (!t)
		return -3;
	t = bpf_kptr_xchg(&s->task, t);
	if (t) {
		bpf_task_release(t);
		return -4;
	}
	before = me->rcu_users.refs.counter;
	t = bpf_task_kptr_get(&s->task);
	if (!t)
		return -5;
	right += (t == me && me->rcu_users.refs.counter == before + 1) * 2;
	bpf_task_release(t);
	t = bpf_kptr_xchg(&s->task, NULL);
	if (t) {
		right += (t == me) * 4;
		bpf_task_release(t);
	}
	return right;
}

SEC("syscall") __expect_accept __expect_retval(7)
int task_groups(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	struct cgroup *own, *other;
	int right = 0;

	bpf_rcu_read_lock();
	own = bpf_cgroup_acquire(me->cgroups->dfl_cgrp);
	bpf_rcu_read_unlock();
	if (!own)
		return -1;
	right += bpf_task_under_cgroup(me, own);
	other = bpf_cgroup_ancestor(own, 0);
	if (other) {
		right += bpf_task_under_cgroup(me, other) * 2;
		bpf_cgroup_release(other);
	}
	bpf_cgroup_release(own);
	/* the default hierarchy is not of version 1, and there are not so many */
	other = bpf_task_get_cgroup1(me, 0);
	if (other) {
		bpf_cgroup_release(other);
		return -2;
	}
	other = bpf_task_get_cgroup1(me, 0x7fffffff);
	if (other) {
		bpf_cgroup_release(other);
		return -3;
	}
	return right + 4;
}

/* the same pointer, without what the verifier knew about it */
static struct task_struct *as_seen(void *p)
{
	return bpf_rdonly_cast(p, bpf_core_type_id_kernel(struct task_struct));
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int BPF_PROG(task_acquire_untrusted, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *t = bpf_task_acquire(as_seen(task));

	if (t)
		bpf_task_release(t);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0412)
int BPF_PROG(task_acquire_leaked, struct task_struct *task, u64 clone_flags)
{
	return bpf_task_acquire(task) != NULL;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, any)
int BPF_PROG(task_release_borrowed, struct task_struct *task, u64 clone_flags)
{
	bpf_task_release(task);
	return 0;
}

SEC("syscall") __expect_reject(EACCES, KF0503)
int task_from_pid_unchecked(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	bpf_task_release(t);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int task_from_vpid_leaked(void *ctx)
{
	return bpf_task_from_vpid(1) != NULL;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int task_get_cgroup1_leaked(void *ctx)
{
	return bpf_task_get_cgroup1(bpf_get_current_task_btf(), 1) != NULL;
}

SEC("syscall") __expect_reject(EACCES, KF0503)
int task_get_cgroup1_unchecked(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	struct cgroup *c = bpf_task_get_cgroup1(t, 1);

	if (c)
		bpf_cgroup_release(c);
	if (t)
		bpf_task_release(t);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int BPF_PROG(task_under_cgroup_untrusted, struct task_struct *task, u64 clone_flags)
{
	struct cgroup *root = bpf_cgroup_from_id(1);
	int r;

	if (!root)
		return 0;
	r = bpf_task_under_cgroup(as_seen(task), root);
	bpf_cgroup_release(root);
	return r;
}

SEC("syscall") __expect_reject(EINVAL, any)
int task_kptr_get_of_stack(void *ctx)
{
	struct task_struct *here = NULL, *t = bpf_task_kptr_get(&here);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* ---- control groups ---- */

SEC("syscall") __expect_accept __expect_retval(63)
int cgroup_references(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1), *c;
	int before, right = 0;

	if (!root)
		return -1;
	before = root->refcnt.refs.counter;
	right |= root->level == 0 && root->kn->id == 1;
	c = bpf_cgroup_acquire(root);
	if (c) {
		right |= (c == root && root->refcnt.refs.counter == before + 1) * 2;
		bpf_cgroup_release(c);
	}
	c = bpf_cgroup_ancestor(root, 0);
	if (c) {
		right |= (c == root && root->refcnt.refs.counter == before + 1) * 4;
		bpf_cgroup_release(c);
	}
	right |= (root->refcnt.refs.counter == before) * 8;
	c = bpf_cgroup_from_id(1);
	if (c) {
		right |= (c == root) * 16;
		bpf_cgroup_release(c);
	}
	c = bpf_cgroup_ancestor(root, 1);
	if (c)
		bpf_cgroup_release(c);
	else
		right |= 32;
	bpf_cgroup_release(root);
	return right;
}

SEC("syscall") __expect_accept __expect_warning("bpf_cgroup_kptr_get() is deprecated: ")
__expect_retval(3)
int cgroup_kptr_get(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1), *c;
	struct slots *s = the_slots();
	int right = 0;

	if (!root)
		return -1;
	if (!s) {
		bpf_cgroup_release(root);
		return -2;
	}
	c = bpf_kptr_xchg(&s->group, root);
	if (c)
		bpf_cgroup_release(c);
	c = bpf_cgroup_kptr_get(&s->group);
	if (c) {
		right |= c->kn->id == 1;
		bpf_cgroup_release(c);
	}
	c = bpf_kptr_xchg(&s->group, NULL);
	if (c)
		bpf_cgroup_release(c);
	c = bpf_cgroup_kptr_get(&s->group);
	if (c)
		bpf_cgroup_release(c);
	else
		right |= 2;
	return right;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0412)
int BPF_PROG(cgroup_acquire_leaked, struct cgroup *cgrp, const char *path)
{
	return bpf_cgroup_acquire(cgrp) != NULL;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, any)
int BPF_PROG(cgroup_release_borrowed, struct cgroup *cgrp, const char *path)
{
	bpf_cgroup_release(cgrp);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0503)
int BPF_PROG(cgroup_ancestor_unchecked, struct cgroup *cgrp, const char *path)
{
	struct cgroup *up = bpf_cgroup_ancestor(cgrp, 0), *c;

	c = bpf_cgroup_ancestor(up, 0);
	if (c)
		bpf_cgroup_release(c);
	if (up)
		bpf_cgroup_release(up);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int cgroup_from_id_leaked(void *ctx)
{
	return bpf_cgroup_from_id(1) != NULL;
}

SEC("syscall") __expect_reject(EINVAL, any)
int cgroup_kptr_get_of_other_slot(void *ctx)
{
	struct slots *s = the_slots();
	struct cgroup *c;

	if (!s)
		return 0;
	c = bpf_cgroup_kptr_get((struct cgroup **)&s->task);
	if (c)
		bpf_cgroup_release(c);
	return 0;
}

/* ---- CPU masks ---- */

static struct cpumask *plain(struct bpf_cpumask *m)
{
	return (struct cpumask *)m;
}

u64 bits[128] = {0x5555555555555555};

/* filled from memory: one word, of which the machine's CPUs count; CPU 0 alone is even on any machine */
SEC("syscall") __expect_accept __expect_retval(13)
int masks_from_memory(void *ctx)
{
	struct bpf_cpumask *even = bpf_cpumask_create(), *all, *out;
	u32 n, i;
	int right = 0;

	if (!even)
		return -1;
	all = bpf_cpumask_create();
	if (!all) {
		bpf_cpumask_release(even);
		return -2;
	}
	out = bpf_cpumask_create();
	if (!out) {
		bpf_cpumask_release(even);
		bpf_cpumask_release(all);
		return -3;
	}
	bpf_cpumask_setall(all);
	n = bpf_cpumask_weight(plain(all));
	right += bpf_cpumask_populate(plain(even), bits, sizeof(bits)) == 0;
	right += bpf_cpumask_populate(plain(even), bits, 4) == -13; /* too short: unchanged */
	i = n < 64 ? n : 64;
	right += bpf_cpumask_weight(plain(even)) == (i + 1) / 2;
	right += bpf_cpumask_first(plain(even)) == 0;
	right += bpf_cpumask_first_zero(plain(even)) == 1;
	bpf_cpumask_xor(out, plain(all), plain(even)); /* the odd ones */
	right += bpf_cpumask_weight(plain(out)) == n - (i + 1) / 2;
	right += !bpf_cpumask_intersects(plain(out), plain(even));
	right += !bpf_cpumask_and(out, plain(out), plain(even)) && bpf_cpumask_empty(plain(out));
	bpf_cpumask_or(out, plain(out), plain(even));
	right += bpf_cpumask_equal(plain(out), plain(even));
	right += bpf_cpumask_subset(plain(even), plain(all));
	right += bpf_cpumask_subset(plain(all), plain(even)) == (n == 1);
	right += bpf_cpumask_any(plain(even)) % 2 == 0 && bpf_cpumask_any(plain(even)) < n;
	right += bpf_cpumask_any_and(plain(all), plain(even)) % 2 == 0;
	bpf_cpumask_release(even);
	bpf_cpumask_release(all);
	bpf_cpumask_release(out);
	return right;
}

/* the task's own mask is what the machine said: every allowed CPU is one that exists */
SEC("syscall") __expect_accept __expect_retval(4)
int masks_of_tasks(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	struct bpf_cpumask *m = bpf_cpumask_create(), *again;
	int right = 0;

	if (!m)
		return -1;
	bpf_cpumask_copy(m, &me->cpus_mask);
	bpf_rcu_read_lock();
	right += bpf_cpumask_equal(plain(m), me->cpus_ptr);
	right += bpf_cpumask_weight(plain(m)) == me->nr_cpus_allowed;
	right += bpf_cpumask_test_cpu(bpf_cpumask_first(me->cpus_ptr), plain(m));
	bpf_rcu_read_unlock();
	again = bpf_cpumask_acquire(m);
	bpf_cpumask_release(m);
	bpf_cpumask_clear(again); /* still there: it was held twice */
	right += bpf_cpumask_empty(plain(again));
	bpf_cpumask_release(again);
	return right;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int mask_create_leaked(void *ctx)
{
	return bpf_cpumask_create() != NULL;
}

SEC("syscall") __expect_reject(EACCES, KF0503)
int mask_create_unchecked(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();

	bpf_cpumask_set_cpu(0, m);
	if (m)
		bpf_cpumask_release(m);
	return 0;
}

SEC("syscall") __expect_reject(EACCES, any)
int mask_released_twice(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();

	if (!m)
		return 0;
	bpf_cpumask_release(m);
	bpf_cpumask_release(m);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, any)
int mask_acquire_of_stored(void *ctx)
{
	struct bpf_cpumask *m, *more;
	struct slots *s = the_slots();

	if (!s)
		return 0;
	bpf_rcu_read_lock();
	m = s->mask;
	if (m) {
		more = bpf_cpumask_acquire(m); /* takes trusted pointers only */
		bpf_cpumask_release(more);
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* a member that no list makes trustworthy, for the kfuncs that read */
#define READS(name, call)                                                                          \
	SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)                                 \
	int BPF_PROG(untrusted_##name, struct task_struct *task, u64 clone_flags)                  \
	{                                                                                          \
		struct cpumask *mask = task->user_cpus_ptr, *good = (struct cpumask *)task->cpus_ptr; \
                                                                                                   \
		(void)good;                                                                        \
		return call;                                                                       \
	}

READS(first, bpf_cpumask_first(mask))
READS(first_zero, bpf_cpumask_first_zero(mask))
READS(first_and, bpf_cpumask_first_and(good, mask))
READS(test_cpu, bpf_cpumask_test_cpu(0, mask))
READS(equal, bpf_cpumask_equal(good, mask))
READS(intersects, bpf_cpumask_intersects(mask, good))
READS(subset, bpf_cpumask_subset(good, mask))
READS(empty, bpf_cpumask_empty(mask))
READS(full, bpf_cpumask_full(mask))
READS(any_distribute, bpf_cpumask_any_distribute(mask))
READS(any_and_distribute, bpf_cpumask_any_and_distribute(good, mask))
READS(any, bpf_cpumask_any(mask))
READS(any_and, bpf_cpumask_any_and(mask, good))
READS(weight, bpf_cpumask_weight(mask))

/* the kernel's own masks are no bpf_cpumask, for the kfuncs that write */
#define WRITES(name, call)                                                                         \
	SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0504)                                 \
	int BPF_PROG(foreign_##name, struct task_struct *task, u64 clone_flags)                    \
	{                                                                                          \
		struct cpumask *mask = (struct cpumask *)task->cpus_ptr;                           \
		struct bpf_cpumask *foreign = (struct bpf_cpumask *)mask;                          \
                                                                                                   \
		call;                                                                              \
		return 0;                                                                          \
	}

WRITES(set_cpu, bpf_cpumask_set_cpu(0, foreign))
WRITES(clear_cpu, bpf_cpumask_clear_cpu(0, foreign))
WRITES(test_and_set_cpu, bpf_cpumask_test_and_set_cpu(0, foreign))
WRITES(test_and_clear_cpu, bpf_cpumask_test_and_clear_cpu(0, foreign))
WRITES(setall, bpf_cpumask_setall(foreign))
WRITES(clear, bpf_cpumask_clear(foreign))
WRITES(and, bpf_cpumask_and(foreign, mask, mask))
WRITES(or, bpf_cpumask_or(foreign, mask, mask))
WRITES(xor, bpf_cpumask_xor(foreign, mask, mask))
WRITES(copy, bpf_cpumask_copy(foreign, mask))

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, any)
int BPF_PROG(populate_untrusted, struct task_struct *task, u64 clone_flags)
{
	return bpf_cpumask_populate(task->user_cpus_ptr, bits, sizeof(bits));
}

/* ---- for kfuncs/test_cgroup1.c ---- */

struct group_query {
	int pid, hierarchy; /* in */
	int found, level;   /* out */
	u64 id;
	int hierarchy_id;
	char name[64];
};

SEC("syscall") __expect_accept
int find_group1(struct group_query *q)
{
	struct task_struct *t = bpf_task_from_pid(q->pid);
	char name[64];
	struct cgroup *c;

	if (!t)
		return 1;
	c = bpf_task_get_cgroup1(t, q->hierarchy);
	if (c) {
		q->found = 1;
		q->level = c->level;
		q->id = c->kn->id;
		q->hierarchy_id = c->root->hierarchy_id;
		bpf_probe_read_kernel_str(name, sizeof(name), c->kn->name);
		__builtin_memcpy(q->name, name, sizeof(name));
		bpf_cgroup_release(c);
	}
	bpf_task_release(t);
	return 0;
}
