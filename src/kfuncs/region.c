/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs that open and close regions (kfunc spec 7.1, 7.3, 7.5, 7.6, 12.6).
 */
#include "kfuncs/kfuncs.h"

#include "runtime/region.h"

/* in programs, under the kernel's name */
struct bpf_res_spin_lock;

__bpf_kfunc_start_defs();

/**
 * bpf_rcu_read_lock() - begin an RCU read section
 *
 * Until the matching bpf_rcu_read_unlock(), objects that are freed through RCU stay in memory:
 * kptrs of such types may be read from maps and used after a NULL check, without a reference.
 * Sections do not nest. The program may not sleep inside.
 */
__bpf_kfunc void bpf_rcu_read_lock(void)
{
	rt_region_rcu_lock();
}

/**
 * bpf_rcu_read_unlock() - end an RCU read section
 *
 * Pointers that were valid only because of the section can no longer be used as trusted ones, even
 * in programs that never sleep.
 */
__bpf_kfunc void bpf_rcu_read_unlock(void)
{
	rt_region_rcu_unlock();
}

/**
 * bpf_preempt_disable() - keep the program from being preempted
 *
 * Calls nest; each needs a bpf_preempt_enable(). The program may not sleep in between. Here a
 * program has its virtual CPU to itself anyway, so this only sets the rules of the region.
 */
__bpf_kfunc void bpf_preempt_disable(void)
{
	rt_region_preempt(1);
}

/**
 * bpf_preempt_enable() - undo one bpf_preempt_disable()
 */
__bpf_kfunc void bpf_preempt_enable(void)
{
	rt_region_preempt(-1);
}

/**
 * bpf_local_irq_save() - switch interrupts off
 * @flags__irq_flag: eight bytes on the program's stack that receive the former state
 *
 * Regions are closed in the opposite order, each with its own flags. There are no interrupts
 * outside a kernel; the region and its rules are the same.
 */
__bpf_kfunc void bpf_local_irq_save(unsigned long *flags__irq_flag)
{
	*flags__irq_flag = rt_region_irq_depth();
	rt_region_irq(1);
}

/**
 * bpf_local_irq_restore() - return interrupts to a former state
 * @flags__irq_flag: flags of the most recent bpf_local_irq_save()
 */
__bpf_kfunc void bpf_local_irq_restore(unsigned long *flags__irq_flag)
{
	rt_region_irq((int)*flags__irq_flag - (int)rt_region_irq_depth());
}

/**
 * bpf_res_spin_lock() - take a lock, or learn why that would not end
 * @lock: member of type struct bpf_res_spin_lock of a map value or allocated object
 *
 * Several locks may be held; they are given back in the opposite order. The program must look at
 * the result before it goes on.
 *
 * Return: 0; -EDEADLK when the program, or one that it interrupted, holds the lock, or when the
 * lock's holder waits for a lock held here; -ETIMEDOUT after a quarter of a second.
 */
__bpf_kfunc int bpf_res_spin_lock(struct bpf_res_spin_lock *lock)
{
	return rt_res_lock((unsigned int *)lock);
}

/**
 * bpf_res_spin_unlock() - give back a lock
 * @lock: the lock that was taken last, by bpf_res_spin_lock()
 */
__bpf_kfunc void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock)
{
	rt_res_unlock((unsigned int *)lock);
}

/**
 * bpf_res_spin_lock_irqsave() - take a lock with interrupts off
 * @lock: as for bpf_res_spin_lock()
 * @flags__irq_flag: eight bytes on the program's stack that receive the former state
 *
 * Return: as bpf_res_spin_lock(); after a failure interrupts are as before.
 */
__bpf_kfunc int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock,
					  unsigned long *flags__irq_flag)
{
	int err = rt_res_lock((unsigned int *)lock);

	if (err)
		return err;
	*flags__irq_flag = rt_region_irq_depth();
	rt_region_irq(1);
	return 0;
}

/**
 * bpf_res_spin_unlock_irqrestore() - give back a lock and return interrupts to their former state
 * @lock: the lock that was taken last, by bpf_res_spin_lock_irqsave()
 * @flags__irq_flag: its flags
 */
__bpf_kfunc void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock,
						unsigned long *flags__irq_flag)
{
	rt_region_irq((int)*flags__irq_flag - (int)rt_region_irq_depth());
	rt_res_unlock((unsigned int *)lock);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_region_set)
BTF_ID_FLAGS(func, bpf_rcu_read_lock)
BTF_ID_FLAGS(func, bpf_rcu_read_unlock)
BTF_ID_FLAGS(func, bpf_preempt_disable)
BTF_ID_FLAGS(func, bpf_preempt_enable)
BTF_ID_FLAGS(func, bpf_local_irq_save)
BTF_ID_FLAGS(func, bpf_local_irq_restore)
BTF_ID_FLAGS(func, bpf_res_spin_lock, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_res_spin_unlock)
BTF_ID_FLAGS(func, bpf_res_spin_lock_irqsave, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_res_spin_unlock_irqrestore)
BTF_KFUNCS_END(kfuncs_region_set)
BTF_ID_GLOBAL(kfuncs_region_set)
