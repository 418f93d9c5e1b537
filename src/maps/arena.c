/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arenas as descriptions: loaders map them to place global data before programs are loaded, so a
 * mapping is given, at the address that map_extra asks for or anywhere; which address it got is
 * told to the verifier. No program can use an arena at run time.
 */
#include <sys/mman.h>

#include "maps/maps.h"

static void *arena_mmap(struct rt_map *map, void *addr, size_t len, int prot, int flags,
			uint64_t off, int *err)
{
	uint64_t want = map->desc.map_extra;
	void *p;

	if (off || len > (uint64_t)map->desc.max_entries * 4096) {
		*err = -EINVAL;
		return NULL;
	}
	if (want && want != (uintptr_t)addr) {
		*err = -EBUSY; /* it has its place */
		return NULL;
	}
	p = mmap(addr, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (flags & MAP_FIXED),
		 -1, 0);
	*err = p == MAP_FAILED ? -errno : 0;
	return p;
}

const struct rt_map_ops map_arena_ops = {
	.type = MAP_T_ARENA,
	.alloc = map_described_alloc,
	.free = map_described_free,
	.mmap = arena_mmap,
};
