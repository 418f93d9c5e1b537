/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Packet helpers over the linear packets of runtime/ctx.h: copies in and out, moving the ends, and
 * checksums. What needs a device, a socket or a route is not here.
 */
#include <string.h>

#include "helpers/helpers.h"
#include "runtime/ctx.h"

#define PACKET_MAX_OFF 0xffff
#define XDP_MIN_LEN    14 /* a link header */
#define XDP_META_MAX   252

/* [off, off + len) of [lo, hi), NULL if not inside */
static uint8_t *range(uint8_t *lo, uint8_t *hi, uint64_t off, uint64_t len)
{
	uint64_t n = hi - lo;

	return off > n || len > n - off ? NULL : lo + off;
}

static int64_t load(uint8_t *lo, uint8_t *hi, uint32_t off, void *to, uint32_t len)
{
	const uint8_t *from = off <= PACKET_MAX_OFF ? range(lo, hi, off, len) : NULL;

	if (!from) {
		memset(to, 0, len);
		return -EFAULT;
	}
	memcpy(to, from, len);
	return 0;
}

HELPER_4(skb_load_bytes, struct rt_skb *, skb, uint32_t, off, void *, to, uint32_t, len)
{
	return load(skb->pkt.data, skb->pkt.data_end, off, to, len);
}

enum { HDR_START_MAC, HDR_START_NET };

HELPER_5(skb_load_bytes_relative, struct rt_skb *, skb, uint32_t, off, void *, to, uint32_t, len,
	 uint32_t, start)
{
	if (start == HDR_START_MAC && skb->mac)
		return load(skb->mac, skb->pkt.data_end, off, to, len);
	if (start == HDR_START_NET && skb->net)
		return load(skb->net, skb->pkt.data_end, off, to, len);
	memset(to, 0, len);
	return -EFAULT;
}

