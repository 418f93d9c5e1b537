// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* RCU, preemption, interrupts, locks (kfunc spec section 7). */
#include "graph.h"

struct value {
	struct bpf_spin_lock lock;
	long n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct value);
} values SEC(".maps");

struct res_value {
	struct bpf_res_spin_lock lock;
	long n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct res_value);
} res_values SEC(".maps");

private(A) struct bpf_res_spin_lock lock_a;
private(B) struct bpf_res_spin_lock lock_b;

long sink;

/* ---- RCU ---- */

/* Scenario 53 */
SEC("syscall") __expect_accept
int rcu_balanced(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 53 */
SEC("syscall") __expect_reject(EINVAL, KF0603)
int rcu_left_open(void *ctx)
{
	bpf_rcu_read_lock();
	return 0;
}

/* Scenario 52 */
SEC("syscall") __expect_reject(EINVAL, KF0604)
int rcu_unlock_alone(void *ctx)
{
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 52 */
SEC("syscall") __expect_reject(EINVAL, KF0605) __expect_accept_on(7.2)
int rcu_nested(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 54 */
SEC("syscall") __expect_reject(EACCES, KF0601)
int rcu_sleepable_kfunc(void *ctx)
{
	char buf[8];

	bpf_rcu_read_lock();
	bpf_copy_from_user_str(buf, sizeof(buf), ctx, 0);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 54 */
SEC("syscall") __expect_reject(EINVAL, KF0614)
int rcu_sleepable_helper(void *ctx)
{
	char buf[8];

	bpf_rcu_read_lock();
	bpf_copy_from_user(buf, sizeof(buf), ctx);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 54 */
SEC("syscall") __expect_accept
int sleepable_kfunc(void *ctx)
{
	char buf[8];

	return bpf_copy_from_user_str(buf, sizeof(buf), ctx, 0);
}

SEC("tc") __expect_reject(EACCES, KF0600)
int sleepable_kfunc_in_tc(struct __sk_buff *ctx)
{
	char buf[8];

	return bpf_copy_from_user_str(buf, sizeof(buf), NULL, 0);
}

/* Scenario 53 */
SEC("tc") __expect_reject(EINVAL, KF0603)
int rcu_missing_on_one_path(struct __sk_buff *ctx)
{
	bpf_rcu_read_lock();
	if (ctx->len > 10)
		return 1;
	bpf_rcu_read_unlock();
	return 0;
}

static __attribute__((noinline)) int static_lock(void)
{
	bpf_rcu_read_lock();
	return 0;
}

/* Scenario 55 */
SEC("syscall") __expect_accept
int rcu_locked_by_static_function(void *ctx)
{
	static_lock();
	bpf_rcu_read_unlock();
	return 0;
}

__attribute__((noinline)) int global_lock(int x)
{
	bpf_rcu_read_lock();
	return x;
}

/* Scenario 55 */
SEC("syscall") __expect_reject(EINVAL, KF0604)
int rcu_locked_by_global_function(void *ctx)
{
	global_lock(1);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 55 */
SEC("syscall") __expect_reject(EINVAL, KF0603)
int rcu_left_open_by_global_function(void *ctx)
{
	global_lock(1);
	return 0;
}

/* ---- preemption, interrupts ---- */

/* Scenario 61 */
SEC("tc") __expect_accept
int preempt_nested(struct __sk_buff *ctx)
{
	bpf_preempt_disable();
	bpf_preempt_disable();
	bpf_preempt_enable();
	bpf_preempt_enable();
	return 0;
}

/* Scenario 61 */
SEC("tc") __expect_reject(EINVAL, KF0603)
int preempt_left_off(struct __sk_buff *ctx)
{
	bpf_preempt_disable();
	return 0;
}

/* Scenario 61 */
SEC("tc") __expect_reject(EINVAL, KF0604)
int preempt_enable_alone(struct __sk_buff *ctx)
{
	bpf_preempt_enable();
	return 0;
}

SEC("syscall") __expect_reject(EACCES, KF0601)
int preempt_sleepable_kfunc(void *ctx)
{
	char buf[8];

	bpf_preempt_disable();
	bpf_copy_from_user_str(buf, sizeof(buf), ctx, 0);
	bpf_preempt_enable();
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_accept
int irq_in_order(struct __sk_buff *ctx)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&b);
	bpf_local_irq_restore(&a);
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EACCES, KF0610)
int irq_out_of_order(struct __sk_buff *ctx)
{
	unsigned long a, b;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&b);
	bpf_local_irq_restore(&a);
	bpf_local_irq_restore(&b);
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EINVAL, KF0619)
int irq_restore_of_nothing(struct __sk_buff *ctx)
{
	unsigned long a;

	bpf_local_irq_restore(&a);
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EINVAL, KF0619)
int irq_saved_twice(struct __sk_buff *ctx)
{
	unsigned long a;

	bpf_local_irq_save(&a);
	bpf_local_irq_save(&a);
	bpf_local_irq_restore(&a);
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EINVAL, KF0500)
int irq_flags_in_global(struct __sk_buff *ctx)
{
	bpf_local_irq_save((unsigned long *)&sink);
	bpf_local_irq_restore((unsigned long *)&sink);
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EINVAL, KF0619)
int irq_flags_overwritten(struct __sk_buff *ctx)
{
	unsigned long a;

	bpf_local_irq_save(&a);
	*(volatile unsigned long *)&a = 0;
	bpf_local_irq_restore(&a);
	return 0;
}

/* Scenario 62 */
SEC("tc") __expect_reject(EINVAL, KF0603)
int irq_left_off(struct __sk_buff *ctx)
{
	unsigned long a;

	bpf_local_irq_save(&a);
	return 0;
}

/* ---- spin locks ---- */

SEC("tc") __expect_accept
int lock_balanced(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n++;
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0606)
int lock_left(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (v)
		bpf_spin_lock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0615)
int lock_twice(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0608)
int lock_of_another_lookup(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key), *w;

	w = bpf_map_lookup_elem(&values, &key);
	if (!v || !w)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_spin_unlock(&w->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0607)
int unlock_alone(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (v)
		bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0609)
int lock_at_wrong_place(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (v)
		bpf_spin_lock((void *)&v->n);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0612)
int lock_helper_inside(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = bpf_ktime_get_ns();
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0612)
int lock_kfunc_inside(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_spin_unlock(&v->lock);
	return 0;
}

__attribute__((noinline)) int global_nothing(int x)
{
	return x + 1;
}

/* Scenario 65 */
SEC("tc") __expect_reject(EINVAL, KF0630)
int lock_global_function_inside(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	v->n = global_nothing(2);
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0606)
int lock_legacy_load_inside(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	__asm__ volatile("r6 = %[ctx]; r0 = *(u8 *)skb[0];" ::[ctx] "r"(ctx)
			 : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	bpf_spin_unlock(&v->lock);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0603)
int rcu_legacy_load_inside(struct __sk_buff *ctx)
{
	bpf_rcu_read_lock();
	__asm__ volatile("r6 = %[ctx]; r0 = *(u8 *)skb[0];" ::[ctx] "r"(ctx)
			 : "r0", "r1", "r2", "r3", "r4", "r5", "r6");
	bpf_rcu_read_unlock();
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF1000)
int exchange_where_no_pointer_is(struct __sk_buff *ctx)
{
	int key = 1;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (v)
		bpf_kptr_xchg(&v->n, NULL);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, int);
} progs SEC(".maps");

SEC("tc") __expect_reject(EINVAL, KF0415)
int rcu_tail_call_inside(struct __sk_buff *ctx)
{
	bpf_rcu_read_lock();
	bpf_tail_call(ctx, &progs, 0);
	bpf_rcu_read_unlock();
	return 0;
}

/* ---- resilient locks ---- */

/* Scenario 66 */
SEC("tc") __expect_accept
int res_lock_checked(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock_a))
		return 0;
	bpf_res_spin_unlock(&lock_a);
	return 0;
}

/* Scenario 66 */
SEC("tc") __expect_reject(EINVAL, KF0607)
int res_lock_unchecked(struct __sk_buff *ctx)
{
	bpf_res_spin_lock(&lock_a);
	bpf_res_spin_unlock(&lock_a);
	return 0;
}

/* Scenario 66 */
SEC("tc") __expect_reject(EINVAL, KF0615)
int res_lock_same_twice(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock_a))
		return 0;
	if (!bpf_res_spin_lock(&lock_a))
		bpf_res_spin_unlock(&lock_a);
	bpf_res_spin_unlock(&lock_a);
	return 0;
}

