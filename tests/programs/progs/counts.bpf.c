// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Objects of every kind made, taken, exchanged through a map and given back, for kfuncs/test_counts.c
 * (kfunc spec 8.4, 9). */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct own {
	u64 n;
	struct task_struct __kptr *task;
};

/* in a list and a tree at once, and owner of a mask */
struct item {
	struct bpf_list_node link;
	struct bpf_rb_node node;
	struct bpf_refcount refs;
	struct bpf_cpumask __kptr *mask;
	u32 key;
};

/* in one list only, and in nobody's hands else */
struct plain {
	struct bpf_list_node link;
	u32 key;
};

struct numbers {
	u64 a, b;
};

struct graphs {
	struct bpf_spin_lock lock;
	struct bpf_list_head list __contains(item, link);
	struct bpf_rb_root tree __contains(item, node);
	struct bpf_list_head plains __contains(plain, link);
	struct numbers __percpu_kptr *numbers;
};

struct slots {
	struct task_struct __kptr *task;
	struct cgroup __kptr *cgroup;
	struct bpf_cpumask __kptr *mask;
	struct own __kptr *own;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct slots);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct slots);
} hashed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct graphs);
} graphs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, struct graphs);
} hashed_graphs SEC(".maps");

static void exchange_task(struct slots *s, int pid)
{
	struct task_struct *t = bpf_task_from_pid(pid), *again;

	if (!t)
		return;
	again = bpf_task_acquire(t);
	if (again)
		bpf_task_release(again);
	t = bpf_kptr_xchg(&s->task, t);
	if (t)
		bpf_task_release(t);
}

static void exchange_cgroup(struct slots *s)
{
	struct cgroup *c = bpf_cgroup_from_id(1), *root;

	if (!c)
		return;
	root = bpf_cgroup_ancestor(c, 0);
	if (root)
		bpf_cgroup_release(root);
	c = bpf_kptr_xchg(&s->cgroup, c);
	if (c)
		bpf_cgroup_release(c);
}

static void exchange_mask(struct slots *s)
{
	struct bpf_cpumask *m = bpf_cpumask_create(), *again;

	if (!m)
		return;
	again = bpf_cpumask_acquire(m);
	bpf_cpumask_release(again);
	m = bpf_kptr_xchg(&s->mask, m);
	if (m)
		bpf_cpumask_release(m);
}

static void exchange_own(struct slots *s, int pid)
{
	struct own *o = new(struct own);
	struct task_struct *t;

	if (!o)
		return;
	t = bpf_task_from_pid(pid);
	if (t) {
		t = bpf_kptr_xchg(&o->task, t);
		if (t)
			bpf_task_release(t);
	}
	o = bpf_kptr_xchg(&s->own, o);
	if (o)
		drop(o);
}

static void read_under_rcu(struct slots *s)
{
	struct task_struct *t, *again;

	bpf_rcu_read_lock();
	t = s->task;
	if (t) {
		again = bpf_task_acquire(t);
		if (again)
			bpf_task_release(again);
	}
	bpf_rcu_read_unlock();
}

/* Scenarios 17, 38, 46, 67 */
SEC("syscall") __expect_accept __expect_retval(0)
int churn(void *ctx)
{
	u32 key = bpf_get_prandom_u32() % 4;
	int pid = bpf_get_current_pid_tgid();
	struct slots *s;

	s = bpf_map_lookup_elem(&slots, &key);
	if (!s)
		return 1;
	exchange_task(s, pid);
	exchange_cgroup(s);
	exchange_mask(s);
	exchange_own(s, pid);
	read_under_rcu(s);
	return 0;
}

/* Scenario 76: values that go with what they hold */
SEC("syscall") __expect_accept __expect_retval(0)
int churn_hash(void *ctx)
{
	u32 key = bpf_get_prandom_u32() % 4;
	int pid = bpf_get_current_pid_tgid();
	struct slots zero = {}, *s;

	bpf_map_update_elem(&hashed, &key, &zero, 0);
	s = bpf_map_lookup_elem(&hashed, &key);
	if (s) {
		exchange_task(s, pid);
		exchange_cgroup(s);
		exchange_mask(s);
		exchange_own(s, pid);
	}
	if (bpf_get_prandom_u32() % 2)
		bpf_map_delete_elem(&hashed, &key);
	return 0;
}

