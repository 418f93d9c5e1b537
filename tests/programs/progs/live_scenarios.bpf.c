// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Scenarios of the kfunc spec on the live kernel, accepted ones run: program types (15), lookups that
 * find nothing (40), regions (52-56, 61, 62), kptrs (67, 69-71), objects and graphs under locks (64,
 * 65, 77-80, 82), iterators (85), dynptrs (89, 90), casts (99, 100).
 */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

static int hold_and_release(void)
{
	struct task_struct *t = bpf_task_from_pid(1), *more;
	int r = 0;

	if (!t)
		return 0;
	more = bpf_task_acquire(t);
	if (more) {
		r = more->pid;
		bpf_task_release(more);
	}
	bpf_task_release(t);
	return r;
}

/* Scenario 15 */
SEC("syscall") __expect_accept __expect_retval(1)
int from_syscall(void *ctx)
{
	return hold_and_release();
}

/* Scenario 15: in 6.18 not yet */
SEC("raw_tp/task_newtask") __expect_reject(EACCES, KF0701)
int from_raw_tp(void *ctx)
{
	return hold_and_release();
}

/* Scenario 15 */
SEC("tracepoint/sched/sched_process_fork") __expect_accept
int from_tracepoint(void *ctx)
{
	return hold_and_release();
}

/* Scenario 15 */
SEC("perf_event") __expect_accept
int from_perf_event(void *ctx)
{
	return hold_and_release();
}

/* Scenarios 7, 15: no hook of its own for kprobes */
SEC("kprobe/any") __expect_reject(EACCES, KF0701)
int from_kprobe(void *ctx)
{
	return hold_and_release();
}

/* Scenario 40 */
SEC("syscall") __expect_accept __expect_retval(0)
int nobody(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(-1);
	struct cgroup *c = bpf_cgroup_from_id(~0ull);
	int r = 0;

	if (t) {
		r |= 1;
		bpf_task_release(t);
	}
	if (c) {
		r |= 2;
		bpf_cgroup_release(c);
	}
	t = bpf_task_from_vpid(0x7fffffff);
	if (t) {
		r |= 4;
		bpf_task_release(t);
	}
	return r;
}

/* Scenario 46: a level that there is not */
SEC("syscall") __expect_accept __expect_retval(3)
int ancestors(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1), *c;
	int r = 0;

	if (!root)
		return 100;
	c = bpf_cgroup_ancestor(root, 0);
	if (c) {
		r |= c == root;
		bpf_cgroup_release(c);
	}
	c = bpf_cgroup_ancestor(root, 1);
	if (c)
		bpf_cgroup_release(c);
	else
		r |= 2;
	c = bpf_cgroup_ancestor(root, -1);
	if (c) {
		r |= 4;
		bpf_cgroup_release(c);
	}
	bpf_cgroup_release(root);
	return r;
}

/* ---- regions ---- */

/* Scenario 56 */
SEC("syscall") __expect_accept __expect_retval(1)
int walk_twice(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *leader;
	int r;

	bpf_rcu_read_lock();
	leader = me->real_parent->group_leader;
	r = leader->pid == leader->tgid;
	bpf_rcu_read_unlock();
	return r;
}

static void lock_it(void)
{
	bpf_rcu_read_lock();
}

/* Scenario 55 */
SEC("syscall") __expect_accept __expect_retval(1)
int locked_elsewhere(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	int r;

	lock_it();
	r = me->real_parent->pid >= 0;
	bpf_rcu_read_unlock();
	return r;
}

/* Scenario 61 */
SEC("tc") __expect_accept __expect_retval(5)
int preemption_nests(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_preempt_enable();
	return 5;
}

/* Scenario 62 */
SEC("tc") __expect_accept __expect_retval(6)
int interrupts_in_order(struct __sk_buff *skb)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&b);
	bpf_local_irq_restore(&a);
	return 6;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EACCES, KF0610)
int interrupts_out_of_order(struct __sk_buff *skb)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&a);
	bpf_local_irq_restore(&b);
	return 6;
}

/* ---- kptrs ---- */

