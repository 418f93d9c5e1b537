// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Kfuncs and helpers for which generated code has instructions of its own. What they are given comes from
 * the context or the packet; all that they said and did goes into the context or the result.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

#ifndef NULL
#define NULL ((void *)0)
#endif

struct numbers {
	__u64 in[4];
	__u64 out[8];
};

static __always_inline __u32 mixed(__u32 h, __u32 v)
{
	return (h ^ v) * 0x01000193;
}

/* the packet's first bytes: offset, flags, what to narrow the view by */
static __always_inline __u32 view(struct bpf_dynptr *d, const __u8 *p, int err)
{
	__u32 h = mixed(1, err), at = p[0] | (__u32)p[3] << 24;
	__u8 *s;

	h = mixed(h, bpf_dynptr_size(d));
	s = bpf_dynptr_slice(d, at, NULL, 8);
	h = mixed(h, s ? s[0] + 256 * s[7] : 99999);
	s = bpf_dynptr_slice_rdwr(d, at, NULL, 3);
	if (s) {
		s[2] ^= 0x55;
		h = mixed(h, s[2]);
	}
	h = mixed(h, bpf_dynptr_adjust(d, p[2], bpf_dynptr_size(d)));
	s = bpf_dynptr_slice(d, at, NULL, 1);
	h = mixed(h, s ? s[0] : 99999);
	s = bpf_dynptr_slice_rdwr(d, 0, NULL, 1);
	return mixed(h, s ? s[0] : 99999);
}

#define PARAMETERS(ctx)                                                                            \
	__u8 p[4], *first = (void *)(long)(ctx)->data, *last = (void *)(long)(ctx)->data_end;      \
                                                                                                   \
	if (first + 4 > last)                                                                      \
		return 0;                                                                          \
	__builtin_memcpy(p, first, 4)

SEC("tc") int skb_view(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	PARAMETERS(skb);

	return view(&d, p, bpf_dynptr_from_skb(skb, p[1], &d));
}

SEC("xdp") int xdp_view(struct xdp_md *xdp)
{
	struct bpf_dynptr d;
	PARAMETERS(xdp);

	return view(&d, p, bpf_dynptr_from_xdp(xdp, p[1], &d));
}

/* packets of these may not be changed */
SEC("cgroup_skb/egress") int readonly_view(struct __sk_buff *skb)
{
	struct bpf_dynptr d;
	__u32 h;
	__u8 *s;
	PARAMETERS(skb);

	h = mixed(1, bpf_dynptr_from_skb(skb, p[1], &d));
	s = bpf_dynptr_slice(&d, p[0], NULL, 2);
	return mixed(h, s ? s[1] : 99999) & 1;
}

/* a dynptr of another kind in a program on packets */
SEC("tc") int skb_local(struct __sk_buff *skb)
{
	static __u8 memory[32] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct bpf_dynptr d;
	PARAMETERS(skb);

	return view(&d, p, bpf_dynptr_from_mem(memory, sizeof(memory), 0, &d));
}

SEC("syscall") int masks(struct numbers *n)
{
	__u32 cpu = n->in[0], other = n->in[1];
	struct bpf_cpumask *m = bpf_cpumask_create();

	if (!m)
		return -1;
	bpf_cpumask_set_cpu(cpu, m);
	n->out[0] = bpf_cpumask_test_cpu(cpu, (struct cpumask *)m);
	n->out[1] = bpf_cpumask_test_cpu(other, (struct cpumask *)m);
	n->out[2] = bpf_cpumask_test_and_set_cpu(cpu, m);
	n->out[3] = bpf_cpumask_test_and_set_cpu(other, m);
	n->out[4] = bpf_cpumask_weight((struct cpumask *)m);
	n->out[5] = bpf_cpumask_test_and_clear_cpu(cpu, m);
	bpf_cpumask_clear_cpu(other, m);
	n->out[6] = bpf_cpumask_test_and_clear_cpu(other, m);
	n->out[7] = bpf_cpumask_weight((struct cpumask *)m);
	bpf_cpumask_release(m);
	return 0;
}

struct seen {
	__u64 rounds, sum, stop;
	__u64 a, b, c, d;
};

static long inner(__u32 i, struct seen *s)
{
	s->sum = s->sum * 3 + i;
	return 0;
}

static long outer(__u32 i, struct seen *s)
{
	__u64 a = s->a, b = s->b, c = s->c, d = s->d;

	s->rounds++;
	s->sum += bpf_loop(i & 7, inner, s, 0);
	s->a = b + 1;
	s->b = c ^ a;
	s->c = d + i;
	s->d = a;
	return i == s->stop;
}

SEC("syscall") int loops(struct numbers *n)
{
	struct seen s = {.stop = n->in[1], .a = 1, .b = 2, .c = 3, .d = 4};

	n->out[0] = bpf_loop(n->in[0], outer, &s, n->in[2]);
	n->out[1] = s.rounds;
	n->out[2] = s.sum;
	n->out[3] = s.a ^ s.b << 1 ^ s.c << 2 ^ s.d << 3;
	return 0;
}

/* callbacks short enough to stand in the loop: one that goes on for ever, one that ends it */
static long adds(__u32 i, struct seen *s)
{
	s->sum += (__u64)i * i + s->a;
	s->a ^= s->sum >> 3;
	return 0;
}

static long ends(__u32 i, struct seen *s)
{
	s->rounds++;
	return i >> 4 & 1;
}

SEC("syscall") int short_loops(struct numbers *n)
{
	struct seen s = {.a = n->in[1]};
	__u64 kept = n->in[0] ^ n->in[1], more = n->in[2];

	n->out[0] = bpf_loop(n->in[0], adds, &s, n->in[2]);
	n->out[1] = s.sum;
	n->out[2] = s.a;
	n->out[3] = bpf_loop(n->in[0], ends, &s, 0);
	n->out[4] = s.rounds;
	n->out[5] = kept + more;
	return 0;
}

/* references on one task and on two, in all orders; what is left over is what was there before */
SEC("syscall") int tasks(struct numbers *n)
{
	struct task_struct *t = bpf_get_current_task_btf(), *a, *b, *c;

	a = bpf_task_acquire(t);
	if (!a)
		return 1;
	b = bpf_task_from_pid(n->in[0]);
	c = bpf_task_acquire(a);
	bpf_task_release(a);
	if (b) {
		a = bpf_task_acquire(b);
		bpf_task_release(b);
		if (a)
			bpf_task_release(a);
	}
	if (!c)
		return 2;
	a = bpf_task_acquire(c);
	bpf_task_release(c);
	if (!a)
		return 3;
	n->out[0] = a == t;
	n->out[1] = b != NULL;
	bpf_task_release(a);
	return 0;
}
