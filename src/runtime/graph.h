/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Lists and trees that programs build of their own objects (kfunc spec 12.4), at run time. The
 * program holds the lock of the value that has the head or root; the functions here rely on it.
 *
 * A node knows what it is linked in: NULL, a head or root, or a mark while it changes. A refcounted
 * object can be in several programs' hands at once, each under a lock of its own, so the owner is
 * what decides who links it: the second one fails.
 *
 * Opaque types: struct bpf_list_head (16 bytes), bpf_list_node (24), bpf_rb_root (16), bpf_rb_node
 * (32). Zeroes are an empty list or tree, and a node that is in none. No types of the runtime here:
 * kfuncs include this.
 */
#ifndef RUNTIME_GRAPH_H
#define RUNTIME_GRAPH_H

#include <stdbool.h>

/* 0, or -EINVAL when the node is linked somewhere; counted: the object has a struct bpf_refcount */
int rt_list_add(void *head, void *node, bool tail, bool counted);
void *rt_list_pop(void *head, bool tail); /* NULL: empty */
void *rt_list_end(void *head, bool tail);

/* less(arg, a, b): should a come before b? 0, or -EINVAL when the node is linked somewhere */
int rt_rbtree_add(void *root, void *node, bool (*less)(void *arg, void *a, void *b), void *arg,
		  bool counted);
void *rt_rbtree_remove(void *root, void *node); /* NULL: not of this tree */
void *rt_rbtree_first(void *root);
void *rt_rbtree_root(void *root);
void *rt_rbtree_child(void *root, void *node, bool right); /* NULL: none, or not of this tree */

#endif
