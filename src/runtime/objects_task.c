/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tasks: struct task_struct objects made from real processes and threads. objects.h gives the rules
 * of identity and freshness; kfunc spec 12.1 what the kfuncs over them must do.
 *
 * Which process an object stands for is decided by (thread id, start time), so a reused id never
 * meets an old object. A pidfd per object, where there are file descriptors to spare, answers "does
 * it still run" with one system call; otherwise /proc is asked.
 *
 * References: the table holds one while the task exists, every task holds one on its group leader,
 * real parent and tracer, programs and maps hold the rest. rcu_users counts them all; at zero the
 * object is freed after a grace period, and only then lets go of the tasks it points to: a reader
 * that walks task->real_parent in an RCU section never sees freed memory.
 *
 * A zombie can still be looked up, as in a kernel; a task that has been waited for cannot.
 * Left out: children lists, signals, files; users' and network namespaces.
 */
#include "runtime/objects_task.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/proc.h"
#include "runtime/storage.h"
#include "runtime/run.h"

#define TASK_BUCKETS  1024
#define MAX_ANCESTORS 64
#define PIDFD_THREAD  O_EXCL

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static pthread_mutex_t tasks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rt_task *tasks[TASK_BUCKETS];
static uint32_t reap_cursor, n_pidfds;
static _Atomic uint64_t n_alive;

/* /proc values are written over a snapshot that programs may be reading: see rt_task_refresh() */
#define NO_TSAN __attribute__((no_sanitize("thread")))

uint64_t rt_tasks_alive(void)
{
	return atomic_load(&n_alive);
}

/* ---- references ---- */

static void task_free(struct rcu_head *head)
{
	struct rt_task *o = (struct rt_task *)((char *)head - offsetof(struct rt_task, rcu));

	rt_storage_owner_gone(&o->t);
	if (o->leader != o)
		rt_task_put(o->leader ? &o->leader->t : NULL);
	rt_task_put(o->real_parent ? &o->real_parent->t : NULL);
	rt_task_put(o->tracer ? &o->tracer->t : NULL);
	rt_cgroup_put(o->css.dfl_cgrp);
	rt_exe_put(o->exe);
	mem_free(o);
	atomic_fetch_sub(&n_alive, 1);
}

bool rt_task_try_get(struct task_struct *t)
{
	return rt_refs_try_get(&t->rcu_users.refs.counter);
}

static void put_many(struct task_struct *t, int n)
{
	struct rt_task *o = (struct rt_task *)t;

	if (__atomic_sub_fetch(&t->rcu_users.refs.counter, n, __ATOMIC_ACQ_REL) == 0)
		rt_rcu_call(&o->rcu, task_free);
}

void rt_task_put(struct task_struct *t)
{
	if (t)
		put_many(t, 1);
}

bool rt_task_acquire(struct task_struct *t)
{
	struct rt_vcpu *cpu = rt_current();

	if (!cpu || cpu->kept != t || !cpu->n_kept)
		return rt_task_try_get(t);
	cpu->n_kept--;
	return true;
}

void rt_put_kept(struct rt_vcpu *cpu)
{
	int n = (int)cpu->n_kept;

	cpu->n_kept = 0;
	put_many(cpu->kept, n);
}

void rt_task_release(struct task_struct *t)
{
	struct rt_vcpu *cpu = rt_current();

	if (!t || !cpu || !cpu->run) {
		rt_task_put(t);
		return;
	}
	if (cpu->kept != t) {
		if (cpu->n_kept)
			rt_put_kept(cpu);
		cpu->kept = t;
	}
	cpu->n_kept++;
}

/* ---- the table; all under tasks_lock ---- */

static struct rt_task **bucket_of(pid_t tid)
{
	return &tasks[(uint32_t)tid % TASK_BUCKETS];
}

/* Takes o out of the table; the caller drops the table's reference after unlocking. */
static void table_remove(struct rt_task *o)
{
	struct rt_task **p = bucket_of(o->tid);

	while (*p != o)
		p = &(*p)->next;
	*p = o->next;
	o->next = NULL;
	if (o->pidfd >= 0) {
		close(o->pidfd);
		o->pidfd = -1;
		n_pidfds--;
	}
}

