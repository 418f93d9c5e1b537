/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reading memory that may not be there. Programs and the tasks they look at share this process's
 * address space, so the "user" and "kernel" forms differ in nothing.
 */
#include <string.h>
#include <sys/uio.h>

#include "helpers/helpers.h"
#include "runtime/objects.h"

static int64_t read_bytes(void *dst, uint32_t size, uint64_t src)
{
	return rt_probe_read(dst, src, size);
}

static int64_t read_str(void *dst, uint32_t size, uint64_t src)
{
	return rt_probe_read_str(dst, src, size);
}

HELPER_3(probe_read, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_bytes(dst, size, src);
}

HELPER_3(probe_read_user, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_bytes(dst, size, src);
}

HELPER_3(probe_read_kernel, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_bytes(dst, size, src);
}

HELPER_3(copy_from_user, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_bytes(dst, size, src);
}

/* another process's memory, as far as this one may trace it */
HELPER_5(copy_from_user_task, void *, dst, uint32_t, size, void *, src, const struct task_struct *,
	 task, uint64_t, flags)
{
	struct iovec local = {.iov_base = dst, .iov_len = size};
	struct iovec remote = {.iov_base = src, .iov_len = size};

	if (flags)
		return -EINVAL;
	if (!size || process_vm_readv(task->pid, &local, 1, &remote, 1, 0) == (ssize_t)size)
		return 0;
	memset(dst, 0, size);
	return -EFAULT;
}

HELPER_3(probe_read_str, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_str(dst, size, src);
}

HELPER_3(probe_read_user_str, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_str(dst, size, src);
}

HELPER_3(probe_read_kernel_str, void *, dst, uint32_t, size, uint64_t, src)
{
	return read_str(dst, size, src);
}
