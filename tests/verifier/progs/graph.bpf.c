// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Local objects, lists and trees (kfunc spec 8.6, R9.8, 12.4). */
#include "graph.h"

struct twice {
	struct bpf_list_node first;
	struct bpf_list_node second;
	long value;
};

struct owner {
	struct bpf_refcount refs;
	struct bpf_spin_lock lock;
	struct bpf_list_head items __contains(item, link);
};

struct owner *keep_owner;
private(L) struct bpf_spin_lock list_lock;
private(L) struct bpf_list_head items __contains(item, link);
private(T) struct bpf_spin_lock tree_lock;
private(T) struct bpf_rb_root leaves __contains(leaf, node);
private(S) struct bpf_spin_lock shared_lock;
private(S) struct bpf_list_head shared_list __contains(shared, link);
private(S) struct bpf_rb_root shared_tree __contains(shared, node);

private(R) struct bpf_res_spin_lock res_lock;
private(R) struct bpf_rb_root res_leaves __contains(leaf, node);
private(W) struct bpf_spin_lock twice_lock;
private(W) struct bpf_list_head twice_list __contains(twice, second);

struct all_types *keep;
struct twice *keep_twice;
long sink;

static bool leaf_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
}

/* ---- objects ---- */

SEC("tc") __expect_accept
int object_new_drop(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	i->value = ctx->len;
	sink = i->value;
	obj_drop(i);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int object_leak(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	return !i;
}

SEC("tc") __expect_reject(EACCES, KF0503)
int object_drop_unchecked(struct __sk_buff *ctx)
{
	obj_drop(obj_new(struct item));
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0403)
int object_use_after_drop(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	obj_drop(i);
	return i->value;
}

SEC("tc") __expect_reject(EINVAL, KF0404)
int object_drop_twice(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	obj_drop(i);
	obj_drop(i);
	return 0;
}

/* Scenario 77 */
SEC("tc") __expect_reject(EINVAL, KF0401)
int object_drop_at_offset(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);

	if (!l)
		return 0;
	obj_drop(&l->key);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1004)
int object_of_no_struct(struct __sk_buff *ctx)
{
	void *p = bpf_obj_new_impl(__builtin_btf_type_id(*(int *)0, 0), NULL);

	if (p)
		obj_drop(p);
	return 0;
}

/* Scenario 83 */
SEC("tc") __expect_reject(EACCES, KF0324)
int object_node_read(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);
	long v;

	if (!i)
		return 0;
	v = *(volatile long *)&i->link;
	obj_drop(i);
	return v;
}

/* Scenario 78 */
SEC("tc") __expect_reject(EINVAL, KF1005)
int percpu_object_to_plain_drop(struct __sk_buff *ctx)
{
	void *p = percpu_new(struct __sk_buff);

	if (p)
		obj_drop(p);
	return 0;
}

SEC("tp_btf/task_newtask") __expect_accept __expect_reject_on(7.2, EINVAL, KF1008)
int object_drop_in_tracepoint(void *ctx)
{
	struct item *i = obj_new(struct item);

	if (i)
		obj_drop(i);
	return 0;
}

/* ---- lists ---- */

/* Scenario 64 */
SEC("tc") __expect_accept
int list_push_pop(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);
	struct bpf_list_node *n;

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front(&items, &i->link);
	n = bpf_list_pop_front(&items);
	bpf_spin_unlock(&list_lock);
	if (n)
		obj_drop(container_of(n, struct item, link));
	return 0;
}

/* Scenario 64 */
SEC("tc") __expect_reject(EINVAL, KF0607)
int list_push_unlocked(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	push_front(&items, &i->link);
	return 0;
}

/* Scenario 64 */
SEC("tc") __expect_reject(EINVAL, KF0616)
int list_push_other_lock(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&tree_lock);
	push_front(&items, &i->link);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

/* Scenario 79 */
SEC("tc") __expect_accept
int list_node_read_under_lock(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front(&items, &i->link);
	sink = i->value;
	bpf_spin_unlock(&list_lock);
	return 0;
}