static void open_pidfd(struct rt_task *o)
{
	struct rlimit lim;
	uint32_t max = 256;

	if (!getrlimit(RLIMIT_NOFILE, &lim) && lim.rlim_cur / 8 < max)
		max = (uint32_t)(lim.rlim_cur / 8);
	o->pidfd = -1;
	if (n_pidfds >= max)
		return;
	/* threads have pidfds of their own since Linux 6.9 */
	o->pidfd = (int)syscall(SYS_pidfd_open, o->tid, o->tid == o->t.tgid ? 0 : PIDFD_THREAD);
	if (o->pidfd >= 0)
		n_pidfds++;
}

static bool still_there(const struct rt_task *o)
{
	struct pollfd p = {.fd = o->pidfd, .events = POLLIN};
	struct proc_stat st;

	if (o->pidfd >= 0 && poll(&p, 1, 0) == 0)
		return true;
	return !proc_read_stat(o->tid, &st) && st.start == o->start_ticks;
}

/* Lets go of dead entries of one bucket. Returns a chain (by next) whose references must be put. */
static struct rt_task *reap_bucket(uint32_t b, struct rt_task *chain)
{
	struct rt_task *o = tasks[b], *next;

	for (; o; o = next) {
		next = o->next;
		if (still_there(o))
			continue;
		table_remove(o);
		o->next = chain;
		chain = o;
	}
	return chain;
}

/*
 * Drops the table's reference on an object that was just taken out, and its hold on a tracer: a
 * debugger may be a descendant of what it traces, and the two would keep each other forever.
 */
static void retire(struct rt_task *o)
{
	struct rt_task *tracer;

	pthread_mutex_lock(&o->fill_lock);
	tracer = o->tracer;
	o->tracer = NULL;
	if (tracer)
		__atomic_store_n(&o->t.parent, o->t.real_parent, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&o->fill_lock);
	rt_task_put(tracer ? &tracer->t : NULL);
	rt_task_put(&o->t);
}

static void put_chain(struct rt_task *o)
{
	while (o) {
		struct rt_task *next = o->next;

		o->next = NULL;
		retire(o);
		o = next;
	}
}

/* ---- filling ---- */

/* Written whether or not somebody reads: values of one word each, any mix of old and new is fine.
 */
#define SET(field, value)                                                                          \
	do {                                                                                       \
		__typeof__(field) v_ = (__typeof__(field))(value);                                 \
		if (__atomic_load_n(&(field), __ATOMIC_RELAXED) != v_)                             \
			__atomic_store_n(&(field), v_, __ATOMIC_RELAXED);                          \
	} while (0)

static uint64_t ticks_to_ns(uint64_t ticks)
{
	static long hz;

	if (!hz)
		hz = sysconf(_SC_CLK_TCK);
	return hz > 0 ? ticks * (1000000000ull / (uint64_t)hz) : 0;
}

/* letter of /proc -> task state bits, exit state bits */
static const struct {
	char letter;
	uint16_t state;
	uint8_t exit;
} states[] = {
	{'R', 0x0, 0},   {'S', 0x1, 0},   {'D', 0x2, 0},  {'T', 0x4, 0},   {'t', 0x8, 0},
	{'X', 0x80, 16}, {'Z', 0x80, 32}, {'P', 0x40, 0}, {'I', 0x402, 0},
};

