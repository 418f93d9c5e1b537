/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Control groups as programs see them. Every member here is filled from the real hierarchy by
 * runtime/objects_cgroup.c; what it could not fill truthfully is not declared, so that
 * bpf_core_field_exists() answers honestly.
 */
#ifndef KFUNCS_TYPES_CGROUP_H
#define KFUNCS_TYPES_CGROUP_H

#include "kfuncs/types/base.h"

struct cgroup;
struct cgroup_root;

struct kernfs_node {
	atomic_t count;
	struct kernfs_node __rcu *__parent;
	struct kernfs_node *parent; /* the same, under its name before Linux 6.15 */
	const char __rcu *name;     /* last component of the path; "/" for the root */
	umode_t mode;
	u64 id; /* the cgroup id of user space: bpf_get_current_cgroup_id(), bpf_cgroup_from_id() */
	void *priv; /* the cgroup */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	int id;        /* low 31 bits of kn->id */
	u64 serial_nr; /* in order of appearance */
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level; /* 0: the root */
	struct kernfs_node *kn;
	struct cgroup_root *root;
	refcount_t
		refcnt; /* references held by programs, maps, children, and the hierarchy itself */
	struct cgroup *ancestors[]; /* [0] is the root, [level] this one */
};

struct cgroup_root {
	int hierarchy_id; /* 0: the default hierarchy */
	unsigned int subsys_mask;
	char name[64];
	struct cgroup *root_cgrp;
};

/* The default hierarchy's cgroup of a task */
struct css_set {
	refcount_t refcount;
	struct cgroup *dfl_cgrp;
};

#endif
