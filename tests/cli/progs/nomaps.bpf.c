/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A map that no kernel accepts spoils the programs of its object. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 8); /* arrays want 4 */
	__uint(value_size, 8);
} bad SEC(".maps");

SEC("syscall")
int uses_it(void *ctx)
{
	long key = 0;

	return bpf_map_lookup_elem(&bad, &key) != NULL;
}
