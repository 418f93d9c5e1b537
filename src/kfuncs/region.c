/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kfuncs that open and close regions (kfunc spec 7.1, 7.3, 7.6, 12.6). Left out: resilient locks.
 */
#include "kfuncs/kfuncs.h"

#include "runtime/region.h"

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

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs_region_set)
BTF_ID_FLAGS(func, bpf_rcu_read_lock)
BTF_ID_FLAGS(func, bpf_rcu_read_unlock)
BTF_ID_FLAGS(func, bpf_preempt_disable)
BTF_ID_FLAGS(func, bpf_preempt_enable)
BTF_ID_FLAGS(func, bpf_local_irq_save)
BTF_ID_FLAGS(func, bpf_local_irq_restore)
BTF_KFUNCS_END(kfuncs_region_set)
BTF_ID_GLOBAL(kfuncs_region_set)
