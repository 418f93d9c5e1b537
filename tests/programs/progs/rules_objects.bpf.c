// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Pointers, maps and objects on the stack on the live kernel, rule by rule (kfunc spec sections 6 to 10).
 * Nothing here needs a module, so the running kernel can be asked as well.
 */
#include "local.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct node {
	long key;
	struct bpf_list_node link;
};

struct locked {
	struct bpf_spin_lock lock;
	long n;
};

struct listed {
	struct bpf_res_spin_lock lock;
	struct bpf_list_head head __contains(node, link);
};

struct treed {
	struct bpf_res_spin_lock lock;
	struct bpf_rb_root root __contains(tree_node, link);
};

struct tree_node {
	long key;
	struct bpf_rb_node link;
};

struct node *keep;
struct tree_node *keep_too;

#define MAP(name, value_type)                                                                      \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, 1);                                                            \
		__type(key, u32);                                                                  \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

MAP(locks, struct locked);
MAP(lists, struct listed);
MAP(trees, struct treed);
MAP(bytes, char[64]);

u64 zero;
u32 one = 1;

/* ---- R6.10: one load, several kinds of pointers ---- */

#define TWO_WAYS(a, b)                                                                             \
	({                                                                                         \
		u64 x = (u64)(a), y = (u64)(b);                                                    \
		u32 r;                                                                             \
		asm volatile("if %[cond] == 0 goto +1;"                                            \
			     "%[x] = %[y];"                                                        \
			     "%[r] = *(u32 *)(%[x] + 0);"                                          \
			     : [r] "=r"(r), [x] "+r"(x)                                            \
			     : [y] "r"(y), [cond] "r"(bpf_get_prandom_u32()));                     \
		r;                                                                                 \
	})

/* R6.10: an object or the stack */
SEC("tp_btf/task_newtask") __expect_reject(EINVAL, KF0323)
int BPF_PROG(object_or_stack, struct task_struct *task, u64 clone_flags)
{
	u64 local = 1;

	return TWO_WAYS(task, &local);
}

/* R6.10: the context or an object */
SEC("tc") __expect_reject(EINVAL, KF0323)
int context_or_object(struct __sk_buff *skb)
{
	return TWO_WAYS(skb, bpf_get_current_task_btf());
}

/* R6.10: the stack or a map's value need the same instruction */
SEC("tc") __expect_accept __expect_retval(1)
int stack_or_value(struct __sk_buff *skb)
{
	u32 local = 1;

	return TWO_WAYS(&one, &local);
}

/* R6.10: objects that differ in trust only, the load may then fault */
SEC("syscall") __expect_accept __expect_retval(1)
int objects_of_different_trust(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *same;

	same = bpf_rdonly_cast(me, bpf_core_type_id_kernel(struct task_struct));
	return TWO_WAYS(me, same) == *(u32 *)me;
}

/* ---- R7.11, scenario 84: programs that may interrupt anything ---- */

#define LOOKS_AT(map)                                                                              \
	({                                                                                         \
		u32 key = 0;                                                                       \
		!bpf_map_lookup_elem(&map, &key);                                                  \
	})

/* R7.11 */
SEC("kprobe") __expect_reject(EINVAL, KF0611)
int lock_in_kprobe(void *ctx)
{
	return LOOKS_AT(locks);
}

/* R7.11 */
SEC("raw_tp/task_newtask") __expect_reject(EINVAL, KF0611)
int lock_in_raw_tracepoint(void *ctx)
{
	return LOOKS_AT(locks);
}

/* R7.11 */
SEC("tracepoint/sched/sched_process_fork") __expect_reject(EINVAL, KF0611)
int lock_in_tracepoint(void *ctx)
{
	return LOOKS_AT(locks);
}

/* R7.11 */
SEC("perf_event") __expect_reject(EINVAL, KF0611)
int lock_in_perf_event(void *ctx)
{
	return LOOKS_AT(locks);
}

/* R7.11 */
SEC("socket") __expect_reject(EINVAL, KF0611)
int lock_in_socket_filter(struct __sk_buff *skb)
{
	return LOOKS_AT(locks);
}

/* R7.11 */
SEC("tp_btf/task_newtask") __expect_accept
int BPF_PROG(lock_in_typed_tracepoint, struct task_struct *task, u64 clone_flags)
{
	return LOOKS_AT(locks);
}

/* R7.11: a list has its lock beside it, and a resilient one would be fine */
SEC("kprobe") __expect_reject(EINVAL, KF0251)
int list_in_kprobe(void *ctx)
{
	return LOOKS_AT(lists);
}

