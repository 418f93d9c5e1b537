// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Rules of the verifier spec that need types or kfuncs, each program named after its rule: what a
 * callback may not do, global functions, iterators, untrusted memory, exits.
 */
#include "graph.h"

char _license[] SEC("license") = "GPL";

#define noinline	    __attribute__((noinline))
#define __arg(what)	    __attribute__((btf_decl_tag("arg:" what)))
#define __exception_cb(name) __attribute__((btf_decl_tag("exception_callback:" #name)))

#define naked		    __attribute__((naked))

private(L) struct bpf_spin_lock lock;
long sink;
int values[8];

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, int);
} numbers SEC(".maps");

/* ---- verifier spec, section 3: control flow ---- */

static int throws_in_callback(int i, void *ctx)
{
	bpf_throw(0);
	return 0;
}

/* R3.11 */
SEC("tc") __expect_reject(EINVAL, KF0622)
int r3_11_throw_in_callback(struct __sk_buff *ctx)
{
	bpf_loop(4, throws_in_callback, NULL, 0);
	return 0;
}

static noinline int throws(u64 n)
{
	if (n > 5)
		bpf_throw(0);
	return 0;
}

static int calls_thrower(int i, void *ctx)
{
	return throws(i);
}

/* R3.11 */
SEC("tc") __expect_reject(EINVAL, KF0622)
int r3_11_throw_below_callback(struct __sk_buff *ctx)
{
	bpf_loop(4, calls_thrower, NULL, 0);
	return 0;
}

noinline int shortens(struct __sk_buff *ctx)
{
	return bpf_skb_pull_data(ctx, 4);
}

noinline int looks(struct __sk_buff *ctx)
{
	return ctx->len;
}

noinline int shortens_below(struct __sk_buff *ctx)
{
	return shortens(ctx) + 1;
}

/* R3.16: what the body does to packets happens at the call */
SEC("tc") __expect_reject(EACCES)
int r3_16_packet_changed(struct __sk_buff *ctx)
{
	u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (p + 4 > end)
		return 0;
	shortens(ctx);
	return p[1];
}

/* R3.16 */
SEC("tc") __expect_reject(EACCES)
int r3_16_packet_changed_below(struct __sk_buff *ctx)
{
	u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (p + 4 > end)
		return 0;
	shortens_below(ctx);
	return p[1];
}

/* R3.16 */
SEC("tc") __expect_accept
int r3_16_packet_kept(struct __sk_buff *ctx)
{
	u8 *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (p + 4 > end)
		return 0;
	sink = looks(ctx);
	return p[1];
}

/* R3.16: under a lock nothing is called that is verified elsewhere */
SEC("tc") __expect_reject(EINVAL, KF0630)
int r3_16_called_under_lock(struct __sk_buff *ctx)
{
	bpf_spin_lock(&lock);
	sink = looks(ctx);
	bpf_spin_unlock(&lock);
	return 0;
}

noinline int three(int n)
{
	n = 3;
	hide(n);
	return n;
}

/* R3.16: nothing is known of the result, whatever the body */
SEC("tc") __expect_reject(EINVAL)
int r3_16_result_is_unknown(struct __sk_buff *ctx)
{
	return values[three(1)];
}

noinline int reads_stack_of_caller(u64 n)
{
	u64 r = 0;

	asm volatile("%0 = *(u64 *)(r1 + 0)" : "=r"(r) : "r"(n) : "memory");
	return r;
}

/* R3.17: no path calls it, so nobody looks at its body */
SEC("tc") __expect_accept __expect_reject_on(6.1, EACCES)
int r3_17_called_in_dead_code(struct __sk_buff *ctx)
{
	long zero = 0;

	asm volatile("%0 = 0" : "=r"(zero));
	if (zero)
		return reads_stack_of_caller(zero);
	return 0;
}

/* R3.17: called, it is verified with what its prototype says, not with what is passed */
SEC("tc") __expect_reject(EACCES)
int r3_17_called(struct __sk_buff *ctx)
{
	return reads_stack_of_caller(0);
}

noinline int adds(int *p, int n)
{
	if (p)
		*p += n;
	return n;
}

/* R3.18 */
SEC("tc") __expect_accept
int r3_18_memory(struct __sk_buff *ctx)
{
	int n = 5;

	adds(&n, ctx->len);
	adds(NULL, 1);
	adds(&values[3], n);
	return n;
}

/* R3.18: too short for an int */
SEC("tc") __expect_reject(EINVAL)
int r3_18_memory_too_short(struct __sk_buff *ctx)
{
	int key = 1, *n = bpf_map_lookup_elem(&numbers, &key);

	return n ? adds((int *)((char *)n + 1), 1) : 0;
}

