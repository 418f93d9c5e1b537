/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * LRU hash maps: a hash table that makes room by itself. All elements stand on a clock (a ring); a
 * program's lookup marks the element, and when room is needed the hand goes round, takes marks
 * away, and removes the first element that has none. So what was used since the hand passed last
 * survives, and a lookup costs one store at most. Callers' lookups do not mark: looking at a map
 * from outside is no use of it.
 *
 * BPF_F_NO_COMMON_LRU (a ring for each CPU) is accepted; the ring is common all the same.
 *
 * Lock order: bucket, then clock. Eviction takes the victim off the clock first and goes to its
 * bucket without the clock's lock, in a read section that keeps the victim's memory.
 */
#include "maps/hash.h"

/* lock held */
static void put_on(struct hash_map *h, struct hash_elem *e)
{
	if (!h->hand) {
		e->clock_prev = e->clock_next = e;
		h->hand = e;
	} else { /* behind the hand: the last that it will come to */
		e->clock_next = h->hand;
		e->clock_prev = h->hand->clock_prev;
		e->clock_prev->clock_next = e;
		e->clock_next->clock_prev = e;
	}
	e->on_clock = true;
}

/* lock held */
static void take_off(struct hash_map *h, struct hash_elem *e)
{
	if (e->clock_next == e) {
		h->hand = NULL;
	} else {
		e->clock_prev->clock_next = e->clock_next;
		e->clock_next->clock_prev = e->clock_prev;
		if (h->hand == e)
			h->hand = e->clock_next;
	}
	e->clock_prev = e->clock_next = NULL;
	e->on_clock = false;
}

void lru_add(struct hash_map *h, struct hash_elem *e)
{
	rt_spin_lock(&h->clock_lock);
	put_on(h, e);
	rt_spin_unlock(&h->clock_lock);
}

void lru_del(struct hash_map *h, struct hash_elem *e)
{
	rt_spin_lock(&h->clock_lock);
	if (e->on_clock)
		take_off(h, e);
	rt_spin_unlock(&h->clock_lock);
}

bool lru_evict(struct hash_map *h)
{
	struct hash_elem *e;
	bool removed = false;

	rt_rcu_read_lock();
	while (!removed) {
		rt_spin_lock(&h->clock_lock);
		while ((e = h->hand) && __atomic_load_n(&e->marked, __ATOMIC_RELAXED)) {
			__atomic_store_n(&e->marked, 0, __ATOMIC_RELAXED);
			h->hand = e->clock_next;
		}
		if (e)
			take_off(h, e);
		rt_spin_unlock(&h->clock_lock);
		if (!e)
			break;
		removed = hash_remove_elem(h, e);
	}
	rt_rcu_read_unlock();
	return removed;
}

static void *mark(struct hash_map *h, struct hash_elem *e, uint32_t cpu)
{
	if (!e)
		return NULL;
	if (!__atomic_load_n(&e->marked, __ATOMIC_RELAXED))
		__atomic_store_n(&e->marked, 1, __ATOMIC_RELAXED);
	return hash_value(h, e) + (size_t)cpu * h->value_room;
}

static void *lru_lookup(struct rt_map *map, const void *key)
{
	return mark(hash_of(map), hash_find(hash_of(map), key), 0);
}

static void *lru_percpu_lookup(struct rt_map *map, const void *key)
{
	return mark(hash_of(map), hash_find(hash_of(map), key), hash_this_cpu());
}

static void *lru_percpu_lookup_cpu(struct rt_map *map, const void *key, uint32_t cpu)
{
	return cpu < rt_nr_cpus() ? mark(hash_of(map), hash_find(hash_of(map), key), cpu) : NULL;
}

static struct rt_map *lru_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err)
{
	struct rt_map *map = hash_alloc(k, attr, err);

	if (map)
		hash_of(map)->lru = true;
	return map;
}

static struct rt_map *lru_percpu_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				       int *err)
{
	struct rt_map *map = hash_percpu_alloc(k, attr, err);

	if (map)
		hash_of(map)->lru = true;
	return map;
}

/* values of an LRU map have no lock */
static long lru_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return flags > BPF_EXIST ? -EINVAL : hash_prog_update(map, key, value, flags);
}

static int lru_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return lru_update(map, key, value, flags);
}

const struct rt_map_ops map_lru_hash_ops = {
	.type = BPF_MAP_TYPE_LRU_HASH,
	.alloc = lru_alloc,
	.free = hash_free,
	.lookup = lru_lookup,
	.update = lru_update,
	.del = hash_delete,
	.for_each = hash_for_each,
	.user_lookup = hash_user_lookup,
	.user_update = lru_user_update,
	.next_key = hash_next_key,
	.lookup_and_delete = hash_lookup_and_delete,
	.batch = hash_one_batch,
	.key_of = hash_key_of,
	.users_gone = map_end_async,
};

const struct rt_map_ops map_lru_percpu_hash_ops = {
	.type = BPF_MAP_TYPE_LRU_PERCPU_HASH,
	.alloc = lru_percpu_alloc,
	.free = hash_free,
	.lookup = lru_percpu_lookup,
	.lookup_percpu = lru_percpu_lookup_cpu,
	.update = hash_percpu_prog_update,
	.del = hash_delete,
	.for_each = hash_for_each,
	.user_lookup = hash_percpu_user_lookup,
	.user_update = hash_percpu_user_update,
	.next_key = hash_next_key,
	.lookup_and_delete = hash_percpu_lookup_and_delete,
	.batch = hash_percpu_batch,
	.user_value_size = map_percpu_size,
};
