/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The first ten rows as native code, compiled with -O2. An array map is an array behind a bounds check,
 * the hash map a plain table in native_lib.c behind calls, the trivial kfunc a function there.
 */
#include <linux/types.h>

#include "native.h"

static struct {
	__u64 value[256];
} array;

static inline __u64 *array_lookup(const __u32 *key)
{
	return *key < 256 ? &array.value[*key] : 0;
}

/* a map's name picks its functions */
#define lookup_array array_lookup
#define lookup_hash native_hash_lookup
#define update_hash native_hash_update
#define MAP_LOOKUP(m, k)    lookup_##m(k)
#define MAP_UPDATE(m, k, v) update_##m(k, v)

/* may change between calls, as a program's data may */
#define TABLE __attribute__((visibility("default")))

#include "rows.h"

#define ROW(name)                                                                                  \
	__u32 native_##name(const void *data, const void *end)                                     \
	{                                                                                          \
		return row_##name(data, end);                                                      \
	}

ROW(alu)
ROW(checksum)
ROW(array)
ROW(hash)
ROW(primes)
ROW(search)
ROW(parse)
ROW(subprog)
ROW(empty)

__u32 native_trivial(const void *data, const void *end)
{
	struct native_view view = {data, (__u32)((const char *)end - (const char *)data), 0};
	__u32 sum = 0;

	for (int i = 0; i < 256; i++)
		sum += native_view_size(&view);
	return sum;
}
