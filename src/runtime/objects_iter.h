/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Walks over tasks, control groups and memory areas, one step at a time, for the iterators of
 * programs (kfunc spec 12.7). An iterator is memory of its own behind a void pointer. What next
 * hands out is borrowed: valid in the RCU section of the call, also after free.
 */
#ifndef RUNTIME_OBJECTS_ITER_H
#define RUNTIME_OBJECTS_ITER_H

#include "kfuncs/types/cgroup.h"
#include "kfuncs/types/task.h"

/*
 * what: 0 every process, 1 every thread of every process, 2 every thread of the process of `of`. in:
 * only tasks that belong to this group, or NULL. *err: -EINVAL for another walk or `of` missing,
 * -ENOMEM, -errno when there is no /proc.
 */
void *rt_task_iter_new(unsigned int what, const struct task_struct *of, struct cgroup *in,
		       int *err);
struct task_struct *rt_task_iter_next(void *it); /* NULL: that was the last; also for it NULL */
void rt_task_iter_free(void *it);                /* NULL is fine */

/*
 * order: enum bpf_cgroup_iter_order: the groups below start, with start first or last, or start and
 * its ancestors. *err: -EINVAL for another order, -ENOMEM.
 */
void *rt_cgroup_iter_new(struct cgroup *start, unsigned int order, int *err);
struct cgroup *rt_cgroup_iter_next(void *it);
void rt_cgroup_iter_free(void *it);

/* The areas that end after addr. *err: -ENOENT when the task has no memory, -ENOMEM, -errno. */
void *rt_vma_iter_new(const struct task_struct *t, __u64 addr, int *err);
struct vm_area_struct *rt_vma_iter_next(void *it);
void rt_vma_iter_free(void *it);

#endif
