// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Scenarios of the kfunc spec, section 15, that the other files here leave out or show by half: where
 * pointers come from, walks, masks, references at odd exits, slots, objects, iterators, dynptrs.
 */
#include "graph.h"

#define __kptr		 __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))

char _license[] SEC("license") = "GPL";

struct all_types *keep;
long sink;
char path[64];

struct inner {
	long a;
};

struct outer {
	struct inner in;
	long b;
};

struct pointing {
	long a;
	long *p;
};

struct large {
	long a[75];
};

struct more_types {
	struct inner *a;
	struct outer *b;
	struct pointing *c;
	struct large *d;
} *keep_more;

struct slots {
	struct task_struct __kptr *task;
	struct task_struct __kptr_untrusted *weak;
	struct cpumask __kptr_untrusted *weak_mask;
	struct inner __kptr *in;
	struct task_struct __kptr *several[4];
	long plain;
	struct inner __kptr_untrusted *weak_in;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct slots);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, 1); /* BPF_F_NO_PREALLOC */
	__type(key, int);
	__type(value, long);
} of_tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, 1);
	__type(key, int);
	__type(value, long);
} of_sockets SEC(".maps");

static __attribute__((always_inline)) struct slots *slot(void)
{
	int key = 0;

	return bpf_map_lookup_elem(&slots, &key);
}

static __attribute__((always_inline)) void store(void *map, struct task_struct *t)
{
	long *v = bpf_task_storage_get(map, t, NULL, 0);

	if (v)
		sink = *v;
}

/* ---- where an argument comes from ---- */

/* Scenario 22: a hook that is called when nobody may take the task any more */
SEC("lsm/task_free") __expect_reject(EINVAL, KF0502) __expect_reject_on(6.12, EINVAL, KF0502)
__expect_reject_on(7.2, EINVAL, KF0502)
int task_that_goes(u64 *ctx)
{
	struct task_struct *t = bpf_task_acquire((void *)ctx[0]);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* Scenario 22: of another hook it is trusted */
SEC("lsm/file_open") __expect_accept __expect_accept_on(6.12) __expect_accept_on(7.2)
int file_that_stays(u64 *ctx)
{
	struct file *f = (void *)ctx[0];

	bpf_path_d_path(&f->f_path, path, sizeof(path));
	return 0;
}

/* Scenario 19: already under the rules of 6.7 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0503) __expect_reject_on(6.7, EACCES, KF0503)
int null_acquired(u64 *ctx)
{
	struct task_struct *t = bpf_task_acquire(NULL);

	if (t)
		bpf_task_release(t);
	return 0;
}

/* Scenario 21 */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0500)
int stack_released(u64 *ctx)
{
	long local[8] = {};

	bpf_task_release((void *)local);
	return 0;
}

/* ---- members ---- */

