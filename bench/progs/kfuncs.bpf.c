// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Rows that time kfuncs and helpers. A run does what REPEAT() says 1000 times, 8 times a round so that
 * the loop itself disappears; the loops are ended by may_goto, which costs one subtraction.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "Dual BSD/GPL";

#define private(name)	       SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))
#undef container_of
#define container_of(p, type, member) ((type *)((char *)(p) - __builtin_offsetof(type, member)))
#define new(type) ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), NULL))
#define drop(p)	  bpf_obj_drop_impl(p, NULL)
#ifndef NULL
#define NULL ((void *)0)
#endif

#define ROUNDS 125 /* of 8 */

static __always_inline bool more(void)
{
	asm goto("may_goto %l[stop]" : : : : stop);
	return true;
stop:
	return false;
}

#define TWICE(x) x; x
#define EIGHT(x) TWICE(TWICE(TWICE(x)))
#define REPEAT(x)                                                                                  \
	for (long round = first; round < ROUNDS && more(); round++) {                                   \
		EIGHT(x);                                                                          \
	}

struct item {
	long key;
	struct bpf_list_node link;
};

struct leaf {
	long key;
	struct bpf_rb_node node;
};

struct plain {
	long a, b, c;
};

struct holder {
	struct plain __kptr *p;
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holder);
} holders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

private(LIST) struct bpf_spin_lock list_lock;
private(LIST) struct bpf_list_head list __contains(item, link);
private(TREE) struct bpf_spin_lock tree_lock;
private(TREE) struct bpf_rb_root tree __contains(leaf, node);

__u64 sum;
long filled, first; /* first is 0: loops begin with a number that no compiler and no verifier knows */

SEC("syscall") int rcu_pair(void *ctx)
{
	REPEAT(bpf_rcu_read_lock(); bpf_rcu_read_unlock());
	return 0;
}

SEC("tc") int iter_next(struct __sk_buff *skb)
{
	__u64 n = 0;
	int i;

	bpf_for(i, 0, 1000)
		n += i;
	sum = n;
	return 0;
}

SEC("tc") int iter_nested(struct __sk_buff *skb)
{
	__u64 n = 0;
	int i, k;

	bpf_for(i, 0, 100)
		bpf_for(k, 0, 10)
			n += i ^ k;
	sum = n;
	return 0;
}

SEC("tc") int dynptr_skb(struct __sk_buff *skb)
{
	struct bpf_dynptr view;
	__u64 n = 0, *p;

#define ONE                                                                                        \
	do {                                                                                       \
		bpf_dynptr_from_skb(skb, 0, &view);                                                \
		p = bpf_dynptr_slice(&view, 14, NULL, 8);                                          \
		if (p)                                                                             \
			n += *p;                                                                   \
	} while (0)
	for (long round = first; round < 500 && more(); round++) {
		ONE;
		ONE;
	}
#undef ONE
	sum = n;
	return 0;
}

/* out and in again */
SEC("tc") int kptr_xchg(struct __sk_buff *skb)
{
	struct plain *p;
	struct holder *h;
	__u32 zero = 0;

	h = bpf_map_lookup_elem(&holders, &zero);
	p = new(struct plain);
	if (!h || !p) {
		if (p)
			drop(p);
		return 1;
	}
	p = bpf_kptr_xchg(&h->p, p);
	if (p)
		drop(p);
	for (long round = first; round < 500 && more(); round++) {
		p = bpf_kptr_xchg(&h->p, NULL);
		if (!p)
			return 1;
		p = bpf_kptr_xchg(&h->p, p);
		if (p)
			drop(p);
	}
	return 0;
}

SEC("tc") int obj_new_drop(struct __sk_buff *skb)
{
	for (long round = first; round < 1000 && more(); round++) {
		struct plain *p = new(struct plain);

		if (!p)
			return 1;
		drop(p);
	}
	return 0;
}

SEC("tc") int list_push_pop(struct __sk_buff *skb)
{
	struct item *it = new(struct item);
	struct bpf_list_node *n;

	if (!it)
		return 1;
	for (long round = first; round < 1000 && more(); round++) {
		bpf_spin_lock(&list_lock);
		bpf_list_push_back_impl(&list, &it->link, NULL, 0);
		n = bpf_list_pop_front(&list);
		bpf_spin_unlock(&list_lock);
		if (!n)
			return 1;
		it = container_of(n, struct item, link);
	}
	drop(it);
	return 0;
}

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
}

static __always_inline int add_leaf(long key)
{
	struct leaf *l = new(struct leaf);

	if (!l)
		return 1;
	l->key = key;
	bpf_spin_lock(&tree_lock);
	bpf_rbtree_add_impl(&tree, &l->node, less, NULL, 0);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

/* one more in a tree of 15: the first comes out, gets a greater key, goes in again */
SEC("tc") int rbtree_add_remove(struct __sk_buff *skb)
{
	struct bpf_rb_node *n;
	struct leaf *l;

	for (; filled < 15 && more(); filled++)
		if (add_leaf(filled))
			return 1;
	for (long round = first; round < 1000 && more(); round++) {
		bpf_spin_lock(&tree_lock);
		n = bpf_rbtree_first(&tree);
		if (!n) {
			bpf_spin_unlock(&tree_lock);
			return 2;
		}
		n = bpf_rbtree_remove(&tree, n);
		if (!n) {
			bpf_spin_unlock(&tree_lock);
			return 3;
		}
		l = container_of(n, struct leaf, node);
		l->key += 15;
		bpf_rbtree_add_impl(&tree, &l->node, less, NULL, 0);
		bpf_spin_unlock(&tree_lock);
	}
	return 0;
}

SEC("tc") int spin_pair(struct __sk_buff *skb)
{
	struct holder *h;
	__u32 zero = 0;

	h = bpf_map_lookup_elem(&holders, &zero);
	if (!h)
		return 1;
	REPEAT(bpf_spin_lock(&h->lock); bpf_spin_unlock(&h->lock));
	return 0;
}

static long add_index(__u64 i, void *ctx)
{
	*(__u64 *)ctx += i;
	return 0;
}

SEC("tc") int loop_callback(struct __sk_buff *skb)
{
	__u64 n = 0;

	bpf_loop(1000, add_index, &n, 0);
	sum = n;
	return 0;
}

SEC("syscall") int cpumask_create(void *ctx)
{
	for (long round = first; round < 1000 && more(); round++) {
		struct bpf_cpumask *m = bpf_cpumask_create();

		if (!m)
			return 1;
		bpf_cpumask_release(m);
	}
	return 0;
}

SEC("syscall") int cpumask_bits(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();
	__u64 n = 0;

	if (!m)
		return 1;
	for (long round = first; round < 1000 && more(); round++) {
		bpf_cpumask_set_cpu(1, m);
		n += bpf_cpumask_test_cpu(1, (struct cpumask *)m);
		bpf_cpumask_clear_cpu(1, m);
	}
	bpf_cpumask_release(m);
	sum = n;
	return 0;
}

SEC("syscall") int task_acquire(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *r;

	for (long round = first; round < 1000 && more(); round++) {
		r = bpf_task_acquire(t);
		if (!r)
			return 1;
		bpf_task_release(r);
	}
	return 0;
}

SEC("tc") int ringbuf_submit(struct __sk_buff *skb)
{
	for (long round = first; round < 1000 && more(); round++) {
		__u64 *p = bpf_ringbuf_reserve(&ring, sizeof(*p), 0);

		if (!p)
			return 1;
		*p = 1;
		bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
	}
	return 0;
}
