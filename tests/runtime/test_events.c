/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events of real commands and directories (runtime/events.h). The test executes itself for the ways
 * to make a task that a shell does not offer. What a program would see is recorded by native ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfuncs/types/trace.h"
#include "runtime/events.h"
#include "runtime/objects.h"
#include "runtime/rt.h"
#include "runtime/tracepoint.h"

/* ---- recorders ---- */

struct event {
	char what; /* n: new task, x: exec, e: exit, m: mkdir, r: rmdir */
	pid_t pid, tgid, parent, current;
	uint64_t arg;
	char text[64];
	bool exists;
	int level;
};

static struct event events[4096];
static _Atomic unsigned int n_events;

static struct event *record(char what, struct task_struct *t, uint64_t arg)
{
	struct event *e = &events[atomic_fetch_add(&n_events, 1) % 4096];
	struct task_struct *c = rt_task_current();

	memset(e, 0, sizeof(*e));
	e->what = what;
	e->arg = arg;
	e->current = c ? c->pid : 0;
	if (t) {
		e->pid = t->pid;
		e->tgid = t->tgid;
		e->parent = t->real_parent->pid;
		snprintf(e->text, sizeof(e->text), "%s", t->comm);
		e->exists = kill(t->pid, 0) == 0 || errno == EPERM;
	}
	return e;
}

static uint64_t on_new(const struct rt_prog *p, void *ctx)
{
	const uint64_t *a = ctx;
	struct task_struct *t = (struct task_struct *)(uintptr_t)a[0], *found;

	(void)p;
	record('n', t, a[1]);
	/* a program may look it up */
	found = rt_task_get_pid(t->pid);
	assert_ptr_equal(found, t);
	rt_task_put(found);
	return 0;
}

static uint64_t on_exec(const struct rt_prog *p, void *ctx)
{
	const uint64_t *a = ctx;
	const struct linux_binprm *b = (const void *)(uintptr_t)a[2];
	struct event *e = record('x', (void *)(uintptr_t)a[0], a[1]);

	(void)p;
	snprintf(e->text, sizeof(e->text), "%s", b->file->f_path.dentry->d_name.name);
	return 0;
}

static uint64_t on_exit_event(const struct rt_prog *p, void *ctx)
{
	const uint64_t *a = ctx;

	(void)p;
	record('e', (void *)(uintptr_t)a[0], a[1]);
	return 0;
}

static const char *dirs_below = ""; /* others may make groups in the same hierarchy */

static uint64_t on_dir(const struct rt_prog *p, void *ctx)
{
	const uint64_t *a = ctx;
	const struct cgroup *c = (const void *)(uintptr_t)a[0];
	struct event *e;

	if (strncmp((const char *)(uintptr_t)a[1], dirs_below, strlen(dirs_below)))
		return 0;
	e = record(p->name[0], NULL, c->kn->id);
	e->level = c->level;
	snprintf(e->text, sizeof(e->text), "%s", (const char *)(uintptr_t)a[1]);
	return 0;
}

static struct rt_prog progs[] = {
	{.name = "n", .run = on_new, .refs = 1000, .attach_name = "task_newtask"},
	{.name = "x", .run = on_exec, .refs = 1000, .attach_name = "sched_process_exec"},
	{.name = "e", .run = on_exit_event, .refs = 1000, .attach_name = "sched_process_exit"},
	{.name = "m", .run = on_dir, .refs = 1000, .attach_name = "cgroup_mkdir"},
	{.name = "r", .run = on_dir, .refs = 1000, .attach_name = "cgroup_rmdir"},
};
#define N_PROGS (sizeof(progs) / sizeof(progs[0]))
static struct rt_tp_link *links[N_PROGS];

