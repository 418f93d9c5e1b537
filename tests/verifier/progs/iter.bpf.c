// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Iterators (kfunc spec 10.5). */
#include "../image/image.h"

int values[8];
long sink;

/* Scenario 85 */
SEC("tc") __expect_accept
int num_loop(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int *v, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((v = bpf_iter_num_next(&it)))
		sum += *v;
	bpf_iter_num_destroy(&it);
	return sum;
}

/* Scenario 85 */
SEC("tc") __expect_reject(EINVAL, KF0417)
int num_never_destroyed(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	return 0;
}

/* Scenario 85 */
SEC("tc") __expect_reject(EINVAL, KF1021)
int num_constructed_twice(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	return 0;
}

/* Scenario 85 */
SEC("tc") __expect_reject(EINVAL, KF1020)
int num_next_without_new(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	return !bpf_iter_num_next(&it);
}

/* Scenario 85 */
SEC("tc") __expect_reject(EINVAL, KF1020)
int num_next_after_destroy(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	return !bpf_iter_num_next(&it);
}

/* Scenario 85 */
SEC("tc") __expect_reject(EINVAL, KF1020)
int num_destroyed_twice(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	bpf_iter_num_destroy(&it);
	bpf_iter_num_destroy(&it);
	return 0;
}

/* Scenario 85 */
SEC("tc") __expect_reject(EACCES, KF0337)
int num_slot_read(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int v;

	bpf_iter_num_new(&it, 0, 10);
	v = *(volatile int *)&it;
	bpf_iter_num_destroy(&it);
	return v;
}

SEC("tc") __expect_reject(EINVAL, KF1020)
int num_slot_overwritten(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	*(volatile u64 *)&it = 0;
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0302)
int num_element_unchecked(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int v;

	bpf_iter_num_new(&it, 0, 10);
	v = *bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return v;
}

SEC("tc") __expect_reject(EACCES, KF0403)
int num_element_after_destroy(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int *v;

	bpf_iter_num_new(&it, 0, 10);
	v = bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return v ? *v : 0;
}

SEC("tc") __expect_accept
int num_nested(struct __sk_buff *ctx)
{
	struct bpf_iter_num a, b;
	int *v, *w, sum = 0;

	bpf_iter_num_new(&a, 0, 10);
	while ((v = bpf_iter_num_next(&a))) {
		bpf_iter_num_new(&b, 0, 5);
		while ((w = bpf_iter_num_next(&b)))
			sum += *v * *w;
		bpf_iter_num_destroy(&b);
	}
	bpf_iter_num_destroy(&a);
	return sum;
}

/* Scenario 86 */
SEC("tc") __expect_accept
int num_index_checked(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int *v, sum = 0;

	bpf_iter_num_new(&it, 0, 100);
	while ((v = bpf_iter_num_next(&it))) {
		unsigned int i = *v;

		if (i < 8)
			sum += values[i];
	}
	bpf_iter_num_destroy(&it);
	return sum;
}

/* Scenario 86 */
SEC("tc") __expect_reject(EINVAL, KF0329)
int num_index_unchecked(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int *v, sum = 0;

	bpf_iter_num_new(&it, 0, 8);
	while ((v = bpf_iter_num_next(&it)))
		sum += values[*v];
	bpf_iter_num_destroy(&it);
	return sum;
}

static __attribute__((noinline)) int sum_all(struct bpf_iter_num *it)
{
	int *v, sum = 0;

	while ((v = bpf_iter_num_next(it)))
		sum += *v;
	return sum;
}

SEC("tc") __expect_accept
int num_in_a_static_function(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	int sum;

	bpf_iter_num_new(&it, 0, 10);
	sum = sum_all(&it);
	bpf_iter_num_destroy(&it);
	return sum;
}

/* Scenario 87 */
SEC("syscall") __expect_accept
int task_under_rcu(void *ctx)
{
	struct task_struct *t;
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, 0);
	while ((t = bpf_iter_task_next(&it)))
		sink += t->pid;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 87 */
SEC("syscall") __expect_reject(EACCES, KF0602) __expect_reject_on(6.12, EPROTO, KF1022)
int task_without_rcu(void *ctx)
{
	struct bpf_iter_task it;

	bpf_iter_task_new(&it, NULL, 0);
	bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	return 0;
}

/* Scenario 87 */
SEC("syscall") __expect_reject(EPROTO, KF1022)
int task_across_two_sections(void *ctx)
{
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, 0);
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 88 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0624)
int css_task_in_tracepoint(u64 *ctx)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;

	if (!cgrp)
		return 0;
	bpf_iter_css_task_new(&it, &cgrp->self, 0);
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cgrp);
	return 0;
}

