/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ring buffer helpers; the records themselves are maps/ringbuf.c's. */
#include "helpers/helpers.h"
#include "maps/ringbuf.h"

HELPER_4(ringbuf_output, struct rt_map *, map, const void *, data, uint64_t, size, uint64_t, flags)
{
	return map_ringbuf_output(map, data, size, flags);
}

/* no flag is known */
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
