/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events of this machine that raise the live kernel's tracepoints: the processes and threads of a
 * command (ptrace), and directories of the control group hierarchy (inotify). No privileges are
 * needed for a command that one may trace.
 *
 * Raised, in the order of happening:
 *   task_newtask(task, clone_flags), sched_process_fork(parent, child): when the new task is there
 *     and has not run yet; the command's first process included. clone_flags are the flags of the
 *     system call, without the exit signal, as in a kernel. The current task is the parent.
 *   sched_process_exec(task, old_pid, bprm): after a successful exec
 *   sched_process_exit(task, group_dead): before the task is gone
 *   cgroup_mkdir(cgrp, path), cgroup_rmdir(cgrp, path): after the fact. A directory that is removed
 *     again before it was seen raises nothing and is counted as missed. The current task is the one
 *     that waits for events.
 *
 * A command that executes set-user-id programs runs them without that privilege, as under any
 * debugger. Processes that outlive the command are let go and run on.
 */
#ifndef RUNTIME_EVENTS_H
#define RUNTIME_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rt_events_opts {
	/* the command, NULL-terminated, looked up in PATH; NULL: only watch, until stop_fd */
	char *const *argv;
	/* root of the hierarchy as in rt_cgroup_set_root(); NULL: leave what is set */
	const char *cgroup_dir;
	/*
	 * Signals sent to this process by others go to the command instead (INT, TERM, HUP, QUIT,
	 * USR1, USR2, CONT, ALRM). Those of the terminal reach it anyway. They are blocked in the
	 * calling thread meanwhile; other threads of the host should have them blocked.
	 */
	bool forward_signals;
	int stop_fd; /* -1, or a descriptor: readable means stop (a command is left alone then) */
};

struct rt_events_result {
	int wait_status; /* of the command, as from waitpid(); valid if argv was given */
	uint64_t tasks, execs, exits, mkdirs, rmdirs; /* raised */
	uint64_t missed;
};

/* Declares the tracepoints above, once. 0 or -ENOMEM. */
int rt_events_declare(void);

/*
 * Runs the command and raises events until it has ended. Tasks are traced only if a program is
 * attached to one of their tracepoints when this is called, and likewise directories. 0; -errno:
 * the command could not be started (-ENOENT, -EACCES, ...), tracing is forbidden (-EPERM), the
 * hierarchy cannot be watched (-ENOENT: there is none; -ENOSPC, -EMFILE: limits of inotify).
 */
int rt_events_run(const struct rt_events_opts *opts, struct rt_events_result *res);

#endif
