/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where hierarchies of control groups are mounted. Internal to the cgroup objects. */
#ifndef RUNTIME_CGROUP_MOUNT_H
#define RUNTIME_CGROUP_MOUNT_H

#include <limits.h>
#include <stdint.h>

struct cgroup_mount {
	uint64_t dev;
	char dir[PATH_MAX];
	char root[PATH_MAX]; /* which part of the hierarchy is mounted there */
};

/*
 * The first mount of the version 1 hierarchy that /proc/PID/cgroup calls controllers ("cpu,cpuacct",
 * "name=systemd"); NULL: of the cgroup2 hierarchy. 0; -ENOENT: it is not mounted here; -errno.
 */
int cgroup_mount_find(const char *controllers, struct cgroup_mount *m);

#endif