/* R3.18: it could be written */
SEC("tc") __expect_reject(EINVAL)
int r3_18_number_for_memory(struct __sk_buff *ctx)
{
	int *p = (int *)(long)ctx->len;

	hide(p);
	return adds(p, 1);
}

noinline int needs(int *p __arg("nonnull"))
{
	return *p;
}

/* R3.18 */
SEC("tc") __expect_reject(EINVAL)
int r3_18_maybe_null_for_nonnull(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int r;

	bpf_iter_num_new(&it, 0, 3);
	r = needs(bpf_iter_num_next(&it));
	bpf_iter_num_destroy(&it);
	return r;
}

/* R3.23: a counter that decides nothing is forgotten, and the loop ends */
SEC("tc") __expect_accept
int r3_23_counter(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	u64 n = 0, twice = 0;

	bpf_iter_num_new(&it, 0, 1000000);
	while (bpf_iter_num_next(&it)) {
		n++;
		hide(n);
		twice += n;
		hide(twice);
	}
	bpf_iter_num_destroy(&it);
	return n + twice;
}

/* R3.23: afterwards it may be anything */
SEC("tc") __expect_reject(EACCES)
int r3_23_counter_is_unknown(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	u64 n = 0;

	bpf_iter_num_new(&it, 0, 4);
	while (bpf_iter_num_next(&it)) {
		n++;
		hide(n);
	}
	bpf_iter_num_destroy(&it);
	return values[n];
}

/* R3.23: one that is an offset is not */
SEC("tc") __expect_reject(EACCES)
int r3_23_counter_is_offset(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	u64 n = 0;
	int sum = 0;

	bpf_iter_num_new(&it, 0, 4);
	while (bpf_iter_num_next(&it)) {
		hide(n);
		sum += values[n];
		n++;
	}
	bpf_iter_num_destroy(&it);
	return sum;
}

/* R3.23: bounded by its own comparison */
SEC("tc") __expect_accept
int r3_23_counter_is_bounded_offset(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	u64 n = 0;
	int sum = 0;

	bpf_iter_num_new(&it, 0, 400);
	while (bpf_iter_num_next(&it)) {
		hide(n);
		if (n >= 8)
			break;
		sum += values[n];
		n++;
	}
	bpf_iter_num_destroy(&it);
	return sum;
}

/* R3.23: the end of the loop is a path of its own: after it nothing of the iterator is left */
SEC("tc") __expect_reject(EACCES, KF0302)
int r3_23_drained(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int *v;

	bpf_iter_num_new(&it, 0, 4);
	while ((v = bpf_iter_num_next(&it)))
		sink += *v;
	v = bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return *v;
}

/* R3.23: what is acquired in a round is released in it */
SEC("tc") __expect_reject(EINVAL)
int r3_23_acquired_in_loop(struct __sk_buff *ctx)
{
	struct task_struct *t = NULL;
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 4);
	while (bpf_iter_num_next(&it))
		t = bpf_task_from_pid(1);
	bpf_iter_num_destroy(&it);
	if (t)
		bpf_task_release(t);
	return 0;
}

noinline int sleeps_where_asked(long n);

/* R3.16: what may sleep is not called where nothing may */
SEC("syscall") __expect_reject(EINVAL)
int r3_16_sleeps_in_region(void *ctx)
{
	bpf_rcu_read_lock();
	sink = sleeps_where_asked(5);
	bpf_rcu_read_unlock();
	return 0;
}

noinline int sleeps_where_asked(long n)
{
	char c = 0;

	bpf_copy_from_user(&c, 1, (void *)n);
	return c;
}

/* R3.16 */
SEC("syscall") __expect_accept
int r3_16_sleeps(void *ctx)
{
	return sleeps_where_asked(5);
}

/* R3.16: the arguments are gone after the call */
SEC("tc") __expect_reject(EACCES, KF0300)
naked int r3_16_arguments_gone(void)
{
	asm volatile("r1 = 5; r2 = 1; call three; r0 = r2; exit");
}

/* ---- verifier spec R3.26: callbacks ---- */

__attribute__((used)) static naked int gives_pointer(void)
{
	asm volatile("r0 = values ll; exit");
}

/* R3.26 */
SEC("tc") __expect_reject(EACCES, KF0234)
naked int r3_26_pointer(void)
{
	asm volatile("r1 = 4; r2 = gives_pointer ll; r3 = 0; r4 = 0; call 181; r0 = 0; exit");
}

__attribute__((used)) static naked int gives_number(void)
{
	asm volatile("r0 = 0; exit");
}

