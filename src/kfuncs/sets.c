/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which of the live kernel's sets are visible to which program types (kfunc spec 12), and which
 * types have destructors (R1.14): kptrs of those types may be stored in maps.
 */
#include "kfuncs/kfuncs.h"

#define SETS(SET)                                                                                  \
	SET(task, GENERIC)                                                                         \
	SET(cgroup, GENERIC)                                                                       \
	SET(cpumask, CPUMASK)                                                                      \
	SET(region, COMMON)                                                                        \
	SET(object, GENERIC)                                                                       \
	SET(throw, GENERIC)                                                                        \
	SET(dynptr, COMMON)                                                                        \
	SET(dynptr_skb, PACKET)                                                                    \
	SET(dynptr_meta, TC)                                                                       \
	SET(dynptr_xdp, XDP_ONLY)                                                                  \
	SET(iter, COMMON)                                                                          \
	SET(iter_object, COMMON)                                                                   \
	SET(conntrack, NETWORK)                                                                    \
	SET(documents, TASKS)                                                                      \
	SET(workqueue, COMMON)                                                                     \
	SET(user, COMMON)                                                                          \
	SET(string, COMMON)                                                                        \
	SET(arena, COMMON)

#define DECLARE(name, where) extern struct btf_id_set8 kfuncs_##name##_set;
SETS(DECLARE)

#define ROW(type, name) {BPF_PROG_TYPE_##type, &kfuncs_##name##_set},
#define COMMON(name)    ROW(UNSPEC, name)
#define CPUMASK(name)   ROW(TRACING, name) ROW(STRUCT_OPS, name) ROW(SYSCALL, name)
/* one type of each hook; CGROUP_SKB stands for all cgroup types, TRACING for LSM and the rest */
#define GENERIC(name)                                                                              \
	ROW(TRACING, name)                                                                         \
	ROW(SCHED_CLS, name)                                                                       \
	ROW(XDP, name) ROW(STRUCT_OPS, name) ROW(SYSCALL, name) ROW(CGROUP_SKB, name)
/* hooks whose programs see packets as socket buffers */
#define PACKET(name)                                                                               \
	ROW(SCHED_CLS, name)                                                                       \
	ROW(SCHED_ACT, name)                                                                       \
	ROW(SK_SKB, name)                                                                          \
	ROW(SOCKET_FILTER, name)                                                                   \
	ROW(CGROUP_SKB, name)                                                                      \
	ROW(LWT_IN, name) ROW(NETFILTER, name) ROW(TRACING, name) ROW(STRUCT_OPS, name)
#define TC(name)              ROW(SCHED_CLS, name) ROW(SCHED_ACT, name)
#define NETWORK(name)         ROW(SCHED_CLS, name) ROW(XDP, name)
#define TASKS(name)           ROW(TRACING, name) ROW(SYSCALL, name)
#define XDP_ONLY(name)        ROW(XDP, name)
#define REGISTER(name, where) where(name)

const struct kfuncs_set kfuncs_sets[] = {SETS(REGISTER)};
const unsigned int kfuncs_n_sets = sizeof(kfuncs_sets) / sizeof(kfuncs_sets[0]);

BTF_ID_LIST(kfuncs_dtor_ids)
BTF_ID(struct, task_struct)
BTF_ID(func, bpf_task_release_dtor)
BTF_ID(struct, cgroup)
BTF_ID(func, bpf_cgroup_release_dtor)
BTF_ID(struct, bpf_cpumask)
BTF_ID(func, bpf_cpumask_release_dtor)
BTF_ID_GLOBAL(kfuncs_dtor_ids)
const unsigned int kfuncs_n_dtors = 3;
