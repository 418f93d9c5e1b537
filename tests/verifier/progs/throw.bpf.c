// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Exceptions (kfunc spec 9.1). */
#include "graph.h"

#define __exception_cb(name) __attribute__((btf_decl_tag("exception_callback:" #name)))

private(L) struct bpf_spin_lock lock;
long sink;

/* Scenario 92 */
SEC("tc") __expect_accept
int thrown(struct __sk_buff *ctx)
{
	if (ctx->len > 100)
		bpf_throw(64);
	return 0;
}

/* Scenario 93 */
SEC("tp_btf/task_newtask") __expect_accept
int thrown_in_tracepoint(u64 *ctx)
{
	bpf_throw(64);
	return 0;
}

/* Scenario 93 */
SEC("cgroup_skb/ingress") __expect_reject(EINVAL, KF0320)
int thrown_out_of_range(struct __sk_buff *ctx)
{
	bpf_throw(64);
	return 1;
}

/* Scenario 92 */
SEC("tc") __expect_reject(EINVAL, KF0412)
int thrown_with_reference(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_throw(0);
	bpf_task_release(t);
	return 0;
}

/* Scenario 92 */
SEC("tc") __expect_reject(EINVAL, KF0603)
int thrown_in_rcu_section(struct __sk_buff *ctx)
{
	bpf_rcu_read_lock();
	bpf_throw(0);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 92 */
SEC("tc") __expect_reject(EINVAL, KF0612)
int thrown_under_lock(struct __sk_buff *ctx)
{
	bpf_spin_lock(&lock);
	bpf_throw(0);
	bpf_spin_unlock(&lock);
	return 0;
}

static int throwing(int i, void *ctx)
{
	bpf_throw(0);
	return 0;
}

/* Scenario 92 */
SEC("tc") __expect_reject(EINVAL, KF0622)
int thrown_in_callback(struct __sk_buff *ctx)
{
	bpf_loop(4, throwing, NULL, 0);
	return 0;
}

/* no path throws, but the function is a callback and could */
static int never_throwing(int i, void *ctx)
{
	asm volatile("r0 = 1; if r0 == 1 goto +2; r1 = 0; call bpf_throw" ::: "r0", "r1", "r2", "r3", "r4", "r5");
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0622)
int dead_throw_in_callback(struct __sk_buff *ctx)
{
	bpf_loop(4, never_throwing, NULL, 0);
	return 0;
}

static __attribute__((noinline)) int calls_dead_throw(void)
{
	return never_throwing(1, NULL);
}

static int never_throwing_itself(int i, void *ctx)
{
	return calls_dead_throw();
}

SEC("tc") __expect_reject(EINVAL, KF0622)
int dead_throw_below_callback(struct __sk_buff *ctx)
{
	bpf_loop(4, never_throwing_itself, NULL, 0);
	return 0;
}

SEC("tc") __expect_accept
int dead_throw_outside_of_callbacks(struct __sk_buff *ctx)
{
	return calls_dead_throw();
}

static __attribute__((noinline)) int throws_for(struct __sk_buff *ctx)
{
	if (ctx->len > 100)
		bpf_throw(1);
	return ctx->len;
}

SEC("tc") __expect_accept
int thrown_in_static_function(struct __sk_buff *ctx)
{
	return throws_for(ctx);
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int thrown_in_static_function_with_reference(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	sink = throws_for(ctx);
	bpf_task_release(t);
	return 0;
}

__attribute__((noinline)) int caught(u64 cookie)
{
	return cookie > 10;
}

/* Scenario 94 */
SEC("tc") __expect_accept
__exception_cb(caught)
int thrown_and_caught(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

__attribute__((noinline)) int catches_two(u64 cookie, u64 more)
{
	return cookie > more;
}

/* Scenario 94 */
SEC("tc") __expect_reject(EINVAL, KF0241)
__exception_cb(catches_two)
int caught_with_two_arguments(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

__attribute__((noinline)) int throws_again(u64 cookie)
{
	bpf_throw(cookie);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0622)
__exception_cb(throws_again)
int caught_and_thrown_again(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

char _license[] SEC("license") = "GPL";
