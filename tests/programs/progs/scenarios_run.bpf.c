// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Scenarios of the kfunc spec, section 15, run on the live kernel: what an accepted program does, beside
 * what its neighbour is refused for.
 */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* ---- CPU masks ---- */

u64 mask_bytes[128];
u32 half;

/* Scenario 26, 27 */
SEC("syscall") __expect_accept __expect_retval(7)
int mask_filled(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	int r = 0;

	if (!m)
		return -1;
	mask_bytes[0] = 1;
	if (!bpf_cpumask_populate((struct cpumask *)m, mask_bytes, sizeof(mask_bytes)))
		r |= 1;
	if (bpf_cpumask_first((struct cpumask *)m) == 0 && bpf_cpumask_weight((struct cpumask *)m) == 1)
		r |= 2;
	if (bpf_cpumask_populate((struct cpumask *)m, mask_bytes, 1) == -13)
		r |= 4;
	bpf_cpumask_release(m);
	return r;
}

/* Scenario 27 */
SEC("syscall") __expect_reject(EACCES, KF0508)
int mask_is_a_number(void *ctx)
{
	return bpf_cpumask_populate((struct cpumask *)0x123456, mask_bytes, 8);
}

/* Scenario 27 */
SEC("syscall") __expect_reject(EACCES, KF0508)
int bytes_are_a_number(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	int r;

	if (!m)
		return 0;
	r = bpf_cpumask_populate((struct cpumask *)m, (void *)0x123456, 8);
	bpf_cpumask_release(m);
	return r;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} halves SEC(".maps");

/* Scenario 27 */
SEC("syscall") __expect_reject(EACCES, KF0306)
int bytes_are_too_few(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	u32 key = 0, *v;
	int r = 0;

	if (!m)
		return 0;
	v = bpf_map_lookup_elem(&halves, &key);
	if (v)
		r = bpf_cpumask_populate((struct cpumask *)m, v, 8);
	bpf_cpumask_release(m);
	return r;
}

/* Scenario 38 */
SEC("syscall") __expect_accept __expect_retval(1)
int mask_once(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	int r;

	if (!m)
		return -1;
	bpf_cpumask_set_cpu(0, m);
	r = bpf_cpumask_test_cpu(0, (struct cpumask *)m);
	bpf_cpumask_release(m);
	return r;
}

private(MASK) static struct bpf_cpumask __kptr *kept_mask;

/* Scenario 50, 67: stored, and read in a section */
SEC("syscall") __expect_accept __expect_retval(3)
int mask_kept(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	int r = 0;

	if (!m)
		return -1;
	bpf_cpumask_set_cpu(0, m);
	m = bpf_kptr_xchg(&kept_mask, m);
	if (m)
		bpf_cpumask_release(m);
	else
		r |= 1;
	bpf_rcu_read_lock();
	m = kept_mask;
	if (m && bpf_cpumask_test_cpu(0, (struct cpumask *)m))
		r |= 2;
	bpf_rcu_read_unlock();
	m = bpf_kptr_xchg(&kept_mask, NULL);
	if (m)
		bpf_cpumask_release(m);
	return r;
}

/* Scenario 50: but not beyond it */
SEC("syscall") __expect_reject(EINVAL, KF0502)
int mask_beyond_its_section(void *ctx)
{
	struct bpf_cpumask *m;

	bpf_rcu_read_lock();
	m = kept_mask;
	bpf_rcu_read_unlock();
	return m ? bpf_cpumask_test_cpu(0, (struct cpumask *)m) : 0;
}

/* Scenario 51 */
SEC("syscall") __expect_reject(EACCES, KF0503)
int mask_unchecked(void *ctx)
{
	int r;

	bpf_rcu_read_lock();
	r = bpf_cpumask_test_cpu(0, (struct cpumask *)kept_mask);
	bpf_rcu_read_unlock();
	return r;
}

/* ---- tasks ---- */

/* Scenario 17, 18 */
SEC("syscall") __expect_accept __expect_retval(1)
int task_twice(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t = bpf_task_acquire(me);
	int r;

	if (!t)
		return -1;
	r = t == me;
	bpf_task_release(t);
	return r;
}

/* Scenario 23, 24 */
SEC("syscall") __expect_accept __expect_retval(3)
int masks_of_a_task(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	u32 first;
	int r = 0;

	bpf_rcu_read_lock();
	first = bpf_cpumask_first(me->cpus_ptr);
	if (bpf_cpumask_test_cpu(first, me->cpus_ptr))
		r |= 1;
	bpf_rcu_read_unlock();
	if (bpf_cpumask_first(&me->cpus_mask) == first)
		r |= 2;
	return r;
}

/* Scenario 39 */
SEC("syscall") __expect_accept __expect_retval(1)
int task_found(void *ctx)
{
	int pid = bpf_get_current_pid_tgid(), r;
	struct task_struct *t = bpf_task_from_pid(pid);

	if (!t)
		return -1;
	r = t->pid == pid;
	bpf_task_release(t);
	return r;
}

