// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Arenas, run. Each result counts what was right; what the user sees is in maps/test_arena.c. */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define __arena __attribute__((address_space(1)))

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16);
} arena SEC(".maps");

/* the kfuncs take and give addresses as the user sees them */
#define alloc(at, n) ((void __arena *)bpf_arena_alloc_pages(&arena, (void *)(at), n, -1, 0))
#define give_back(p, n) bpf_arena_free_pages(&arena, (void *)(p), n)
#define reserve(p, n) bpf_arena_reserve_pages(&arena, (void *)(p), n)

SEC("syscall") __expect_accept __expect_retval(10)
int pages(void *ctx)
{
	volatile u64 __arena *a = alloc(NULL, 1), *b = alloc(NULL, 2), *c;
	int right = 0;

	if (!a || !b)
		return -1;
	right += *a == 0 && b[600] == 0;
	*a = 1;
	*b = 2;
	b[600] = 3;
	right += *a == 1 && *b == 2 && b[600] == 3;
	right += alloc(NULL, 14) == NULL;
	c = alloc(a, 1);
	right += c == NULL; /* taken */
	give_back(a, 1);
	right += *a == 0 && *b == 2;
	*a = 9; /* nothing is there to store it */
	right += *a == 0;
	c = alloc(a, 1);
	right += c == a;
	right += c && *c == 0;
	if (c)
		give_back(c, 1);
	give_back(b, 2);
	right += *b == 0;
	c = alloc(NULL, 15); /* one holds the variables below */
	right += c != NULL;
	return right;
}

SEC("syscall") __expect_accept __expect_retval(11)
int sizes(void *ctx)
{
	u8 __arena *p = alloc(NULL, 1);
	volatile u64 __arena *q = (void __arena *)p;
	int right = 0;

	if (!p)
		return -1;
	*q = 0x8182838485868788;
	right += *(volatile u8 __arena *)p == 0x88;
	right += *(volatile u16 __arena *)p == 0x8788;
	right += *(volatile u32 __arena *)p == 0x85868788;
	right += *(volatile s8 __arena *)p == -0x78;
	right += *(volatile s16 __arena *)p == (s16)0x8788;
	right += *(volatile s32 __arena *)p == (s32)0x85868788;
	right += *(volatile u32 __arena *)(p + 1) == 0x84858687; /* not aligned */
	*(volatile u8 __arena *)(p + 7) = 1;
	right += *q == 0x0182838485868788;
	*(volatile u16 __arena *)(p + 4) = 2;
	right += *q == 0x0182000285868788;
	*(volatile u32 __arena *)p = 3;
	right += *q == 0x0182000200000003;
	p[4095] = 77;
	right += p[4095] == 77;
	return right;
}

SEC("syscall") __expect_accept __expect_retval(10)
int atomics(void *ctx)
{
	u64 __arena *p = alloc(NULL, 1);
	u32 __arena *w = (u32 __arena *)p + 4;
	int right = 0;

	if (!p)
		return -1;
	right += __sync_fetch_and_add(p, 5) == 0;
	right += __sync_fetch_and_add(p, 1) == 5;
	__sync_fetch_and_add(p, 4);
	right += *p == 10;
	__sync_fetch_and_or(p, 5);
	right += *p == 15;
	__sync_fetch_and_and(p, 6);
	right += *p == 6;
	__sync_fetch_and_xor(p, 5);
	right += *p == 3;
	right += __sync_val_compare_and_swap(p, 3, 20) == 3 && *p == 20;
	right += __sync_val_compare_and_swap(p, 3, 30) == 20 && *p == 20;
	right += __sync_lock_test_and_set(p, 1) == 20 && *p == 1;
	__sync_fetch_and_add(w, -1);
	right += *w == 0xffffffff && p[1] == 0;
	return right;
}

/* Linux has no machine code for these on x86-64 */
SEC("syscall") __expect_reject(EACCES, any)
int fetching_or(void *ctx)
{
	u64 __arena *p = alloc(NULL, 1);

	return p ? __sync_fetch_and_or(p, 5) : 0;
}

