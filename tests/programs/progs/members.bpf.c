// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What a local type owns (kfunc spec R8.1, R8.20): the runtime looks into structs and arrays of a
 * type that has a special member of its own; a type that has none is plain memory throughout. All
 * verdicts are Linux 6.18.44's, except that it calls the missing record of a plain type its own bug
 * (-EFAULT).
 */
#include "local.h"

char _license[] SEC("license") = "GPL";

typedef struct bpf_refcount renamed;

struct in_count { struct bpf_refcount refs; };
struct in_slot { struct task_struct __kptr *task; };
struct in_lock { struct bpf_spin_lock lock; };
struct item { long key; struct in_count in; struct bpf_list_node link; };
struct in_list { struct bpf_spin_lock lock; struct bpf_list_head list __contains(item, link); };

struct below_count { long key; struct in_count in; };
struct below_slot { long key; struct in_slot in; };
struct below_lock { long key; struct in_lock in; };
struct below_list { long key; struct in_list in; };
struct both_slots { long key; struct in_slot in; struct task_struct __kptr *own; };
struct slots { long key; struct task_struct __kptr *t[2]; };
struct slots_and_slot { long key; struct task_struct __kptr *t[2]; struct task_struct __kptr *own; };
struct one_in_array { long key; struct bpf_refcount refs[1]; struct bpf_list_node link; };
struct by_typedef { long key; renamed refs; };
struct two_counts { struct bpf_refcount a; long key; struct bpf_refcount b; };

#define ACQUIRE(name, type, expect)                                                                \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		struct type *p = new(struct type), *q;                                             \
		int right = 0;                                                                     \
                                                                                                   \
		if (!p)                                                                            \
			return -1;                                                                 \
		p->key = 5;                                                                        \
		q = one_more(p);                                                                   \
		drop(p);                                                                           \
		if (q) {                                                                           \
			right = q->key;                                                            \
			drop(q);                                                                   \
		}                                                                                  \
		return right;                                                                      \
	}

ACQUIRE(count_below_beside_link, item, __expect_accept __expect_retval(5))
ACQUIRE(count_in_array_of_one, one_in_array, __expect_accept __expect_retval(5))
ACQUIRE(two_counts, two_counts, __expect_accept __expect_retval(5))
ACQUIRE(count_below, below_count, __expect_reject(EINVAL, KF1007))
ACQUIRE(count_by_typedef, by_typedef, __expect_reject(EINVAL, KF1007))

#define EXCHANGE(name, type, slot, expect)                                                         \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		struct type *p = new(struct type);                                                 \
		struct task_struct *t, *old;                                                       \
		int right = 0;                                                                     \
                                                                                                   \
		if (!p)                                                                            \
			return -1;                                                                 \
		t = bpf_task_from_pid(1);                                                          \
		if (t) {                                                                           \
			old = bpf_kptr_xchg(&p->slot, t);                                          \
			right = !old;                                                              \
			if (old)                                                                   \
				bpf_task_release(old);                                             \
		}                                                                                  \
		drop(p);                                                                           \
		return right;                                                                      \
	}

EXCHANGE(slot_below_and_beside, both_slots, in.task, __expect_accept __expect_retval(1))
EXCHANGE(slots_beside_slot, slots_and_slot, t[1], __expect_accept __expect_retval(1))
EXCHANGE(slot_below, below_slot, in.task, __expect_reject(EINVAL, KF1000))
EXCHANGE(slots_alone, slots, t[1], __expect_reject(EINVAL, KF1000))

SEC("syscall") __expect_reject(EINVAL, KF0609)
int lock_below(void *ctx)
{
	struct below_lock *p = new(struct below_lock);

	if (!p)
		return 0;
	bpf_spin_lock(&p->in.lock);
	bpf_spin_unlock(&p->in.lock);
	drop(p);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF0609)
int list_below(void *ctx)
{
	struct below_list *p = new(struct below_list);
	struct item *i;

	if (!p)
		return 0;
	i = new(struct item);
	if (i) {
		bpf_spin_lock(&p->in.lock);
		push_back(&p->in.list, &i->link);
		bpf_spin_unlock(&p->in.lock);
	}
	drop(p);
	return 0;
}

#define STORE(name, type, member, word, expect)                                                    \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		struct type *p = new(struct type);                                                 \
		int right;                                                                         \
                                                                                                   \
		if (!p)                                                                            \
			return -1;                                                                 \
		*(volatile word *)&p->member = 7;                                                  \
		right = *(volatile word *)&p->member == 7;                                         \
		drop(p);                                                                           \
		return right;                                                                      \
	}

STORE(store_below_count, below_count, in, u32, __expect_accept __expect_retval(1))
STORE(store_below_lock, below_lock, in, u32, __expect_accept __expect_retval(1))
STORE(store_below_list, below_list, in.list, u32, __expect_accept __expect_retval(1))
STORE(store_slots, slots, t[0], u64, __expect_accept __expect_retval(1))
STORE(store_typedef, by_typedef, refs, u32, __expect_accept __expect_retval(1))
STORE(store_below_beside, item, in, u32, __expect_reject(EACCES, KF0324))
STORE(store_one_in_array, one_in_array, refs, u32, __expect_reject(EACCES, KF0324))
STORE(store_first_count, two_counts, a, u32, __expect_reject(EACCES, KF0324))
STORE(store_second_count, two_counts, b, u32, __expect_reject(EACCES, KF0324))

#define PERCPU(name, type, expect)                                                                 \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		void *p = bpf_percpu_obj_new_impl(bpf_core_type_id_local(struct type), NULL);      \
                                                                                                   \
		if (!p)                                                                            \
			return -1;                                                                 \
		bpf_percpu_obj_drop_impl(p, NULL);                                                 \
		return 1;                                                                          \
	}

PERCPU(percpu_below_count, below_count, __expect_accept __expect_retval(1))
PERCPU(percpu_count, in_count, __expect_reject(EINVAL, KF1004))
