/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The translation unit behind the live kernel's BTF. clang compiles it (with the kfunc sources
 * beside it) with debug information for every type it mentions, pahole turns that into BTF, and the
 * library embeds the result: the live kernel's "vmlinux". Nothing here is linked into the library.
 *
 * Besides types it declares what a tool expects to find in a kernel: typedefs and stubs of the
 * tracepoints, and the lists of members that inherit trust (kfunc spec 6.3) in their BTF form,
 * structs named STRUCT__safe_KIND.
 */
#include "kfuncs/types/base.h"
#include "kfuncs/types/bpf.h"
#include "kfuncs/types/cgroup.h"
#include "kfuncs/types/conntrack.h"
#include "kfuncs/types/cpumask.h"
#include "kfuncs/types/net.h"
#include "kfuncs/types/task.h"
#include "kfuncs/types/trace.h"
#include "kfuncs/types/uapi.h"

#define STUB __attribute__((noinline, used, visibility("default")))

/* ---- tracepoints ---- */

#define TRACEPOINT(name, ...)                                                                      \
	typedef void (*btf_trace_##name)(void *__data, __VA_ARGS__);                               \
	STUB void __bpf_trace_##name(void *__data, __VA_ARGS__)                                    \
	{                                                                                          \
	}
KFUNCS_TRACEPOINTS(TRACEPOINT)
#undef TRACEPOINT

/* ---- trust lists ---- */

#define SAFE(type, kind) struct type##__safe_##kind

SAFE(task_struct, rcu)
{
	const cpumask_t *cpus_ptr;
	struct css_set __rcu *cgroups;
	struct task_struct __rcu *real_parent;
	struct task_struct *group_leader;
};

SAFE(cgroup, rcu)
{
	struct kernfs_node *kn;
};

SAFE(css_set, rcu)
{
	struct cgroup *dfl_cgrp;
};

SAFE(cgroup_subsys_state, rcu)
{
	struct cgroup *cgroup;
};

SAFE(mm_struct, rcu_or_null)
{
	struct file __rcu *exe_file;
};

SAFE(sk_buff, rcu_or_null)
{
	struct sock *sk;
};

SAFE(request_sock, rcu_or_null)
{
	struct sock *sk;
};

SAFE(linux_binprm, trusted)
{
	struct file *file;
};

SAFE(file, trusted)
{
	struct inode *f_inode;
};

SAFE(dentry, trusted_or_null)
{
	struct inode *d_inode;
};

SAFE(socket, trusted_or_null)
{
	struct sock *sk;
};

/* the older documents' list: as trusted as the parent */
SAFE(task_struct, fields)
{
	const cpumask_t *cpus_ptr;
};
