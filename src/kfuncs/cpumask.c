/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs over CPU masks (kfunc spec 12.3). n is the number of possible CPU ids of this machine: ids
 * from n on are never set and never looked at. Changes of single bits are atomic, operations on
 * whole masks go word by word, as in a kernel.
 */
#include "kfuncs/kfuncs.h"

#include "runtime/objects.h"

#include <errno.h>

#define WORD_BITS 64u

static inline unsigned int words(unsigned int n)
{
	return (n + WORD_BITS - 1) / WORD_BITS;
}

/* Word w of a mask without the bits past n. */
static inline unsigned long word(const struct cpumask *m, unsigned int w, unsigned int n)
{
	unsigned long v = __atomic_load_n(&m->bits[w], __ATOMIC_RELAXED);

	return w == n / WORD_BITS ? v & ((1ul << (n % WORD_BITS)) - 1) : v;
}

static inline void store(struct bpf_cpumask *m, unsigned int w, unsigned long v)
{
	__atomic_store_n(&m->cpumask.bits[w], v, __ATOMIC_RELAXED);
}

/* Lowest id >= from that is in a (and in b, unless it is NULL); n if none. */
static u32 next_and(const struct cpumask *a, const struct cpumask *b, u32 from, u32 n)
{
	unsigned int w = from / WORD_BITS;
	unsigned long mask = ~0ul << (from % WORD_BITS);

	for (; w < words(n); w++, mask = ~0ul) {
		unsigned long v = word(a, w, n) & mask;

		if (b)
			v &= word(b, w, n);
		if (v)
			return w * WORD_BITS + (u32)__builtin_ctzl(v);
	}
	return n;
}

/* A set bit that differs from call to call: the next one after the last answer of this thread. */
static u32 distribute(const struct cpumask *a, const struct cpumask *b)
{
	static __thread u32 last;
	u32 n = rt_cpumask_ids(), cpu;

	cpu = next_and(a, b, last + 1 < n ? last + 1 : 0, n);
	if (cpu >= n)
		cpu = next_and(a, b, 0, n);
	if (cpu < n)
		last = cpu;
	return cpu;
}

__bpf_kfunc_start_defs();

/**
 * bpf_cpumask_create() - make an empty CPU mask
 *
 * Example::
 *
 *	struct bpf_cpumask *mask = bpf_cpumask_create();
 *
 *	if (mask) {
 *		bpf_cpumask_set_cpu(0, mask);
 *		bpf_printk("%d", bpf_cpumask_weight((struct cpumask *)mask));
 *		bpf_cpumask_release(mask);
 *	}
 *
 * Return: a mask without CPUs that the program owns; NULL when there is no memory. Give it back
 * with bpf_cpumask_release(), or store it in a map.
 */
__bpf_kfunc struct bpf_cpumask *bpf_cpumask_create(void)
{
	return rt_cpumask_create();
}

/**
 * bpf_cpumask_acquire() - take one more reference on a CPU mask
 * @cpumask: mask that was made by bpf_cpumask_create(); a trusted pointer
 *
 * Return: @cpumask, never NULL.
 */
__bpf_kfunc struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *cpumask)
{
	__atomic_add_fetch(&cpumask->usage.refs.counter, 1, __ATOMIC_RELAXED);
	return cpumask;
}

/**
 * bpf_cpumask_release() - give back a reference on a CPU mask
 * @cpumask: mask obtained from a kfunc that acquires, or taken out of a map
 *
 * The last reference frees the mask after an RCU grace period.
 *
 * Example::
 *
 *	struct bpf_cpumask *mask = bpf_cpumask_create();
 *
 *	if (mask)
 *		bpf_cpumask_release(mask);
 */
__bpf_kfunc void bpf_cpumask_release(struct bpf_cpumask *cpumask)
{
	rt_cpumask_put(cpumask);
}

/* The destructor for kptrs left in maps; called through void *, so it has that type. */
__attribute__((used, noinline)) void bpf_cpumask_release_dtor(void *cpumask)
{
	rt_cpumask_put(cpumask);
}

/**
 * bpf_cpumask_first() - lowest CPU of a mask
 * @cpumask: mask to search
 *
 * Return: the id, or a number not below the number of CPUs when the mask is empty.
 */
__bpf_kfunc u32 bpf_cpumask_first(const struct cpumask *cpumask)
{
	return next_and(cpumask, NULL, 0, rt_cpumask_ids());
}

