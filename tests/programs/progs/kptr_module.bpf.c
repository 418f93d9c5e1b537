// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A module's objects kept in a map (kfunc spec 8): they need its destructor, which mod.c registers.
 */
#include "mod.h"

struct slot {
	struct mod_obj __kptr *obj;
	struct mod_obj __kptr_untrusted *hint;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct slot);
} slots SEC(".maps");

static __always_inline struct slot *slot(void)
{
	int key = 0;

	return bpf_map_lookup_elem(&slots, &key);
}

/* puts an object in and takes it out again */
SEC("syscall")
__expect_accept
__expect_retval(21)
int store_and_take(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o;
	int r = -1;

	if (!s)
		return -2;
	o = mod_obj_new(21);
	if (!o)
		return -3;
	o = bpf_kptr_xchg(&s->obj, o);
	if (o)
		mod_obj_put(o);
	o = bpf_kptr_xchg(&s->obj, NULL);
	if (o) {
		r = o->head.serial;
		mod_obj_put(o);
	}
	return r;
}

/* left behind: the map's end calls the destructor */
SEC("syscall")
__expect_accept
int store(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o = mod_obj_new(1);

	if (!o)
		return 0;
	if (!s) {
		mod_obj_put(o);
		return 0;
	}
	o = bpf_kptr_xchg(&s->obj, o);
	if (o)
		mod_obj_put(o);
	return 0;
}

SEC("syscall")
__expect_reject(EINVAL, KF0412)
int taken_is_owned(void *ctx)
{
	struct slot *s = slot();

	if (s)
		return bpf_kptr_xchg(&s->obj, NULL) != NULL;
	return 0;
}

SEC("syscall")
__expect_reject(EACCES, KF1002)
int store_other_type(void *ctx)
{
	struct slot *s = slot();
	struct mod_listed *l = mod_listed_new();
	struct mod_obj *o;

	if (!l)
		return 0;
	if (!s) {
		mod_listed_put(l);
		return 0;
	}
	o = bpf_kptr_xchg(&s->obj, (void *)l);
	if (o)
		mod_obj_put(o);
	return 0;
}

SEC("syscall")
__expect_reject(EACCES, KF1001)
int plain_store(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o = mod_obj_new(1);

	if (!o)
		return 0;
	if (s)
		s->obj = o;
	mod_obj_put(o);
	return 0;
}

SEC("syscall")
__expect_reject(EACCES, KF0303)
int read_unchecked(void *ctx)
{
	struct slot *s = slot();

	return s ? s->obj->refs : 0;
}

SEC("syscall")
__expect_accept
int read_checked(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o;

	if (!s)
		return 0;
	o = s->obj;
	return o ? o->refs : 0;
}

/* a loaded pointer is not owned; a module's type is not protected by RCU either */
SEC("syscall")
__expect_reject(EINVAL, KF0501)
int release_loaded(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o;

	if (!s)
		return 0;
	bpf_rcu_read_lock();
	o = s->obj;
	if (o)
		mod_obj_put(o);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall")
__expect_reject(EINVAL, KF0502)
int loaded_is_not_rcu(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o;
	int r = 0;

	if (!s)
		return 0;
	bpf_rcu_read_lock();
	o = s->obj;
	if (o)
		r = mod_obj_rcu(o);
	bpf_rcu_read_unlock();
	return r;
}

/* an unreferenced slot takes any pointer of the type and gives a hint back */
SEC("syscall")
__expect_accept
int hint(void *ctx)
{
	struct slot *s = slot();
	struct mod_obj *o = mod_obj_new(1), *seen;
	int r = 0;

	if (!o)
		return 0;
	if (s) {
		s->hint = o;
		seen = s->hint;
		if (seen)
			r = seen->refs;
	}
	mod_obj_put(o);
	return r;
}

char LICENSE[] SEC("license")
= "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct { struct task_struct __kptr_untrusted *hint; });
} hints SEC(".maps");

/* in a read section already: the advice must be another */
SEC("syscall")
__expect_reject(EINVAL, KF0502)
__expect_says("acquire the object, or take it out of its map with bpf_kptr_xchg()")
int hint_under_rcu(void *ctx)
{
	int key = 0, r = 0;
	struct { struct task_struct *hint; } *v = bpf_map_lookup_elem(&hints, &key);
	struct task_struct *t;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	t = v->hint;
	if (t)
		r = t->pid + mod_task_rcu(t);
	bpf_rcu_read_unlock();
	return r;
}
