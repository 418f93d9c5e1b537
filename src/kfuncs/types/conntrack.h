/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The connection table's types as programs see them (runtime/conntrack.c fills them all). A program
 * may write one member, mark.
 */
#ifndef KFUNCS_TYPES_CONNTRACK_H
#define KFUNCS_TYPES_CONNTRACK_H

#include "kfuncs/types/base.h"

/* how a call names a connection, beside the addresses */
struct bpf_ct_opts {
	s32 netns_id; /* -1: the current one, there is no other */
	s32 error;    /* why the call gave NULL */
	u8 l4proto;   /* IPPROTO_TCP or IPPROTO_UDP */
	u8 dir;       /* lookup: 0, or 1 when the addresses are those of the replies */
	u16 ct_zone_id;
	u8 ct_zone_dir;
	u8 reserved[3];
};

union nf_inet_addr {
	__u32 all[4];
	__be32 ip;
	__be32 ip6[4];
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
	u16 l3num; /* AF_INET, AF_INET6 */
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union nf_conntrack_man_proto u;
		u8 protonum;
		u8 dir;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conntrack {
	refcount_t use;
};

struct nf_conn {
	struct nf_conntrack ct_general;
	u32 timeout; /* before it is in the table, milliseconds' worth of ticks; then the tick it ends */
	struct nf_conntrack_tuple_hash tuplehash[2]; /* as opened, as answered */
	unsigned long status;                        /* IPS_* */
	u32 mark;
};

/* not yet in the table */
struct nf_conn___init {
	struct nf_conn ct;
};

#endif