/* Scenario 79 */
SEC("tc") __expect_reject(EACCES, KF0302)
int list_node_read_after_unlock(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front(&items, &i->link);
	bpf_spin_unlock(&list_lock);
	return i->value;
}

/* Scenario 79 */
SEC("tc") __expect_reject(EINVAL, KF0418)
int list_push_twice(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front(&items, &i->link);
	push_front(&items, &i->link);
	bpf_spin_unlock(&list_lock);
	return 0;
}

/* Scenario 83 */
SEC("tc") __expect_reject(EINVAL, KF1003)
int list_push_other_type(struct __sk_buff *ctx)
{
	struct other *o = obj_new(struct other);

	if (!o)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front(&items, &o->link);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0524)
int list_push_no_node(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front(&items, (void *)&i->value);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int list_pop_leak(struct __sk_buff *ctx)
{
	struct bpf_list_node *n;

	bpf_spin_lock(&list_lock);
	n = bpf_list_pop_back(&items);
	bpf_spin_unlock(&list_lock);
	return !n;
}

/* Scenario 77 */
SEC("tc") __expect_reject(EINVAL, KF0401)
int list_pop_drop_node(struct __sk_buff *ctx)
{
	struct bpf_rb_node *n;

	bpf_spin_lock(&shared_lock);
	n = bpf_rbtree_first(&shared_tree);
	if (n)
		n = bpf_rbtree_remove(&shared_tree, n);
	bpf_spin_unlock(&shared_lock);
	if (n)
		obj_drop(n);
	return 0;
}

/* Scenario 65 */
SEC("tc") __expect_reject(EINVAL, KF0612)
int object_new_under_lock(struct __sk_buff *ctx)
{
	struct item *i;

	bpf_spin_lock(&list_lock);
	i = obj_new(struct item);
	bpf_spin_unlock(&list_lock);
	if (i)
		obj_drop(i);
	return 0;
}

SEC("tc") __expect_accept __expect_reject_on(6.12, EINVAL, KF0612)
int list_front(struct __sk_buff *ctx)
{
	struct bpf_list_node *n;

	bpf_spin_lock(&list_lock);
	n = bpf_list_front(&items);
	if (n)
		sink = container_of(n, struct item, link)->value;
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0612) __expect_accept_on(7.2)
int list_add_after_seen(struct __sk_buff *ctx)
{
	struct bpf_list_node *first, *n = NULL;
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	first = bpf_list_front(&items);
	if (first) {
		bpf_list_add(&items, &i->link, first);
		n = bpf_list_del(&items, first);
	} else {
		push_front(&items, &i->link);
	}
	bpf_spin_unlock(&list_lock);
	if (n)
		obj_drop(container_of(n, struct item, link));
	return 0;
}

/* ---- trees ---- */

static int two(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return 2;
}

SEC("tc") __expect_reject(EINVAL, KF0233)
int tree_less_result(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);

	if (!l)
		return 0;
	bpf_spin_lock(&tree_lock);
	rb_add(&leaves, &l->node, (void *)two);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

/* Scenarios 65, 80 */
SEC("tc") __expect_accept
int tree_add_remove(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);
	struct bpf_rb_node *n;

	if (!l)
		return 0;
	l->key = ctx->len;
	bpf_spin_lock(&tree_lock);
	rb_add(&leaves, &l->node, leaf_less);
	n = bpf_rbtree_first(&leaves);
	if (n)
		n = bpf_rbtree_remove(&leaves, n);
	bpf_spin_unlock(&tree_lock);
	if (n)
		obj_drop(container_of(n, struct leaf, node));
	return 0;
}

/* Scenario 80 */
SEC("tc") __expect_reject(EACCES, KF0403)
int tree_first_after_unlock(struct __sk_buff *ctx)
{
	struct bpf_rb_node *n;

	bpf_spin_lock(&tree_lock);
	n = bpf_rbtree_first(&leaves);
	bpf_spin_unlock(&tree_lock);
	return n ? container_of(n, struct leaf, node)->key : 0;
}

