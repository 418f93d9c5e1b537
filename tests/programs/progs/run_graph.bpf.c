// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Objects, lists and trees, run (kfunc spec 12.4). Each result counts what was right. */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct item {
	int key, serial;
	struct bpf_list_node link;
};

struct leaf {
	int key, serial;
	struct bpf_rb_node node;
};

struct shared {
	int key;
	struct bpf_list_node link;
	struct bpf_rb_node node;
	struct bpf_refcount refs;
};

private(LIST) struct bpf_spin_lock list_lock;
private(LIST) struct bpf_list_head list __contains(item, link);
private(TREE) struct bpf_spin_lock tree_lock;
private(TREE) struct bpf_rb_root tree __contains(leaf, node);
private(BOTH) struct bpf_spin_lock both_lock;
private(BOTH) struct bpf_list_head both_list __contains(shared, link);
private(BOTH) struct bpf_rb_root both_tree __contains(shared, node);
private(LEFT) struct bpf_spin_lock left_lock;
private(LEFT) struct bpf_list_head left_list __contains(item, link);

static int put(int key, bool front)
{
	struct item *i = new(struct item);

	if (!i)
		return 0;
	i->key = key;
	bpf_spin_lock(&list_lock);
	if (front)
		push_front(&list, &i->link);
	else
		push_back(&list, &i->link);
	bpf_spin_unlock(&list_lock);
	return 1;
}

static int take(bool front)
{
	struct bpf_list_node *n;
	struct item *i;
	int key;

	bpf_spin_lock(&list_lock);
	n = front ? bpf_list_pop_front(&list) : bpf_list_pop_back(&list);
	bpf_spin_unlock(&list_lock);
	if (!n)
		return -1;
	i = container_of(n, struct item, link);
	key = i->key;
	drop(i);
	return key;
}

/* Scenario 64 */
SEC("syscall") __expect_accept __expect_retval(8)
int list_order(void *ctx)
{
	int right = 0;

	right += take(true) == -1;
	put(2, false);
	put(3, false);
	put(1, true);
	right += take(true) == 1;
	right += take(false) == 3;
	right += take(true) == 2;
	right += take(true) == -1;
	right += take(false) == -1;
	put(7, true);
	right += take(false) == 7;
	right += take(false) == -1;
	return right;
}

/* Scenario 76: what stays in a list goes with its map */
SEC("syscall") __expect_accept __expect_retval(3)
int list_left(void *ctx)
{
	struct bpf_list_node *n;
	int i, made = 0;

	bpf_for(i, 0, 3) {
		struct item *it = new(struct item);

		if (!it)
			continue;
		it->key = i;
		bpf_spin_lock(&left_lock);
		push_back(&left_list, &it->link);
		bpf_spin_unlock(&left_lock);
		made++;
	}
	bpf_spin_lock(&left_lock);
	n = bpf_list_front(&left_list);
	if (!n || container_of(n, struct item, link)->key != 0)
		made = 100;
	n = bpf_list_back(&left_list);
	if (!n || container_of(n, struct item, link)->key != 2)
		made = 200;
	bpf_spin_unlock(&left_lock);
	return made;
}

static bool by_key(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
}

/* Scenarios 65, 80: 200 keys, many of them equal: out they come in order, equal ones as they came in */
SEC("syscall") __expect_accept __expect_retval(200)
int tree_order(void *ctx)
{
	int i, key = 1, last = -1, last_serial = -1, right = 0;

	bpf_for(i, 0, 200) {
		struct leaf *l = new(struct leaf);

		if (!l)
			return -1;
		key = (key * 61 + 17) & 63;
		l->key = key;
		l->serial = i;
		bpf_spin_lock(&tree_lock);
		tree_add(&tree, &l->node, by_key);
		bpf_spin_unlock(&tree_lock);
	}
	bpf_for(i, 0, 1000) {
		struct bpf_rb_node *n;
		struct leaf *l;

		bpf_spin_lock(&tree_lock);
		n = bpf_rbtree_first(&tree);
		if (!n) {
			bpf_spin_unlock(&tree_lock);
			break;
		}
		n = bpf_rbtree_remove(&tree, n);
		bpf_spin_unlock(&tree_lock);
		if (!n)
			return -2;
		l = container_of(n, struct leaf, node);
		right += l->key > last || (l->key == last && l->serial > last_serial);
		last = l->key;
		last_serial = l->serial;
		drop(l);
	}
	return right;
}

static bool shared_by_key(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct shared, node)->key < container_of(b, struct shared, node)->key;
}

/* Scenario 82: in a list and in a tree at once: one object, counted */
SEC("syscall") __expect_accept __expect_retval(5)
int counted(void *ctx)
{
	struct shared *s = new(struct shared), *t;
	struct bpf_list_node *ln;
	struct bpf_rb_node *rn;
	int right = 0;

	if (!s)
		return -1;
	s->key = 5;
	t = one_more(s);
	bpf_spin_lock(&both_lock);
	right += push_back(&both_list, &s->link) == 0;
	bpf_spin_unlock(&both_lock);
	bpf_spin_lock(&both_lock);
	right += tree_add(&both_tree, &t->node, shared_by_key) == 0;
	ln = bpf_list_pop_front(&both_list);
	bpf_spin_unlock(&both_lock);
	if (!ln)
		return -2;
	right += container_of(ln, struct shared, link)->key == 5;
	drop(container_of(ln, struct shared, link));
	bpf_spin_lock(&both_lock);
	rn = bpf_rbtree_first(&both_tree);
	if (rn)
		rn = bpf_rbtree_remove(&both_tree, rn);
	bpf_spin_unlock(&both_lock);
	if (!rn)
		return -3;
	/* the list's reference went, ours is what is left */
	right += container_of(rn, struct shared, node)->key == 5;
	bpf_spin_lock(&both_lock);
	right += bpf_rbtree_root(&both_tree) == NULL;
	bpf_spin_unlock(&both_lock);
	drop(container_of(rn, struct shared, node));
	return right;
}

struct numbers {
	long a, b;
};

private(PERCPU) struct numbers __percpu_kptr *kept;

/* Scenario 78: a handle has to be in a map before its copies can be reached */
SEC("syscall") __expect_accept __expect_retval(3)
int percpu(void *ctx)
{
	struct numbers __percpu_kptr *p;
	struct numbers *here;
	int right = 0;

	p = bpf_percpu_obj_new_impl(bpf_core_type_id_local(struct numbers), NULL);
	if (!p)
		return -1;
	p = bpf_kptr_xchg(&kept, p);
	if (p)
		bpf_percpu_obj_drop_impl(p, NULL);
	bpf_rcu_read_lock();
	p = kept;
	if (p) {
		here = bpf_this_cpu_ptr(p);
		here->a = 4;
		here->b = 38;
		here = bpf_this_cpu_ptr(p);
		right += here->b == 38;
		here = bpf_per_cpu_ptr(p, 0);
		right += here != NULL;
		here = bpf_per_cpu_ptr(p, 100000);
		right += here == NULL;
	}
	bpf_rcu_read_unlock();
	return right;
}
