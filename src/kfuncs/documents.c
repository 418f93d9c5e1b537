/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The examples of the kfunc documentation as functions that work: a wrapper around a lookup, memory
 * with its size, a pair that acquires and releases. No Linux has them; programs that are meant for
 * Linux use the kfuncs named in the comments.
 */
#include "kfuncs/kfuncs.h"

#include <string.h>

#include "runtime/objects.h"

__bpf_kfunc_start_defs();

/**
 * bpf_find_get_task_by_vpid() - find a task by its id in the current task's pid namespace
 * @nr: thread id as the current task sees it
 *
 * The documentation's example of a definition; bpf_task_from_vpid() is the same on Linux.
 *
 * Return: the task with a reference, or NULL when there is none with this id.
 */
__bpf_kfunc struct task_struct *bpf_find_get_task_by_vpid(pid_t nr)
{
	return rt_task_get_vpid(nr, rt_task_current());
}

/**
 * bpf_memzero() - fill memory with zeroes
 * @mem: where
 * @mem__sz: how many bytes
 *
 * The documentation's example of memory with its size.
 */
__bpf_kfunc void bpf_memzero(void *mem, int mem__sz)
{
	memset(mem, 0, (size_t)mem__sz);
}

/**
 * bpf_get_task_pid() - find a task by its thread id
 * @pid: thread id in the pid namespace that the library runs in
 *
 * The documentation's example of a kfunc that acquires; bpf_task_from_pid() is the same on Linux.
 *
 * Return: the task with a reference, or NULL when there is none with this id.
 */
__bpf_kfunc struct task_struct *bpf_get_task_pid(s32 pid)
{
	return rt_task_get_pid(pid);
}

/**
 * bpf_put_pid() - give back a reference on a task
 * @p: task obtained from a kfunc that acquires
 *
 * The documentation's example of a kfunc that releases; bpf_task_release() is the same on Linux.
 */
__bpf_kfunc void bpf_put_pid(struct task_struct *p)
{
	rt_task_put(p);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_documents_set)
BTF_ID_FLAGS(func, bpf_find_get_task_by_vpid, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_memzero)
BTF_ID_FLAGS(func, bpf_get_task_pid, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_put_pid, KF_RELEASE)
BTF_KFUNCS_END(kfuncs_documents_set)
BTF_ID_GLOBAL(kfuncs_documents_set)
