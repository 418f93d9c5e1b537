// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs for functions of those in targets.bpf.c; test_attach_prog.c says which goes onto what. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define opaque(x) asm volatile("" : "+r"(x))
#define noinline __attribute__((noinline))

char _license[] SEC("license") = "GPL";

struct pair {
	int a, b;
};

struct couple {
	int a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} jumps SEC(".maps");

/* ---- extensions ---- */

SEC("freplace") int new_len(struct __sk_buff *skb, int more)
{
	return skb->len + more;
}

/* helpers and packets of the target's type */
SEC("freplace") int new_bytes(struct __sk_buff *skb, int more)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	if (data + 1 > end)
		return more;
	return data[0] + bpf_get_hash_recalc(skb);
}

SEC("freplace") int xdp_helper(struct __sk_buff *skb, int more)
{
	return bpf_xdp_adjust_head((void *)skb, more);
}

SEC("freplace") int unsigned_more(struct __sk_buff *skb, unsigned int more)
{
	return more;
}

SEC("freplace") int long_more(struct __sk_buff *skb, long more)
{
	return more;
}

SEC("freplace") int one_more(struct __sk_buff *skb, int more, int most)
{
	return most;
}

SEC("freplace") int of_frames(struct xdp_md *ctx, int more)
{
	return more;
}

SEC("freplace") long long_result(struct __sk_buff *skb, int more)
{
	return more;
}

SEC("freplace") int *pointer_result(struct __sk_buff *skb, int more)
{
	return 0;
}

SEC("freplace") int new_pair(struct pair *p)
{
	return p ? p->b : 0;
}

/* the argument may be NULL, as in every global function */
SEC("freplace") int new_pair_unchecked(struct pair *p)
{
	return p->b;
}

SEC("freplace") int new_couple(struct couple *p)
{
	return p ? p->b : 0;
}

SEC("freplace") int new_number(int *p)
{
	return p ? *p : 0;
}

SEC("freplace") int quiet(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("freplace") int pulls(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 0);
}

static noinline int pull_below(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 0);
}

SEC("freplace") int pulls_below(struct __sk_buff *skb)
{
	return pull_below(skb);
}

SEC("freplace") int jumps_on(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 0);
	return 0;
}

SEC("freplace") int returns_one(struct __sk_buff *skb)
{
	return 1;
}

SEC("freplace") int returns_two(struct __sk_buff *skb)
{
	return 2;
}

SEC("freplace") int new_callback(u64 cookie)
{
	return 0;
}

SEC("freplace") int new_frames(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, 0) ? XDP_DROP : XDP_PASS;
}

SEC("freplace") int quiet_frames(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data > 64 ? XDP_PASS : XDP_DROP;
}

SEC("freplace") int new_without_context(struct pair *p)
{
	return 0;
}

SEC("freplace") int new_typed(unsigned long long *ctx)
{
	return 0;
}

/* ---- fentry, fexit ---- */

static __always_inline int seen(u64 value)
{
	opaque(value);
	return 0;
}

SEC("fentry") int enters(unsigned long long *ctx)
{
	return 0;
}

/* the context of the target is the kernel's struct, the number a number */
SEC("fentry") int enters_len(unsigned long long *ctx)
{
	struct sk_buff *skb = (void *)ctx[0];

	return seen(skb->len + ctx[1]);
}

SEC("fentry") int enters_frames(unsigned long long *ctx)
{
	struct xdp_buff *x = (void *)ctx[0];

	return seen(x->frame_sz);
}

SEC("fentry") int enters_result(unsigned long long *ctx)
{
	return seen(ctx[2]); /* what fexit finds behind two arguments */
}

SEC("fexit") int leaves_result(unsigned long long *ctx)
{
	return seen(ctx[2]);
}

SEC("fexit") int leaves_beyond(unsigned long long *ctx)
{
	return seen(ctx[3]);
}

SEC("fentry") int enters_pair(unsigned long long *ctx)
{
	return seen(ctx[0]);
}

SEC("fentry") int enters_fourth(unsigned long long *ctx)
{
	return seen(ctx[4]);
}

SEC("fentry") int enters_fifth(unsigned long long *ctx)
{
	return seen(ctx[5]);
}

SEC("fexit") int leaves_fifth(unsigned long long *ctx)
{
	return seen(ctx[5]);
}

/* a number is not to be followed */
SEC("fentry") int follows(unsigned long long *ctx)
{
	struct sk_buff *skb = (void *)ctx[0];

	return seen(skb->len);
}

SEC("fentry.s") int sleeps(unsigned long long *ctx)
{
	return 0;
}

SEC("fmod_ret") int modifies(unsigned long long *ctx)
{
	return 0;
}
