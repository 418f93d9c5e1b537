/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Run-time contexts of programs whose context is a view, not memory: socket buffers and XDP frames.
 * Each begins with the structure that programs are written against, so that most fields are plain
 * loads and stores of it; the fields that hold 32-bit stand-ins for pointers are loaded from the
 * real pointers behind it instead (jit/ctx.def says which). Program types with other contexts get
 * the real thing: an array of 64-bit arguments (tracing, raw tracepoints, struct_ops) or plain
 * memory (syscall).
 */
#ifndef RUNTIME_CTX_H
#define RUNTIME_CTX_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

struct rt_prog;

/* Packet memory, linear. data_meta <= data <= data_end, all within [head, end). */
struct rt_packet {
	uint8_t *data_meta, *data, *data_end;
	uint8_t *head, *end;
};

struct rt_skb {
	struct __sk_buff user; /* len follows the packet: rt_skb_sync() */
	struct rt_packet pkt;
	uint8_t *mac;         /* start of the link header, for loads relative to it */
	uint8_t *net;         /* start of the network header */
	struct bpf_sock sock; /* what user.sk points to: sockets are their views (never TCP) */
	uint64_t kern[48];    /* room for kern_ctx.c */
};

struct rt_xdp {
	struct xdp_md user;
	struct rt_packet pkt;
	uint64_t kern[24]; /* room for kern_ctx.c */
};

static inline void rt_skb_sync(struct rt_skb *skb)
{
	skb->user.len = skb->pkt.data_end - skb->pkt.data;
}

/* Does a program of this type see a struct rt_skb? */
static inline bool rt_ctx_is_skb(uint32_t prog_type)
{
	switch (prog_type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
		return true;
	default:
		return false;
	}
}

/* Is a context of this type such a view? */
static inline bool rt_ctx_packet_type(uint32_t prog_type)
{
	return prog_type == BPF_PROG_TYPE_XDP || rt_ctx_is_skb(prog_type);
}

/* The packet of the context of a program of this type, NULL if it has none. */
static inline struct rt_packet *rt_ctx_packet(uint32_t prog_type, void *ctx)
{
	if (prog_type == BPF_PROG_TYPE_XDP)
		return &((struct rt_xdp *)ctx)->pkt;
	return rt_ctx_is_skb(prog_type) ? &((struct rt_skb *)ctx)->pkt : NULL;
}

#endif
