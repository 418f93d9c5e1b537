/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A connection table: what the documents' nf_conn___init example needs around it (kfunc spec 12.8,
 * R3.13). A connection is allocated by one kfunc, set up, put into the table by another, found
 * there by its addresses in either direction, and ends by its timeout. Programs are the only ones
 * who put connections here: the machine's own traffic is not tracked.
 *
 * Each connection stands in two buckets, once for each direction. Lookups walk a bucket in an RCU
 * section and try to take a reference; writers hold the table's lock. An entry whose time is over
 * is not found; it is taken out when a writer comes by its bucket. Memory goes after the last
 * reference and a grace period.
 *
 * Left out: zones, other namespaces, protocols other than TCP and UDP, translated addresses.
 */
#include "runtime/conntrack.h"

#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include "base/mem.h"
#include "runtime/fields.h"

#define BUCKETS     4096
#define MAX_ENTRIES 65536
#define HZ          250
#define MAX_TIMEOUT ((u64)INT32_MAX) /* ticks */

/* sizes of bpf_ct_opts: all of it, and before it had zones */
#define OPTS_SIZE     16
#define OPTS_SIZE_OLD 12

#define DEFAULT_TIMEOUT_MS 10000

enum { /* bits of status */
       EXPECTED = 1 << 0,
       SEEN_REPLY = 1 << 1,
       ASSURED = 1 << 2,
       CONFIRMED = 1 << 3,
       TRANSLATION = 0x1f0, /* addresses and sequence numbers */
       DYING = 1 << 9,
};

struct node { /* one direction of a connection, in its bucket */
	struct node *next;
	u32 bucket;
	u8 dir;
};

struct conn {
	struct nf_conn ct; /* first: programs hold its address */
	struct rcu_head rcu;
	struct node node[2];
};

static struct node *buckets[BUCKETS];
static uint32_t lock, n_entries;
static _Atomic unsigned long n_alive;
static _Atomic u64 seed;

unsigned long rt_conns_alive(void)
{
	return atomic_load(&n_alive);
}

static u32 ticks(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u32)((u64)ts.tv_sec * HZ + (u64)ts.tv_nsec / (1000000000 / HZ));
}

static u32 ticks_of(u32 ms)
{
	u64 n = ((u64)ms * HZ + 999) / 1000;

	return (u32)(n < MAX_TIMEOUT ? n : MAX_TIMEOUT);
}

static bool expired(const struct nf_conn *c)
{
	return (int32_t)(__atomic_load_n(&c->timeout, __ATOMIC_RELAXED) - ticks()) <= 0;
}

/* ---- references ---- */

static void conn_free(struct rcu_head *head)
{
	mem_free((char *)head - offsetof(struct conn, rcu));
	atomic_fetch_sub(&n_alive, 1);
}

static bool try_get(struct nf_conn *c)
{
	return rt_refs_try_get(&c->ct_general.use.refs.counter);
}

void rt_conn_put(struct nf_conn *c)
{
	if (c && __atomic_sub_fetch(&c->ct_general.use.refs.counter, 1, __ATOMIC_ACQ_REL) == 0)
		rt_rcu_call(&((struct conn *)c)->rcu, conn_free);
}

/* ---- addresses ---- */

/* Checks a call's options; the reason for refusing it, or 0. */
static int check_opts(const struct bpf_ct_opts *o, u32 size, u32 tuple_size)
{
	if (size != OPTS_SIZE && size != OPTS_SIZE_OLD)
		return -EINVAL;
	if (size == OPTS_SIZE_OLD && o->ct_zone_id)
		return -EINVAL; /* reserved then */
	if (size == OPTS_SIZE && (o->reserved[0] || o->reserved[1] || o->reserved[2]))
		return -EINVAL;
	if (size == OPTS_SIZE && (o->ct_zone_id || o->ct_zone_dir))
		return -EOPNOTSUPP;
	if (o->netns_id < -1)
		return -EINVAL;
	if (o->l4proto != IPPROTO_TCP && o->l4proto != IPPROTO_UDP)
		return -EPROTO;
	if (tuple_size != sizeof(((struct bpf_sock_tuple *)0)->ipv4) &&
	    tuple_size != sizeof(((struct bpf_sock_tuple *)0)->ipv6))
		return -EAFNOSUPPORT;
	return o->netns_id >= 0 ? -ENONET : 0;
}

