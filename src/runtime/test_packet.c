/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Test runs on packets. The caller's data is an Ethernet frame; the packet lies in one page with
 * the head and tail room that the kernel leaves, so the same lengths are accepted and programs can
 * move the ends as far. TC programs see the frame from the link header on, the other socket buffer
 * types from the network header on; what comes back begins at the link header in any case, zeroed
 * where the program did not see it.
 */
#include "runtime/test_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "runtime/ctx.h"
#include "runtime/run.h"
#include "runtime/test_run.h"

#define LINK_LEN      ETH_HLEN
#define PAGE          4096
#define SHARED_INFO   320 /* at the end of a buffer's page */
#define SKB_HEADROOM  64
#define XDP_HEADROOM  256
#define XDP_META_MAX  252
#define LOOPBACK      1
#define GSO_SIZE_MAX  65536
#define GSO_SEGS_MAX  65535
#define CSUM_COMPLETE (1u << 2) /* BPF_F_TEST_SKB_CHECKSUM_COMPLETE */
#define XDP_LIVE      (1u << 1) /* BPF_F_TEST_XDP_LIVE_FRAMES */

#define END_OF(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

static bool is_zero(const void *p, size_t from, size_t to)
{
	const uint8_t *b = p;

	for (; from < to; from++)
		if (b[from])
			return false;
	return true;
}

static bool interface_exists(uint32_t index)
{
	char name[IF_NAMESIZE];

	return index == LOOPBACK || if_indextoname(index, name);
}

/* The caller's context structure, zero-extended; what is longer must be zero there. */
static int read_ctx(const struct rt_test_run *t, void *ctx, uint32_t size)
{
	uint32_t i, n = t->ctx_size_in < size ? t->ctx_size_in : size;
	uint8_t extra;

	memset(ctx, 0, size);
	if (rt_probe_read(ctx, t->ctx_in, n))
		return -EFAULT;
	for (i = n; i < t->ctx_size_in; i++) {
		if (rt_probe_read(&extra, t->ctx_in + i, 1))
			return -EFAULT;
		if (extra)
			return -E2BIG;
	}
	return 0;
}

/* Both results are given back as far as they fit; the packet's length even without a place for it.
 */
static int results(struct rt_test_run *t, const void *data, uint32_t size, const void *ctx,
		   uint32_t ctx_size)
{
	int err = rt_test_out(t->data_out, &t->data_size_out, data, size), err2 = 0;

	if (t->ctx_out)
		err2 = rt_test_out(t->ctx_out, &t->ctx_size_out, ctx, ctx_size);
	return err ? err : err2;
}

/* ---- socket buffers ---- */

/* Only these fields may be given; the order is the structure's. */
static bool skb_fields_ok(const struct __sk_buff *c)
{
#define S struct __sk_buff
	return is_zero(c, 0, offsetof(S, mark)) &&
	       is_zero(c, END_OF(S, mark), offsetof(S, priority)) &&
	       is_zero(c, END_OF(S, ifindex), offsetof(S, cb)) &&
	       is_zero(c, END_OF(S, cb), offsetof(S, data_end)) &&
	       is_zero(c, END_OF(S, data_end), offsetof(S, tstamp)) &&
	       is_zero(c, END_OF(S, gso_segs), offsetof(S, gso_size)) &&
	       is_zero(c, END_OF(S, gso_size), offsetof(S, hwtstamp));
#undef S
}

static int skb_from_ctx(struct rt_skb *skb, const struct __sk_buff *c, uint32_t len)
{
	if (!skb_fields_ok(c))
		return -EINVAL;
	if (c->ifindex && !interface_exists(c->ifindex))
		return -ENODEV;
	if (c->gso_segs > GSO_SEGS_MAX ||
	    (c->wire_len && (c->wire_len < len || c->wire_len > GSO_SIZE_MAX)))
		return -EINVAL;
	skb->user.mark = c->mark;
	skb->user.priority = c->priority;
	skb->user.ingress_ifindex = c->ingress_ifindex;
	if (c->ifindex)
		skb->user.ifindex = c->ifindex;
	memcpy(skb->user.cb, c->cb, sizeof(skb->user.cb));
	skb->user.tstamp = c->tstamp;
	skb->user.hwtstamp = c->hwtstamp;
	if (c->wire_len)
		skb->user.wire_len = c->wire_len;
	skb->user.gso_segs = c->gso_segs;
	skb->user.gso_size = c->gso_size;
	return 0;
}

