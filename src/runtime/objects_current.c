/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The current task: that of the calling thread, kept per thread with a reference, or the one that
 * an event is raised for.
 */
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/objects_task.h"
#include "runtime/run.h"

#define FRESH_NS 10000000 /* read again when older */

static __thread struct {
	struct task_struct *own, *acting; /* own: a held reference */
	pid_t tid;
	uint64_t read_ns;
	uint32_t fork_generation;
} current;

static pthread_key_t current_key;
static pthread_once_t current_once = PTHREAD_ONCE_INIT;
static uint32_t fork_generation;

static void current_drop(void *task)
{
	rt_task_put(task);
	current.own = NULL;
}

static void forked(void)
{
	fork_generation++;
}

static void current_init(void)
{
	pthread_key_create(&current_key, current_drop);
	pthread_atfork(NULL, NULL, forked);
}

void rt_task_set_current(struct task_struct *t)
{
	current.acting = t;
}

/* A task that has only ids: programs may rely on the pointers that are never NULL. */
static struct task_struct *last_resort(void)
{
	static __thread struct rt_task nobody;
	static __thread struct {
		struct cgroup c;
		struct cgroup *ancestors[1];
		struct kernfs_node kn;
	} group;
	struct task_struct *t = &nobody.t;

	group.c.ancestors[0] = &group.c;
	group.c.self.cgroup = &group.c;
	group.c.kn = &group.kn;
	group.kn.name = "/";
	t->pid = current.tid;
	t->tgid = getpid();
	t->real_parent = t->parent = t->group_leader = t;
	t->cpus_ptr = &t->cpus_mask;
	t->cred = t->real_cred = &nobody.cred;
	nobody.css.dfl_cgrp = &group.c;
	t->cgroups = &nobody.css;
	t->thread_pid = &nobody.pid;
	nobody.pid.numbers[0].nr = t->pid;
	nobody.pid.numbers[0].ns = &nobody.pid_ns[0];
	return t;
}

struct task_struct *rt_task_current(void)
{
	struct task_struct *t;
	struct timespec ts;
	uint64_t now;

	if (current.acting)
		return current.acting;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
	if (current.own && current.fork_generation == fork_generation) {
		if (now - current.read_ns > FRESH_NS) {
			rt_task_fill((struct rt_task *)current.own, false, 0);
			current.read_ns = now;
		}
		return current.own;
	}
	pthread_once(&current_once, current_init);
	current.tid = (pid_t)syscall(SYS_gettid);
	t = rt_task_get_pid(current.tid);
	if (!t)
		return last_resort();
	rt_task_put(current.own);
	current.own = t;
	current.read_ns = now;
	current.fork_generation = fork_generation;
	pthread_setspecific(current_key, t);
	return t;
}

void rt_task_current_forget(void)
{
	if (!current.own)
		return;
	pthread_setspecific(current_key, NULL);
	current_drop(current.own);
}

/* ---- what helpers say about it ---- */

static void *current_task(void)
{
	return rt_task_current();
}

static uint64_t current_pid_tgid(void)
{
	const struct task_struct *t = rt_task_current();

	return (uint64_t)(uint32_t)t->tgid << 32 | (uint32_t)t->pid;
}

static uint64_t current_uid_gid(void)
{
	const struct cred *c = rt_task_current()->cred;

	return (uint64_t)c->gid.val << 32 | c->uid.val;
}

static void current_comm(char comm[16])
{
	memcpy(comm, rt_task_current()->comm, 16);
}

static uint64_t current_cgroup_id(void)
{
	return rt_task_current()->cgroups->dfl_cgrp->kn->id;
}

void rt_task_current_install(void)
{
	static const struct rt_current_ops ops = {
		.task = current_task,
		.pid_tgid = current_pid_tgid,
		.uid_gid = current_uid_gid,
		.comm = current_comm,
		.cgroup_id = current_cgroup_id,
	};

	rt_set_current_ops(&ops);
}
