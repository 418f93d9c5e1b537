// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Timers and workqueues (kfunc spec 12.8; verifier spec 7.7; scenario 97 and verifier scenario 119).
 * What they do after their program has ended is checked by kfuncs/test_async.c. */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define EPERM	1
#define EBUSY	16
#define EINVAL	22
#define EDEADLK 35

#define CLOCK_MONOTONIC 1

struct timed {
	struct bpf_timer timer;
	u64 runs, key;
};

struct worked {
	struct bpf_wq work;
	u64 runs, key;
};

#define MAP(name, kind, value_type)                                                                \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_##kind);                                                 \
		__uint(max_entries, 4);                                                            \
		__type(key, u32);                                                                  \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

MAP(array, ARRAY, struct timed);
MAP(hash, HASH, struct timed);
MAP(lru, LRU_HASH, struct timed);
MAP(works, ARRAY, struct worked);
MAP(work_hash, HASH, struct worked);

u64 total, self_cancel;

static int ticked(void *map, u32 *key, struct timed *v)
{
	__sync_fetch_and_add(&v->runs, 1);
	v->key = *key;
	__sync_fetch_and_add(&total, 1);
	return 0;
}

/* again and again, every millisecond */
static int ticking(void *map, u32 *key, struct timed *v)
{
	self_cancel = bpf_timer_cancel(&v->timer);
	__sync_fetch_and_add(&v->runs, 1);
	bpf_timer_start(&v->timer, 1000000, 0);
	return 0;
}

static int worked(void *map, int *key, void *value)
{
	struct worked *v = value;

	__sync_fetch_and_add(&v->runs, 1);
	v->key = *key;
	__sync_fetch_and_add(&total, 1);
	return 0;
}

#define ARM(map, k, flags, cb, ns)                                                                 \
	({                                                                                         \
		struct timed *v;                                                                   \
		u32 key = k;                                                                       \
		int err = 100;                                                                     \
		v = bpf_map_lookup_elem(&map, &key);                                               \
		if (v) {                                                                           \
			err = bpf_timer_init(&v->timer, &map, flags);                              \
			err = err ?: bpf_timer_set_callback(&v->timer, cb);                        \
			err = err ?: bpf_timer_start(&v->timer, ns, 0);                            \
		}                                                                                  \
		err;                                                                               \
	})

SEC("syscall") __expect_accept __expect_retval(0)
int arm_array(void *ctx)
{
	return ARM(array, 2, CLOCK_MONOTONIC, ticked, 1000);
}

SEC("syscall") __expect_accept __expect_retval(0)
int arm_hash(void *ctx)
{
	struct timed zero = {};
	u32 key = 7;

	bpf_map_update_elem(&hash, &key, &zero, 0);
	return ARM(hash, 7, CLOCK_MONOTONIC, ticked, 1000);
}

SEC("syscall") __expect_accept __expect_retval(0)
int arm_lru(void *ctx)
{
	struct timed zero = {};
	u32 key = 9;

	bpf_map_update_elem(&lru, &key, &zero, 0);
	return ARM(lru, 9, CLOCK_MONOTONIC, ticked, 1000);
}

/* far away: it never comes */
SEC("syscall") __expect_accept __expect_retval(0)
int arm_late(void *ctx)
{
	return ARM(array, 1, CLOCK_MONOTONIC, ticked, 1000000000000ull);
}

SEC("syscall") __expect_accept __expect_retval(0)
int arm_ticking(void *ctx)
{
	return ARM(array, 0, CLOCK_MONOTONIC, ticking, 0);
}

SEC("syscall") __expect_accept __expect_retval(0)
int arm_hash_late(void *ctx)
{
	struct timed zero = {};
	u32 key = 7;

	bpf_map_update_elem(&hash, &key, &zero, 0);
	return ARM(hash, 7, CLOCK_MONOTONIC, ticked, 20000000);
}

SEC("syscall") __expect_accept __expect_retval(0)
int delete_hash(void *ctx)
{
	u32 key = 7;

	bpf_map_delete_elem(&hash, &key);
	return 0;
}

