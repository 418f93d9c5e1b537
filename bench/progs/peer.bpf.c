// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Rows for DPDK's library (../dpdk.c): without loops, a section each, on a block of 1500 bytes. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MAP_LOOKUP(m, k)    ((void)(k), (__u64 *)0)
#define MAP_UPDATE(m, k, v) ((void)(k), (void)(v))
#define TABLE		    static
#define ROW_LOOP	    _Pragma("unroll")

#include "../rows.h"

SEC("alu") __u64 peer_alu(void *data)
{
	return row_alu(data, data + 1500);
}

SEC("empty") __u64 peer_empty(void *data)
{
	return row_empty(data, data + 1500);
}
