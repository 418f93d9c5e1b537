// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The first ten rows as BPF programs; their text is in ../rows.h. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} array_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2048);
	__type(key, __u32);
	__type(value, __u64);
} hash_map SEC(".maps");


#define MAP_LOOKUP(m, k)    bpf_map_lookup_elem(&m##_map, k)
#define MAP_UPDATE(m, k, v) bpf_map_update_elem(&m##_map, k, v, BPF_ANY)
#define TABLE

#include "../rows.h"

#define ROW(name)                                                                                  \
	SEC("tc") int name(struct __sk_buff *skb)                                                  \
	{                                                                                          \
		return row_##name((void *)(long)skb->data, (void *)(long)skb->data_end);           \
	}

ROW(alu)
ROW(checksum)
ROW(array)
ROW(hash)
ROW(primes)
ROW(search)
ROW(parse)
ROW(subprog)
ROW(empty)

SEC("tc") int trivial(struct __sk_buff *skb)
{
	struct bpf_dynptr view;
	__u32 sum = 0;
	int i;

	bpf_dynptr_from_skb(skb, 0, &view);
	for (i = 0; i < 256; i++)
		sum += bpf_dynptr_size(&view);
	return sum;
}
