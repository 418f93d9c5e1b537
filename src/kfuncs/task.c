/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs over tasks (kfunc spec 12.1) on the objects of runtime/objects_task.c, with the one of Linux
 * 6.2 that takes a stored kptr (R5.4). Left out: bpf_task_acquire_not_zero, which is refused with the
 * words that the history has for it.
 */
#include "kfuncs/kfuncs.h"

#include "runtime/objects.h"
#include "runtime/region.h"

__bpf_kfunc_start_defs();

/**
 * bpf_task_acquire() - take a reference on a task
 * @p: task to hold on to; a trusted pointer or one read in an RCU section
 *
 * Keeps the object of @p readable after the tracepoint or RCU section it came from. It does not
 * keep the process alive. Pair each success with bpf_task_release(), or store the pointer in a map
 * with bpf_kptr_xchg().
 *
 * Example::
 *
 *	SEC("tp_btf/task_newtask")
 *	int BPF_PROG(on_task, struct task_struct *task, u64 clone_flags)
 *	{
 *		struct task_struct *t = bpf_task_acquire(task);
 *
 *		if (t)
 *			bpf_task_release(t);
 *		return 0;
 *	}
 *
 * Return: @p with a reference, or NULL when its last reference is already gone.
 */
__bpf_kfunc struct task_struct *bpf_task_acquire(struct task_struct *p)
{
	return rt_task_acquire(p) ? p : NULL;
}

/**
 * bpf_task_release() - give back a reference on a task
 * @p: task obtained from a kfunc that acquires, or taken out of a map
 *
 * The object is freed after its last reference and an RCU grace period, so readers in an RCU
 * section are not disturbed.
 *
 * Example::
 *
 *	struct task_struct *t = bpf_task_from_pid(1);
 *
 *	if (t) {
 *		bpf_printk("%d", t->tgid);
 *		bpf_task_release(t);
 *	}
 */
__bpf_kfunc void bpf_task_release(struct task_struct *p)
{
	rt_task_release(p);
}

/* The destructor for kptrs left in maps; called through void *, so it has that type. */
__attribute__((used, noinline)) void bpf_task_release_dtor(void *p)
{
	rt_task_put(p);
}

/**
 * bpf_task_from_pid() - find a task by its thread id
 * @pid: thread id in the pid namespace that the library runs in
 *
 * Zombies are found, tasks that have been waited for are not. What can change about a task (name,
 * state, times) is read again by this call.
 *
 * Example::
 *
 *	struct task_struct *init = bpf_task_from_pid(1);
 *
 *	if (init) {
 *		bpf_printk("%s", init->comm);
 *		bpf_task_release(init);
 *	}
 *
 * Return: the task with a reference, or NULL when there is none with this id.
 */
__bpf_kfunc struct task_struct *bpf_task_from_pid(s32 pid)
{
	return rt_task_get_pid(pid);
}

/**
 * bpf_task_from_vpid() - find a task by its thread id in the current task's pid namespace
 * @vpid: thread id as the current task sees it
 *
 * In the namespace of the library itself this is bpf_task_from_pid(). In a deeper one all tasks of
 * the machine are searched, so the call takes milliseconds.
 *
 * Return: the task with a reference, or NULL when there is none with this id.
 */
__bpf_kfunc struct task_struct *bpf_task_from_vpid(s32 vpid)
{
	return rt_task_get_vpid(vpid, rt_task_current());
}

/**
 * bpf_task_get_cgroup1() - find the control group of a task in a version 1 hierarchy
 * @task: the task
 * @hierarchy_id: number of the hierarchy, first column of /proc/PID/cgroup
 *
 * Asks /proc, so the call takes some microseconds. Groups of different hierarchies may have equal
 * ids.
 *
 * Example::
 *
 *	struct cgroup *c = bpf_task_get_cgroup1(task, memory_hierarchy);
 *
 *	if (c) {
 *		bpf_printk("%s", c->kn->name);
 *		bpf_cgroup_release(c);
 *	}
 *
 * Return: the group with a reference. NULL when there is no version 1 hierarchy with this number (0
 * is the default one), it is not mounted where the library runs, or the task has ended.
 */
__bpf_kfunc struct cgroup *bpf_task_get_cgroup1(struct task_struct *task, int hierarchy_id)
{
	return rt_cgroup_get_task1(task, hierarchy_id);
}

/**
 * bpf_task_kptr_get() - take a reference on a task stored in a map
 * @pp: address of the kptr in a map value
 *
 * Deprecated: removed from Linux in 6.4, kept here for programs of that time and to be removed with
 * the second release of this library. Use instead: load the kptr between bpf_rcu_read_lock() and
 * bpf_rcu_read_unlock(), compare it with NULL, and call bpf_task_acquire(). That does the same
 * without a special kind of argument.
 *
 * Return: the task with a reference; NULL when the slot is empty or its task is going away.
 */
__bpf_kfunc struct task_struct *bpf_task_kptr_get(struct task_struct **pp)
{
	struct task_struct *p;

	rt_rcu_read_lock();
	p = __atomic_load_n(pp, __ATOMIC_ACQUIRE);
	if (p && !rt_task_try_get(p))
		p = NULL;
	rt_rcu_read_unlock();
	return p;
}

/**
 * bpf_task_under_cgroup() - tell whether a task belongs to a part of the cgroup hierarchy
 * @task: the task
 * @ancestor: top of the part in question
 *
 * Example::
 *
 *	struct cgroup *top = bpf_cgroup_from_id(1);
 *
 *	if (top) {
 *		bpf_printk("%d", bpf_task_under_cgroup(bpf_get_current_task_btf(), top));
 *		bpf_cgroup_release(top);
 *	}
 *
 * Return: 1 if the control group of @task in the default hierarchy is @ancestor or lies below it,
 * as of the last time the task was looked up or part of an event; otherwise 0.
 */
__bpf_kfunc long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor)
{
	struct cgroup *c = __atomic_load_n(&task->cgroups->dfl_cgrp, __ATOMIC_ACQUIRE);

	return rt_cgroup_is_under(c, ancestor);
}

/**
 * bpf_send_signal_task() - send a signal to a task or to its process
 * @task: receiver
 * @sig: signal number
 * @type: PIDTYPE_PID for the thread, PIDTYPE_TGID for the process
 * @value: passed along as the signal's value
 *
 * The signal is sent with the rights of the process that runs the program.
 *
 * Return: 0, -EINVAL for another @type, or the negative error of the system call.
 */
__bpf_kfunc int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type,
				     u64 value)
{
	return rt_task_signal(task, sig, (unsigned int)type, value);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_task_set)
BTF_ID_FLAGS(func, bpf_task_acquire, KF_ACQUIRE | KF_RCU | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_task_release, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_task_from_pid, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_task_from_vpid, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_task_get_cgroup1, KF_ACQUIRE | KF_RCU | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_task_under_cgroup, KF_RCU)
BTF_ID_FLAGS(func, bpf_task_kptr_get, KF_ACQUIRE | KF_KPTR_GET | KF_RET_NULL | KF_DEPRECATED)
BTF_ID_FLAGS(func, bpf_send_signal_task, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(kfuncs_task_set)
BTF_ID_GLOBAL(kfuncs_task_set)
