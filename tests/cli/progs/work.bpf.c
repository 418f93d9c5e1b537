/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Programs that give the verifier work, at lines that a test knows: --stats must find them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

/* Every round is simulated. */
SEC("socket")
int rounds(struct __sk_buff *skb)
{
	__u64 sum = 0;

	for (int i = 0; i < 300; i++)
		sum += skb->len ^ i; /* the work */
	return sum;
}

/* Each test joins the path again, with nothing different that anything depends on. */
SEC("socket")
int joins(struct __sk_buff *skb)
{
	__u64 seen = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < 8; i++)
		if (bpf_get_prandom_u32() & 1)
			bpf_ktime_get_ns();
	return seen;
}

/* more rounds than states are recorded for */
SEC("socket")
int many_rounds(struct __sk_buff *skb)
{
	for (int i = 0; i < 20000; i++)
		asm volatile("" : "+r"(i));
	return 0;
}

/* ends, but not before the limit */
SEC("socket")
int endless(struct __sk_buff *skb)
{
	for (int i = 0; i < 10000000; i++)
		asm volatile("" : "+r"(i)); /* for ever */
	return 0;
}
