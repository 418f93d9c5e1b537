/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The processes and threads of a command, followed with ptrace(2).
 *
 * A thread of our own starts the command and waits: ptrace obeys only the thread that attached, and
 * waiting for "my children" (__WNOTHREAD) then cannot swallow the host's own children. SEIZE leaves
 * signals and job control of the tracees as they are: signal stops are passed on, group stops are
 * listened to.
 *
 * The first stop of a new task and its parent's report of it arrive in either order. The task is
 * kept stopped until the report has been handled, so programs see a task that exists and has not
 * run. A parent that is killed in between never reports: its child is let go on when the parent's
 * end is known, and counted as missed, since nobody can tell its flags any more. Not every such end is
 * seen: an exec ends the other threads of its process, and a child may arrive later than its parent's end.
 * So a task is also let go on when nothing at all was reported for a while. Everything about a tracee can
 * fail because it was killed meanwhile; then nothing is raised and waitpid() tells the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/events_impl.h"
#include "runtime/proc.h"

#define TRACEE_BUCKETS 256
#define PARKED_MS      1000 /* of silence, until tasks that wait for a report go on without */
#define OPTIONS                                                                                    \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |     \
	 PTRACE_O_TRACEEXIT)

struct tracee {
	struct tracee *next;
	pid_t tid;
	bool announced; /* its creation was reported (or it is the first) */
	bool parked;    /* stopped before that: to be resumed by the report */
	bool missed;    /* resumed without it */
	bool exiting;   /* its exit event was seen */
	pid_t tgid;     /* 0: not known yet */
};

struct tracer {
	struct rt_events_run *run;
	struct tracee *table[TRACEE_BUCKETS];
	uint32_t n, n_parked;
	pid_t root;
	bool letting_go; /* the command has ended: detach from the rest */
};

/* ---- the set of tracees ---- */

static struct tracee *find(struct tracer *tr, pid_t tid)
{
	struct tracee *t = tr->table[(uint32_t)tid % TRACEE_BUCKETS];

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

static struct tracee *find_or_add(struct tracer *tr, pid_t tid)
{
	struct tracee *t = find(tr, tid);

