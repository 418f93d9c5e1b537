// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs that those of attach_prog.bpf.c replace functions of, or trace (test_attach_prog.c). */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define noinline __attribute__((noinline))
#define opaque(x) asm volatile("" : "+r"(x))

char _license[] SEC("license") = "GPL";

struct pair {
	int a, b;
};

/* ---- a packet program: global, static, dead functions ---- */

noinline int global_len(struct __sk_buff *skb, int more)
{
	opaque(more);
	return skb->len + more;
}

noinline int global_pair(struct pair *p)
{
	return p ? p->a + p->b : 0;
}

noinline int global_number(int *p)
{
	return p ? *p : 0;
}

noinline int global_pull(struct __sk_buff *skb)
{
	return bpf_skb_pull_data(skb, 0);
}

noinline int global_never(struct __sk_buff *skb)
{
	opaque(skb);
	return 7;
}

static noinline int static_len(struct __sk_buff *skb, int more)
{
	opaque(skb);
	opaque(more);
	return skb->mark + more;
}

/* called with a number where its types say context */
static noinline int static_cheated(struct __sk_buff *skb, int more)
{
	opaque(skb);
	opaque(more);
	return more;
}

static noinline int static_pair(struct pair *p, int more)
{
	opaque(p);
	opaque(more);
	return p->a + more;
}

static noinline int each(u32 i, void *ctx)
{
	opaque(i);
	opaque(ctx);
	return 0;
}

SEC("tc") int packet(struct __sk_buff *skb)
{
	struct pair p = {1, 2};
	int n = 3;

	asm volatile("r1 = 1; r2 = 2; call %[f]" ::[f] "i"(static_cheated)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	bpf_loop(2, each, &n, 0);
	return global_len(skb, n) + global_pair(&p) + global_number(&n) + global_pull(skb) +
	       static_len(skb, n) + static_pair(&p, n);
}

SEC("tc") int reads_only(struct __sk_buff *skb)
{
	int never;

	asm volatile("%0 = 0" : "=r"(never));
	if (never)
		return global_never(skb);
	return 0;
}

/* its context is not the one of its type */
SEC("tc") int without_context(struct pair *p)
{
	opaque(p);
	return 0;
}

SEC("xdp") int frames(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data > 64 ? XDP_PASS : XDP_DROP;
}

/* returns 0 or 1 */
noinline int verdict(struct __sk_buff *skb)
{
	opaque(skb);
	return 1;
}

SEC("cgroup_skb/ingress") int allows(struct __sk_buff *skb)
{
	return verdict(skb) & 1;
}

/* ---- others that attach ---- */

SEC("tp_btf/task_newtask") int typed(unsigned long long *ctx)
{
	opaque(ctx);
	return 0;
}

/* ---- exceptions ---- */

void bpf_throw(u64 cookie) __ksym;

noinline int on_throw(u64 cookie)
{
	opaque(cookie);
	return 0;
}

SEC("tc") __attribute__((btf_decl_tag("exception_callback:on_throw")))
int throws(struct __sk_buff *skb)
{
	if (skb->len == 17)
		bpf_throw(1);
	return 0;
}
