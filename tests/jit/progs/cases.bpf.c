// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * One call instruction that sees objects of several types, sizes and places (kfunc spec R2.15): every
 * call of a kfunc here is in a function of its own, which the programs call with different things.
 * Linux 6.18.44 accepts the same programs, but runs them with what its verifier saw last: never run them
 * there. in[] comes from ../test_cases.c, out[] is looked at by it.
 */
#include "../../programs/progs/local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct numbers {
	__u64 in[4];
	__u64 out[8];
};

struct small { u64 key; };
struct large { u64 key, more[300]; };
struct keeper { u64 key; struct task_struct __kptr *task; };

/* nodes at different places, with a count and without */
struct plain { u64 key; struct bpf_list_node link; };
struct moved { u64 key, more[4]; struct bpf_list_node link; };
struct shared { u64 key; struct bpf_refcount refs; struct bpf_list_node link; };
struct wide { u64 key, more[20]; struct bpf_list_node link; struct bpf_refcount refs; };
struct leaf { u64 key; struct bpf_rb_node node; };
struct twig { u64 more[3], key; struct bpf_rb_node node; struct bpf_refcount refs; };
struct stem { struct bpf_refcount refs; u64 more[9], key; struct bpf_rb_node node; };

struct value {
	struct bpf_spin_lock lock;
	struct bpf_list_head plain __contains(plain, link);
	struct bpf_list_head moved __contains(moved, link);
	struct bpf_list_head shared __contains(shared, link);
	struct bpf_list_head wide __contains(wide, link);
	struct bpf_rb_root leaf __contains(leaf, node);
	struct bpf_rb_root twig __contains(twig, node);
	struct bpf_rb_root stem __contains(stem, node);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, struct value);
	__uint(max_entries, 1);
} graphs SEC(".maps");

static __always_inline struct value *the_value(void)
{
	int zero = 0;

	return bpf_map_lookup_elem(&graphs, &zero);
}

#define ID(type) bpf_core_type_id_local(struct type)

static __noinline void *make(u64 id)
{
	return bpf_obj_new_impl(id, NULL);
}

static __noinline void *make_percpu(u64 id)
{
	return bpf_percpu_obj_new_impl(id, NULL);
}

static __noinline void *acquire(void *p)
{
	return one_more(p);
}

static __noinline int give_up(void *p)
{
	drop(p);
	return 0;
}

static __noinline int give_up_percpu(void *p)
{
	bpf_percpu_obj_drop_impl(p, NULL);
	return 0;
}

static __noinline int push(struct bpf_list_head *head, struct bpf_list_node *node)
{
	return push_back(head, node);
}

/* ---- made and dropped ---- */

/* as many of each as asked for, filled to the last byte */
SEC("syscall") int made(struct numbers *n)
{
	struct small *s;
	struct large *l;
	struct keeper *k;
	struct wide *w;
	u64 i;

	s = make(ID(small));
	if (!s)
		return 1;
	l = make(ID(large));
	if (!l) {
		give_up(s);
		return 2;
	}
	s->key = n->in[0];
	for (i = 0; i < 300; i++)
		l->more[i] = n->in[0] + i;
	n->out[0] = s->key;
	n->out[1] = l->more[299] - l->more[0];
	give_up(s);
	k = make(ID(keeper));
	if (k) {
		struct task_struct *t = bpf_task_from_pid(n->in[1]), *old;

		if (t) {
			n->out[2] = t->pid;
			old = bpf_kptr_xchg(&k->task, t);
			if (old)
				bpf_task_release(old);
		}
		give_up(k); /* and the task with it */
	}
	give_up(l);
	w = make(ID(wide));
	if (w) {
		w->more[19] = 77;
		n->out[3] = w->more[19];
		give_up(w);
	}
	return 0;
}

/* what a path makes is what the same path uses */
SEC("syscall") int chosen(struct numbers *n)
{
	u64 id, which = n->in[0];
	void *p;

	if (which == 0)
		id = ID(large);
	else if (which == 1)
		id = ID(keeper);
	else
		id = ID(small), which = 2;
	hide(id);
	hide(which);
	p = bpf_obj_new_impl(id, NULL);
	if (!p)
		return 1;
	if (which == 0) {
		((struct large *)p)->more[299] = 5;
		n->out[0] = ((struct large *)p)->more[299];
	} else if (which == 1) {
		struct task_struct *t = bpf_task_from_pid(n->in[1]), *old;

		n->out[0] = t ? 6 : 0;
		if (t) {
			old = bpf_kptr_xchg(&((struct keeper *)p)->task, t);
			if (old)
				bpf_task_release(old);
		}
	} else {
		((struct small *)p)->key = 7;
		n->out[0] = ((struct small *)p)->key;
	}
	bpf_obj_drop_impl(p, NULL);
	return 0;
}

struct pc_small { u64 a; };
struct pc_large { u64 a[60]; };

struct percpu_slots {
	struct pc_small __percpu_kptr *small;
	struct pc_large __percpu_kptr *large;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, struct percpu_slots);
	__uint(max_entries, 1);
} percpu_objects SEC(".maps");

