/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Runs a command and turns what happens into tracepoints (events.h): a thread follows the processes
 * (events_ptrace.c), the calling thread waits for directories (events_cgroup.c), for signals to
 * pass on, and for the end.
 */
#include "runtime/events.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/events_impl.h"

static const struct {
	const char *name;
	uint32_t args;
} tracepoints[TP_COUNT] = {
	[TP_NEWTASK] = {"task_newtask", 2},    [TP_FORK] = {"sched_process_fork", 2},
	[TP_EXEC] = {"sched_process_exec", 3}, [TP_EXIT] = {"sched_process_exit", 2},
	[TP_MKDIR] = {"cgroup_mkdir", 2},      [TP_RMDIR] = {"cgroup_rmdir", 2},
};

static const int forwarded[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
				SIGUSR1, SIGUSR2, SIGCONT, SIGALRM};

int rt_events_declare(void)
{
	int i;

	for (i = 0; i < TP_COUNT; i++)
		if (!rt_tracepoint_declare(tracepoints[i].name, tracepoints[i].args))
			return -ENOMEM;
	return 0;
}

void rt_events_done(struct rt_events_run *run)
{
	uint64_t one = 1;

	while (write(run->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* Passes on what somebody sent to us; the terminal's signals have reached the command already. */
static void forward(struct rt_events_run *run, int fd)
{
	struct signalfd_siginfo si;
	pid_t root = atomic_load(&run->root);

	while (read(fd, &si, sizeof(si)) == sizeof(si))
		if (root > 0 &&
		    (si.ssi_code == SI_USER || si.ssi_code == SI_QUEUE || si.ssi_code == SI_TKILL))
			kill(root, (int)si.ssi_signo);
}

/* Until the tracer has finished, or stop_fd is readable. */
static void wait_for_end(struct rt_events_run *run, struct rt_watch *watch, int signal_fd)
{
	struct pollfd p[] = {
		{.fd = run->done_fd, .events = POLLIN},
		{.fd = watch ? rt_watch_fd(watch) : -1, .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
		{.fd = run->opts->stop_fd, .events = POLLIN},
	};

	for (;;) {
		if (poll(p, 4, -1) < 0 && errno != EINTR)
			return;
		if (p[1].revents)
			rt_watch_read(watch);
		if (p[2].revents)
			forward(run, signal_fd);
		if (p[0].revents)
			return;
		if (p[3].revents && !run->opts->argv)
			return;
	}
}

static void what_to_watch(struct rt_events_run *run)
{
	int i;

	for (i = 0; i < TP_COUNT; i++) {
		run->tp[i] = rt_tracepoint_find(tracepoints[i].name);
		if (!rt_tracepoint_active(run->tp[i]))
			continue;
		if (i == TP_MKDIR || i == TP_RMDIR)
			run->watch_groups = true;
		else
			run->trace_tasks = true;
	}
}

int rt_events_run(const struct rt_events_opts *opts, struct rt_events_result *res)
{
	struct rt_events_run run = {.opts = opts, .done_fd = -1};
	struct rt_watch *watch = NULL;
	int signal_fd = -1, err;
	pthread_t thread;
	sigset_t set;
	size_t i;

	memset(res, 0, sizeof(*res));
	err = rt_events_declare();
	if (!err && opts->cgroup_dir)
		err = rt_cgroup_set_root(opts->cgroup_dir);
	if (err)
		return err;
	what_to_watch(&run);
	sigemptyset(&set);
	for (i = 0; opts->forward_signals && i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&set, forwarded[i]);
	pthread_sigmask(SIG_BLOCK, &set, &run.old_mask);
	sem_init(&run.started, 0, 0);
	run.done_fd = eventfd(0, EFD_CLOEXEC);
	if (opts->forward_signals)
		signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run.done_fd < 0 || (opts->forward_signals && signal_fd < 0))
		err = -errno;
	if (!err && run.watch_groups)
		watch = rt_watch_open(&run, &err);
	if (!err && opts->argv)
		err = -pthread_create(&thread, NULL, rt_events_tracer, &run);
	if (err)
		goto out;
	/* a signal that came before the command was there stays in signal_fd until then */
	while (opts->argv && sem_wait(&run.started))
		;
	wait_for_end(&run, watch, signal_fd);
	if (opts->argv) {
		pthread_join(thread, NULL);
		err = run.err;
	}
	if (watch) /* what the command did last */
		rt_watch_read(watch);
out:
	rt_watch_close(watch);
	if (signal_fd >= 0)
		close(signal_fd);
	if (run.done_fd >= 0)
		close(run.done_fd);
	sem_destroy(&run.started);
	pthread_sigmask(SIG_SETMASK, &run.old_mask, NULL);
	*res = run.res;
	return err;
}
