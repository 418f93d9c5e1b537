/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What native rows call, in a file of its own so that the calls stay calls. */
#include "native.h"

#include <string.h>

#define BUCKETS	 2048
#define ELEMENTS 2048

struct element {
	struct element *next;
	__u64 hash;
	__u32 key;
	__u64 value;
};

static struct element *bucket[BUCKETS], pool[ELEMENTS];
static unsigned int used;

__u32 native_view_size(const struct native_view *v)
{
	return v->data ? v->size : (__u32)-22;
}

static __u64 hash_of(__u32 key)
{
	unsigned __int128 m = (unsigned __int128)(key ^ 0x9e3779b97f4a7c15ull) * 0xe7037ed1a0b428dbull;

	return (__u64)m ^ (__u64)(m >> 64);
}

static struct element *find(__u32 key, __u64 hash)
{
	struct element *e;

	for (e = bucket[hash % BUCKETS]; e; e = e->next)
		if (e->hash == hash && e->key == key)
			return e;
	return NULL;
}

__u64 *native_hash_lookup(const __u32 *key)
{
	struct element *e = find(*key, hash_of(*key));

	return e ? &e->value : NULL;
}

int native_hash_update(const __u32 *key, const __u64 *value)
{
	__u64 hash = hash_of(*key);
	struct element *e = find(*key, hash);

	if (!e) {
		if (used == ELEMENTS)
			return -7;
		e = &pool[used++];
		e->key = *key;
		e->hash = hash;
		e->next = bucket[hash % BUCKETS];
		bucket[hash % BUCKETS] = e;
	}
	e->value = *value;
	return 0;
}
