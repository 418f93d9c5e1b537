// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Kernel objects and a module's own as arguments: trust, NULL, types, embedded members, ___init
 * (kfunc spec 3.4-3.7).
 */
#include "mod.h"

/* a pointer that was protected by RCU once */
static __always_inline struct task_struct *untrusted(struct task_struct *task)
{
	struct task_struct *leader;

	bpf_rcu_read_lock();
	leader = task->group_leader;
	bpf_rcu_read_unlock();
	return leader;
}

/* Scenario 17 */
SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(trusted, struct task_struct *task, u64 clone_flags)
{
	return mod_task(task);
}

/* Scenario 22 */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0501)
int BPF_PROG(trusted_walked, struct task_struct *task, u64 clone_flags)
{
	return mod_task(untrusted(task));
}

/* Scenario 19 */
SEC("tp_btf/task_newtask")
__expect_reject(EACCES, KF0503)
int BPF_PROG(trusted_null, struct task_struct *task, u64 clone_flags)
{
	return mod_task(NULL);
}

SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(nullable_null, struct task_struct *task, u64 clone_flags)
{
	return mod_task_nullable(NULL);
}

SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(nullable_given, struct task_struct *task, u64 clone_flags)
{
	return mod_task_nullable(task);
}

/* maybe NULL is as good as NULL, once a reference makes it trusted */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0501)
int BPF_PROG(nullable_untrusted, struct task_struct *task, u64 clone_flags)
{
	return mod_task_nullable(untrusted(task));
}

/* Scenario 20 */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0500)
int BPF_PROG(object_is_stack, struct task_struct *task, u64 clone_flags)
{
	char buf[64] = {};

	return mod_task((void *)buf);
}

SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0500)
int BPF_PROG(object_is_number, struct task_struct *task, u64 clone_flags)
{
	return mod_task((void *)clone_flags);
}

/* Scenario 25 */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0504)
int BPF_PROG(object_of_other_type, struct task_struct *task, u64 clone_flags)
{
	return mod_head_serial((void *)task);
}

SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(rcu_trusted, struct task_struct *task, u64 clone_flags)
{
	return mod_task_rcu(task);
}

SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(rcu_walked, struct task_struct *task, u64 clone_flags)
{
	return mod_task_rcu(task->group_leader);
}

SEC("tp_btf/task_newtask")
__expect_reject(EACCES, KF0503)
int BPF_PROG(rcu_unchecked, struct task_struct *task, u64 clone_flags)
{
	return mod_task_rcu(task->parent);
}

SEC("tp_btf/task_newtask")
__expect_accept
int BPF_PROG(rcu_checked, struct task_struct *task, u64 clone_flags)
{
	struct task_struct *parent = task->parent;

	return parent ? mod_task_rcu(parent) : 0;
}

/* Scenario 49 */
SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0502)
int BPF_PROG(rcu_untrusted, struct task_struct *task, u64 clone_flags)
{
	return mod_task_rcu(untrusted(task));
}

SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0501)
int BPF_PROG(trusted_wants_more_than_rcu, struct task_struct *task, u64 clone_flags)
{
	return mod_task(task->group_leader);
}

/* ---- objects of the module ---- */

SEC("syscall")
__expect_accept
__expect_retval(5)
int own(void *ctx)
{
	struct mod_obj *o = mod_obj_new(5);
	int r;

	if (!o)
		return -1;
	r = o->head.serial;
	mod_obj_put(o);
	return r;
}

/* Scenarios 24, 26: the first member, at offset 0, and another one */
SEC("syscall")
__expect_accept
__expect_retval(11)
int own_members(void *ctx)
{
	struct mod_obj *o = mod_obj_new(5);
	int r;

	if (!o)
		return -1;
	r = mod_head_serial((void *)o) + mod_tail_serial(&o->tail);
	mod_obj_put(o);
	return r;
}

/* Scenario 24 */
SEC("syscall")
__expect_reject(EINVAL, KF0504)
int own_wrong_member(void *ctx)
{
	struct mod_obj *o = mod_obj_new(5);
	int r;

	if (!o)
		return -1;
	r = mod_tail_serial((void *)o);
	mod_obj_put(o);
	return r;
}

SEC("syscall")
__expect_reject(EINVAL, KF0504)
int own_between_members(void *ctx)
{
	struct mod_obj *o = mod_obj_new(5);
	int r;

	if (!o)
		return -1;
	r = mod_tail_serial((void *)o + 12);
	mod_obj_put(o);
	return r;
}

/* Scenario 60: returned, not acquired: trusted arguments want more (before 7.0) */
SEC("syscall")
__expect_reject(EINVAL, KF0501)
int own_returned(void *ctx)
{
	struct mod_obj *o = mod_obj_new(5), *p;
	int r;

	if (!o)
		return -1;
	p = mod_obj_peer(o);
	r = mod_head_serial(&p->head);
	mod_obj_put(o);
	return r;
}

SEC("syscall")
__expect_accept
__expect_retval(2)
int own_acquired_twice(void *ctx)
{
	struct mod_obj *o = mod_obj_new(5), *p;
	int r;

	if (!o)
		return -1;
	p = mod_obj_get(o);
	r = p->refs;
	mod_obj_put(o);
	mod_obj_put(p);
	return r;
}

/* ---- ___init: the same layout, never interchangeable ---- */

