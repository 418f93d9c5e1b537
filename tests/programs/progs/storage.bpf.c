// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Local storage of tasks and control groups, run; the rest is in maps/test_storage.c. */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct item {
	u64 n;
};

struct value {
	u64 count, marked;
	struct bpf_spin_lock lock;
	struct item __kptr *item;
	struct bpf_cpumask __kptr *mask;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct value);
} of_tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} of_groups SEC(".maps");

SEC("syscall") __expect_accept __expect_retval(10)
int task_values(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	struct value init = {.count = 5, .marked = 6}, *v, *again;
	int right = 0;

	bpf_task_storage_delete(&of_tasks, me);
	right += bpf_task_storage_get(&of_tasks, me, NULL, 0) == NULL;
	right += bpf_task_storage_delete(&of_tasks, me) == -2;
	right += bpf_task_storage_get(&of_tasks, me, NULL, 7) == NULL;
	v = bpf_task_storage_get(&of_tasks, me, &init, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!v)
		return -1;
	right += v->count == 5 && v->marked == 6;
	v->count = 7;
	again = bpf_task_storage_get(&of_tasks, me, &init, BPF_LOCAL_STORAGE_GET_F_CREATE);
	right += again == v;
	right += again && again->count == 7;
	right += bpf_task_storage_delete(&of_tasks, me) == 0;
	right += v->count == 7; /* there until the program ends */
	right += bpf_task_storage_get(&of_tasks, me, NULL, 0) == NULL;
	again = bpf_task_storage_get(&of_tasks, me, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	right += again && again->count == 0 && again->marked == 0;
	return right;
}

SEC("syscall") __expect_accept __expect_retval(5)
int group_values(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1);
	u64 *v, init = 40;
	int right = 0;

	if (!root)
		return -1;
	v = bpf_cgrp_storage_get(&of_groups, root, &init, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (v)
		*v += 2;
	v = bpf_cgrp_storage_get(&of_groups, root, NULL, 0);
	right += v && *v == 42;
	right += bpf_cgrp_storage_delete(&of_groups, root) == 0;
	right += bpf_cgrp_storage_delete(&of_groups, root) == -2;
	right += bpf_cgrp_storage_get(&of_groups, root, NULL, 0) == NULL;
	right += bpf_cgrp_storage_get(&of_groups, root, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE) != NULL;
	bpf_cgroup_release(root);
	return right;
}

/* ---- for maps/test_storage.c ---- */

/* of the task with this number: counts, and puts objects into the value that go with it */
SEC("syscall") __expect_accept
int visit(int *pid)
{
	struct task_struct *t = bpf_task_from_pid(*pid);
	struct bpf_cpumask *m;
	struct item *i;
	struct value *v;
	int n = 0;

	if (!t)
		return -1;
	v = bpf_task_storage_get(&of_tasks, t, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (v) {
		n = __sync_fetch_and_add(&v->count, 1) + 1;
		m = bpf_cpumask_create();
		if (m) {
			m = bpf_kptr_xchg(&v->mask, m);
			if (m)
				bpf_cpumask_release(m);
		}
		i = new(struct item);
		if (i) {
			i = bpf_kptr_xchg(&v->item, i);
			if (i)
				drop(i);
		}
	}
	bpf_task_release(t);
	return n;
}

SEC("syscall") __expect_accept
int forget(int *pid)
{
	struct task_struct *t = bpf_task_from_pid(*pid);
	int err;

	if (!t)
		return -1;
	err = bpf_task_storage_delete(&of_tasks, t);
	bpf_task_release(t);
	return err;
}

SEC("syscall") __expect_reject(EACCES, any)
int value_unchecked(void *ctx)
{
	struct value *v = bpf_task_storage_get(&of_tasks, bpf_get_current_task_btf(), NULL, 1);

	return v->count;
}

SEC("syscall") __expect_reject(EINVAL, any)
int looked_up(void *ctx)
{
	int key = 0;

	return bpf_map_lookup_elem(&of_tasks, &key) != NULL;
}

SEC("tp_btf/cgroup_mkdir") __expect_accept
int BPF_PROG(count_groups, struct cgroup *cgrp, const char *path)
{
	u64 *v = bpf_cgrp_storage_get(&of_groups, cgrp, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (v)
		*v += 1;
	return 0;
}
