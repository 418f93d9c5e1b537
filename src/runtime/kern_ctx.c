/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A packet's context as a kernel structure, for programs that cast it (bpf_cast_to_kern_ctx(),
 * kfunc spec 12.8): the run-time context is a view (ctx.h), so the structure is filled when it is
 * asked for, in memory that belongs to the context. Left out: the packet's socket, which is NULL.
 */
#include "runtime/kern_ctx.h"

#include <stdio.h>
#include <string.h>

#include "kfuncs/types/net.h"
#include "runtime/ctx.h"
#include "runtime/rt.h"

#define LOOPBACK     1
#define LOOPBACK_MTU 65536
#define NO_HEADER    0xffff

struct kern_skb {
	struct sk_buff skb;
	struct net_device dev;
};

struct kern_xdp {
	struct xdp_buff xdp;
	struct xdp_rxq_info rxq;
	struct net_device dev;
};

_Static_assert(sizeof(struct kern_skb) <= sizeof(((struct rt_skb *)0)->kern), "");
_Static_assert(sizeof(struct kern_xdp) <= sizeof(((struct rt_xdp *)0)->kern), "");

static void fill_dev(struct net_device *dev, u32 ifindex)
{
	dev->ifindex = (int)ifindex;
	if (ifindex != LOOPBACK)
		return;
	dev->mtu = LOOPBACK_MTU;
	dev->addr_len = 6;
	snprintf(dev->name, sizeof(dev->name), "lo");
}

static struct sk_buff *skb_of(struct rt_skb *ctx)
{
	struct kern_skb *k = (struct kern_skb *)ctx->kern;
	const struct rt_packet *pkt = &ctx->pkt;
	struct sk_buff *skb = &k->skb;

	memset(k, 0, sizeof(*k));
	fill_dev(&k->dev, ctx->user.ifindex);
	skb->dev = &k->dev;
	memcpy(skb->cb, ctx->user.cb, sizeof(ctx->user.cb));
	skb->len = (unsigned int)(pkt->data_end - pkt->data);
	skb->queue_mapping = (__u16)ctx->user.queue_mapping;
	skb->priority = ctx->user.priority;
	skb->hash = ctx->user.hash;
	skb->mark = ctx->user.mark;
	skb->protocol = (__be16)ctx->user.protocol;
	skb->head = pkt->head;
	skb->data = pkt->data;
	skb->tail = (unsigned int)(pkt->data_end - pkt->head);
	skb->end = (unsigned int)(pkt->end - pkt->head);
	skb->mac_header = ctx->mac ? (__u16)(ctx->mac - pkt->head) : NO_HEADER;
	skb->network_header = ctx->net ? (__u16)(ctx->net - pkt->head) : NO_HEADER;
	skb->transport_header = NO_HEADER;
	if (ctx->mac && ctx->net)
		skb->mac_len = (__u16)(ctx->net - ctx->mac);
	return skb;
}

static struct xdp_buff *xdp_of(struct rt_xdp *ctx)
{
	struct kern_xdp *k = (struct kern_xdp *)ctx->kern;
	const struct rt_packet *pkt = &ctx->pkt;

	memset(k, 0, sizeof(*k));
	fill_dev(&k->dev, ctx->user.ingress_ifindex);
	k->rxq.dev = &k->dev;
	k->rxq.queue_index = ctx->user.rx_queue_index;
	k->xdp.rxq = &k->rxq;
	k->xdp.data = pkt->data;
	k->xdp.data_end = pkt->data_end;
	k->xdp.data_meta = pkt->data_meta;
	k->xdp.data_hard_start = pkt->head;
	k->xdp.frame_sz = (u32)(pkt->end - pkt->head);
	return &k->xdp;
}

void *rt_ctx_to_kern(void *ctx)
{
	const struct rt_vcpu *cpu = rt_current();

	if (!cpu || !cpu->prog)
		return ctx;
	if (cpu->prog->type == BPF_PROG_TYPE_XDP)
		return xdp_of(ctx);
	return rt_ctx_is_skb(cpu->prog->type) ? (void *)skb_of(ctx) : ctx;
}