static void fill_tuple(struct nf_conntrack_tuple *t, const struct bpf_sock_tuple *from, u32 size,
		       u8 proto, u8 dir)
{
	memset(t, 0, sizeof(*t)); /* it is hashed as a whole */
	t->dst.protonum = proto;
	t->dst.dir = dir;
	if (size == sizeof(from->ipv4)) {
		t->src.l3num = AF_INET;
		t->src.u3.ip = dir ? from->ipv4.daddr : from->ipv4.saddr;
		t->dst.u3.ip = dir ? from->ipv4.saddr : from->ipv4.daddr;
		t->src.u.all = dir ? from->ipv4.dport : from->ipv4.sport;
		t->dst.u.all = dir ? from->ipv4.sport : from->ipv4.dport;
	} else {
		t->src.l3num = AF_INET6;
		memcpy(t->src.u3.ip6, dir ? from->ipv6.daddr : from->ipv6.saddr, 16);
		memcpy(t->dst.u3.ip6, dir ? from->ipv6.saddr : from->ipv6.daddr, 16);
		t->src.u.all = dir ? from->ipv6.dport : from->ipv6.sport;
		t->dst.u.all = dir ? from->ipv6.sport : from->ipv6.dport;
	}
}

static bool same_tuple(const struct nf_conntrack_tuple *a, const struct nf_conntrack_tuple *b)
{
	return !memcmp(&a->src, &b->src, sizeof(a->src)) &&
	       !memcmp(&a->dst.u3, &b->dst.u3, sizeof(a->dst.u3)) && a->dst.u.all == b->dst.u.all &&
	       a->dst.protonum == b->dst.protonum;
}

static u64 secret(void)
{
	u64 s = atomic_load_explicit(&seed, memory_order_relaxed), none = 0;

	if (s)
		return s;
	if (getrandom(&s, sizeof(s), GRND_NONBLOCK) != sizeof(s))
		s = (uintptr_t)&s;
	s |= 1;
	return atomic_compare_exchange_strong(&seed, &none, s) ? s : none;
}

static u32 bucket_of(const struct nf_conntrack_tuple *t)
{
	const u32 ports = (u32)t->src.u.all << 16 | t->dst.u.all;
	u64 h = secret() ^ ports ^ (u64)t->dst.protonum << 40;

	for (int i = 0; i < 4; i++) {
		h = (h ^ t->src.u3.all[i]) * 0x9e3779b97f4a7c15ull;
		h = (h ^ h >> 29 ^ t->dst.u3.all[i]) * 0xbf58476d1ce4e5b9ull;
	}
	return (u32)(h >> 40) % BUCKETS;
}

/* ---- the table ---- */

static struct conn *conn_of(struct node *n)
{
	return (struct conn *)((char *)(n - n->dir) - offsetof(struct conn, node));
}

/* The connection that t is a direction of, if its time is not over */
static struct conn *find(const struct nf_conntrack_tuple *t, u8 *dir)
{
	struct node *n = __atomic_load_n(&buckets[bucket_of(t)], __ATOMIC_ACQUIRE);

	for (; n; n = __atomic_load_n(&n->next, __ATOMIC_ACQUIRE)) {
		struct conn *c = conn_of(n);

		if (!same_tuple(&c->ct.tuplehash[n->dir].tuple, t) || expired(&c->ct))
			continue;
		*dir = n->dir;
		return c;
	}
	return NULL;
}

/* under lock, like all below */
static void take_out_node(struct node *n)
{
	struct node **at = &buckets[n->bucket];

	while (*at != n)
		at = &(*at)->next;
	__atomic_store_n(at, n->next, __ATOMIC_RELEASE); /* readers may stand on n: it keeps next */
}

static void take_out(struct conn *c)
{
	take_out_node(&c->node[0]);
	take_out_node(&c->node[1]);
	n_entries--;
	rt_conn_put(&c->ct);
}

static void put_in(struct conn *c)
{
	for (u8 d = 0; d < 2; d++) {
		struct node *n = &c->node[d];

		n->dir = d;
		n->bucket = bucket_of(&c->ct.tuplehash[d].tuple);
		n->next = buckets[n->bucket];
		__atomic_store_n(&buckets[n->bucket], n, __ATOMIC_RELEASE);
	}
	n_entries++;
}