struct kept {
	struct task_struct __kptr *task;
	struct task_struct __kptr_untrusted *seen;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct kept);
} kept SEC(".maps");

static struct kept *slot(void)
{
	u32 key = 0;

	return bpf_map_lookup_elem(&kept, &key);
}

/* Scenarios 67, 71: put in, read under RCU, taken out: the same task throughout */
SEC("syscall") __expect_accept __expect_retval(7)
int kept_task(void *ctx)
{
	int pid = bpf_get_current_pid_tgid(), r = 0;
	struct task_struct *t, *more;
	struct kept *k = slot();

	if (!k)
		return 0;
	t = bpf_task_from_pid(pid);
	if (!t)
		return 0;
	t = bpf_kptr_xchg(&k->task, t);
	if (t)
		bpf_task_release(t);
	else
		r |= 1; /* it was empty */
	bpf_rcu_read_lock();
	t = k->task;
	if (t) {
		more = bpf_task_acquire(t);
		if (more) {
			if (more->pid == pid)
				r |= 2;
			bpf_task_release(more);
		}
	}
	bpf_rcu_read_unlock();
	t = bpf_kptr_xchg(&k->task, NULL);
	if (t) {
		if (t->pid == pid)
			r |= 4;
		bpf_task_release(t);
	}
	return r;
}

/* Scenario 69 */
SEC("syscall") __expect_accept __expect_retval(1)
int seen_task(void *ctx)
{
	struct task_struct *t;
	struct kept *k = slot();

	if (!k)
		return 0;
	k->seen = bpf_get_current_task_btf();
	t = k->seen;
	return t && t->pid == (int)bpf_get_current_pid_tgid();
}

/* Scenario 71 */
SEC("syscall") __expect_reject(EINVAL, KF0501)
int kept_task_released(void *ctx)
{
	struct kept *k = slot();
	struct task_struct *t;

	if (!k)
		return 0;
	bpf_rcu_read_lock();
	t = k->task;
	if (t)
		bpf_task_release(t);
	bpf_rcu_read_unlock();
	return 0;
}

/* ---- casts ---- */

/* Scenario 99: read through the cast, and from an address that is none */
SEC("syscall") __expect_accept __expect_retval(1)
int cast_and_read(void *ctx)
{
	u32 id = bpf_core_type_id_kernel(struct task_struct);
	struct task_struct *t = bpf_rdonly_cast(bpf_get_current_task_btf(), id);
	struct task_struct *none = bpf_rdonly_cast((void *)64, id);

	return (t->pid == (int)bpf_get_current_pid_tgid()) + 2 * !!none->pid;
}

/* Scenario 100 */
SEC("tc") __expect_accept __expect_retval(64)
int cast_context(struct __sk_buff *skb)
{
	struct sk_buff *k = bpf_cast_to_kern_ctx(skb);
	struct net_device *dev = k->dev;

	if (dev->ifindex != skb->ifindex || k->data != (void *)(long)skb->data)
		return -1;
	return k->len;
}

SEC("xdp") __expect_accept __expect_retval(64)
int cast_frame(struct xdp_md *xdp)
{
	struct xdp_buff *k = bpf_cast_to_kern_ctx(xdp);

	return k->data_end - k->data;
}

/* ---- dynptrs ---- */

/* Scenario 90 */
SEC("tc") __expect_accept __expect_retval(3)
int packet_slice(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;
	u8 buf[4], *p;
	int r = 0;

	if (bpf_dynptr_from_skb((void *)skb, 0, &ptr))
		return -1;
	p = bpf_dynptr_slice(&ptr, 20, buf, sizeof(buf));
	if (p && p[0] == 20 && p[3] == 23)
		r |= 1;
	p = bpf_dynptr_slice_rdwr(&ptr, 20, buf, sizeof(buf));
	if (p) {
		p[0] = 99;
		if (p == buf)
			bpf_dynptr_write(&ptr, 20, buf, sizeof(buf), 0);
	}
	bpf_dynptr_from_skb((void *)skb, 0, &ptr);
	p = bpf_dynptr_slice(&ptr, 20, buf, sizeof(buf));
	if (p && p[0] == 99)
		r |= 2;
	return r;
}
