// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs under another licence (kfunc spec R6.5). */
#include "expect.h"

char _license[] SEC("license") = "Proprietary";

/* R6.5: the kernel's objects are not for them */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0705)
int BPF_PROG(object_read, struct task_struct *task, u64 clone_flags)
{
	return task->pid;
}

/* R6.5: what is no object may be read */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(number_read, struct task_struct *task, u64 clone_flags)
{
	return clone_flags != 0;
}

/* Scenario 11 */
SEC("tc") __expect_reject(EINVAL, KF0705)
int kfunc_called(struct __sk_buff *skb)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 11: nor where it is never reached */
SEC("tc") __expect_reject(EINVAL, KF0705)
int kfunc_in_dead_code(struct __sk_buff *skb)
{
	u64 zero = 0;

	hide(zero);
	if (zero) {
		bpf_rcu_read_lock();
		bpf_rcu_read_unlock();
	}
	return 0;
}

SEC("tc") __expect_accept __expect_retval(64)
int no_kfunc(struct __sk_buff *skb)
{
	return skb->len;
}