static void skb_to_ctx(const struct rt_skb *skb, struct __sk_buff *c)
{
	c->mark = skb->user.mark;
	c->priority = skb->user.priority;
	c->ingress_ifindex = skb->user.ingress_ifindex;
	c->ifindex = skb->user.ifindex;
	c->tstamp = skb->user.tstamp;
	c->wire_len = skb->user.wire_len;
	c->gso_segs = skb->user.gso_segs;
	c->hwtstamp = skb->user.hwtstamp;
	memcpy(c->cb, skb->user.cb, sizeof(c->cb));
}

/* the kinds of linux/if_packet.h, for the loopback interface, whose address is all zero */
static uint32_t packet_type(const uint8_t *frame)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, none[6];

	if (frame[0] & 1)
		return memcmp(frame, all, 6) ? 2 : 1;
	return memcmp(frame, none, 6) ? 3 : 0;
}

/* The socket that the packet is taken to belong to: closed, unbound, with the packet's addresses.
 */
static void skb_socket(struct rt_skb *skb)
{
	const uint8_t *ip = skb->net;
	uint32_t len = skb->pkt.data_end - ip;

	skb->user.sk = &skb->sock;
	skb->sock.state = BPF_TCP_CLOSE;
	skb->sock.rx_queue_mapping = -1;

	if (skb->user.protocol == htons(ETH_P_IP) && len >= 20) {
		skb->user.family = AF_INET;
		memcpy(&skb->user.local_ip4, ip + 12, 4);
		memcpy(&skb->user.remote_ip4, ip + 16, 4);
	} else if (skb->user.protocol == htons(ETH_P_IPV6) && len >= 40) {
		skb->user.family = AF_INET6;
		memcpy(skb->user.local_ip6, ip + 8, 16);
		memcpy(skb->user.remote_ip6, ip + 24, 16);
	}
	skb->sock.family = skb->user.family;
	skb->sock.src_ip4 = skb->user.local_ip4;
	skb->sock.dst_ip4 = skb->user.remote_ip4;
	memcpy(skb->sock.src_ip6, skb->user.local_ip6, 16);
	memcpy(skb->sock.dst_ip6, skb->user.remote_ip6, 16);
}

static void skb_make(struct rt_skb *skb, uint8_t *page, uint32_t len, bool from_link)
{
	uint8_t *frame = page + SKB_HEADROOM;
	uint16_t proto;

	memset(skb, 0, sizeof(*skb));
	skb->mac = frame;
	skb->net = frame + LINK_LEN;
	skb->pkt.head = page;
	skb->pkt.end = page + PAGE - SHARED_INFO;
	skb->pkt.data = from_link ? skb->mac : skb->net;
	skb->pkt.data_meta = skb->pkt.data;
	skb->pkt.data_end = frame + len;
	memcpy(&proto, frame + 12, 2);
	/* below 0x600 it is a length: an 802.2 frame */
	skb->user.protocol = ntohs(proto) >= ETH_P_802_3_MIN ? proto : htons(ETH_P_802_2);
	skb->user.pkt_type = packet_type(frame);
	skb->user.ifindex = LOOPBACK;
	skb_socket(skb);
	rt_skb_sync(skb);
	skb->user.wire_len = skb->user.len;
}