/**
 * bpf_cpumask_first_zero() - lowest CPU that is not in a mask
 * @cpumask: mask to search
 *
 * Return: the id, or a number not below the number of CPUs when all are in the mask.
 */
__bpf_kfunc u32 bpf_cpumask_first_zero(const struct cpumask *cpumask)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++) {
		unsigned long v = ~word(cpumask, w, n);

		if (v) {
			u32 cpu = w * WORD_BITS + (u32)__builtin_ctzl(v);

			return cpu < n ? cpu : n;
		}
	}
	return n;
}

/**
 * bpf_cpumask_first_and() - lowest CPU that two masks have in common
 * @src1: one mask
 * @src2: the other mask
 *
 * Return: the id, or a number not below the number of CPUs when there is none.
 */
__bpf_kfunc u32 bpf_cpumask_first_and(const struct cpumask *src1, const struct cpumask *src2)
{
	return next_and(src1, src2, 0, rt_cpumask_ids());
}

/**
 * bpf_cpumask_set_cpu() - add a CPU to a mask
 * @cpu: id to add; an id that this machine cannot have is ignored
 * @cpumask: mask to change
 *
 * Example::
 *
 *	struct bpf_cpumask *mask = bpf_cpumask_create();
 *
 *	if (mask) {
 *		bpf_cpumask_set_cpu(bpf_get_smp_processor_id(), mask);
 *		bpf_cpumask_release(mask);
 *	}
 */
__bpf_kfunc void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	if (cpu < rt_cpumask_ids())
		__atomic_or_fetch(&cpumask->cpumask.bits[cpu / WORD_BITS], 1ul << (cpu % WORD_BITS),
				  __ATOMIC_RELAXED);
}

/**
 * bpf_cpumask_clear_cpu() - take a CPU out of a mask
 * @cpu: id to remove; an id that this machine cannot have is ignored
 * @cpumask: mask to change
 */
__bpf_kfunc void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	if (cpu < rt_cpumask_ids())
		__atomic_and_fetch(&cpumask->cpumask.bits[cpu / WORD_BITS],
				   ~(1ul << (cpu % WORD_BITS)), __ATOMIC_RELAXED);
}

/**
 * bpf_cpumask_test_cpu() - tell whether a CPU is in a mask
 * @cpu: id to look for
 * @cpumask: mask to look in
 *
 * Example::
 *
 *	SEC("tp_btf/task_newtask")
 *	int BPF_PROG(on_task, struct task_struct *task, u64 clone_flags)
 *	{
 *		if (!bpf_cpumask_test_cpu(0, task->cpus_ptr))
 *			bpf_printk("%d stays away from CPU 0", task->pid);
 *		return 0;
 *	}
 *
 * Return: true if it is; false also for an id that this machine cannot have.
 */
__bpf_kfunc bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *cpumask)
{
	return cpu < rt_cpumask_ids() &&
	       __atomic_load_n(&cpumask->bits[cpu / WORD_BITS], __ATOMIC_RELAXED) >>
			       (cpu % WORD_BITS) &
		       1;
}

/**
 * bpf_cpumask_test_and_set_cpu() - add a CPU and tell whether it was there before
 * @cpu: id to add
 * @cpumask: mask to change
 *
 * Return: true if the mask had the CPU already; false also for an id that this machine cannot have.
 */
__bpf_kfunc bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	unsigned long bit = 1ul << (cpu % WORD_BITS);

	if (cpu >= rt_cpumask_ids())
		return false;
	return __atomic_fetch_or(&cpumask->cpumask.bits[cpu / WORD_BITS], bit, __ATOMIC_ACQ_REL) &
	       bit;
}

/**
 * bpf_cpumask_test_and_clear_cpu() - take a CPU out and tell whether it was there before
 * @cpu: id to remove
 * @cpumask: mask to change
 *
 * Return: true if the mask had the CPU; false also for an id that this machine cannot have.
 */
__bpf_kfunc bool bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask)
{
	unsigned long bit = 1ul << (cpu % WORD_BITS);

	if (cpu >= rt_cpumask_ids())
		return false;
	return __atomic_fetch_and(&cpumask->cpumask.bits[cpu / WORD_BITS], ~bit, __ATOMIC_ACQ_REL) &
	       bit;
}

/**
 * bpf_cpumask_setall() - put every possible CPU into a mask
 * @cpumask: mask to fill
 */