/* R3.26 */
SEC("tc") __expect_accept
naked int r3_26_number(void)
{
	asm volatile("r1 = 4; r2 = gives_number ll; r3 = 0; r4 = 0; call 181; r0 = 0; exit");
}

/* R3.26: an address that was moved is none */
SEC("tc") __expect_reject(EACCES)
naked int r3_26_moved(void)
{
	asm volatile("r1 = 4; r2 = gives_number ll; r2 += 8; r3 = 0; r4 = 0; call 181; r0 = 0; exit");
}

/* the state at the join is stored after enough jumps, with 1; then 2 comes there */
__attribute__((used)) static naked int gives_two_at_last(void)
{
	asm volatile("call 7; r6 = r0; r7 = 0; r8 = 0; r9 = 0; r1 = 0; r2 = 0; r3 = 0;"
		     "if r6 == 1 goto +0; if r6 == 2 goto +0; if r6 == 3 goto +0;"
		     "r7 = 2; if r6 == 0 goto +1; r7 = 1; r6 = 0; r0 = 0; r8 = 0; r0 = r7; exit");
}

/* R3.26: the result is compared, whatever covers the path */
SEC("tc") __expect_reject(EINVAL)
naked int r3_26_result_counts(void)
{
	asm volatile("r1 = 4; r2 = gives_two_at_last ll; r3 = 0; r4 = 0; call 181; r0 = 0; exit");
}

/* ---- R5.5: memory that may not be there is read anywhere ---- */

/* R5.5 */
SEC("tc") __expect_accept __expect_reject_on(6.12, EINVAL)
int r5_5_untrusted_moves(struct __sk_buff *ctx)
{
	char *p = bpf_rdonly_cast((void *)(long)ctx->len, 0);
	u64 n = ctx->len;

	p += n << 20;
	p += 1ull << 40;
	p -= n;
	return *p + p[-5];
}

/* R5.5: and never written */
SEC("tc") __expect_reject(EACCES)
int r5_5_untrusted_written(struct __sk_buff *ctx)
{
	char *p = bpf_rdonly_cast((void *)(long)ctx->len, 0);

	p += ctx->len;
	*p = 1;
	return 0;
}

/* ---- R10.1: what is found first at an exit ---- */

/* R10.1 */
SEC("tc") __expect_reject(EINVAL, KF0606)
int r10_1_lock_first(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_spin_lock(&lock);
	return 0;
}

/* R10.1 */
SEC("tc") __expect_reject(EINVAL, KF0412)
int r10_1_reference_before_regions(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	unsigned long flags;

	if (!t)
		return 0;
	bpf_rcu_read_lock();
	bpf_preempt_disable();
	bpf_local_irq_save(&flags);
	return 0;
}

/* R10.1 */
SEC("tc") __expect_reject(EINVAL, KF0603)
int r10_1_irq_before_rcu(struct __sk_buff *ctx)
{
	unsigned long flags;

	bpf_rcu_read_lock();
	bpf_preempt_disable();
	bpf_local_irq_save(&flags);
	return 0;
}

/* R10.1 */
SEC("tc") __expect_reject(EINVAL, KF0603)
int r10_1_rcu_before_preemption(struct __sk_buff *ctx)
{
	bpf_rcu_read_lock();
	bpf_preempt_disable();
	return 0;
}

/* R10.1: regions before the value */
SEC("cgroup_skb/ingress") __expect_reject(EINVAL, KF0603)
int r10_1_preemption_before_range(struct __sk_buff *ctx)
{
	bpf_preempt_disable();
	return 7;
}

/* ---- R10.2 ---- */

noinline int catches(u64 cookie)
{
	return cookie & 1;
}

/* R10.2 */
SEC("cgroup_skb/ingress") __expect_accept
__exception_cb(catches)
int r10_2_result_in_range(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

noinline int catches_much(u64 cookie)
{
	return cookie & 7;
}

/* R10.2 */
SEC("cgroup_skb/ingress") __expect_reject(EINVAL, KF0320)
__exception_cb(catches_much)
int r10_2_result_out_of_range(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

/* R10.2: the same one where there is no range */
SEC("tc") __expect_accept
__exception_cb(catches_much)
int r10_2_no_range(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

/* R10.2: and it is no function to call */
SEC("tc") __expect_reject(EINVAL)
__exception_cb(catches_much)
int r10_2_called(struct __sk_buff *ctx)
{
	return catches_much(ctx->len);
}

noinline int catches_none(void)
{
	return 0;
}

/* R10.2 */
SEC("tc") __expect_reject(EINVAL)
__exception_cb(catches_none)
int r10_2_no_parameter(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}
