// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Callbacks, synchronous and not (verifier spec 7.7, kfunc spec 12.8; kfunc scenarios 45, 97, verifier
 * scenarios 41-46, 119).
 */
#include "graph.h"

struct value {
	struct bpf_timer timer;
	struct bpf_wq wq;
	long n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct value);
} values SEC(".maps"), others SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, int);
} progs SEC(".maps");

long sink;

#define wq_set(wq, cb) bpf_wq_set_callback_impl(wq, (void *)cb, 0, NULL)

static __attribute__((always_inline)) struct value *value(void)
{
	int key = 1;

	return bpf_map_lookup_elem(&values, &key);
}

/* ---- bpf_loop ---- */

static int add(int i, long *sum)
{
	*sum += i;
	return 0;
}

/* Kfunc scenario 45 */
SEC("tc") __expect_accept
int loop(struct __sk_buff *ctx)
{
	long sum = 0;

	bpf_loop(ctx->len, add, &sum, 0);
	return sum;
}

static int returns_two(int i, void *ctx)
{
	return 2;
}

SEC("tc") __expect_reject(EINVAL, KF0233)
int loop_out_of_range(struct __sk_buff *ctx)
{
	bpf_loop(4, returns_two, NULL, 0);
	return 0;
}

static int acquires(int i, void *ctx)
{
	return !bpf_task_from_pid(1);
}

/* Kfunc scenario 45 */
SEC("tc") __expect_reject(EINVAL, KF0414)
int loop_that_acquires(struct __sk_buff *ctx)
{
	bpf_loop(4, acquires, NULL, 0);
	return 0;
}

static int releases(int i, struct task_struct **t)
{
	bpf_task_release(*t);
	return 0;
}

/* Kfunc scenario 45 */
SEC("tc") __expect_reject(EINVAL, KF0412)
int loop_that_releases_its_callers(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_loop(4, releases, &t, 0);
	return 0;
}

static int indexes(int i, char *buf)
{
	buf[i] = 0;
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0329)
int loop_index_is_unknown(struct __sk_buff *ctx)
{
	char buf[16];

	bpf_loop(4, indexes, buf, 0);
	return 0;
}

/* verifier scenario 41: the count is asked for when it runs, the flags too */
SEC("tc") __expect_accept
int loop_of_too_many(struct __sk_buff *ctx)
{
	long sum = 0;

	bpf_loop(1 << 24, add, &sum, 0);
	bpf_loop(10, add, &sum, 1);
	return sum;
}

static __attribute__((naked)) int returns_stack(void)
{
	asm volatile("r0 = r10; exit");
}

SEC("tc") __expect_reject(EINVAL, KF0230)
int loop_returns_stack(struct __sk_buff *ctx)
{
	bpf_loop(4, returns_stack, NULL, 0);
	return 0;
}

/* verifier scenario 42; the main function as callback is in tests/syscall/test_scenarios.c */
__attribute__((noinline)) int global_callback(u32 i, u64 x)
{
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0232)
int loop_with_global(struct __sk_buff *ctx)
{
	bpf_loop(4, global_callback, NULL, 0);
	return 0;
}

SEC("tc") __expect_reject(EACCES)
__attribute__((naked)) int loop_with_moved_callback(void)
{
	asm volatile("r1 = 4; r2 = %[f] ll; r2 += 8; r3 = 0; r4 = 0; call 181; r0 = 0; exit" ::[f] "i"(add));
}

SEC("tc") __expect_accept
__attribute__((naked)) int moved_callback_unused(void)
{
	asm volatile("r2 = %[f] ll; r2 += 8; r0 = 0; exit" ::[f] "i"(add));
}

/* verifier scenario 43 */
static int counts(int i, u64 *n)
{
	(*n)++;
	return 0;
}

static int counts_to_seven(int i, u64 *n)
{
	*n = (*n + 1) & 7;
	return 0;
}

static __attribute__((always_inline)) int indexed_after(int times, int (*cb)(int, u64 *))
{
	volatile char buf[8] = {};
	u64 n = 0;

	bpf_loop(times, cb, &n, 0);
	return *(volatile char *)((char *)buf + n);
}

