// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Number arguments, ignored ones, strings, maps, contexts (kfunc spec 3.1-3.3).
 */
#include "mod.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} some_map SEC(".maps");

int variable = 3;
const char text[] SEC(".rodata.text")
= "seven__";
char changing[8] = "seven__";

SEC("syscall")
__expect_accept
__expect_retval(3)
int scalar_unknown(void *ctx)
{
	return mod_scalar(variable);
}

SEC("syscall")
__expect_reject(EINVAL, KF0505)
int scalar_is_pointer(void *ctx)
{
	long x = (long)&x;

	return mod_scalar((unsigned long)&x);
}

/* Scenario 29 */
SEC("syscall")
__expect_accept
__expect_retval(9)
int constant(void *ctx)
{
	return mod_const(9);
}

SEC("syscall")
__expect_reject(EINVAL, KF0506)
int constant_unknown(void *ctx)
{
	return mod_const(variable);
}

/* two paths, two constants: both are constants where they are used */
SEC("syscall")
__expect_accept
int constant_by_path(void *ctx)
{
	u64 x = 1;

	if (variable)
		x = 2;
	hide(x);
	return mod_const(x);
}

SEC("syscall")
__expect_accept
__expect_retval(3)
int ignored(void *ctx)
{
	return mod_ign((void *)0x1234, variable);
}

SEC("syscall")
__expect_accept
__expect_retval(7)
int string_constant(void *ctx)
{
	return mod_str(text);
}

SEC("syscall")
__expect_reject(EACCES, KF0520)
int string_not_frozen(void *ctx)
{
	return mod_str(changing);
}

SEC("syscall")
__expect_reject(EINVAL, KF0500)
int string_on_stack(void *ctx)
{
	char s[] = "abc";

	hide(ctx);
	return mod_str(s);
}

SEC("syscall")
__expect_accept
__expect_retval(1)
int map_given(void *ctx)
{
	return mod_map(&some_map);
}

SEC("syscall")
__expect_reject(EINVAL, KF0512)
int map_is_stack(void *ctx)
{
	long x = 0;

	return mod_map(&x);
}

/* Scenario 32 */
SEC("tc")
__expect_accept
int context(struct __sk_buff *skb)
{
	return mod_ctx(skb);
}

/* Scenario 32 */
SEC("tc")
__expect_reject(EINVAL, KF0511)
int context_is_number(struct __sk_buff *skb)
{
	return mod_ctx((void *)10);
}

SEC("tc")
__expect_reject(EINVAL, KF0511)
int context_is_stack(struct __sk_buff *skb)
{
	long x = 0;

	return mod_ctx((void *)&x);
}

/* ---- prototypes ---- */

/* R1.5, R2.6: the function was registered, which nobody minded; a call of it is refused */
SEC("syscall")
__expect_reject(EINVAL, KF0805)
int struct_by_value(void *ctx)
{
	struct mod_pair p = {1, 2};

	return mod_by_value(p);
}

/* R1.5, R2.6: declared with the five parameters that a program can give, it is another function */
SEC("syscall")
__expect_reject(EINVAL, KF0700)
int six_parameters(void *ctx)
{
	return mod_six(1, 2, 3, 4, 5);
}

/* R1.4: an ordinary function of the host, which was put into a set as it is */
SEC("syscall")
__expect_accept
__expect_retval(42)
int existing_function(void *ctx)
{
	return mod_existing(4, 2);
}

char far_text[] = "abc";

/* R2.14: in the host's executable, and in the library, which is too far away for a relative call */
SEC("syscall")
__expect_accept
__expect_retval(12)
int near_and_far(void *ctx)
{
	return mod_const(9) + bpf_strlen(far_text);
}

/* ---- who may call ---- */

/* Scenario 7 */
SEC("syscall")
__expect_reject(EACCES, KF0701)
int other_type(void *ctx)
{
	return mod_xdp_only();
}

/* Scenario 7: not visible, but never reached: R2.12 */
SEC("syscall")
__expect_accept
int other_type_dead(void *ctx)
{
	if (bpf_get_current_pid_tgid() == 0 && variable * 0)
		return mod_xdp_only();
	return 0;
}

SEC("xdp")
__expect_accept
int right_type(struct xdp_md *ctx)
{
	return mod_xdp_only() + 2;
}

SEC("syscall")
__expect_accept
int deprecated(void *ctx)
{
	return mod_old(1);
}

SEC("syscall")
__expect_accept
int sleepable(void *ctx)
{
	return mod_sleep();
}

SEC("tp_btf/task_newtask")
__expect_reject(EACCES, KF0600)
int BPF_PROG(not_sleepable, struct task_struct *task, u64 clone_flags)
{
	return mod_sleep();
}

SEC("syscall")
__expect_reject(EACCES, KF0601)
int sleep_in_rcu(void *ctx)
{
	int r;

	bpf_rcu_read_lock();
	r = mod_sleep();
	bpf_rcu_read_unlock();
	return r;
}

/* Scenario 98 */
SEC("syscall")
__expect_accept
int destructive(void *ctx)
{
	return mod_destroy();
}

/* Scenario 10: one kfunc may be called as often as one likes */
SEC("syscall")
__expect_accept
int many_calls(void *ctx)
{
	int sum = 0;

#pragma clang loop unroll(full)
	for (int i = 0; i < 300; i++)
		sum += mod_const(i);
	return sum;
}

char LICENSE[] SEC("license")
= "GPL";