struct node {
	struct node __arena *next;
	u64 value;
};

/* of the arena, where the user finds them */
struct node __arena *__arena head;
u64 __arena total = 7;

static struct node __arena *make(u64 value, struct node __arena *next)
{
	struct node __arena *n = alloc(NULL, 1);

	if (n) {
		n->value = value;
		n->next = next;
	}
	return n;
}

SEC("syscall") __expect_accept __expect_retval(4)
int list(void *ctx)
{
	struct node __arena *n;
	int i, sum = 0;

	total += 1;
	head = NULL;
	bpf_for(i, 0, 4)
		head = make(i * 10, head);
	for (n = head, i = 0; n && i < 100; n = n->next, i++)
		sum += n->value;
	total += sum;
	return sum == 60 ? i : -sum;
}

/* where no page is: zero, and nothing is stored; nothing outside is touched */
SEC("syscall") __expect_accept __expect_retval(4)
int outside(void *ctx)
{
	volatile u64 __arena *p = alloc(NULL, 1);
	int right = 0;

	if (!p)
		return -1;
	right += p[512 * 8] == 0; /* not allocated */
	p[512 * 8] = 5;
	right += p[512 * 8] == 0;
	p[512ull * 100000] = 6; /* beyond the arena */
	right += p[512ull * 100000] == 0;
	right += __sync_fetch_and_add((u64 __arena *)p + 512 * 8, 3) == 3 || p[512 * 8] == 0;
	return right;
}

SEC("syscall") __expect_accept __expect_retval(0)
int reserved(void *ctx)
{
	u8 __arena *p = alloc(NULL, 2);

	if (!p)
		return 1;
	give_back(p, 2);
	if (reserve(p, 2))
		return 2;
	if (reserve(p, 1) != -16)
		return 3;
	if (reserve(p, 100) != -22)
		return 4;
	return alloc(p, 1) ? 5 : 0;
}

/* what nobody is given and nobody touches; as measured on Linux 6.18 */
SEC("syscall") __expect_accept __expect_retval(12)
int reserved_pages(void *ctx)
{
	volatile u64 __arena *p = alloc(NULL, 3), *q;
	int right = 0;

	if (!p)
		return -1;
	p[512] = 77;
	right += reserve(p + 512, 1) == -16;
	give_back(p, 3);
	right += reserve(p + 512, 2) == 0;
	right += p[512] == 0;
	p[512] = 5;
	right += p[512] == 0;
	right += __sync_fetch_and_add(p + 512, 3) != 5 && p[512] == 0;
	p[1024 + 511] = 6;
	right += p[1024 + 511] == 0;
	right += !alloc(p, 2) && !alloc(p + 1024, 1);
	q = alloc(p, 1); /* the one before is free */
	right += q == p;
	give_back(p, 2);
	right += !alloc(p + 1024, 1); /* still */
	q = alloc(p + 512, 1);
	if (!q)
		return -2;
	right += *q == 0;
	*q = 8;
	right += *q == 8;
	/* no page's address: nothing is done, and that is no error */
	right += reserve((u64)p + 5, 1) == 0 && reserve((u64)p + 1, 1000) == 0 && alloc(p, 1) == p;
	give_back(p, 3);
	return right;
}

SEC("syscall") __expect_accept __expect_retval(4)
int nodes(void *ctx)
{
	void __arena *p;
	int right = 0;

	right += !bpf_arena_alloc_pages(&arena, NULL, 1, -2, 0);
	right += !bpf_arena_alloc_pages(&arena, NULL, 1, 5000, 0);
	right += !bpf_arena_alloc_pages(&arena, NULL, 1, 1 << 30, 0);
	p = (void __arena *)bpf_arena_alloc_pages(&arena, NULL, 1, 0, 0);
	right += !!p;
	give_back(p, 1);
	return right;
}

SEC("syscall") __expect_reject(EINVAL, any)
int stored_as_is(void *ctx)
{
	void __arena *p = alloc(NULL, 1);

	/* the arena's address where a task is wanted */
	bpf_task_release((void *)(long)p);
	return 0;
}
