// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Execution: subprograms, tail calls, callbacks, exceptions, atomics, packets, and the helpers of
 * ordinary programs. Each result counts what was right.
 */
#include "expect.h"
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "Dual BSD/GPL";


/* ---- functions ---- */

static __noinline int fib(int n, u64 *calls)
{
	u64 a = 0, b = 1;
	int i;

	*calls += 1;
	for (i = 0; i < n && i < 64; i++) {
		u64 next = a + b;

		a = b;
		b = next;
	}
	return a;
}

__noinline int scale(int a, int b)
{
	return a * 1000 + b;
}

SEC("syscall") __expect_accept __expect_retval(55002)
int functions(void *ctx)
{
	u64 calls = 0;
	int v = fib(10, &calls);

	v = v == fib(10, &calls) ? v : 0;
	return scale(v, calls);
}

/* ---- tail calls ---- */

int hop(struct __sk_buff *skb);
int leave(struct __sk_buff *skb);
int thrower(struct __sk_buff *skb);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(u32));
	__array(values, int(void *));
} jumps SEC(".maps") = {
	.values = {
		[0] = (void *)&hop,
		[1] = (void *)&leave,
		[2] = (void *)&thrower,
	},
};

int hops;

/* 34 runs: the first and 33 tail calls */
SEC("tc") __expect_accept __expect_retval(34)
int hop(struct __sk_buff *skb)
{
	hops++;
	bpf_tail_call(skb, &jumps, 0);
	return hops;
}

SEC("tc") __expect_accept __expect_retval(7)
int leave(struct __sk_buff *skb)
{
	return skb->len == 64 ? 7 : 0;
}

/* kfunc spec R9.13, scenario 92: without a callback the cookie is the result */
SEC("tc") __expect_accept __expect_retval(9)
int thrower(struct __sk_buff *skb)
{
	bpf_throw(9);
	return 1;
}

static __noinline int jump_to(struct __sk_buff *skb, u32 slot)
{
	volatile int here = 100;

	if (slot == 1)
		bpf_tail_call(skb, &jumps, 1);
	else if (slot == 2)
		bpf_tail_call(skb, &jumps, 2);
	else
		bpf_tail_call(skb, &jumps, 3);
	return here;
}

/* kfunc spec R9.13: from a function: what is called returns to the function's caller, thrown or not */
SEC("tc") __expect_accept __expect_retval(1179)
int jump_from_function(struct __sk_buff *skb)
{
	volatile int sum = 1000;

	sum += jump_to(skb, 1) * 10;
	sum += jump_to(skb, 2);
	sum += jump_to(skb, 3);
	return sum;
}

struct tallied {
	struct __sk_buff *skb;
	int sum;
};

static int jump_in_callback(u32 i, struct tallied *t)
{
	t->sum += jump_to(t->skb, i);
	return 0;
}

/* from a function of a callback: the callback goes on */
SEC("tc") __expect_accept __expect_retval(116)
int jump_below_callback(struct __sk_buff *skb)
{
	struct tallied t = {skb, 0};

	bpf_loop(4, jump_in_callback, &t, 0); /* slots 3 (empty), 1, 2, 3 */
	return t.sum - 100;
}

/* the packet load that finds nothing leaves the function, not the program */
static __noinline int load_outside(struct __sk_buff *skb, int *seen)
{
	int one = 1;

	*seen = 1;
	asm volatile("r6 = %0; r0 = *(u32 *)skb[4000]"
		     :
		     : "r"(skb)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "memory");
	*seen = 2;
	hide(one);
	return one;
}

SEC("tc") __expect_accept __expect_retval(10)
int packet_load_in_function(struct __sk_buff *skb)
{
	int seen = 0, r = load_outside(skb, &seen);

	return seen * 10 + r;
}

/* ---- exceptions (kfunc spec R9.11, R9.13) ---- */

static __noinline int deep(u64 v)
{
	if (v > 5)
		bpf_throw(v);
	return 1;
}

static __noinline int deeper(u64 v)
{
	return deep(v) + deep(v + 1);
}

__noinline int caught(u64 cookie)
{
	return cookie + 200;
}

/* kfunc spec R9.13: from two functions deep to the callback */
SEC("syscall") __expect_accept __expect_retval(206)
__attribute__((btf_decl_tag("exception_callback:caught")))
int throws(void *ctx)
{
	return deeper(5);
}

/* ---- callbacks ---- */

/* in a map, so that the verifier does not follow the numbers */
struct {
	u64 total;
	u32 rounds;
} sums;

