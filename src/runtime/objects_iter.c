/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Walks over the machine's tasks, control groups and memory areas (kfunc spec 12.7).
 *
 * Tasks are listed as the walk goes on: /proc is read along with it, so a walk that stops early has
 * looked at little, and one that meets a task that has ended meanwhile passes over it. Groups are
 * listed at once, since their order asks for it. Whatever was handed out keeps its reference until
 * the next step; it then lives to the end of the RCU section like any object. Memory areas are
 * copies, so their iterator is freed after a grace period too: a program may look at the last area
 * after it has destroyed the iterator.
 *
 * Left out: an area's file.
 */
#include "runtime/objects_iter.h"

#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/objects_task.h"

/* ---- tasks ---- */

enum { PROCESSES, THREADS, PROCESS };

struct task_iter {
	unsigned int what;
	struct cgroup *in;        /* held; NULL: any */
	DIR *procs, *threads;     /* threads: of the process that procs stands at */
	struct task_struct *last; /* held */
};

static DIR *open_threads(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	return opendir(path);
}

void *rt_task_iter_new(unsigned int what, const struct task_struct *of, struct cgroup *in, int *err)
{
	struct task_iter *it;

	*err = -EINVAL;
	if (what > PROCESS || (what == PROCESS && !of))
		return NULL;
	*err = -ENOMEM;
	it = mem_zalloc(sizeof(*it));
	if (!it)
		return NULL;
	it->what = what;
	*err = 0;
	if (in && rt_cgroup_try_get(in))
		it->in = in;
	if (what == PROCESS)
		it->threads = open_threads(of->tgid); /* none: it has ended, an empty walk */
	else if (!in || it->in) /* nobody belongs to a group that is going away */
		it->procs = opendir("/proc");
	if (what != PROCESS && !it->procs && (!in || it->in)) {
		*err = -errno;
		rt_task_iter_free(it);
		return NULL;
	}
	return it;
}

/* The next number among a directory's names, 0 at its end */
static pid_t next_id(DIR *d)
{
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int id = atoi(e->d_name);

		if (id > 0)
			return id;
	}
	return 0;
}

static pid_t next_tid(struct task_iter *it)
{
	pid_t id;

	for (;;) {
		if (it->what == PROCESSES)
			return next_id(it->procs);
		id = next_id(it->threads);
		if (id || it->what == PROCESS)
			return id;
		if (it->threads)
			closedir(it->threads);
		it->threads = NULL;
		id = next_id(it->procs);
		if (!id)
			return 0;
		it->threads = open_threads(id);
	}
}

/* The group is read again: the walk is about who belongs to it now. */
static bool belongs(struct task_struct *t, const struct cgroup *in)
{
	return !in || (rt_task_refresh(t) && t->cgroups->dfl_cgrp == in);
}

struct task_struct *rt_task_iter_next(void *iter)
{
	struct task_iter *it = iter;
	struct task_struct *t = NULL;
	pid_t tid;

	if (!it)
		return NULL;
	while (!t && (tid = next_tid(it))) {
		t = rt_task_get_pid(tid);
		if (t && !belongs(t, it->in)) {
			rt_task_put(t);
			t = NULL;
		}
	}
	rt_task_put(it->last);
	it->last = t;
	return t;
}

void rt_task_iter_free(void *iter)
{
	struct task_iter *it = iter;

	if (!it)
		return;
	rt_task_put(it->last);
	rt_cgroup_put(it->in);
	if (it->procs)
		closedir(it->procs);
	if (it->threads)
		closedir(it->threads);
	mem_free(it);
}

/* ---- control groups ---- */

struct cgroup_iter {
	struct cgroup **list; /* each held */
	size_t n, pos, cap;
};

/* One more group in the list, if it is not going away. 0, -ENOMEM. */
static int add_group(void *iter, struct cgroup *c)
{
	struct cgroup_iter *it = iter;

	if (mem_grow((void **)&it->list, &it->cap, it->n + 1, sizeof(*it->list)))
		return -ENOMEM;
	if (rt_cgroup_try_get(c))
		it->list[it->n++] = c;
	return 0;
}

