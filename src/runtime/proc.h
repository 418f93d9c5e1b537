/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What /proc tells about one thread, parsed into plain data. Internal to the task objects.
 */
#ifndef RUNTIME_PROC_H
#define RUNTIME_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_PID_LEVELS 8

struct proc_stat { /* /proc/PID/task/TID/stat; times in clock ticks */
	char comm[16];
	char state;
	pid_t ppid; /* process of the real parent; 0: none */
	uint32_t flags;
	uint64_t min_flt, maj_flt, utime, stime, gtime;
	int priority, nice;
	uint64_t start;
	uint64_t vsize;
	uint64_t start_code, end_code, start_stack;
	int exit_signal;
	uint32_t rt_priority, policy;
	uint64_t start_data, end_data, start_brk, arg_start, arg_end, env_start, env_end;
	int exit_code;
};

struct proc_status { /* /proc/PID/task/TID/status */
	pid_t tgid, tracer;
	uint32_t uid[4], gid[4]; /* real, effective, saved, file system */
	uint64_t caps[5];        /* inheritable, permitted, effective, bounding, ambient */
	uint32_t n_levels;
	pid_t nspid[PROC_PID_LEVELS];
	uint64_t nvcsw, nivcsw;
	uint64_t vm_kb[7]; /* size, peak, hwm, locked, data, text, stack */
};

/* All: 0, -ESRCH when there is no such thread, -EPROTO when the text is not understood, -errno. */
int proc_read_stat(pid_t tid, struct proc_stat *st);
int proc_read_status(pid_t tid, struct proc_status *st);
/*
 * Path in a hierarchy of control groups ("/a/b"), as seen from here; 0 is the default one. Where
 * controllers is not NULL, also what the hierarchy is known by: "cpu,cpuacct", "name=systemd".
 * -ENODATA: no such hierarchy.
 */
int proc_read_cgroup(pid_t tid, int hierarchy, char *controllers, size_t room, char *path,
		     size_t size);
/* inode of a namespace link, 0 if it cannot be read */
uint64_t proc_ns_inode(pid_t tid, const char *ns);
/* Path of the executable, or "" */
void proc_exe_path(pid_t tid, char *path, size_t size);
/* loginuid, sessionid: all ones when unset or not told */
uint32_t proc_read_u32(pid_t tid, const char *file);

#endif
