// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Trust, walked pointers, references, casts (kfunc spec sections 5, 6, 9).
 */
#include "graph.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, int);
} progs SEC(".maps");

long sink;

/* Kfunc scenario 17 */
SEC("tp_btf/task_newtask") __expect_accept
int acquire_release(u64 *ctx)
{
	struct task_struct *t = bpf_task_acquire((void *)ctx[0]);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* Kfunc scenario 18 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0503)
int release_unchecked(u64 *ctx)
{
	bpf_task_release(bpf_task_acquire((void *)ctx[0]));
	return 0;
}

/* Kfunc scenario 19 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0503)
int acquire_null(u64 *ctx)
{
	struct task_struct *t = bpf_task_acquire(NULL);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* Kfunc scenario 20 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0500)
int acquire_stack(u64 *ctx)
{
	long local = 1;
	struct task_struct *t = bpf_task_acquire((void *)&local);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* Kfunc scenario 21 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0400)
int release_unacquired(u64 *ctx)
{
	bpf_task_release((void *)ctx[0]);
	return 0;
}

/* Kfunc scenario 23 */
SEC("tp_btf/task_newtask") __expect_accept
int walk_to_listed_member(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	return bpf_cpumask_test_cpu(0, t->cpus_ptr);
}

/* Kfunc scenario 23 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0502)
int walk_to_other_member(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	return bpf_cpumask_test_cpu(0, t->user_cpus_ptr);
}

/* Kfunc scenario 24 */
SEC("tp_btf/task_newtask") __expect_accept
int embedded_member(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	return bpf_cpumask_first(&t->cpus_mask);
}

/* Kfunc scenario 25 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0504)
int outer_type_wanted(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	bpf_cpumask_set_cpu(0, (void *)t->cpus_ptr);
	return 0;
}

/* Kfunc scenario 26 */
SEC("tp_btf/task_newtask") __expect_accept
int inner_type_wanted(u64 *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();

	if (!m)
		return 0;
	sink = bpf_cpumask_first((const struct cpumask *)m);
	bpf_cpumask_release(m);
	return 0;
}

/* Kfunc scenario 58 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0314)
int object_written(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	t->pid = 1;
	return 0;
}

/* Kfunc scenario 38 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0403)
int use_after_release(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_task_release(t);
	return t->pid;
}

/* Kfunc scenario 38 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0404)
int release_twice(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_task_release(t);
	bpf_task_release(t);
	return 0;
}

/* R5.2: two candidates; since 7.2 it is the first parameter's, and the other reference stays */
SEC("tc") __expect_reject(EFAULT, KF0402) __expect_reject_on(7.2, EINVAL, KF0412)
int release_of_two(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1), *u;

	if (!t)
		return 0;
	u = bpf_task_from_pid(2);
	if (u)
		bpf_key_put(t, u);
	else
		bpf_task_release(t);
	return 0;
}

/* R5.2: whichever argument is owned is released, since 7.2 only the first one may be */
SEC("tp_btf/task_newtask") __expect_accept __expect_reject_on(7.2, EINVAL, KF0400)
int second_argument_released(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		bpf_key_put((void *)ctx[0], t);
	return 0;
}

/* Kfunc scenario 39 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0303)
int deref_unchecked(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int pid = t->pid;

	if (t)
		bpf_task_release(t);
	return pid;
}

/* Kfunc scenario 43 */
SEC("tc") __expect_reject(EINVAL, KF0413)
int tail_call_with_reference(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_tail_call(ctx, &progs, 0);
	bpf_task_release(t);
	return 0;
}

static __attribute__((noinline)) struct task_struct *get_task(void)
{
	return bpf_task_from_pid(1);
}

/* Kfunc scenario 44 */
SEC("tc") __expect_accept
int reference_from_static_function(struct __sk_buff *ctx)
{
	struct task_struct *t = get_task();

	if (t)
		bpf_task_release(t);
	return 0;
}

/* ---- RCU ---- */