SEC("tc") __expect_reject(EACCES, KF0308)
int loop_counts(struct __sk_buff *ctx)
{
	return indexed_after(ctx->len, counts);
}

SEC("tc") __expect_accept
int loop_counts_to_seven(struct __sk_buff *ctx)
{
	return indexed_after(ctx->len, counts_to_seven);
}

/* a known number of rounds is followed round by round */
SEC("tc") __expect_accept
int loop_counts_four(struct __sk_buff *ctx)
{
	return indexed_after(4, counts);
}

/* verifier scenario 45 */
static int inner_loop(int i, long *sum)
{
	bpf_loop(3, add, sum, 0);
	return 0;
}

SEC("tc") __expect_accept
int loop_in_loop(struct __sk_buff *ctx)
{
	long sum = 0;

	bpf_loop(3, inner_loop, &sum, 0);
	return sum;
}

static int loops_itself(int i, void *ctx)
{
	bpf_loop(3, loops_itself, NULL, 0);
	return 0;
}

SEC("tc") __expect_reject(E2BIG, KF0211) __expect_reject_on(7.2, E2BIG, KF0211)
int loop_of_itself(struct __sk_buff *ctx)
{
	bpf_loop(3, loops_itself, NULL, 0);
	return 0;
}

static int tail_calls(int i, struct __sk_buff **ctx)
{
	bpf_tail_call(*ctx, &progs, 0);
	return 0;
}

SEC("tc") __expect_reject(EFAULT, KF0621)
int loop_tail_call(struct __sk_buff *ctx)
{
	bpf_loop(4, tail_calls, &ctx, 0);
	return 0;
}

/* ---- map iteration ---- */

static int visit(void *map, int *key, struct value *v, long *sum)
{
	*sum += *key + v->n;
	v->n = 0;
	return 0;
}

SEC("tc") __expect_accept
int for_each(struct __sk_buff *ctx)
{
	long sum = 0;

	bpf_for_each_map_elem(&values, visit, &sum, 0);
	return sum;
}

static int writes_key(void *map, int *key, struct value *v, long *sum)
{
	*key = 0;
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0317)
int for_each_key_written(struct __sk_buff *ctx)
{
	bpf_for_each_map_elem(&values, writes_key, NULL, 0);
	return 0;
}

static int reads_behind_key(void *map, char *key, struct value *v, long *sum)
{
	*sum += *(volatile char *)(key + 4);
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0307)
int for_each_behind_key(struct __sk_buff *ctx)
{
	long sum = 0;

	bpf_for_each_map_elem(&values, reads_behind_key, &sum, 0);
	return sum;
}

SEC("tc") __expect_reject(ENOTSUPP, KF0523)
int for_each_program(struct __sk_buff *ctx)
{
	bpf_for_each_map_elem(&progs, visit, NULL, 0);
	return 0;
}

static int visit_returns_two(void *map, int *key, struct value *v, long *sum)
{
	return 2;
}

SEC("tc") __expect_reject(EINVAL, KF0233)
int for_each_result(struct __sk_buff *ctx)
{
	return bpf_for_each_map_elem(&values, visit_returns_two, NULL, 0);
}

/* ---- timers ---- */

static int tick(void *map, int *key, struct value *v)
{
	v->n++;
	return 0;
}

SEC("tc") __expect_accept
int timer(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (!v)
		return 0;
	bpf_timer_init(&v->timer, &values, 1);
	bpf_timer_set_callback(&v->timer, tick);
	bpf_timer_start(&v->timer, 1000, 0);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0519)
int timer_of_another_map(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_timer_init(&v->timer, &others, 1);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0524)
int timer_at_wrong_place(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_timer_init((void *)&v->n, &values, 1);
	return 0;
}

static int tick_returns_one(void *map, int *key, struct value *v)
{
	return 1;
}

SEC("tc") __expect_reject(EINVAL, KF0320)
int timer_returns_one(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_timer_set_callback(&v->timer, tick_returns_one);
	return 0;
}

static int tick_again(void *map, int *key, struct value *v)
{
	bpf_timer_set_callback(&v->timer, tick_again);
	bpf_timer_start(&v->timer, 1000, 0);
	return 0;
}

