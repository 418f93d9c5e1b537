// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The documentation's own examples. */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("syscall") __expect_accept __expect_retval(0)
int memzero(void *ctx)
{
	u64 mem[4] = {1, 2, 3, 4};

	bpf_memzero(mem, 24);
	return (mem[0] | mem[1] | mem[2]) || mem[3] != 4;
}

SEC("syscall") __expect_reject(EINVAL, KF0335)
int memzero_beyond(void *ctx)
{
	u64 mem[4] = {1, 2, 3, 4};

	bpf_memzero(mem, 40);
	return mem[0];
}

SEC("syscall") __expect_reject(EACCES, KF0507)
int memzero_unbounded(void *ctx)
{
	u64 mem[4] = {1, 2, 3, 4};

	bpf_memzero(mem, bpf_get_prandom_u32());
	return mem[0];
}

SEC("syscall") __expect_accept __expect_retval(3)
int pair(void *ctx)
{
	int pid = bpf_get_current_pid_tgid(), r = 0;
	struct task_struct *t = bpf_get_task_pid(pid);

	if (t) {
		r |= t->pid == pid;
		bpf_put_pid(t);
	}
	t = bpf_find_get_task_by_vpid(pid);
	if (t) {
		r |= 2 * (t->pid == pid);
		bpf_put_pid(t);
	}
	return r;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int pair_leaks(void *ctx)
{
	struct task_struct *t = bpf_get_task_pid(1);

	return t ? t->pid : 0;
}

SEC("syscall") __expect_reject(EACCES, KF0503)
int pair_unchecked(void *ctx)
{
	struct task_struct *t = bpf_find_get_task_by_vpid(1);

	bpf_put_pid(t);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0400)
int put_of_unowned(void *ctx)
{
	bpf_put_pid(bpf_get_current_task_btf());
	return 0;
}