SEC("tc") __expect_reject(EACCES, KF0303)
int tree_first_unchecked(struct __sk_buff *ctx)
{
	struct bpf_rb_node *n;

	bpf_spin_lock(&tree_lock);
	n = bpf_rbtree_first(&leaves);
	sink = container_of(n, struct leaf, node)->key;
	bpf_spin_unlock(&tree_lock);
	return 0;
}

/* Scenario 80 */
SEC("tc") __expect_reject(EINVAL, KF0412)
int tree_remove_leak(struct __sk_buff *ctx)
{
	struct bpf_rb_node *n;

	bpf_spin_lock(&tree_lock);
	n = bpf_rbtree_first(&leaves);
	if (n)
		n = bpf_rbtree_remove(&leaves, n);
	bpf_spin_unlock(&tree_lock);
	return !n;
}

static bool less_that_removes(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_rbtree_remove(&leaves, a);
	return false;
}

/* Scenario 81 */
SEC("tc") __expect_reject(EINVAL, KF0618)
int tree_remove_in_less(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);

	if (!l)
		return 0;
	bpf_spin_lock(&tree_lock);
	rb_add(&leaves, &l->node, less_that_removes);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

static bool less_that_unlocks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_spin_unlock(&tree_lock);
	return false;
}

/* Scenario 81 */
SEC("tc") __expect_reject(EACCES, KF0617)
int tree_unlock_in_less(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);

	if (!l)
		return 0;
	bpf_spin_lock(&tree_lock);
	rb_add(&leaves, &l->node, less_that_unlocks);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

static bool less_that_unlocks_res(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_res_spin_unlock(&res_lock);
	return false;
}

SEC("tc") __expect_reject(EACCES)
int tree_res_unlock_in_less(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);

	if (!l)
		return 0;
	if (bpf_res_spin_lock(&res_lock)) {
		obj_drop(l);
		return 0;
	}
	rb_add(&res_leaves, &l->node, less_that_unlocks_res);
	bpf_res_spin_unlock(&res_lock);
	return 0;
}

/* two references to objects with locks of their own: one lock does not stand for the other */
SEC("tc") __expect_reject(EINVAL, KF0616)
int list_push_other_objects_lock(struct __sk_buff *ctx)
{
	struct owner *a = obj_new(struct owner), *b, *p, *q;
	struct item *i;

	if (!a)
		return 0;
	b = obj_new(struct owner);
	if (!b)
		goto drop_a;
	p = refcount_acquire(a);
	q = refcount_acquire(b);
	i = obj_new(struct item);
	if (i) {
		bpf_spin_lock(&p->lock);
		push_front(&q->items, &i->link);
		bpf_spin_unlock(&p->lock);
	}
	obj_drop(p);
	obj_drop(q);
	obj_drop(b);
drop_a:
	obj_drop(a);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0615)
int two_locks(struct __sk_buff *ctx)
{
	bpf_spin_lock(&list_lock);
	bpf_spin_lock(&tree_lock);
	bpf_spin_unlock(&tree_lock);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0615)
int lock_under_a_resilient_one(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&res_lock))
		return 0;
	bpf_spin_lock(&list_lock);
	bpf_spin_unlock(&list_lock);
	bpf_res_spin_unlock(&res_lock);
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0503)
int object_drop_of_null(struct __sk_buff *ctx)
{
	obj_drop(NULL);
	return 0;
}

SEC("tc") __expect_reject(EINVAL)
int list_push_null(struct __sk_buff *ctx)
{
	bpf_spin_lock(&list_lock);
	push_front(&items, NULL);
	bpf_spin_unlock(&list_lock);
	return 0;
}

/* ---- shared objects ---- */

