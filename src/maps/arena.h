/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Arenas for who runs programs and for kfuncs: no other types. */
#ifndef MAPS_ARENA_H
#define MAPS_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#define MAP_ARENA_PAGE_BITS 12
#define MAP_ARENA_PAGES     (1u << (32 - MAP_ARENA_PAGE_BITS))

/*
 * What a program sees of an arena: a byte at user address A has the offset (uint32_t)(A - user_start), and lies
 * at base + offset if the page is in use: pages[] has a row for every page of 4 GiB, and lies directly before base.
 * Up to 8 bytes from there may be accessed.
 */
struct map_arena_view {
	uint8_t *base;
	const uint8_t *pages;
	uint64_t user_start;
	bool no_user_addresses; /* casts give the lower half only */
	void *map;
};

/* map is an arena. 0; -EINVAL: it has no user address yet; -ENOMEM. */
int map_arena_open(void *map, struct map_arena_view *view);

/* The page at this offset is not in use; has its user touched it? Then it is from now on. */
bool map_arena_touched(void *map, uint32_t offset);

/* kfuncs; addresses are the user's. NULL and -errno as they say. */
void *map_arena_alloc(void *map, uint64_t addr, uint32_t n_pages, int node, uint64_t flags);
void map_arena_free_pages(void *map, uint64_t addr, uint32_t n_pages);
int map_arena_reserve(void *map, uint64_t addr, uint32_t n_pages);

#endif