static int add_index(u32 i, void *unused)
{
	sums.total += i;
	sums.rounds++;
	return i == 6;
}

static int add_nested(u32 i, void *unused)
{
	bpf_loop(3, add_index, NULL, 0);
	return 0;
}

SEC("syscall") __expect_accept __expect_retval(4)
int callbacks(void *ctx)
{
	int right = 0;

	right += bpf_loop(100, add_index, NULL, 0) == 7;
	right += sums.total == 21 && sums.rounds == 7;
	right += bpf_loop(4, add_nested, NULL, 0) == 4;
	right += sums.rounds == 19 && sums.total == 33;
	return right;
}

/* ---- maps ---- */

struct value {
	struct bpf_spin_lock lock;
	int n;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct value);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} inner_a SEC(".maps"), inner_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = {&inner_a, &inner_b},
};

static __noinline int fill_inner(u32 slot)
{
	void *map = bpf_map_lookup_elem(&outer, &slot);
	u32 key = 1;
	u64 *v;

	if (!map)
		return 0;
	v = bpf_map_lookup_elem(map, &key);
	if (!v)
		return 0;
	*v = slot + 10;
	return 1;
}

/* the map that is meant, not the one it was declared like */
SEC("syscall") __expect_accept __expect_retval(5)
int maps_in_maps(void *ctx)
{
	int right = fill_inner(0) + fill_inner(1) + !fill_inner(2);
	u32 key = 1;
	u64 *a = bpf_map_lookup_elem(&inner_a, &key), *b = bpf_map_lookup_elem(&inner_b, &key);

	right += a && *a == 10;
	right += b && *b == 11;
	return right;
}

static int count_values(struct bpf_map *map, u32 *key, struct value *v, int *n)
{
	*n += *key + v->n;
	return 0;
}

SEC("syscall") __expect_accept __expect_retval(11)
int maps(void *ctx)
{
	struct value init = {.n = 5}, *v;
	u32 key = 3, other = 4, cpu = bpf_get_smp_processor_id(), item = 42;
	u64 *mine, *again;
	int right = 0, n = 0;

	right += !bpf_map_lookup_elem(&table, &key);
	right += bpf_map_update_elem(&table, &key, &init, BPF_NOEXIST) == 0;
	right += bpf_map_update_elem(&table, &key, &init, BPF_NOEXIST) == -17;
	right += bpf_map_update_elem(&table, &other, &init, BPF_EXIST) == -2;
	v = bpf_map_lookup_elem(&table, &key);
	if (v) {
		bpf_spin_lock(&v->lock);
		v->n++;
		bpf_spin_unlock(&v->lock);
	}
	bpf_for_each_map_elem(&table, count_values, &n, 0);
	right += n == 9;
	right += bpf_map_delete_elem(&table, &key) == 0;
	right += bpf_map_delete_elem(&table, &key) == -2;

	key = 0;
	mine = bpf_map_lookup_elem(&percpu, &key);
	again = bpf_map_lookup_percpu_elem(&percpu, &key, cpu);
	right += mine && mine == again;
	right += !bpf_map_lookup_percpu_elem(&percpu, &key, 1 << 20);

	right += bpf_map_push_elem(&queue, &item, 0) == 0;
	item = 0;
	right += bpf_map_pop_elem(&queue, &item) == 0 && item == 42;
	return right;
}

SEC("syscall") __expect_accept __expect_retval(7)
int records(void *ctx)
{
	struct bpf_dynptr p;
	u64 word = 0x1122334455667788;
	u64 *r = bpf_ringbuf_reserve(&ring, 16, 0);
	int right = 0;
	u32 *part;

	if (r) {
		r[0] = r[1] = 1;
		bpf_ringbuf_submit(r, 0);
		right++;
	}
	right += bpf_ringbuf_output(&ring, &word, sizeof(word), 0) == 0;
	right += bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) == 16 + 8 + 8 + 8;
	right += bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &p) == 0;
	right += bpf_dynptr_write(&p, 0, &word, sizeof(word), 0) == 0;
	part = bpf_dynptr_data(&p, 4, sizeof(*part));
	right += part && *part == 0x11223344;
	right += bpf_dynptr_read(&word, 8, &p, 1, 0) == -7;
	bpf_ringbuf_discard_dynptr(&p, 0);
	return right;
}

/* ---- arithmetic that the compiler must leave to the program ---- */

