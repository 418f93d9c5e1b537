// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Two policies for balance.c, and a program that counts what was decided. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct backend {
	__u32 id, load;
} __attribute__((preserve_access_index));

struct request {
	__u32 client, size;
} __attribute__((preserve_access_index));

struct balance_ops {
	__u32 (*pick)(struct request *r, struct backend *last);
	void (*done)(struct backend *b, __u32 size);
	char name[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} routed SEC(".maps");

SEC("tp_btf/balance_routed")
int BPF_PROG(on_routed, struct request *r, struct backend *b)
{
	__u32 client = r->client;
	__u64 *n = bpf_map_lookup_elem(&routed, &client);

	if (n)
		__sync_fetch_and_add(n, 1);
	return 0;
}

/* one after the other */
SEC("struct_ops/pick")
__u32 BPF_PROG(pick_next, struct request *r, struct backend *last)
{
	return last ? (last->id + 1) % 3 : 0;
}

/* stays where it is, unless that one is busy */
SEC("struct_ops/pick")
__u32 BPF_PROG(pick_idlest, struct request *r, struct backend *last)
{
	if (last && last->load == 0)
		return last->id;
	return 2;
}

SEC(".struct_ops.link")
struct balance_ops rotate = {.pick = (void *)pick_next, .name = "rotate"};

SEC(".struct_ops.link")
struct balance_ops idlest = {.pick = (void *)pick_idlest, .name = "idlest"};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
