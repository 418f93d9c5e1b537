/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs that make and drop objects of a program's own types, and those on the lists and trees that
 * it builds of them (kfunc spec 12.4), on runtime/object.c and runtime/graph.c. Parameters whose
 * names end in
 * __ign, and the size in place of the type id, are filled by the loader: kfuncs.h.
 */
#include "kfuncs/kfuncs.h"

#include <errno.h>

#include "runtime/graph.h"
#include "runtime/object.h"

struct less_arg {
	bool (*less)(struct bpf_rb_node *a, const struct bpf_rb_node *b);
};

/* a function of the program, called through the engine that runs it */
static bool call_less(void *arg, void *a, void *b)
{
	return rt_callback((const void *)((struct less_arg *)arg)->less, (u64)(unsigned long)a,
			   (u64)(unsigned long)b, 0, 0, 0) != 0;
}

__bpf_kfunc_start_defs();

/**
 * bpf_obj_new_impl() - make an object of one of the program's types
 * @local_type_id__k: type in the program's BTF, from bpf_core_type_id_local()
 * @meta__ign: filled when the program is loaded
 *
 * Special members (locks, lists, trees, kernel pointers, the reference count) are ready for use;
 * other bytes have no particular value.
 *
 * Return: the object, owned by the program; NULL when there is no memory. Give it to
 * bpf_obj_drop(), to a list or tree, or to a map with bpf_kptr_xchg().
 */
__bpf_kfunc void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign)
{
	return rt_obj_new((u32)local_type_id__k, meta__ign);
}

/**
 * bpf_obj_drop_impl() - give up an object
 * @p__alloc: object made by bpf_obj_new()
 * @meta__ign: filled when the program is loaded
 *
 * The object goes with its last reference, and with it what it owns: kernel pointers are released,
 * lists and trees emptied.
 */
__bpf_kfunc void bpf_obj_drop_impl(void *p__alloc, void *meta__ign)
{
	(void)meta__ign;
	rt_obj_drop(p__alloc);
}

/**
 * bpf_percpu_obj_new_impl() - make an object with a copy for each CPU
 * @local_type_id__k: type in the program's BTF, without special members and at most 512 bytes
 * @meta__ign: filled when the program is loaded
 *
 * Return: a handle that bpf_this_cpu_ptr() and bpf_per_cpu_ptr() turn into addresses, owned by the
 * program; NULL when there is no memory.
 */
__bpf_kfunc void *bpf_percpu_obj_new_impl(u64 local_type_id__k, void *meta__ign)
{
	(void)meta__ign;
	return rt_percpu_obj_new((u32)local_type_id__k);
}

/**
 * bpf_percpu_obj_drop_impl() - give up an object with a copy for each CPU
 * @p__alloc: handle from bpf_percpu_obj_new()
 * @meta__ign: filled when the program is loaded
 */
__bpf_kfunc void bpf_percpu_obj_drop_impl(void *p__alloc, void *meta__ign)
{
	(void)meta__ign;
	rt_percpu_obj_drop(p__alloc);
}

/**
 * bpf_refcount_acquire_impl() - take one more reference on an object
 * @p__refcounted_kptr: object whose type has a struct bpf_refcount
 * @meta__ign: filled when the program is loaded
 *
 * Return: the same object, owned once more. NULL only when the program did not own it and its last
 * reference is gone.
 */
__bpf_kfunc void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign)
{
	(void)meta__ign;
	return rt_obj_try_acquire(p__refcounted_kptr) ? p__refcounted_kptr : NULL;
}

/**
 * bpf_list_push_front_impl() - put an object at the front of a list
 * @head: list in a map value or object whose lock is held
 * @node: node of the object; the list takes the program's reference over
 * @meta__ign: filled when the program is loaded
 * @off: filled when the program is loaded
 *
 * Return: 0; -EINVAL when the object is in a list or tree already, and the reference is dropped.
 */
__bpf_kfunc int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node,
					 void *meta__ign, u64 off)
{
	int err = rt_list_add(head, node, false, rt_obj_counted(meta__ign));

	if (err)
		rt_obj_drop_node(node, off);
	return err;
}

