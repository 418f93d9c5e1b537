// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs on the tracepoints of ../tracepoints.c. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct hooks_user {
	int uid;
} __attribute__((preserve_access_index));

struct hooks_conn {
	long long id;
	struct hooks_user *owner;
} __attribute__((preserve_access_index));

struct seen {
	__u64 runs, with_user, sum_id, sum_state, last_byte, score, many;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

extern int hooks_score(struct hooks_conn *c) __ksym;

static struct seen *slot(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&seen, &zero);
}

/* both pointers are trusted: the kfunc takes no other */
SEC("tp_btf/hooks_request")
int BPF_PROG(on_request, struct hooks_conn *c, struct hooks_user *user, int state, unsigned char b)
{
	struct seen *s = slot();

	if (!s)
		return 0;
	__sync_fetch_and_add(&s->runs, 1);
	__sync_fetch_and_add(&s->sum_id, c->id);
	__sync_fetch_and_add(&s->sum_state, (__s64)state);
	__sync_fetch_and_add(&s->score, hooks_score(c));
	s->last_byte = ctx[3];
	if (user)
		__sync_fetch_and_add(&s->with_user, user->uid);
	return 0;
}

SEC("tp_btf/hooks_many")
int on_many(unsigned long long *ctx)
{
	struct seen *s = slot();
	__u64 sum = 0;

	if (!s)
		return 0;
	/* written out: a context is read at constant offsets */
	sum += ctx[0] + 2 * ctx[1] + 3 * ctx[2] + 4 * ctx[3] + 5 * ctx[4] + 6 * ctx[5];
	sum += 7 * ctx[6] + 8 * ctx[7] + 9 * ctx[8] + 10 * ctx[9] + 11 * ctx[10] + 12 * ctx[11];
	s->many = sum;
	return 0;
}

SEC("raw_tp/hooks_request")
int raw_request(unsigned long long *ctx)
{
	struct seen *s = slot();

	if (s)
		__sync_fetch_and_add(&s->runs, ctx[2]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
