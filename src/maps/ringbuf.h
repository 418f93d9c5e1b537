/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The program side of ring buffers, for the helpers. */
#ifndef MAPS_RINGBUF_H
#define MAPS_RINGBUF_H

#include <stdint.h>

struct rt_map;

/* size bytes, 8-byte aligned, uninitialised; NULL: no room, or too large */
void *map_ringbuf_reserve(struct rt_map *map, uint64_t size);
/* sample: what reserve returned. flags: BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP */
void map_ringbuf_commit(void *sample, uint64_t flags, int discard);
/* 0, -EINVAL (flags), -EAGAIN (no room), -E2BIG (larger than the ring) */
long map_ringbuf_output(struct rt_map *map, const void *data, uint64_t size, uint64_t flags);
/* BPF_RB_AVAIL_DATA and so on; 0 for an unknown question */
uint64_t map_ringbuf_query(struct rt_map *map, uint64_t flags);

#endif