/* Scenario 82 */
SEC("tc") __expect_accept
int refcount_of_owned_needs_no_check(struct __sk_buff *ctx)
{
	struct shared *s = obj_new(struct shared), *t;

	if (!s)
		return 0;
	t = refcount_acquire(s);
	sink = t->key;
	obj_drop(t);
	obj_drop(s);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int refcount_leak(struct __sk_buff *ctx)
{
	struct shared *s = obj_new(struct shared), *t;

	if (!s)
		return 0;
	t = refcount_acquire(s);
	obj_drop(s);
	return t->key;
}

/* Scenario 82 */
SEC("tc") __expect_reject(EACCES, KF0303)
int refcount_of_seen_needs_a_check(struct __sk_buff *ctx)
{
	struct shared *s = obj_new(struct shared), *t;

	if (!s)
		return 0;
	bpf_spin_lock(&shared_lock);
	push_front(&shared_list, &s->link);
	t = refcount_acquire(s);
	bpf_spin_unlock(&shared_lock);
	sink = t->key;
	obj_drop(t);
	return 0;
}

/* Scenario 82 */
SEC("tc") __expect_accept
int refcount_of_seen_checked(struct __sk_buff *ctx)
{
	struct shared *s = obj_new(struct shared), *t;

	if (!s)
		return 0;
	bpf_spin_lock(&shared_lock);
	push_front(&shared_list, &s->link);
	t = refcount_acquire(s);
	bpf_spin_unlock(&shared_lock);
	if (!t)
		return 0;
	sink = t->key;
	obj_drop(t);
	return 0;
}

SEC("tc") __expect_accept __expect_reject_on(7.2, EACCES, KF1006)
int refcount_at_an_offset(struct __sk_buff *ctx)
{
	struct shared *s = obj_new(struct shared), *t;

	if (!s)
		return 0;
	t = refcount_acquire(&s->key);
	if (t)
		obj_drop(t);
	obj_drop(s);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0515)
int tree_add_without_less(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf);

	if (!l)
		return 0;
	bpf_spin_lock(&tree_lock);
	rb_add(&leaves, &l->node, (void *)(long)ctx->len);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1007)
int refcount_without_a_count(struct __sk_buff *ctx)
{
	struct leaf *l = obj_new(struct leaf), *m;

	if (!l)
		return 0;
	m = refcount_acquire(l);
	if (m)
		obj_drop(m);
	obj_drop(l);
	return 0;
}

/* ---- not quite the place ---- */

SEC("tc") __expect_accept
int list_push_its_node(struct __sk_buff *ctx)
{
	struct twice *t = obj_new(struct twice);

	if (!t)
		return 0;
	bpf_spin_lock(&twice_lock);
	push_front(&twice_list, &t->second);
	bpf_spin_unlock(&twice_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1003)
int list_push_its_other_node(struct __sk_buff *ctx)
{
	struct twice *t = obj_new(struct twice);

	if (!t)
		return 0;
	bpf_spin_lock(&twice_lock);
	push_front(&twice_list, &t->first);
	bpf_spin_unlock(&twice_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0524)
int list_push_beside_the_head(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);

	if (!i)
		return 0;
	bpf_spin_lock(&list_lock);
	push_front((void *)&items + 8, &i->link);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0524)
int list_push_somewhere(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);
	u64 where = ctx->len & 8;

	if (!i)
		return 0;
	hide(where);
	bpf_spin_lock(&list_lock);
	push_front((void *)&items + where, &i->link);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EACCES)
int list_push_some_node(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item);
	u64 where = ctx->len & 8;

	if (!i)
		return 0;
	hide(where);
	bpf_spin_lock(&list_lock);
	push_front(&items, (void *)&i->link + where);
	bpf_spin_unlock(&list_lock);
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0342)
int refcount_before_its_object(struct __sk_buff *ctx)
{
	struct shared *s = obj_new(struct shared), *t;

	if (!s)
		return 0;
	t = refcount_acquire((void *)s - 8);
	if (t)
		obj_drop(t);
	obj_drop(s);
	return 0;
}

SEC("tc") __expect_reject(EINVAL)
int refcount_of_a_task(struct __sk_buff *ctx)
{
	struct shared *s = refcount_acquire(bpf_get_current_task_btf());

	if (s)
		obj_drop(s);
	return 0;
}

/* Scenario 84 */
SEC("kprobe") __expect_reject(EINVAL, KF0251)
int tracing_program_with_list(void *ctx)
{
	bpf_spin_lock(&list_lock);
	bpf_spin_unlock(&list_lock);
	return 0;
}

char _license[] SEC("license") = "GPL";
