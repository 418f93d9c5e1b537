/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Iterators over tasks, control groups, the tasks of a control group and the memory areas of a task
 * (kfunc spec 10.5, 12.7), on the walks of runtime/objects_iter.c. The first word of each holds
 * the walk; it is 0 when the constructor failed, and such an iterator yields nothing.
 */
#include "kfuncs/kfuncs.h"

#include <errno.h>

#include "runtime/objects_iter.h"

/* in programs, under the kernel's names */
struct bpf_iter_task {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_css {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

struct bpf_iter_css_task {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_task_vma {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

/* what bpf_iter_css_task_new() takes as flags */
enum { CSS_PROCS = 1, CSS_THREADED = 2 };
/* walks of rt_task_iter_new() */
enum { WALK_PROCESSES, WALK_THREADS };

#define WALK(it) ((void *)(unsigned long)(it)->__opaque[0])

__bpf_kfunc_start_defs();

/**
 * bpf_iter_task_new() - begin to walk over tasks
 * @it: iterator on the program's stack
 * @task__nullable: with BPF_TASK_ITER_PROC_THREADS, a thread of the process; otherwise not looked at
 * @flags: BPF_TASK_ITER_ALL_PROCS for every process, BPF_TASK_ITER_ALL_THREADS for every thread of
 * every process, BPF_TASK_ITER_PROC_THREADS for every thread of the process of @task__nullable
 *
 * To be called, used and destroyed within one RCU read section. The tasks are those of the machine
 * as seen from here, in the order of /proc; those that begin or end meanwhile may be missing.
 *
 * Return: 0; -EINVAL for other flags or a missing task; -ENOMEM, or another error of opening /proc.
 */
__bpf_kfunc int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task__nullable,
				  unsigned int flags)
{
	int err;

	it->__opaque[0] = (unsigned long)rt_task_iter_new(flags, task__nullable, NULL, &err);
	it->__opaque[1] = it->__opaque[2] = 0;
	return err;
}

/**
 * bpf_iter_task_next() - the next task
 * @it: iterator made by bpf_iter_task_new()
 *
 * Return: the task, valid in the RCU read section; NULL at the end.
 */
__bpf_kfunc struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it)
{
	return rt_task_iter_next(WALK(it));
}

/**
 * bpf_iter_task_destroy() - end a walk over tasks
 * @it: iterator made by bpf_iter_task_new()
 */
__bpf_kfunc void bpf_iter_task_destroy(struct bpf_iter_task *it)
{
	rt_task_iter_free(WALK(it));
	it->__opaque[0] = 0;
}

/**
 * bpf_iter_css_new() - begin to walk over control groups
 * @it: iterator on the program's stack
 * @start: the group to begin with: &cgroup->self
 * @flags: BPF_CGROUP_ITER_DESCENDANTS_PRE for @start and all groups below it, parents first;
 * BPF_CGROUP_ITER_DESCENDANTS_POST for the same, children first; BPF_CGROUP_ITER_ANCESTORS_UP for
 * @start and its ancestors up to the root
 *
 * To be called, used and destroyed within one RCU read section. The groups are those that exist at
 * the time of this call; brothers come in no particular order.
 *
 * Return: 0; -EINVAL for other flags; -ENOMEM.
 */
__bpf_kfunc int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start,
				 unsigned int flags)
{
	int err;

	it->__opaque[0] = (unsigned long)rt_cgroup_iter_new(start->cgroup, flags, &err);
	it->__opaque[1] = it->__opaque[2] = 0;
	return err;
}

/**
 * bpf_iter_css_next() - the next control group
 * @it: iterator made by bpf_iter_css_new()
 *
 * Return: the group's own state, whose member cgroup is the group, valid in the RCU read section;
 * NULL at the end.
 */
__bpf_kfunc struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it)
{
	struct cgroup *c = rt_cgroup_iter_next(WALK(it));

	return c ? &c->self : NULL;
}

/**
 * bpf_iter_css_destroy() - end a walk over control groups
 * @it: iterator made by bpf_iter_css_new()
 */
