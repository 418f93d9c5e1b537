// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Kernel pointers in values and objects (kfunc spec 8.3, 8.4). */
#include "graph.h"

#define __kptr		 __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __percpu_kptr	 __attribute__((btf_type_tag("percpu_kptr")))

struct counter {
	u64 n;
};

struct slots {
	struct task_struct __kptr *task;
	struct task_struct __kptr_untrusted *weak;
	struct bpf_cpumask __kptr *mask;
	struct item __kptr *item;
	struct counter __percpu_kptr *counter;
	long plain;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct slots);
} slots SEC(".maps");

private(T) static struct task_struct __kptr *global_task;
struct task_struct *untagged_task;
struct all_types *keep;
struct counter *keep_counter;
long sink;

static __attribute__((always_inline)) struct slots *slot(int key)
{
	return bpf_map_lookup_elem(&slots, &key);
}

/* ---- exchange ---- */

/* Scenario 67 */
SEC("tp_btf/task_newtask") __expect_accept
int exchange_in_and_out(u64 *ctx)
{
	struct slots *v = slot(0);
	struct task_struct *t, *old;

	if (!v)
		return 0;
	t = bpf_task_from_pid(1);
	if (!t)
		return 0;
	old = bpf_kptr_xchg(&v->task, t);
	if (old)
		bpf_task_release(old);
	return 0;
}

/* Scenario 67 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0412)
int exchange_result_leaked(u64 *ctx)
{
	struct slots *v = slot(0);

	if (v)
		bpf_kptr_xchg(&v->task, NULL);
	return 0;
}

/* Scenario 67 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0400)
int exchange_of_unowned(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0], *old;
	struct slots *v = slot(0);

	if (!v)
		return 0;
	old = bpf_kptr_xchg(&v->task, t);
	if (old)
		bpf_task_release(old);
	return 0;
}

/* Scenario 67 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0503)
int exchange_of_maybe_null(u64 *ctx)
{
	struct slots *v = slot(0);
	struct task_struct *old;

	if (!v)
		return 0;
	old = bpf_kptr_xchg(&v->task, bpf_task_from_pid(1));
	if (old)
		bpf_task_release(old);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF1002)
int exchange_of_another_type(u64 *ctx)
{
	struct slots *v = slot(0);
	struct bpf_cpumask *m;
	struct task_struct *old;

	m = bpf_cpumask_create();
	if (!m)
		return 0;
	if (!v) {
		bpf_cpumask_release(m);
		return 0;
	}
	old = bpf_kptr_xchg(&v->task, (void *)m);
	if (old)
		bpf_task_release(old);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF1001)
int exchange_into_plain_member(u64 *ctx)
{
	struct slots *v = slot(0);
	void *old;

	if (!v)
		return 0;
	old = bpf_kptr_xchg(&v->plain, NULL);
	return !old;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF1001)
int exchange_into_untrusted(u64 *ctx)
{
	struct slots *v = slot(0);

	if (v)
		bpf_kptr_xchg(&v->weak, NULL);
	return 0;
}

/* ---- direct access ---- */

/* Scenario 67 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF1001)
int store_to_owning_slot(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	struct slots *v = slot(0);

	if (v)
		v->task = t;
	return 0;
}

/* Scenario 69 */
SEC("tp_btf/task_newtask") __expect_accept
int store_to_untrusted_slot(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	struct slots *v = slot(0);

	if (v)
		v->weak = t;
	return 0;
}

/* Scenario 68 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF1001)
int slot_read_by_halves(u64 *ctx)
{
	struct slots *v = slot(0);

	return v ? *(volatile int *)&v->task : 0;
}

/* Scenario 70 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0303)
int slot_used_unchecked(u64 *ctx)
{
	struct slots *v = slot(0);

	return v ? v->weak->pid : 0;
}

SEC("tp_btf/task_newtask") __expect_accept
int untrusted_slot_read(u64 *ctx)
{
	struct slots *v = slot(0);
	struct task_struct *t;

	if (!v)
		return 0;
	t = v->weak;
	return t ? t->pid : 0;
}

/* ---- RCU ---- */

