// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Calls on the live kernel, rule by rule (kfunc spec sections 2, 4, 9): the order of errors, registers
 * after a call, what the loader fills in, variants by program type, global functions, callbacks that
 * run later. Nothing here needs a module, so the running kernel can be asked as well.
 */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct node {
	long key;
	struct bpf_list_node link;
	long more;
};

struct tree_node {
	long key;
	struct bpf_rb_node link;
};

private(A) struct bpf_spin_lock lock;
private(A) struct bpf_list_head list __contains(node, link);
private(B) struct bpf_spin_lock tree_lock;
private(B) struct bpf_rb_root tree __contains(tree_node, link);

struct timed {
	struct bpf_timer timer;
	long n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct timed);
} timers SEC(".maps");

u32 seen;

/* ---- R2.11: of several things that are wrong, the first in this order is reported ---- */

/* R2.11: the lock, before who may call */
SEC("tc") __expect_reject(EINVAL, KF0612)
int lock_before_visibility(struct __sk_buff *skb)
{
	struct xdp_md *none = NULL;
	struct bpf_dynptr p;

	bpf_spin_lock(&lock);
	bpf_dynptr_from_xdp(none, 0, &p);
	bpf_spin_unlock(&lock);
	return 0;
}

/* R2.11: who may call, before the arguments */
SEC("tc") __expect_reject(EACCES, KF0701)
int visibility_before_arguments(struct __sk_buff *skb)
{
	return bpf_dynptr_from_xdp((void *)10, 0, (void *)10);
}

/* R2.11: a program that cannot sleep, before the arguments */
SEC("tc") __expect_reject(EACCES, KF0600)
int sleeping_before_arguments(struct __sk_buff *skb)
{
	return bpf_copy_from_user_str((void *)10, 8, NULL, 0);
}

/* R2.11: the arguments, before sleeping in a section */
SEC("syscall") __expect_reject(EACCES, KF0508)
int arguments_before_section(void *ctx)
{
	int r;

	bpf_rcu_read_lock();
	r = bpf_copy_from_user_str((void *)10, 8, NULL, 0);
	bpf_rcu_read_unlock();
	return r;
}

/* R2.11: the arguments, before the section that the call wants */
SEC("syscall") __expect_reject(EINVAL, KF0500)
int arguments_before_wanted_section(void *ctx)
{
	struct bpf_iter_task it;

	bpf_iter_task_new(&it, ctx, 0);
	bpf_iter_task_destroy(&it);
	return 0;
}

/* ---- R2.13 ---- */

/* R2.13 */
SEC("tc") __expect_reject(EACCES, KF0300)
int registers_are_gone(struct __sk_buff *skb)
{
	int r;

	asm volatile("r3 = 5;"
		     "call %[lock];"
		     "call %[unlock];"
		     "%[r] = r3;"
		     : [r] "=r"(r)
		     : [lock] "i"(bpf_rcu_read_lock), [unlock] "i"(bpf_rcu_read_unlock)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	return r;
}

/* R2.13: R6 to R9 stay */
SEC("tc") __expect_accept __expect_retval(5)
int registers_that_stay(struct __sk_buff *skb)
{
	int r;

	asm volatile("r8 = 5;"
		     "call %[lock];"
		     "call %[unlock];"
		     "%[r] = r8;"
		     : [r] "=r"(r)
		     : [lock] "i"(bpf_rcu_read_lock), [unlock] "i"(bpf_rcu_read_unlock)
		     : "r0", "r1", "r2", "r3", "r4", "r5", "r8");
	return r;
}

/* R2.13: the result of a function without one is no result */
SEC("tc") __expect_reject(EACCES, KF0300)
int no_result(struct __sk_buff *skb)
{
	int r;

	asm volatile("call %[lock];"
		     "%[r] = r0;"
		     "call %[unlock];"
		     : [r] "=r"(r)
		     : [lock] "i"(bpf_rcu_read_lock), [unlock] "i"(bpf_rcu_read_unlock)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	return r;
}

/* ---- R2.15: what the program says for them does not matter ---- */

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct tree_node, link)->key <
	       container_of(b, struct tree_node, link)->key;
}

