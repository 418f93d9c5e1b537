/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Says how long a packet is and what kind, by direct access. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

SEC("tc")
int kind(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 14 > end)
		return -1;
	return data[12] << 8 | data[13];
}

SEC("tc")
int length(struct __sk_buff *skb)
{
	return skb->len;
}

/* what a program sees that begins at the network header: the IP version */
SEC("cgroup_skb/ingress")
int version(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 1 > end)
		return 0;
	return data[0] >> 4 == (skb->protocol == 0xdd86 ? 6 : 4);
}
