/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What native rows call, in a file of its own so that the calls stay calls.
 *
 * The hash table keeps the contract of a hash map, as one would write it in C: readers take no lock and are in a
 * read section of liburcu, writers of a bucket exclude each other, an element is published as a whole, a value of
 * one word changes by one store, and there is a most of elements. native_plain_*() is the same table for one
 * thread that has it alone.
 */
#include "native.h"

#include <string.h>

#include <urcu/urcu-memb.h>

#define BUCKETS	 2048
#define ELEMENTS 2048
#define LOCKS	 128

struct element {
	struct element *next;
	__u32 key;
	__u64 value;
};

struct table {
	struct element *bucket[BUCKETS], pool[ELEMENTS];
	unsigned int used;
	int lock[LOCKS];
};

static struct table shared, alone;

__u32 native_view_size(const struct native_view *v)
{
	return v->data ? v->size : (__u32)-22;
}

static __u64 hash_of(__u32 key)
{
	unsigned __int128 m = (unsigned __int128)(key ^ 0x9e3779b97f4a7c15ull) * 0xe7037ed1a0b428dbull;

	return (__u64)m ^ (__u64)(m >> 64);
}

/* ---- shared ---- */

void native_read_begin(void)
{
	urcu_memb_read_lock();
}

void native_read_end(void)
{
	urcu_memb_read_unlock();
}

static struct element *find(__u32 key, __u64 hash)
{
	struct element *e;

	for (e = __atomic_load_n(&shared.bucket[hash % BUCKETS], __ATOMIC_ACQUIRE); e;
	     e = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE))
		if (e->key == key)
			return e;
	return NULL;
}

__u64 *native_hash_lookup(const __u32 *key)
{
	struct element *e = find(*key, hash_of(*key));

	return e ? &e->value : NULL;
}

static int insert(__u32 key, __u64 hash, __u64 value)
{
	struct element **first = &shared.bucket[hash % BUCKETS], *e;
	unsigned int n = __atomic_fetch_add(&shared.used, 1, __ATOMIC_RELAXED);

	if (n >= ELEMENTS) {
		__atomic_fetch_sub(&shared.used, 1, __ATOMIC_RELAXED);
		return -7;
	}
	e = &shared.pool[n];
	e->key = key;
	e->value = value;
	e->next = *first;
	__atomic_store_n(first, e, __ATOMIC_RELEASE);
	return 0;
}

int native_hash_update(const __u32 *key, const __u64 *value)
{
	__u64 hash = hash_of(*key);
	int *lock = &shared.lock[hash % LOCKS], err = 0;
	struct element *e;

	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		;
	e = find(*key, hash);
	if (e)
		__atomic_store_n(&e->value, *value, __ATOMIC_RELAXED);
	else
		err = insert(*key, hash, *value);
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	return err;
}

/* ---- alone ---- */

__u64 *native_plain_lookup(const __u32 *key)
{
	struct element *e;

	for (e = alone.bucket[hash_of(*key) % BUCKETS]; e; e = e->next)
		if (e->key == *key)
			return &e->value;
	return NULL;
}

int native_plain_update(const __u32 *key, const __u64 *value)
{
	struct element **first = &alone.bucket[hash_of(*key) % BUCKETS], *e;
	__u64 *old = native_plain_lookup(key);

	if (old) {
		*old = *value;
		return 0;
	}
	if (alone.used == ELEMENTS)
		return -7;
	e = &alone.pool[alone.used++];
	e->key = *key;
	e->value = *value;
	e->next = *first;
	*first = e;
	return 0;
}
