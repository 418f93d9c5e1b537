/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Up the hierarchy: for each new control group, its parent and all groups above it.
 *
 *	kfunc run examples/cgroup_ancestor.bpf.c -- mkdir -p /sys/fs/cgroup/one/two
 *
 * Without a cgroup2 mount that one may write to, any directory will do:
 *
 *	kfunc run examples/cgroup_ancestor.bpf.c --cgroup DIR -- mkdir -p DIR/one/two
 */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAX_LEVELS 16

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(print_ancestors, struct cgroup *cgrp, const char *path)
{
	struct cgroup *up;
	char name[64];
	int level;

	bpf_probe_read_kernel_str(name, sizeof(name), path);
	bpf_printk("new group %s: id %d, level %d", name, cgrp->self.id, cgrp->level);

	/* one step up */
	up = bpf_cgroup_ancestor(cgrp, cgrp->level - 1);
	if (!up) {
		bpf_printk("  it has no parent");
		return 0;
	}
	bpf_printk("  parent: id %d", up->self.id);
	bpf_cgroup_release(up);

	/* all of them, from the root down */
	bpf_for(level, 0, MAX_LEVELS) {
		up = bpf_cgroup_ancestor(cgrp, level);
		if (!up)
			break;
		bpf_printk("  level %d: id %d", level, up->self.id);
		bpf_cgroup_release(up);
	}
	return 0;
}
