/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The first ten rows as native code, compiled with -O2. An array map is an array behind a bounds check,
 * the hash map a table in native_lib.c behind calls that keeps the same contract, the trivial kfunc a function
 * there. Where the linker puts a loop can make a row a third slower, or faster, so there are two builds of this
 * file (native_aligned.c) and the faster counts. The hash row once more on a table that one thread has alone (NATIVE_PLAIN): what the contract costs.
 */
#include <linux/types.h>

#include "native.h"

#ifndef NATIVE_NAME
#define NATIVE_NAME(row) native_##row
#endif

static struct {
	__u64 value[256];
} array;

static inline __u64 *array_lookup(const __u32 *key)
{
	return *key < 256 ? &array.value[*key] : 0;
}

/* a map's name picks its functions */
#define lookup_array array_lookup
#ifdef NATIVE_PLAIN
#define lookup_hash native_plain_lookup
#define update_hash native_plain_update
#else
#define lookup_hash native_hash_lookup
#define update_hash native_hash_update
#endif
#define MAP_LOOKUP(m, k)    lookup_##m(k)
#define MAP_UPDATE(m, k, v) update_##m(k, v)

/* may change between calls, as a program's data may */
#ifdef NATIVE_PLAIN
#define TABLE static
#else
#define TABLE __attribute__((visibility("default")))
#endif

#include "rows.h"

#ifdef NATIVE_PLAIN

__u32 native_plain_hash(const void *data, const void *end)
{
	return row_hash(data, end);
}

#else

#define ROW(name)                                                                                  \
	__u32 NATIVE_NAME(name)(const void *data, const void *end)                                     \
	{                                                                                          \
		return row_##name(data, end);                                                      \
	}

ROW(alu)
ROW(checksum)
ROW(array)
ROW(primes)
ROW(search)
ROW(parse)
ROW(subprog)
ROW(empty)

__u32 NATIVE_NAME(trivial)(const void *data, const void *end)
{
	struct native_view view = {data, (__u32)((const char *)end - (const char *)data), 0};
	__u32 sum = 0;

	for (int i = 0; i < 256; i++)
		sum += native_view_size(&view);
	return sum;
}

__u32 NATIVE_NAME(hash)(const void *data, const void *end)
{
	__u32 ret;

	native_read_begin();
	ret = row_hash(data, end);
	native_read_end();
	return ret;
}

#endif