NO_TSAN static void fill_stat(struct rt_task *o, const struct proc_stat *st)
{
	struct task_struct *t = &o->t;
	size_t i;

	for (i = 0; i < sizeof(t->comm); i++)
		if (t->comm[i] != st->comm[i])
			SET(t->comm[i], st->comm[i]);
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (states[i].letter != st->state)
			continue;
		SET(t->__state, states[i].state);
		SET(t->exit_state, states[i].exit);
	}
	SET(t->flags, st->flags);
	SET(t->min_flt, st->min_flt);
	SET(t->maj_flt, st->maj_flt);
	SET(t->utime, ticks_to_ns(st->utime));
	SET(t->stime, ticks_to_ns(st->stime));
	SET(t->gtime, ticks_to_ns(st->gtime));
	SET(t->prio, st->priority + 100);
	SET(t->normal_prio, st->priority + 100);
	SET(t->static_prio, 120 + st->nice);
	SET(t->rt_priority, st->rt_priority);
	SET(t->policy, st->policy);
	SET(t->exit_signal, st->exit_signal);
	if (st->exit_code)
		SET(t->exit_code, st->exit_code);
	SET(o->mm.start_code, st->start_code);
	SET(o->mm.end_code, st->end_code);
	SET(o->mm.start_stack, st->start_stack);
	SET(o->mm.start_data, st->start_data);
	SET(o->mm.end_data, st->end_data);
	SET(o->mm.start_brk, st->start_brk);
	SET(o->mm.arg_start, st->arg_start);
	SET(o->mm.arg_end, st->arg_end);
	SET(o->mm.env_start, st->env_start);
	SET(o->mm.env_end, st->env_end);
	SET(t->mm, st->vsize ? &o->mm : NULL);
}

NO_TSAN static void fill_status(struct rt_task *o, const struct proc_status *st)
{
	struct cred *c = &o->cred;
	unsigned long *vm[] = {&o->mm.total_vm,  &o->mm.hiwater_vm, &o->mm.hiwater_rss,
			       &o->mm.locked_vm, &o->mm.data_vm,    &o->mm.exec_vm,
			       &o->mm.stack_vm};
	kuid_t *uids[] = {&c->uid, &c->euid, &c->suid, &c->fsuid};
	kgid_t *gids[] = {&c->gid, &c->egid, &c->sgid, &c->fsgid};
	kernel_cap_t *caps[] = {&c->cap_inheritable, &c->cap_permitted, &c->cap_effective,
				&c->cap_bset, &c->cap_ambient};
	unsigned long page_kb = (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		SET(uids[i]->val, st->uid[i]);
		SET(gids[i]->val, st->gid[i]);
	}
	for (i = 0; i < 5; i++)
		SET(caps[i]->val, st->caps[i]);
	for (i = 0; i < 7; i++)
		SET(*vm[i], st->vm_kb[i] / (page_kb ? page_kb : 1));
	SET(o->t.nvcsw, st->nvcsw);
	SET(o->t.nivcsw, st->nivcsw);
	SET(o->t.ptrace, st->tracer ? 1 : 0);
	SET(o->t.loginuid.val, proc_read_u32(o->tid, "loginuid"));
	SET(o->t.sessionid, proc_read_u32(o->tid, "sessionid"));
}

NO_TSAN static void fill_affinity(struct rt_task *o)
{
	unsigned long bits[KFUNCS_NR_CPUS / 64] = {0};
	long n = syscall(SYS_sched_getaffinity, o->tid, sizeof(bits), bits);
	int count = 0;
	size_t i;

	if (n <= 0)
		return;
	for (i = 0; i < KFUNCS_NR_CPUS / 64; i++) {
		SET(o->t.cpus_mask.bits[i], bits[i]);
		count += __builtin_popcountl(bits[i]);
	}
	SET(o->t.nr_cpus_allowed, count);
}