/* Scenario 88 */
SEC("syscall") __expect_accept
int css_task_in_sleepable(void *ctx)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;

	if (!cgrp)
		return 0;
	bpf_iter_css_task_new(&it, &cgrp->self, 0);
	while (bpf_iter_css_task_next(&it))
		sink++;
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cgrp);
	return 0;
}

/*
 * One slot above the frame is not the slot at its top. Linux 6.18.44 takes the one for the other where it
 * looks for an object of one slot, and lets the kfunc work on memory that is not the program's.
 */
#define above_the_frame(func)                                                                      \
	asm volatile("r1 = r10;"                                                                   \
		     "call %[f];" ::[f] "i"(func)                                                  \
		     : "r0", "r1", "r2", "r3", "r4", "r5", "memory")

SEC("tc") __expect_reject(EACCES, KF0308)
int num_next_above_the_frame(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	above_the_frame(bpf_iter_num_next);
	bpf_iter_num_destroy(&it);
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0308)
int num_destroy_above_the_frame(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 10);
	above_the_frame(bpf_iter_num_destroy);
	return 0;
}

/* ---- not the iterator that the function is for, and not its place ---- */

SEC("syscall") __expect_reject(EINVAL, KF1020)
int next_of_another_type(void *ctx)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;

	if (!cgrp)
		return 0;
	bpf_iter_css_task_new(&it, &cgrp->self, 0);
	bpf_iter_num_next((struct bpf_iter_num *)&it);
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cgrp);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF1020)
int destroy_of_another_type(void *ctx)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;

	if (!cgrp)
		return 0;
	bpf_iter_css_task_new(&it, &cgrp->self, 0);
	bpf_iter_num_destroy((struct bpf_iter_num *)&it);
	bpf_cgroup_release(cgrp);
	return 0;
}

/* all three slots belong to iterators of the type, and none of them is the first */
SEC("syscall") __expect_reject(EINVAL, KF1020)
int next_inside_of_two(void *ctx)
{
	struct bpf_iter_task it[2];

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it[0], NULL, 0);
	bpf_iter_task_new(&it[1], NULL, 0);
	bpf_iter_task_next((void *)&it[0] + 8);
	bpf_iter_task_destroy(&it[0]);
	bpf_iter_task_destroy(&it[1]);
	bpf_rcu_read_unlock();
	return 0;
}

/* the second object begins in the middle of the first one */
SEC("syscall") __expect_reject(EINVAL, KF1021)
int constructed_over_the_end_of_another(void *ctx)
{
	struct bpf_iter_task it[2];

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it[0], NULL, 0);
	bpf_iter_task_new((void *)&it[0] + 16, NULL, 0);
	bpf_iter_task_destroy((void *)&it[0] + 16);
	bpf_rcu_read_unlock();
	return 0;
}

#define new_and_destroy_at(place)                                                                  \
	asm volatile("r1 = r10;"                                                                   \
		     "r1 += " #place ";"                                                           \
		     "r2 = 0;"                                                                     \
		     "r3 = 10;"                                                                    \
		     "call %[new];"                                                                \
		     "r1 = r10;"                                                                   \
		     "r1 += " #place ";"                                                           \
		     "call %[destroy];" ::[new] "i"(bpf_iter_num_new),                             \
		     [destroy] "i"(bpf_iter_num_destroy)                                           \
		     : "r0", "r1", "r2", "r3", "r4", "r5", "memory")

SEC("tc") __expect_reject(EINVAL, KF0338)
int num_at_half_a_slot(struct __sk_buff *ctx)
{
	new_and_destroy_at(-12);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0338)
int num_below_the_frame(struct __sk_buff *ctx)
{
	new_and_destroy_at(-520);
	return 0;
}

SEC("tc") __expect_accept
int num_at_the_end_of_the_frame(struct __sk_buff *ctx)
{
	new_and_destroy_at(-512);
	return 0;
}

static __attribute__((noinline)) int num_deep_in_the_frame(void)
{
	new_and_destroy_at(-264);
	return 0;
}

/* what an iterator takes of the stack counts, also where the program itself stores nothing */
SEC("tc") __expect_reject(EACCES, KF0212)
int num_in_two_frames(struct __sk_buff *ctx)
{
	new_and_destroy_at(-264);
	return num_deep_in_the_frame();
}

SEC("tc") __expect_reject(EINVAL, KF0500)
int num_of_null(struct __sk_buff *ctx)
{
	return !bpf_iter_num_next(NULL);
}

SEC("tc") __expect_reject(EINVAL, KF0500)
int num_in_a_global(struct __sk_buff *ctx)
{
	bpf_iter_num_new((struct bpf_iter_num *)values, 0, 10);
	bpf_iter_num_destroy((struct bpf_iter_num *)values);
	return 0;
}

char _license[] SEC("license") = "GPL";
