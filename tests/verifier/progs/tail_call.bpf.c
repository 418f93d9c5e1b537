// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Tail calls and legacy loads in subprograms: what the callers' stack may hold, and what such a function must return
 * (verifier spec R1.8, R3.10; scenarios 31, 32). Without type information: tests/verifier/asm/control_flow.txt.
 */
#include "../image/image.h"

char _license[] SEC("license") = "GPL";

#define noinline __attribute__((noinline))
#define naked    __attribute__((naked))

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, int);
} progs SEC(".maps");

static noinline int jumps(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &progs, 0);
	return 1;
}

static noinline void jumps_and_returns_nothing(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &progs, 0);
}

SEC("socket") __expect_accept
naked int from_a_function(void)
{
	asm volatile("call %[f]; exit" ::[f] "i"(jumps));
}

SEC("socket") __expect_accept
naked int under_240_bytes(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 240) = r0; call %[f]; exit" ::[f] "i"(jumps));
}

SEC("socket") __expect_reject(EACCES, KF0215)
naked int under_256_bytes(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 256) = r0; call %[f]; exit" ::[f] "i"(jumps));
}

/* the function's own stack does not count */
static noinline naked int jumps_with_stack(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 256) = r0; r2 = %[map] ll; r3 = 0; call 12; r0 = 0; exit" ::
			     [map] "i"(&progs));
}

SEC("socket") __expect_accept
naked int own_stack_of_256_bytes(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 240) = r0; call %[f]; exit" ::[f] "i"(jumps_with_stack));
}

/* private stacks are not for programs with tail calls */
SEC("kprobe") __expect_reject(EACCES)
naked int no_private_stack(void)
{
	asm volatile("r0 = 0; *(u64 *)(r10 - 264) = r0; call %[f]; exit" ::[f] "i"(jumps_with_stack));
}

SEC("socket") __expect_reject(EINVAL)
int in_a_void_function(struct __sk_buff *ctx)
{
	jumps_and_returns_nothing(ctx);
	return 0;
}

/* ---- scenario 32 ---- */

static noinline naked int loads(void)
{
	asm volatile("r6 = r1; r0 = *(u8 *)skb[0]; exit");
}

static noinline naked void loads_and_returns_nothing(void)
{
	asm volatile("r6 = r1; r0 = *(u8 *)skb[0]; exit");
}

SEC("socket") __expect_accept
naked int legacy_load(void)
{
	asm volatile("call %[f]; r0 = 0; exit" ::[f] "i"(loads));
}

SEC("socket") __expect_reject(EINVAL)
naked int legacy_load_in_a_void_function(void)
{
	asm volatile("call %[f]; r0 = 0; exit" ::[f] "i"(loads_and_returns_nothing));
}

/* ---- what the caller holds is no matter of the function that is left, what it holds itself is ---- */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

static noinline int loads_byte(struct __sk_buff *ctx)
{
	int n;

	asm volatile("r6 = %1; r0 = *(u8 *)skb[0]; %0 = r0"
		     : "=r"(n)
		     : "r"(ctx)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	return n;
}

static noinline int jumps_now(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &progs, 0);
	return 1;
}

SEC("tc") __expect_accept
int legacy_load_below_a_reference(struct __sk_buff *ctx)
{
	long *rec = bpf_ringbuf_reserve(&records, 8, 0);

	if (!rec)
		return 0;
	*rec = loads_byte(ctx);
	bpf_ringbuf_discard(rec, 0);
	return 0;
}

SEC("tc") __expect_accept
int tail_call_below_a_reference(struct __sk_buff *ctx)
{
	long *rec = bpf_ringbuf_reserve(&records, 8, 0);

	if (!rec)
		return 0;
	*rec = jumps_now(ctx);
	bpf_ringbuf_discard(rec, 0);
	return 0;
}

static noinline int loads_with_reference(struct __sk_buff *ctx)
{
	long *rec = bpf_ringbuf_reserve(&records, 8, 0);

	if (!rec)
		return 0;
	asm volatile("r6 = %0; r0 = *(u8 *)skb[0]" ::"r"(ctx) : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	bpf_ringbuf_discard(rec, 0);
	return 0;
}

static noinline int jumps_with_reference(struct __sk_buff *ctx)
{
	long *rec = bpf_ringbuf_reserve(&records, 8, 0);

	if (!rec)
		return 0;
	bpf_tail_call(ctx, &progs, 0);
	bpf_ringbuf_discard(rec, 0);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int legacy_load_with_own_reference(struct __sk_buff *ctx)
{
	return loads_with_reference(ctx);
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int tail_call_with_own_reference(struct __sk_buff *ctx)
{
	return jumps_with_reference(ctx);
}
