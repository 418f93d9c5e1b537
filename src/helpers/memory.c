/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reading memory that may not be there. Programs and the tasks they look at share this process's
 * address space, so the "user" and "kernel" forms differ in nothing.
 */
#include "helpers/helpers.h"

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
