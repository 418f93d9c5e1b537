/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs over the connection table (kfunc spec 12.8) of runtime/conntrack.c. A connection that is
 * not in the table yet has a type of its own, struct nf_conn___init, which is never taken for a
 * struct nf_conn (R3.13).
 */
#include "kfuncs/kfuncs.h"

#include "runtime/conntrack.h"

__bpf_kfunc_start_defs();

/**
 * bpf_xdp_ct_alloc() - begin a new connection
 * @xdp_ctx: the program's context
 * @bpf_tuple: addresses and ports of the side that opens it
 * @tuple__sz: size of the tuple's member: ipv4 or ipv6
 * @opts: the protocol in l4proto, -1 in netns_id, and 0 in the rest; receives the error
 * @opts__sz: 16, or 12 without zones
 *
 * The connection lasts ten seconds unless bpf_ct_set_timeout() says otherwise. It must be given to
 * bpf_ct_insert_entry().
 *
 * Return: the connection, not yet in the table; NULL and a reason in @opts: -EINVAL for bad options,
 * -EPROTO for another protocol, -EAFNOSUPPORT for another @tuple__sz, -ENONET for another namespace,
 * -EOPNOTSUPP for a zone, -ENOMEM.
 */
__bpf_kfunc struct nf_conn___init *bpf_xdp_ct_alloc(struct xdp_md *xdp_ctx,
						    struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz,
						    struct bpf_ct_opts *opts, u32 opts__sz)
{
	(void)xdp_ctx;
	return (struct nf_conn___init *)rt_conn_alloc(bpf_tuple, tuple__sz, opts, opts__sz);
}

/**
 * bpf_xdp_ct_lookup() - find a connection
 * @xdp_ctx: the program's context
 * @bpf_tuple: addresses and ports, as seen from either side
 * @tuple__sz: size of the tuple's member: ipv4 or ipv6
 * @opts: as for bpf_xdp_ct_alloc(); receives in dir from which side it was seen
 * @opts__sz: 16, or 12 without zones
 *
 * Return: the connection with a reference; NULL and a reason in @opts: -ENOENT when there is none,
 * otherwise as bpf_xdp_ct_alloc().
 */
__bpf_kfunc struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *xdp_ctx,
					      struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz,
					      struct bpf_ct_opts *opts, u32 opts__sz)
{
	(void)xdp_ctx;
	return rt_conn_lookup(bpf_tuple, tuple__sz, opts, opts__sz);
}

/**
 * bpf_skb_ct_alloc() - begin a new connection
 * @skb_ctx: the program's context
 * @bpf_tuple: addresses and ports of the side that opens it
 * @tuple__sz: size of the tuple's member: ipv4 or ipv6
 * @opts: as for bpf_xdp_ct_alloc()
 * @opts__sz: 16, or 12 without zones
 *
 * Return: as bpf_xdp_ct_alloc().
 */
__bpf_kfunc struct nf_conn___init *bpf_skb_ct_alloc(struct __sk_buff *skb_ctx,
						    struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz,
						    struct bpf_ct_opts *opts, u32 opts__sz)
{
	(void)skb_ctx;
	return (struct nf_conn___init *)rt_conn_alloc(bpf_tuple, tuple__sz, opts, opts__sz);
}

/**
 * bpf_skb_ct_lookup() - find a connection
 * @skb_ctx: the program's context
 * @bpf_tuple: addresses and ports, as seen from either side
 * @tuple__sz: size of the tuple's member: ipv4 or ipv6
 * @opts: as for bpf_xdp_ct_lookup()
 * @opts__sz: 16, or 12 without zones
 *
 * Return: as bpf_xdp_ct_lookup().
 */
__bpf_kfunc struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb_ctx,
					      struct bpf_sock_tuple *bpf_tuple, u32 tuple__sz,
					      struct bpf_ct_opts *opts, u32 opts__sz)
{
	(void)skb_ctx;
	return rt_conn_lookup(bpf_tuple, tuple__sz, opts, opts__sz);
}

/**
 * bpf_ct_insert_entry() - put a new connection into the table
 * @nfct: connection from bpf_xdp_ct_alloc() or bpf_skb_ct_alloc(); cannot be used after this
 *
 * Return: the same connection with a reference; NULL when the table has one with these addresses
 * already, or is full.
 */
__bpf_kfunc struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *nfct)
{
	return rt_conn_insert(&nfct->ct);
}

/**
 * bpf_ct_release() - give back a reference on a connection
 * @nfct: connection from a lookup or an insertion
 */
__bpf_kfunc void bpf_ct_release(struct nf_conn *nfct)
{
	rt_conn_put(nfct);
}

/**
 * bpf_ct_set_timeout() - say how long a new connection will last
 * @nfct: connection that is not in the table yet
 * @timeout: milliseconds from its insertion on
 */
__bpf_kfunc void bpf_ct_set_timeout(struct nf_conn___init *nfct, u32 timeout)
{
	rt_conn_set_timeout(&nfct->ct, timeout);
}

/**
 * bpf_ct_change_timeout() - say how much longer a connection lasts
 * @nfct: connection of the table
 * @timeout: milliseconds from now on
 *
 * Return: 0.
 */
__bpf_kfunc int bpf_ct_change_timeout(struct nf_conn *nfct, u32 timeout)
{
	rt_conn_change_timeout(nfct, timeout);
	return 0;
}

/**
 * bpf_ct_set_status() - set the state of a new connection
 * @nfct: connection that is not in the table yet
 * @status: IPS_* bits
 *
 * Return: 0; -EBUSY when @status changes a bit that programs may not change.
 */
__bpf_kfunc int bpf_ct_set_status(const struct nf_conn___init *nfct, u32 status)
{
	return rt_conn_set_status((struct nf_conn *)&nfct->ct, status);
}

/**
 * bpf_ct_change_status() - change the state of a connection
 * @nfct: connection of the table
 * @status: IPS_* bits, with IPS_CONFIRMED, which every connection of the table has
 *
 * Return: 0; -EBUSY when @status changes a bit that programs may not change, or takes back that
 * replies were seen.
 */
__bpf_kfunc int bpf_ct_change_status(struct nf_conn *nfct, u32 status)
{
	return rt_conn_set_status(nfct, status);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_conntrack_set)
BTF_ID_FLAGS(func, bpf_xdp_ct_alloc, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_xdp_ct_lookup, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_skb_ct_alloc, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_skb_ct_lookup, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_ct_insert_entry, KF_ACQUIRE | KF_RET_NULL | KF_RELEASE)
BTF_ID_FLAGS(func, bpf_ct_release, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_ct_set_timeout, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_ct_change_timeout, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_ct_set_status, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_ct_change_status, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(kfuncs_conntrack_set)
BTF_ID_GLOBAL(kfuncs_conntrack_set)
