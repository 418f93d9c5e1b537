/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Creation rules of every map type, one row a type: sizes, number of entries, flags that must be
 * set (facts/map_types.json; which flags may be set is the kernel's table). Each limit has its own
 * errno: what could never work is EINVAL, what is merely too much is E2BIG.
 *
 * Left out: privileges, the memory limits of the machine.
 */
#include "maps/maps.h"

/* struct bpf_cgroup_storage_key and a bare cgroup id */
#define CGROUP_KEY_BIG   16
#define CGROUP_KEY_SMALL 8

#define KMALLOC_MAX  (4u << 20)
#define PERCPU_MAX   32768u
#define STORAGE_MAX  65456u
#define STACK_FRAMES 127u
#define PAGE         4096u
#define NO_PREALLOC  BPF_F_NO_PREALLOC

enum { E_ZERO = 1 << 0, E_ANY = 1 << 1, E_POW2 = 1 << 2, E_ONE = 1 << 3 };

struct rule {
	uint32_t type;
	uint32_t key_min, key_max;
	uint32_t value_min, value_max;
	uint32_t entries;       /* E_* */
	uint32_t entries_max;   /* 0: no limit */
	uint32_t must;          /* flags that must be set */
	int key_err, value_err; /* above the maximum */
	bool btf;               /* types of key and value are required */
	int (*more)(const struct kfunc_kernel *k, const union bpf_attr *a);
};

static int more_hash(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return (uint64_t)a->key_size + a->value_size >= KMALLOC_MAX - 64 ? -E2BIG : 0;
}

static int more_lru(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	if ((a->map_flags & BPF_F_NUMA_NODE) && (a->map_flags & BPF_F_NO_COMMON_LRU))
		return -EINVAL;
	return more_hash(k, a);
}

static int more_percpu(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return a->value_size > PERCPU_MAX || map_round8(a->value_size) > PERCPU_MAX ? -E2BIG : 0;
}

static int more_percpu_hash(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	int err = more_hash(k, a);

	return err ? err : more_percpu(k, a);
}

static int more_4_or_8(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return a->value_size == 4 || a->value_size == 8 ? 0 : -EINVAL;
}

static int more_cgroup_key(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return a->key_size == CGROUP_KEY_BIG || a->key_size == CGROUP_KEY_SMALL ? 0 : -EINVAL;
}

static int more_stack_trace(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	uint32_t unit = a->map_flags & BPF_F_STACK_BUILD_ID ? 32 : 8;

	(void)k;
	return a->value_size % unit || a->value_size / unit > STACK_FRAMES ? -EINVAL : 0;
}

static int more_ring(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return a->max_entries % PAGE ? -EINVAL : 0;
}

static int more_cpumap(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	if (a->max_entries > 8192)
		return -E2BIG;
	return more_4_or_8(k, a);
}

static int more_arena(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	uint64_t size = (uint64_t)a->max_entries * PAGE, at = a->map_extra;

	(void)k;
	if (at % PAGE)
		return -EINVAL;
	if (size > 1ull << 32)
		return -E2BIG;
	return at && (at >> 32) != ((at + size - 1) >> 32) ? -ERANGE : 0;
}

static int more_bloom(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return a->map_extra & ~0xfull ? -EINVAL : 0;
}

static int more_rhash(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	return a->map_extra > a->max_entries || a->map_extra > 65535 ? -EINVAL : 0;
}

static int more_none(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	(void)k;
	(void)a;
	return 0;
}

#define T(x)    BPF_MAP_TYPE_##x
#define INF     UINT32_MAX
#define IDX     4, 4
#define BIG     E2BIG
#define NOTHING 0, 0

static const struct rule rules[] = {
	{T(HASH), 1, INF, 1, INF, E_ANY, 0, 0, BIG, BIG, false, more_hash},
	{T(ARRAY), IDX, 1, INT32_MAX, E_ANY, 0, 0, EINVAL, BIG, false, more_none},
	{T(PROG_ARRAY), IDX, IDX, E_ANY, 0, 0, EINVAL, EINVAL, false, more_none},
	{T(PERF_EVENT_ARRAY), IDX, IDX, E_ANY, 0, 0, EINVAL, EINVAL, false, more_none},
	{T(PERCPU_HASH), 1, INF, 1, INF, E_ANY, 0, 0, BIG, BIG, false, more_percpu_hash},
	{T(PERCPU_ARRAY), IDX, 1, INF, E_ANY, 0, 0, EINVAL, BIG, false, more_percpu},
	{T(STACK_TRACE), IDX, 8, INF, E_ANY, 1u << 31, 0, EINVAL, EINVAL, false, more_stack_trace},
	{T(CGROUP_ARRAY), IDX, IDX, E_ANY, 0, 0, EINVAL, EINVAL, false, more_none},
	{T(LRU_HASH), 1, INF, 1, INF, E_ANY, 0, 0, BIG, BIG, false, more_lru},
	{T(LRU_PERCPU_HASH), 1, INF, 1, INF, E_ANY, 0, 0, BIG, BIG, false, more_percpu_hash},
	{T(LPM_TRIE), 5, 260, 1, KMALLOC_MAX - 300, E_ANY, 0, NO_PREALLOC, EINVAL, EINVAL, false,
	 more_none},
	{T(ARRAY_OF_MAPS), IDX, IDX, E_ANY, 0, 0, EINVAL, EINVAL, false, more_none},
	{T(HASH_OF_MAPS), 1, INF, IDX, E_ANY, 0, 0, BIG, EINVAL, false, more_hash},
	{T(DEVMAP), IDX, 4, 8, E_ANY, 0, 0, EINVAL, EINVAL, false, more_4_or_8},
	{T(SOCKMAP), IDX, 4, 8, E_ANY, INT32_MAX, 0, EINVAL, EINVAL, false, more_4_or_8},
	{T(CPUMAP), IDX, 4, 8, E_ANY, 0, 0, EINVAL, EINVAL, false, more_cpumap},
	{T(XSKMAP), IDX, IDX, E_ANY, 0, 0, EINVAL, EINVAL, false, more_none},
	{T(SOCKHASH), 1, 512, 4, 8, E_ANY, 0, 0, BIG, EINVAL, false, more_4_or_8},
	{T(CGROUP_STORAGE), 8, 16, 1, STORAGE_MAX, E_ZERO, 0, 0, EINVAL, BIG, false,
	 more_cgroup_key},
	{T(REUSEPORT_SOCKARRAY), IDX, 4, 8, E_ANY, 0, 0, EINVAL, EINVAL, false, more_4_or_8},
	{T(PERCPU_CGROUP_STORAGE), 8, 16, 1, PERCPU_MAX, E_ZERO, 0, 0, EINVAL, BIG, false,
	 more_cgroup_key},
	{T(QUEUE), NOTHING, 1, KMALLOC_MAX, E_ANY, 0, 0, EINVAL, BIG, false, more_none},
	{T(STACK), NOTHING, 1, KMALLOC_MAX, E_ANY, 0, 0, EINVAL, BIG, false, more_none},
	{T(SK_STORAGE), IDX, 1, STORAGE_MAX, E_ZERO, 0, NO_PREALLOC, EINVAL, BIG, true, more_none},
	{T(DEVMAP_HASH), IDX, 4, 8, E_ANY, 1u << 31, 0, EINVAL, EINVAL, false, more_4_or_8},
	{T(STRUCT_OPS), IDX, 1, INF, E_ONE, 0, 0, EINVAL, EINVAL, false, more_none},
	{T(RINGBUF), NOTHING, NOTHING, E_ANY | E_POW2, 0, 0, EINVAL, EINVAL, false, more_ring},
	{T(INODE_STORAGE), IDX, 1, STORAGE_MAX, E_ZERO, 0, NO_PREALLOC, EINVAL, BIG, true,
	 more_none},
	{T(TASK_STORAGE), IDX, 1, STORAGE_MAX, E_ZERO, 0, NO_PREALLOC, EINVAL, BIG, true,
	 more_none},
	{T(BLOOM_FILTER), NOTHING, 1, INF, E_ANY, 0, 0, EINVAL, EINVAL, false, more_bloom},
	{T(USER_RINGBUF), NOTHING, NOTHING, E_ANY | E_POW2, 0, 0, EINVAL, EINVAL, false, more_ring},
	{MAP_T_CGRP_STORAGE, IDX, 1, STORAGE_MAX, E_ZERO, 0, NO_PREALLOC, EINVAL, BIG, true,
	 more_none},
	{MAP_T_ARENA, NOTHING, NOTHING, E_ANY, 0, BPF_F_MMAPABLE, EINVAL, EINVAL, false,
	 more_arena},
	{MAP_T_INSN_ARRAY, IDX, 16, 16, E_ANY, 0, 0, EINVAL, EINVAL, false, more_none},
	{MAP_T_RHASH, 1, 65535, 1, INF, E_ANY, 0, NO_PREALLOC, BIG, BIG, false, more_rhash},
};

static const struct rule *find_rule(uint32_t type)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

static bool is_cgroup_storage(uint32_t type)
{
	return type == T(CGROUP_STORAGE) || type == T(PERCPU_CGROUP_STORAGE);
}

static int check_flags(const struct kernel_map_type *t, const struct rule *r, uint32_t flags)
{
	uint32_t prog = BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

	bool lru = r->type == T(LRU_HASH) || r->type == T(LRU_PERCPU_HASH);

	if (flags & ~(t->flags | MAP_F_TOKEN_FD | (lru ? NO_PREALLOC : 0)))
		return -EINVAL;
	/* an LRU that cannot preallocate is a thing that was never built */
	if (lru && (flags & NO_PREALLOC))
		return -MAP_ENOTSUPP;
	if ((flags & r->must) != r->must)
		return -EINVAL;
	return (flags & prog) == prog ? -EINVAL : 0;
}

static int check_entries(const struct rule *r, uint32_t n)
{
	if (r->entries & E_ZERO)
		return n ? -EINVAL : 0;
	if (!n || ((r->entries & E_ONE) && n != 1) || ((r->entries & E_POW2) && (n & (n - 1))))
		return -EINVAL;
	return r->entries_max && n > r->entries_max ? -E2BIG : 0;
}

int map_check_attr(const struct kfunc_kernel *k, const union bpf_attr *a)
{
	const struct kernel_map_type *t = kernel_map_type(k, a->map_type);
	const struct rule *r = find_rule(a->map_type);
	int err;

	if (!t || !r)
		return -EINVAL;
	if (is_cgroup_storage(a->map_type) && !more_cgroup_key(k, a) &&
	    a->value_size > r->value_max)
		return -r->value_err; /* asked before anything else */
	err = check_flags(t, r, a->map_flags);
	if (err)
		return err;
	if (a->key_size < r->key_min || a->value_size < r->value_min)
		return -EINVAL;
	if (a->map_type == T(SOCKHASH) && more_4_or_8(k, a)) /* the others' keys have one size */
		return -EINVAL;
	err = check_entries(r, a->max_entries);
	if (err)
		return err;
	if (a->key_size > r->key_max)
		return -r->key_err;
	if (a->value_size > r->value_max)
		return -r->value_err;
	if (r->btf && (!a->btf_key_type_id || !a->btf_value_type_id))
		return -EINVAL;
	return r->more(k, a);
}
