/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Local storage. Each map has a small table from owner to value; all such maps stand in one list, so that
 * an owner that goes takes its values along. Programs find values without a lock; a value that was taken
 * out is released, and what it holds with it, after a grace period, and keeps its map until then, because
 * the map knows the special fields.
 *
 * An owner is gone only after its last reference and a grace period: no program can be making a value for
 * it at that time. A value that holds a reference on its own owner keeps both until the map goes, as in
 * Linux.
 */
#include "runtime/storage.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/mem.h"
#include "runtime/fields.h"

struct rt_stored {
	struct rcu_head rcu;
	struct rt_stored *next; /* in the bucket; stays for who passes by */
	struct rt_stored *gone; /* of the same owner */
	const void *owner;
	struct rt_map *map; /* held from when it is taken out */
	uint8_t value[] __attribute__((aligned(16)));
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rt_storage *all;
static _Atomic uint64_t n_stored; /* values in tables: owners without any are let go quickly */

static struct rt_stored **bucket_of(struct rt_storage *s, const void *owner)
{
	return &s->bucket[((uintptr_t)owner >> 6) * 0x9e3779b97f4a7c15ull >> 58];
}

void rt_storage_init(struct rt_storage *s, struct rt_map *map)
{
	s->map = map;
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_lock(&all_lock);
	s->next = all;
	all = s;
	pthread_mutex_unlock(&all_lock);
}

void rt_storage_destroy(struct rt_storage *s)
{
	struct rt_storage **p = &all;
	uint32_t b;

	pthread_mutex_lock(&all_lock);
	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	pthread_mutex_unlock(&all_lock);
	for (b = 0; b < RT_STORAGE_BUCKETS; b++) {
		struct rt_stored *e = s->bucket[b], *next;

		for (; e; e = next) {
			next = e->next;
			rt_fields_release(s->map->fields, e->value);
			mem_free(e);
			atomic_fetch_sub(&n_stored, 1);
		}
	}
	pthread_mutex_destroy(&s->lock);
}

void *rt_storage_find(struct rt_storage *s, const void *owner)
{
	struct rt_stored *e = __atomic_load_n(bucket_of(s, owner), __ATOMIC_ACQUIRE);

	while (e && e->owner != owner)
		e = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	return e ? e->value : NULL;
}

static void free_stored(struct rcu_head *head)
{
	struct rt_stored *e = (struct rt_stored *)((char *)head - offsetof(struct rt_stored, rcu));
	struct rt_map *map = e->map;

	rt_fields_release(map->fields, e->value);
	mem_free(e);
	rt_map_put(map);
}

/* Takes the owner's value out, under lock; the map is held for it already. */
static struct rt_stored *take_out(struct rt_storage *s, const void *owner)
{
	struct rt_stored **p = bucket_of(s, owner), *e;

	while (*p && (*p)->owner != owner)
		p = &(*p)->next;
	e = *p;
	if (!e)
		return NULL;
	__atomic_store_n(p, e->next, __ATOMIC_RELEASE);
	e->map = s->map;
	atomic_fetch_sub(&n_stored, 1);
	return e;
}

int rt_storage_set(struct rt_storage *s, const void *owner, const void *init, uint64_t flags,
		   void **value)
{
	struct rt_stored *e, *old = NULL, **p = bucket_of(s, owner);
	uint32_t size = s->map->desc.value_size;
	int err = 0;

	e = mem_zalloc(sizeof(*e) + ((size + 7) & ~7u));
	if (!e)
		return -ENOMEM;
	e->owner = owner;
	rt_fields_init(s->map->fields, e->value);
	if (init)
		rt_value_copy(s->map->fields, e->value, init, size);
	pthread_mutex_lock(&s->lock);
	*value = rt_storage_find(s, owner);
	if (*value && flags == BPF_NOEXIST)
		err = -EEXIST;
	else if (!*value && flags == BPF_EXIST)
		err = -ENOENT;
	if (!err) {
		old = take_out(s, owner);
		if (old)
			rt_map_get(s->map);
		e->next = *p;
		__atomic_store_n(p, e, __ATOMIC_RELEASE);
		atomic_fetch_add(&n_stored, 1);
		*value = e->value;
	}
	pthread_mutex_unlock(&s->lock);
	if (err)
		mem_free(e);
	if (old)
		rt_rcu_call(&old->rcu, free_stored);
	return err;
}

int rt_storage_delete(struct rt_storage *s, const void *owner)
{
	struct rt_stored *e;

	pthread_mutex_lock(&s->lock);
	e = take_out(s, owner);
	if (e)
		rt_map_get(s->map);
	pthread_mutex_unlock(&s->lock);
	if (!e)
		return -ENOENT;
	rt_rcu_call(&e->rcu, free_stored);
	return 0;
}

void rt_storage_owner_gone(const void *owner)
{
	struct rt_stored *gone = NULL, *e;
	struct rt_storage *s;

	if (!atomic_load(&n_stored))
		return;
	pthread_mutex_lock(&all_lock);
	for (s = all; s; s = s->next) {
		/* a map that goes releases its values itself */
		if (!rt_map_try_get(s->map))
			continue;
		pthread_mutex_lock(&s->lock);
		e = take_out(s, owner);
		pthread_mutex_unlock(&s->lock);
		if (e) {
			e->gone = gone;
			gone = e;
		} else {
			/* not the last reference, or the next look would not find the map */
			rt_map_put(s->map);
		}
	}
	pthread_mutex_unlock(&all_lock);
	for (; gone; gone = e) {
		e = gone->gone;
		rt_rcu_call(&gone->rcu, free_stored);
	}
}
