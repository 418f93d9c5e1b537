/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The hash table under hash maps, LRU maps and hashes of maps (hash.c). Families differ in what a
 * value is and in what makes room when the table is full.
 */
#ifndef MAPS_HASH_H
#define MAPS_HASH_H

#include "maps/maps.h"

struct hash_elem {
	struct rcu_head rcu;
	struct hash_map *owner;
	/* LRU: place in the clock (lru.c's lock), and a mark that lookups set */
	struct hash_elem *clock_prev, *clock_next;
	bool hashed; /* in the table; under the bucket's lock */
	bool on_clock;
	uint8_t marked;
	/* from here on: what a lookup looks at */
	struct hash_elem *next; /* in the bucket; read under RCU, written under the bucket's lock */
	uint64_t hash;
	/* the key, padded to 8 bytes with zeroes, then the value: one, or one for each CPU */
	uint8_t key[] __attribute__((aligned(8)));
};

struct hash_bucket {
	struct hash_elem *first;
};

#define HASH_LOCKS 128

struct hash_map {
	struct rt_map map;
	struct map_mem mem; /* buckets */
	struct hash_bucket *bucket;
	uint64_t mask; /* number of buckets - 1 */
	uint64_t seed;
	uint32_t key_room, value_room; /* padded */
	bool percpu;
	_Atomic uint32_t count;
	uint32_t locks[HASH_LOCKS];
	/* elements that wait for a common grace period */
	_Atomic(struct hash_elem *) retired;
	_Atomic uint32_t n_retired;
	/* LRU */
	uint32_t clock_lock;
	struct hash_elem *hand;
	bool lru;
	/* what a value is: called before its memory goes; NULL: plain bytes with the map's fields
	 */
	void (*value_gone)(struct rt_map *map, void *value);
};

static inline struct hash_map *hash_of(const struct rt_map *map)
{
	return (struct hash_map *)map;
}

static inline uint8_t *hash_value(const struct hash_map *h, const struct hash_elem *e)
{
	return (uint8_t *)e->key + h->key_room;
}

static inline struct hash_elem *hash_load(struct hash_elem *const *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint32_t *hash_lock_of(struct hash_map *h, uint64_t hash)
{
	return &h->locks[(hash & h->mask) % HASH_LOCKS];
}

/*
 * Keys of at most 8 bytes, as numbers: one multiplication by HASH_FACTOR, its halves folded, after all bits
 * that the map's secret has were flipped. Generated code does the same (map_hash_geometry).
 */
#define HASH_FACTOR 0xe7037ed1a0b428dbull

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_flip(const struct hash_map *h)
{
	return h->seed ^ 0x9e3779b97f4a7c15ull;
}

static inline uint64_t hash_short(const struct hash_map *h, uint64_t key)
{
	return hash_fold(hash_flip(h) ^ key, HASH_FACTOR);
}

static inline struct hash_elem *hash_find_short(const struct hash_bucket *b, uint64_t key)
{
	struct hash_elem *e;

	for (e = hash_load(&b->first); e; e = hash_load(&e->next))
		if (*(const uint64_t *)(const void *)e->key == key)
			return e;
	return NULL;
}

int hash_init(struct hash_map *h, const union bpf_attr *attr, bool percpu);
void hash_free(struct rt_map *map);
/* the same values in the same place: a store of this size is seen whole or not at all */
static inline bool hash_fits_store(const struct hash_map *h)
{
	uint32_t n = h->map.desc.value_size;

	return (n == 8 || n == 4 || n == 2 || n == 1) && !h->map.fields && !h->percpu &&
	       !h->value_gone;
}

/* NULL: not there. In a read section. */
struct hash_elem *hash_find(const struct hash_map *h, const void *key);
/*
 * Inserts or replaces. fill copies the value into the element (fresh: the memory is new and zero).
 * 0, -EEXIST, -ENOENT, -E2BIG, -ENOMEM.
 */
typedef void (*hash_fill)(struct hash_map *h, uint8_t *to, const void *value, bool fresh);
int hash_update(struct hash_map *h, const void *key, const void *value, uint64_t flags,
		hash_fill fill, bool in_place);
long hash_delete(struct rt_map *map, const void *key);
int hash_next_key(struct rt_map *map, const void *key, void *next);
/* copies the value out and removes the element, as one step */
int hash_take(struct hash_map *h, const void *key, void *value,
	      void (*copy)(struct hash_map *h, void *to, uint8_t *from));
/* rt_map_ops.batch, with what copies one value */
int hash_batch(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values, uint32_t room,
	       uint32_t *n, bool del, void (*copy)(struct hash_map *h, void *to, uint8_t *from));
/* takes e out of its bucket and lets its memory go after a grace period; false: it was out already
 */
bool hash_remove_elem(struct hash_map *h, struct hash_elem *e);

/* lru.c */
void lru_add(struct hash_map *h, struct hash_elem *e);
void lru_del(struct hash_map *h, struct hash_elem *e);
/* removes the element that was not used for longest; false: there is none */
bool lru_evict(struct hash_map *h);

/* operations that plain and LRU tables share */
struct rt_map *hash_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err);
struct rt_map *hash_percpu_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				 int *err);
void *hash_lookup(struct rt_map *map, const void *key);
void *hash_percpu_lookup(struct rt_map *map, const void *key);
void *hash_percpu_lookup_cpu(struct rt_map *map, const void *key, uint32_t cpu);
long hash_prog_update(struct rt_map *map, const void *key, const void *value, uint64_t flags);
long hash_percpu_prog_update(struct rt_map *map, const void *key, const void *value,
			     uint64_t flags);
int hash_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags);
int hash_percpu_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags);
int hash_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags);
int hash_percpu_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags);
int hash_lookup_and_delete(struct rt_map *map, const void *key, void *value, uint64_t flags);
int hash_percpu_lookup_and_delete(struct rt_map *map, const void *key, void *value, uint64_t flags);
int hash_one_batch(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values,
		   uint32_t room, uint32_t *n, bool del);
int hash_percpu_batch(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values,
		      uint32_t room, uint32_t *n, bool del);
const void *hash_key_of(struct rt_map *map, const void *value, uint64_t *room);
long hash_for_each(struct rt_map *map, long (*fn)(void *arg, void *key, void *value), void *arg);
uint32_t hash_this_cpu(void);

#endif