/* Scenario 47 */
SEC("syscall") __expect_accept
int parent_under_rcu(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p;

	bpf_rcu_read_lock();
	p = t->real_parent;
	if (p)
		store(&of_tasks, p);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 48 */
SEC("syscall") __expect_reject(EACCES, KF0535)
int parent_without_rcu(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p;

	p = t->real_parent;
	if (p)
		store(&of_tasks, p);
	return 0;
}

/* Scenario 49 */
SEC("syscall") __expect_reject(EACCES, KF0535)
int parent_after_rcu(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p;

	bpf_rcu_read_lock();
	p = t->real_parent;
	bpf_rcu_read_unlock();
	if (p)
		store(&of_tasks, p);
	return 0;
}

/* Scenario 49 */
SEC("syscall") __expect_reject(EACCES, KF0535)
int parent_in_the_next_section(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p;

	bpf_rcu_read_lock();
	p = t->real_parent;
	bpf_rcu_read_unlock();
	bpf_rcu_read_lock();
	if (p)
		store(&of_tasks, p);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 56 */
SEC("syscall") __expect_accept
int parent_s_leader(void *ctx)
{
	struct task_struct *t = bpf_get_current_task_btf(), *p;

	bpf_rcu_read_lock();
	p = t->real_parent;
	if (p)
		store(&of_tasks, p->group_leader);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 57 */
SEC("tp_btf/tcp_probe") __expect_accept
int socket_of_a_packet(u64 *ctx)
{
	struct sk_buff *skb = (void *)ctx[1];
	long *v;

	if (!skb)
		return 0;
	v = bpf_sk_storage_get(&of_sockets, skb->sk, NULL, 0);
	if (v)
		sink = *v;
	return 0;
}

/* Scenario 57 */
SEC("tp_btf/tcp_probe") __expect_reject(EACCES, KF0516)
int packet_for_a_socket(u64 *ctx)
{
	struct sk_buff *skb = (void *)ctx[1];
	long *v;

	if (!skb)
		return 0;
	v = bpf_sk_storage_get(&of_sockets, skb->next, NULL, 0);
	if (v)
		sink = *v;
	return 0;
}

/* Scenario 58 */
SEC("tp_btf/task_newtask") __expect_accept
int whole_name(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	return bpf_strncmp(t->comm, 16, "sh");
}

/* Scenario 58 */
SEC("tp_btf/task_newtask") __expect_reject(EACCES, KF0315)
int name_and_one_more(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];

	return bpf_strncmp(t->comm, 17, "sh");
}

/* Scenario 58: an argument that is not trusted is no memory of a helper */
SEC("fentry/filp_flush") __expect_reject(EACCES, KF0533)
int name_of_an_untrusted_task(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[1];

	sink = bpf_strncmp(t->comm, 16, "sh");
	return 0;
}

/* ---- nested sections ---- */

/* Scenario 52 */
SEC("syscall") __expect_reject(EINVAL, KF0605) __expect_reject_on(7.2, EINVAL, KF0604)
int unlocked_once_too_often(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 52 */
SEC("syscall") __expect_reject(EINVAL, KF0605) __expect_reject_on(7.2, EINVAL, KF0603)
int locked_once_too_often(void *ctx)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	bpf_rcu_read_unlock();
	return 0;
}

__attribute__((noinline)) int sleeps(int n)
{
	char buf[8];

	return bpf_copy_from_user(buf, sizeof(buf), (void *)(long)n) + n;
}

__attribute__((noinline)) int sleeps_below(int n)
{
	return sleeps(n) + 1;
}

/* Scenario 54 */
SEC("syscall") __expect_reject(EINVAL, KF0631)
int sleeping_function_in_a_section(void *ctx)
{
	bpf_rcu_read_lock();
	sink = sleeps(1);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 54: neither one that calls it */
SEC("syscall") __expect_reject(EINVAL, KF0631)
int sleeping_function_below(void *ctx)
{
	bpf_rcu_read_lock();
	sink = sleeps_below(1);
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 54 */
SEC("syscall") __expect_accept
int sleeping_function_before_a_section(void *ctx)
{
	sink = sleeps_below(1);
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 62: the flags of another section */
SEC("tc") __expect_reject(EINVAL, KF0500)
int flags_in_a_global(struct __sk_buff *ctx)
{
	bpf_local_irq_save((unsigned long *)&sink);
	bpf_local_irq_restore((unsigned long *)&sink);
	return 0;
}

/* ---- references at odd exits ---- */

#define LEGACY_LOAD                                                                                \
	__asm__ volatile("r6 = %[ctx]; r0 = *(u8 *)skb[0];" ::[ctx] "r"(ctx)                       \
			 : "r0", "r1", "r2", "r3", "r4", "r5", "r6")

/* Scenario 43 */
SEC("tc") __expect_reject(EINVAL, KF0412)
int legacy_load_with_reference(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	LEGACY_LOAD;
	bpf_task_release(t);
	return 0;
}

/* Scenario 43 */
SEC("tc") __expect_accept
int legacy_load_after_release(struct __sk_buff *ctx)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		bpf_task_release(t);
	LEGACY_LOAD;
	return 0;
}

/* Scenario 38: a mask is plain memory as well, so that it is looked for there (6.18.44 says the same) */
SEC("syscall") __expect_reject(EACCES, KF0508)
int mask_released_twice(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();

	if (!m)
		return 0;
	bpf_cpumask_release(m);
	bpf_cpumask_release(m);
	return 0;
}

/* Scenario 38 */
SEC("syscall") __expect_reject(EACCES, KF0508)
int mask_used_after_release(void *ctx)
{
	struct bpf_cpumask *m = bpf_cpumask_create();

	if (!m)
		return 0;
	bpf_cpumask_release(m);
	bpf_cpumask_set_cpu(0, m);
	return 0;
}

/* ---- slots ---- */

/* Scenario 68: not at its beginning */
SEC("tc") __expect_reject(EACCES, KF1001)
int slot_read_in_the_middle(struct __sk_buff *ctx)
{
	struct slots *v = slot();

	return v ? !*(volatile u64 *)((char *)&v->task + 4) : 0;
}

/* Scenario 68: at an offset that is not known */
SEC("tc") __expect_reject(EACCES, KF1001)
int slot_read_somewhere(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	u64 off = ctx->len & 8;

	hide(off);
	return v ? !*(volatile u64 *)((char *)v + off) : 0;
}

/* Scenario 68: by an atomic instruction */
SEC("tc") __expect_reject(EACCES, KF1001)
int slot_exchanged_by_an_instruction(struct __sk_buff *ctx)
{
	struct slots *v = slot();

	return v ? !__sync_lock_test_and_set((u64 *)&v->weak, 0) : 0;
}

/* Scenario 68: given to a helper as memory */
SEC("tc") __expect_reject(EACCES, KF1001)
int slot_given_as_memory(struct __sk_buff *ctx)
{
	struct slots *v = slot();

	return v ? bpf_get_current_comm(v, 16) : 0;
}

/* Scenario 69 */
SEC("tc") __expect_accept
int weak_slot_of_an_untrusted_pointer(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	struct task_struct *t;

	if (!v)
		return 0;
	t = bpf_rdonly_cast(bpf_get_current_task_btf(), bpf_core_type_id_kernel(struct task_struct));
	v->weak = t;
	return 0;
}

/* Scenario 69: the member begins where the type wants it */
SEC("tp_btf/task_newtask") __expect_accept
int weak_slot_of_a_member(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	struct slots *v = slot();

	if (v)
		v->weak_mask = &t->cpus_mask;
	return 0;
}

/* Scenario 69: an owning slot wants exactly its type */
SEC("tc") __expect_reject(EACCES, KF1002)
int owning_slot_of_a_member(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	struct outer *o;
	void *old;

	if (!v)
		return 0;
	o = obj_new(struct outer);
	if (!o)
		return 0;
	old = bpf_kptr_xchg(&v->in, (void *)o);
	if (old)
		obj_drop(old);
	return 0;
}

/* Scenario 69: an object of the program itself, which it owns */
SEC("tc") __expect_accept
int weak_slot_of_an_own_object(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	struct inner *i = obj_new(struct inner);

	if (!i)
		return 0;
	if (v)
		v->weak_in = i;
	obj_drop(i);
	return 0;
}

/* Scenario 69: but not one that it only sees */
SEC("tc") __expect_reject(EACCES, KF1002)
int weak_slot_of_a_seen_object(struct __sk_buff *ctx)
{
	struct slots *v = slot();

	if (!v)
		return 0;
	bpf_rcu_read_lock();
	v->weak_in = v->in;
	bpf_rcu_read_unlock();
	return 0;
}

/* Scenario 70 */
SEC("tc") __expect_reject(EACCES, KF0303)
int owning_slot_unchecked(struct __sk_buff *ctx)
{
	struct slots *v = slot();

	return v ? v->task->pid : 0;
}

/* Scenario 74: an element of the array */
SEC("tc") __expect_accept
int element(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	struct task_struct *t;

	if (!v)
		return 0;
	t = bpf_kptr_xchg(&v->several[3], NULL);
	if (t)
		bpf_task_release(t);
	return 0;
}

/* Scenario 74: the one behind the last is something else */
SEC("tc") __expect_reject(EACCES, KF1001)
int element_behind_the_last(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	struct task_struct *t;
	long four = 4;

	hide(v);
	if (!v)
		return 0;
	t = bpf_kptr_xchg((char *)v->several + four * 8, NULL);
	if (t)
		bpf_task_release(t);
	return 0;
}

/* Scenario 74: one that is not known */
SEC("tc") __expect_reject(EINVAL, KF0524)
int element_by_a_variable(struct __sk_buff *ctx)
{
	struct slots *v = slot();
	struct task_struct *t;
	u32 i = ctx->len;

	if (!v || i > 3)
		return 0;
	t = bpf_kptr_xchg(&v->several[i], NULL);
	if (t)
		bpf_task_release(t);
	return 0;
}

/* ---- objects ---- */

/* Scenario 78 */
SEC("tc") __expect_reject(EINVAL, KF1004)
int percpu_object_too_large(struct __sk_buff *ctx)
{
	void *p = percpu_new(struct large);

	if (p)
		bpf_percpu_obj_drop_impl(p, NULL);
	return 0;
}

/* Scenario 78 */
SEC("tc") __expect_reject(EINVAL, KF1004)
int percpu_object_with_pointer(struct __sk_buff *ctx)
{
	void *p = percpu_new(struct pointing);

	if (p)
		bpf_percpu_obj_drop_impl(p, NULL);
	return 0;
}

private(L) struct bpf_spin_lock list_lock;
private(L) struct bpf_list_head items __contains(item, link);
private(T) struct bpf_spin_lock tree_lock;
private(T) struct bpf_rb_root leaves __contains(leaf, node);

/* Scenario 83 */
SEC("tc") __expect_reject(EACCES, KF0324)
int lock_read(struct __sk_buff *ctx)
{
	return *(volatile u32 *)&list_lock;
}

/* Scenario 83 */
SEC("tc") __expect_reject(EACCES, KF0324)
int head_written(struct __sk_buff *ctx)
{
	struct item *i = obj_new(struct item); /* so that its type is in the BTF */

	if (i)
		obj_drop(i);
	*(volatile u64 *)&items = 0;
	return 0;
}

static bool leaf_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return a < b;
}

static bool less_that_locks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_spin_lock(&list_lock);
	bpf_spin_unlock(&list_lock);
	return false;
}

static bool less_that_adds(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	rb_add(&leaves, a, leaf_less);
	return false;
}

static bool less_that_enters_rcu(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return false;
}

#define ADD_WITH(less)                                                                             \
	({                                                                                         \
		struct leaf *l = obj_new(struct leaf);                                             \
		if (l) {                                                                           \
			bpf_spin_lock(&tree_lock);                                                 \
			rb_add(&leaves, &l->node, less);                                           \
			bpf_spin_unlock(&tree_lock);                                               \
		}                                                                                  \
		0;                                                                                 \
	})

/* Scenario 81 */
SEC("tc") __expect_reject(EINVAL, KF0615)
int lock_in_less(struct __sk_buff *ctx)
{
	return ADD_WITH(less_that_locks);
}

/* Scenario 81 */
SEC("tc") __expect_reject(EINVAL, KF0618)
int add_in_less(struct __sk_buff *ctx)
{
	return ADD_WITH(less_that_adds);
}

/* Scenario 81, R7.4: under a lock there are no sections anyway */
SEC("tc") __expect_reject(EINVAL, KF0612)
int rcu_in_less(struct __sk_buff *ctx)
{
	return ADD_WITH(less_that_enters_rcu);
}

/* ---- iterators, dynptrs ---- */

/* Scenario 86: what is counted makes no difference, so the states converge */
SEC("tc") __expect_accept
int one_place_converges(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	long sum = 0;
	int *v;

	bpf_iter_num_new(&it, 0, 1000);
	while ((v = bpf_iter_num_next(&it)))
		sum += *v + 1;
	bpf_iter_num_destroy(&it);
	sink = sum;
	return 0;
}

/* Scenario 86: what is counted is where it writes, beyond the end of the array in the end */
SEC("tc") __expect_reject(EACCES, KF0306)
int one_place_leads_too_far(struct __sk_buff *ctx)
{
	struct bpf_iter_num it;
	struct slots *s = slot();
	long n = 0;

	if (!s)
		return 0;
	bpf_iter_num_new(&it, 0, 1000);
	while (bpf_iter_num_next(&it)) {
		n++;
		hide(n);
		if (n == 7)
			*(volatile long *)((char *)s + 72 + n * 8) = n;
	}
	bpf_iter_num_destroy(&it);
	return 0;
}

/* Scenario 88 */
SEC("lsm/file_open") __expect_accept __expect_accept_on(6.12) __expect_accept_on(7.2)
int css_task_in_lsm(u64 *ctx)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;

	if (!cgrp)
		return 0;
	bpf_iter_css_task_new(&it, &cgrp->self, 0);
	while (bpf_iter_css_task_next(&it))
		sink++;
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cgrp);
	return 0;
}