int rt_test_skb(const struct rt_prog *p, struct rt_test_run *t)
{
	bool from_link = p->type == BPF_PROG_TYPE_SCHED_CLS || p->type == BPF_PROG_TYPE_SCHED_ACT;
	struct __sk_buff ctx;
	struct rt_skb skb;
	uint8_t *page;
	int err = 0;

	if ((t->flags & ~CSUM_COMPLETE) || t->cpu || t->batch_size)
		return -EINVAL;
	if (t->data_size_in < LINK_LEN || t->data_size_in > PAGE - SKB_HEADROOM - SHARED_INFO)
		return -EINVAL;
	page = mem_zalloc(PAGE);
	if (!page)
		return -ENOMEM;
	memset(&ctx, 0, sizeof(ctx));
	if (rt_probe_read(page + SKB_HEADROOM, t->data_in, t->data_size_in))
		err = -EFAULT;
	if (!err && t->ctx_in)
		err = read_ctx(t, &ctx, sizeof(ctx));
	skb_make(&skb, page, t->data_size_in, from_link);
	if (!err && t->ctx_in)
		err = skb_from_ctx(&skb, &ctx, skb.user.len);
	if (!err) {
		t->retval = rt_test_repeat(p, t, &skb);
		if (!from_link)
			memset(skb.mac, 0, LINK_LEN);
		skb_to_ctx(&skb, &ctx);
		err = results(t, skb.mac, skb.pkt.data_end - skb.mac, &ctx, sizeof(ctx));
	}
	mem_free(page);
	return err;
}

/* ---- XDP ---- */

static int xdp_from_ctx(const struct xdp_md *c, uint32_t size, struct rt_xdp *xdp)
{
	if (c->data_meta || c->data_end != size || c->data > c->data_end || c->data % 4 ||
	    c->data > XDP_META_MAX || c->egress_ifindex)
		return -EINVAL;
	if (!c->ingress_ifindex && c->rx_queue_index)
		return -EINVAL;
	if (c->ingress_ifindex) {
		if (!interface_exists(c->ingress_ifindex))
			return -ENODEV;
		if (c->rx_queue_index) /* interfaces have one queue here */
			return -EINVAL;
		xdp->user.ingress_ifindex = c->ingress_ifindex;
	}
	return 0;
}

static int xdp_run(const struct rt_prog *p, struct rt_test_run *t, uint8_t *page,
		   struct xdp_md *ctx)
{
	struct rt_xdp xdp;
	int err;

	memset(&xdp, 0, sizeof(xdp));
	xdp.user.ingress_ifindex = LOOPBACK;
	if (t->ctx_in) {
		err = read_ctx(t, ctx, sizeof(*ctx));
		if (!err)
			err = xdp_from_ctx(ctx, t->data_size_in, &xdp);
		if (err)
			return err;
	}
	/* metadata comes first in the caller's data and takes its place from the headroom */
	xdp.pkt.head = page;
	xdp.pkt.end = page + PAGE - SHARED_INFO;
	xdp.pkt.data = page + XDP_HEADROOM;
	xdp.pkt.data_meta = xdp.pkt.data - ctx->data;
	xdp.pkt.data_end = xdp.pkt.data_meta + t->data_size_in;
	if (rt_probe_read(xdp.pkt.data_meta, t->data_in, t->data_size_in))
		return -EFAULT;
	t->retval = rt_test_repeat(p, t, &xdp);

	memset(ctx, 0, sizeof(*ctx));
	ctx->data = xdp.pkt.data - xdp.pkt.data_meta;
	ctx->data_end = xdp.pkt.data_end - xdp.pkt.data_meta;
	ctx->ingress_ifindex = t->ctx_in ? xdp.user.ingress_ifindex : 0;
	return results(t, xdp.pkt.data_meta, ctx->data_end, ctx, sizeof(*ctx));
}

int rt_test_xdp(const struct rt_prog *p, struct rt_test_run *t)
{
	struct xdp_md ctx;
	uint8_t *page;
	int err;

	if (t->flags & XDP_LIVE)
		return -ENOTSUPP;
	if (t->flags || t->cpu || t->batch_size)
		return -EINVAL;
	if (t->data_size_in < LINK_LEN || t->data_size_in > PAGE - XDP_HEADROOM - SHARED_INFO)
		return -EINVAL;
	page = mem_zalloc(PAGE);
	if (!page)
		return -ENOMEM;
	memset(&ctx, 0, sizeof(ctx));
	err = xdp_run(p, t, page, &ctx);
	mem_free(page);
	return err;
}