__bpf_kfunc void bpf_cpumask_setall(struct bpf_cpumask *cpumask)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		store(cpumask, w, w == n / WORD_BITS ? (1ul << (n % WORD_BITS)) - 1 : ~0ul);
}

/**
 * bpf_cpumask_clear() - empty a mask
 * @cpumask: mask to empty
 */
__bpf_kfunc void bpf_cpumask_clear(struct bpf_cpumask *cpumask)
{
	u32 w;

	for (w = 0; w < words(rt_cpumask_ids()); w++)
		store(cpumask, w, 0);
}

/**
 * bpf_cpumask_and() - make a mask of the CPUs that two masks have in common
 * @dst: mask that receives them
 * @src1: one mask
 * @src2: the other mask
 *
 * Return: true if @dst has any CPU afterwards.
 */
__bpf_kfunc bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *src1,
				 const struct cpumask *src2)
{
	u32 n = rt_cpumask_ids(), w;
	unsigned long any = 0;

	for (w = 0; w < words(n); w++) {
		unsigned long v = word(src1, w, n) & word(src2, w, n);

		store(dst, w, v);
		any |= v;
	}
	return any != 0;
}

/**
 * bpf_cpumask_or() - make a mask of the CPUs that are in either of two masks
 * @dst: mask that receives them
 * @src1: one mask
 * @src2: the other mask
 */
__bpf_kfunc void bpf_cpumask_or(struct bpf_cpumask *dst, const struct cpumask *src1,
				const struct cpumask *src2)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		store(dst, w, word(src1, w, n) | word(src2, w, n));
}

/**
 * bpf_cpumask_xor() - make a mask of the CPUs that are in exactly one of two masks
 * @dst: mask that receives them
 * @src1: one mask
 * @src2: the other mask
 */
__bpf_kfunc void bpf_cpumask_xor(struct bpf_cpumask *dst, const struct cpumask *src1,
				 const struct cpumask *src2)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		store(dst, w, word(src1, w, n) ^ word(src2, w, n));
}

/**
 * bpf_cpumask_equal() - tell whether two masks have the same CPUs
 * @src1: one mask
 * @src2: the other mask
 *
 * Return: true if they do.
 */
__bpf_kfunc bool bpf_cpumask_equal(const struct cpumask *src1, const struct cpumask *src2)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		if (word(src1, w, n) != word(src2, w, n))
			return false;
	return true;
}

/**
 * bpf_cpumask_intersects() - tell whether two masks have any CPU in common
 * @src1: one mask
 * @src2: the other mask
 *
 * Return: true if they do.
 */
__bpf_kfunc bool bpf_cpumask_intersects(const struct cpumask *src1, const struct cpumask *src2)
{
	u32 n = rt_cpumask_ids();

	return next_and(src1, src2, 0, n) < n;
}

/**
 * bpf_cpumask_subset() - tell whether every CPU of one mask is in another
 * @src1: mask that may be the smaller
 * @src2: mask that may hold it
 *
 * Return: true if @src2 has every CPU of @src1.
 */
__bpf_kfunc bool bpf_cpumask_subset(const struct cpumask *src1, const struct cpumask *src2)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		if (word(src1, w, n) & ~word(src2, w, n))
			return false;
	return true;
}

/**
 * bpf_cpumask_empty() - tell whether a mask has no CPU
 * @cpumask: mask to look at
 *
 * Return: true if it has none.
 */
__bpf_kfunc bool bpf_cpumask_empty(const struct cpumask *cpumask)
{
	u32 n = rt_cpumask_ids();

	return next_and(cpumask, NULL, 0, n) >= n;
}

/**
 * bpf_cpumask_full() - tell whether a mask has every possible CPU
 * @cpumask: mask to look at
 *
 * Return: true if none is missing.
 */
__bpf_kfunc bool bpf_cpumask_full(const struct cpumask *cpumask)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		if (word(cpumask, w, n) !=
		    (w == n / WORD_BITS ? (1ul << (n % WORD_BITS)) - 1 : ~0ul))
			return false;
	return true;
}

/**
 * bpf_cpumask_copy() - make a mask equal to another
 * @dst: mask to overwrite
 * @src: mask to read
 */
__bpf_kfunc void bpf_cpumask_copy(struct bpf_cpumask *dst, const struct cpumask *src)
{
	u32 n = rt_cpumask_ids(), w;

	for (w = 0; w < words(n); w++)
		store(dst, w, word(src, w, n));
}

