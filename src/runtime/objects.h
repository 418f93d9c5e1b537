/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kernel objects made from this machine: tasks from /proc and pidfds, control groups from the real
 * hierarchy, CPU masks. A program holds pointers to the kernel structures (kfuncs/types/), which
 * are the first member of the runtime's own ones.
 *
 * Identity: there is one object per live task and per control group, so equal pointers mean the
 * same task. A table holds one reference while the thing exists; when it is found to be gone (a
 * lookup, an event, rt_objects_reap()) the table lets go, and the object disappears after its last
 * reference and an RCU grace period. Memory of a dead task therefore stays readable for whoever
 * holds it.
 *
 * Freshness: an object is a snapshot. What can change (name, state, credentials, parent, control
 * group, times) is read again each time a lookup hands the object out or an event is raised with
 * it, and not in between; rt_task_current() reads again at most every 10 ms.
 *
 * Everything here is thread-safe. Borrowed pointers are valid in the caller's RCU section.
 */
#ifndef RUNTIME_OBJECTS_H
#define RUNTIME_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kfuncs/types/cgroup.h"
#include "kfuncs/types/cpumask.h"
#include "kfuncs/types/task.h"

/* ---- tasks (objects_task.c) ---- */

/* The task with this thread id as seen from here, with a new reference; NULL if there is none. */
struct task_struct *rt_task_get_pid(pid_t tid);
/* As above with a thread id of `viewer`'s pid namespace. */
struct task_struct *rt_task_get_vpid(pid_t tid, const struct task_struct *viewer);
/* One more reference, unless the object is already on its way out. */
bool rt_task_try_get(struct task_struct *t);
void rt_task_put(struct task_struct *t);
/*
 * The same for programs. A reference that is given back stays with the virtual CPU until the program ends,
 * or gives back one on another task: who takes one on the same task meanwhile, as programs do in loops,
 * takes that.
 */
bool rt_task_acquire(struct task_struct *t);
void rt_task_release(struct task_struct *t);
/*
 * The task that runs the calling thread, or the one set for the event being raised. Borrowed; stays
 * valid until the thread calls this again outside an RCU section. Never NULL: when out of memory or
 * without /proc it is a task with nothing but its ids, which no lookup finds.
 */
struct task_struct *rt_task_current(void);
/* Makes programs' "current" this one (runtime/run.h). */
void rt_task_current_install(void);
/* The calling thread acts for t (borrowed) while it raises an event; NULL ends that. */
void rt_task_set_current(struct task_struct *t);
/* Reads everything about t again; false: it no longer exists. */
bool rt_task_refresh(struct task_struct *t);
/* The task has ended, or is just about to: no lookup finds it any more. */
void rt_task_ended(pid_t tid);
/* type 0: the thread, 1: its process. 0, -EINVAL for another type, -errno. */
int rt_task_signal(const struct task_struct *t, int sig, unsigned int type, uint64_t value);
/* Calls fn for every task of this machine (all threads, or thread group leaders only), with a
 * borrowed pointer, until it returns non-zero. Returns that, 0, or -errno. */
int rt_task_for_each(bool threads, int (*fn)(void *ctx, struct task_struct *t), void *ctx);

/* ---- control groups (objects_cgroup.c) ---- */

/*
 * Chooses the directory that is the root of the hierarchy. NULL: the cgroup2 mount, found in
 * /proc/self/mountinfo. Any other directory will do: ids are then inode numbers, and every task is
 * a member of the root only. Default, on first use: as NULL; where there is no such mount, a
 * hierarchy of a root alone. Objects of the old root stay valid, but are found no more. -ENOENT: no
 * cgroup2 mount; -errno of opening dir.
 */
int rt_cgroup_set_root(const char *dir);
/* Copies the directory in use, "" if there is none; true: it is a cgroup2 mount. */
bool rt_cgroup_root_dir(char *buf, size_t size);
/* With a new reference, or NULL. path is relative to the root: "/", "/a/b". */
struct cgroup *rt_cgroup_get_path(const char *path);
struct cgroup *rt_cgroup_get_id(uint64_t id);
/* fd: an open directory of the hierarchy that is in use */
struct cgroup *rt_cgroup_get_fd(int fd);
bool rt_cgroup_path_exists(const char *path);
/* Never NULL but when out of memory: a group that cannot be seen from here counts as the root. */
struct cgroup *rt_cgroup_get_task(const struct task_struct *t);
/*
 * The task's group in a version 1 hierarchy, with a new reference; NULL when there is no such
 * hierarchy, it is not mounted here, or the task has ended.
 */
struct cgroup *rt_cgroup_get_task1(const struct task_struct *t, int hierarchy_id);
bool rt_cgroup_is_under(const struct cgroup *c, const struct cgroup *ancestor);
/*
 * Calls fn for c and every group below it, parents before their children, or after them if post,
 * with a pointer borrowed for the call, until it returns non-zero. Returns that, or 0. fn must not
 * call anything here but rt_cgroup_try_get().
 */
int rt_cgroup_below(struct cgroup *c, bool post, int (*fn)(void *ctx, struct cgroup *c), void *ctx);
bool rt_cgroup_try_get(struct cgroup *c);
void rt_cgroup_put(struct cgroup *c);
/* The directory was removed: no lookup finds this group any more. */
void rt_cgroup_ended(struct cgroup *c);

/* ---- CPU masks (objects_cpumask.c) ---- */

unsigned int rt_cpumask_ids(void); /* possible CPU ids of this machine: 0 .. n-1 */
struct bpf_cpumask *rt_cpumask_create(void);
void rt_cpumask_put(struct bpf_cpumask *m);

/* ---- accounting ---- */

struct rt_object_counts {
	uint64_t tasks, cgroups, cpumasks; /* objects not yet freed */
	uint64_t own;                      /* those of programs' own types, per-CPU ones too */
};

void rt_objects_count(struct rt_object_counts *c);
uint64_t rt_objects_alive(void); /* the kernel's: tasks, groups, masks */
/* Lets go of everything whose original is gone. */
void rt_objects_reap(void);
/*
 * Lets go of every cached object; those that programs or maps hold live on and stay valid, but the
 * next lookup makes a new one. For the end of a process and for tests that count.
 */
void rt_objects_forget(void);

#endif