static void attach(const char *which)
{
	size_t i;

	atomic_store(&n_events, 0);
	assert_int_equal(rt_events_declare(), 0);
	for (i = 0; i < N_PROGS; i++)
		if (strchr(which, progs[i].name[0]))
			assert_int_equal(rt_tracepoint_attach(progs[i].attach_name, &progs[i], 0,
							      &links[i]),
					 0);
}

static void detach(void)
{
	size_t i;

	for (i = 0; i < N_PROGS; i++) {
		if (links[i])
			rt_tracepoint_detach(links[i]);
		links[i] = NULL;
	}
}

static unsigned int count(char what)
{
	unsigned int i, n = 0;

	for (i = 0; i < atomic_load(&n_events); i++)
		n += events[i].what == what;
	return n;
}

static const struct event *nth(char what, unsigned int k)
{
	unsigned int i;

	for (i = 0; i < atomic_load(&n_events); i++)
		if (events[i].what == what && !k--)
			return &events[i];
	fail_msg("event %c is missing", what);
	return NULL;
}

static int run(const char *which, char *const *argv, struct rt_events_result *res)
{
	struct rt_events_opts o = {.argv = argv, .stop_fd = -1};
	int err;

	attach(which);
	err = rt_events_run(&o, res);
	detach();
	return err;
}

static int sh(const char *which, const char *script, struct rt_events_result *res)
{
	char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};

	return run(which, argv, res);
}

/* ThreadSanitizer gives every process a thread of its own: what is counted exactly would be wrong.
 */
#ifdef __SANITIZE_THREAD__
#define EXACT() skip()
#else
#define EXACT() ((void)0)
#endif

/* Runs one of the children below in a process of its own. */
static void self(const char *which, const char *mode, struct rt_events_result *res)
{
	char *argv[] = {"/proc/self/exe", (char *)mode, NULL};

	assert_int_equal(run(which, argv, res), 0);
	assert_true(WIFEXITED(res->wait_status));
	assert_int_equal(WEXITSTATUS(res->wait_status), 0);
}

/* ---- what the test executes ---- */

static void *idle(void *arg)
{
	return arg;
}

static int child_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) != pid;
}

static int child_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) != pid;
}

static int child_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, idle, NULL) || pthread_join(t, NULL);
}

static int child_clone3(void)
{
	struct clone_args a = {.flags = CLONE_FS | CLONE_FILES, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid((pid_t)pid, NULL, 0) != pid;
}

static int child_clone(void)
{
	long pid = syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid((pid_t)pid, NULL, 0) != pid;
}

static void *exec_in_thread(void *arg)
{
	(void)arg;
	execl("/bin/true", "true", NULL);
	return NULL;
}

static int child_thread_exec(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, exec_in_thread, NULL))
		return 1;
	for (;;)
		pause();
}

