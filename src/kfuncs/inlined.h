/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Kfuncs of the library that code generators know: their addresses, without the types of the live kernel. */
#ifndef KFUNCS_INLINED_H
#define KFUNCS_INLINED_H

void bpf_rcu_read_lock(void);
void bpf_rcu_read_unlock(void);
void bpf_preempt_disable(void);
void bpf_preempt_enable(void);
struct bpf_iter_num;
int *bpf_iter_num_next(struct bpf_iter_num *it);

#endif
