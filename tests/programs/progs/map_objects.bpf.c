// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A map's own members, read through the pointer to the map (verifier spec 6.4 CONST_MAP, scenario 77).
 * Linux 6.18.44 says the same of each program.
 */
#include "expect.h"
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, u64);
	__type(value, u32[3]);
	__uint(max_entries, 77);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} numbers SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, u32);
	__type(value, u64);
	__uint(max_entries, 9);
} nine SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, u32);
	__uint(max_entries, 2);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = {(void *)&nine},
};

SEC("syscall") __expect_accept __expect_retval(31)
int members(void *ctx)
{
	struct bpf_map *m = (void *)&numbers;

	return (m->map_type == BPF_MAP_TYPE_HASH) | (m->key_size == 8) << 1 | (m->value_size == 12) << 2 |
	       (m->max_entries == 77) << 3 | (m->map_flags == BPF_F_NO_PREALLOC) << 4;
}

SEC("syscall") __expect_accept __expect_retval(7)
int names(void *ctx)
{
	struct bpf_map *m = (void *)&numbers, *other = (void *)&nine;

	return (m->name[0] == 'n' && m->name[6] == 's' && !m->name[7]) | (m->id != 0) << 1 |
	       (m->id != other->id) << 2;
}

/* the map that is there, not the one that it was made after */
SEC("syscall") __expect_accept __expect_retval(9)
int members_of_an_inner_map(void *ctx)
{
	u32 key = 0;
	struct bpf_map *m = bpf_map_lookup_elem(&outer, &key);

	return m ? m->max_entries : -1;
}

/* one load that sees two maps */
SEC("syscall") __expect_accept __expect_retval(86)
int either(void *ctx)
{
	u32 sum = 0;

	for (int i = 0; i < 2; i++) {
		struct bpf_map *m = i ? (void *)&numbers : (void *)&nine;

		hide(m);
		sum += m->max_entries;
	}
	return sum;
}

SEC("syscall") __expect_reject(EACCES, KF0314)
int store(void *ctx)
{
	struct bpf_map *m = (void *)&numbers;

	m->max_entries = 5;
	return 0;
}

SEC("syscall") __expect_reject(EACCES, KF0315)
int behind(void *ctx)
{
	void *m = &numbers;

	return *(volatile u32 *)(m + 30000);
}

SEC("syscall") __expect_reject(EACCES, KF0315)
int before(void *ctx)
{
	void *m = &numbers;

	return *(volatile u32 *)(m - 8);
}

SEC("syscall") __expect_reject(EACCES, KF0303)
int not_checked(void *ctx)
{
	u32 key = 0;
	struct bpf_map *m = bpf_map_lookup_elem(&outer, &key);

	return m->max_entries;
}
