/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Bloom filters: values are pushed and asked for, never taken back. A bit array of a power of two
 * bits, about 7/5 bits for each expected value and hash function (map_extra, 5 if it does not say),
 * set atomically. Asking gives 0 (perhaps) or ENOENT (certainly not).
 */
#include "maps/maps.h"

#include <sys/random.h>

struct bloom {
	struct rt_map map;
	struct map_mem mem;
	uint64_t *bits;
	uint64_t mask;
	uint64_t seed;
	uint32_t n_hashes;
};

static struct bloom *bloom(const struct rt_map *map)
{
	return (struct bloom *)map;
}

static struct rt_map *bloom_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				  int *err)
{
	struct bloom *b = mem_zalloc(sizeof(*b));
	uint64_t want, n = 64;

	(void)k;
	if (!b) {
		*err = -ENOMEM;
		return NULL;
	}
	b->n_hashes = attr->map_extra ? attr->map_extra : 5;
	want = (uint64_t)attr->max_entries * b->n_hashes * 7 / 5;
	while (n < want && n < 1ull << 32)
		n *= 2;
	*err = map_mem_alloc(&b->mem, n / 8);
	if (*err) {
		mem_free(b);
		return NULL;
	}
	b->bits = (uint64_t *)b->mem.p;
	b->mask = n - 1;
	if (!(attr->map_flags & BPF_F_ZERO_SEED) &&
	    getrandom(&b->seed, sizeof(b->seed), GRND_NONBLOCK) != sizeof(b->seed))
		b->seed = (uintptr_t)b;
	return &b->map;
}

static void bloom_free(struct rt_map *map)
{
	map_mem_free(&bloom(map)->mem);
	mem_free(bloom(map));
}

static uint64_t bit_of(const struct bloom *b, const void *value, uint32_t i)
{
	uint64_t h = b->seed + i * 0x9e3779b97f4a7c15ull, w;
	uint32_t n = b->map.desc.value_size;
	const uint8_t *p = value;

	while (n) {
		uint32_t part = n < 8 ? n : 8;

		w = 0;
		memcpy(&w, p, part);
		h = (h ^ w) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
		p += part;
		n -= part;
	}
	h *= 0xc4ceb9fe1a85ec53ull;
	return (h ^ h >> 29) & b->mask;
}

static long bloom_push(struct rt_map *map, const void *value, uint64_t flags)
{
	struct bloom *b = bloom(map);

	if (flags != BPF_ANY)
		return -EINVAL;
	for (uint32_t i = 0; i < b->n_hashes; i++) {
		uint64_t bit = bit_of(b, value, i);

		__atomic_fetch_or(&b->bits[bit / 64], 1ull << bit % 64, __ATOMIC_RELAXED);
	}
	return 0;
}

static long bloom_peek(struct rt_map *map, void *value)
{
	struct bloom *b = bloom(map);

	for (uint32_t i = 0; i < b->n_hashes; i++) {
		uint64_t bit = bit_of(b, value, i);

		if (!(__atomic_load_n(&b->bits[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1))
			return -ENOENT;
	}
	return 0;
}

static long refuse(struct rt_map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EOPNOTSUPP;
}

static int no_next_key(struct rt_map *map, const void *key, void *next)
{
	(void)map;
	(void)key;
	(void)next;
	return -EOPNOTSUPP;
}

const struct rt_map_ops map_bloom_filter_ops = {
	.type = BPF_MAP_TYPE_BLOOM_FILTER,
	.alloc = bloom_alloc,
	.free = bloom_free,
	.push = bloom_push,
	.peek = bloom_peek,
	.del = refuse,
	.next_key = no_next_key,
};
