/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A hash table with RCU readers: chains in buckets, a lock for each of 128 groups of buckets,
 * elements that never change their key and are freed after a grace period, so a value that a
 * running program holds stays memory of this map until the program ends.
 *
 * Buckets of our own instead of liburcu's rculfhash: a map needs "insert only if absent", "replace
 * only if present" and an exact limit of elements as one step each (the errnos tell which rule was
 * broken), and it never grows. With a lock that writers of one bucket share this is plain to see;
 * readers are lock-free either way, and a lookup is one hash, one load and a walk.
 *
 * An update of an existing element puts a new one in its place, so that readers see the old or the
 * new value and no mixture. Values that one store can write are changed in place, and with BPF_F_LOCK
 * the value is changed in place under its own lock.
 * Memory of replaced and deleted elements is given back in batches, since a grace period costs the
 * same for one element as for many; elements with special fields go one by one, for what they own
 * must be released soon.
 *
 * Publishing is a release store, following a pointer an acquire load.
 */
#include "maps/hash.h"
#include "runtime/async.h"

#include <sched.h>
#include <sys/random.h>

#define BATCH       32
#define BUCKETS_MAX (1u << 26)

static void publish(struct hash_elem **p, struct hash_elem *e)
{
	__atomic_store_n(p, e, __ATOMIC_RELEASE);
}

/* ---- hashing: 64 x 64 -> 128 multiplications, folded ---- */

/* a key of at most 8 bytes as a number */
static inline uint64_t short_key(const void *key, uint32_t n)
{
	uint64_t w = 0;
	uint32_t v;

	if (n == 4) {
		memcpy(&v, key, 4);
		return v;
	}
	if (n == 8)
		memcpy(&w, key, 8);
	else
		memcpy(&w, key, n);
	return w;
}

static uint64_t hash_key(const struct hash_map *h, const void *key)
{
	uint64_t x = hash_flip(h), w = 0;
	uint32_t n = h->map.desc.key_size;
	const uint8_t *p = key;

	if (n <= 8)
		return hash_short(h, short_key(p, n));
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&w, p, 8);
		x = hash_fold(x ^ w, HASH_FACTOR);
	}
	if (n) {
		w = 0;
		memcpy(&w, p, n);
		x = hash_fold(x ^ w, 0x8ebc6af09c88c6e3ull);
	}
	return hash_fold(x ^ h->map.desc.key_size, 0x589965cc75374cc3ull);
}

/* ---- elements ---- */

static size_t elem_size(const struct hash_map *h)
{
	return sizeof(struct hash_elem) + h->key_room +
	       (size_t)h->value_room * (h->percpu ? rt_nr_cpus() : 1);
}

static struct hash_elem *elem_new(struct hash_map *h, const void *key, uint64_t hash)
{
	struct hash_elem *e = mem_zalloc(elem_size(h));

	if (!e)
		return NULL;
	e->owner = h;
	e->hash = hash;
	memcpy(e->key, key, h->map.desc.key_size);
	return e;
}

static void release_value(struct hash_map *h, struct hash_elem *e)
{
	uint32_t n = h->percpu ? rt_nr_cpus() : 1;

	if (h->value_gone)
		h->value_gone(&h->map, hash_value(h, e));
	else if (h->map.fields)
		for (uint32_t c = 0; c < n; c++)
			rt_fields_release(h->map.fields,
					  hash_value(h, e) + (size_t)c * h->value_room);
}

static struct hash_elem *elem_of(struct rcu_head *head)
{
	return (struct hash_elem *)((char *)head - offsetof(struct hash_elem, rcu));
}

static void free_chain(struct rcu_head *head)
{
	struct hash_elem *e = elem_of(head), *next;

	for (; e; e = next) {
		next = e->clock_next;
		mem_free(e);
	}
}

static void free_with_value(struct rcu_head *head)
{
	struct hash_elem *e = elem_of(head);
	struct hash_map *h = e->owner;

	release_value(h, e);
	if (h->map.fields && h->map.fields->mask & BTF_FIELD_ASYNC)
		rt_async_settle(hash_value(h, e));
	mem_free(e);
	rt_map_put(&h->map); /* taken by retire() */
}