/* Scenario 66 */
SEC("tc") __expect_accept
int res_lock_two(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock_a))
		return 0;
	if (!bpf_res_spin_lock(&lock_b))
		bpf_res_spin_unlock(&lock_b);
	bpf_res_spin_unlock(&lock_a);
	return 0;
}

/* Scenario 66 */
SEC("tc") __expect_reject(EINVAL, KF0608)
int res_lock_out_of_order(struct __sk_buff *ctx)
{
	if (bpf_res_spin_lock(&lock_a))
		return 0;
	if (bpf_res_spin_lock(&lock_b)) {
		bpf_res_spin_unlock(&lock_a);
		return 0;
	}
	bpf_res_spin_unlock(&lock_a);
	bpf_res_spin_unlock(&lock_b);
	return 0;
}

/* Scenario 63 */
SEC("tc") __expect_reject(EINVAL, KF0620)
int res_lock_foreign_flags(struct __sk_buff *ctx)
{
	unsigned long f, g;

	bpf_local_irq_save(&f);
	if (bpf_res_spin_lock_irqsave(&lock_a, &g)) {
		bpf_local_irq_restore(&f);
		return 0;
	}
	bpf_res_spin_unlock_irqrestore(&lock_a, &f);
	bpf_local_irq_restore(&g);
	return 0;
}

