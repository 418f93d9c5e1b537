// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs that the tracepoints of ../tracepoints.c do not take; tracepoints.c knows why. */
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

extern int hooks_score(struct hooks_conn *c) __ksym;
extern int hooks_score_user(struct hooks_user *u) __ksym;

/* user may be NULL */
SEC("tp_btf/hooks_request")
int BPF_PROG(nullable_unchecked, struct hooks_conn *c, struct hooks_user *user)
{
	return user->uid;
}

/* a member of a trusted object is not trusted itself */
SEC("tp_btf/hooks_request")
int BPF_PROG(walked, struct hooks_conn *c)
{
	hooks_score_user(c->owner);
	return 0;
}

/* arguments are read-only */
SEC("tp_btf/hooks_request")
int writes(unsigned long long *ctx)
{
	ctx[2] = 0;
	return 0;
}

/* ... as are the host's objects */
SEC("tp_btf/hooks_request")
int BPF_PROG(writes_object, struct hooks_conn *c)
{
	c->id = 0;
	return 0;
}

/* there are four */
SEC("tp_btf/hooks_request")
int fifth(unsigned long long *ctx)
{
	return ctx[4];
}

/* a typedef that nobody declares: every pointer may be NULL */
SEC("tp_btf/hooks_undeclared")
int BPF_PROG(undeclared, struct hooks_conn *c)
{
	return c->id;
}

char LICENSE[] SEC("license") = "GPL";