/* Scenario 34 */
SEC("syscall")
__expect_accept
__expect_retval(7)
int init_insert(void *ctx)
{
	struct mod_obj___init *i = mod_init_new();
	struct mod_obj *o;
	int r;

	if (!i)
		return -1;
	o = mod_init_insert(i);
	if (!o)
		return -2;
	r = mod_head_serial(&o->head);
	mod_obj_put(o);
	return r;
}

/* Scenario 34 */
SEC("syscall")
__expect_reject(EINVAL, KF0504)
int init_as_finished(void *ctx)
{
	struct mod_obj___init *i = mod_init_new();

	if (i)
		mod_obj_put((void *)i);
	return 0;
}

/* Scenario 34 */
SEC("syscall")
__expect_reject(EINVAL, KF0504)
int finished_as_init(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);

	if (o)
		mod_init_put((void *)o);
	return 0;
}

/* Scenario 34 */
SEC("syscall")
__expect_reject(EINVAL, KF0504)
int init_to_query(void *ctx)
{
	struct mod_obj___init *i = mod_init_new();
	struct mod_obj *o;

	if (!i)
		return 0;
	o = mod_obj_peer((void *)i);
	mod_init_put(i);
	return o == NULL;
}

/* ---- R3.15: any other flavour of a name is nothing special ---- */

/* R3.15: the first member counts, as for every type; for ___init it would not */
SEC("syscall")
__expect_accept
__expect_retval(8)
int flavour_as_plain(void *ctx)
{
	struct mod_obj___v2 *v = mod_v2_new();
	int r;

	if (!v)
		return -1;
	r = mod_obj_rcu((void *)v) == 1 ? mod_head_serial((void *)v) : 0;
	mod_v2_put(v);
	return r;
}

/* R3.15: nor are the two the same type */
SEC("syscall")
__expect_reject(EINVAL, KF0504)
int plain_as_flavour(void *ctx)
{
	struct mod_obj *o = mod_obj_new(1);

	if (o)
		mod_v2_put((void *)o);
	return 0;
}

/* R3.15, R3.13: and what is released must be exactly it */
SEC("syscall")
__expect_reject(EINVAL, KF0504)
int flavour_released_as_plain(void *ctx)
{
	struct mod_obj___v2 *v = mod_v2_new();

	if (v)
		mod_obj_put((void *)v);
	return 0;
}

/* ---- moved pointers, and objects of another type ---- */

SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0504)
int BPF_PROG(task_moved, struct task_struct *task, u64 clone_flags)
{
	return mod_task((void *)task + 8);
}

SEC("syscall")
__expect_reject(EACCES, KF0330)
int task_moved_by_a_variable(void *ctx)
{
	u64 where = bpf_ktime_get_ns() & 8;

	return mod_task((void *)bpf_get_current_task_btf() + where);
}

SEC("tp_btf/task_newtask")
__expect_reject(EINVAL, KF0512)
int BPF_PROG(task_as_map, struct task_struct *task, u64 clone_flags)
{
	return mod_map(task);
}

/* ---- results that RCU protects ---- */

SEC("syscall")
__expect_accept
__expect_retval(3)
int seen_under_rcu(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3), *seen;
	int serial = 0;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	seen = mod_obj_seen(o);
	if (seen)
		serial = seen->head.serial;
	bpf_rcu_read_unlock();
	mod_obj_put(o);
	return serial;
}

/* protected is not trusted */
SEC("syscall")
__expect_reject(EINVAL, KF0501)
int seen_is_not_trusted(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3), *seen, *p;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	seen = mod_obj_seen(o);
	if (seen) {
		p = mod_obj_get(seen);
		mod_obj_put(p);
	}
	bpf_rcu_read_unlock();
	mod_obj_put(o);
	return 0;
}

SEC("syscall")
__expect_reject(EINVAL, KF0502)
int seen_after_rcu(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3), *seen;
	int r = 0;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	seen = mod_obj_seen(o);
	bpf_rcu_read_unlock();
	if (seen)
		r = mod_obj_rcu(seen);
	mod_obj_put(o);
	return r;
}

/* what could be written is nothing any more */
SEC("syscall")
__expect_reject(EACCES, KF0403)
int seen_memory_after_rcu(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3);
	int *refs, n;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	refs = mod_refs_seen(o, 4);
	bpf_rcu_read_unlock();
	n = refs ? *refs : 0;
	mod_obj_put(o);
	return n;
}

SEC("syscall")
__expect_reject(EACCES, KF0403)
int seen_memory_written_after_rcu(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3);
	int *refs;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	refs = mod_refs_seen(o, 4);
	if (!refs) {
		bpf_rcu_read_unlock();
		goto put;
	}
	bpf_rcu_read_unlock();
	refs[1000] = 0;
put:
	mod_obj_put(o);
	return 0;
}

/* what could only be read is read as any address is, and is not memory for anybody else */
SEC("syscall")
__expect_accept
__expect_retval(1)
int seen_constant_after_rcu(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3);
	const int *refs;
	int n;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	refs = mod_count_seen(o);
	bpf_rcu_read_unlock();
	n = *refs;
	mod_obj_put(o);
	return n;
}

SEC("syscall")
__expect_reject(EACCES, KF0533)
int seen_constant_passed_after_rcu(void *ctx)
{
	struct mod_obj *o = mod_obj_new(3);
	const int *refs;
	int n;

	if (!o)
		return 0;
	bpf_rcu_read_lock();
	refs = mod_count_seen(o);
	bpf_rcu_read_unlock();
	n = bpf_strncmp((const char *)(refs + 1000), 4, "\1");
	mod_obj_put(o);
	return n;
}

char LICENSE[] SEC("license")
= "GPL";
