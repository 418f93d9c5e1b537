// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Loaded twice, with one map: the second time the types of what the map holds are those of another
 * file, and alike or not, types of two files differ. ../test_other_types.c knows what Linux 6.18.44
 * says of each program.
 */
#include "../../programs/progs/local.h"

char _license[] SEC("license") = "GPL";

struct kept { long key; struct task_struct __kptr *task; };
struct item { long key; struct bpf_list_node link; struct bpf_refcount refs; };

struct value {
	struct kept __kptr *kept;
	struct bpf_spin_lock lock;
	struct bpf_list_head list __contains(item, link);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, struct value);
	__uint(max_entries, 1);
} values SEC(".maps");

static __always_inline struct value *the_value(void)
{
	int zero = 0;

	return bpf_map_lookup_elem(&values, &zero);
}

/* an object with a task in the slot */
SEC("syscall") int put(void *ctx)
{
	struct value *v = the_value();
	struct task_struct *t;
	struct kept *k;

	if (!v)
		return 0;
	k = new(struct kept);
	if (!k)
		return 0;
	k->key = 6;
	t = bpf_task_from_pid(1);
	if (t) {
		t = bpf_kptr_xchg(&k->task, t);
		if (t)
			bpf_task_release(t);
	}
	k = bpf_kptr_xchg(&v->kept, k);
	if (k)
		drop(k);
	return 1;
}

SEC("syscall") int look(void *ctx)
{
	struct value *v = the_value();
	struct kept *k;
	int key = 0;

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	k = v->kept;
	if (k)
		key = k->key;
	bpf_rcu_read_unlock();
	return key;
}

/* out, changed, and back */
SEC("syscall") int change(void *ctx)
{
	struct value *v = the_value();
	struct kept *k;
	int key = 0;

	if (!v)
		return 0;
	k = bpf_kptr_xchg(&v->kept, NULL);
	if (k) {
		key = k->key++;
		k = bpf_kptr_xchg(&v->kept, k);
		if (k)
			drop(k);
	}
	return key;
}

/* its slot is one here as well */
SEC("syscall") int task_of(void *ctx)
{
	struct value *v = the_value();
	struct task_struct *t;
	struct kept *k;
	int pid = 0;

	if (!v)
		return 0;
	k = bpf_kptr_xchg(&v->kept, NULL);
	if (!k)
		return 0;
	t = bpf_kptr_xchg(&k->task, NULL);
	if (t) {
		pid = t->pid;
		t = bpf_kptr_xchg(&k->task, t);
		if (t)
			bpf_task_release(t);
	}
	k = bpf_kptr_xchg(&v->kept, k);
	if (k)
		drop(k);
	return pid;
}

SEC("syscall") int store_into_slot(void *ctx)
{
	struct value *v = the_value();
	struct kept *k;

	if (!v)
		return 0;
	k = bpf_kptr_xchg(&v->kept, NULL);
	if (k) {
		*(volatile long *)&k->task = 1;
		drop(k);
	}
	return 0;
}

SEC("syscall") int remove(void *ctx)
{
	struct value *v = the_value();
	struct kept *k;

	if (!v)
		return 0;
	k = bpf_kptr_xchg(&v->kept, NULL);
	if (!k)
		return 0;
	drop(k);
	return 1;
}

SEC("syscall") int push(void *ctx)
{
	struct value *v = the_value();
	struct item *i;

	if (!v)
		return 0;
	i = new(struct item);
	if (!i)
		return 0;
	i->key = 8;
	bpf_spin_lock(&v->lock);
	push_back(&v->list, &i->link);
	bpf_spin_unlock(&v->lock);
	return 1;
}

SEC("syscall") int around(void *ctx)
{
	struct value *v = the_value();
	struct bpf_list_node *n;
	struct item *i, *one = NULL;
	int key = 0;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_front(&v->list);
	if (n) {
		i = container_of(n, struct item, link);
		one = one_more(i);
		push_back(&v->list, &i->link);
	}
	bpf_spin_unlock(&v->lock);
	if (one) {
		key = one->key;
		drop(one);
	}
	return key;
}

SEC("syscall") int pop(void *ctx)
{
	struct value *v = the_value();
	struct bpf_list_node *n;

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	n = bpf_list_pop_front(&v->list);
	bpf_spin_unlock(&v->lock);
	if (!n)
		return 0;
	drop(container_of(n, struct item, link));
	return 1;
}