/* Scenario 84, R7.11 */
SEC("kprobe") __expect_reject(EINVAL, KF0251)
int tree_in_kprobe(void *ctx)
{
	return LOOKS_AT(trees);
}

/* Scenario 84 */
SEC("perf_event") __expect_reject(EINVAL, KF0251)
int list_in_perf_event(void *ctx)
{
	return LOOKS_AT(lists);
}

/* Scenario 84: elsewhere it is used */
SEC("tc") __expect_accept __expect_retval(8)
int list_in_classifier(struct __sk_buff *skb)
{
	struct node *n = new(struct node);
	struct bpf_list_node *ln = NULL;
	struct listed *l;
	u32 key = 0;
	int r = 0;

	if (!n)
		return -1;
	n->key = 8;
	l = bpf_map_lookup_elem(&lists, &key);
	if (!l || bpf_res_spin_lock(&l->lock)) {
		drop(n);
		return -2;
	}
	push_back(&l->head, &n->link);
	ln = bpf_list_pop_front(&l->head);
	bpf_res_spin_unlock(&l->lock);
	if (ln) {
		n = container_of(ln, struct node, link);
		r = n->key;
		drop(n);
	}
	return r;
}

/* ---- R9.5: a held lock is looked for where references are ---- */

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} jumps SEC(".maps");

private(A) struct bpf_spin_lock lock;
private(A) struct bpf_list_head list __contains(node, link);

/* R9.5 */
SEC("tc") __expect_reject(EINVAL, KF0606)
int exit_with_lock(struct __sk_buff *skb)
{
	bpf_spin_lock(&lock);
	return 0;
}

/* R9.5 */
SEC("tc") __expect_reject(EINVAL, KF0612)
int tail_call_with_lock(struct __sk_buff *skb)
{
	bpf_spin_lock(&lock);
	bpf_tail_call(skb, &jumps, 0);
	bpf_spin_unlock(&lock);
	return 0;
}

/* R9.5: nothing is acquired there but what belongs to lists and trees */
SEC("tc") __expect_reject(EINVAL, KF0612)
int acquire_with_lock(struct __sk_buff *skb)
{
	struct task_struct *t;

	bpf_spin_lock(&lock);
	t = bpf_task_from_pid(1);
	bpf_spin_unlock(&lock);
	if (t)
		bpf_task_release(t);
	return 0;
}

/* R9.5 */
SEC("tc") __expect_reject(EINVAL, KF0612)
int release_with_lock(struct __sk_buff *skb)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (!t)
		return 0;
	bpf_spin_lock(&lock);
	bpf_task_release(t);
	bpf_spin_unlock(&lock);
	return 0;
}

/* R9.5 */
SEC("tc") __expect_accept __expect_retval(1)
int pop_with_lock(struct __sk_buff *skb)
{
	struct bpf_list_node *n;

	bpf_spin_lock(&lock);
	n = bpf_list_pop_front(&list);
	bpf_spin_unlock(&lock);
	if (!n)
		return 1;
	drop(container_of(n, struct node, link));
	return 0;
}

/* ---- R10.7: dynptrs that are parameters ---- */

__noinline int first_byte(const struct bpf_dynptr *p)
{
	struct bpf_dynptr copy;
	u8 b = 0;

	bpf_dynptr_clone(p, &copy);
	bpf_dynptr_adjust(&copy, 1, 2);
	bpf_dynptr_read(&b, 1, &copy, 0, 0);
	return b;
}

