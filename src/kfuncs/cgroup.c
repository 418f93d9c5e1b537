/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs over control groups (kfunc spec 12.2) on the objects of runtime/objects_cgroup.c, and the
 * one kfunc of the older documentation that takes a stored kptr (R5.4).
 */
#include "kfuncs/kfuncs.h"

#include "runtime/objects.h"
#include "runtime/region.h"

__bpf_kfunc_start_defs();

/**
 * bpf_cgroup_acquire() - take a reference on a control group
 * @cgrp: group to hold on to; a trusted pointer or one read in an RCU section
 *
 * The object stays readable, with its ancestors, even after the group was removed.
 *
 * Example::
 *
 *	SEC("tp_btf/cgroup_mkdir")
 *	int BPF_PROG(on_mkdir, struct cgroup *cgrp, const char *path)
 *	{
 *		struct cgroup *c = bpf_cgroup_acquire(cgrp);
 *
 *		if (c)
 *			bpf_cgroup_release(c);
 *		return 0;
 *	}
 *
 * Return: @cgrp with a reference, or NULL when its last reference is already gone.
 */
__bpf_kfunc struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp)
{
	return rt_cgroup_try_get(cgrp) ? cgrp : NULL;
}

/**
 * bpf_cgroup_release() - give back a reference on a control group
 * @cgrp: group obtained from a kfunc that acquires, or taken out of a map
 *
 * Inside an RCU section the memory stays readable until its end.
 *
 * Example::
 *
 *	struct cgroup *c = bpf_cgroup_from_id(1);
 *
 *	if (c) {
 *		bpf_printk("%s", c->kn->name);
 *		bpf_cgroup_release(c);
 *	}
 */
__bpf_kfunc void bpf_cgroup_release(struct cgroup *cgrp)
{
	rt_cgroup_put(cgrp);
}

/* The destructor for kptrs left in maps; called through void *, so it has that type. */
__attribute__((used, noinline)) void bpf_cgroup_release_dtor(void *cgrp)
{
	rt_cgroup_put(cgrp);
}

/**
 * bpf_cgroup_ancestor() - find an ancestor of a control group
 * @cgrp: where to start
 * @level: level of the wanted ancestor, 0 for the root
 *
 * A group counts as its own ancestor at its own level; its parent is at @cgrp->level - 1.
 *
 * Example::
 *
 *	SEC("tp_btf/cgroup_mkdir")
 *	int BPF_PROG(on_mkdir, struct cgroup *cgrp, const char *path)
 *	{
 *		struct cgroup *parent = bpf_cgroup_ancestor(cgrp, cgrp->level - 1);
 *
 *		if (parent) {
 *			bpf_printk("made in %s", parent->kn->name);
 *			bpf_cgroup_release(parent);
 *		}
 *		return 0;
 *	}
 *
 * Return: the ancestor with a reference, or NULL when @level is negative or beyond the group's own.
 */
__bpf_kfunc struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level)
{
	struct cgroup *ancestor;

	if (level < 0 || level > cgrp->level)
		return NULL;
	ancestor = cgrp->ancestors[level];
	return rt_cgroup_try_get(ancestor) ? ancestor : NULL;
}

/**
 * bpf_cgroup_from_id() - find a control group by its id
 * @cgid: id as user space sees it (cgrp->kn->id, bpf_get_current_cgroup_id())
 *
 * Example::
 *
 *	struct cgroup *own = bpf_cgroup_from_id(bpf_get_current_cgroup_id());
 *
 *	if (own) {
 *		bpf_printk("level %d", own->level);
 *		bpf_cgroup_release(own);
 *	}
 *
 * Return: the group with a reference, or NULL when there is none with this id below the root that
 * is in use. A group not met before is searched for in the hierarchy.
 */
__bpf_kfunc struct cgroup *bpf_cgroup_from_id(u64 cgid)
{
	return rt_cgroup_get_id(cgid);
}

/**
 * bpf_cgroup_kptr_get() - take a reference on a control group stored in a map
 * @cgrpp: address of the kptr in a map value
 *
 * Deprecated: removed from Linux in 6.4, kept here for programs of that time and to be removed with
 * the second release of this library. Use instead: load the kptr between bpf_rcu_read_lock() and
 * bpf_rcu_read_unlock(), compare it with NULL, and call bpf_cgroup_acquire(). That does the same
 * without a special kind of argument.
 *
 * Return: the group with a reference; NULL when the slot is empty or its group is going away.
 */
__bpf_kfunc struct cgroup *bpf_cgroup_kptr_get(struct cgroup **cgrpp)
{
	struct cgroup *cgrp;

	rt_rcu_read_lock();
	cgrp = __atomic_load_n(cgrpp, __ATOMIC_ACQUIRE);
	if (cgrp && !rt_cgroup_try_get(cgrp))
		cgrp = NULL;
	rt_rcu_read_unlock();
	return cgrp;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_cgroup_set)
BTF_ID_FLAGS(func, bpf_cgroup_acquire, KF_ACQUIRE | KF_RCU | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_cgroup_release, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_cgroup_ancestor, KF_ACQUIRE | KF_RCU | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_cgroup_from_id, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_cgroup_kptr_get, KF_ACQUIRE | KF_KPTR_GET | KF_RET_NULL | KF_DEPRECATED)
BTF_KFUNCS_END(kfuncs_cgroup_set)
BTF_ID_GLOBAL(kfuncs_cgroup_set)