/**
 * bpf_list_push_back_impl() - put an object at the back of a list
 * @head: list in a map value or object whose lock is held
 * @node: node of the object; the list takes the program's reference over
 * @meta__ign: filled when the program is loaded
 * @off: filled when the program is loaded
 *
 * Example::
 *
 *	struct item {
 *		u64 value;
 *		struct bpf_list_node node;
 *	};
 *
 *	SEC(".data.queue") __hidden struct bpf_spin_lock lock;
 *	SEC(".data.queue") __hidden __attribute__((btf_decl_tag("contains:item:node")))
 *	struct bpf_list_head queue;
 *
 *	SEC("syscall")
 *	int put(void *ctx)
 *	{
 *		struct item *i = bpf_obj_new_impl(bpf_core_type_id_local(struct item), NULL);
 *
 *		if (!i)
 *			return 1;
 *		i->value = 42;
 *		bpf_spin_lock(&lock);
 *		bpf_list_push_back_impl(&queue, &i->node, NULL, 0);
 *		bpf_spin_unlock(&lock);
 *		return 0;
 *	}
 *
 * Return: 0; -EINVAL when the object is in a list or tree already, and the reference is dropped.
 */
__bpf_kfunc int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node,
					void *meta__ign, u64 off)
{
	int err = rt_list_add(head, node, true, rt_obj_counted(meta__ign));

	if (err)
		rt_obj_drop_node(node, off);
	return err;
}

/**
 * bpf_list_pop_front() - take the first object out of a list
 * @head: list in a map value or object whose lock is held
 *
 * Example::
 *
 *	// with the queue of bpf_list_push_back_impl()
 *	SEC("syscall")
 *	int take(void *ctx)
 *	{
 *		struct bpf_list_node *node;
 *		u64 value;
 *
 *		bpf_spin_lock(&lock);
 *		node = bpf_list_pop_front(&queue);
 *		bpf_spin_unlock(&lock);
 *		if (!node)
 *			return 0;
 *		value = container_of(node, struct item, node)->value;
 *		bpf_obj_drop_impl(container_of(node, struct item, node), NULL);
 *		return value;
 *	}
 *
 * Return: its node, the object owned by the program; NULL when the list is empty.
 */
__bpf_kfunc struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head)
{
	return rt_list_pop(head, false);
}

/**
 * bpf_list_pop_back() - take the last object out of a list
 * @head: list in a map value or object whose lock is held
 *
 * Return: its node, the object owned by the program; NULL when the list is empty.
 */
__bpf_kfunc struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head)
{
	return rt_list_pop(head, true);
}

/**
 * bpf_list_front() - look at the first object of a list
 * @head: list in a map value or object whose lock is held
 *
 * Return: its node, not owned, to be used while the lock is held; NULL when the list is empty.
 */
__bpf_kfunc struct bpf_list_node *bpf_list_front(struct bpf_list_head *head)
{
	return rt_list_end(head, false);
}

/**
 * bpf_list_back() - look at the last object of a list
 * @head: list in a map value or object whose lock is held
 *
 * Return: its node, not owned, to be used while the lock is held; NULL when the list is empty.
 */
__bpf_kfunc struct bpf_list_node *bpf_list_back(struct bpf_list_head *head)
{
	return rt_list_end(head, true);
}

/**
 * bpf_rbtree_add_impl() - put an object into a tree
 * @root: tree in a map value or object whose lock is held
 * @node: node of the object; the tree takes the program's reference over
 * @less: function of the program: should the first node come before the second?
 * @meta__ign: filled when the program is loaded
 * @off: filled when the program is loaded
 *
 * Objects that are equal by @less keep the order in which they came.
 *
 * Example::
 *
 *	struct leaf {
 *		u64 key;
 *		struct bpf_rb_node node;
 *	};
 *
 *	SEC(".data.tree") __hidden struct bpf_spin_lock lock;
 *	SEC(".data.tree") __hidden __attribute__((btf_decl_tag("contains:leaf:node")))
 *	struct bpf_rb_root root;
 *
 *	static bool by_key(struct bpf_rb_node *a, const struct bpf_rb_node *b)
 *	{
 *		return container_of(a, struct leaf, node)->key < container_of(b, struct leaf, node)->key;
 *	}
 *
 *	SEC("syscall")
 *	int put(void *ctx)
 *	{
 *		struct leaf *l = bpf_obj_new_impl(bpf_core_type_id_local(struct leaf), NULL);
 *
 *		if (!l)
 *			return 1;
 *		l->key = bpf_get_prandom_u32();
 *		bpf_spin_lock(&lock);
 *		bpf_rbtree_add_impl(&root, &l->node, by_key, NULL, 0);
 *		bpf_spin_unlock(&lock);
 *		return 0;
 *	}
 *
 * Return: 0; -EINVAL when the object is in a list or tree already, and the reference is dropped.
 */
