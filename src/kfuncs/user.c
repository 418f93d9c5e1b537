/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs that read the memory of processes and may sleep (kfunc spec 12.8). "User memory" is that
 * of the process that runs the program, or of a task given, which its owner must allow us to read.
 */
#include "kfuncs/kfuncs.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "runtime/objects.h"
#include "runtime/probe_ptr.h"

#define PAD_ZEROS 1ull

static int finish(char *dst, u32 size, long n, u64 flags)
{
	if (n < 0) {
		memset(dst, 0, size);
		return (int)n;
	}
	if (flags & PAD_ZEROS)
		memset(dst + n, 0, size - (u32)n);
	return (int)n;
}

/* Like rt_probe_read_str(), from another process: page by page, since the string may end before a
 * hole. */
static long read_task_str(char *dst, u32 size, u64 src, pid_t pid)
{
	u32 done = 0;

	while (done < size) {
		u32 page = 4096 - (u32)((src + done) % 4096);
		u32 want = size - done < page ? size - done : page;
		struct iovec here = {.iov_base = dst + done, .iov_len = want};
		struct iovec there = {.iov_base = (void *)(unsigned long)(src + done),
				      .iov_len = want};
		char *nul;

		if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)want)
			return -EFAULT;
		nul = memchr(dst + done, 0, want);
		if (nul)
			return nul - dst + 1;
		done += want;
	}
	dst[size - 1] = 0;
	return size;
}

__bpf_kfunc_start_defs();

/**
 * bpf_copy_from_user_str() - copy a string from user memory
 * @dst: where to put it
 * @dst__sz: size of @dst; a longer string is cut and still ends with a zero byte
 * @unsafe_ptr__ign: address of the string
 * @flags: BPF_F_PAD_ZEROS fills the rest of @dst with zeros
 *
 * Return: bytes copied with the zero byte, 0 for an empty @dst; -EINVAL for other flags; -EFAULT,
 * and
 * @dst is then all zeros.
 */
__bpf_kfunc int bpf_copy_from_user_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign,
				       u64 flags)
{
	if (flags & ~PAD_ZEROS)
		return -EINVAL;
	if (!dst__sz)
		return 0;
	return finish(dst, dst__sz,
		      rt_probe_read_str(dst, (u64)(unsigned long)unsafe_ptr__ign, dst__sz), flags);
}

/**
 * bpf_copy_from_user_task_str() - copy a string from the memory of a task
 * @dst: where to put it
 * @dst__sz: size of @dst; a longer string is cut and still ends with a zero byte
 * @unsafe_ptr__ign: address of the string in the task's memory
 * @tsk: the task
 * @flags: BPF_F_PAD_ZEROS fills the rest of @dst with zeros
 *
 * Return: bytes copied with the zero byte, 0 for an empty @dst; -EINVAL for other flags; -EFAULT,
 * also when we may not read the task's memory, and @dst is then all zeros.
 */
__bpf_kfunc int bpf_copy_from_user_task_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign,
					    struct task_struct *tsk, u64 flags)
{
	if (flags & ~PAD_ZEROS)
		return -EINVAL;
	if (!dst__sz)
		return 0;
	return finish(dst, dst__sz,
		      read_task_str(dst, dst__sz, (u64)(unsigned long)unsafe_ptr__ign, tsk->pid),
		      flags);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_user_set)
BTF_ID_FLAGS(func, bpf_copy_from_user_str, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_copy_from_user_task_str, KF_SLEEPABLE)
BTF_KFUNCS_END(kfuncs_user_set)
BTF_ID_GLOBAL(kfuncs_user_set)
