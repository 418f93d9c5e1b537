// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Iterators over tasks, control groups and memory areas (kfunc spec 12.7). */
#include "expect.h"

#define EINVAL 22
enum { CSS_TASK_ITER_PROCS = 1, CSS_TASK_ITER_THREADED = 2 };

char _license[] SEC("license") = "Dual BSD/GPL";

/* Scenario 87 */
SEC("syscall")
__expect_accept
__expect_retval(1)
int finds_itself_among_processes(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t;
	struct bpf_iter_task it;
	int found = 0, n = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	while ((t = bpf_iter_task_next(&it))) {
		if (t->pid == me->tgid)
			found++;
		if (t->pid != t->tgid)
			n++;
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return found + 10 * n;
}

SEC("syscall")
__expect_accept
__expect_retval(1)
int finds_itself_among_threads(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t;
	struct bpf_iter_task it;
	int found = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_THREADS);
	while ((t = bpf_iter_task_next(&it)))
		found += t->pid == me->pid && t == me;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return found;
}

SEC("syscall")
__expect_accept
__expect_retval(1)
int own_threads(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t;
	struct bpf_iter_task it;
	int others = 0, mine = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, me, BPF_TASK_ITER_PROC_THREADS);
	while ((t = bpf_iter_task_next(&it))) {
		if (t->tgid != me->tgid)
			others++;
		if (t->pid == me->pid)
			mine++;
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return mine + 10 * others;
}

/* an element may be kept with a reference of its own, beyond the section */
SEC("syscall")
__expect_accept
__expect_retval(1)
int element_acquired(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t, *kept = NULL;
	struct bpf_iter_task it;
	int r = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, me, BPF_TASK_ITER_PROC_THREADS);
	t = bpf_iter_task_next(&it);
	if (t)
		kept = bpf_task_acquire(t);
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	if (kept) {
		r = kept->tgid == me->tgid;
		bpf_task_release(kept);
	}
	return r;
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int bad_flags_yield_nothing(void *ctx)
{
	struct bpf_iter_task it;
	int r = 0, err;

	bpf_rcu_read_lock();
	err = bpf_iter_task_new(&it, NULL, 3);
	if (bpf_iter_task_next(&it))
		r |= 1;
	bpf_iter_task_destroy(&it);
	if (err != -EINVAL)
		r |= 2;
	err = bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_PROC_THREADS);
	if (err != -EINVAL || bpf_iter_task_next(&it))
		r |= 4;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return r;
}

/* Scenario 87 */
SEC("syscall")
__expect_reject(EACCES, KF0602)
int tasks_without_section(void *ctx)
{
	struct bpf_iter_task it;

	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	return 0;
}

