// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What threads run at the same time (../test_races.c): each program returns 0, or the number of what was
 * wrong. Values of maps say which key they belong to; counts must add up in the end.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

#define KEYS	64
#define LOOKS	16
#define __arena __attribute__((address_space(1)))

struct args {
	u64 seed, pid;
};

struct value {
	u64 key, inverse, round;
};

struct wide {
	u64 a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KEYS);
	__type(key, u64);
	__type(value, struct value);
} words SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, KEYS);
	__type(key, struct wide);
	__type(value, struct value);
} wides SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, KEYS / 2);
	__type(key, u64);
	__type(value, struct value);
} lately SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, KEYS);
	__type(key, u64);
	__type(value, struct value);
} each_words SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} each_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

static u64 next(u64 *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x >> 20;
}

static bool is_of(const volatile struct value *v, u64 key)
{
	for (int i = 0; i < LOOKS; i++)
		if (v->key != key || v->inverse != ~key)
			return false;
	return true;
}

SEC("syscall")
int look_up(struct args *ctx)
{
	u64 x = ctx->seed;
	struct wide w;
	int i;

	bpf_for(i, 0, 32) {
		u64 key = next(&x) % KEYS;
		struct value *v = bpf_map_lookup_elem(&words, &key);

		if (v && !is_of(v, key))
			return 1;
		w.a = key;
		w.b = ~key;
		v = bpf_map_lookup_elem(&wides, &w);
		if (v && !is_of(v, key))
			return 2;
		v = bpf_map_lookup_elem(&lately, &key);
		if (v && !is_of(v, key))
			return 3;
		v = bpf_map_lookup_elem(&each_words, &key);
		if (v && v->key && !is_of(v, key))
			return 4;
	}
	return 0;
}

SEC("syscall")
int change(struct args *ctx)
{
	u64 x = ctx->seed;
	int i;

	bpf_for(i, 0, 32) {
		u64 key = next(&x) % KEYS;
		struct value v = {.key = key, .inverse = ~key, .round = x};
		struct wide w = {.a = key, .b = ~key};

		if (next(&x) & 1) {
			bpf_map_delete_elem(&words, &key);
			bpf_map_delete_elem(&wides, &w);
			bpf_map_delete_elem(&each_words, &key);
			bpf_map_delete_elem(&lately, &key);
		} else {
			bpf_map_update_elem(&words, &key, &v, BPF_ANY);
			bpf_map_update_elem(&wides, &w, &v, BPF_ANY);
			bpf_map_update_elem(&each_words, &key, &v, BPF_ANY);
			bpf_map_update_elem(&lately, &key, &v, BPF_ANY);
		}
	}
	return 0;
}

/* of a CPU: without atomic operations */
SEC("syscall")
int count(struct args *ctx)
{
	u32 key = ctx->seed % 4;
	u64 *mine = bpf_map_lookup_elem(&each_counts, &key);
	u64 *all = bpf_map_lookup_elem(&counts, &key);

	if (!mine || !all)
		return 5;
	*mine += 1;
	__sync_fetch_and_add(all, 1);
	return 0;
}

/* ---- programs that come and go ---- */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} slot SEC(".maps");

SEC("socket")
int first(struct __sk_buff *skb)
{
	return 1001;
}

SEC("socket")
int second(struct __sk_buff *skb)
{
	return 1002;
}

SEC("socket")
int jump(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &slot, 0);
	return 1003;
}

/* ---- local storage ---- */

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} of_tasks SEC(".maps");

static int store(struct task_struct *task, u64 key, u64 x)
{
	struct value init = {.key = key, .inverse = ~key}, *v;

	if (x % 5 == 0)
		bpf_task_storage_delete(&of_tasks, task);
	v = bpf_task_storage_get(&of_tasks, task, x % 3 ? &init : NULL,
				 x % 3 ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	if (!v)
		return 0;
	__sync_fetch_and_add(&v->round, 1);
	return is_of(v, key) ? 0 : 6;
}

SEC("syscall")
int storage(struct args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int ret = store(task, (u32)task->pid, ctx->seed);

	task = bpf_task_from_pid(ctx->pid);
	if (!task)
		return 7;
	if (!ret)
		ret = store(task, (u32)task->pid, ctx->seed >> 8);
	bpf_task_release(task);
	return ret;
}

/* ---- an arena ---- */

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
} arena SEC(".maps");

u64 __arena together;

SEC("syscall")
int pages(struct args *ctx)
{
	u64 x = ctx->seed, n = 1 + x % 3, at;
	volatile u64 __arena *p;

	__sync_fetch_and_add(&together, 1);
	p = (void __arena *)bpf_arena_alloc_pages(&arena, NULL, n, -1, 0);
	if (!p)
		return 0; /* all are in use */
	at = 512 * (n - 1) + x % 512;
	if (p[0] || p[at])
		return 8;
	p[0] = x;
	p[at] = x;
	for (int i = 0; i < LOOKS; i++)
		if (p[0] != x || p[at] != x)
			return 9;
	if (x & 64) {
		bpf_arena_free_pages(&arena, (void *)p, n);
		return 0;
	}
	bpf_arena_free_pages(&arena, (void *)p, 1);
	if (bpf_arena_reserve_pages(&arena, (void *)p, 1)) /* someone has it by now */
		p += 512, n -= 1;
	else if (p[0])
		return 10;
	if (n)
		bpf_arena_free_pages(&arena, (void *)p, n);
	return 0;
}

/* ---- objects that are exchanged ---- */

struct slots {
	struct task_struct __kptr *task;
	struct bpf_cpumask __kptr *mask;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct slots);
} held SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u64);
	__type(value, struct slots);
} held_by_key SEC(".maps");

static int exchange(struct slots *s, u64 pid)
{
	struct task_struct *task = bpf_task_from_pid(pid);
	struct bpf_cpumask *mask = bpf_cpumask_create();
	int ret = 0;

	if (mask) {
		bpf_cpumask_set_cpu(1, mask);
		mask = bpf_kptr_xchg(&s->mask, mask);
	}
	if (mask) {
		if (!bpf_cpumask_test_cpu(1, (struct cpumask *)mask))
			ret = 11;
		bpf_cpumask_release(mask);
	}
	if (task)
		task = bpf_kptr_xchg(&s->task, task);
	if (task) {
		if (task->pid != (int)pid)
			ret = 12;
		bpf_task_release(task);
	}
	return ret;
}

SEC("syscall")
int exchanged(struct args *ctx)
{
	u32 index = ctx->seed & 1;
	u64 key = ctx->seed % 8;
	struct slots empty = {}, *s = bpf_map_lookup_elem(&held, &index);
	int ret = s ? exchange(s, ctx->pid) : 13;

	if (ret)
		return ret;
	if (ctx->seed & 1024)
		bpf_map_delete_elem(&held_by_key, &key);
	else if (ctx->seed & 2048)
		bpf_map_update_elem(&held_by_key, &key, &empty, BPF_ANY);
	s = bpf_map_lookup_elem(&held_by_key, &key);
	return s ? exchange(s, ctx->pid) : 0;
}