static int add_ancestors(struct cgroup_iter *it, struct cgroup *start)
{
	int i, err = 0;

	for (i = start->level; !err && i >= 0; i--)
		err = add_group(it, start->ancestors[i]);
	return err;
}

void *rt_cgroup_iter_new(struct cgroup *start, unsigned int order, int *err)
{
	struct cgroup_iter *it;

	*err = -EINVAL;
	if (order < BPF_CGROUP_ITER_DESCENDANTS_PRE || order > BPF_CGROUP_ITER_ANCESTORS_UP)
		return NULL;
	*err = -ENOMEM;
	it = mem_zalloc(sizeof(*it));
	if (!it)
		return NULL;
	if (order == BPF_CGROUP_ITER_ANCESTORS_UP)
		*err = add_ancestors(it, start);
	else
		*err = rt_cgroup_below(start, order == BPF_CGROUP_ITER_DESCENDANTS_POST, add_group,
				       it);
	if (*err) {
		rt_cgroup_iter_free(it);
		return NULL;
	}
	return it;
}

struct cgroup *rt_cgroup_iter_next(void *iter)
{
	struct cgroup_iter *it = iter;

	return it && it->pos < it->n ? it->list[it->pos++] : NULL;
}

void rt_cgroup_iter_free(void *iter)
{
	struct cgroup_iter *it = iter;
	size_t i;

	if (!it)
		return;
	for (i = 0; i < it->n; i++)
		rt_cgroup_put(it->list[i]);
	mem_free(it->list);
	mem_free(it);
}

/* ---- memory areas ---- */

enum { VM_READ = 1, VM_WRITE = 2, VM_EXEC = 4, VM_SHARED = 8 };

struct vma_iter {
	struct rcu_head rcu;
	struct vm_area_struct vma;
	struct task_struct *t; /* held: owner of vma.vm_mm */
	FILE *maps;
	char *line;
	size_t cap;
	uint64_t from;
};

void *rt_vma_iter_new(const struct task_struct *t, __u64 addr, int *err)
{
	struct vma_iter *it = mem_zalloc(sizeof(*it));
	struct task_struct *held = (struct task_struct *)t;
	char path[64];

	*err = -ENOMEM;
	if (!it)
		return NULL;
	*err = -ENOENT;
	if (!t->mm || !rt_task_try_get(held))
		goto out;
	it->t = held;
	it->from = addr;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/maps", (int)t->pid, (int)t->pid);
	it->maps = fopen(path, "re");
	if (!it->maps) {
		*err = -errno;
		goto out;
	}
	*err = 0;
	return it;
out:
	rt_vma_iter_free(it);
	return NULL;
}

struct vm_area_struct *rt_vma_iter_next(void *iter)
{
	struct vma_iter *it = iter;
	unsigned long long start, end, off;
	char perms[5];

	while (it && getline(&it->line, &it->cap, it->maps) > 0) {
		if (sscanf(it->line, "%llx-%llx %4s %llx", &start, &end, perms, &off) != 4 ||
		    end <= it->from)
			continue;
		it->vma.vm_start = start;
		it->vma.vm_end = end;
		it->vma.vm_mm = it->t->mm;
		it->vma.vm_pgoff = off >> 12;
		it->vma.vm_flags =
			(perms[0] == 'r' ? VM_READ : 0) | (perms[1] == 'w' ? VM_WRITE : 0) |
			(perms[2] == 'x' ? VM_EXEC : 0) | (perms[3] == 's' ? VM_SHARED : 0);
		return &it->vma;
	}
	return NULL;
}

static void vma_iter_free(struct rcu_head *head)
{
	mem_free((char *)head - offsetof(struct vma_iter, rcu));
}

void rt_vma_iter_free(void *iter)
{
	struct vma_iter *it = iter;

	if (!it)
		return;
	if (it->maps)
		fclose(it->maps);
	free(it->line);
	rt_task_put(it->t);
	rt_rcu_call(&it->rcu, vma_iter_free);
}