#define WRONG ((void *)0x1234567)

/* R2.15: sizes, types and offsets of nodes */
SEC("syscall") __expect_accept __expect_retval(7)
int filled_in(void *ctx)
{
	struct node *n = bpf_obj_new_impl(bpf_core_type_id_local(struct node), WRONG);
	struct bpf_list_node *ln;
	struct bpf_rb_node *rn;
	struct tree_node *t;
	int r = 0;

	if (!n)
		return -1;
	n->key = 1;
	n->more = 77;
	bpf_spin_lock(&lock);
	bpf_list_push_front_impl(&list, &n->link, WRONG, 4000);
	ln = bpf_list_pop_back(&list);
	bpf_spin_unlock(&lock);
	if (ln) {
		n = container_of(ln, struct node, link);
		r |= n->key == 1 && n->more == 77;
		bpf_obj_drop_impl(n, WRONG);
	}
	t = bpf_obj_new_impl(bpf_core_type_id_local(struct tree_node), WRONG);
	if (!t)
		return -2;
	t->key = 5;
	bpf_spin_lock(&tree_lock);
	bpf_rbtree_add_impl(&tree, &t->link, less, WRONG, 4000);
	rn = bpf_rbtree_first(&tree);
	if (rn)
		rn = bpf_rbtree_remove(&tree, rn);
	bpf_spin_unlock(&tree_lock);
	if (rn) {
		t = container_of(rn, struct tree_node, link);
		r |= 2 * (t->key == 5);
		bpf_obj_drop_impl(t, WRONG);
	}
	return r | 4;
}

