/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Packets and sockets as programs see them after a cast to the kernel's own type, and as kfunc
 * arguments. Only what test runs can fill is declared.
 */
#ifndef KFUNCS_TYPES_NET_H
#define KFUNCS_TYPES_NET_H

#include "kfuncs/types/base.h"

struct net_device {
	int ifindex;
	unsigned int mtu;
	unsigned char addr_len;
	char name[16];
};

struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	u32 sk_mark;
	u32 sk_priority;
};

struct request_sock {
	struct sock_common __req_common;
	struct sock *sk;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	u32 snd_cwnd;
	u32 snd_ssthresh;
	u32 srtt_us;
};

struct udp_sock {
	struct inet_sock inet;
};

struct socket {
	short type;
	unsigned long flags;
	struct file *file;
	struct sock *sk;
};

struct sk_buff {
	struct sk_buff *next;
	struct sk_buff *prev;
	struct net_device *dev;
	struct sock *sk;
	char cb[48] __attribute__((aligned(8)));
	unsigned int len;
	unsigned int data_len;
	__u16 mac_len;
	__u16 queue_mapping;
	__u32 priority;
	__u32 hash;
	__u32 mark;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	unsigned int tail;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
};

struct xdp_rxq_info {
	struct net_device *dev;
	u32 queue_index;
};

struct xdp_buff {
	void *data;
	void *data_end;
	void *data_meta;
	void *data_hard_start;
	struct xdp_rxq_info *rxq;
	u32 frame_sz;
	u32 flags;
};

#endif