HELPER_5(skb_store_bytes, struct rt_skb *, skb, uint32_t, off, const void *, from, uint32_t, len,
	 uint64_t, flags)
{
	uint8_t *to;

	if (flags & ~(uint64_t)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return -EINVAL;
	to = off <= PACKET_MAX_OFF ? range(skb->pkt.data, skb->pkt.data_end, off, len) : NULL;
	if (!to)
		return -EFAULT;
	memcpy(to, from, len);
	if (flags & BPF_F_INVALIDATE_HASH)
		skb->user.hash = 0;
	return 0;
}

/* everything is linear already; only a length beyond the packet fails */
HELPER_2(skb_pull_data, struct rt_skb *, skb, uint32_t, len)
{
	return range(skb->pkt.data, skb->pkt.data_end, 0, len) ? 0 : -ENOMEM;
}

#define OTHERHOST 3 /* the last of the packet types that may be changed */

HELPER_2(skb_change_type, struct rt_skb *, skb, uint32_t, type)
{
	if (type > OTHERHOST || skb->user.pkt_type > OTHERHOST)
		return -EINVAL;
	skb->user.pkt_type = type;
	return 0;
}

/* the packet's end; it may not reach into the network header */
HELPER_3(skb_change_tail, struct rt_skb *, skb, uint32_t, len, uint64_t, flags)
{
	struct rt_packet *pkt = &skb->pkt;

	if (flags || pkt->data + len < skb->net || len > PACKET_MAX_OFF)
		return -EINVAL;
	if (len > (uint64_t)(pkt->end - pkt->data))
		return -ENOMEM;
	if (pkt->data + len > pkt->data_end)
		memset(pkt->data_end, 0, pkt->data + len - pkt->data_end);
	pkt->data_end = pkt->data + len;
	rt_skb_sync(skb);
	return 0;
}

/* zeroed room for a link header in front */
HELPER_3(skb_change_head, struct rt_skb *, skb, uint32_t, room, uint64_t, flags)
{
	struct rt_packet *pkt = &skb->pkt;

	if (flags || room > PACKET_MAX_OFF)
		return -EINVAL;
	if (room > (uint64_t)(pkt->data - pkt->head))
		return -ENOMEM;
	pkt->data -= room;
	memset(pkt->data, 0, room);
	pkt->data_meta = pkt->data;
	skb->mac = pkt->data;
	rt_skb_sync(skb);
	return 0;
}

/* packets here never carry a checksum over the whole of them, which is what there would be to
 * update */
HELPER_2(csum_update, struct rt_skb *, skb, uint32_t, csum)
{
	(void)skb;
	(void)csum;
	return -ENOTSUPP;
}

/* ---- the packet's socket ---- */

HELPER_1(sk_fullsock, struct bpf_sock *, sk)
{
	return (int64_t)(uintptr_t)sk;
}

HELPER_1(tcp_sock, struct bpf_sock *, sk)
{
	(void)sk; /* none is a TCP socket */
	return 0;
}

HELPER_1(get_listener_sock, struct bpf_sock *, sk)
{
	return sk->state == BPF_TCP_LISTEN ? (int64_t)(uintptr_t)sk : 0;
}

/* ---- XDP ---- */

HELPER_2(xdp_adjust_head, struct rt_xdp *, xdp, int32_t, delta)
{
	struct rt_packet *pkt = &xdp->pkt;
	int64_t meta = pkt->data - pkt->data_meta;
	uint8_t *data = pkt->data + delta;

	if (data < pkt->head + meta || data > pkt->data_end - XDP_MIN_LEN)
		return -EINVAL;
	memmove(data - meta, pkt->data_meta, meta);
	pkt->data_meta = data - meta;
	pkt->data = data;
	return 0;
}

HELPER_2(xdp_adjust_meta, struct rt_xdp *, xdp, int32_t, delta)
{
	struct rt_packet *pkt = &xdp->pkt;
	uint8_t *meta = pkt->data_meta + delta;

	if (meta < pkt->head || meta > pkt->data)
		return -EINVAL;
	if ((pkt->data - meta) % 4 || pkt->data - meta > XDP_META_MAX)
		return -EACCES;
	pkt->data_meta = meta;
	return 0;
}

HELPER_2(xdp_adjust_tail, struct rt_xdp *, xdp, int32_t, delta)
{
	struct rt_packet *pkt = &xdp->pkt;
	uint8_t *end = pkt->data_end + delta;

	if (end > pkt->end || end < pkt->data + XDP_MIN_LEN)
		return -EINVAL;
	if (delta > 0)
		memset(pkt->data_end, 0, delta);
	pkt->data_end = end;
	return 0;
}

HELPER_1(xdp_get_buff_len, struct rt_xdp *, xdp)
{
	return xdp->pkt.data_end - xdp->pkt.data;
}

HELPER_4(xdp_load_bytes, struct rt_xdp *, xdp, uint32_t, off, void *, to, uint32_t, len)
{
	uint8_t *from = range(xdp->pkt.data, xdp->pkt.data_end, off, len);

	if (!from)
		return -EINVAL;
	memmove(to, from, len);
	return 0;
}

HELPER_4(xdp_store_bytes, struct rt_xdp *, xdp, uint32_t, off, const void *, from, uint32_t, len)
{
	uint8_t *to = range(xdp->pkt.data, xdp->pkt.data_end, off, len);

	if (!to)
		return -EINVAL;
	memmove(to, from, len);
	return 0;
}

/* ---- checksums: ones' complement sums of 16-bit words, kept in host order ---- */

static uint32_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

static uint64_t sum_words(const uint8_t *p, uint32_t bytes, bool negate)
{
	uint64_t sum = 0;
	uint16_t w;

	for (; bytes >= 2; bytes -= 2, p += 2) {
		memcpy(&w, p, 2);
		sum += negate ? (uint16_t)~w : w;
	}
	return sum;
}

HELPER_5(csum_diff, const uint8_t *, from, uint32_t, from_size, const uint8_t *, to, uint32_t,
	 to_size, uint32_t, seed)
{
	uint64_t sum = (uint64_t)(seed & 0xffff) + (seed >> 16);

	if ((from_size | to_size) % 4)
		return -EINVAL;
	return fold(sum + sum_words(from, from_size, true) + sum_words(to, to_size, false));
}

#define CSUM_SIZE(flags)  ((flags) & 0xf)
#define CSUM_PSEUDO_HDR   (1u << 4)
#define CSUM_MANGLED_0    (1u << 5)
#define CSUM_MARK_ENFORCE (1u << 6)

/* the stored checksum is the complement of the sum; from leaves it, to enters it */
static void replace(uint8_t *at, uint64_t from, uint64_t to, uint32_t words)
{
	uint64_t sum;
	uint16_t csum;
	uint32_t i;

	memcpy(&csum, at, 2);
	sum = (uint16_t)~csum;
	for (i = 0; i < words; i++)
		sum += (uint16_t)~(from >> (16 * i)) + (uint64_t)(uint16_t)(to >> (16 * i));
	csum = (uint16_t)~fold(sum);
	memcpy(at, &csum, 2);
}

/* where the checksum is, and whether the arguments make sense */
static int64_t csum_place(struct rt_skb *skb, uint32_t off, uint64_t from, uint64_t size,
			  uint8_t **at)
{
	*at = off <= PACKET_MAX_OFF && !(off & 1) ? range(skb->pkt.data, skb->pkt.data_end, off, 2)
						  : NULL;
	if (!*at)
		return -EFAULT;
	if (size != 0 && size != 2 && size != 4)
		return -EINVAL;
	/* size 0: `to` is a difference that csum_diff made */
	return size == 0 && from ? -EINVAL : 0;
}

HELPER_5(l3_csum_replace, struct rt_skb *, skb, uint32_t, off, uint64_t, from, uint64_t, to,
	 uint64_t, flags)
{
	uint8_t *at;
	int64_t err;

	if (flags & ~0xfull)
		return -EINVAL;
	err = csum_place(skb, off, from, CSUM_SIZE(flags), &at);
	if (!err && CSUM_SIZE(flags))
		replace(at, from, to, CSUM_SIZE(flags) / 2);
	else if (!err)
		replace(at, 0xffff, fold(to), 1);
	return err;
}

HELPER_5(l4_csum_replace, struct rt_skb *, skb, uint32_t, off, uint64_t, from, uint64_t, to,
	 uint64_t, flags)
{
	bool mangled = flags & CSUM_MANGLED_0;
	uint16_t csum;
	uint8_t *at;
	int64_t err;

	if (flags & ~(uint64_t)(0xf | CSUM_PSEUDO_HDR | CSUM_MANGLED_0 | CSUM_MARK_ENFORCE))
		return -EINVAL;
	err = csum_place(skb, off, from, CSUM_SIZE(flags), &at);
	if (err)
		return err;
	memcpy(&csum, at, 2);
	/* UDP: 0 means that there is no checksum */
	if (mangled && !csum && !(flags & CSUM_MARK_ENFORCE))
		return 0;
	if (CSUM_SIZE(flags))
		replace(at, from, to, CSUM_SIZE(flags) / 2);
	else
		replace(at, 0xffff, fold(to), 1);
	memcpy(&csum, at, 2);
	if (mangled && !csum)
		memset(at, 0xff, 2);
	return 0;
}