/* Once: what never changes for this task. */
static void fill_constant(struct rt_task *o, const struct proc_stat *st,
			  const struct proc_status *ss)
{
	struct task_struct *t = &o->t;
	uint32_t i;

	o->start_ticks = st->start;
	t->pid = o->tid;
	t->tgid = ss->tgid;
	t->start_time = t->start_boottime = ticks_to_ns(st->start);
	t->cpus_ptr = &t->cpus_mask;
	t->usage.refs.counter = 1;
	t->cred = t->real_cred = &o->cred;
	o->cred.usage.counter = 1;
	o->cred.user_ns = &o->user_ns;
	o->user_ns.ns.inum = (unsigned int)proc_ns_inode(o->tid, "user");
	o->pid.count.refs.counter = 1;
	o->pid.level = ss->n_levels ? ss->n_levels - 1 : 0;
	for (i = 0; i <= o->pid.level; i++) {
		o->pid.numbers[i].nr = ss->n_levels ? ss->nspid[i] : o->tid;
		o->pid.numbers[i].ns = &o->pid_ns[i];
		o->pid_ns[i].level = i;
	}
	o->pid_ns[0].ns.inum = (unsigned int)proc_ns_inode(getpid(), "pid");
	if (o->pid.level)
		o->pid_ns[o->pid.level].ns.inum = (unsigned int)proc_ns_inode(o->tid, "pid");
	t->thread_pid = &o->pid;
	o->nsproxy.pid_ns_for_children = &o->pid_ns[o->pid.level];
	t->nsproxy = &o->nsproxy;
	o->css.refcount.refs.counter = 1;
	t->cgroups = &o->css;
	o->mm.mm_users.counter = 1;
	o->mm.owner = t;
}

/* Points *slot (a held reference) and *seen (what programs read) at the new task, or keeps both. */
NO_TSAN static struct rt_task *repoint(struct rt_task **slot, struct task_struct **seen,
				       struct rt_task *to)
{
	struct rt_task *old = *slot;

	if (old == to)
		return to; /* the surplus reference */
	*slot = to;
	__atomic_store_n(seen, to ? &to->t : NULL, __ATOMIC_RELEASE);
	return old;
}

static struct rt_task *task_get(pid_t tid, uint32_t depth);

/*
 * Called without the lock: relatives are tasks too. The start time is checked against a reused id.
 */
int rt_task_fill(struct rt_task *o, bool full, uint32_t depth)
{
	struct proc_stat st;
	struct proc_status ss;
	struct rt_task *parent, *tracer, *old;
	struct cgroup *cgrp;
	int err = proc_read_stat(o->tid, &st);

	if (err)
		return err;
	if (st.start != o->start_ticks)
		return -ESRCH;
	if (full) {
		err = proc_read_status(o->tid, &ss);
		if (err)
			return err;
	}
	pthread_mutex_lock(&o->fill_lock);
	fill_stat(o, &st);
	if (full) {
		fill_status(o, &ss);
		fill_affinity(o);
		rt_exe_refresh(o);
	}
	pthread_mutex_unlock(&o->fill_lock);
	if (!full)
		return 0;
	/* the first process of a namespace has no visible parent: it is its own, as in a kernel */
	parent = st.ppid > 0 && depth < MAX_ANCESTORS ? task_get(st.ppid, depth + 1) : NULL;
	tracer = ss.tracer > 0 && depth < MAX_ANCESTORS ? task_get(ss.tracer, depth + 1) : NULL;
	cgrp = rt_cgroup_get_task(&o->t);
	if (!cgrp) { /* a task's group is never NULL */
		rt_task_put(parent ? &parent->t : NULL);
		rt_task_put(tracer ? &tracer->t : NULL);
		return -ENOMEM;
	}
	pthread_mutex_lock(&o->fill_lock);
	old = repoint(&o->real_parent, &o->t.real_parent, parent);
	if (!o->real_parent)
		__atomic_store_n(&o->t.real_parent, &o->t, __ATOMIC_RELEASE);
	tracer = repoint(&o->tracer, &o->t.parent, tracer);
	if (!o->tracer)
		__atomic_store_n(&o->t.parent, o->t.real_parent, __ATOMIC_RELEASE);
	cgrp = __atomic_exchange_n(&o->css.dfl_cgrp, cgrp, __ATOMIC_ACQ_REL);
	pthread_mutex_unlock(&o->fill_lock);
	rt_task_put(old ? &old->t : NULL);
	rt_task_put(tracer ? &tracer->t : NULL);
	rt_cgroup_put(cgrp);
	return 0;
}

/* ---- lookup ---- */

