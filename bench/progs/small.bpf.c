// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A small program with a map, for the time and memory of loading. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

SEC("tc") int small(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u8 *p = data;
	__u32 key = 0;
	__u64 *v;

	if (data + 14 > end)
		return 0;
	key = p[12] & 3;
	v = bpf_map_lookup_elem(&counters, &key);
	if (v)
		__sync_fetch_and_add(v, 1);
	return 1;
}