SEC("syscall") __expect_accept __expect_retval(0)
int cancel_late(void *ctx)
{
	struct timed *v;
	u32 key = 1;
	int r = 0;

	arm_late(ctx);
	v = bpf_map_lookup_elem(&array, &key);
	if (!v)
		return 100;
	if (bpf_timer_cancel(&v->timer) != 1)
		r |= 1;
	if (bpf_timer_cancel(&v->timer) != 0)
		r |= 2;
	/* cancelling takes the callback away */
	if (bpf_timer_start(&v->timer, 0, 0) != -EINVAL)
		r |= 4;
	return r;
}

SEC("syscall") __expect_accept __expect_retval(0)
int timer_errors(void *ctx)
{
	struct timed *v;
	u32 key = 3;
	int r = 0;

	v = bpf_map_lookup_elem(&array, &key);
	if (!v)
		return 1000;
	if (bpf_timer_set_callback(&v->timer, ticked) != -EINVAL)
		r |= 1;
	if (bpf_timer_start(&v->timer, 0, 0) != -EINVAL)
		r |= 2;
	if (bpf_timer_cancel(&v->timer) != -EINVAL)
		r |= 4;
	if (bpf_timer_init(&v->timer, &array, 2) != -EINVAL)
		r |= 8;
	if (bpf_timer_init(&v->timer, &array, 16) != -EINVAL)
		r |= 16;
	if (bpf_timer_init(&v->timer, &array, 7))
		r |= 32;
	if (bpf_timer_init(&v->timer, &array, 7) != -EBUSY)
		r |= 64;
	if (bpf_timer_start(&v->timer, 0, 0) != -EINVAL)
		r |= 128;
	bpf_timer_set_callback(&v->timer, ticked);
	if (bpf_timer_start(&v->timer, 0, 4) != -EINVAL)
		r |= 256;
	return r;
}

/* Kfunc scenario 97 */
SEC("syscall") __expect_accept __expect_retval(0)
int start_work(void *ctx)
{
	struct worked *v;
	u32 key = 3;

	v = bpf_map_lookup_elem(&works, &key);
	if (!v)
		return 100;
	return bpf_wq_init(&v->work, &works, 0) ?: bpf_wq_set_callback_impl(&v->work, worked, 0, NULL) ?:
	       bpf_wq_start(&v->work, 0);
}

SEC("syscall") __expect_accept __expect_retval(0)
int start_hash_work(void *ctx)
{
	struct worked zero = {}, *v;
	u32 key = 5;

	bpf_map_update_elem(&work_hash, &key, &zero, 0);
	v = bpf_map_lookup_elem(&work_hash, &key);
	if (!v)
		return 100;
	return bpf_wq_init(&v->work, &work_hash, 0) ?:
	       bpf_wq_set_callback_impl(&v->work, worked, 0, NULL) ?: bpf_wq_start(&v->work, 0);
}

/* Kfunc scenario 97 */
SEC("syscall") __expect_accept __expect_retval(0)
int work_errors(void *ctx)
{
	struct worked *v;
	u32 key = 0;
	int r = 0;

	v = bpf_map_lookup_elem(&works, &key);
	if (!v)
		return 100;
	if (bpf_wq_set_callback_impl(&v->work, worked, 0, NULL) != -EINVAL)
		r |= 1;
	if (bpf_wq_start(&v->work, 0) != -EINVAL)
		r |= 2;
	if (bpf_wq_init(&v->work, &works, 1) != -EINVAL)
		r |= 4;
	if (bpf_wq_init(&v->work, &works, 0))
		r |= 8;
	if (bpf_wq_init(&v->work, &works, 0) != -EBUSY)
		r |= 16;
	if (bpf_wq_start(&v->work, 0) != -EINVAL)
		r |= 32;
	if (bpf_wq_set_callback_impl(&v->work, worked, 1, NULL) != -EINVAL)
		r |= 64;
	bpf_wq_set_callback_impl(&v->work, worked, 0, NULL);
	if (bpf_wq_start(&v->work, 1) != -EINVAL)
		r |= 128;
	return r;
}

/* ---- what is refused ---- */

/* Scenario 97 */
SEC("syscall") __expect_reject(EINVAL, KF0519)
int work_of_another_map(void *ctx)
{
	struct worked *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&works, &key);
	return v ? bpf_wq_init(&v->work, &work_hash, 0) : 0;
}

