// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A program array that the object file fills. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

int other(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} slots SEC(".maps") = {
	.values = {[1] = (void *)&other},
};

SEC("tc")
int first(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &slots, 1);
	return 1;
}

SEC("tc")
int other(struct __sk_buff *skb)
{
	return 2;
}

SEC("tc")
int apart(struct __sk_buff *skb)
{
	return 3;
}