/* Kfunc scenario 47 */
SEC("syscall") __expect_accept
int rcu_walk(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p, *a;

	bpf_rcu_read_lock();
	p = t->real_parent;
	if (p) {
		a = bpf_task_acquire(p);
		if (a)
			bpf_task_release(a);
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* Kfunc scenario 48 */
SEC("syscall") __expect_reject(EINVAL, KF0502)
int rcu_walk_outside(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p, *a;

	p = t->real_parent;
	if (p) {
		a = bpf_task_acquire(p);
		if (a)
			bpf_task_release(a);
	}
	return 0;
}

/* Kfunc scenario 49 */
SEC("syscall") __expect_reject(EINVAL, KF0502)
int rcu_walk_used_later(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p, *a;

	bpf_rcu_read_lock();
	p = t->real_parent;
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	if (p) {
		a = bpf_task_acquire(p);
		if (a)
			bpf_task_release(a);
	}
	bpf_rcu_read_unlock();
	return 0;
}

/* ---- availability, casts ---- */

/* Kfunc scenario 15 */
SEC("raw_tp/task_newtask") __expect_reject(EACCES, KF0701)
int kfunc_of_another_type(u64 *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* Kfunc scenario 100 */
SEC("tc") __expect_accept
int cast_context(struct __sk_buff *ctx)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(ctx);

	return skb->len;
}

/* Kfunc scenario 100 */
SEC("tc") __expect_reject(EINVAL, KF0511)
int cast_of_no_context(struct __sk_buff *ctx)
{
	struct sk_buff *skb = bpf_cast_to_kern_ctx(&sink);

	return skb->len;
}

/* Kfunc scenario 99 */
SEC("tp_btf/task_newtask") __expect_accept
int rdonly_cast(u64 *ctx)
{
	struct task_struct *t = bpf_rdonly_cast((void *)ctx[1], bpf_core_type_id_kernel(struct task_struct));

	return t->pid;
}

/* Kfunc scenario 99 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0501)
int rdonly_cast_to_kfunc(u64 *ctx)
{
	struct task_struct *t = bpf_rdonly_cast((void *)ctx[1], bpf_core_type_id_kernel(struct task_struct));

	bpf_task_release(t);
	return 0;
}

/* Kfunc scenario 99 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0314)
int rdonly_cast_written(u64 *ctx)
{
	struct task_struct *t = bpf_rdonly_cast((void *)ctx[1], bpf_core_type_id_kernel(struct task_struct));

	t->pid = 1;
	return 0;
}

/* Kfunc scenario 100 */
SEC("syscall") __expect_reject(EINVAL, KF0528)
int cast_where_no_context_is(void *ctx)
{
	return bpf_cast_to_kern_ctx(ctx) != NULL;
}

/* Kfunc scenario 99 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0529)
int rdonly_cast_to_a_number(u64 *ctx)
{
	int *p = bpf_rdonly_cast((void *)ctx[1], bpf_core_type_id_kernel(int));

	return *p;
}

SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0516)
int helper_wants_another_type(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	return !bpf_task_pt_regs((void *)t->cpus_ptr);
}

SEC("tp_btf/task_newtask") __expect_reject(ENOTSUPP, KF0717)
int helper_wants_a_function(u64 *ctx)
{
	return bpf_get_func_ip(ctx);
}

/* the image has no struct tcp_sock */
SEC("tc") __expect_reject(EINVAL, KF0531)
int helper_returns_unknown_type(struct __sk_buff *ctx)
{
	void *sk = *(void *volatile *)((void *)ctx + 168);

	return sk ? !bpf_skc_to_tcp_sock(sk) : 0;
}

SEC("tc") __expect_reject(EFAULT, KF0623)
int trapped(struct __sk_buff *ctx)
{
	if (ctx->len)
		__bpf_trap();
	return 0;
}

SEC("xdp") __expect_reject(EINVAL, KF0719)
int device_function(struct xdp_md *ctx)
{
	u64 t;

	bpf_xdp_metadata_rx_timestamp(ctx, &t);
	return 0;
}

char _license[] SEC("license") = "GPL";

/* ---- global functions: what a parameter tagged as the context may point to (verifier spec R3.19) ---- */

#define GLOBAL_CTX(name, type)                                                                     \
	__attribute__((noinline)) int name(type ctx __arg_ctx)                                     \
	{                                                                                          \
		asm volatile("");                                                                  \
		return 0;                                                                          \
	}

GLOBAL_CTX(wants_any, void *)
GLOBAL_CTX(wants_skb, const struct __sk_buff *)
GLOBAL_CTX(wants_xdp, struct xdp_md *)
GLOBAL_CTX(wants_numbers, u64 *)
GLOBAL_CTX(wants_bytes, char *)
GLOBAL_CTX(wants_pointers, void **)

SEC("tc") __expect_accept
int tagged_void(struct __sk_buff *ctx)
{
	return wants_any(ctx);
}

SEC("tc") __expect_accept
int tagged_own_struct(struct __sk_buff *ctx)
{
	return wants_skb(ctx);
}

SEC("tc") __expect_reject(EINVAL, KF0214)
int tagged_other_struct(void *ctx)
{
	return wants_xdp(ctx);
}

SEC("tc") __expect_reject(EINVAL, KF0214)
int tagged_numbers_of_a_struct(void *ctx)
{
	return wants_numbers(ctx);
}

SEC("tc") __expect_reject(EINVAL, KF0214)
int tagged_pointer_to_pointer(void *ctx)
{
	return wants_pointers(ctx);
}

SEC("tp_btf/task_newtask") __expect_accept
int tagged_numbers(void *ctx)
{
	return wants_numbers(ctx);
}

SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0214)
int tagged_bytes(void *ctx)
{
	return wants_bytes(ctx);
}

SEC("syscall") __expect_accept
int tagged_anything(void *ctx)
{
	return wants_xdp(ctx);
}
