// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs for members that are not as the members want them; ../struct_ops.c knows why. */
#include "struct_ops.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} jump SEC(".maps");

/* best may be NULL */
SEC("struct_ops/score")
int BPF_PROG(score, struct hooks_item *item, struct hooks_item *best)
{
	return best->weight;
}

/* the reference that came in is not given up */
SEC("struct_ops/consume")
int BPF_PROG(leak, struct hooks_item *item)
{
	return item->weight;
}

/* ... or only on one path */
SEC("struct_ops/consume")
int BPF_PROG(leak_sometimes, struct hooks_item *item)
{
	if (item->weight > 3)
		hooks_item_put(item);
	return 0;
}

/* used after it was given up */
SEC("struct_ops/consume")
int BPF_PROG(used_after, struct hooks_item *item)
{
	hooks_item_put(item);
	return item->weight;
}

/* loaded again after it was given up */
SEC("struct_ops/consume")
int reloaded(unsigned long long *ctx)
{
	struct hooks_item *item = (struct hooks_item *)ctx[0];

	hooks_item_put(item);
	item = (struct hooks_item *)*(volatile unsigned long long *)ctx;
	return item->weight;
}

/* given up twice, through two loads */
SEC("struct_ops/consume")
int twice(unsigned long long *ctx)
{
	struct hooks_item *a = (struct hooks_item *)*(volatile unsigned long long *)ctx;
	struct hooks_item *b = (struct hooks_item *)*(volatile unsigned long long *)ctx;

	hooks_item_put(a);
	hooks_item_put(b);
	return 0;
}

/* item is trusted, but not a reference */
SEC("struct_ops/score")
int BPF_PROG(put_borrowed, struct hooks_item *item)
{
	hooks_item_put(item);
	return 0;
}

SEC("struct_ops/consume")
int tail(unsigned long long *ctx)
{
	struct hooks_item *item = (struct hooks_item *)ctx[0];

	hooks_item_put(item);
	bpf_tail_call(ctx, &jump, 0);
	return 0;
}

SEC("struct_ops/pick")
__u64 pick_one(unsigned long long *ctx)
{
	hooks_item_put((struct hooks_item *)ctx[0]);
	return 1;
}

SEC("struct_ops/pick")
__u64 pick_other(unsigned long long *ctx)
{
	hooks_item_put((struct hooks_item *)ctx[0]);
	return (__u64)hooks_other_get();
}

SEC("struct_ops/pick")
__u64 pick_moved(unsigned long long *ctx)
{
	return ctx[0] + 4;
}

SEC("struct_ops/pick")
__u64 pick_both(unsigned long long *ctx)
{
	struct hooks_item *item = (struct hooks_item *)ctx[0];

	return (__u64)hooks_item_get(item);
}

/* trusted, but nobody's reference */
SEC("struct_ops/choose")
__u64 choose_borrowed(unsigned long long *ctx)
{
	return ctx[0];
}

/* owned, but not its beginning */
SEC("struct_ops/choose")
__u64 choose_moved(unsigned long long *ctx)
{
	return (__u64)hooks_item_get((struct hooks_item *)ctx[0]) + 8;
}

/* owned or NULL, and nobody has looked: what a compiler makes of "if (!item) return NULL; return item;" */
SEC("struct_ops/choose")
__u64 choose_maybe(unsigned long long *ctx)
{
	return (__u64)hooks_item_try((struct hooks_item *)ctx[0]);
}

/* check_member: only slow may sleep */
SEC("struct_ops.s/score")
int BPF_PROG(sleepy, struct hooks_item *item)
{
	return 0;
}

/* no stub */
SEC("struct_ops/unsupported")
int BPF_PROG(unsupported, int x)
{
	return x;
}

SEC("struct_ops/admit")
int second(unsigned long long *ctx)
{
	return ctx[1];
}

/* one table for each, so that the loader finds out what they are for */
#define TABLE(prog, member)                                                                        \
	SEC(".struct_ops.link") struct hooks_policy table_##prog = {.member = (void *)prog}

TABLE(score, score);
TABLE(leak, consume);
TABLE(leak_sometimes, consume);
TABLE(used_after, consume);
TABLE(reloaded, consume);
TABLE(twice, consume);
TABLE(put_borrowed, score);
TABLE(tail, consume);
TABLE(pick_one, pick);
TABLE(pick_other, pick);
TABLE(pick_moved, pick);
TABLE(pick_both, pick);
TABLE(choose_borrowed, choose);
TABLE(choose_moved, choose);
TABLE(choose_maybe, choose);
TABLE(sleepy, score);
TABLE(unsupported, unsupported);
TABLE(second, admit);

char LICENSE[] SEC("license") = "GPL";
