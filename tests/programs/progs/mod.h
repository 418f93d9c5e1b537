/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The kfuncs of ../mod.c as programs see them. */
#ifndef PROGS_MOD_H
#define PROGS_MOD_H

#include "expect.h"
#include "mod_types.h"

struct mod_listed {
	struct mod_obj *trusted;
	struct mod_obj *trusted_or_null;
	struct mod_obj *rcu;
	struct mod_obj *rcu_or_null;
	struct mod_obj *nested;
	struct mod_obj *plain;
	struct mod_obj *other_name;
	struct mod_tail *other_type;
};

struct bpf_iter_mod {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

/* memory */
extern int mod_mem(void *mem, u32 mem__sz) __ksym;
extern int mod_mem_const(void *mem, u32 mem__szk) __ksym;
extern int mod_mem_opt(void *mem__opt, u32 mem__szk) __ksym;
extern int mod_mem_nullable(void *mem__nullable, u32 mem__sz) __ksym;
extern int mod_int(int *p) __ksym;
extern int mod_pair(struct mod_pair *p) __ksym;
extern int mod_pair_times(struct mod_pair *p, u32 n) __ksym;
extern int mod_level3(struct mod_level3 *p) __ksym;
extern int mod_level4(struct mod_level4 *p) __ksym;
extern int mod_with_ptr(struct mod_with_ptr *p) __ksym;
extern int mod_flex(struct mod_flex *p) __ksym;
extern int mod_void(void *p) __ksym;
extern int mod_pptr(int **p) __ksym;
/* dynptrs */
extern int mod_dynptrs(struct bpf_dynptr *p, struct bpf_dynptr *q__nullable) __ksym;
/* scalars */
extern u64 mod_scalar(u32 x) __ksym;
extern u64 mod_const(u64 x__k) __ksym;
extern int mod_ign(void *x__ign, u64 y__ign) __ksym;
/* returned memory */
extern int *mod_rdonly(u32 n, u64 rdonly_buf_size) __ksym;
extern int *mod_rdwr(u64 rdwr_buf_size) __ksym;
extern int *mod_fixed(void) __ksym;
extern int *mod_acquire_int(void) __ksym;
/* kernel objects */
extern int mod_task(struct task_struct *task) __ksym;
extern int mod_task_rcu(struct task_struct *task) __ksym;
extern int mod_task_plain(struct task_struct *task) __ksym;
extern int mod_task_nullable(struct task_struct *task__nullable) __ksym;
extern int mod_ctx(struct __sk_buff *skb) __ksym;
extern int mod_str(const char *s__str) __ksym;
extern int mod_map(void *p__map) __ksym;
/* its own objects */
extern struct mod_obj *mod_obj_new(int serial) __ksym;
extern struct mod_obj *mod_obj_get(struct mod_obj *obj) __ksym;
extern void mod_obj_put(struct mod_obj *obj) __ksym;
extern struct mod_obj *mod_obj_peer(struct mod_obj *obj) __ksym;
extern int mod_obj_rcu(struct mod_obj *obj) __ksym;
extern struct mod_obj *mod_obj_seen(struct mod_obj *obj) __ksym;
extern int *mod_refs_seen(struct mod_obj *obj, u64 rdwr_buf_size) __ksym;
extern const int *mod_count_seen(struct mod_obj *obj) __ksym;
extern struct mod_listed *mod_listed_new(void) __ksym;
extern void mod_listed_put(struct mod_listed *listed) __ksym;
extern int mod_head_serial(struct mod_head *head) __ksym;
extern int mod_tail_serial(struct mod_tail *tail) __ksym;
extern int *mod_obj_refs(struct mod_obj *obj, u64 rdwr_buf_size) __ksym;
extern struct mod_obj___init *mod_init_new(void) __ksym;
extern struct mod_obj *mod_init_insert(struct mod_obj___init *init) __ksym;
extern void mod_init_put(struct mod_obj___init *init) __ksym;
extern struct mod_obj___v2 *mod_v2_new(void) __ksym;
extern void mod_v2_put(struct mod_obj___v2 *v2) __ksym;
/* without a wrapper */
extern int mod_existing(int a, int b) __ksym;
/* contexts */
extern int mod_sleep(void) __ksym;
extern int mod_destroy(void) __ksym;
extern int mod_xdp_only(void) __ksym;
extern int mod_filtered(int x) __ksym;
extern int mod_old(int x) __ksym;
extern int mod_gone(int x) __ksym;
/* prototypes that no call can have */
extern int mod_six(int a, int b, int c, int d, int e) __ksym;
extern int mod_by_value(struct mod_pair p) __ksym;
extern int mod_dynptr_new(struct bpf_dynptr *p__uninit) __ksym;
extern int mod_irq_save(unsigned long *flags__irq_flag) __ksym;
extern int mod_res_lock(struct bpf_res_spin_lock *lock) __ksym;
/* iterator */
extern int bpf_iter_mod_new(struct bpf_iter_mod *it, int n) __ksym;
extern int *bpf_iter_mod_next(struct bpf_iter_mod *it) __ksym;
extern void bpf_iter_mod_destroy(struct bpf_iter_mod *it) __ksym;

#endif
