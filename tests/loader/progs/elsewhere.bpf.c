// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Programs for places in other programs, which nothing in this process can attach to. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("usdt//proc/self/exe:provider:name")
int at_mark(void *ctx)
{
	return 0;
}

SEC("uprobe//proc/self/exe:main")
int at_function(void *ctx)
{
	return 0;
}