/* e is out of its bucket; readers may still look at it. */
static void retire(struct hash_map *h, struct hash_elem *e)
{
	struct hash_elem *chain;

	if (h->value_gone || h->map.fields) {
		rt_fields_end_async(h->map.fields, hash_value(h, e));
		rt_map_get(&h->map);
		rt_rcu_call(&e->rcu, free_with_value);
		return;
	}
	/* clock_next is free for this: e has left the clock */
	chain = atomic_load_explicit(&h->retired, memory_order_relaxed);
	do {
		e->clock_next = chain;
	} while (!atomic_compare_exchange_weak_explicit(&h->retired, &chain, e,
							memory_order_acq_rel,
							memory_order_relaxed));
	if (atomic_fetch_add(&h->n_retired, 1) % BATCH != BATCH - 1)
		return;
	chain = atomic_exchange_explicit(&h->retired, NULL, memory_order_acq_rel);
	if (chain)
		rt_rcu_call(&chain->rcu, free_chain);
}

/* ---- table ---- */

int hash_init(struct hash_map *h, const union bpf_attr *attr, bool percpu)
{
	uint64_t n = 1;
	int err;

	while (n < attr->max_entries && n < BUCKETS_MAX)
		n *= 2;
	err = map_mem_alloc(&h->mem, n * sizeof(*h->bucket));
	if (err)
		return err;
	h->bucket = (struct hash_bucket *)h->mem.p;
	h->mask = n - 1;
	h->key_room = map_round8(attr->key_size);
	h->value_room = map_round8(attr->value_size);
	h->percpu = percpu;
	if (!(attr->map_flags & BPF_F_ZERO_SEED) &&
	    getrandom(&h->seed, sizeof(h->seed), GRND_NONBLOCK) != sizeof(h->seed))
		h->seed = (uintptr_t)h;
	return 0;
}

void hash_free(struct rt_map *map)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e, *next;

	for (uint64_t i = 0; h->bucket && atomic_load(&h->count) && i <= h->mask; i++)
		for (e = h->bucket[i].first; e; e = next) {
			next = e->next;
			release_value(h, e);
			mem_free(e);
			atomic_fetch_sub(&h->count, 1);
		}
	for (e = atomic_load(&h->retired); e; e = next) {
		next = e->clock_next;
		mem_free(e);
	}
	map_mem_free(&h->mem);
	mem_free(h);
}

static struct hash_elem *find_in(const struct hash_map *h, const struct hash_bucket *b,
				 uint64_t hash, const void *key)
{
	uint32_t n = h->map.desc.key_size;
	struct hash_elem *e;

	if (n <= 8) {
		uint64_t w = short_key(key, n);

		return hash_find_short(b, w);
	}
	for (e = hash_load(&b->first); e; e = hash_load(&e->next))
		if (e->hash == hash && !memcmp(e->key, key, h->map.desc.key_size))
			return e;
	return NULL;
}

struct hash_elem *hash_find(const struct hash_map *h, const void *key)
{
	uint64_t hash = hash_key(h, key);

	return find_in(h, &h->bucket[hash & h->mask], hash, key);
}

/* lock held */
static void unlink_elem(struct hash_map *h, struct hash_elem *e)
{
	struct hash_elem **at = &h->bucket[e->hash & h->mask].first;

	while (*at != e)
		at = &(*at)->next;
	publish(at, e->next); /* e keeps its next, for readers that stand on it */
	e->hashed = false;
}

/* lock held */
static void link_elem(struct hash_map *h, struct hash_elem *e)
{
	struct hash_bucket *b = &h->bucket[e->hash & h->mask];

	e->next = b->first;
	e->hashed = true;
	publish(&b->first, e);
}

bool hash_remove_elem(struct hash_map *h, struct hash_elem *e)
{
	uint32_t *lock = hash_lock_of(h, e->hash);
	bool was;

	rt_spin_lock(lock);
	was = e->hashed;
	if (was)
		unlink_elem(h, e);
	rt_spin_unlock(lock);
	if (!was)
		return false;
	atomic_fetch_sub(&h->count, 1);
	if (h->lru)
		lru_del(h, e);
	retire(h, e);
	return true;
}

