/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Shared by the files of the task objects only; everybody else uses objects.h. */
#ifndef RUNTIME_OBJECTS_TASK_H
#define RUNTIME_OBJECTS_TASK_H

#define _LGPL_SOURCE
#include <pthread.h>
#include <urcu/call-rcu.h>

#include "runtime/objects.h"
#include "runtime/rt.h"

struct rt_exe; /* the program a process runs: objects_exe.c */

struct rt_task {
	struct task_struct t; /* first: programs hold its address */
	struct rcu_head rcu;
	struct rt_task *next; /* in the table's bucket */
	pid_t tid;
	uint64_t start_ticks;
	int pidfd;                                     /* -1: none */
	struct rt_task *leader, *real_parent, *tracer; /* held, except itself as leader */
	struct rt_exe *exe;
	pthread_mutex_t fill_lock;
	struct cred cred;
	struct pid pid;
	struct pid_namespace pid_ns[KFUNCS_PID_LEVELS];
	struct user_namespace user_ns;
	struct nsproxy nsproxy;
	struct css_set css;
	struct mm_struct mm;
};

/* Reads again what may have changed. full: also credentials, relatives, control group. 0, -errno.
 */
int rt_task_fill(struct rt_task *o, bool full, uint32_t depth);
void rt_task_current_forget(void);
/* under fill_lock */
void rt_exe_refresh(struct rt_task *o);
void rt_exe_put(struct rt_exe *e); /* frees after a grace period; NULL is fine */

uint64_t rt_tasks_alive(void);
void rt_tasks_reap(void);
void rt_tasks_forget(void);
uint64_t rt_cgroups_alive(void);
void rt_cgroups_reap(void);
void rt_cgroups_forget(void);
uint64_t rt_cpumasks_alive(void);

#endif
