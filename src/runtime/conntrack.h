/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The connection table behind the kfuncs of kfuncs/conntrack.c, which documents the calls. */
#ifndef RUNTIME_CONNTRACK_H
#define RUNTIME_CONNTRACK_H

#include "kfuncs/types/conntrack.h"

/* tuple: a struct bpf_sock_tuple, of which size bytes are given. The result has a reference; NULL
 * and a reason in opts->error, if opts has room for that. */
struct nf_conn *rt_conn_alloc(const void *tuple, u32 size, struct bpf_ct_opts *opts, u32 opts_size);
struct nf_conn *rt_conn_lookup(const void *tuple, u32 size, struct bpf_ct_opts *opts,
			       u32 opts_size);
/* Takes over the reference of a new one: the table has its own then, the caller's is returned. NULL:
 * such a connection is in the table already, or the table is full; c is gone. */
struct nf_conn *rt_conn_insert(struct nf_conn *c);
void rt_conn_put(struct nf_conn *c);
/* before and after insertion; milliseconds */
void rt_conn_set_timeout(struct nf_conn *c, u32 ms);
void rt_conn_change_timeout(struct nf_conn *c, u32 ms);
/* 0, -EBUSY: a bit that may not change so */
int rt_conn_set_status(struct nf_conn *c, u32 status);

/* connections not yet freed; takes all out of the table */
unsigned long rt_conns_alive(void);
void rt_conns_forget(void);

#endif