/*
 * Room for one more element, counted. An LRU map can find the clock empty while others are about to
 * put their elements on it: it tries again, and gives up as the kernel does.
 */
static int reserve(struct hash_map *h)
{
	uint32_t n = atomic_load(&h->count), tries = 0;

	for (;;) {
		if (n < h->map.desc.max_entries) {
			if (atomic_compare_exchange_weak(&h->count, &n, n + 1))
				return 0;
			continue;
		}
		if (!h->lru)
			return -E2BIG;
		if (!lru_evict(h)) {
			if (++tries == 16)
				return -ENOMEM;
			sched_yield();
		}
		n = atomic_load(&h->count);
	}
}

static int check_presence(const struct hash_elem *old, uint64_t flags)
{
	if (old && (flags & BPF_NOEXIST))
		return -EEXIST;
	if (!old && (flags & BPF_EXIST))
		return -ENOENT;
	return 0;
}

/* An existing element whose value is changed where it is. -EAGAIN: there is none. */
static int update_in_place(struct hash_map *h, uint64_t hash, const void *key, const void *value,
			   uint64_t flags, hash_fill fill)
{
	struct hash_elem *old;
	uint32_t *lock = hash_lock_of(h, hash);
	int err;

	rt_spin_lock(lock);
	old = find_in(h, &h->bucket[hash & h->mask], hash, key);
	err = check_presence(old, flags);
	if (!err && !old)
		err = -EAGAIN;
	if (!err) {
		if (flags & BPF_F_LOCK)
			rt_value_lock(h->map.fields, hash_value(h, old));
		fill(h, hash_value(h, old), value, false);
		if (flags & BPF_F_LOCK)
			rt_value_unlock(h->map.fields, hash_value(h, old));
		if (h->lru)
			__atomic_store_n(&old->marked, 1, __ATOMIC_RELAXED);
	}
	rt_spin_unlock(lock);
	return err;
}

/*
 * Without the lock: is this update refused, or does it replace? Keeps a full table from making room
 * (or failing) for an element that is there already. The truth is asked again under the lock.
 */
static int peek(struct hash_map *h, uint64_t hash, const void *key, uint64_t flags, bool *there)
{
	struct hash_elem *old;

	rt_rcu_read_lock();
	old = find_in(h, &h->bucket[hash & h->mask], hash, key);
	rt_rcu_read_unlock();
	*there = old != NULL;
	return check_presence(old, flags);
}

int hash_update(struct hash_map *h, const void *key, const void *value, uint64_t flags,
		hash_fill fill, bool in_place)
{
	uint64_t hash = hash_key(h, key);
	uint32_t *lock = hash_lock_of(h, hash);
	struct hash_elem *e, *old;
	bool there, reserved;
	int err;

	if (in_place) {
		err = update_in_place(h, hash, key, value, flags, fill);
		if (err != -EAGAIN)
			return err;
	}
	err = peek(h, hash, key, flags, &there);
	if (err)
		return err;
	e = elem_new(h, key, hash);
	if (!e)
		return -ENOMEM;
	fill(h, hash_value(h, e), value, true);
again:
	reserved = false;
	if (!there) {
		err = reserve(h);
		if (err)
			goto fail;
		reserved = true;
	}
	rt_spin_lock(lock);
	old = find_in(h, &h->bucket[hash & h->mask], hash, key);
	err = check_presence(old, flags);
	if (!err && !old && !reserved) { /* it went away since */
		rt_spin_unlock(lock);
		there = false;
		goto again;
	}
	if (!err) {
		link_elem(h, e);
		if (old)
			unlink_elem(h, old);
		if (h->lru)
			lru_add(h, e);
	}
	rt_spin_unlock(lock);
	if (reserved && (err || old))
		atomic_fetch_sub(&h->count, 1);
	if (err)
		goto fail;
	if (old) {
		if (h->lru)
			lru_del(h, old);
		retire(h, old);
	}
	return 0;
fail:
	release_value(h, e);
	mem_free(e);
	return err;
}