SEC("syscall") __expect_accept __expect_retval(9)
int arithmetic(void *ctx)
{
	u64 zero = 0, seven = 7, cell = 10, old, quotient;
	s64 minus = -1;
	s32 min32 = 1u << 31;
	s8 small = -100;
	int right = 0;

	hide(zero);
	hide(seven);
	hide(minus);
	hide(min32);
	hide(small);
	quotient = seven / zero;
	hide(quotient); /* C knows no such quotient, and would draw conclusions */
	right += quotient == 0;
	quotient = seven % zero;
	hide(quotient);
	right += quotient == 7;
	right += (u32)minus / (u32)seven == 613566756;
	right += (s64)(min32 >> 3) == -268435456;
	right += (s64)small == -100;
	old = __sync_fetch_and_add(&cell, 5);
	right += old == 10 && cell == 15;
	right += __sync_val_compare_and_swap(&cell, 15, 20) == 15 && cell == 20;
	right += __sync_lock_test_and_set(&cell, 1) == 20;
	right += __builtin_bswap32(0x11223344 + (u32)zero) == 0x44332211;
	return right;
}

/* ---- text, memory, time, who is current ---- */

SEC("syscall") __expect_accept __expect_retval(14)
int helpers(void *ctx)
{
	static const char number[] = "-77 apples";
	char text[32], name[8], from[] = "copied";
	const char *str = number;
	u64 args[2], t0, t1;
	struct task_struct *task = bpf_get_current_task_btf();
	u64 ids = bpf_get_current_pid_tgid();
	int right = 0;
	long v = 0;

	hide(str); /* or its address would be data, which nobody relocates */
	args[0] = 12;
	args[1] = (u64)(long)str;
	right += bpf_strtol(number, sizeof(number), 10, &v) == 3 && v == -77;
	right += bpf_strncmp(number, 3, "-77") == 0;
	right += bpf_snprintf(text, sizeof(text), "%d: %s", args, sizeof(args)) == 15;
	right += text[0] == '1' && text[3] == ' ' && text[4] == '-';
	right += bpf_probe_read_kernel(text, 7, from) == 0 && text[0] == 'c' && text[5] == 'd';
	right += bpf_probe_read_kernel(text, 4, (void *)8) == -14 && text[0] == 0;
	right += bpf_probe_read_kernel_str(text, 4, from) == 4 && text[2] == 'p' && !text[3];
	right += bpf_probe_read_user(text, 8, (void *)0xffffffff81000000ull) == -14;
	right += task->pid == (u32)ids && task->tgid == ids >> 32;
	right += bpf_get_current_comm(name, sizeof(name)) == 0 && name[0] == task->comm[0];
	t0 = bpf_ktime_get_ns();
	t1 = bpf_ktime_get_boot_ns();
	right += t0 && bpf_ktime_get_ns() >= t0;
	right += t1 >= t0;
	right += bpf_get_prandom_u32() != bpf_get_prandom_u32() ||
		 bpf_get_prandom_u32() != bpf_get_prandom_u32();
	right += bpf_get_smp_processor_id() < 64;
	return right;
}

/* pointers that are not trusted: a bad one reads as zero */
SEC("syscall") __expect_accept __expect_retval(1)
int walks(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf(), *wild;

	wild = bpf_rdonly_cast((void *)0xffffffff81000000ull,
			       bpf_core_type_id_kernel(struct task_struct));
	return wild->pid == 0 && !wild->mm && task->group_leader->pid == task->tgid;
}

/* ---- packets ---- */

SEC("tc") __expect_accept __expect_retval(6)
int packet(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	u8 bytes[4];
	int right = 0;

	if (data + 64 > end)
		return -1;
	right += data + 64 == end;
	right += *(u16 *)(data + 12) == 0x0008 && skb->protocol == 0x0008;
	right += bpf_skb_load_bytes(skb, 61, bytes, 3) == 0 && bytes[2] == 63;
	right += bpf_skb_load_bytes(skb, 62, bytes, 3) == -14;
	right += bpf_skb_store_bytes(skb, 20, bytes, 1, 0) == 0;
	skb->cb[1] = 5;
	right += skb->cb[1] == 5 && skb->mark == 0;
	return right;
}

SEC("xdp") __expect_accept __expect_retval(4)
int frame(struct xdp_md *ctx)
{
	void *data, *end;
	int right = 0;

	right += bpf_xdp_adjust_head(ctx, -16) == 0;
	right += bpf_xdp_adjust_head(ctx, -4096) == -22;
	right += bpf_xdp_adjust_meta(ctx, -8) == 0;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + 80 > end)
		return -1;
	right += *(u8 *)(data + 16 + 40) == 40;
	return right;
}
