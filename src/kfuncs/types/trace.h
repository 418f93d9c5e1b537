/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The tracepoints that the live kernel raises (runtime/events.c). For each one a typedef
 * btf_trace_NAME, which is what tp_btf programs attach to, and a function __bpf_trace_NAME, whose
 * parameter names the verifier reads. The first parameter is the tracepoint's private data.
 */
#ifndef KFUNCS_TYPES_TRACE_H
#define KFUNCS_TYPES_TRACE_H

#include "kfuncs/types/task.h"

/* The program being executed, as far as a finished exec still tells. */
struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
};

/* TRACEPOINT(name, parameters...) */
#define KFUNCS_TRACEPOINTS(TRACEPOINT)                                                             \
	TRACEPOINT(task_newtask, struct task_struct *task, u64 clone_flags)                        \
	TRACEPOINT(sched_process_fork, struct task_struct *parent, struct task_struct *child)      \
	TRACEPOINT(sched_process_exec, struct task_struct *p, pid_t old_pid,                       \
		   struct linux_binprm *bprm)                                                      \
	TRACEPOINT(sched_process_exit, struct task_struct *p, bool group_dead)                     \
	TRACEPOINT(cgroup_mkdir, struct cgroup *cgrp, const char *path)                            \
	TRACEPOINT(cgroup_rmdir, struct cgroup *cgrp, const char *path)

#endif