/* R2.15: nor need it have been set; as parameters they do not survive the call */
SEC("tc") __expect_accept __expect_retval(3)
int need_not_be_set(struct __sk_buff *skb)
{
	int r = 3;

	asm volatile("r1 = %[id];"
		     "call %[make];" /* R2 was never written */
		     "if r0 == 0 goto +2;"
		     "r1 = r0;"
		     "call %[drop];"
		     :
		     : [id] "r"((u64)bpf_core_type_id_local(struct node)), [make] "i"(bpf_obj_new_impl),
		       [drop] "i"(bpf_obj_drop_impl)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	return r;
}

/* ---- values of __k tell states apart ---- */

#define CAST_BY_PATH(here, there)                                                                  \
	({                                                                                         \
		u64 id = bpf_core_type_id_kernel(here);                                            \
		if (bpf_get_prandom_u32() & 1)                                                     \
			id = bpf_core_type_id_kernel(there);                                       \
		hide(id);                                                                          \
		many_ways();                                                                       \
		bpf_rdonly_cast(bpf_get_current_task_btf(), id);                                   \
	})

/* the member is past the end of the smaller type, which one of the paths casts to */
SEC("syscall") __expect_reject(EACCES, KF0315)
int kind_by_path(void *ctx)
{
	struct task_struct *t = CAST_BY_PATH(struct task_struct, struct bpf_spin_lock);

	return t->pid;
}

/* whichever comes first */
SEC("syscall") __expect_reject(EACCES, KF0315)
int kind_by_other_path(void *ctx)
{
	struct task_struct *t = CAST_BY_PATH(struct bpf_spin_lock, struct task_struct);

	return t->pid;
}

SEC("syscall") __expect_accept __expect_retval(1)
int kind_by_path_kept(void *ctx)
{
	struct bpf_spin_lock *first = CAST_BY_PATH(struct thread_info, struct bpf_spin_lock);

	return first->val == *(u32 *)bpf_get_current_task_btf();
}

/* ---- R2.16 ---- */

/* R2.16: a classifier may write to its packet */
SEC("tc") __expect_accept __expect_retval(2)
int writable_here(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u8 b = 9;
	int r;

	if (bpf_dynptr_from_skb((void *)skb, 0, &p))
		return -1;
	r = bpf_dynptr_is_rdonly(&p);
	if (!bpf_dynptr_write(&p, 0, &b, 1, 0))
		r |= 2;
	return r;
}

/* R2.16: what is attached to a control group may not, and gets the other kind from the same call */
SEC("cgroup_skb/ingress") __expect_accept __expect_retval(1)
int read_only_here(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u8 b = 9;

	if (bpf_dynptr_from_skb((void *)skb, 0, &p))
		return 0;
	return bpf_dynptr_is_rdonly(&p) && bpf_dynptr_write(&p, 0, &b, 1, 0) == -22;
}

/* ---- R4.6: an object with a lock in it is told apart from others, NULL or not ---- */

struct owner {
	struct bpf_spin_lock lock;
	struct bpf_list_head head __contains(node, link);
	struct bpf_refcount refs;
};

/* R4.6 */
SEC("tc") __expect_accept __expect_retval(1)
int lock_of_the_same_object(struct __sk_buff *skb)
{
	struct owner *o = new(struct owner), *p;
	struct bpf_list_node *n;

	if (!o)
		return 0;
	p = one_more(o);
	bpf_spin_lock(&p->lock);
	n = bpf_list_pop_front(&p->head);
	bpf_spin_unlock(&p->lock);
	if (n)
		drop(container_of(n, struct node, link));
	drop(p);
	drop(o);
	return 1;
}

/* R4.6: another pointer to the same object is another identity */
SEC("tc") __expect_reject(EINVAL, KF0616)
int lock_through_another_pointer(struct __sk_buff *skb)
{
	struct owner *o = new(struct owner), *p;
	struct bpf_list_node *n;

	if (!o)
		return 0;
	p = one_more(o);
	bpf_spin_lock(&o->lock);
	n = bpf_list_pop_front(&p->head);
	bpf_spin_unlock(&o->lock);
	if (n)
		drop(container_of(n, struct node, link));
	drop(p);
	drop(o);
	return 1;
}

/* R4.6 */
SEC("tc") __expect_reject(EINVAL, KF0608)
int unlocked_through_another_pointer(struct __sk_buff *skb)
{
	struct owner *o = new(struct owner), *p;

	if (!o)
		return 0;
	p = one_more(o);
	bpf_spin_lock(&o->lock);
	bpf_spin_unlock(&p->lock);
	drop(p);
	drop(o);
	return 1;
}

/* ---- R9.9: global functions ---- */

__noinline int pid_of(struct task_struct *task __arg_trusted)
{
	struct task_struct *again = bpf_task_acquire(task);
	int pid = 0;

	if (again) {
		pid = again->pid;
		bpf_task_release(again);
	}
	return pid;
}

/* R9.9: a reference is lent */
SEC("syscall") __expect_accept __expect_retval(1)
int lent_to_global_function(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	int pid;

	if (!t)
		return 0;
	pid = pid_of(t);
	bpf_task_release(t);
	return pid;
}

/* R9.9: and stays with the caller */
SEC("syscall") __expect_reject(EINVAL, KF0412)
int not_given_to_global_function(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	return t ? pid_of(t) : 0;
}

__noinline int releases_argument(struct task_struct *task __arg_trusted)
{
	bpf_task_release(task);
	return 0;
}

/* R9.9: which cannot give up what it was lent */
SEC("syscall") __expect_reject(EINVAL, KF0400)
int released_by_global_function(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	releases_argument(t);
	bpf_task_release(t);
	return 0;
}

__noinline int leaks_its_own(int pid)
{
	struct task_struct *t = bpf_task_from_pid(pid);

	return t ? 1 : 0;
}

/* R9.4, R9.9: nor keep what it took itself */
SEC("syscall") __expect_reject(EINVAL, KF0412)
int leaked_by_global_function(void *ctx)
{
	return leaks_its_own(1);
}

/* R9.9: what is not trusted is not passed as trusted */
SEC("syscall") __expect_reject(EACCES, KF0256)
int untrusted_to_global_function(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();

	return pid_of(me->real_parent);
}

/* ---- R9.7: callbacks that run later begin with nothing ---- */

static int unlocks(void *map, u32 *key, struct timed *v)
{
	bpf_rcu_read_unlock();
	return 0;
}

/* R9.7: not in the section in which the callback was set */
SEC("syscall") __expect_reject(EINVAL, KF0604)
int later_is_not_in_the_section(void *ctx)
{
	struct timed *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&timers, &key);
	if (!v)
		return 0;
	bpf_rcu_read_lock();
	bpf_timer_set_callback(&v->timer, unlocks);
	bpf_rcu_read_unlock();
	return 0;
}