/**
 * bpf_cpumask_any_distribute() - some CPU of a mask, not always the same
 * @cpumask: mask to choose from
 *
 * Successive calls go round the mask, so that work spreads.
 *
 * Return: the id, or a number not below the number of CPUs when the mask is empty.
 */
__bpf_kfunc u32 bpf_cpumask_any_distribute(const struct cpumask *cpumask)
{
	return distribute(cpumask, NULL);
}

/**
 * bpf_cpumask_any_and_distribute() - some CPU that two masks have in common, not always the same
 * @src1: one mask
 * @src2: the other mask
 *
 * Return: the id, or a number not below the number of CPUs when there is none.
 */
__bpf_kfunc u32 bpf_cpumask_any_and_distribute(const struct cpumask *src1,
					       const struct cpumask *src2)
{
	return distribute(src1, src2);
}

/**
 * bpf_cpumask_any() - some CPU of a mask
 * @cpumask: mask to choose from
 *
 * Deprecated: renamed in Linux 6.5, kept here for programs of before and to be removed with the
 * second release of this library. Use instead: bpf_cpumask_any_distribute(), which is the same under
 * a name that says that answers vary.
 *
 * Return: the id, or a number not below the number of CPUs when the mask is empty.
 */
__bpf_kfunc u32 bpf_cpumask_any(const struct cpumask *cpumask)
{
	return distribute(cpumask, NULL);
}

/**
 * bpf_cpumask_any_and() - some CPU that two masks have in common
 * @src1: one mask
 * @src2: the other mask
 *
 * Deprecated: renamed in Linux 6.5, kept here for programs of before and to be removed with the
 * second release of this library. Use instead: bpf_cpumask_any_and_distribute(), which is the same
 * under a name that says that answers vary.
 *
 * Return: the id, or a number not below the number of CPUs when there is none.
 */
__bpf_kfunc u32 bpf_cpumask_any_and(const struct cpumask *src1, const struct cpumask *src2)
{
	return distribute(src1, src2);
}

/**
 * bpf_cpumask_weight() - count the CPUs of a mask
 * @cpumask: mask to count
 *
 * Return: how many there are.
 */
__bpf_kfunc u32 bpf_cpumask_weight(const struct cpumask *cpumask)
{
	u32 n = rt_cpumask_ids(), w, sum = 0;

	for (w = 0; w < words(n); w++)
		sum += (u32)__builtin_popcountl(word(cpumask, w, n));
	return sum;
}

/**
 * bpf_cpumask_populate() - fill a mask from memory
 * @cpumask: mask to overwrite
 * @src: bitmap in the order of the machine's unsigned longs
 * @src__sz: size of @src in bytes
 *
 * Return: 0, or -EACCES when @src is shorter than the bitmap of this machine's CPUs.
 */
__bpf_kfunc int bpf_cpumask_populate(struct cpumask *cpumask, void *src, size_t src__sz)
{
	u32 n = rt_cpumask_ids(), w;

	if (src__sz < words(n) * sizeof(long))
		return -EACCES;
	for (w = 0; w < words(n); w++) {
		unsigned long v;

		__builtin_memcpy(&v, (const char *)src + w * sizeof(v), sizeof(v));
		__atomic_store_n(&cpumask->bits[w], v, __ATOMIC_RELAXED);
	}
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_cpumask_set)
BTF_ID_FLAGS(func, bpf_cpumask_create, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_cpumask_acquire, KF_ACQUIRE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_cpumask_release, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_cpumask_first, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_first_zero, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_first_and, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_set_cpu, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_clear_cpu, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_test_cpu, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_test_and_set_cpu, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_test_and_clear_cpu, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_setall, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_clear, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_and, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_or, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_xor, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_equal, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_intersects, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_subset, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_empty, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_full, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_copy, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_any_distribute, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_any_and_distribute, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_any, KF_RCU | KF_DEPRECATED)
BTF_ID_FLAGS(func, bpf_cpumask_any_and, KF_RCU | KF_DEPRECATED)
BTF_ID_FLAGS(func, bpf_cpumask_weight, KF_RCU)
BTF_ID_FLAGS(func, bpf_cpumask_populate, KF_RCU)
BTF_KFUNCS_END(kfuncs_cpumask_set)
BTF_ID_GLOBAL(kfuncs_cpumask_set)
