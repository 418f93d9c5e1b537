/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Helpers on dynptrs (kfunc spec 10.1, 12.5); packets are reached through kfuncs only. */
#include <string.h>

#include "helpers/helpers.h"
#include "runtime/dynptr.h"

HELPER_4(dynptr_from_mem, void *, data, uint32_t, size, uint64_t, flags, struct rt_dynptr *, out)
{
	if (flags) {
		rt_dynptr_clear(out);
		return -EINVAL;
	}
	return rt_dynptr_init(out, data, size, RT_DYNPTR_LOCAL);
}

HELPER_5(dynptr_read, void *, dst, uint32_t, len, const struct rt_dynptr *, src, uint64_t, off,
	 uint64_t, flags)
{
	int err;

	if (!src->data || flags)
		return -EINVAL;
	err = rt_dynptr_check(src, off, len);
	if (err)
		return err;
	return rt_dynptr_load(src, off, dst, len);
}

HELPER_5(dynptr_write, struct rt_dynptr *, dst, uint64_t, off, const void *, src, uint32_t, len,
	 uint64_t, flags)
{
	int err;

	/* flags ask for checksum work, which only socket buffers have */
	if (!dst->data || rt_dynptr_rdonly(dst) ||
	    (flags && (rt_dynptr_kind(dst) != RT_DYNPTR_SKB || flags > 3)))
		return -EINVAL;
	err = rt_dynptr_check(dst, off, len);
	if (err)
		return err;
	return rt_dynptr_store(dst, off, src, len);
}

HELPER_3(dynptr_data, const struct rt_dynptr *, p, uint64_t, off, uint64_t, len)
{
	enum rt_dynptr_kind kind;

	if (!p->data || rt_dynptr_check(p, off, len) || rt_dynptr_rdonly(p))
		return 0;
	kind = rt_dynptr_kind(p);
	if (kind != RT_DYNPTR_LOCAL && kind != RT_DYNPTR_RINGBUF)
		return 0;
	return (int64_t)(uintptr_t)p->data + p->offset + off;
}