/* Scenario 88 */
SEC("fentry/filp_flush") __expect_reject(EINVAL, KF0624) __expect_reject_on(6.12, EINVAL, KF0624)
__expect_reject_on(7.2, EINVAL, KF0624)
int css_task_in_fentry(u64 *ctx)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(1);
	struct bpf_iter_css_task it;

	if (!cgrp)
		return 0;
	bpf_iter_css_task_new(&it, &cgrp->self, 0);
	bpf_iter_css_task_destroy(&it);
	bpf_cgroup_release(cgrp);
	return 0;
}

/* Scenario 91: half of it is above the stack */
SEC("tc") __expect_reject(EINVAL, KF0338)
int dynptr_at_the_stack_s_end(struct __sk_buff *ctx)
{
	__asm__ volatile("r1 = %[ctx];"
			 "r2 = 0;"
			 "r3 = r10;"
			 "r3 += -8;"
			 "call %[from_skb];" ::[ctx] "r"(ctx),
			 [from_skb] "i"(bpf_dynptr_from_skb)
			 : "r0", "r1", "r2", "r3", "r4", "r5", "memory");
	return 0;
}

/* Scenario 91: one of two places */
SEC("tc") __expect_reject(EINVAL, KF0338)
int dynptr_somewhere(struct __sk_buff *ctx)
{
	struct bpf_dynptr p[2];
	u64 off = (ctx->len & 1) * 16;

	hide(off);
	bpf_dynptr_from_skb(ctx, 0, (void *)((char *)&p[0] + off));
	return 0;
}