SEC("syscall") int percpu(struct numbers *n)
{
	struct percpu_slots *v;
	struct pc_small *s;
	struct pc_large *l, *here;
	int zero = 0;

	v = bpf_map_lookup_elem(&percpu_objects, &zero);
	if (!v)
		return 1;
	s = make_percpu(ID(pc_small));
	if (!s)
		return 2;
	s = bpf_kptr_xchg(&v->small, s);
	if (s)
		give_up_percpu(s);
	l = make_percpu(ID(pc_large));
	if (!l)
		return 3;
	l = bpf_kptr_xchg(&v->large, l);
	if (l)
		give_up_percpu(l);
	bpf_rcu_read_lock();
	l = v->large;
	if (l) {
		here = bpf_this_cpu_ptr(l);
		here->a[59] = n->in[0];
		here->a[0] = 1;
		n->out[0] = here->a[59];
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* ---- one more reference ---- */

#define ONE_MORE(type, at)                                                                         \
	({                                                                                         \
		struct type *p = new(struct type), *q = NULL;                                      \
		u64 key = 0;                                                                       \
                                                                                                   \
		if (p) {                                                                           \
			p->key = n->in[0];                                                         \
			q = acquire((char *)p + (at));                                             \
			give_up(p);                                                                \
		}                                                                                  \
		if (q) {                                                                           \
			key = q->key;                                                              \
			give_up(q);                                                                \
		}                                                                                  \
		key;                                                                               \
	})

SEC("syscall") int counted(struct numbers *n)
{
	n->out[0] = ONE_MORE(shared, 0);
	n->out[1] = ONE_MORE(wide, 0);
	n->out[2] = ONE_MORE(stem, 0);
	return 0;
}

/* pointers into objects: what comes back is the object */
SEC("syscall") int counted_inside(struct numbers *n)
{
	n->out[0] = ONE_MORE(shared, 0);
	n->out[1] = ONE_MORE(shared, sizeof(struct shared) - 1);
	n->out[2] = ONE_MORE(wide, __builtin_offsetof(struct wide, refs));
	n->out[3] = ONE_MORE(stem, 3);
	n->out[4] = ONE_MORE(stem, __builtin_offsetof(struct stem, node));
	return 0;
}

/* always at the same place */
SEC("syscall") int counted_at_link(struct numbers *n)
{
	struct wide *p = new(struct wide), *q;

	if (!p)
		return 1;
	p->key = n->in[0];
	q = one_more(&p->link);
	give_up(p);
	if (q) {
		n->out[0] = q->key;
		give_up(q);
	}
	return 0;
}

/* a node that is only seen, in a list: what comes back is its object */
SEC("syscall") int counted_in_list(struct numbers *n)
{
	struct value *v = the_value();
	struct bpf_list_node *seen;
	struct wide *p, *q = NULL;

	if (!v)
		return 1;
	p = new(struct wide);
	if (!p)
		return 2;
	p->key = n->in[0];
	bpf_spin_lock(&v->lock);
	push(&v->wide, &p->link);
	seen = bpf_list_front(&v->wide);
	if (seen)
		q = acquire(seen);
	bpf_spin_unlock(&v->lock);
	if (q) {
		n->out[0] = q->key;
		give_up(q);
	}
	bpf_spin_lock(&v->lock);
	seen = bpf_list_pop_front(&v->wide);
	bpf_spin_unlock(&v->lock);
	if (seen) {
		p = container_of(seen, struct wide, link);
		n->out[1] = p->key;
		give_up(p);
	}
	return 0;
}

/* ---- lists ---- */

#define PUSH(type)                                                                                 \
	({                                                                                         \
		struct type *p = new(struct type);                                                 \
		int err = 1;                                                                       \
                                                                                                   \
		if (p) {                                                                           \
			p->key = n->in[0];                                                         \
			bpf_spin_lock(&v->lock);                                                   \
			err = push(&v->type, &p->link);                                            \
			bpf_spin_unlock(&v->lock);                                                 \
		}                                                                                  \
		err;                                                                               \
	})

/* the second time it is there already, and the reference goes */
#define PUSH_TWICE(type)                                                                           \
	({                                                                                         \
		struct type *p = new(struct type), *q;                                             \
		int err = 1;                                                                       \
                                                                                                   \
		if (p) {                                                                           \
			p->key = n->in[0];                                                         \
			q = one_more(p);                                                           \
			bpf_spin_lock(&v->lock);                                                   \
			err = push(&v->type, &p->link);                                            \
			if (q)                                                                     \
				err = 10 * err + push(&v->type, &q->link);                         \
			bpf_spin_unlock(&v->lock);                                                 \
		}                                                                                  \
		err;                                                                               \
	})

#define POP(type)                                                                                  \
	({                                                                                         \
		struct bpf_list_node *l;                                                           \
		u64 key = 0;                                                                       \
                                                                                                   \
		bpf_spin_lock(&v->lock);                                                           \
		l = bpf_list_pop_front(&v->type);                                                  \
		bpf_spin_unlock(&v->lock);                                                         \
		if (l) {                                                                           \
			key = container_of(l, struct type, link)->key;                             \
			give_up(container_of(l, struct type, link));                               \
		}                                                                                  \
		key;                                                                               \
	})

SEC("syscall") int pushed(struct numbers *n)
{
	struct value *v = the_value();

	if (!v)
		return 1;
	n->out[0] = PUSH(plain);
	n->out[1] = PUSH(moved);
	n->out[2] = PUSH(shared);
	n->out[3] = PUSH(wide);
	n->out[4] = PUSH_TWICE(shared);
	n->out[5] = PUSH_TWICE(wide);
	return 0;
}

SEC("syscall") int popped(struct numbers *n)
{
	struct value *v = the_value();

	if (!v)
		return 1;
	n->out[0] = POP(plain);
	n->out[1] = POP(moved);
	n->out[2] = POP(shared);
	n->out[3] = POP(wide);
	n->out[4] = POP(shared);
	n->out[5] = POP(wide);
	n->out[6] = POP(shared);
	n->out[7] = POP(plain);
	return 0;
}

/* ---- trees ---- */

static bool leaf_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
}

static bool twig_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct twig, node)->key < container_of(b, struct twig, node)->key;
}

