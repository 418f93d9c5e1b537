/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Operations on dynptrs for kfuncs; see dynptr_ops.h. Our packets are linear, so a slice is an
 * address. */
#include "runtime/dynptr_ops.h"

#include "runtime/dynptr.h"
#include "runtime/rt.h"

int rt_dynptr_of_packet(void *ctx, enum rt_dynptr_packet which, uint64_t flags, void *out)
{
	const struct rt_prog *prog = rt_current() ? rt_current()->prog : NULL;
	const struct kernel_prog_type *type =
		prog ? kernel_prog_type(prog->kernel, prog->type) : NULL;
	const struct rt_packet *pkt = type ? rt_ctx_packet(prog->type, ctx) : NULL;
	bool xdp = type && type->type == BPF_PROG_TYPE_XDP;
	struct rt_dynptr *p = out;
	uint64_t size;
	int err;

	rt_dynptr_clear(p);
	if (flags || !pkt || xdp != (which == RT_DYNPTR_OF_XDP))
		return -EINVAL;
	if (which == RT_DYNPTR_OF_SKB_META)
		size = (uint64_t)(pkt->data - pkt->data_meta);
	else
		size = (uint64_t)(pkt->data_end - pkt->data);
	err = rt_dynptr_init(p, ctx, size,
			     which == RT_DYNPTR_OF_SKB   ? RT_DYNPTR_SKB
			     : which == RT_DYNPTR_OF_XDP ? RT_DYNPTR_XDP
							 : RT_DYNPTR_SKB_META);
	if (!err && !type->pkt_write)
		p->size |= RT_DYNPTR_RDONLY;
	return err;
}

void *rt_dynptr_slice(const void *dynptr, uint64_t off, uint64_t len, bool write)
{
	const struct rt_dynptr *p = dynptr;

	if (!p->data || rt_dynptr_check(p, off, len) || (write && rt_dynptr_rdonly(p)))
		return NULL;
	return rt_dynptr_addr(p, off, len);
}

int rt_dynptr_adjust(void *dynptr, uint64_t start, uint64_t end)
{
	struct rt_dynptr *p = dynptr;
	uint32_t size = rt_dynptr_size(p);

	if (!p->data || start > end)
		return -EINVAL;
	if (start > size || end > size)
		return -ERANGE;
	p->offset += (uint32_t)start;
	p->size = (p->size & ~RT_DYNPTR_MAX_SIZE) | (uint32_t)(end - start);
	return 0;
}

bool rt_dynptr_is_null(const void *p)
{
	return !((const struct rt_dynptr *)p)->data;
}

bool rt_dynptr_is_rdonly(const void *p)
{
	return !rt_dynptr_is_null(p) && rt_dynptr_rdonly(p);
}

int64_t rt_dynptr_bytes(const void *p)
{
	return rt_dynptr_is_null(p) ? -EINVAL : (int64_t)rt_dynptr_size(p);
}

int rt_dynptr_clone(const void *p, void *out)
{
	if (rt_dynptr_is_null(p)) {
		rt_dynptr_clear(out);
		return -EINVAL;
	}
	*(struct rt_dynptr *)out = *(const struct rt_dynptr *)p;
	return 0;
}

int rt_dynptr_copy(const void *dst, uint64_t doff, const void *src, uint64_t soff, uint64_t len)
{
	const struct rt_dynptr *d = dst, *s = src;
	void *to, *from;

	if (!d->data || !s->data || rt_dynptr_rdonly(d))
		return -EINVAL;
	if (rt_dynptr_check(d, doff, len) || rt_dynptr_check(s, soff, len))
		return -E2BIG;
	to = rt_dynptr_addr(d, doff, len);
	from = rt_dynptr_addr(s, soff, len);
	if (!to || !from)
		return -E2BIG;
	memmove(to, from, len);
	return 0;
}

int rt_dynptr_fill(const void *dynptr, uint64_t off, uint64_t len, uint8_t byte)
{
	const struct rt_dynptr *p = dynptr;
	void *at;

	if (!p->data || rt_dynptr_rdonly(p))
		return -EINVAL;
	at = rt_dynptr_check(p, off, len) ? NULL : rt_dynptr_addr(p, off, len);
	if (!at)
		return -E2BIG;
	memset(at, byte, len);
	return 0;
}