/* Scenario 63 */
SEC("tc") __expect_accept
int res_lock_irqsave(struct __sk_buff *ctx)
{
	unsigned long f;

	if (bpf_res_spin_lock_irqsave(&lock_a, &f))
		return 0;
	bpf_res_spin_unlock_irqrestore(&lock_a, &f);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0608)
int res_lock_wrong_unlock(struct __sk_buff *ctx)
{
	unsigned long f;

	if (bpf_res_spin_lock_irqsave(&lock_a, &f))
		return 0;
	bpf_res_spin_unlock(&lock_a);
	return 0;
}

SEC("tc") __expect_accept
int res_lock_in_array(struct __sk_buff *ctx)
{
	int key = 1;
	struct res_value *v = bpf_map_lookup_elem(&res_values, &key);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

/*
 * One slot above the frame is not the slot at its top, for which Linux 6.18.44 takes it (as for iterators,
 * iter.bpf.c)
 */
SEC("tc") __expect_reject(EACCES, KF0308)
int flags_above_the_frame(struct __sk_buff *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	asm volatile("r1 = r10;"
		     "call %[restore];" ::[restore] "i"(bpf_local_irq_restore)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
	return 0;
}

/* the values of two rounds have each their own lock; Linux 6.18.44 takes them for one */
struct outer_value {
	struct value *v;
};

static int unlocks_another(void *map, int *key, struct value *v, struct outer_value *outer)
{
	bpf_spin_lock(&outer->v->lock);
	bpf_spin_unlock(&v->lock);
	return 0;
}

static int unlocks_the_same(void *map, int *key, struct value *v, struct outer_value *outer)
{
	bpf_spin_lock(&outer->v->lock);
	bpf_spin_unlock(&outer->v->lock);
	return 0;
}

static int each_with_another(void *map, int *key, struct value *v, void *ctx)
{
	struct outer_value outer = {v};

	return bpf_for_each_map_elem(&values, unlocks_another, &outer, 0) < 0;
}

static int each_with_the_same(void *map, int *key, struct value *v, void *ctx)
{
	struct outer_value outer = {v};

	return bpf_for_each_map_elem(&values, unlocks_the_same, &outer, 0) < 0;
}

SEC("tc") __expect_reject(EINVAL, KF0608)
int lock_of_the_round_outside(struct __sk_buff *ctx)
{
	return bpf_for_each_map_elem(&values, each_with_another, NULL, 0);
}

SEC("tc") __expect_accept
int lock_of_one_round(struct __sk_buff *ctx)
{
	return bpf_for_each_map_elem(&values, each_with_the_same, NULL, 0);
}

__attribute__((noinline)) int sleeps(void)
{
	char c;

	return bpf_copy_from_user(&c, 1, NULL) ? 1 : 0;
}

SEC("syscall") __expect_accept
int sleep_outside(void *ctx)
{
	return sleeps();
}

SEC("syscall") __expect_reject(EINVAL, KF0631)
int sleep_without_preemption(void *ctx)
{
	bpf_preempt_disable();
	sleeps();
	bpf_preempt_enable();
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0631)
int sleep_without_interrupts(void *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	sleeps();
	bpf_local_irq_restore(&flags);
	return 0;
}

SEC("tc") __expect_accept
int flags_saved_again(struct __sk_buff *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	bpf_local_irq_save(&flags);
	bpf_local_irq_restore(&flags);
	return 0;
}

/* where the lock would be is not known */
SEC("tc") __expect_reject(EINVAL, KF0609)
int lock_at_a_variable_offset(struct __sk_buff *ctx)
{
	int key = 0;
	struct value *v = bpf_map_lookup_elem(&values, &key);
	unsigned long off = ctx->len & 4;

	if (!v)
		return 0;
	hide(off);
	bpf_spin_lock((void *)v + off);
	bpf_spin_unlock((void *)v + off);
	return 0;
}

/* a lock protects what is read under it as an RCU section does; Linux 6.18.44 goes on trusting it */
SEC("syscall") __expect_reject(EINVAL, KF0502)
int rcu_pointer_of_a_lock(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p;
	int key = 0;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	p = t->group_leader;
	bpf_spin_unlock(&v->lock);
	p = bpf_task_acquire(p);
	if (p)
		bpf_task_release(p);
	return 0;
}

char _license[] SEC("license") = "GPL";