/* Scenario 91: not on the stack */
SEC("tc") __expect_reject(EINVAL, KF0500)
int dynptr_in_a_value(struct __sk_buff *ctx)
{
	struct slots *v = slot();

	if (v)
		bpf_dynptr_from_skb(ctx, 0, (void *)&v->plain);
	return 0;
}

/* ---- exceptions ---- */

#define __exception_cb(name) __attribute__((btf_decl_tag("exception_callback:" #name)))

/* Scenario 93: a hook whose programs return nothing but 0 */
SEC("fentry/filp_flush") __expect_reject(EINVAL, KF0320)
int thrown_in_fentry(u64 *ctx)
{
	bpf_throw(64);
	return 0;
}

/* Scenario 93 */
SEC("fentry/filp_flush") __expect_accept
int zero_thrown_in_fentry(u64 *ctx)
{
	bpf_throw(0);
	return 0;
}

__attribute__((noinline)) void returns_nothing(u64 cookie)
{
	sink = cookie;
}

__attribute__((noinline)) int returns_it(u64 cookie)
{
	return cookie > 1;
}

__attribute__((noinline)) int returns_it_too(u64 cookie)
{
	return cookie > 2;
}

/* Scenario 94 */
SEC("tc") __expect_reject(EINVAL, KF0214)
__exception_cb(returns_nothing)
int caught_by_void(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

/* Scenario 94 */
SEC("tc") __expect_reject(EEXIST, KF0240)
__exception_cb(returns_it) __exception_cb(returns_it_too)
int caught_by_two(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}

/* Scenario 94: one that does nothing else */
SEC("tc") __expect_accept
__exception_cb(returns_it)
int caught_by_one(struct __sk_buff *ctx)
{
	bpf_throw(ctx->len);
	return 0;
}