static int stays_locked(void *map, u32 *key, struct timed *v)
{
	bpf_rcu_read_lock();
	return 0;
}

/* R9.7: and balances by itself */
SEC("syscall") __expect_reject(EINVAL, KF0603)
int later_left_open(void *ctx)
{
	struct timed *v;
	u32 key = 0;

	v = bpf_map_lookup_elem(&timers, &key);
	return v ? bpf_timer_set_callback(&v->timer, stays_locked) : 0;
}

static int looks(void *map, u32 *key, struct timed *v)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* R9.7: what the program holds meanwhile is none of its business */
SEC("syscall") __expect_accept __expect_retval(-22)
int set_while_holding(void *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);
	struct timed *v;
	u32 key = 0;
	int r = 0;

	if (!t)
		return 0;
	v = bpf_map_lookup_elem(&timers, &key);
	if (v)
		r = bpf_timer_set_callback(&v->timer, looks); /* EINVAL: it was not initialised */
	bpf_task_release(t);
	return r;
}

/* ---- found by id ---- */

/* R9.1: the current group is the one with its id */
SEC("syscall") __expect_accept __expect_retval(7)
int group_by_id(void *ctx)
{
	u64 id = bpf_get_current_cgroup_id();
	struct cgroup *c = bpf_cgroup_from_id(id);
	struct task_struct *me = bpf_get_current_task_btf();
	int r = 0;

	if (!c)
		return -1;
	if (c->kn->id == id)
		r |= 1;
	if (bpf_task_under_cgroup(me, c) == 1)
		r |= 2;
	bpf_rcu_read_lock();
	if (me->cgroups->dfl_cgrp == c)
		r |= 4;
	bpf_rcu_read_unlock();
	bpf_cgroup_release(c);
	return r;
}

SEC("syscall") __expect_reject(EACCES, KF0303)
int group_by_id_unchecked(void *ctx)
{
	struct cgroup *c = bpf_cgroup_from_id(1);
	int level = c->level;

	if (c)
		bpf_cgroup_release(c);
	return level;
}

SEC("syscall") __expect_reject(EINVAL, KF0412)
int group_by_id_kept(void *ctx)
{
	struct cgroup *c = bpf_cgroup_from_id(1);

	return c ? c->level : -1;
}

static long vma_returns(struct task_struct *task, struct vm_area_struct *vma, void *result)
{
	return *(long *)result;
}

/* what the callback of bpf_find_vma() may return (verifier spec 7.7) */
SEC("raw_tp") __expect_reject(EINVAL, KF0233)
int vma_result_two(void *ctx)
{
	long result = 2;

	return bpf_find_vma(bpf_get_current_task_btf(), 0, vma_returns, &result, 0);
}

SEC("raw_tp") __expect_accept
int vma_result_one(void *ctx)
{
	long result = 1;

	return bpf_find_vma(bpf_get_current_task_btf(), 0, vma_returns, &result, 0);
}