static struct rt_task *task_new(pid_t tid, uint32_t depth)
{
	struct proc_stat st;
	struct proc_status ss;
	struct rt_task *o;

	if (proc_read_stat(tid, &st) || proc_read_status(tid, &ss))
		return NULL;
	o = mem_zalloc(sizeof(*o));
	if (!o)
		return NULL;
	o->tid = tid;
	o->pidfd = -1;
	o->t.rcu_users.refs.counter = 1;
	pthread_mutex_init(&o->fill_lock, NULL);
	atomic_fetch_add(&n_alive, 1);
	fill_constant(o, &st, &ss);
	o->leader = ss.tgid == tid ? o : task_get(ss.tgid, depth + 1);
	if (!o->leader || rt_task_fill(o, true, depth)) {
		rt_task_put(&o->t);
		return NULL;
	}
	o->t.group_leader = &o->leader->t;
	return o;
}

/* The object of tid in the table, with a reference, if it still is that task. */
static struct rt_task *table_find(pid_t tid, struct rt_task **dead)
{
	struct rt_task *o;

	*dead = NULL;
	pthread_mutex_lock(&tasks_lock);
	for (o = *bucket_of(tid); o && o->tid != tid; o = o->next)
		;
	if (o && !still_there(o)) {
		table_remove(o);
		*dead = o;
		o = NULL;
	}
	if (o && !rt_task_try_get(&o->t))
		o = NULL;
	pthread_mutex_unlock(&tasks_lock);
	return o;
}

/* Adds a fresh object unless another thread was faster; returns the winner with one reference. */
static struct rt_task *table_add(struct rt_task *fresh)
{
	struct rt_task *o, *dead = NULL;

	pthread_mutex_lock(&tasks_lock);
	for (o = *bucket_of(fresh->tid); o && o->tid != fresh->tid; o = o->next)
		;
	if (o && o->start_ticks == fresh->start_ticks && rt_task_try_get(&o->t)) {
		pthread_mutex_unlock(&tasks_lock);
		rt_task_put(&fresh->t);
		return o;
	}
	if (o) {
		table_remove(o);
		o->next = NULL;
		dead = o;
	}
	open_pidfd(fresh);
	fresh->next = *bucket_of(fresh->tid);
	*bucket_of(fresh->tid) = fresh;
	rt_task_try_get(&fresh->t);
	/* two buckets looked over for each new object keep the table free of the dead */
	dead = reap_bucket(reap_cursor++ % TASK_BUCKETS, dead);
	dead = reap_bucket(reap_cursor++ % TASK_BUCKETS, dead);
	pthread_mutex_unlock(&tasks_lock);
	put_chain(dead);
	return fresh;
}

static struct rt_task *task_get(pid_t tid, uint32_t depth)
{
	struct rt_task *o, *dead;

	if (tid <= 0 || depth > MAX_ANCESTORS)
		return NULL;
	o = table_find(tid, &dead);
	put_chain(dead);
	if (o)
		return o;
	o = task_new(tid, depth);
	return o ? table_add(o) : NULL;
}

struct task_struct *rt_task_get_pid(pid_t tid)
{
	struct rt_task *o = task_get(tid, 0);

	if (o && rt_task_fill(o, false, 0)) {
		rt_task_ended(tid);
		rt_task_put(&o->t);
		o = NULL;
	}
	return o ? &o->t : NULL;
}

bool rt_task_refresh(struct task_struct *t)
{
	return !rt_task_fill((struct rt_task *)t, true, 0);
}

void rt_task_ended(pid_t tid)
{
	struct rt_task *o;

	pthread_mutex_lock(&tasks_lock);
	for (o = *bucket_of(tid); o && o->tid != tid; o = o->next)
		;
	if (o)
		table_remove(o);
	pthread_mutex_unlock(&tasks_lock);
	if (o)
		retire(o);
}

