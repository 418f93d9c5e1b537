/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A kernel function that no kernel has: called, guarded, and not called at all. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

extern int bpf_no_such_function(int x) __ksym;
extern int bpf_no_such_either(int x) __ksym __weak;

SEC("tp_btf/task_newtask")
int BPF_PROG(calls_it, struct task_struct *task, u64 clone_flags)
{
	return bpf_no_such_function(1);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(guards_it, struct task_struct *task, u64 clone_flags)
{
	if (bpf_ksym_exists(bpf_no_such_either))
		return bpf_no_such_either(1);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(leaves_it, struct task_struct *task, u64 clone_flags)
{
	return 0;
}

SEC("tp_btf/no_such_tracepoint")
int BPF_PROG(nowhere, struct task_struct *task)
{
	return 0;
}