static int child_many(void)
{
	pthread_t t[32];
	int i;

	for (i = 0; i < 32; i++)
		if (pthread_create(&t[i], NULL, idle, NULL))
			return 1;
	for (i = 0; i < 32; i++)
		pthread_join(t[i], NULL);
	for (i = 0; i < 32; i++)
		if (!fork())
			_exit(0);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* a child that is killed as soon as it exists */
static int child_killed(void)
{
	int i;

	for (i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (!pid)
			for (;;)
				pause();
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}

static void *forks(void *arg)
{
	int i;

	for (i = 0; i < 60; i++)
		if (!fork())
			_exit(0);
	return arg;
}

/* processes that are killed while they make others, from two threads */
static int child_killed_parents(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			pthread_t t;

			signal(SIGCHLD, SIG_IGN);
			pthread_create(&t, NULL, forks, NULL);
			forks(NULL);
			for (;;)
				pause();
		}
		usleep(500 + (unsigned int)i * 137 % 3000);
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	return 0;
}

/* until a signal ends it */
static int child_wait(void)
{
	sigset_t all;

	alarm(30);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	while (pause())
		;
	return 0;
}

/*
 * A thread makes a child, is ended by another one's exec before it can report that, and what is executed
 * waits for the child. When exactly it ends is luck: many try.
 */
static void *fork_in_thread(void *arg)
{
	if (!fork())
		_exit(0);
	return arg;
}

static int child_exec_forks(void)
{
	int i;

	for (i = 0; i < 100; i++) {
		pid_t pid = fork();
		pthread_t t;
		int p[2];

		if (pid) {
			if (waitpid(pid, NULL, 0) != pid)
				return 1;
			continue;
		}
		/* cat reads to the end, which is when the child has closed its side */
		if (pipe2(p, O_CLOEXEC) || dup2(p[0], 0) ||
		    pthread_create(&t, NULL, fork_in_thread, NULL))
			_exit(1);
		usleep((unsigned int)i);
		execl("/bin/cat", "cat", NULL);
	}
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(void);
} children[] = {
	{"wait", child_wait},
	{"exec-forks", child_exec_forks},
	{"fork", child_fork},
	{"vfork", child_vfork},
	{"thread", child_thread},
	{"clone3", child_clone3},
	{"clone", child_clone},
	{"many", child_many},
	{"thread-exec", child_thread_exec},
	{"killed", child_killed},
	{"killed-parents", child_killed_parents},
};

/* ---- tasks ---- */

static void test_flags(void **state)
{
	static const struct {
		const char *mode;
		uint64_t flags;
	} cases[] = {
		{"vfork", CLONE_VFORK | CLONE_VM},
		{"clone3", CLONE_FS | CLONE_FILES},
		{"clone", CLONE_FS},
	};
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
				CLONE_CHILD_CLEARTID;
	struct rt_events_result res;
	const struct event *e;
	size_t i;

	(void)state;
	EXACT();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		self("n", cases[i].mode, &res);
		assert_int_equal(count('n'), 2);
		e = nth('n', 1);
		assert_int_equal(e->arg, cases[i].flags);
		assert_int_equal(e->parent, nth('n', 0)->pid);
		assert_int_equal(e->current, e->parent);
		assert_int_equal(e->tgid, e->pid);
		assert_true(e->exists);
		assert_int_equal(res.tasks, 2);
	}
	/* libc's fork is a clone that also sets the thread id in memory */
	self("n", "fork", &res);
	assert_int_equal(nth('n', 1)->arg & ~(uint64_t)(CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID),
			 0);
	self("n", "thread", &res);
	e = nth('n', 1);
	assert_int_equal(e->arg & thread, thread);
	assert_int_equal(e->tgid, nth('n', 0)->pid);
	assert_int_not_equal(e->pid, e->tgid);
}

static void test_first_process(void **state)
{
	struct rt_events_result res;

	(void)state;
	assert_int_equal(sh("n", "exit 7", &res), 0);
	assert_int_equal(WEXITSTATUS(res.wait_status), 7);
	assert_int_equal(count('n'), 1);
	assert_int_equal(nth('n', 0)->parent, getpid());
	assert_int_equal(nth('n', 0)->current, getpid());
	assert_true(nth('n', 0)->exists);
}

static void test_exec_and_exit(void **state)
{
	struct rt_events_result res;

	(void)state;
	assert_int_equal(sh("nxe", "/bin/true; exec /bin/true", &res), 0);
	assert_int_equal(count('n'), 2);
	assert_int_equal(count('x'), 3);
	assert_int_equal(count('e'), 2);
	assert_string_equal(nth('x', 1)->text, "true");
	assert_int_equal(nth('x', 1)->arg, nth('x', 1)->pid);
	assert_string_equal(nth('e', 0)->text, "true");
	assert_int_equal(nth('e', 0)->arg, 1);
}

static void test_exec_in_thread(void **state)
{
	struct rt_events_result res;
	const struct event *e;

	(void)state;
	EXACT();
	self("nx", "thread-exec", &res);
	assert_int_equal(count('n'), 2);
	e = nth('x', 1);
	assert_int_equal(e->pid, nth('n', 0)->pid);
	assert_int_equal((pid_t)e->arg, nth('n', 1)->pid); /* the id it had before */
	assert_string_equal(e->text, "true");
}

