// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Tables for the policy of ../struct_ops.c. */
#include "struct_ops.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} notes SEC(".maps");

SEC("struct_ops/score")
int BPF_PROG(score, struct hooks_item *item, struct hooks_item *best, int bonus)
{
	int s = item->weight * 10 + bonus + hooks_item_look(item);

	return best ? s - best->weight : s;
}

SEC("struct_ops/note")
void BPF_PROG(note, unsigned char kind, long long amount)
{
	__u32 k = kind & 3;
	__u64 *v = bpf_map_lookup_elem(&notes, &k);

	if (v)
		__sync_fetch_and_add(v, amount);
}

SEC("struct_ops/admit")
_Bool BPF_PROG(admit, unsigned int weight)
{
	return weight < 100;
}

SEC("struct_ops/consume")
int BPF_PROG(consume, struct hooks_item *item)
{
	int w = item->weight;

	hooks_item_put(item);
	return w;
}

/* first hands its reference on; or the host gets a new one; or nothing */
SEC("struct_ops/pick")
__u64 pick(unsigned long long *ctx)
{
	struct hooks_item *first = (struct hooks_item *)ctx[0];

	if ((int)ctx[1] == 0) {
		hooks_item_put(first);
		return 0;
	}
	return (__u64)first;
}

/* a reference that the program takes itself is the caller's afterwards */
SEC("struct_ops/choose")
__u64 choose(unsigned long long *ctx)
{
	if ((int)ctx[1] == 0)
		return 0;
	return (__u64)hooks_item_get((struct hooks_item *)ctx[0]);
}

SEC("struct_ops/many")
long long many(unsigned long long *ctx)
{
	return ctx[0] + 2 * ctx[1] + 3 * ctx[2] + 4 * ctx[3] + 5 * ctx[4] + 6 * ctx[5] +
	       7 * ctx[6] + 8 * ctx[7];
}

SEC("struct_ops.s/slow")
int BPF_PROG(slow, int ms)
{
	return ms + 1;
}

SEC("struct_ops/score")
int BPF_PROG(score_flat, struct hooks_item *item, struct hooks_item *best, int bonus)
{
	return 1000 + bonus;
}

SEC("struct_ops/score")
int BPF_PROG(score_flat2, struct hooks_item *item, struct hooks_item *best, int bonus)
{
	return 2000 + bonus;
}

/* all of it, without a link */
SEC(".struct_ops")
struct hooks_policy whole = {
	.score = (void *)score,
	.note = (void *)note,
	.admit = (void *)admit,
	.consume = (void *)consume,
	.pick = (void *)pick,
	.choose = (void *)choose,
	.many = (void *)many,
	.slow = (void *)slow,
	.limit = 42,
	.name = "whole",
};

/* two that take each other's place */
SEC(".struct_ops.link")
struct hooks_policy flat = {
	.score = (void *)score_flat,
	.limit = 1,
	.name = "flat",
};

SEC(".struct_ops.link")
struct hooks_policy flat2 = {
	.score = (void *)score_flat2,
	.limit = 2,
	.name = "flat2",
};

/* the host wants a score */
SEC(".struct_ops.link")
struct hooks_policy incomplete = {
	.note = (void *)note,
	.name = "incomplete",
};

/* init_member does not know it, so it must be 0 */
SEC(".struct_ops.link")
struct hooks_policy filled = {
	.score = (void *)score_flat,
	.reserved = 1,
};

/* init_member says ERANGE */
SEC(".struct_ops.link")
struct hooks_policy too_much = {
	.score = (void *)score_flat,
	.limit = 1001,
};

char LICENSE[] SEC("license") = "GPL";
