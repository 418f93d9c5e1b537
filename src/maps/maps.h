/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the map families share. A family is a file with a struct that starts with struct rt_map and
 * one or more struct rt_map_ops, listed in families.def.
 *
 * Storage is cheap until it is used (large arrays are mapped memory that the kernel fills on first
 * touch, hash tables grow their buckets' elements on insertion), so a map that only serves a
 * verification costs next to nothing. Types without a family here exist as descriptions: they can
 * be created and verified against, every operation on them is -ENOTSUPP, and a program that uses
 * one is not made runnable.
 */
#ifndef MAPS_MAPS_H
#define MAPS_MAPS_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/fields.h"
#include "runtime/rt.h"

#define MAP_ENOTSUPP 524

/* newer than the oldest <linux/bpf.h> we build with */
enum {
	MAP_T_CGRP_STORAGE = 32,
	MAP_T_ARENA = 33,
	MAP_T_INSN_ARRAY = 34,
	MAP_T_RHASH = 35,
};
#define MAP_F_VTYPE_BTF_OBJ_FD (1u << 15)
#define MAP_F_TOKEN_FD         (1u << 16)

static inline uint32_t map_round8(uint32_t n)
{
	return (n + 7) & ~7u;
}

/* memory of a map: heap below a threshold (so that a sanitizer watches it), mapped above */
struct map_mem {
	uint8_t *p;
	size_t size;
	bool mapped;
	int fd; /* -1, or the memfd behind it */
};

int map_mem_alloc(struct map_mem *m, uint64_t size);
/* backed by a memfd that others may map; rounded up to pages */
int map_mem_share(struct map_mem *m, uint64_t size);
void map_mem_free(struct map_mem *m);

/* An array's values, for code that computes their addresses: where element 0 is (of CPU 0), bytes from one element to
 * the next, and from one CPU's to the next's (0: they have the same). */
struct map_array_geometry {
	void *base;
	uint32_t stride, cpu_size;
};
bool map_array_geometry(const struct rt_map *map, struct map_array_geometry *g);

/*
 * The same for a hash map with keys of 4 or 8 bytes (hash_word.c). The bucket of key k is the pointer at
 * bucket + 8 * (m & mask), with m the halves of the 128-bit product (k ^ flip) * factor, exclusive or. It points
 * to an element or is NULL; an element has the next one, the key (8 bytes, zeroes above it) and the value at these
 * offsets, of each CPU cpu_size bytes behind that of the one before (0: they have the same). Valid in a read section.
 */
struct map_hash_geometry {
	const void *bucket;
	uint64_t flip, factor;
	uint32_t mask;
	uint32_t next, key, value, cpu_size;
};
bool map_hash_geometry(const struct rt_map *map, struct map_hash_geometry *g);

/* A shorter way than the map's own function, for a program's update or lookup; NULL: there is none. */
typedef long (*map_update_fn)(struct rt_map *map, const void *key, const void *value,
			      uint64_t flags);
typedef void *(*map_lookup_fn)(struct rt_map *map, const void *key);
map_update_fn map_direct_update(const struct rt_map *map);
map_lookup_fn map_direct_lookup(const struct rt_map *map);

/* rules.c: sizes, entries, flags (facts/map_types.json); -errno */
int map_check_attr(const struct kfunc_kernel *k, const union bpf_attr *attr);
/* map_btf.c: types of key and value, special fields (kfunc spec R8.1-R8.6) */
int map_check_btf(struct rt_map *map, const struct kfunc_kernel *k);

/* a map that is only a description (maps.c) */
struct rt_map *map_described_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				   int *err);
void map_described_free(struct rt_map *map);

/* flags of an update: -EINVAL, and BPF_F_LOCK only with a lock in the value */
int map_check_update_flags(const struct rt_map *map, uint64_t flags);

/* Templates and copies of inner maps (map_in_map.c) */
struct rt_map *map_template_new(const struct rt_map *inner, int *err);
void map_template_free(struct rt_map *t);
bool map_template_fits(const struct rt_map *t, const struct rt_map *inner);

/* users_gone of maps whose values may hold timers and workqueues: ends them */
void map_end_async(struct rt_map *map);

/* next_key of everything that is indexed from 0 */
int map_index_next_key(const struct rt_map *map, const void *key, void *next);
/* bytes of a user's copy of a per-CPU value */
uint32_t map_percpu_size(const struct rt_map *map);
/* a node of memory of this machine */
bool map_node_exists(uint32_t node);

#endif
