// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Paths that come together with different things held (kfunc spec 0.2): a path is not covered by another that
 * holds nothing, or something else, though all registers are the same. Each program is written for both
 * orders in which its two paths may be walked.
 */
#include "graph.h"

char _license[] SEC("license") = "GPL";

struct all_types *keep;
long sink;

private(A) struct bpf_res_spin_lock lock_a;
private(B) struct bpf_res_spin_lock lock_b;
private(C) struct bpf_spin_lock lock_c;

/* enough ways to a place that the verifier remembers how the first one came */
#define one_way(way, n)                                                                            \
	asm volatile("if %[w] == %[k] goto +1;"                                                    \
		     "r0 = 1;" ::[w] "r"(way), [k] "i"(n) : "r0")
#define many_ways(way)                                                                             \
	({                                                                                         \
		one_way(way, 1); one_way(way, 2); one_way(way, 3); one_way(way, 4);                \
		one_way(way, 5); one_way(way, 6); one_way(way, 7); one_way(way, 8);                \
	})

/* the compiler keeps the order: one is what follows the jump, which is walked first, the other its target */
#define ONE_OR(one, other)                                                                         \
	{                                                                                          \
		__label__ there, done;                                                             \
		asm goto("if %[c] == 0 goto %l[there]" ::[c] "r"(bpf_get_prandom_u32())::there);   \
		one;                                                                               \
		goto done;                                                                         \
	there:                                                                                     \
		other;                                                                             \
	done:                                                                                      \
		asm volatile("");                                                                  \
	}

#define PROGRAM(name, one, other, finish)                                                          \
	SEC("tc") EXPECTED                                                                         \
	int name(struct __sk_buff *ctx)                                                            \
	{                                                                                          \
		u64 way = bpf_get_prandom_u32();                                                   \
		HELD                                                                               \
		ONE_OR(one, other)                                                                 \
		many_ways(way);                                                                    \
		finish;                                                                            \
		return 0;                                                                          \
	}