/* R10.7: read and cloned */
SEC("tc") __expect_accept __expect_retval(66)
int parameter_used(struct __sk_buff *skb)
{
	char *v;
	struct bpf_dynptr p;
	u32 key = 0;

	v = bpf_map_lookup_elem(&bytes, &key);
	if (!v)
		return -1;
	v[1] = 66;
	if (bpf_dynptr_from_mem(v, 64, 0, &p))
		return -2;
	return first_byte(&p);
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

__noinline int submits(const struct bpf_dynptr *p)
{
	bpf_ringbuf_submit_dynptr((struct bpf_dynptr *)p, 0);
	return 0;
}

/* R10.7: not given up */
SEC("tc") __expect_reject(EINVAL, KF1013)
int parameter_released(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &p);
	submits(&p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

__noinline int makes(const struct bpf_dynptr *p)
{
	u32 key = 0;
	char *v;

	v = bpf_map_lookup_elem(&bytes, &key);
	if (v)
		bpf_dynptr_from_mem(v, 64, 0, (struct bpf_dynptr *)p);
	return 0;
}

/* R10.7: not made anew */
SEC("tc") __expect_reject(EINVAL, KF1013)
int parameter_made_anew(struct __sk_buff *skb)
{
	struct bpf_dynptr p;

	bpf_dynptr_from_skb((void *)skb, 0, &p);
	return makes(&p);
}

/* ---- R10.8: what only run time knows ---- */

/* R10.8: sizes, offsets and the right to write are looked at when the program runs */
SEC("tc") __expect_accept __expect_retval(63)
int known_at_run_time(struct __sk_buff *skb)
{
	struct bpf_dynptr p;
	u32 key = 0;
	char *v, *s;
	int r = 0;

	v = bpf_map_lookup_elem(&bytes, &key);
	if (!v)
		return -1;
	r |= bpf_dynptr_from_mem(v, 64, 1, &p) == -22; /* no such flag: a null one was made */
	r |= 2 * bpf_dynptr_is_null(&p);
	r |= 4 * (bpf_dynptr_write(&p, 0, &key, 4, 0) == -22);
	bpf_dynptr_from_mem(v, 64, 0, &p);
	r |= 8 * (bpf_dynptr_write(&p, 61, &key, 4, 0) == -7);
	s = bpf_dynptr_data(&p, 60, 8);
	r |= 16 * !s;
	s = bpf_dynptr_data(&p, 60, 4);
	r |= 32 * !!s;
	return r;
}

/* ---- R10.13a: stores over objects on the stack ---- */

/* R10.13a: an overwritten iterator can no longer be destroyed */
SEC("tc") __expect_reject(EINVAL, KF1020)
int iterator_overwritten(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 3);
	*(volatile u64 *)&it = 0;
	bpf_iter_num_destroy(&it);
	return 0;
}

/* R10.13a: and so stays */
SEC("tc") __expect_reject(EINVAL, KF0417)
int iterator_overwritten_and_left(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 3);
	*(volatile u64 *)&it = 0;
	return 0;
}

/* R10.13a: the same for saved interrupt states */
SEC("tc") __expect_reject(EINVAL, KF0603)
int flags_overwritten_and_left(struct __sk_buff *skb)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	*(volatile u64 *)&flags = 0;
	return 0;
}

/* R10.13a: once it was destroyed it is memory like any other */
SEC("tc") __expect_accept __expect_retval(4)
int iterator_s_place_afterwards(struct __sk_buff *skb)
{
	struct bpf_iter_num it;

	bpf_iter_num_new(&it, 0, 3);
	bpf_iter_num_destroy(&it);
	*(volatile u64 *)&it = 4;
	return *(volatile u64 *)&it;
}

/* ---- R10.14: how long an element is good for ---- */

/* R10.14: a task beyond the next one and the iterator's end, as long as the section */
SEC("syscall") __expect_accept __expect_retval(1)
int task_beyond_its_iterator(void *ctx)
{
	struct task_struct *t, *again;
	struct bpf_iter_task it;
	int r = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	t = bpf_iter_task_next(&it);
	bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	if (t) {
		again = bpf_task_acquire(t);
		if (again) {
			r = again->pid == t->pid;
			bpf_task_release(again);
		}
	}
	bpf_rcu_read_unlock();
	return r;
}

/* R10.14 */
SEC("syscall") __expect_reject(EINVAL, KF0502)
int task_beyond_the_section(void *ctx)
{
	struct task_struct *t, *again;
	struct bpf_iter_task it;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	t = bpf_iter_task_next(&it);
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	if (!t)
		return 0;
	again = bpf_task_acquire(t);
	if (again)
		bpf_task_release(again);
	return 0;
}

/* R10.14: a number beyond the next one */
SEC("tc") __expect_accept __expect_retval(1)
int number_beyond_the_next(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *a, r = 0;

	bpf_iter_num_new(&it, 0, 3);
	a = bpf_iter_num_next(&it);
	bpf_iter_num_next(&it);
	if (a)
		r = *a; /* there is one place for the number */
	bpf_iter_num_destroy(&it);
	return r;
}

/* R10.14: but not beyond its iterator, whose memory it is */
SEC("tc") __expect_reject(EACCES, KF0403)
int number_beyond_its_iterator(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *a;

	bpf_iter_num_new(&it, 0, 3);
	a = bpf_iter_num_next(&it);
	bpf_iter_num_destroy(&it);
	return a ? *a : 0;
}