/* Scenario 46 */
SEC("syscall") __expect_accept __expect_retval(1)
int group_above(void *ctx)
{
	struct cgroup *c = bpf_cgroup_from_id(bpf_get_current_cgroup_id()), *up;
	int r;

	if (!c)
		return -1;
	up = bpf_cgroup_ancestor(c, c->level - 1);
	r = c->level ? up && up->level == c->level - 1 : !up;
	if (up)
		bpf_cgroup_release(up);
	bpf_cgroup_release(c);
	return r;
}

/* Scenario 46 */
SEC("syscall") __expect_reject(EINVAL, KF0412)
int group_above_kept(void *ctx)
{
	struct cgroup *c = bpf_cgroup_from_id(1), *up;
	int r;

	if (!c)
		return -1;
	up = bpf_cgroup_ancestor(c, 0);
	r = up ? up->level : 0;
	bpf_cgroup_release(c);
	return r;
}

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, long);
} of_tasks SEC(".maps");

/* Scenario 47, 56: the parent's leader is somebody to keep something for */
SEC("syscall") __expect_accept __expect_retval(7)
int kept_for_the_parent(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *p;
	long *v;
	int r = 0;

	bpf_rcu_read_lock();
	p = me->real_parent;
	if (p) {
		v = bpf_task_storage_get(&of_tasks, p->group_leader, NULL, 1);
		if (v)
			*v = 7;
		v = bpf_task_storage_get(&of_tasks, p->group_leader, NULL, 0);
		if (v)
			r = *v;
	}
	bpf_rcu_read_unlock();
	return r;
}

/* Scenario 48 */
SEC("syscall") __expect_reject(EACCES, KF0535)
int kept_for_somebody(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	long *v;

	v = bpf_task_storage_get(&of_tasks, me->real_parent, NULL, 1);
	return v ? *v : 0;
}

/* ---- references ---- */

/* Scenario 43 */
SEC("tc") __expect_accept __expect_retval(14)
int packet_byte_after_release(struct __sk_buff *skb)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int r;

	if (t)
		bpf_task_release(t);
	asm volatile("r6 = %[skb];"
		     "r0 = *(u8 *)skb[14];"
		     "%[r] = r0;"
		     : [r] "=r"(r)
		     : [skb] "r"(skb)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	return r;
}

/* ---- arrays of slots ---- */

struct several {
	struct task_struct __kptr *task[4];
	struct task_struct __kptr_untrusted *seen[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct several);
} several SEC(".maps");

/* Scenario 67, 69, 74: each element is a slot of its own */
SEC("syscall") __expect_accept __expect_retval(15)
int each_element(void *ctx)
{
	int pid = bpf_get_current_pid_tgid(), r = 0;
	struct task_struct *t;
	struct several *s;
	u32 key = 0;

	s = bpf_map_lookup_elem(&several, &key);
	if (!s)
		return -1;
	t = bpf_kptr_xchg(&s->task[3], NULL);
	if (t)
		bpf_task_release(t);
	else
		r |= 1;
	t = bpf_task_from_pid(pid);
	if (!t)
		return -2;
	s->seen[1] = t;
	t = bpf_kptr_xchg(&s->task[3], t);
	if (t)
		bpf_task_release(t);
	t = bpf_kptr_xchg(&s->task[2], NULL);
	if (t)
		bpf_task_release(t);
	else
		r |= 2;
	t = s->seen[1];
	if (t && t->pid == pid)
		r |= 4;
	t = bpf_kptr_xchg(&s->task[3], NULL);
	if (t) {
		if (t->pid == pid)
			r |= 8;
		bpf_task_release(t);
	}
	return r;
}

/* ---- lists and trees ---- */

struct item {
	long key;
	struct bpf_list_node link;
};

private(LIST) struct bpf_spin_lock list_lock;
private(LIST) struct bpf_list_head list __contains(item, link);

/* Scenario 64, 79: what was pushed may be read until the lock is let go */
SEC("tc") __expect_accept __expect_retval(5)
int read_after_push(struct __sk_buff *skb)
{
	struct item *i = new(struct item);
	struct bpf_list_node *n;
	int r;

	if (!i)
		return -1;
	i->key = 5;
	bpf_spin_lock(&list_lock);
	push_front(&list, &i->link);
	r = i->key;
	n = bpf_list_pop_front(&list);
	bpf_spin_unlock(&list_lock);
	if (n)
		drop(container_of(n, struct item, link));
	return r;
}

/* Scenario 79: and not afterwards */
SEC("tc") __expect_reject(EACCES, KF0302) __expect_says("a call has made invalid")
int read_after_unlock(struct __sk_buff *skb)
{
	struct item *i = new(struct item);

	if (!i)
		return -1;
	i->key = 5;
	bpf_spin_lock(&list_lock);
	push_front(&list, &i->link);
	bpf_spin_unlock(&list_lock);
	return i->key;
}

/* ---- loops ---- */

/* Scenario 86 */
SEC("tc") __expect_accept __expect_retval(100)
int one_place(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int n = 0;

	bpf_iter_num_new(&it, 0, 100);
	while (bpf_iter_num_next(&it))
		n++;
	bpf_iter_num_destroy(&it);
	return n;
}
