/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* An operations struct that no kernel has. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

struct no_such_ops {
	int (*decide)(void);
};

SEC("struct_ops/decide")
int decide(void *ctx)
{
	return 0;
}

SEC(".struct_ops.link")
struct no_such_ops table = {.decide = (void *)decide};
