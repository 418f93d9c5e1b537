/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs that cannot even be given to the verifier, and why: test_cli.py knows the code of each. The
 * last one has nothing wrong with it.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

struct task_struct___other {
	int no_such_member;
} __attribute__((preserve_access_index));

SEC("nonsense/place")
int section_unknown(void *ctx)
{
	return 0;
}

SEC("freplace/some_function")
int no_target_program(struct __sk_buff *skb)
{
	return 0;
}

SEC("fentry")
int unnamed(void *ctx)
{
	return 0;
}

SEC("struct_ops")
int unreferenced(void *ctx)
{
	return 0;
}

SEC("fentry/no_such_function")
int no_function(void *ctx)
{
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(no_member, struct task_struct *task)
{
	return ((struct task_struct___other *)task)->no_such_member;
}

SEC("socket")
int fine(struct __sk_buff *skb)
{
	return 0;
}
