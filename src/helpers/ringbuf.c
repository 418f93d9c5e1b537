/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ring buffers: records, and records through dynptrs (which a failed reservation leaves null). */
#include "helpers/helpers.h"
#include "maps/ringbuf.h"
#include "runtime/dynptr.h"

HELPER_4(ringbuf_output, struct rt_map *, map, const void *, data, uint64_t, size, uint64_t, flags)
{
	return map_ringbuf_output(map, data, size, flags);
}

HELPER_3(ringbuf_reserve, struct rt_map *, map, uint64_t, size, uint64_t, flags)
{
	return flags ? 0 : (int64_t)(uintptr_t)map_ringbuf_reserve(map, size);
}

HELPER_2(ringbuf_submit, void *, sample, uint64_t, flags)
{
	map_ringbuf_commit(sample, flags, 0);
	return 0;
}

HELPER_2(ringbuf_discard, void *, sample, uint64_t, flags)
{
	map_ringbuf_commit(sample, flags, 1);
	return 0;
}

HELPER_2(ringbuf_query, struct rt_map *, map, uint64_t, what)
{
	return map_ringbuf_query(map, what);
}

HELPER_4(ringbuf_reserve_dynptr, struct rt_map *, map, uint32_t, size, uint64_t, flags,
	 struct rt_dynptr *, out)
{
	void *sample;

	rt_dynptr_clear(out);
	if (flags)
		return -EINVAL;
	if (size > RT_DYNPTR_MAX_SIZE)
		return -E2BIG;
	sample = map_ringbuf_reserve(map, size);
	if (!sample)
		return -EINVAL;
	return rt_dynptr_init(out, sample, size, RT_DYNPTR_RINGBUF);
}

static int64_t finish(struct rt_dynptr *p, uint64_t flags, int discard)
{
	if (p->data)
		map_ringbuf_commit(p->data, flags, discard);
	rt_dynptr_clear(p);
	return 0;
}

HELPER_2(ringbuf_submit_dynptr, struct rt_dynptr *, p, uint64_t, flags)
{
	return finish(p, flags, 0);
}

HELPER_2(ringbuf_discard_dynptr, struct rt_dynptr *, p, uint64_t, flags)
{
	return finish(p, flags, 1);
}
