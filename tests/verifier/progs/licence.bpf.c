// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What a licence that is not the GPL's forbids: helpers, kernel functions, kernel objects (verifier spec R1.2; scenario 8). */
#include "../image/image.h"

char _license[] SEC("license") = "Proprietary";

SEC("kprobe") __expect_accept
int nothing_forbidden(void *ctx)
{
	return bpf_get_smp_processor_id() & 1;
}

SEC("kprobe") __expect_reject(EINVAL, KF0705)
int gpl_helper(void *ctx)
{
	char text[] = "x";

	bpf_trace_printk(text, sizeof(text));
	return 0;
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL)
int kernel_object(u64 *ctx)
{
	return ((struct task_struct *)ctx[0])->pid;
}

SEC("tp_btf/task_newtask") __expect_accept
int kernel_number(u64 *ctx)
{
	return ctx[1];
}

SEC("tc") __expect_reject(EINVAL)
int kernel_function(struct __sk_buff *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

SEC("lsm/file_open") __expect_reject(EINVAL)
int lsm(u64 *ctx)
{
	return 0;
}