SEC("tc") __expect_accept
int timer_rearms_itself(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_timer_set_callback(&v->timer, tick_again);
	return 0;
}

static int tick_leaks(void *map, int *key, struct value *v)
{
	bpf_task_from_pid(1);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0412)
int timer_leaks(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_timer_set_callback(&v->timer, tick_leaks);
	return 0;
}

/* ---- work queues ---- */

static int work(void *map, int *key, struct value *v)
{
	char buf[8];

	v->n += bpf_copy_from_user_str(buf, sizeof(buf), NULL, 0);
	return 0;
}

/* Kfunc scenario 97 */
SEC("tc") __expect_accept
int workqueue(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (!v)
		return 0;
	bpf_wq_init(&v->wq, &values, 0);
	wq_set(&v->wq, work);
	bpf_wq_start(&v->wq, 0);
	return 0;
}

/* Kfunc scenario 97 */
SEC("tc") __expect_reject(EINVAL, KF0519)
int workqueue_of_another_map(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_wq_init(&v->wq, &others, 0);
	return 0;
}

/* Kfunc scenario 97 */
SEC("tc") __expect_reject(EINVAL, KF0524)
int workqueue_at_wrong_place(struct __sk_buff *ctx)
{
	struct value *v = value();

	if (v)
		bpf_wq_init((void *)&v->wq + 1, &values, 0);
	return 0;
}

SEC("tc") __expect_reject(EACCES)
int workqueue_in_unchecked_value(struct __sk_buff *ctx)
{
	bpf_wq_init(&value()->wq, &values, 0);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0524)
int workqueue_somewhere(struct __sk_buff *ctx)
{
	struct value *v = value();
	u64 where = ctx->len & 8;

	hide(where);
	if (v)
		bpf_wq_init((void *)&v->wq + where, &values, 0);
	return 0;
}

SEC("tc") __expect_reject(EINVAL, KF0500)
int workqueue_of_null(struct __sk_buff *ctx)
{
	bpf_wq_init(NULL, &values, 0);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, int);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 4);
		__type(key, int);
		__type(value, struct value);
	});
} inner SEC(".maps");

/* two lookups may have found two maps */
SEC("tc") __expect_reject(EINVAL, KF0519)
int workqueue_of_another_inner_map(struct __sk_buff *ctx)
{
	int one = 1, zero = 0;
	void *a = bpf_map_lookup_elem(&inner, &zero), *b = bpf_map_lookup_elem(&inner, &one);
	struct value *v;

	if (!a || !b)
		return 0;
	v = bpf_map_lookup_elem(a, &one);
	if (v)
		bpf_wq_init(&v->wq, b, 0);
	return 0;
}

SEC("tc") __expect_accept
int workqueue_of_its_inner_map(struct __sk_buff *ctx)
{
	int one = 1;
	void *a = bpf_map_lookup_elem(&inner, &one);
	struct value *v;

	if (!a)
		return 0;
	v = bpf_map_lookup_elem(a, &one);
	if (v)
		bpf_wq_init(&v->wq, a, 0);
	return 0;
}

/* Kfunc scenario 97 */
SEC("tc") __expect_reject(EINVAL, KF0500)
int workqueue_on_the_stack(struct __sk_buff *ctx)
{
	struct bpf_wq wq = {};

	wq_set(&wq, work);
	return 0;
}

/* a timer's callback may not sleep */
SEC("syscall") __expect_reject(EACCES, KF0600)
int timer_sleeps(void *ctx)
{
	struct value *v = value();

	if (v)
		bpf_timer_set_callback(&v->timer, work);
	return 0;
}

char _license[] SEC("license") = "GPL";

/* ---- functions that end early ---- */

char sixty_four[64];

/* the program that was called ends the function: what follows the call has not been done */
static __noinline int left_by_tail_call(struct __sk_buff *ctx, unsigned long *x)
{
	*x = 1000;
	bpf_tail_call(ctx, &progs, 0);
	*x = 3;
	return 0;
}

SEC("tc") __expect_reject(EACCES, KF0306)
int after_a_tail_call(struct __sk_buff *ctx)
{
	unsigned long x = 5;

	left_by_tail_call(ctx, &x);
	return sixty_four[x];
}

