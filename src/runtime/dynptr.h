/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Dynptrs at run time: 16 bytes on a program's stack (kfunc spec 10.1), laid out as the kernel's
 * struct bpf_dynptr_kern. Memory kinds point at the bytes; packet kinds point at the packet's
 * context and the view (offset, size) is relative to its data.
 */
#ifndef RUNTIME_DYNPTR_H
#define RUNTIME_DYNPTR_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "runtime/ctx.h"

struct rt_dynptr {
	void *data;    /* NULL: a null dynptr */
	uint32_t size; /* bits 0-23 bytes, 28-30 kind, 31 read-only */
	uint32_t offset;
};

enum rt_dynptr_kind {
	RT_DYNPTR_NONE,
	RT_DYNPTR_LOCAL,
	RT_DYNPTR_RINGBUF,
	RT_DYNPTR_SKB,      /* data: struct rt_skb */
	RT_DYNPTR_XDP,      /* data: struct rt_xdp */
	RT_DYNPTR_SKB_META, /* data: struct rt_skb; the bytes before the packet */
};

#define RT_DYNPTR_MAX_SIZE ((1u << 24) - 1)
#define RT_DYNPTR_RDONLY   (1u << 31)

static inline void rt_dynptr_clear(struct rt_dynptr *p)
{
	memset(p, 0, sizeof(*p));
}

/* 0, or -E2BIG and a null dynptr */
static inline int rt_dynptr_init(struct rt_dynptr *p, void *data, uint64_t size,
				 enum rt_dynptr_kind kind)
{
	rt_dynptr_clear(p);
	if (size > RT_DYNPTR_MAX_SIZE)
		return -E2BIG;
	p->data = data;
	p->size = (uint32_t)size | (uint32_t)kind << 28;
	return 0;
}

static inline uint32_t rt_dynptr_size(const struct rt_dynptr *p)
{
	return p->size & RT_DYNPTR_MAX_SIZE;
}

static inline enum rt_dynptr_kind rt_dynptr_kind(const struct rt_dynptr *p)
{
	return (p->size >> 28) & 7;
}

static inline bool rt_dynptr_rdonly(const struct rt_dynptr *p)
{
	return p->size & RT_DYNPTR_RDONLY;
}

/* -E2BIG unless [off, off + len) lies in the view */
static inline int rt_dynptr_check(const struct rt_dynptr *p, uint64_t off, uint64_t len)
{
	uint64_t size = rt_dynptr_size(p);

	return off > size || len > size - off ? -E2BIG : 0;
}

/*
 * The bytes of a checked range; NULL when the packet has become too short meanwhile. All our
 * packets are linear, so there is always one address.
 */
static inline uint8_t *rt_dynptr_addr(const struct rt_dynptr *p, uint64_t off, uint64_t len)
{
	const struct rt_packet *pkt;
	uint8_t *lo, *hi;

	switch (rt_dynptr_kind(p)) {
	case RT_DYNPTR_SKB:
	case RT_DYNPTR_SKB_META:
		pkt = &((struct rt_skb *)p->data)->pkt;
		break;
	case RT_DYNPTR_XDP:
		pkt = &((struct rt_xdp *)p->data)->pkt;
		break;
	default:
		return (uint8_t *)p->data + p->offset + off;
	}
	lo = rt_dynptr_kind(p) == RT_DYNPTR_SKB_META ? pkt->data_meta : pkt->data;
	hi = rt_dynptr_kind(p) == RT_DYNPTR_SKB_META ? pkt->data : pkt->data_end;
	off += p->offset;
	return off > (uint64_t)(hi - lo) || len > (uint64_t)(hi - lo) - off ? NULL : lo + off;
}

/* Copies of a checked range: 0, or -EFAULT when the packet has become too short. */
static inline int rt_dynptr_load(const struct rt_dynptr *p, uint64_t off, void *dst, uint32_t len)
{
	const uint8_t *at = rt_dynptr_addr(p, off, len);

	if (!at)
		return -EFAULT;
	memmove(dst, at, len);
	return 0;
}

static inline int rt_dynptr_store(const struct rt_dynptr *p, uint64_t off, const void *src,
				  uint32_t len)
{
	uint8_t *at = rt_dynptr_addr(p, off, len);

	if (!at)
		return -EFAULT;
	memmove(at, src, len);
	return 0;
}

#endif
