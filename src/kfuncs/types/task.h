/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Processes and threads as programs see them. Members have the kernel's names and meanings and are
 * filled from /proc by runtime/objects_task.c, which says when they are refreshed. What /proc does
 * not tell is not declared here (no children lists, no scheduler entities): a program that asks
 * with bpf_core_field_exists() gets an honest answer, one that insists fails to load.
 */
#ifndef KFUNCS_TYPES_TASK_H
#define KFUNCS_TYPES_TASK_H

#include "kfuncs/types/base.h"
#include "kfuncs/types/cgroup.h"
#include "kfuncs/types/cpumask.h"

#define TASK_COMM_LEN 16

struct task_struct;

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };

struct user_namespace {
	struct ns_common ns;
};

struct pid_namespace {
	unsigned int level;
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

#define KFUNCS_PID_LEVELS 8

struct pid {
	refcount_t count;
	unsigned int
		level; /* depth of the innermost namespace below the one this library runs in */
	struct upid numbers[KFUNCS_PID_LEVELS]; /* numbers[0]: as seen from here */
};

struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
};

struct cred {
	atomic_long_t usage;
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	kernel_cap_t cap_bset;
	kernel_cap_t cap_ambient;
	struct user_namespace *user_ns;
};

struct qstr {
	u32 hash;
	u32 len;
	const unsigned char *name;
};

struct super_block {
	u32 s_dev;
};

struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	s64 i_size;
};

struct vfsmount {
	int mnt_flags;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	fmode_t f_mode;
	struct inode *f_inode;
	unsigned int f_flags;
	const struct cred *f_cred;
	struct path f_path;
};

struct mm_struct {
	atomic_t mm_users;
	unsigned long total_vm; /* pages, as all sizes here */
	unsigned long hiwater_vm;
	unsigned long hiwater_rss;
	unsigned long locked_vm;
	unsigned long data_vm;
	unsigned long exec_vm;
	unsigned long stack_vm;
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk;
	unsigned long start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	struct task_struct __rcu *owner;
	struct file __rcu *exe_file;
};

/* a copy of one line of /proc/PID/maps */
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags; /* read 1, write 2, execute 4, shared 8 */
	unsigned long vm_pgoff; /* pages into the file */
};

struct task_struct {
	unsigned int __state;
	refcount_t usage;
	unsigned int flags; /* PF_* */
	unsigned int ptrace;
	int prio, static_prio, normal_prio;
	unsigned int rt_priority;
	unsigned int policy;
	int nr_cpus_allowed;
	const cpumask_t *cpus_ptr;
	cpumask_t *user_cpus_ptr; /* NULL: the wanted mask of user space is not told by /proc */
	cpumask_t cpus_mask;
	struct mm_struct *mm; /* NULL: a kernel thread, or it has exited */
	int exit_state;
	int exit_code;
	int exit_signal;
	pid_t pid;  /* of the thread, as seen from here */
	pid_t tgid; /* of its process */
	struct task_struct __rcu *real_parent;
	struct task_struct __rcu *parent; /* the tracer while it is traced */
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 utime, stime, gtime; /* nanoseconds, in steps of a clock tick */
	unsigned long nvcsw, nivcsw;
	u64 start_time;     /* nanoseconds since boot, in steps of a clock tick */
	u64 start_boottime; /* equal to it: suspended time cannot be told apart */
	unsigned long min_flt, maj_flt;
	const struct cred __rcu *ptracer_cred;
	const struct cred __rcu *real_cred;
	const struct cred __rcu *cred;
	char comm[TASK_COMM_LEN];
	struct nsproxy *nsproxy;
	kuid_t loginuid;
	unsigned int sessionid;
	struct css_set __rcu *cgroups;
	refcount_t rcu_users; /* what bpf_task_acquire() counts */
};

#endif
