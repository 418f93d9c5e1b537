/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Kfuncs of the library that code generators know: their addresses, without the types of the live kernel. */
#ifndef KFUNCS_INLINED_H
#define KFUNCS_INLINED_H

#include <stdbool.h>
#include <stdint.h>

void bpf_rcu_read_lock(void);
void bpf_rcu_read_unlock(void);
void bpf_preempt_disable(void);
void bpf_preempt_enable(void);
struct bpf_iter_num;
int *bpf_iter_num_next(struct bpf_iter_num *it);
struct bpf_cpumask;
struct cpumask;
void bpf_cpumask_set_cpu(uint32_t cpu, struct bpf_cpumask *cpumask);
void bpf_cpumask_clear_cpu(uint32_t cpu, struct bpf_cpumask *cpumask);
bool bpf_cpumask_test_cpu(uint32_t cpu, const struct cpumask *cpumask);
bool bpf_cpumask_test_and_set_cpu(uint32_t cpu, struct bpf_cpumask *cpumask);
bool bpf_cpumask_test_and_clear_cpu(uint32_t cpu, struct bpf_cpumask *cpumask);
struct __sk_buff;
struct xdp_md;
struct bpf_dynptr;
int bpf_dynptr_from_skb(struct __sk_buff *s, uint64_t flags, struct bpf_dynptr *out);
int bpf_dynptr_from_xdp(struct xdp_md *x, uint64_t flags, struct bpf_dynptr *out);
void *bpf_dynptr_slice(const struct bpf_dynptr *p, uint32_t offset, void *buffer, uint32_t size);
void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *p, uint32_t offset, void *buffer,
			    uint32_t size);

#endif