__bpf_kfunc void bpf_iter_css_destroy(struct bpf_iter_css *it)
{
	rt_cgroup_iter_free(WALK(it));
	it->__opaque[0] = 0;
}

/**
 * bpf_iter_css_task_new() - begin to walk over the tasks of a control group
 * @it: iterator on the program's stack
 * @css: the group: &cgroup->self
 * @flags: 0 for every thread; 1 (CSS_TASK_ITER_PROCS), alone or with 2 (CSS_TASK_ITER_THREADED), for
 * processes only
 *
 * Only the group itself is looked at, not what is below it. A task whose group cannot be seen from
 * here counts as a member of the root. For LSM programs, iterators and programs that may sleep.
 *
 * Return: 0; -EINVAL for other flags; -ENOMEM, or another error of opening /proc.
 */
__bpf_kfunc int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css,
				      unsigned int flags)
{
	unsigned int what = flags & CSS_PROCS ? WALK_PROCESSES : WALK_THREADS;
	int err;

	it->__opaque[0] = 0;
	if (flags && flags != CSS_PROCS && flags != (CSS_PROCS | CSS_THREADED))
		return -EINVAL;
	it->__opaque[0] = (unsigned long)rt_task_iter_new(what, NULL, css->cgroup, &err);
	return err;
}

/**
 * bpf_iter_css_task_next() - the next task of the control group
 * @it: iterator made by bpf_iter_css_task_new()
 *
 * Return: the task, trusted; NULL at the end.
 */
__bpf_kfunc struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it)
{
	return rt_task_iter_next(WALK(it));
}

/**
 * bpf_iter_css_task_destroy() - end a walk over the tasks of a control group
 * @it: iterator made by bpf_iter_css_task_new()
 */
__bpf_kfunc void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it)
{
	rt_task_iter_free(WALK(it));
	it->__opaque[0] = 0;
}

/**
 * bpf_iter_task_vma_new() - begin to walk over the memory areas of a task
 * @it: iterator on the program's stack
 * @task: whose memory
 * @addr: areas that end at or below this address are left out
 *
 * The areas are copies of what /proc/PID/maps tells, in the order of their addresses.
 *
 * Return: 0; -ENOENT when the task has no memory; -EACCES when this process may not look at it;
 * -ENOMEM, or another error of opening the file.
 */
__bpf_kfunc int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task,
				      u64 addr)
{
	int err;

	it->__opaque[0] = (unsigned long)rt_vma_iter_new(task, addr, &err);
	return err;
}

/**
 * bpf_iter_task_vma_next() - the next memory area
 * @it: iterator made by bpf_iter_task_vma_new()
 *
 * Return: the area, trusted; its contents change with the next call. NULL at the end.
 */
__bpf_kfunc struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it)
{
	return rt_vma_iter_next(WALK(it));
}

/**
 * bpf_iter_task_vma_destroy() - end a walk over memory areas
 * @it: iterator made by bpf_iter_task_vma_new()
 */
__bpf_kfunc void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it)
{
	rt_vma_iter_free(WALK(it));
	it->__opaque[0] = 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_iter_object_set)
BTF_ID_FLAGS(func, bpf_iter_task_new, KF_ITER_NEW | KF_TRUSTED_ARGS | KF_RCU_PROTECTED)
BTF_ID_FLAGS(func, bpf_iter_task_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_task_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_iter_css_new, KF_ITER_NEW | KF_TRUSTED_ARGS | KF_RCU_PROTECTED)
BTF_ID_FLAGS(func, bpf_iter_css_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_css_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_iter_css_task_new, KF_ITER_NEW | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_iter_css_task_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_css_task_destroy, KF_ITER_DESTROY)
BTF_ID_FLAGS(func, bpf_iter_task_vma_new, KF_ITER_NEW | KF_RCU)
BTF_ID_FLAGS(func, bpf_iter_task_vma_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_task_vma_destroy, KF_ITER_DESTROY)
BTF_KFUNCS_END(kfuncs_iter_object_set)
BTF_ID_GLOBAL(kfuncs_iter_object_set)