#define EITHER_ORDER(name, this, that, finish)                                                     \
	PROGRAM(name##_first, this, that, finish)                                                  \
	PROGRAM(name##_second, that, this, finish)

#define HELD

#define EXPECTED __expect_reject(EINVAL, KF0603)
EITHER_ORDER(rcu_on_one_path, bpf_rcu_read_lock(), , )
EITHER_ORDER(preemption_off_on_one_path, bpf_preempt_disable(), , )
EITHER_ORDER(preemption_off_twice_on_one_path, bpf_preempt_disable(); bpf_preempt_disable(),
	     bpf_preempt_disable(), bpf_preempt_enable())
#undef EXPECTED

#define EXPECTED __expect_reject(EINVAL, KF0604)
EITHER_ORDER(rcu_or_preemption, bpf_rcu_read_lock(), bpf_preempt_disable(), bpf_rcu_read_unlock())
#undef EXPECTED

#define EXPECTED __expect_reject(EINVAL, KF0412)
EITHER_ORDER(reference_on_one_path, bpf_obj_new_impl(__builtin_btf_type_id(*(struct item *)0, 0), NULL), , )
#undef EXPECTED

#define EXPECTED __expect_reject(EINVAL, KF0606)
EITHER_ORDER(lock_on_one_path, bpf_spin_lock(&lock_c), , )
#undef EXPECTED

/* the same kind of lock, but another one */
#define TAKE(lock) if (bpf_res_spin_lock(lock)) return 0
#define EXPECTED __expect_reject(EINVAL, KF0608)
EITHER_ORDER(another_lock_on_one_path, TAKE(&lock_a), TAKE(&lock_b), bpf_res_spin_unlock(&lock_a))
#undef EXPECTED

#define EXPECTED __expect_accept
EITHER_ORDER(the_same_lock_on_both_paths, TAKE(&lock_a); sink = 1, TAKE(&lock_a), bpf_res_spin_unlock(&lock_a))
EITHER_ORDER(a_section_on_both_paths, bpf_rcu_read_lock(); sink = 1, bpf_rcu_read_lock(), bpf_rcu_read_unlock())
#undef EXPECTED

/* both states are saved, in another order */
#undef HELD
#define HELD unsigned long a, b;
#define EXPECTED __expect_reject(EACCES, KF0610)
EITHER_ORDER(other_order_on_one_path, bpf_local_irq_save(&a); bpf_local_irq_save(&b),
	     bpf_local_irq_save(&b); bpf_local_irq_save(&a),
	     bpf_local_irq_restore(&b); bpf_local_irq_restore(&a))
#undef EXPECTED
#define EXPECTED __expect_accept
EITHER_ORDER(one_order_on_both_paths, bpf_local_irq_save(&a); bpf_local_irq_save(&b); sink = 1,
	     bpf_local_irq_save(&a); bpf_local_irq_save(&b),
	     bpf_local_irq_restore(&b); bpf_local_irq_restore(&a))
#undef EXPECTED

/* both have an iterator, one of them at its end or not yet made */
#undef HELD
#define HELD struct bpf_iter_num it;
#define EXPECTED __expect_reject(EINVAL, KF0417)
EITHER_ORDER(iterator_on_one_path, bpf_iter_num_new(&it, 0, 3), , )
#undef EXPECTED
#define EXPECTED __expect_reject(EINVAL, KF1020)
EITHER_ORDER(iterator_gone_on_one_path, bpf_iter_num_new(&it, 0, 3),
	     bpf_iter_num_new(&it, 0, 3); bpf_iter_num_destroy(&it), bpf_iter_num_destroy(&it))
#undef EXPECTED

/* what a pointer is good for */
#undef HELD
#define HELD struct task_struct *t = bpf_get_current_task_btf(), *p, *q;
#define EXPECTED __expect_reject(EINVAL, KF0502)
EITHER_ORDER(untrusted_on_one_path, p = t,
	     p = bpf_rdonly_cast(t, bpf_core_type_id_kernel(struct task_struct)),
	     q = bpf_task_acquire(p); if (q) bpf_task_release(q))
#undef EXPECTED

/* the locks of two values, or one twice */
struct locked {
	struct bpf_res_spin_lock lock;
	long value;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, struct locked);
} locked SEC(".maps");

#undef HELD
#define HELD                                                                                       \
	int one = 1, two = 0;                                                                      \
	struct locked *v = bpf_map_lookup_elem(&locked, &one), *w = bpf_map_lookup_elem(&locked, &two), *x; \
                                                                                                   \
	if (!v || !w)                                                                              \
		return 0;
#define TAKE_BOTH                                                                                  \
	TAKE(&v->lock);                                                                            \
	if (bpf_res_spin_lock(&x->lock)) {                                                         \
		bpf_res_spin_unlock(&v->lock);                                                     \
		return 0;                                                                          \
	}                                                                                          \
	bpf_res_spin_unlock(&x->lock);                                                             \
	bpf_res_spin_unlock(&v->lock)
#define EXPECTED __expect_reject(EINVAL, KF0615)
EITHER_ORDER(one_lock_twice_on_one_path, x = w, x = v, TAKE_BOTH)
#undef EXPECTED
#define EXPECTED __expect_accept
EITHER_ORDER(two_locks_on_both_paths, x = w; sink = 1, x = w, TAKE_BOTH)
#undef EXPECTED

/* what a callback returns comes from the path to its call (verifier spec R9.4) */
static int result_of(u32 i, long *result)
{
	return *result;
}

#undef HELD
#define HELD long result;
#define EXPECTED __expect_reject(EINVAL, KF0233)
EITHER_ORDER(result_out_of_range_on_one_path, result = 1, result = 2, bpf_loop(3, result_of, &result, 0))
#undef EXPECTED
#define EXPECTED __expect_accept
EITHER_ORDER(result_in_range_on_both_paths, result = 1, result = 0, bpf_loop(3, result_of, &result, 0))
#undef EXPECTED