static bool stem_greater(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct stem, node)->key > container_of(b, struct stem, node)->key;
}

/* one instruction: three trees, three orders, nodes at three places; a second time for what has a count */
SEC("syscall") int planted(struct numbers *n)
{
	bool (*less)(struct bpf_rb_node *a, const struct bpf_rb_node *b);
	struct value *v = the_value();
	u64 which = n->in[0] % 3;
	struct bpf_rb_root *root;
	struct bpf_rb_node *node;
	void *again = NULL;
	int err;

	if (!v)
		return 1;
	if (which == 0) {
		struct leaf *p = new(struct leaf);

		if (!p)
			return 2;
		p->key = n->in[1];
		node = &p->node;
		root = &v->leaf;
		less = leaf_less;
	} else if (which == 1) {
		struct twig *p = new(struct twig);

		if (!p)
			return 2;
		p->key = n->in[1];
		if (n->in[2])
			again = one_more(p);
		node = &p->node;
		root = &v->twig;
		less = twig_less;
	} else {
		struct stem *p = new(struct stem);

		if (!p)
			return 2;
		p->key = n->in[1];
		if (n->in[2])
			again = one_more(p);
		node = &p->node;
		root = &v->stem;
		less = stem_greater;
	}
	hide(root);
	hide(node);
	hide(less);
	bpf_spin_lock(&v->lock);
	err = tree_add(root, node, less);
	bpf_spin_unlock(&v->lock);
	n->out[0] = err;
	if (again)
		give_up(again);
	return 0;
}

/* two of them are there already the second time, and the reference goes */
static bool never(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return false;
}

static __noinline int plant_any(struct bpf_rb_root *root, struct bpf_rb_node *node)
{
	return tree_add(root, node, never);
}

#define PLANT_TWICE(type)                                                                          \
	({                                                                                         \
		struct type *p = new(struct type), *q;                                             \
		int err = 1;                                                                       \
                                                                                                   \
		if (p) {                                                                           \
			p->key = n->in[0];                                                         \
			q = one_more(p);                                                           \
			bpf_spin_lock(&v->lock);                                                   \
			err = plant_any(&v->type, &p->node);                                       \
			if (q)                                                                     \
				err = 10 * err + plant_any(&v->type, &q->node);                    \
			bpf_spin_unlock(&v->lock);                                                 \
		}                                                                                  \
		err;                                                                               \
	})

SEC("syscall") int planted_twice(struct numbers *n)
{
	struct value *v = the_value();
	struct leaf *p;

	if (!v)
		return 1;
	p = new(struct leaf);
	if (p) {
		p->key = n->in[0];
		bpf_spin_lock(&v->lock);
		n->out[0] = plant_any(&v->leaf, &p->node);
		bpf_spin_unlock(&v->lock);
	}
	n->out[1] = PLANT_TWICE(twig);
	n->out[2] = PLANT_TWICE(stem);
	return 0;
}

#define CUT(type)                                                                                  \
	({                                                                                         \
		struct bpf_rb_node *l;                                                             \
		u64 key = 0;                                                                       \
                                                                                                   \
		bpf_spin_lock(&v->lock);                                                           \
		l = bpf_rbtree_first(&v->type);                                                    \
		if (l)                                                                             \
			l = bpf_rbtree_remove(&v->type, l);                                        \
		bpf_spin_unlock(&v->lock);                                                         \
		if (l) {                                                                           \
			key = container_of(l, struct type, node)->key;                             \
			give_up(container_of(l, struct type, node));                               \
		}                                                                                  \
		key;                                                                               \
	})

SEC("syscall") int cut(struct numbers *n)
{
	struct value *v = the_value();

	if (!v)
		return 1;
	n->out[0] = CUT(leaf);
	n->out[1] = CUT(twig);
	n->out[2] = CUT(stem);
	n->out[3] = CUT(leaf);
	n->out[4] = CUT(twig);
	n->out[5] = CUT(stem);
	return 0;
}