/* Scenario 87 */
SEC("syscall")
__expect_reject(EPROTO, KF1022)
int tasks_in_another_section(void *ctx)
{
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall")
__expect_reject(EINVAL, KF0417)
int tasks_not_destroyed(void *ctx)
{
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall")
__expect_reject(EACCES, KF0302)
int task_unchecked(void *ctx)
{
	struct bpf_iter_task it;
	int r;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	r = bpf_iter_task_next(&it)->pid;
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return r;
}

/* an element is protected by the section, it is not owned */
SEC("syscall")
__expect_reject(EINVAL, KF0501)
int task_released(void *ctx)
{
	struct task_struct *t;
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	t = bpf_iter_task_next(&it);
	if (t)
		bpf_task_release(t);
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}

u64 first, last, groups; /* not on the stack: the verifier then need not follow them */

static __noinline int count(struct cgroup *cgrp, unsigned int order)
{
	struct cgroup_subsys_state *css;
	struct bpf_iter_css it;

	groups = 0;
	bpf_iter_css_new(&it, &cgrp->self, order);
	while ((css = bpf_iter_css_next(&it))) {
		if (!groups)
			first = css->serial_nr;
		last = css->serial_nr;
		groups++;
	}
	bpf_iter_css_destroy(&it);
	return 0;
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int groups_in_both_orders(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1);
	u64 serial, all;
	int r = 0;

	if (!root)
		return 100;
	serial = root->self.serial_nr;
	bpf_rcu_read_lock();
	count(root, BPF_CGROUP_ITER_DESCENDANTS_PRE);
	all = groups;
	if (all < 1 || first != serial)
		r |= 1;
	count(root, BPF_CGROUP_ITER_DESCENDANTS_POST);
	if (groups != all || last != serial)
		r |= 2;
	count(root, BPF_CGROUP_ITER_ANCESTORS_UP);
	if (groups != 1 || first != serial)
		r |= 4;
	count(root, 0);
	if (groups)
		r |= 8;
	bpf_rcu_read_unlock();
	bpf_cgroup_release(root);
	return r;
}

/* the member of an iterated state is protected like the state itself */
SEC("syscall")
__expect_accept
__expect_retval(1)
int group_of_element(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1), *c = NULL;
	struct cgroup_subsys_state *css;
	struct bpf_iter_css it;
	int r = 0;

	if (!root)
		return 100;
	bpf_rcu_read_lock();
	bpf_iter_css_new(&it, &root->self, BPF_CGROUP_ITER_ANCESTORS_UP);
	css = bpf_iter_css_next(&it);
	if (css)
		c = bpf_cgroup_acquire(css->cgroup);
	bpf_iter_css_destroy(&it);
	bpf_rcu_read_unlock();
	if (c) {
		r = c == root;
		bpf_cgroup_release(c);
	}
	bpf_cgroup_release(root);
	return r;
}

SEC("syscall")
__expect_reject(EACCES, KF0602)
int groups_without_section(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1);
	struct bpf_iter_css it;

	if (!root)
		return 0;
	bpf_iter_css_new(&it, &root->self, BPF_CGROUP_ITER_DESCENDANTS_PRE);
	bpf_iter_css_destroy(&it);
	bpf_cgroup_release(root);
	return 0;
}

SEC("syscall")
__expect_accept
__expect_retval(1)
int finds_itself_in_its_group(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *t;
	struct bpf_iter_css_task it;
	struct cgroup *mine = NULL;
	int found = 0, others = 0;

	bpf_rcu_read_lock();
	mine = bpf_cgroup_acquire(me->cgroups->dfl_cgrp);
	bpf_rcu_read_unlock();
	if (!mine)
		return 100;
	bpf_iter_css_task_new(&it, &mine->self, CSS_TASK_ITER_PROCS);
	while ((t = bpf_iter_css_task_next(&it))) {
		if (t->pid == me->tgid)
			found++;
		if (!bpf_task_under_cgroup(t, mine))
			others++;
	}
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(mine);
	return found + 10 * others;
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int tasks_of_group_bad_flags(void *ctx)
{
	struct cgroup *root = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;
	int err, r = 0;

	if (!root)
		return 100;
	err = bpf_iter_css_task_new(&it, &root->self, CSS_TASK_ITER_THREADED);
	if (err != -EINVAL || bpf_iter_css_task_next(&it))
		r = 1;
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(root);
	return r;
}

/* Scenario 88 */
SEC("tp_btf/cgroup_mkdir")
__expect_reject(EINVAL, KF0624)
int BPF_PROG(tasks_of_group_in_tracepoint, struct cgroup *cgrp, const char *path)
{
	struct bpf_iter_css_task it;

	bpf_iter_css_task_new(&it, &cgrp->self, CSS_TASK_ITER_PROCS);
	bpf_iter_css_task_next(&it);
	bpf_iter_css_task_destroy(&it);
	return 0;
}

SEC("syscall")
__expect_accept
__expect_retval(3)
int memory_areas(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	struct vm_area_struct *vma;
	struct bpf_iter_task_vma it;
	unsigned long end = 0, code;
	int r = 1;

	code = me->mm ? me->mm->start_code : 0;
	bpf_iter_task_vma_new(&it, me, 0);
	while ((vma = bpf_iter_task_vma_next(&it))) {
		if (vma->vm_start < end || vma->vm_start >= vma->vm_end)
			r &= ~1;
		end = vma->vm_end;
		if (vma->vm_start <= code && code < end)
			r |= 2;
	}
	bpf_iter_task_vma_destroy(&it);
	return r;
}

SEC("syscall")
__expect_reject(EINVAL, KF0417)
int memory_areas_not_destroyed(void *ctx)
{
	struct bpf_iter_task_vma it;

	bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), 0);
	return 0;
}
