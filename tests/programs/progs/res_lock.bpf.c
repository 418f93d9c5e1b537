// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Resilient spin locks (kfunc spec 7.5, 7.6). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define EDEADLK 35

struct value {
	struct bpf_res_spin_lock lock;
	u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct value);
} values SEC(".maps");

static struct value *at(u32 key)
{
	return bpf_map_lookup_elem(&values, &key);
}

/* Scenario 66 */
SEC("syscall") __expect_accept __expect_retval(1)
int lock_and_unlock(void *ctx)
{
	struct value *v = at(0);

	if (!v || bpf_res_spin_lock(&v->lock))
		return -1;
	v->n++;
	bpf_res_spin_unlock(&v->lock);
	return v->n;
}

/* Scenario 66: the verifier sees two values, there is one */
SEC("syscall") __expect_accept __expect_retval(-35)
int same_lock_by_two_lookups(void *ctx)
{
	struct value *a = at(0), *b = at(0);
	int err;

	if (!a || !b || bpf_res_spin_lock(&a->lock))
		return -1;
	err = bpf_res_spin_lock(&b->lock);
	if (!err)
		bpf_res_spin_unlock(&b->lock);
	bpf_res_spin_unlock(&a->lock);
	return err;
}

/* Scenario 66 */
SEC("syscall") __expect_accept __expect_retval(0)
int two_locks(void *ctx)
{
	struct value *a = at(0), *b = at(1);
	int err;

	if (!a || !b || bpf_res_spin_lock(&a->lock))
		return -1;
	err = bpf_res_spin_lock(&b->lock);
	if (!err) {
		a->n = b->n = 1;
		bpf_res_spin_unlock(&b->lock);
	}
	bpf_res_spin_unlock(&a->lock);
	return err;
}

/* Scenario 63 */
SEC("syscall") __expect_accept __expect_retval(0)
int with_interrupts_off(void *ctx)
{
	struct value *a = at(0), *b = at(1);
	unsigned long flags, inner;
	int err;

	if (!a || !b)
		return -1;
	err = bpf_res_spin_lock_irqsave(&a->lock, &flags);
	if (err)
		return err;
	err = bpf_res_spin_lock_irqsave(&b->lock, &inner);
	if (!err)
		bpf_res_spin_unlock_irqrestore(&b->lock, &inner);
	bpf_res_spin_unlock_irqrestore(&a->lock, &flags);
	return err;
}

/* Scenario 66 */
SEC("syscall") __expect_reject(EINVAL, KF0615)
int same_lock(void *ctx)
{
	struct value *v = at(0);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	if (!bpf_res_spin_lock(&v->lock))
		bpf_res_spin_unlock(&v->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

/* Scenario 66 */
SEC("syscall") __expect_reject(EINVAL, KF0608)
int unlock_out_of_order(void *ctx)
{
	struct value *a = at(0), *b = at(1);

	if (!a || !b || bpf_res_spin_lock(&a->lock))
		return 0;
	if (bpf_res_spin_lock(&b->lock)) {
		bpf_res_spin_unlock(&a->lock);
		return 0;
	}
	bpf_res_spin_unlock(&a->lock);
	bpf_res_spin_unlock(&b->lock);
	return 0;
}

/* Scenario 66 */
SEC("syscall") __expect_reject(EINVAL, KF0607)
int unlock_after_failure(void *ctx)
{
	struct value *v = at(0);

	if (!v)
		return 0;
	bpf_res_spin_lock(&v->lock);
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

/* Scenario 66 */
SEC("syscall") __expect_reject(EINVAL, KF0606)
int exit_with_lock(void *ctx)
{
	struct value *v = at(0);

	if (v)
		bpf_res_spin_lock(&v->lock);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0608)
int plain_unlock_of_irqsave(void *ctx)
{
	struct value *v = at(0);
	unsigned long flags;

	if (!v || bpf_res_spin_lock_irqsave(&v->lock, &flags))
		return 0;
	bpf_res_spin_unlock(&v->lock);
	return 0;
}

/* Scenario 63 */
SEC("syscall") __expect_reject(EINVAL, KF0620)
int saved_by_another_means(void *ctx)
{
	struct value *v = at(0);
	unsigned long flags, own;

	if (!v)
		return 0;
	bpf_local_irq_save(&flags);
	if (bpf_res_spin_lock_irqsave(&v->lock, &own)) {
		bpf_local_irq_restore(&flags);
		return 0;
	}
	bpf_res_spin_unlock_irqrestore(&v->lock, &flags);
	bpf_local_irq_restore(&own);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0612)
int helper_under_lock(void *ctx)
{
	struct value *v = at(0);

	if (!v || bpf_res_spin_lock(&v->lock))
		return 0;
	v->n = bpf_ktime_get_ns();
	bpf_res_spin_unlock(&v->lock);
	return 0;
}