/* Through the pidfd where there is one, so that a reused id is never hit. */
int rt_task_signal(const struct task_struct *t, int sig, unsigned int type, uint64_t value)
{
	const struct rt_task *o = (const struct rt_task *)t;
	siginfo_t si = {.si_signo = sig, .si_code = SI_QUEUE};
	long ret;

	if (type > 1)
		return -EINVAL;
	si.si_pid = getpid();
	si.si_uid = getuid();
	si.si_value.sival_ptr = (void *)(uintptr_t)value;
	pthread_mutex_lock(&tasks_lock); /* keeps the pidfd open */
	if (type == 1 && o->pidfd >= 0 && t->pid == t->tgid)
		ret = syscall(SYS_pidfd_send_signal, o->pidfd, sig, &si, 0);
	else if (!still_there(o))
		ret = -1, errno = ESRCH;
	else if (type == 1)
		ret = syscall(SYS_rt_sigqueueinfo, t->tgid, sig, &si);
	else
		ret = syscall(SYS_rt_tgsigqueueinfo, t->tgid, t->pid, sig, &si);
	pthread_mutex_unlock(&tasks_lock);
	return ret ? -errno : 0;
}

/* ---- all tasks ---- */

static int for_each_thread(pid_t pid, int (*fn)(void *ctx, struct task_struct *t), void *ctx)
{
	char path[32];
	struct dirent *e;
	int ret = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && !ret && (e = readdir(d))) {
		struct task_struct *t = rt_task_get_pid((pid_t)atoi(e->d_name));

		if (!t)
			continue;
		ret = fn(ctx, t);
		rt_task_put(t);
	}
	if (d)
		closedir(d);
	return ret;
}

int rt_task_for_each(bool threads, int (*fn)(void *ctx, struct task_struct *t), void *ctx)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int ret = 0;

	if (!d)
		return -errno;
	while (!ret && (e = readdir(d))) {
		pid_t pid = (pid_t)atoi(e->d_name);
		struct task_struct *t;

		if (pid <= 0)
			continue;
		if (threads) {
			ret = for_each_thread(pid, fn, ctx);
			continue;
		}
		t = rt_task_get_pid(pid);
		if (!t)
			continue;
		ret = fn(ctx, t);
		rt_task_put(t);
	}
	closedir(d);
	return ret;
}

struct vpid_search {
	pid_t nr;
	uint32_t level;
	uint64_t ns;
	struct task_struct *found;
};

static int vpid_match(void *ctx, struct task_struct *t)
{
	struct vpid_search *s = ctx;
	const struct pid *p = t->thread_pid;

	/* deeper tasks are seen from this namespace too, but only their own number is told here */
	if (p->level < s->level || p->numbers[s->level].nr != s->nr)
		return 0;
	if (p->level == s->level && proc_ns_inode(t->pid, "pid") != s->ns)
		return 0;
	if (!rt_task_try_get(t))
		return 0;
	s->found = t;
	return 1;
}

struct task_struct *rt_task_get_vpid(pid_t tid, const struct task_struct *viewer)
{
	struct vpid_search s = {.nr = tid};

	if (tid <= 0 || !viewer)
		return NULL;
	s.level = viewer->thread_pid->level;
	if (!s.level)
		return rt_task_get_pid(tid);
	s.ns = proc_ns_inode(viewer->pid, "pid");
	rt_task_for_each(true, vpid_match, &s);
	return s.found;
}

/* ---- letting go ---- */

void rt_tasks_reap(void)
{
	struct rt_task *dead = NULL;
	uint32_t b;

	pthread_mutex_lock(&tasks_lock);
	for (b = 0; b < TASK_BUCKETS; b++)
		dead = reap_bucket(b, dead);
	pthread_mutex_unlock(&tasks_lock);
	put_chain(dead);
}

void rt_tasks_forget(void)
{
	struct rt_task *all = NULL, *o;
	uint32_t b;

	pthread_mutex_lock(&tasks_lock);
	for (b = 0; b < TASK_BUCKETS; b++) {
		while ((o = tasks[b])) {
			table_remove(o);
			o->next = all;
			all = o;
		}
	}
	pthread_mutex_unlock(&tasks_lock);
	put_chain(all);
	rt_task_current_forget();
}
