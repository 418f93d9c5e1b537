/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Hashes of maps: a hash table whose values are references to maps that fit the template. Callers
 * put in descriptors and read ids; programs get the inner map.
 */
#include "maps/hash.h"

static void drop_inner(struct rt_map *map, void *value)
{
	struct rt_map *inner;

	(void)map;
	memcpy(&inner, value, sizeof(inner));
	rt_map_put(inner);
}

static struct rt_map *hom_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err)
{
	union bpf_attr with_pointer = *attr;
	struct rt_map *map;

	with_pointer.value_size = sizeof(struct rt_map *);
	map = hash_alloc(k, &with_pointer, err);
	if (map)
		hash_of(map)->value_gone = drop_inner;
	return map;
}

static struct rt_map *inner_of(const struct hash_map *h, const struct hash_elem *e)
{
	struct rt_map *inner;

	memcpy(&inner, hash_value(h, e), sizeof(inner));
	return inner;
}

static void *hom_lookup(struct rt_map *map, const void *key)
{
	struct hash_elem *e = hash_find(hash_of(map), key);

	return e ? inner_of(hash_of(map), e) : NULL;
}

static void fill(struct hash_map *h, uint8_t *to, const void *value, bool fresh)
{
	struct rt_map *inner;

	(void)h;
	(void)fresh;
	memcpy(&inner, value, sizeof(inner));
	rt_map_get(inner);
	memcpy(to, &inner, sizeof(inner));
}

static int hom_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	struct rt_map *inner;

	if (flags > BPF_EXIST)
		return -EINVAL;
	memcpy(&inner, value, sizeof(inner));
	if (!map_template_fits(map->inner_template, inner))
		return -EINVAL;
	return hash_update(hash_of(map), key, value, flags, fill, false);
}

static int hom_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	struct hash_elem *e;
	uint32_t id = 0;

	(void)flags;
	rt_rcu_read_lock();
	e = hash_find(hash_of(map), key);
	if (e)
		id = inner_of(hash_of(map), e)->id;
	rt_rcu_read_unlock();
	memcpy(value, &id, sizeof(id));
	return e ? 0 : -ENOENT;
}

const struct rt_map_ops map_hash_of_maps_ops = {
	.type = BPF_MAP_TYPE_HASH_OF_MAPS,
	.alloc = hom_alloc,
	.free = hash_free,
	.lookup = hom_lookup,
	.del = hash_delete,
	.user_lookup = hom_user_lookup,
	.user_update = hom_update,
	.next_key = hash_next_key,
};