/* ---- lists and trees ---- */

static bool by_key(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct item, node)->key < container_of(b, struct item, node)->key;
}

static void put_item(struct graphs *g)
{
	struct item *i = new(struct item), *again;
	struct bpf_cpumask *m;

	if (!i)
		return;
	i->key = bpf_get_prandom_u32() % 64;
	m = bpf_cpumask_create();
	if (m) {
		m = bpf_kptr_xchg(&i->mask, m);
		if (m)
			bpf_cpumask_release(m);
	}
	again = one_more(i);
	bpf_spin_lock(&g->lock);
	push_back(&g->list, &i->link);
	bpf_spin_unlock(&g->lock);
	bpf_spin_lock(&g->lock);
	tree_add(&g->tree, &again->node, by_key);
	bpf_spin_unlock(&g->lock);
}

static void take_item(struct graphs *g)
{
	struct bpf_list_node *l;
	struct bpf_rb_node *r;

	bpf_spin_lock(&g->lock);
	l = bpf_list_pop_front(&g->list);
	bpf_spin_unlock(&g->lock);
	if (l)
		drop(container_of(l, struct item, link));
	bpf_spin_lock(&g->lock);
	r = bpf_rbtree_first(&g->tree);
	if (r)
		r = bpf_rbtree_remove(&g->tree, r);
	bpf_spin_unlock(&g->lock);
	if (r)
		drop(container_of(r, struct item, node));
}

static void move_plain(struct graphs *g)
{
	struct plain *p = new(struct plain);
	struct bpf_list_node *l;

	if (!p)
		return;
	bpf_spin_lock(&g->lock);
	push_front(&g->plains, &p->link);
	bpf_spin_unlock(&g->lock);
	if (bpf_get_prandom_u32() % 8 == 0)
		return;
	bpf_spin_lock(&g->lock);
	l = bpf_list_pop_back(&g->plains);
	bpf_spin_unlock(&g->lock);
	if (l)
		drop(container_of(l, struct plain, link));
}

static void exchange_numbers(struct graphs *g)
{
	struct numbers __percpu_kptr *p =
		bpf_percpu_obj_new_impl(bpf_core_type_id_local(struct numbers), NULL);

	if (!p)
		return;
	p = bpf_kptr_xchg(&g->numbers, p);
	if (p)
		bpf_percpu_obj_drop_impl(p, NULL);
}

static void churn_one(struct graphs *g)
{
	if (bpf_get_prandom_u32() % 2)
		put_item(g);
	else
		take_item(g);
	move_plain(g);
	exchange_numbers(g);
}

SEC("syscall") __expect_accept __expect_retval(0)
int churn_graphs(void *ctx)
{
	u32 key = bpf_get_prandom_u32() % 4;
	struct graphs *g = bpf_map_lookup_elem(&graphs, &key), zero = {};

	if (!g)
		return 1;
	churn_one(g);
	if (bpf_get_prandom_u32() % 256 == 0) /* lists that grew go as a whole */
		bpf_map_update_elem(&graphs, &key, &zero, 0);
	return 0;
}

SEC("syscall") __expect_accept __expect_retval(0)
int churn_hashed_graphs(void *ctx)
{
	u32 key = bpf_get_prandom_u32() % 4;
	struct graphs *g, zero = {};

	bpf_map_update_elem(&hashed_graphs, &key, &zero, BPF_NOEXIST);
	g = bpf_map_lookup_elem(&hashed_graphs, &key);
	if (g)
		churn_one(g);
	if (bpf_get_prandom_u32() % 4 == 0)
		bpf_map_delete_elem(&hashed_graphs, &key);
	return 0;
}
