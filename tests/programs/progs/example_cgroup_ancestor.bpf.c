/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/cgroup_ancestor.bpf.c, done wrong in every obvious way, and once right
   (kfunc spec). */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* Scenario 46 */
SEC("tp_btf/cgroup_mkdir") __expect_accept
int BPF_PROG(right, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor(cgrp, cgrp->level - 1);

	if (!parent)
		return 0;
	bpf_printk("%d", parent->self.id);
	bpf_cgroup_release(parent);
	return 0;
}

/* Scenario 46 */
SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0412)
int BPF_PROG(leak, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor(cgrp, cgrp->level - 1);

	if (parent)
		bpf_printk("%d", parent->self.id);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0404)
int BPF_PROG(double_release, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor(cgrp, 0);

	if (!parent)
		return 0;
	bpf_cgroup_release(parent);
	bpf_cgroup_release(parent);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0403)
int BPF_PROG(use_after_release, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor(cgrp, 0);

	if (!parent)
		return 0;
	bpf_cgroup_release(parent);
	bpf_printk("%d", parent->self.id);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0303)
int BPF_PROG(missing_null_check, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor(cgrp, cgrp->level - 1);

	bpf_printk("%d", parent->self.id);
	bpf_cgroup_release(parent);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0504)
int BPF_PROG(wrong_type, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor((struct cgroup *)cgrp->kn, 0);

	if (parent)
		bpf_cgroup_release(parent);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EINVAL, KF0502)
int BPF_PROG(walked_pointer, struct cgroup *cgrp, const char *path)
{
	struct cgroup_subsys_state *up = cgrp->self.parent;
	struct cgroup *parent;

	if (!up)
		return 0;
	parent = bpf_cgroup_acquire(up->cgroup);
	if (parent)
		bpf_cgroup_release(parent);
	return 0;
}

SEC("tp_btf/cgroup_mkdir") __expect_reject(EACCES, KF0600)
int BPF_PROG(non_sleepable_caller, struct cgroup *cgrp, const char *path)
{
	struct cgroup *parent = bpf_cgroup_ancestor(cgrp, 0);
	char name[16];

	if (!parent)
		return 0;
	bpf_copy_from_user_str(name, sizeof(name), path, 0);
	bpf_cgroup_release(parent);
	return 0;
}

SEC("raw_tp/cgroup_mkdir") __expect_reject(EACCES, KF0701)
int wrong_program_type(struct bpf_raw_tracepoint_args *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1);

	if (root)
		bpf_cgroup_release(root);
	return 0;
}
