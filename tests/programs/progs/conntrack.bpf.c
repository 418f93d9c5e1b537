// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The connection table (kfunc spec 12.8, R3.13). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

enum { TCP = 6, UDP = 17, ICMP = 1 };
enum { SEEN_REPLY = 2, ASSURED = 4, CONFIRMED = 8 };
#define ENOENT	     2
#define EBUSY	     16
#define EINVAL	     22
#define ENONET	     64
#define EPROTO	     71
#define EAFNOSUPPORT 97

#define TUPLE(port)                                                                                \
	struct bpf_sock_tuple tuple = {};                                                          \
	struct bpf_ct_opts opts = {.netns_id = -1, .l4proto = UDP};                                \
	tuple.ipv4.saddr = 0x0100007f;                                                             \
	tuple.ipv4.daddr = 0x0200007f;                                                             \
	tuple.ipv4.sport = port;                                                                   \
	tuple.ipv4.dport = 53

#define HOW &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts)

/* Scenario 34: set up, inserted, found from both sides, changed, gone when its time is over */
SEC("tc") __expect_accept __expect_retval(0)
int life(struct __sk_buff *skb)
{
	struct nf_conn___init *fresh;
	struct nf_conn *c, *found;
	int r = 0;
	TUPLE(1);

	fresh = bpf_skb_ct_alloc(skb, HOW);
	if (!fresh)
		return 1000;
	bpf_ct_set_timeout(fresh, 60000);
	if (bpf_ct_set_status(fresh, ASSURED))
		r |= 1;
	if (bpf_ct_set_status(fresh, CONFIRMED) != -EBUSY)
		r |= 2;
	fresh->ct.mark = 42;
	c = bpf_ct_insert_entry(fresh);
	if (!c)
		return 1001;
	found = bpf_skb_ct_lookup(skb, HOW);
	if (!found) {
		r |= 4;
	} else {
		if (found != c || found->mark != 42 || opts.dir != 0)
			r |= 8;
		if (!(found->status & CONFIRMED) || !(found->status & ASSURED))
			r |= 16;
		bpf_ct_release(found);
	}
	tuple.ipv4.saddr = 0x0200007f;
	tuple.ipv4.daddr = 0x0100007f;
	tuple.ipv4.sport = 53;
	tuple.ipv4.dport = 1;
	found = bpf_skb_ct_lookup(skb, HOW);
	if (found) {
		if (found != c || opts.dir != 1)
			r |= 32;
		bpf_ct_release(found);
	} else {
		r |= 64;
	}
	if (bpf_ct_change_status(c, CONFIRMED | ASSURED | SEEN_REPLY))
		r |= 128;
	if (bpf_ct_change_status(c, CONFIRMED | ASSURED) != -EBUSY)
		r |= 256;
	if (bpf_ct_change_timeout(c, 0))
		r |= 512;
	bpf_ct_release(c);
	opts.error = 0;
	found = bpf_skb_ct_lookup(skb, HOW);
	if (found)
		bpf_ct_release(found);
	if (found || opts.error != -ENOENT)
		r |= 1024;
	return r;
}

SEC("xdp") __expect_accept __expect_retval(0)
int twice(struct xdp_md *xdp)
{
	struct nf_conn___init *fresh;
	struct nf_conn *c, *again;
	int r = 0;
	TUPLE(2);

	opts.l4proto = TCP;
	fresh = bpf_xdp_ct_alloc(xdp, HOW);
	if (!fresh)
		return 1000;
	c = bpf_ct_insert_entry(fresh);
	if (!c)
		return 1001;
	fresh = bpf_xdp_ct_alloc(xdp, HOW);
	if (fresh) {
		again = bpf_ct_insert_entry(fresh);
		if (again) {
			r |= 1;
			bpf_ct_release(again);
		}
	}
	again = bpf_xdp_ct_lookup(xdp, HOW);
	if (again) {
		if (again != c)
			r |= 2;
		bpf_ct_release(again);
	} else {
		r |= 4;
	}
	/* another protocol is another connection */
	opts.l4proto = UDP;
	again = bpf_xdp_ct_lookup(xdp, HOW);
	if (again) {
		r |= 8;
		bpf_ct_release(again);
	}
	bpf_ct_change_timeout(c, 0);
	bpf_ct_release(c);
	return r;
}

#define REFUSED(want)                                                                              \
	({                                                                                         \
		struct nf_conn *none;                                                              \
		opts.error = 0;                                                                    \
		none = bpf_xdp_ct_lookup(xdp, &tuple, size, &opts, sizeof(opts));                  \
		if (none)                                                                          \
			bpf_ct_release(none);                                                      \
		none || opts.error != (want);                                                      \
	})

SEC("xdp") __expect_accept __expect_retval(0)
int errors(struct xdp_md *xdp)
{
	u32 size = sizeof(((struct bpf_sock_tuple *)0)->ipv4);
	int r = 0;
	TUPLE(3);

	if (REFUSED(-ENOENT))
		r |= 1;
	opts.l4proto = ICMP;
	if (REFUSED(-EPROTO))
		r |= 2;
	opts.l4proto = TCP;
	opts.netns_id = -2;
	if (REFUSED(-EINVAL))
		r |= 4;
	opts.netns_id = 5;
	if (REFUSED(-ENONET))
		r |= 8;
	opts.netns_id = -1;
	size = 10;
	if (REFUSED(-EAFNOSUPPORT))
		r |= 16;
	size = sizeof(tuple.ipv4);
	opts.reserved[0] = 1;
	if (REFUSED(-EINVAL))
		r |= 32;
	return r;
}

