/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Objects that the programs about lists, trees and kernel pointers use. */
#ifndef PROGS_GRAPH_H
#define PROGS_GRAPH_H

#include "../image/image.h"

#define obj_new(type)		((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define percpu_new(type)	bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL)
#define obj_drop(p)		bpf_obj_drop_impl(p, NULL)
#define refcount_acquire(p)	bpf_refcount_acquire_impl(p, NULL)
#define push_front(head, node)	bpf_list_push_front_impl(head, node, NULL, 0)
#define rb_add(root, node, cmp) bpf_rbtree_add_impl(root, node, cmp, NULL, 0)

struct item {
	struct bpf_list_node link;
	long value;
};

struct leaf {
	struct bpf_rb_node node;
	long key;
};

struct shared {
	struct bpf_refcount refs;
	struct bpf_list_node link;
	struct bpf_rb_node node;
	long key;
};

struct other {
	struct bpf_list_node link;
	struct bpf_rb_node node;
	struct bpf_refcount refs;
};

/* types that only bpf_obj_new() mentions would not be in the BTF */
struct all_types {
	struct item *a;
	struct leaf *b;
	struct shared *c;
	struct other *d;
};

#endif