static void test_many(void **state)
{
	struct rt_events_result res;
	unsigned int i, last = 0;

	(void)state;
	EXACT();
	self("ne", "many", &res);
	assert_int_equal(count('n'), 65);
	assert_int_equal(count('e'), 65);
	for (i = 0; i < 65; i++)
		last += events[i].what == 'e' && events[i].pid == events[i].tgid;
	for (i = 0, last = 0; i < 65; i++)
		last += nth('e', i)->arg != 0;
	assert_int_equal(last, 33); /* the last thread of each process, and only that */
}

static void test_dying_children(void **state)
{
	struct rt_events_result res;

	(void)state;
	EXACT();
	self("n", "killed", &res);
	assert_int_equal(count('n') + res.missed, 51);
}

static void test_dying_parents(void **state)
{
	struct rt_events_result res;

	(void)state;
	self("n", "killed-parents", &res);
	assert_true(res.tasks > 20);
	assert_true(res.missed <= 80); /* at most a child and a thread for each killed thread */
}

static void test_exec_ends_parents(void **state)
{
	struct rt_events_result res;

	(void)state;
	self("n", "exec-forks", &res);
	assert_true(res.tasks > 100);
}

static void test_status(void **state)
{
	char *none[] = {"/nonexistent/command", NULL}, *dir[] = {"/tmp", NULL};
	struct rt_events_result res;

	(void)state;
	assert_int_equal(sh("n", "kill -9 $$", &res), 0);
	assert_true(WIFSIGNALED(res.wait_status));
	assert_int_equal(WTERMSIG(res.wait_status), SIGKILL);
	assert_int_equal(sh("n", "kill -TERM $$", &res), 0);
	assert_int_equal(WTERMSIG(res.wait_status), SIGTERM);
	assert_int_equal(run("n", none, &res), -ENOENT);
	assert_int_equal(run("n", dir, &res), -EACCES);
	/* nothing attached: not traced at all */
	assert_int_equal(sh("", "grep -q 'TracerPid:.0$' /proc/self/status", &res), 0);
	assert_int_equal(WEXITSTATUS(res.wait_status), 0);
	assert_int_equal(res.tasks, 0);
	assert_int_equal(run("", none, &res), -ENOENT);
}

/* signals and job control pass through */
static void test_signals(void **state)
{
	struct rt_events_result res;

	(void)state;
	assert_int_equal(sh("n",
			    "trap 'exit 3' USR1; (sleep 0.05; kill -USR1 $$) & "
			    "while :; do sleep 0.02; done",
			    &res),
			 0);
	assert_int_equal(WEXITSTATUS(res.wait_status), 3);
	/* again and again: a CONT that comes before the STOP changes nothing */
	assert_int_equal(sh("n",
			    "(while kill -CONT $$; do sleep 0.02; done) 2>/dev/null & "
			    "kill -STOP $$; exit 4",
			    &res),
			 0);
	assert_int_equal(WEXITSTATUS(res.wait_status), 4);
}

/* when the command says that it is ready */
static void *send_to_us(void *arg)
{
	char c;

	if (read(*(int *)arg, &c, 1) == 1)
		kill(getpid(), SIGTERM);
	return NULL;
}

static void test_forwarding(void **state)
{
	char script[128];
	char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct rt_events_opts o = {.argv = argv, .stop_fd = -1, .forward_signals = true};
	struct rt_events_result res;
	sigset_t term, old;
	pthread_t t;
	int ready[2];

	(void)state;
	assert_int_equal(pipe(ready), 0);
	snprintf(script, sizeof(script),
		 "trap 'exit 5' TERM; echo >/proc/self/fd/%d; while :; do sleep 0.02; done",
		 ready[1]);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, &old); /* for the thread */
	assert_int_equal(pthread_create(&t, NULL, send_to_us, &ready[0]), 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	attach("n");
	assert_int_equal(rt_events_run(&o, &res), 0);
	detach();
	close(ready[1]);
	pthread_join(t, NULL);
	close(ready[0]);
	assert_true(WIFEXITED(res.wait_status));
	assert_int_equal(WEXITSTATUS(res.wait_status), 5);
}

