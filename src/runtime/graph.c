/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Doubly linked lists and search trees of program objects; see graph.h.
 *
 * The tree is a treap: a search tree by the program's order, and a heap by a number that is
 * computed from the node's address. Its shape is that of a tree whose nodes were inserted in random
 * order, so depth is logarithmic with overwhelming probability, without a balance word in the node
 * and with two dozen lines instead of the cases of a red-black tree.
 */
#include "runtime/graph.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

struct list {
	struct list *next, *prev;
};

struct list_node {
	struct list l;
	void *owner;
};

struct tree_node {
	struct tree_node *parent, *right, *left;
	void *owner;
};

struct tree_root {
	struct tree_node *top;
	struct tree_node *unused;
};

#define BUSY ((void *)1) /* owner while a node is being linked or unlinked */

/* An object without a count has one holder, whom nobody else can come before. */
static bool claim(void **owner, bool counted)
{
	void *none = NULL;

	if (!counted)
		return !*owner;

	return __atomic_compare_exchange_n(owner, &none, BUSY, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static void set_owner(void **owner, void *to)
{
	__atomic_store_n(owner, to, __ATOMIC_RELEASE);
}

static void *owner_of(void **owner)
{
	return __atomic_load_n(owner, __ATOMIC_ACQUIRE);
}

/* ---- lists ---- */

static struct list *list_of(void *head)
{
	struct list *h = head;

	if (!h->next) /* zeroes */
		h->next = h->prev = h;
	return h;
}

int rt_list_add(void *head, void *node, bool tail, bool counted)
{
	struct list *h = list_of(head), *before;
	struct list_node *n = node;

	if (!claim(&n->owner, counted))
		return -EINVAL;
	before = tail ? h->prev : h;
	n->l.prev = before;
	n->l.next = before->next;
	before->next->prev = &n->l;
	before->next = &n->l;
	set_owner(&n->owner, head);
	return 0;
}

void *rt_list_end(void *head, bool tail)
{
	struct list *h = list_of(head);
	struct list *n = tail ? h->prev : h->next;

	return n == h ? NULL : n;
}

void *rt_list_pop(void *head, bool tail)
{
	struct list_node *n = rt_list_end(head, tail);

	if (!n)
		return NULL;
	set_owner(&n->owner, BUSY);
	n->l.prev->next = n->l.next;
	n->l.next->prev = n->l.prev;
	n->l.next = n->l.prev = NULL;
	set_owner(&n->owner, NULL);
	return n;
}

/* ---- trees ---- */

/* the heap's order: a fixed mix of the address */
static uint64_t priority(const struct tree_node *n)
{
	uint64_t x = (uint64_t)(uintptr_t)n;

	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

/* the pointer that leads to n */
static struct tree_node **link_to(struct tree_root *r, struct tree_node *n)
{
	if (!n->parent)
		return &r->top;
	return n->parent->left == n ? &n->parent->left : &n->parent->right;
}

/* n, a child of p, takes its place; order is kept */
static void rotate_up(struct tree_root *r, struct tree_node *n)
{
	struct tree_node *p = n->parent, *inner;
	struct tree_node **up = link_to(r, p);

	if (p->left == n) {
		inner = n->right;
		p->left = inner;
		n->right = p;
	} else {
		inner = n->left;
		p->right = inner;
		n->left = p;
	}
	if (inner)
		inner->parent = p;
	n->parent = p->parent;
	p->parent = n;
	*up = n;
}

int rt_rbtree_add(void *root, void *node, bool (*less)(void *arg, void *a, void *b), void *arg,
		  bool counted)
{
	struct tree_root *r = root;
	struct tree_node *n = node, *parent = NULL, **link = &r->top;

	if (!claim(&n->owner, counted))
		return -EINVAL;
	while (*link) {
		parent = *link;
		link = less(arg, n, parent) ? &parent->left : &parent->right;
	}
	n->parent = parent;
	n->left = n->right = NULL;
	*link = n;
	while (n->parent && priority(n) > priority(n->parent))
		rotate_up(r, n);
	set_owner(&n->owner, root);
	return 0;
}

void *rt_rbtree_remove(void *root, void *node)
{
	struct tree_root *r = root;
	struct tree_node *n = node;

	if (owner_of(&n->owner) != root)
		return NULL;
	set_owner(&n->owner, BUSY);
	while (n->left || n->right) { /* down to a leaf */
		struct tree_node *up = !n->left                                 ? n->right
				       : !n->right                              ? n->left
				       : priority(n->left) > priority(n->right) ? n->left
										: n->right;

		rotate_up(r, up);
	}
	*link_to(r, n) = NULL;
	n->parent = NULL;
	set_owner(&n->owner, NULL);
	return n;
}

void *rt_rbtree_first(void *root)
{
	struct tree_node *n = ((struct tree_root *)root)->top;

	while (n && n->left)
		n = n->left;
	return n;
}

void *rt_rbtree_root(void *root)
{
	return ((struct tree_root *)root)->top;
}

void *rt_rbtree_child(void *root, void *node, bool right)
{
	struct tree_node *n = node;

	if (owner_of(&n->owner) != root)
		return NULL;
	return right ? n->right : n->left;
}