SEC("tc") __expect_accept
int after_a_tail_call_checked(struct __sk_buff *ctx)
{
	unsigned long x = 5;

	left_by_tail_call(ctx, &x);
	return x < 64 ? sixty_four[x] : 0;
}

/* so does a packet load that finds nothing; the result is 0 */
static __noinline int left_by_packet_load(struct __sk_buff *ctx, unsigned long *x)
{
	int one = 1;

	*x = 1000;
	asm volatile("r6 = %0; r7 = %1; r0 = *(u32 *)skb[4000]; r1 = 3; *(u64 *)(r7 + 0) = r1"
		     :
		     : "r"(ctx), "r"(x)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "memory");
	asm volatile("" : "+r"(one));
	return one;
}

SEC("tc") __expect_reject(EACCES, KF0306)
int after_a_packet_load(struct __sk_buff *ctx)
{
	unsigned long x = 5;

	left_by_packet_load(ctx, &x);
	return sixty_four[x];
}

SEC("tc") __expect_accept
int after_a_packet_load_checked(struct __sk_buff *ctx)
{
	unsigned long x = 5;
	int loaded = left_by_packet_load(ctx, &x);

	return loaded ? sixty_four[x] : 0;
}

static __noinline int tail_calls_for_callback(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &progs, 0);
	return 0;
}

static int calls_a_tail_caller(int i, struct __sk_buff **ctx)
{
	tail_calls_for_callback(*ctx);
	return 0;
}

SEC("tc") __expect_accept
int loop_tail_call_below(struct __sk_buff *ctx)
{
	bpf_loop(4, calls_a_tail_caller, &ctx, 0);
	return 0;
}

/* ---- callbacks that no path enters ---- */

static int never_first(int i, void *ctx)
{
	return 0;
}

static int never_last(int i, void *ctx)
{
	return 1;
}

static __attribute__((noinline)) int loops_not_at_all(int n)
{
	bpf_loop(0, never_last, NULL, 0);
	return n;
}

SEC("tc") __expect_reject(EFAULT, KF0625)
int lost_callback_is_last(struct __sk_buff *ctx)
{
	return loops_not_at_all(ctx->len);
}

static __attribute__((noinline)) int behind_it(int n)
{
	return n * 3;
}

SEC("tc") __expect_accept
int lost_callback_is_followed(struct __sk_buff *ctx)
{
	bpf_loop(0, never_first, NULL, 0);
	return behind_it(ctx->len);
}

SEC("tc") __expect_accept
int lost_callback_alone(struct __sk_buff *ctx)
{
	bpf_loop(0, never_first, NULL, 0);
	return 0;
}

/*
 * The first path of a round leaves a small number, the second a large one, and the third needs it: only
 * through the rounds is it known that the first two are not alike.
 */
#define NEEDS_IT(mask)                                                                             \
	asm volatile("r6 = r2; call 7; if r0 == 7 goto +9; call 7; r1 = 4096; if r0 == 8 goto +1;"   \
		     "r1 = 0; *(u64 *)(r6 + 0) = r1; call 7; if r0 == 9 goto +0; r0 = 0; exit;"      \
		     "r7 = %[s] ll; r1 = *(u64 *)(r6 + 0);" mask                                     \
		     "r7 += r1; r0 = *(u8 *)(r7 + 0); r0 = 0; exit" ::[s] "i"(&sink)                 \
		     : "memory");                                                                    \
	__builtin_unreachable()

static __attribute__((noinline)) long needs_the_other_round(u32 i, u64 *ctx)
{
	NEEDS_IT("");
}

static __attribute__((noinline)) long needs_little_of_it(u32 i, u64 *ctx)
{
	NEEDS_IT("r1 &= 7;");
}

SEC("tc") __expect_reject(EINVAL, KF0329)
int number_of_the_round_before(struct __sk_buff *ctx)
{
	u64 n = 0;

	return bpf_loop(10, needs_the_other_round, &n, 0);
}

SEC("tc") __expect_accept
int masked_number_of_the_round_before(struct __sk_buff *ctx)
{
	u64 n = 0;

	return bpf_loop(10, needs_little_of_it, &n, 0);
}