/* Scenario 97 */
SEC("syscall") __expect_reject(EINVAL, KF0524)
int work_off_by_one(void *ctx)
{
	struct worked *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&works, &key);
	return v ? bpf_wq_init((void *)&v->work + 1, &works, 0) : 0;
}

/* Scenario 97 */
SEC("syscall") __expect_reject(EINVAL, KF0500)
int work_on_stack(void *ctx)
{
	struct bpf_wq work = {};

	return bpf_wq_set_callback_impl(&work, worked, 0, NULL);
}

static int returns_one(void *map, int *key, void *value)
{
	return 1;
}

SEC("syscall") __expect_reject(EINVAL, KF0320)
int work_returns_one(void *ctx)
{
	struct worked *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&works, &key);
	return v ? bpf_wq_set_callback_impl(&v->work, returns_one, 0, NULL) : 0;
}

static int returns_one_timer(void *map, u32 *key, struct timed *v)
{
	return 1;
}

/* verifier scenario 119 */
SEC("syscall") __expect_reject(EINVAL, KF0320)
int timer_returns_one(void *ctx)
{
	struct timed *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&array, &key);
	return v ? bpf_timer_set_callback(&v->timer, returns_one_timer) : 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0519)
int timer_of_another_map(void *ctx)
{
	struct timed *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&array, &key);
	return v ? bpf_timer_init(&v->timer, &hash, CLOCK_MONOTONIC) : 0;
}

SEC("syscall") __expect_reject(EACCES, KF0324)
int timer_read(void *ctx)
{
	struct timed *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&array, &key);
	return v ? *(volatile int *)&v->timer : 0;
}

static int leaks(void *map, u32 *key, struct timed *v)
{
	return bpf_task_from_pid(1) ? 0 : 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int callback_leaks(void *ctx)
{
	struct timed *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&array, &key);
	return v ? bpf_timer_set_callback(&v->timer, leaks) : 0;
}

struct both {
	struct bpf_timer timer;
	struct bpf_wq work;
};

MAP(boths, ARRAY, struct both);

static int sleeps(void *map, int *key, void *value)
{
	char c;

	many_ways();
	return bpf_copy_from_user(&c, 1, NULL) ? 0 : 0;
}

/* one function for what may sleep and what may not: explored first for one, then for the other */
SEC("syscall") __expect_accept __expect_retval(0)
int work_may_sleep(void *ctx)
{
	struct both *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&boths, &key);
	return v ? bpf_wq_init(&v->work, &boths, 0) ?: bpf_wq_set_callback_impl(&v->work, sleeps, 0, NULL) : 1;
}

SEC("syscall") __expect_reject(EINVAL, KF0613)
int timer_may_not_sleep_as_the_work_may(void *ctx)
{
	struct both *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&boths, &key);
	if (!v)
		return 1;
	bpf_timer_set_callback(&v->timer, sleeps);
	return bpf_wq_set_callback_impl(&v->work, sleeps, 0, NULL);
}

SEC("syscall") __expect_reject(EINVAL, KF0613)
int timer_may_not_sleep_before_the_work(void *ctx)
{
	struct both *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&boths, &key);
	if (!v)
		return 1;
	bpf_wq_set_callback_impl(&v->work, sleeps, 0, NULL);
	return bpf_timer_set_callback(&v->timer, sleeps);
}

__attribute__((noinline)) int sleeps_for_all(void)
{
	char c;

	return bpf_copy_from_user(&c, 1, NULL) ? 1 : 0;
}

static int sleeps_below(void *map, int *key, void *value)
{
	return sleeps_for_all() & 0;
}

/* a global function that sleeps is for places that may */
SEC("syscall") __expect_accept
int work_may_sleep_below(void *ctx)
{
	struct both *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&boths, &key);
	return v ? bpf_wq_set_callback_impl(&v->work, sleeps_below, 0, NULL) : 1;
}

SEC("syscall") __expect_reject(EINVAL, KF0631)
int timer_may_not_sleep_below(void *ctx)
{
	struct both *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&boths, &key);
	return v ? bpf_timer_set_callback(&v->timer, sleeps_below) : 1;
}
