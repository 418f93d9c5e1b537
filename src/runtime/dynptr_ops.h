/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Operations on dynptrs for kfuncs (kfunc spec 12.5), without types of the runtime: see dynptr.h.
 */
#ifndef RUNTIME_DYNPTR_OPS_H
#define RUNTIME_DYNPTR_OPS_H

#include <stdbool.h>
#include <stdint.h>

enum rt_dynptr_packet { RT_DYNPTR_OF_SKB, RT_DYNPTR_OF_SKB_META, RT_DYNPTR_OF_XDP };

/* Of the running program's packet. 0; -EINVAL: flags, or the context has no packet of that kind. */
int rt_dynptr_of_packet(void *ctx, enum rt_dynptr_packet which, uint64_t flags, void *out);
/* Address of a range, NULL when it is out of bounds, or (write) may not be written. */
void *rt_dynptr_slice(const void *p, uint64_t off, uint64_t len, bool write);
int rt_dynptr_adjust(void *p, uint64_t start, uint64_t end);
bool rt_dynptr_is_null(const void *p);
bool rt_dynptr_is_rdonly(const void *p);
int64_t rt_dynptr_bytes(const void *p); /* -EINVAL: a null dynptr */
int rt_dynptr_clone(const void *p, void *out);
int rt_dynptr_copy(const void *dst, uint64_t doff, const void *src, uint64_t soff, uint64_t len);
int rt_dynptr_fill(const void *p, uint64_t off, uint64_t len, uint8_t byte);

#endif