/* one that comes before there is a command is kept for it */
static void test_early_signal(void **state)
{
	char *argv[] = {"/proc/self/exe", "wait", NULL};
	struct rt_events_opts o = {.argv = argv, .stop_fd = -1, .forward_signals = true};
	struct rt_events_result res;
	sigset_t usr, old;

	(void)state;
	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr, &old);
	kill(getpid(), SIGUSR1);
	attach("n");
	assert_int_equal(rt_events_run(&o, &res), 0);
	detach();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_true(WIFSIGNALED(res.wait_status));
	assert_int_equal(WTERMSIG(res.wait_status), SIGUSR1);
}

static void test_survivors_are_let_go(void **state)
{
	char path[] = "/tmp/kfunc-survivor-XXXXXX", script[160], line[256] = "";
	int fd = mkstemp(path), i;
	struct rt_events_result res;

	(void)state;
	assert_true(fd >= 0);
	snprintf(script, sizeof(script),
		 "(sleep 0.1; until grep 'TracerPid:.0$' /proc/self/status; do sleep 0.02; done) "
		 ">%s 2>&1 & exit 0",
		 path);
	assert_int_equal(sh("n", script, &res), 0);
	for (i = 0; i < 1000 && pread(fd, line, sizeof(line) - 1, 0) <= 0; i++)
		usleep(20000);
	assert_string_equal(line, "TracerPid:\t0\n");
	close(fd);
	unlink(path);
}

