/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#ifndef BENCH_NATIVE_H
#define BENCH_NATIVE_H

#include <linux/types.h>

/* rows: names of native_NAME(), in the order of the table */
#define NATIVE_ROWS(X)                                                                             \
	X(alu) X(checksum) X(trivial) X(array) X(hash) X(primes) X(search) X(parse) X(subprog) X(empty)

#define DECLARE(name)                                                                              \
	__u32 native_##name(const void *data, const void *end);                                    \
	__u32 native_aligned_##name(const void *data, const void *end);
NATIVE_ROWS(DECLARE)
#undef DECLARE
__u32 native_plain_hash(const void *data, const void *end);

/* native_lib.c: what a program calls */
struct native_view {
	const void *data;
	__u32 size, offset;
};
__u32 native_view_size(const struct native_view *v);
__u64 *native_hash_lookup(const __u32 *key);
int native_hash_update(const __u32 *key, const __u64 *value);
__u64 *native_plain_lookup(const __u32 *key);
int native_plain_update(const __u32 *key, const __u64 *value);
void native_read_begin(void);
void native_read_end(void);

#endif
