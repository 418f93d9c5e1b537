/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The regions that programs open and close themselves (kfunc spec 7): RCU read sections, preemption
 * off, interrupts off. The virtual CPU counts them. A program is in a real RCU section as
 * long as it runs, so its own are counted too; a program is never
 * preempted by another on its virtual CPU and there are no interrupts, so the other two only count.
 * No types of the runtime here: kfuncs include this.
 */
#ifndef RUNTIME_REGION_H
#define RUNTIME_REGION_H

void rt_rcu_read_lock(void);
void rt_rcu_read_unlock(void);

void rt_region_rcu_lock(void);
void rt_region_rcu_unlock(void);
void rt_region_preempt(int by); /* +1, -1 */
void rt_region_irq(int by);
/* how deep interrupts are off */
unsigned int rt_region_irq_depth(void);

/*
 * struct bpf_res_spin_lock (res_lock.c). 0; -EDEADLK: this CPU holds it, or its holder waits for a
 * lock that this CPU holds; -ETIMEDOUT after 250 ms. Locks are given back in the opposite order.
 */
int rt_res_lock(unsigned int *lock);
void rt_res_unlock(unsigned int *lock);
/* for who is no program: waits as long as it takes */
void rt_res_lock_outside(unsigned int *lock);
void rt_res_unlock_outside(unsigned int *lock);

#endif
