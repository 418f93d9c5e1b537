/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A ring buffer whose size the host is to set. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
} records SEC(".maps");

SEC("socket")
int submits(struct __sk_buff *skb)
{
	void *p = bpf_ringbuf_reserve(&records, 8, 0);

	if (p)
		bpf_ringbuf_discard(p, 0);
	return 0;
}