	if (t)
		return t;
	t = mem_zalloc(sizeof(*t));
	if (!t)
		return NULL;
	t->tid = tid;
	t->next = tr->table[(uint32_t)tid % TRACEE_BUCKETS];
	tr->table[(uint32_t)tid % TRACEE_BUCKETS] = t;
	tr->n++;
	return t;
}

static void forget(struct tracer *tr, pid_t tid)
{
	struct tracee **p = &tr->table[(uint32_t)tid % TRACEE_BUCKETS], *t;

	while (*p && (*p)->tid != tid)
		p = &(*p)->next;
	t = *p;
	if (!t)
		return;
	*p = t->next;
	tr->n_parked -= t->parked;
	mem_free(t);
	tr->n--;
}

/* ---- what the system call asked for ---- */

#if defined(__x86_64__)
/* Number and first argument of the system call that a stopped tracee is in. */
static bool syscall_of(pid_t tid, uint64_t *nr, uint64_t *arg, bool *compat)
{
	struct user_regs_struct regs;
	struct iovec io = {.iov_base = &regs, .iov_len = sizeof(regs)};

	memset(&regs, 0, sizeof(regs));
	if (ptrace(PTRACE_GETREGSET, tid, (void *)1 /* NT_PRSTATUS */, &io))
		return false;
	*compat = io.iov_len != sizeof(regs);
	if (*compat) { /* 32-bit layout: ebx first, orig_eax twelfth */
		const uint32_t *r = (const uint32_t *)&regs;

		*arg = r[0];
		*nr = r[11];
	} else {
		*arg = regs.rdi;
		*nr = regs.orig_rax;
	}
	return true;
}

enum { NR_CLONE_32 = 120, NR_CLONE3_32 = 435 };

static bool is_clone(uint64_t nr, bool compat)
{
	return compat ? nr == NR_CLONE_32 : nr == SYS_clone;
}

static bool is_clone3(uint64_t nr, bool compat)
{
	return compat ? nr == NR_CLONE3_32 : nr == SYS_clone3;
}
#else
static bool syscall_of(pid_t tid, uint64_t *nr, uint64_t *arg, bool *compat)
{
	(void)tid, (void)nr, (void)arg, (void)compat;
	return false;
}

static bool is_clone(uint64_t nr, bool compat)
{
	(void)nr, (void)compat;
	return false;
}

static bool is_clone3(uint64_t nr, bool compat)
{
	(void)nr, (void)compat;
	return false;
}
#endif

/*
 * Flags of the clone that a parent is stopped in, without the exit signal (which a kernel passes
 * apart). Where registers cannot tell: what the event itself and the new task's process imply.
 */
static uint64_t clone_flags_of(pid_t parent, pid_t child, int event)
{
	uint64_t nr, arg, flags;
	struct proc_status a, b;
	bool compat;

	if (syscall_of(parent, &nr, &arg, &compat)) {
		struct iovec here = {.iov_base = &flags, .iov_len = sizeof(flags)};
		struct iovec there = {.iov_base = (void *)(uintptr_t)arg, .iov_len = sizeof(flags)};

		if (is_clone(nr, compat))
			return arg & 0xffffffffull & ~(uint64_t)CSIGNAL;
		/* flags are the first member of struct clone_args */
		if (is_clone3(nr, compat) &&
		    process_vm_readv(parent, &here, 1, &there, 1, 0) == sizeof(flags))
			return flags;
	}
	if (event == PTRACE_EVENT_VFORK)
		return CLONE_VFORK | CLONE_VM;
	if (event == PTRACE_EVENT_CLONE && !proc_read_status(parent, &a) &&
	    !proc_read_status(child, &b) && a.tgid == b.tgid)
		return CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	return 0;
}

/* ---- raising ---- */

static void raise_new_task(struct tracer *tr, struct task_struct *parent, pid_t tid, uint64_t flags)
{
	struct task_struct *child = rt_task_get_pid(tid);
	struct tracee *tracee = find(tr, tid);
	uint64_t args[2];

	if (child && tracee)
		tracee->tgid = child->tgid;
	if (!child) {
		tr->run->res.missed++;
		return;
	}
	(void)rt_task_refresh(child);
	rt_task_set_current(parent);
	args[0] = (uintptr_t)child;
	args[1] = flags;
	rt_tracepoint_fire(tr->run->tp[TP_NEWTASK], args);
	if (parent) { /* declared never NULL */
		args[0] = (uintptr_t)parent;
		args[1] = (uintptr_t)child;
		rt_tracepoint_fire(tr->run->tp[TP_FORK], args);
	}
	rt_task_set_current(NULL);
	rt_task_put(child);
	tr->run->res.tasks++;
}

static void raise_exec(struct tracer *tr, pid_t tid, pid_t old_tid)
{
	struct task_struct *t = rt_task_get_pid(tid);
	struct linux_binprm bprm = {0};
	char path[4096] = "";
	uint64_t args[3];

	if (!t)
		return;
	(void)rt_task_refresh(t);
	proc_exe_path(tid, path, sizeof(path));
	bprm.filename = bprm.interp = path;
	bprm.file = t->mm ? t->mm->exe_file : NULL;
	if (bprm.file) { /* declared never NULL */
		rt_task_set_current(t);
		args[0] = (uintptr_t)t;
		args[1] = (uint64_t)(int64_t)old_tid;
		args[2] = (uintptr_t)&bprm;
		rt_tracepoint_fire(tr->run->tp[TP_EXEC], args);
		rt_task_set_current(NULL);
		tr->run->res.execs++;
	}
	rt_task_put(t);
}

/* The last of its process to end: no other tracee of the process is still without an exit event. */
static bool is_last_thread(struct tracer *tr, const struct task_struct *t)
{
	uint32_t b;

	for (b = 0; b < TRACEE_BUCKETS; b++) {
		const struct tracee *o = tr->table[b];

		for (; o; o = o->next)
			if (o->tgid == t->tgid && o->tid != t->pid && !o->exiting)
				return false;
	}
	return true;
}

static void raise_exit(struct tracer *tr, pid_t tid, unsigned long code)
{
	struct task_struct *t = rt_task_get_pid(tid);
	struct tracee *tracee = find(tr, tid);
	uint64_t args[2];

	if (tracee)
		tracee->exiting = true;
	if (!t)
		return;
	__atomic_store_n(&t->exit_code, (int)code, __ATOMIC_RELAXED);
	rt_task_set_current(t);
	args[0] = (uintptr_t)t;
	args[1] = is_last_thread(tr, t);
	rt_tracepoint_fire(tr->run->tp[TP_EXIT], args);
	rt_task_set_current(NULL);
	rt_task_put(t);
	tr->run->res.exits++;
}

/* ---- stops ---- */

/* Lets a stopped tracee go on, or go, with a signal or without. */
static void resume(struct tracer *tr, pid_t tid, int sig)
{
	int err =
		ptrace(tr->letting_go ? PTRACE_DETACH : PTRACE_CONT, tid, NULL, (void *)(long)sig);

	if (tr->letting_go && !err)
		forget(tr, tid);
}

static void announce(struct tracer *tr, struct tracee *t)
{
	t->announced = true;
	if (!t->parked)
		return;
	t->parked = false;
	tr->n_parked--;
	resume(tr, t->tid, 0);
}

/*
 * Whether the report of a new task can still come: not from a process that has ended or has just executed,
 * since other threads of it are gone then. A thread ends with the process that made it.
 */
static bool has_parent(struct tracer *tr, const struct tracee *t, pid_t executed)
{
	struct proc_status status;
	struct proc_stat st;

	if (proc_read_status(t->tid, &status) || proc_read_stat(t->tid, &st))
		return true; /* it ends too */
	return status.tgid != t->tid || (st.ppid != executed && find(tr, st.ppid));
}

#define NOBODY  0
#define ANYBODY (-1)

/* Tasks that wait for a report of a parent that is gone. */
static void adopt_orphans(struct tracer *tr, pid_t executed)
{
	uint32_t b;

	for (b = 0; tr->n_parked && b < TRACEE_BUCKETS; b++) {
		struct tracee *t = tr->table[b], *next;

		for (; t; t = next) {
			next = t->next;
			if (!t->parked || (executed != ANYBODY && has_parent(tr, t, executed)))
				continue;
			t->missed = true;
			tr->run->res.missed++;
			announce(tr, t);
		}
	}
}

static void created(struct tracer *tr, pid_t parent_tid, int event)
{
	struct task_struct *parent;
	unsigned long msg = 0;
	struct tracee *t;
	uint64_t flags;

	if (ptrace(PTRACE_GETEVENTMSG, parent_tid, NULL, &msg) || !msg)
		return;
	t = find_or_add(tr, (pid_t)msg);
	if (!t)
		return;
	tr->run->res.missed -= t->missed; /* late, but here it is */
	t->missed = false;
	flags = clone_flags_of(parent_tid, (pid_t)msg, event);
	parent = rt_task_get_pid(parent_tid);
	raise_new_task(tr, parent, (pid_t)msg, flags);
	rt_task_put(parent);
	announce(tr, t);
}

static void stopped(struct tracer *tr, pid_t tid, int status)
{
	struct tracee *t = find_or_add(tr, tid);
	int sig = WSTOPSIG(status), event = status >> 16;
	unsigned long msg = 0;

	if (!t) { /* out of memory: follow it no longer */
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
		return;
	}
	if (tr->letting_go) { /* at whatever stop comes first */
		resume(tr, tid, event ? 0 : sig);
		return;
	}
	if (!t->announced && event == PTRACE_EVENT_STOP) { /* its first stop */
		tr->n_parked += !t->parked;
		t->parked = true;
		return;
	}
	if (!t->announced) { /* killed, with the parent that would have reported it */
		t->announced = true;
		tr->run->res.missed++;
		resume(tr, tid, 0);
		return;
	}
	switch (event) {
	case 0: /* a signal on its way in */
		resume(tr, tid, sig);
		return;
	case PTRACE_EVENT_STOP:
		/* a stop of the whole process is its own affair; the first stop of a task is ours
		 */
		if (sig != SIGTRAP) {
			ptrace(PTRACE_LISTEN, tid, NULL, NULL);
			return;
		}
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		created(tr, tid, event);
		break;
	case PTRACE_EVENT_EXEC:
		ptrace(PTRACE_GETEVENTMSG, tid, NULL, &msg);
		if (msg && (pid_t)msg != tid)
			forget(tr, (pid_t)msg);
		t->exiting = false; /* that was the leader whose place a thread has taken */
		adopt_orphans(tr, tid);
		raise_exec(tr, tid, msg ? (pid_t)msg : tid);
		break;
	case PTRACE_EVENT_EXIT:
		ptrace(PTRACE_GETEVENTMSG, tid, NULL, &msg);
		raise_exit(tr, tid, msg);
		break;
	default:
		break;
	}
	resume(tr, tid, 0);
}

/* After the command itself has ended: stop whatever is left of its tree, to detach from it. */
static void let_go(struct tracer *tr)
{
	uint32_t b;

	tr->letting_go = true;
	for (b = 0; b < TRACEE_BUCKETS; b++) {
		struct tracee *t = tr->table[b], *next;

		for (; t; t = next) {
			next = t->next;
			if (t->parked) /* stopped already; forgets t */
				announce(tr, t);
			else
				ptrace(PTRACE_INTERRUPT, t->tid, NULL, NULL);
		}
	}
}

/* waitpid() for what happens next; 0: nothing did, though a task waits for a report. */
static pid_t next_event(const struct tracer *tr, int *status)
{
	const struct timespec ms = {.tv_nsec = 1000000};
	pid_t tid;
	int i;

	for (i = 0; tr->n_parked && i < PARKED_MS; i++) {
		tid = waitpid(-1, status, __WALL | __WNOTHREAD | WNOHANG);
		if (tid)
			return tid;
		nanosleep(&ms, NULL);
	}
	return tr->n_parked ? 0 : waitpid(-1, status, __WALL | __WNOTHREAD);
}

static void trace(struct tracer *tr)
{
	while (tr->n) {
		int status;
		pid_t tid = next_event(tr, &status);

		if (tid < 0 && errno == EINTR)
			continue;
		if (!tid) {
			adopt_orphans(tr, ANYBODY);
			continue;
		}
		if (tid < 0)
			break;
		if (WIFSTOPPED(status)) {
			stopped(tr, tid, status);
			continue;
		}
		forget(tr, tid);
		adopt_orphans(tr, NOBODY);
		if (tid == tr->root) {
			atomic_store(&tr->run->root, 0);
			tr->run->res.wait_status = status;
			let_go(tr);
		}
	}
}

/* ---- starting the command ---- */

struct start {
	int go[2];     /* closed for writing: execute */
	int failed[2]; /* errno of a failed exec */
};

static void __attribute__((noreturn)) command(const struct rt_events_run *run, struct start *s)
{
	int err;
	char c;

	close(s->go[1]);
	while (read(s->go[0], &c, 1) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &run->old_mask, NULL);
	execvp(run->opts->argv[0], run->opts->argv);
	err = errno;
	while (write(s->failed[1], &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(err == ENOENT ? 127 : 126);
}

static int start(struct tracer *tr, struct start *s)
{
	struct rt_events_run *run = tr->run;
	struct task_struct *self;
	struct tracee *t;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		command(run, s);
	tr->root = pid;
	atomic_store(&run->root, pid);
	t = find_or_add(tr, pid);
	if (!t)
		return -ENOMEM;
	t->announced = true;
	if (!run->trace_tasks)
		return 0;
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)OPTIONS))
		return -errno;
	self = rt_task_get_pid(getpid());
	raise_new_task(tr, self, pid, 0);
	rt_task_put(self);
	return 0;
}

static void end_pipe(int fds[2], int which)
{
	if (fds[which] >= 0)
		close(fds[which]);
	fds[which] = -1;
}

void *rt_events_tracer(void *arg)
{
	struct tracer tr = {.run = arg};
	struct start s = {{-1, -1}, {-1, -1}};
	int err = 0, exec_err = 0;
	uint32_t b;

	if (pipe2(s.go, O_CLOEXEC) || pipe2(s.failed, O_CLOEXEC))
		err = -errno;
	if (!err)
		err = start(&tr, &s);
	if (err && tr.root)
		kill(tr.root, SIGKILL);
	sem_post(&tr.run->started);
	end_pipe(s.go, 1);
	end_pipe(s.failed, 1);
	trace(&tr);
	if (!err && read(s.failed[0], &exec_err, sizeof(exec_err)) == sizeof(exec_err))
		err = -exec_err;
	end_pipe(s.go, 0);
	end_pipe(s.failed, 0);
	for (b = 0; b < TRACEE_BUCKETS; b++)
		while (tr.table[b])
			forget(&tr, tr.table[b]->tid);
	tr.run->err = err;
	rt_events_done(tr.run);
	return NULL;
}
