/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Regions that programs open and close; see region.h. */
#include "runtime/region.h"

#include "runtime/rt.h"

void rt_region_rcu_lock(void)
{
	struct rt_vcpu *cpu = rt_current();

	if (cpu)
		cpu->rcu_depth++; /* the program is in a read section as long as it runs */
	else
		rt_rcu_read_lock();
}

void rt_region_rcu_unlock(void)
{
	struct rt_vcpu *cpu = rt_current();

	if (cpu)
		cpu->rcu_depth--;
	else
		rt_rcu_read_unlock();
}

void rt_region_preempt(int by)
{
	struct rt_vcpu *cpu = rt_current();

	if (cpu)
		cpu->preempt_depth += (uint32_t)by;
}

void rt_region_irq(int by)
{
	struct rt_vcpu *cpu = rt_current();

	if (cpu)
		cpu->irq_depth += (uint32_t)by;
}

unsigned int rt_region_irq_depth(void)
{
	struct rt_vcpu *cpu = rt_current();

	return cpu ? cpu->irq_depth : 0;
}
