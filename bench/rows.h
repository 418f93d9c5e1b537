/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The first ten rows of the bench: one text, compiled by clang for BPF (progs/rows.bpf.c) and by the
 * host's C compiler with -O2 (native.c). Each works on the packet between data and end, from which its
 * numbers come, so that no compiler knows them. What the two sides supply differently: MAP_LOOKUP,
 * MAP_UPDATE, TABLE. The trivial call is written twice: its kfunc takes a dynptr.
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#define ROW_INLINE static inline __attribute__((always_inline))
#define ROW_CALLED static __attribute__((noinline))

#ifndef ROW_LOOP
#define ROW_LOOP /* in front of a loop: how it is to be compiled */
#endif

#define ARRAY_SIZE_ROW 256
#define HASH_KEYS      1024
#define SEARCH_SIZE    1024
#define FRAMES	       16
#define FRAME_STRIDE   88

/* the search table: 0, 64, 128 ... */
#define V4(i)	 64 * (i), 64 * (i) + 64, 64 * (i) + 128, 64 * (i) + 192
#define V16(i)	 V4(i), V4((i) + 4), V4((i) + 8), V4((i) + 12)
#define V64(i)	 V16(i), V16((i) + 16), V16((i) + 32), V16((i) + 48)
#define V256(i)	 V64(i), V64((i) + 64), V64((i) + 128), V64((i) + 192)
#define V1024(i) V256(i), V256((i) + 256), V256((i) + 512), V256((i) + 768)

ROW_INLINE __u64 next_random(__u64 x)
{
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* the packet's first bytes as a number; 0 if there are none */
ROW_INLINE __u64 seed_of(const void *data, const void *end)
{
	const __u64 *p = data;

	return (const void *)(p + 1) > end ? 0 : *p | 1;
}

ROW_INLINE __u32 row_empty(const void *data, const void *end)
{
	(void)data;
	(void)end;
	return 0;
}

ROW_INLINE __u32 row_alu(const void *data, const void *end)
{
	__u64 x = seed_of(data, end);
	int i;

	ROW_LOOP
	for (i = 0; i < 1000; i++) {
		x = next_random(x);
		x += 0x9e3779b9u * (__u64)i;
	}
	return (__u32)(x ^ x >> 32);
}

ROW_INLINE __u32 row_checksum(const void *data, const void *end)
{
	const __u16 *p = data;
	__u32 sum = 0;
	int i;

	for (i = 0; i < 750; i++, p++) {
		if ((const void *)(p + 1) > end)
			break;
		sum += *p;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

ROW_INLINE __u32 row_array(const void *data, const void *end)
{
	__u64 x = seed_of(data, end);
	__u32 key, sum = 0;
	__u64 *v;
	int i;

	for (i = 0; i < 256; i++) {
		key = (__u32)(x + (__u64)i * 7) & (ARRAY_SIZE_ROW - 1);
		v = MAP_LOOKUP(array, &key);
		if (v)
			sum += (__u32)++*v;
	}
	return sum;
}

ROW_INLINE __u32 row_hash(const void *data, const void *end)
{
	__u64 x = seed_of(data, end), value, *v;
	__u32 key, sum = 0;
	int i;

	for (i = 0; i < 256; i++) {
		x = next_random(x);
		key = (__u32)x & (HASH_KEYS - 1);
		if (i % 8 == 7) {
			value = x;
			MAP_UPDATE(hash, &key, &value);
		} else {
			v = MAP_LOOKUP(hash, &key);
			if (v)
				sum += (__u32)*v;
		}
	}
	return sum;
}

ROW_CALLED int is_prime(__u32 n)
{
	__u32 d;

	for (d = 2; d * d <= n && d < 32; d++)
		if (n % d == 0)
			return 0;
	return 1;
}

ROW_INLINE __u32 row_primes(const void *data, const void *end)
{
	__u32 n, found = 0;

	(void)data;
	(void)end;
	for (n = 2; n < 1000; n++)
		found += is_prime(n);
	return found;
}

TABLE __u32 search_table[SEARCH_SIZE] = {V1024(0)};
TABLE __u32 search_low, search_high = SEARCH_SIZE; /* variables: a verifier would follow constants */

ROW_CALLED __u32 position_of(__u32 key)
{
	__u32 lo = search_low, hi = search_high, mid;
	int i;

	for (i = 0; i < 11 && lo < hi; i++) {
		mid = (lo + hi) / 2;
		if (search_table[mid & (SEARCH_SIZE - 1)] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

ROW_INLINE __u32 row_search(const void *data, const void *end)
{
	__u64 x = seed_of(data, end);
	__u32 sum = 0;
	int i;

	for (i = 0; i < 16; i++) {
		x = next_random(x);
		sum += position_of((__u32)x & 0xffff);
	}
	return sum;
}

struct row_eth {
	__u8 to[6], from[6];
	__u16 type;
} __attribute__((packed));

struct row_ip {
	__u8 ihl_version, tos;
	__u16 len, id, frag;
	__u8 ttl, protocol;
	__u16 check;
	__u32 from, to;
} __attribute__((packed));

struct row_tcp {
	__u16 from, to;
	__u32 seq, ack;
	__u8 offset, flags;
	__u16 window, check, urgent;
} __attribute__((packed));

/* FRAMES frames of Ethernet, IPv4 with options or not, TCP or UDP */
ROW_INLINE __u32 row_parse(const void *data, const void *end)
{
	const __u8 *at = data;
	__u32 sum = 0;
	int i;

	for (i = 0; i < FRAMES; i++, at += FRAME_STRIDE) {
		const struct row_eth *eth = (const void *)at;
		const struct row_ip *ip = (const void *)(eth + 1);
		const struct row_tcp *tcp;

		if ((const void *)(ip + 1) > end)
			break;
		if (eth->type != 0x0008 || ip->ihl_version >> 4 != 4)
			continue;
		tcp = (const void *)((const __u8 *)ip + (ip->ihl_version & 15) * 4);
		__asm__ volatile("" : "+r"(tcp)); /* one pointer: its bounds check is for all uses */
		if ((const void *)(tcp + 1) > end)
			continue;
		if (ip->protocol == 6)
			sum += tcp->to ^ (tcp->flags & 2 ? 1 : 0);
		else if (ip->protocol == 17)
			sum += tcp->from;
	}
	return sum;
}

ROW_CALLED __u64 mixed(__u64 a, __u64 b)
{
	return (a ^ b) * 0x9e3779b97f4a7c15ull + (a >> 7);
}

ROW_INLINE __u32 row_subprog(const void *data, const void *end)
{
	__u64 x = seed_of(data, end);
	__u64 i;

	for (i = 0; i < 256; i++)
		x = mixed(x, i);
	return (__u32)x;
}

#endif