__bpf_kfunc int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
				    bool (*less)(struct bpf_rb_node *a,
						 const struct bpf_rb_node *b),
				    void *meta__ign, u64 off)
{
	struct less_arg arg = {less};
	int err = rt_rbtree_add(root, node, call_less, &arg, rt_obj_counted(meta__ign));

	if (err)
		rt_obj_drop_node(node, off);
	return err;
}

/**
 * bpf_rbtree_remove() - take an object out of a tree
 * @root: tree in a map value or object whose lock is held
 * @node: node of the object
 *
 * Example::
 *
 *	// with the tree of bpf_rbtree_add_impl()
 *	SEC("syscall")
 *	int take_smallest(void *ctx)
 *	{
 *		struct bpf_rb_node *node;
 *
 *		bpf_spin_lock(&lock);
 *		node = bpf_rbtree_first(&root);
 *		if (node)
 *			node = bpf_rbtree_remove(&root, node);
 *		bpf_spin_unlock(&lock);
 *		if (node)
 *			bpf_obj_drop_impl(container_of(node, struct leaf, node), NULL);
 *		return 0;
 *	}
 *
 * Return: @node, the object owned by the program; NULL when it is not in this tree.
 */
__bpf_kfunc struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root,
						  struct bpf_rb_node *node)
{
	return rt_rbtree_remove(root, node);
}

/**
 * bpf_rbtree_first() - look at the first object of a tree
 * @root: tree in a map value or object whose lock is held
 *
 * Example::
 *
 *	// with the tree of bpf_rbtree_add_impl()
 *	SEC("syscall")
 *	int smallest(void *ctx)
 *	{
 *		struct bpf_rb_node *node;
 *		u64 key = 0;
 *
 *		bpf_spin_lock(&lock);
 *		node = bpf_rbtree_first(&root);
 *		if (node)
 *			key = container_of(node, struct leaf, node)->key;
 *		bpf_spin_unlock(&lock);
 *		return key;
 *	}
 *
 * Return: its node, not owned, to be used while the lock is held; NULL when the tree is empty.
 */
__bpf_kfunc struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root)
{
	return rt_rbtree_first(root);
}

/**
 * bpf_rbtree_root() - look at the object at the top of a tree
 * @root: tree in a map value or object whose lock is held
 *
 * With bpf_rbtree_left() and bpf_rbtree_right() a program can search by itself.
 *
 * Return: its node, not owned, to be used while the lock is held; NULL when the tree is empty.
 */
__bpf_kfunc struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root)
{
	return rt_rbtree_root(root);
}

/**
 * bpf_rbtree_left() - look at the object before, one step down
 * @root: tree in a map value or object whose lock is held
 * @node: node to step from
 *
 * Return: the left child's node, not owned; NULL when there is none or @node is not in this tree.
 */
__bpf_kfunc struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node)
{
	return rt_rbtree_child(root, node, false);
}

/**
 * bpf_rbtree_right() - look at the object after, one step down
 * @root: tree in a map value or object whose lock is held
 * @node: node to step from
 *
 * Return: the right child's node, not owned; NULL when there is none or @node is not in this tree.
 */
__bpf_kfunc struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node)
{
	return rt_rbtree_child(root, node, true);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_object_set)
BTF_ID_FLAGS(func, bpf_obj_new_impl, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_obj_drop_impl, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_percpu_obj_new_impl, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_percpu_obj_drop_impl, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_refcount_acquire_impl, KF_ACQUIRE | KF_RET_NULL | KF_RCU)
BTF_ID_FLAGS(func, bpf_list_push_front_impl)
BTF_ID_FLAGS(func, bpf_list_push_back_impl)
BTF_ID_FLAGS(func, bpf_list_pop_front, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_list_pop_back, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_list_front, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_list_back, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_rbtree_add_impl)
BTF_ID_FLAGS(func, bpf_rbtree_remove, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_rbtree_first, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_rbtree_root, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_rbtree_left, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_rbtree_right, KF_RET_NULL)
BTF_KFUNCS_END(kfuncs_object_set)
BTF_ID_GLOBAL(kfuncs_object_set)