SEC("tc") __expect_accept __expect_retval(0)
int ipv6(struct __sk_buff *skb)
{
	struct bpf_ct_opts opts = {.netns_id = -1, .l4proto = TCP};
	struct bpf_sock_tuple tuple = {};
	struct nf_conn___init *fresh;
	struct nf_conn *c;
	int r;

	tuple.ipv6.saddr[3] = 1;
	tuple.ipv6.daddr[3] = 2;
	tuple.ipv6.dport = 80;
	fresh = bpf_skb_ct_alloc(skb, &tuple, sizeof(tuple.ipv6), &opts, sizeof(opts));
	if (!fresh)
		return 1000;
	c = bpf_ct_insert_entry(fresh);
	if (!c)
		return 1001;
	r = c->tuplehash[0].tuple.dst.u3.ip6[3] != 2 || c->tuplehash[1].tuple.src.u.all != 80;
	bpf_ct_change_timeout(c, 0);
	bpf_ct_release(c);
	return r;
}

/* ---- what is refused ---- */

/* Scenario 34 */
SEC("tc") __expect_reject(EINVAL, KF0504)
int init_is_no_conn(struct __sk_buff *skb)
{
	struct nf_conn___init *fresh;
	struct nf_conn *c;
	TUPLE(4);

	fresh = bpf_skb_ct_alloc(skb, HOW);
	if (!fresh)
		return 0;
	bpf_ct_change_timeout((struct nf_conn *)fresh, 1);
	c = bpf_ct_insert_entry(fresh);
	if (c)
		bpf_ct_release(c);
	return 0;
}

/* Scenario 34 */
SEC("tc") __expect_reject(EINVAL, KF0504)
int conn_is_no_init(struct __sk_buff *skb)
{
	struct nf_conn *c;
	TUPLE(4);

	c = bpf_skb_ct_lookup(skb, HOW);
	if (!c)
		return 0;
	bpf_ct_set_timeout((struct nf_conn___init *)c, 1);
	bpf_ct_release(c);
	return 0;
}

/* Scenario 34 */
SEC("tc") __expect_reject(EINVAL, KF0504)
int init_is_not_released(struct __sk_buff *skb)
{
	struct nf_conn___init *fresh;
	TUPLE(4);

	fresh = bpf_skb_ct_alloc(skb, HOW);
	if (fresh)
		bpf_ct_release((struct nf_conn *)fresh);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int init_leaks(struct __sk_buff *skb)
{
	TUPLE(4);

	bpf_skb_ct_alloc(skb, HOW);
	return 0;
}

SEC("xdp") __expect_reject(EINVAL, KF0412)
int conn_leaks(struct xdp_md *xdp)
{
	TUPLE(4);

	bpf_xdp_ct_lookup(xdp, HOW);
	return 0;
}

SEC("xdp") __expect_reject(EINVAL, KF0412)
int inserted_leaks(struct xdp_md *xdp)
{
	struct nf_conn___init *fresh;
	TUPLE(4);

	fresh = bpf_xdp_ct_alloc(xdp, HOW);
	if (fresh)
		bpf_ct_insert_entry(fresh);
	return 0;
}

/* Scenario 34: the old pointer is gone after the insertion */
SEC("xdp") __expect_reject(EINVAL, KF0404)
int used_after_insertion(struct xdp_md *xdp)
{
	struct nf_conn___init *fresh;
	struct nf_conn *c;
	TUPLE(4);

	fresh = bpf_xdp_ct_alloc(xdp, HOW);
	if (!fresh)
		return 0;
	c = bpf_ct_insert_entry(fresh);
	bpf_ct_set_timeout(fresh, 1);
	if (c)
		bpf_ct_release(c);
	return 0;
}

SEC("xdp") __expect_reject(EACCES, KF0503)
int unchecked(struct xdp_md *xdp)
{
	struct nf_conn *c;
	TUPLE(4);

	c = bpf_xdp_ct_lookup(xdp, HOW);
	bpf_ct_release(c);
	return 0;
}

/* mark is the one member that programs may write */
SEC("xdp") __expect_reject(EACCES, KF0314)
int write_of_status(struct xdp_md *xdp)
{
	struct nf_conn *c;
	TUPLE(4);

	c = bpf_xdp_ct_lookup(xdp, HOW);
	if (!c)
		return 0;
	c->status = 0;
	bpf_ct_release(c);
	return 0;
}

SEC("xdp") __expect_reject(EINVAL, KF0335)
int tuple_too_short(struct xdp_md *xdp)
{
	struct nf_conn *c;
	TUPLE(4);

	c = bpf_xdp_ct_lookup(xdp, &tuple, sizeof(tuple) + 8, &opts, sizeof(opts));
	if (c)
		bpf_ct_release(c);
	return 0;
}

SEC("syscall") __expect_reject(EACCES, KF0701)
int not_for_this_type(void *ctx)
{
	struct nf_conn *c = NULL;

	bpf_ct_release(c);
	return 0;
}