static void test_other_children_are_left_alone(void **state)
{
	struct rt_events_result res;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(9);
	usleep(20000);
	assert_int_equal(sh("n", "true", &res), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static uint64_t tasks_alive(void)
{
	struct rt_object_counts c;
	int i;

	rt_objects_reap();
	for (i = 0; i < 40; i++) /* freeing one lets go of its parent */
		rt_rcu_barrier();
	rt_objects_count(&c);
	return c.tasks;
}

static void test_objects_return(void **state)
{
	struct rt_events_result res;
	uint64_t before;

	(void)state;
	before = tasks_alive();
	self("nxe", "many", &res);
	assert_true(tasks_alive() <=
		    before); /* what earlier tests let go may have ended meanwhile */
}

/* ---- directories ---- */

static void check_dirs(const char *root, const char *base)
{
	char script[PATH_MAX * 2], want[64];
	char *argv[] = {"/bin/sh", "-c", script, NULL};
	struct rt_events_opts o = {.argv = argv, .stop_fd = -1, .cgroup_dir = root};
	struct rt_events_result res;
	int level;

	snprintf(script, sizeof(script),
		 "cd %s%s && mkdir one && mkdir -p one/two/three && mkdir other && sleep 0.1 && "
		 "rmdir other",
		 root, base);
	dirs_below = base;
	attach("mr");
	assert_int_equal(rt_events_run(&o, &res), 0);
	detach();
	dirs_below = "";
	assert_int_equal(WEXITSTATUS(res.wait_status), 0);
	assert_int_equal(count('m'), 4);
	assert_int_equal(count('r'), 1);
	assert_true(res.mkdirs == 4 || (*base && res.mkdirs > 4));
	assert_true(res.missed == 0 || *base);
	snprintf(want, sizeof(want), "%s/one", base);
	assert_string_equal(nth('m', 0)->text, want);
	level = nth('m', 0)->level;
	assert_int_equal(level, *base ? 2 : 1);
	snprintf(want, sizeof(want), "%s/one/two", base);
	assert_string_equal(nth('m', 1)->text, want);
	assert_int_equal(nth('m', 1)->level, level + 1);
	assert_int_equal(nth('m', 2)->level, level + 2);
	snprintf(want, sizeof(want), "%s/other", base);
	assert_string_equal(nth('r', 0)->text, want);
	assert_int_equal(nth('r', 0)->arg, nth('m', 3)->arg);
	snprintf(script, sizeof(script), "cd %s%s && rmdir one/two/three one/two one", root, base);
	assert_int_equal(system(script), 0);
}

static void test_plain_directories(void **state)
{
	char dir[] = "/tmp/kfunc-events-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	check_dirs(dir, "");
	rmdir(dir);
	assert_true(rt_cgroup_set_root(NULL) <= 0);
}

static void test_cgroup2(void **state)
{
	char root[PATH_MAX], full[PATH_MAX + 32], base[32];

	(void)state;
	rt_cgroup_set_root(NULL);
	if (!rt_cgroup_root_dir(root, sizeof(root)))
		skip();
	snprintf(base, sizeof(base), "/kfunc-test-%d-", (int)getpid());
	snprintf(full, sizeof(full), "%s%s", root, base);
	if (mkdir(full, 0755)) {
		print_message("no permission to make control groups: plain directories only\n");
		skip();
	}
	check_dirs(root, base);
	rmdir(full);
	rt_cgroup_set_root(NULL);
}

static void test_membership(void **state)
{
	char root[PATH_MAX], full[PATH_MAX + 64], text[32];
	struct task_struct *t;
	struct cgroup *c;
	FILE *f;
	pid_t pid;

	(void)state;
	rt_cgroup_set_root(NULL);
	if (!rt_cgroup_root_dir(root, sizeof(root)))
		skip();
	snprintf(full, sizeof(full), "%s/kfunc-member-%d", root, (int)getpid());
	if (mkdir(full, 0755))
		skip();
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	t = rt_task_get_pid(pid);
	assert_int_equal(t->cgroups->dfl_cgrp->level,
			 t->cgroups->dfl_cgrp->ancestors[0] == t->cgroups->dfl_cgrp
				 ? 0
				 : t->cgroups->dfl_cgrp->level);
	snprintf(full, sizeof(full), "%s/kfunc-member-%d/cgroup.procs", root, (int)getpid());
	f = fopen(full, "w");
	assert_non_null(f);
	fprintf(f, "%d", (int)pid);
	assert_int_equal(fclose(f), 0);
	assert_true(rt_task_refresh(t));
	snprintf(text, sizeof(text), "/kfunc-member-%d", (int)getpid());
	c = rt_cgroup_get_path(text);
	assert_non_null(c);
	assert_ptr_equal(t->cgroups->dfl_cgrp, c);
	rt_cgroup_put(c);
	rt_task_put(t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	snprintf(full, sizeof(full), "%s/kfunc-member-%d", root, (int)getpid());
	for (int i = 0; i < 50 && rmdir(full); i++)
		usleep(10000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_first_process),
		cmocka_unit_test(test_exec_and_exit),
		cmocka_unit_test(test_exec_in_thread),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_dying_children),
		cmocka_unit_test(test_dying_parents),
		cmocka_unit_test(test_exec_ends_parents),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_forwarding),
		cmocka_unit_test(test_early_signal),
		cmocka_unit_test(test_survivors_are_let_go),
		cmocka_unit_test(test_other_children_are_left_alone),
		cmocka_unit_test(test_objects_return),
		cmocka_unit_test(test_plain_directories),
		cmocka_unit_test(test_cgroup2),
		cmocka_unit_test(test_membership),
	};
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(children) / sizeof(children[0]); i++)
		if (!strcmp(argv[1], children[i].name))
			_exit(children[i].fn()); /* no leak check under a tracer */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
