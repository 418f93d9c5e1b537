/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Filters that kernels put on their own kfunc sets (kfunc spec R1.10 and section 12): a set that is
 * registered for a hook may still refuse programs of that hook. A filter is a function of the
 * kernel, so neither BTF nor an image file shows it; this is the list of the known ones.
 */
#include "kernel/kernel.h"

#include <string.h>

enum filter {
	ONLY_LSM,
	ONLY_ITER,    /* tracing iterators */
	ONLY_SESSION, /* kprobe and uprobe sessions */
	ONLY_QDISC,   /* any member of struct_ops Qdisc_ops */
	QDISC_ENQUEUE,
	QDISC_DEQUEUE,
	QDISC_BOTH,       /* enqueue and dequeue */
	QDISC_STRUCT_OPS, /* as ONLY_QDISC, but other hooks have it too */
};

static const struct {
	const char *name;
	enum filter filter;
} filters[] = {
	{"bpf_get_task_exe_file", ONLY_LSM},
	{"bpf_put_file", ONLY_LSM},
	{"bpf_path_d_path", ONLY_LSM},
	{"bpf_get_dentry_xattr", ONLY_LSM},
	{"bpf_get_file_xattr", ONLY_LSM},
	{"bpf_set_dentry_xattr", ONLY_LSM},
	{"bpf_remove_dentry_xattr", ONLY_LSM},
	{"bpf_set_dentry_xattr_locked", ONLY_LSM},
	{"bpf_remove_dentry_xattr_locked", ONLY_LSM},
	{"bpf_get_fsverity_digest", ONLY_LSM},
	{"bpf_sock_destroy", ONLY_ITER},
	{"bpf_session_is_return", ONLY_SESSION},
	{"bpf_session_cookie", ONLY_SESSION},
	{"bpf_skb_get_hash", ONLY_QDISC},
	{"bpf_kfree_skb", ONLY_QDISC},
	{"bpf_dynptr_from_skb", QDISC_STRUCT_OPS},
	{"bpf_qdisc_skb_drop", QDISC_ENQUEUE},
	{"bpf_qdisc_watchdog_schedule", QDISC_BOTH},
	{"bpf_qdisc_bstats_update", QDISC_DEQUEUE},
};

static bool is_qdisc(const struct kernel_prog_place *at)
{
	return at->type == BPF_PROG_TYPE_STRUCT_OPS && at->attach_name &&
	       !strcmp(at->attach_name, "Qdisc_ops");
}

/* the member that a struct_ops program is for: its attach type */
static bool is_member(const struct kfunc_kernel *k, const struct kernel_prog_place *at,
		      const char *member)
{
	int32_t id = btf_find(k->btf, "Qdisc_ops", BTF_KIND_STRUCT);
	const struct btf_type *t;

	if (!is_qdisc(at) || id < 0)
		return false;
	t = btf_type(k->btf, id);
	return at->attach_type < btf_type_vlen(t) &&
	       !strcmp(btf_str(k->btf, btf_type_members(t)[at->attach_type].name_off), member);
}

static bool passes(const struct kfunc_kernel *k, enum filter f, const struct kernel_prog_place *at)
{
	switch (f) {
	case ONLY_LSM:
		return at->type == BPF_PROG_TYPE_LSM;
	case ONLY_ITER:
		return at->type == BPF_PROG_TYPE_TRACING && at->attach_type == BPF_TRACE_ITER;
	case ONLY_SESSION: {
		const char *name = at->type == BPF_PROG_TYPE_KPROBE || k->version >= KVER(7, 0)
					   ? kernel_attach_type_name(at->attach_type)
					   : NULL;

		return name && strstr(name, "session");
	}
	case ONLY_QDISC:
		return is_qdisc(at);
	case QDISC_ENQUEUE:
		return is_member(k, at, "enqueue");
	case QDISC_DEQUEUE:
		return is_member(k, at, "dequeue");
	case QDISC_BOTH:
		return is_member(k, at, "enqueue") || is_member(k, at, "dequeue");
	case QDISC_STRUCT_OPS:
		return at->type != BPF_PROG_TYPE_STRUCT_OPS || is_qdisc(at);
	}
	return false;
}

bool kernel_kfunc_filter(const struct kfunc_kernel *k, const char *name,
			 const struct kernel_prog_place *at)
{
	unsigned int i;

	/* the live kernel's sets carry real filters */
	if (k->live)
		return true;
	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (!strcmp(filters[i].name, name))
			return passes(k, filters[i].filter, at);
	return true;
}