static void clean(u32 b, bool all)
{
	struct node *n = buckets[b];

	while (n) {
		struct conn *c = conn_of(n);

		n = n->next;
		if (!all && !expired(&c->ct))
			continue;
		/* its other direction may be the next one here */
		if (n && conn_of(n) == c)
			n = n->next;
		take_out(c);
	}
}

static void clean_all(bool all)
{
	for (u32 b = 0; b < BUCKETS; b++)
		clean(b, all);
}

/* ---- what kfuncs call ---- */

static bool refuse(struct bpf_ct_opts *opts, u32 size, int err)
{
	if (err && size >= offsetof(struct bpf_ct_opts, error) + sizeof(opts->error))
		opts->error = err;
	return err != 0;
}

struct nf_conn *rt_conn_alloc(const void *tuple, u32 size, struct bpf_ct_opts *opts, u32 opts_size)
{
	struct conn *c;

	if (refuse(opts, opts_size, check_opts(opts, opts_size, size)))
		return NULL;
	c = mem_zalloc(sizeof(*c));
	if (refuse(opts, opts_size, c ? 0 : -ENOMEM))
		return NULL;
	atomic_fetch_add(&n_alive, 1);
	c->ct.ct_general.use.refs.counter = 1;
	fill_tuple(&c->ct.tuplehash[0].tuple, tuple, size, opts->l4proto, 0);
	fill_tuple(&c->ct.tuplehash[1].tuple, tuple, size, opts->l4proto, 1);
	rt_conn_set_timeout(&c->ct, DEFAULT_TIMEOUT_MS);
	return &c->ct;
}

struct nf_conn *rt_conn_lookup(const void *tuple, u32 size, struct bpf_ct_opts *opts, u32 opts_size)
{
	struct nf_conntrack_tuple t;
	struct conn *c;
	u8 dir = 0;

	if (refuse(opts, opts_size, check_opts(opts, opts_size, size)))
		return NULL;
	fill_tuple(&t, tuple, size, opts->l4proto, 0);
	rt_rcu_read_lock();
	c = find(&t, &dir);
	if (c && !try_get(&c->ct))
		c = NULL;
	rt_rcu_read_unlock();
	if (refuse(opts, opts_size, c ? 0 : -ENOENT))
		return NULL;
	opts->dir = dir;
	return &c->ct;
}

struct nf_conn *rt_conn_insert(struct nf_conn *ct)
{
	struct conn *c = (struct conn *)ct;
	bool fits;
	u8 dir;

	ct->status |= CONFIRMED;
	ct->timeout += ticks();
	rt_spin_lock(&lock);
	clean(bucket_of(&ct->tuplehash[0].tuple), false);
	if (n_entries >= MAX_ENTRIES)
		clean_all(false);
	fits = n_entries < MAX_ENTRIES && !find(&ct->tuplehash[0].tuple, &dir) &&
	       !find(&ct->tuplehash[1].tuple, &dir);
	if (fits) {
		ct->ct_general.use.refs.counter++; /* nobody else has it yet */
		put_in(c);
	}
	rt_spin_unlock(&lock);
	if (fits)
		return ct;
	rt_conn_put(ct);
	return NULL;
}

void rt_conn_set_timeout(struct nf_conn *c, u32 ms)
{
	__atomic_store_n(&c->timeout, ticks_of(ms), __ATOMIC_RELAXED);
}

void rt_conn_change_timeout(struct nf_conn *c, u32 ms)
{
	__atomic_store_n(&c->timeout, ticks_of(ms) + ticks(), __ATOMIC_RELAXED);
}

int rt_conn_set_status(struct nf_conn *c, u32 status)
{
	unsigned long old = __atomic_load_n(&c->status, __ATOMIC_RELAXED);
	unsigned long changed = old ^ status;

	if (changed & (EXPECTED | CONFIRMED | DYING))
		return -EBUSY;
	if (changed & old & (SEEN_REPLY | ASSURED)) /* these are never taken back */
		return -EBUSY;
	__atomic_or_fetch(&c->status, status & ~(unsigned long)TRANSLATION, __ATOMIC_RELAXED);
	return 0;
}

void rt_conns_forget(void)
{
	rt_spin_lock(&lock);
	clean_all(true);
	rt_spin_unlock(&lock);
}
