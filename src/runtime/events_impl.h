/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Shared by the files of the event sources only; everybody else uses events.h. */
#ifndef RUNTIME_EVENTS_IMPL_H
#define RUNTIME_EVENTS_IMPL_H

#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "kfuncs/types/trace.h"
#include "runtime/events.h"
#include "runtime/objects.h"
#include "runtime/tracepoint.h"

enum { TP_NEWTASK, TP_FORK, TP_EXEC, TP_EXIT, TP_MKDIR, TP_RMDIR, TP_COUNT };

struct rt_events_run {
	const struct rt_events_opts *opts;
	struct rt_tracepoint *tp[TP_COUNT];
	struct rt_events_result
		res; /* tasks, execs, exits: the tracer's; the rest: the watcher's */
	bool trace_tasks, watch_groups;
	sigset_t old_mask;  /* of the caller, for the command */
	sem_t started;      /* posted when root is known, or nothing will come of it */
	_Atomic pid_t root; /* the command, while it runs */
	int done_fd;        /* eventfd: the tracer has finished */
	int err;            /* of the tracer */
};

/* thread function: starts the command and follows it to its end (events_ptrace.c) */
void *rt_events_tracer(void *run);
void rt_events_done(struct rt_events_run *run);

/* directories (events_cgroup.c) */
struct rt_watch;
struct rt_watch *rt_watch_open(struct rt_events_run *run, int *err);
int rt_watch_fd(const struct rt_watch *w);
/* raises what has happened since the last call, without waiting */
void rt_watch_read(struct rt_watch *w);
void rt_watch_close(struct rt_watch *w);

#endif