/* Scenario 71 */
SEC("tp_btf/task_newtask") __expect_accept
int slot_acquired_under_rcu(u64 *ctx)
{
	struct slots *v = slot(0);
	struct task_struct *t, *a;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	t = v->task;
	if (t) {
		a = bpf_task_acquire(t);
		if (a)
			bpf_task_release(a);
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 71 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int slot_released_without_owning(u64 *ctx)
{
	struct slots *v = slot(0);
	struct task_struct *t;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	t = v->task;
	if (t)
		bpf_task_release(t);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 50 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int slot_used_after_rcu_unlock(u64 *ctx)
{
	struct slots *v = slot(0);
	struct bpf_cpumask *m;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	m = v->mask;
	bpf_rcu_read_unlock();
	if (m)
		sink = bpf_cpumask_first((const struct cpumask *)m);
	return 0;
}

/* Scenario 50 */
SEC("tp_btf/task_newtask") __expect_accept
int slot_used_without_explicit_rcu(u64 *ctx)
{
	struct slots *v = slot(0);
	struct bpf_cpumask *m;

	if (!v)
		return 0;
	m = v->mask;
	if (m)
		sink = bpf_cpumask_first((const struct cpumask *)m);
	return 0;
}

/* Scenario 51 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0503)
int slot_passed_unchecked(u64 *ctx)
{
	struct slots *v = slot(0);

	if (!v)
		return 0;
	sink = bpf_cpumask_first((const struct cpumask *)v->mask);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0502)
int slot_in_sleepable_program(void *ctx)
{
	struct slots *v = slot(0);
	struct bpf_cpumask *m;

	if (!v)
		return 0;
	m = v->mask;
	if (m)
		sink = bpf_cpumask_first((const struct cpumask *)m);
	return 0;
}

/* ---- global variables ---- */

/* Scenario 73 */
SEC("tp_btf/task_newtask") __expect_accept
int global_slot(u64 *ctx)
{
	struct task_struct *t, *old;

	t = bpf_task_from_pid(1);
	if (!t)
		return 0;
	old = bpf_kptr_xchg(&global_task, t);
	if (old)
		bpf_task_release(old);
	bpf_rcu_read_lock();
	t = global_task;
	if (t)
		sink = t->pid;
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 73 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0302)
int global_without_tag(u64 *ctx)
{
	struct task_struct *t = untagged_task;

	return t ? t->pid : 0;
}

/* ---- objects of the program ---- */

/* Scenario 77 */
SEC("tc") __expect_accept
int object_stashed(struct __sk_buff *ctx)
{
	struct slots *v = slot(0);
	struct item *i;

	if (!v)
		return 0;
	i = obj_new(struct item);
	if (!i)
		return 0;
	i = bpf_kptr_xchg(&v->item, i);
	if (i)
		obj_drop(i);
	return 0;
}

/* Scenario 77 */
SEC("tc") __expect_reject(EACCES, KF1002)
int object_of_another_type_stashed(struct __sk_buff *ctx)
{
	struct slots *v = slot(0);
	struct leaf *l;
	void *old;

	if (!v)
		return 0;
	l = obj_new(struct leaf);
	if (!l)
		return 0;
	old = bpf_kptr_xchg(&v->item, (void *)l);
	if (old)
		obj_drop(old);
	return 0;
}

/* Scenario 78 */
SEC("tc") __expect_accept
int percpu_object(struct __sk_buff *ctx)
{
	struct slots *v = slot(0);
	struct counter *c;
	void *p;

	if (!v)
		return 0;
	p = percpu_new(struct counter);
	if (!p)
		return 0;
	p = bpf_kptr_xchg(&v->counter, p);
	if (p)
		bpf_percpu_obj_drop_impl(p, NULL);
	bpf_rcu_read_lock();
	p = v->counter;
	if (p) {
		c = bpf_this_cpu_ptr(p);
		c->n++;
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 78 */
SEC("tc") __expect_reject(EACCES, KF1001)
int percpu_object_stored(struct __sk_buff *ctx)
{
	struct slots *v = slot(0);
	void *p;

	if (!v)
		return 0;
	p = percpu_new(struct counter);
	if (!p)
		return 0;
	v->counter = p;
	return 0;
}

/* the pointer that was stored may be freed as soon as no RCU section protects it */
SEC("syscall") __expect_reject(EACCES)
int percpu_object_used_after_its_store(void *ctx)
{
	struct slots *v = slot(0);
	struct counter *c;
	void *p, *old;

	if (!v)
		return 0;
	p = percpu_new(struct counter);
	if (!p)
		return 0;
	old = bpf_kptr_xchg(&v->counter, p);
	if (old)
		bpf_percpu_obj_drop_impl(old, NULL);
	c = bpf_this_cpu_ptr(p);
	c->n++;
	return 0;
}

SEC("syscall") __expect_accept
int percpu_object_used_after_its_store_under_rcu(void *ctx)
{
	struct slots *v = slot(0);
	struct counter *c;
	void *p, *old;

	if (!v)
		return 0;
	p = percpu_new(struct counter);
	if (!p)
		return 0;
	bpf_rcu_read_lock();
	old = bpf_kptr_xchg(&v->counter, p);
	c = bpf_this_cpu_ptr(p);
	c->n++;
	bpf_rcu_read_unlock();
	if (old)
		bpf_percpu_obj_drop_impl(old, NULL);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL)
int percpu_object_dropped_after_its_store(void *ctx)
{
	struct slots *v = slot(0);
	void *p, *old;

	if (!v)
		return 0;
	p = percpu_new(struct counter);
	if (!p)
		return 0;
	bpf_rcu_read_lock();
	old = bpf_kptr_xchg(&v->counter, p);
	bpf_percpu_obj_drop_impl(p, NULL);
	bpf_rcu_read_unlock();
	if (old)
		bpf_percpu_obj_drop_impl(old, NULL);
	return 0;
}

char _license[] SEC("license") = "GPL";