long hash_delete(struct rt_map *map, const void *key)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e;
	bool gone;

	rt_rcu_read_lock();
	do {
		e = hash_find(h, key);
		gone = e && hash_remove_elem(h, e);
	} while (e && !gone); /* somebody replaced it meanwhile */
	rt_rcu_read_unlock();
	return e ? 0 : -ENOENT;
}

int hash_take(struct hash_map *h, const void *key, void *value,
	      void (*copy)(struct hash_map *h, void *to, uint8_t *from))
{
	uint64_t hash = hash_key(h, key);
	uint32_t *lock = hash_lock_of(h, hash);
	struct hash_elem *e;

	rt_spin_lock(lock);
	e = find_in(h, &h->bucket[hash & h->mask], hash, key);
	if (e) {
		copy(h, value, hash_value(h, e));
		unlink_elem(h, e);
	}
	rt_spin_unlock(lock);
	if (!e)
		return -ENOENT;
	atomic_fetch_sub(&h->count, 1);
	if (h->lru)
		lru_del(h, e);
	retire(h, e);
	return 0;
}

/* the first element of bucket i or a later one */
static struct hash_elem *first_from(const struct hash_map *h, uint64_t i)
{
	for (; i <= h->mask; i++) {
		struct hash_elem *e = hash_load(&h->bucket[i].first);

		if (e)
			return e;
	}
	return NULL;
}

int hash_next_key(struct rt_map *map, const void *key, void *next)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e = NULL, *n;

	rt_rcu_read_lock();
	if (key)
		e = hash_find(h, key);
	if (!e) { /* a key that is not there (any more): from the beginning */
		n = first_from(h, 0);
	} else {
		n = hash_load(&e->next);
		if (!n)
			n = first_from(h, (e->hash & h->mask) + 1);
	}
	if (n)
		memcpy(next, n->key, map->desc.key_size);
	rt_rcu_read_unlock();
	return n ? 0 : -ENOENT;
}

/* One bucket, if it fits. -ENOSPC. */
static int batch_bucket(struct hash_map *h, uint64_t i, uint8_t *keys, uint8_t *values,
			uint32_t room, uint32_t *n, bool del,
			void (*copy)(struct hash_map *h, void *to, uint8_t *from))
{
	uint32_t key_size = h->map.desc.key_size, c = 0;
	size_t value_size =
		h->percpu ? (size_t)h->value_room * rt_nr_cpus() : h->map.desc.value_size;
	uint32_t *lock = &h->locks[i % HASH_LOCKS];
	struct hash_elem *e, *next, *gone = NULL;

	rt_spin_lock(lock);
	for (e = h->bucket[i].first; e; e = e->next)
		c++;
	if (c > room - *n) {
		rt_spin_unlock(lock);
		return -ENOSPC;
	}
	for (e = h->bucket[i].first; e; e = next) {
		next = e->next;
		memcpy(keys + (size_t)*n * key_size, e->key, key_size);
		copy(h, values + *n * value_size, hash_value(h, e));
		++*n;
		if (!del)
			continue;
		unlink_elem(h, e);
		if (h->lru)
			lru_del(h, e);
		e->clock_next = gone;
		gone = e;
	}
	rt_spin_unlock(lock);
	for (; gone; gone = next) {
		next = gone->clock_next;
		atomic_fetch_sub(&h->count, 1);
		retire(h, gone);
	}
	return 0;
}

int hash_batch(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values, uint32_t room,
	       uint32_t *n, bool del, void (*copy)(struct hash_map *h, void *to, uint8_t *from))
{
	struct hash_map *h = hash_of(map);
	uint64_t i;
	int err = 0;

	for (i = *token; i <= h->mask && !err; i++) {
		if (!hash_load(&h->bucket[i].first))
			continue;
		err = batch_bucket(h, i, keys, values, room, n, del, copy);
		if (err)
			break;
	}
	*token = i;
	if (err)
		return *n ? 0 : err;
	return -ENOENT;
}
