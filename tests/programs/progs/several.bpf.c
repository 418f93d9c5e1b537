// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * One call instruction that sees objects of several types: each path is held to the rules by itself.
 * What is accepted runs in tests/jit/test_cases.c; what is refused here Linux 6.18.44 refuses as well,
 * but for pointers that lead beyond their object.
 */
#include "local.h"

char _license[] SEC("license") = "GPL";

struct small { long key; };
struct large { long key, more[30]; };
struct huge { long more[65]; };
struct keeper { long key; struct task_struct __kptr *task; };
struct item { long key; struct bpf_list_node link; };
struct moved { long key[3]; struct bpf_list_node link; };
struct counted { long key[4]; struct bpf_refcount refs; struct bpf_list_node link; };

private(A) struct bpf_spin_lock lock;
private(A) struct bpf_list_head items __contains(item, link);
private(A) struct bpf_list_head others __contains(moved, link);

#define ID(type)  bpf_core_type_id_local(type)
#define coin()    (bpf_get_prandom_u32() & 1)

#define EITHER(a, b)                                                                               \
	({                                                                                         \
		u64 id = a;                                                                        \
                                                                                                   \
		if (coin())                                                                        \
			id = b;                                                                    \
		hide(id);                                                                          \
		id;                                                                                \
	})

#define MAKE(name, make, drop, a, b, expect)                                                       \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		void *p = make(EITHER(a, b), NULL);                                                \
                                                                                                   \
		if (p)                                                                             \
			drop(p, NULL);                                                             \
		return 0;                                                                          \
	}

MAKE(two_sizes, bpf_obj_new_impl, bpf_obj_drop_impl, ID(struct small), ID(struct large),
     __expect_accept __expect_retval(0))
MAKE(one_owns, bpf_obj_new_impl, bpf_obj_drop_impl, ID(struct keeper), ID(struct small),
     __expect_accept __expect_retval(0))
MAKE(one_is_no_struct, bpf_obj_new_impl, bpf_obj_drop_impl, ID(struct small), ID(int),
     __expect_reject(EINVAL, KF1004))
MAKE(two_percpu_sizes, bpf_percpu_obj_new_impl, bpf_percpu_obj_drop_impl, ID(struct small),
     ID(struct large), __expect_accept __expect_retval(0))
MAKE(one_percpu_owns, bpf_percpu_obj_new_impl, bpf_percpu_obj_drop_impl, ID(struct small),
     ID(struct item), __expect_reject(EINVAL, KF1004))
MAKE(one_percpu_is_huge, bpf_percpu_obj_new_impl, bpf_percpu_obj_drop_impl, ID(struct small),
     ID(struct huge), __expect_reject(EINVAL, KF1004))
MAKE(dropped_as_percpu, bpf_obj_new_impl, bpf_percpu_obj_drop_impl, ID(struct small),
     ID(struct large), __expect_reject(EINVAL, KF1005))

SEC("syscall") __expect_reject(EINVAL, KF0506)
int id_not_known(void *ctx)
{
	void *p = bpf_obj_new_impl(ID(struct small) + coin(), NULL);

	if (p)
		bpf_obj_drop_impl(p, NULL);
	return 0;
}

/* the larger one's member on the smaller one's path */
SEC("syscall") __expect_reject(EACCES, KF0315)
int member_of_the_other(void *ctx)
{
	struct large *p = bpf_obj_new_impl(EITHER(ID(struct large), ID(struct small)), NULL);

	if (!p)
		return 0;
	p->more[29] = 1;
	bpf_obj_drop_impl(p, NULL);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF1005)
int one_is_percpu(void *ctx)
{
	void *p;

	if (coin())
		p = bpf_obj_new_impl(ID(struct small), NULL);
	else
		p = bpf_percpu_obj_new_impl(ID(struct small), NULL);
	hide(p);
	if (p)
		bpf_obj_drop_impl(p, NULL);
	return 0;
}

SEC("syscall") __expect_reject(EINVAL, KF1007)
int one_has_no_count(void *ctx)
{
	void *p, *q;

	if (coin())
		p = new(struct counted);
	else
		p = new(struct item);
	hide(p);
	if (!p)
		return 0;
	q = one_more(p);
	if (q)
		bpf_obj_drop_impl(q, NULL);
	bpf_obj_drop_impl(p, NULL);
	return 0;
}

#define PUSH(name, first, second, expect)                                                          \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		struct bpf_list_head *head;                                                        \
		struct bpf_list_node *node;                                                        \
                                                                                                   \
		if (coin()) {                                                                      \
			struct item *i = new(struct item);                                         \
                                                                                                   \
			if (!i)                                                                    \
				return 0;                                                          \
			hide(i);                                                                   \
			node = &i->link;                                                           \
			head = first;                                                              \
		} else {                                                                           \
			struct moved *i = new(struct moved);                                       \
                                                                                                   \
			if (!i)                                                                    \
				return 0;                                                          \
			hide(i);                                                                   \
			node = &i->link;                                                           \
			head = second;                                                             \
		}                                                                                  \
		hide(node);                                                                        \
		hide(head);                                                                        \
		bpf_spin_lock(&lock);                                                              \
		push_back(head, node);                                                             \
		bpf_spin_unlock(&lock);                                                            \
		return 0;                                                                          \
	}

PUSH(each_in_its_list, &items, &others, __expect_accept __expect_retval(0))
PUSH(both_in_one_list, &items, &items, __expect_reject(EINVAL, KF1003))
PUSH(lists_mixed_up, &others, &items, __expect_reject(EINVAL, KF1003))

/* ---- pointers into an object whose count is taken ---- */

#define COUNT(name, off, expect)                                                                   \
	SEC("syscall") expect                                                                      \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		struct counted *p = new(struct counted), *q;                                       \
		void *at;                                                                          \
		int right = 0;                                                                     \
                                                                                                   \
		if (!p)                                                                            \
			return 0;                                                                  \
		p->key[3] = 7;                                                                     \
		at = (char *)p + (off);                                                            \
		hide(at);                                                                          \
		q = one_more(at);                                                                  \
		drop(p);                                                                           \
		if (q) {                                                                           \
			right = q->key[3] == 7;                                                    \
			drop(q);                                                                   \
		}                                                                                  \
		return right;                                                                      \
	}

COUNT(count_at_start, 0, __expect_accept __expect_retval(1))
COUNT(count_at_member, 32, __expect_accept __expect_retval(1))
COUNT(count_odd, 3, __expect_accept __expect_retval(1))
COUNT(count_at_last_byte, sizeof(struct counted) - 1, __expect_accept __expect_retval(1))
COUNT(count_at_either, coin() ? 8 : 32, __expect_accept __expect_retval(1))
COUNT(count_before, -8, __expect_reject(EACCES, KF0342))
COUNT(count_somewhere, bpf_get_prandom_u32() & 8, __expect_reject(EACCES, KF0330))
COUNT(count_behind, sizeof(struct counted), __expect_reject(EACCES, KF1006))
COUNT(count_beyond, 4096, __expect_reject(EACCES, KF1006))

/* what comes back is the object's start, so going back from it leads before the object */
SEC("syscall") __expect_reject(EINVAL, KF0401)
int back_from_the_start(void *ctx)
{
	struct counted *p = new(struct counted);
	char *q;

	if (!p)
		return 0;
	q = one_more(&p->link);
	drop(p);
	if (q)
		bpf_obj_drop_impl(q - __builtin_offsetof(struct counted, link), NULL);
	return 0;
}
