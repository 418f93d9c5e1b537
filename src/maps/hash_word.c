/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Hash maps whose keys are one word, 4 or 8 bytes: what the table's functions ask of a map each time is
 * decided once, when a program is translated. The table is hash.c's, and so are its rules.
 */
#include "maps/hash.h"

static bool has_word_keys(const struct rt_map *map, uint32_t type)
{
	return map->desc.type == type && (map->desc.key_size == 4 || map->desc.key_size == 8);
}

bool map_hash_geometry(const struct rt_map *map, struct map_hash_geometry *g)
{
	const struct hash_map *h = hash_of(map);

	if (!has_word_keys(map, BPF_MAP_TYPE_HASH) && !has_word_keys(map, BPF_MAP_TYPE_PERCPU_HASH))
		return false;
	g->bucket = h->bucket;
	g->mask = (uint32_t)h->mask;
	g->flip = hash_flip(h);
	g->factor = HASH_FACTOR;
	g->next = offsetof(struct hash_elem, next);
	g->key = offsetof(struct hash_elem, key);
	g->value = g->key + h->key_room;
	g->cpu_size = h->percpu ? h->value_room : 0;
	return g->bucket != NULL;
}

static inline uint64_t word(const void *key, uint32_t size)
{
	uint64_t k = 0;

	memcpy(&k, key, size);
	return k;
}

/* ---- lookups ---- */

static inline void *lookup(struct rt_map *map, const void *key, uint32_t size)
{
	struct hash_map *h = hash_of(map);
	uint64_t k = word(key, size);
	struct hash_elem *e = hash_find_short(&h->bucket[hash_short(h, k) & h->mask], k);

	return e ? e->key + 8 : NULL; /* a word takes 8 bytes */
}

static void *lookup4(struct rt_map *map, const void *key)
{
	return lookup(map, key, 4);
}

static void *lookup8(struct rt_map *map, const void *key)
{
	return lookup(map, key, 8);
}

map_lookup_fn map_direct_lookup(const struct rt_map *map)
{
	if (!has_word_keys(map, BPF_MAP_TYPE_HASH))
		return NULL;
	return map->desc.key_size == 4 ? lookup4 : lookup8;
}

/* ---- updates of values that one store can write: of an element that is there, if that is all that is asked ---- */

static inline long update(struct rt_map *map, const void *key, const void *value, uint64_t flags,
			  uint32_t key_size, uint32_t value_size)
{
	struct hash_map *h = hash_of(map);
	uint64_t k = word(key, key_size), hash = hash_short(h, k), v = word(value, value_size);
	uint32_t *lock = hash_lock_of(h, hash);
	struct hash_elem *e;

	if (flags != BPF_ANY)
		return hash_prog_update(map, key, value, flags);
	rt_spin_lock(lock);
	e = hash_find_short(&h->bucket[hash & h->mask], k);
	if (e && value_size == 8)
		__atomic_store_n((uint64_t *)(void *)(e->key + 8), v, __ATOMIC_RELAXED);
	else if (e)
		__atomic_store_n((uint32_t *)(void *)(e->key + 8), (uint32_t)v, __ATOMIC_RELAXED);
	rt_spin_unlock(lock);
	return e ? 0 : hash_prog_update(map, key, value, flags);
}

static long update44(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return update(map, key, value, flags, 4, 4);
}

static long update48(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return update(map, key, value, flags, 4, 8);
}

static long update84(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return update(map, key, value, flags, 8, 4);
}

static long update88(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return update(map, key, value, flags, 8, 8);
}

map_update_fn map_direct_update(const struct rt_map *map)
{
	static const map_update_fn by_size[2][2] = {{update44, update48}, {update84, update88}};
	uint32_t n = map->desc.value_size;

	if (!has_word_keys(map, BPF_MAP_TYPE_HASH) || !hash_fits_store(hash_of(map)) ||
	    (n != 4 && n != 8))
		return NULL;
	return by_size[map->desc.key_size == 8][n == 8];
}
