/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The module of the program tests: one kfunc for each way in which a parameter, a return value or a
 * flag can be declared (kfunc spec sections 3-5). Linked into the runner.
 */
#include <errno.h>
#include <kfunc/kfunc.h>
#include <stdlib.h>
#include <string.h>

#include "progs/mod_types.h"

/* members of one struct, each in another list or in none */
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

BTF_TYPE_SAFE_TRUSTED(struct mod_listed)
{
	struct mod_obj *trusted;
	struct mod_obj *wrong_name;
	struct mod_obj *other_type; /* declared with another type there */
};

BTF_TYPE_SAFE_TRUSTED_OR_NULL(struct mod_listed)
{
	struct mod_obj *trusted_or_null;
};

BTF_TYPE_SAFE_RCU(struct mod_listed)
{
	struct mod_obj *rcu;
};

BTF_TYPE_SAFE_RCU_OR_NULL(struct mod_listed)
{
	struct mod_obj *rcu_or_null;
};

BTF_TYPE_SAFE_NESTED(struct mod_listed)
{
	struct mod_obj *nested;
};

struct bpf_res_spin_lock {
	u32 val;
};

struct bpf_iter_mod {
	u64 __opaque[2];
} __attribute__((aligned(8)));

static int buffer[64];

/* a function that was there before, for callers in C */
int mod_existing(int a, int b);

int mod_existing(int a, int b)
{
	return a * 10 + b;
}

__bpf_kfunc_start_defs();

/* ---- memory ---- */

__bpf_kfunc int mod_mem(void *mem, u32 mem__sz)
{
	int sum = 0;

	for (u32 i = 0; i < mem__sz; i++)
		sum += ((u8 *)mem)[i];
	return sum;
}

__bpf_kfunc int mod_mem_const(void *mem, u32 mem__szk)
{
	memset(mem, 1, mem__szk);
	return (int)mem__szk;
}

__bpf_kfunc int mod_mem_opt(void *mem__opt, u32 mem__szk)
{
	return mem__opt ? (int)mem__szk : -1;
}

__bpf_kfunc int mod_mem_nullable(void *mem__nullable, u32 mem__sz)
{
	return mem__nullable ? (int)mem__sz : -1;
}

__bpf_kfunc int mod_int(int *p)
{
	return ++*p;
}

__bpf_kfunc int mod_pair(struct mod_pair *p)
{
	return p->a + p->b;
}

__bpf_kfunc int mod_pair_times(struct mod_pair *p, u32 n)
{
	return (p->a + p->b) * (int)n;
}

__bpf_kfunc int mod_level3(struct mod_level3 *p)
{
	return p->x.x.x.a;
}

__bpf_kfunc int mod_level4(struct mod_level4 *p)
{
	return p->x.x.x.x.a;
}

__bpf_kfunc int mod_with_ptr(struct mod_with_ptr *p)
{
	return p->a;
}

__bpf_kfunc int mod_flex(struct mod_flex *p)
{
	return p->n;
}

__bpf_kfunc int mod_void(void *p)
{
	return p != NULL;
}

__bpf_kfunc int mod_pptr(int **p)
{
	return p != NULL;
}

/* ---- dynptrs ---- */

__bpf_kfunc int mod_dynptrs(struct bpf_dynptr *p, struct bpf_dynptr *q__nullable)
{
	return (p != NULL) + 2 * (q__nullable != NULL);
}

/* ---- scalars ---- */

__bpf_kfunc u64 mod_scalar(u32 x)
{
	return x;
}

__bpf_kfunc u64 mod_const(u64 x__k)
{
	return x__k;
}

__bpf_kfunc int mod_ign(void *x__ign, u64 y__ign)
{
	(void)x__ign;
	(void)y__ign;
	return 3;
}

/* ---- returned memory ---- */

__bpf_kfunc int *mod_rdonly(u32 n, u64 rdonly_buf_size)
{
	return n == 1 && rdonly_buf_size <= sizeof(buffer) ? buffer : NULL;
}

__bpf_kfunc int *mod_rdwr(u64 rdwr_buf_size)
{
	return rdwr_buf_size <= sizeof(buffer) ? buffer : NULL;
}

__bpf_kfunc int *mod_fixed(void)
{
	return buffer;
}

__bpf_kfunc int *mod_acquire_int(void)
{
	return buffer;
}

/* ---- kernel objects ---- */

__bpf_kfunc int mod_task(struct task_struct *task)
{
	return task != NULL;
}

__bpf_kfunc int mod_task_rcu(struct task_struct *task)
{
	return task != NULL;
}

__bpf_kfunc int mod_task_plain(struct task_struct *task)
{
	return task != NULL;
}

__bpf_kfunc int mod_task_nullable(struct task_struct *task__nullable)
{
	return task__nullable != NULL;
}

__bpf_kfunc int mod_ctx(struct __sk_buff *skb)
{
	return skb != NULL;
}

__bpf_kfunc int mod_str(const char *s__str)
{
	return (int)strlen(s__str);
}

__bpf_kfunc int mod_map(void *p__map)
{
	return p__map != NULL;
}

/* ---- objects of the module ---- */

__bpf_kfunc struct mod_obj *mod_obj_new(int serial)
{
	struct mod_obj *o = calloc(1, sizeof(*o));

	if (o) {
		o->head.serial = serial;
		o->tail.serial = serial + 1;
		o->peer = o;
		o->refs = 1;
	}
	return o;
}

__bpf_kfunc struct mod_obj *mod_obj_get(struct mod_obj *obj)
{
	obj->refs++;
	return obj;
}

__bpf_kfunc void mod_obj_put(struct mod_obj *obj)
{
	if (!--obj->refs)
		free(obj);
}

__bpf_kfunc struct mod_obj *mod_obj_peer(struct mod_obj *obj)
{
	return obj->peer;
}

/* valid for as long as the caller stays in its RCU section */
__bpf_kfunc struct mod_obj *mod_obj_seen(struct mod_obj *obj)
{
	return obj;
}

__bpf_kfunc int *mod_refs_seen(struct mod_obj *obj, u64 rdwr_buf_size)
{
	return rdwr_buf_size <= sizeof(obj->refs) ? &obj->refs : NULL;
}

__bpf_kfunc const int *mod_count_seen(struct mod_obj *obj)
{
	return &obj->refs;
}

__bpf_kfunc struct mod_listed *mod_listed_new(void)
{
	return calloc(1, sizeof(struct mod_listed));
}

__bpf_kfunc void mod_listed_put(struct mod_listed *listed)
{
	free(listed);
}

__bpf_kfunc int mod_obj_rcu(struct mod_obj *obj)
{
	return obj->refs;
}

__bpf_kfunc int mod_head_serial(struct mod_head *head)
{
	return (int)head->serial;
}

__bpf_kfunc int mod_tail_serial(struct mod_tail *tail)
{
	return (int)tail->serial;
}

__bpf_kfunc int *mod_obj_refs(struct mod_obj *obj, u64 rdwr_buf_size)
{
	return rdwr_buf_size == sizeof(obj->refs) ? &obj->refs : NULL;
}

__bpf_kfunc struct mod_obj___init *mod_init_new(void)
{
	return (struct mod_obj___init *)mod_obj_new(7);
}

__bpf_kfunc struct mod_obj *mod_init_insert(struct mod_obj___init *init)
{
	return &init->obj;
}

__bpf_kfunc void mod_init_put(struct mod_obj___init *init)
{
	mod_obj_put(&init->obj);
}

__bpf_kfunc struct mod_obj___v2 *mod_v2_new(void)
{
	return (struct mod_obj___v2 *)mod_obj_new(8);
}

__bpf_kfunc void mod_v2_put(struct mod_obj___v2 *v2)
{
	mod_obj_put(&v2->obj);
}

/* ---- contexts ---- */

__bpf_kfunc int mod_sleep(void)
{
	return 0;
}

__bpf_kfunc int mod_destroy(void)
{
	return 0;
}

__bpf_kfunc int mod_xdp_only(void)
{
	return 0;
}

__bpf_kfunc int mod_filtered(int x)
{
	return x;
}

__bpf_kfunc int mod_old(int x)
{
	return x;
}

/* ---- prototypes that no call can have ---- */

__bpf_kfunc int mod_six(int a, int b, int c, int d, int e, int f)
{
	return a + b + c + d + e + f;
}

__bpf_kfunc int mod_by_value(struct mod_pair p)
{
	return p.a;
}

/* what only the kernel's own can do; never called */
__bpf_kfunc int mod_dynptr_new(struct bpf_dynptr *p__uninit)
{
	return p__uninit != NULL;
}

__bpf_kfunc int mod_irq_save(unsigned long *flags__irq_flag)
{
	return flags__irq_flag != NULL;
}

__bpf_kfunc int mod_res_lock(struct bpf_res_spin_lock *lock)
{
	return lock != NULL;
}

/* ---- an iterator: n, n - 1, ... 1 ---- */

__bpf_kfunc int bpf_iter_mod_new(struct bpf_iter_mod *it, int n)
{
	it->__opaque[0] = n > 0 ? n + 1 : 1;
	return n >= 0 ? 0 : -EINVAL;
}

__bpf_kfunc int *bpf_iter_mod_next(struct bpf_iter_mod *it)
{
	int *p = (int *)&it->__opaque[1];

	if (it->__opaque[0] > 0)
		it->__opaque[0]--;
	*p = (int)it->__opaque[0];
	return *p ? p : NULL;
}

__bpf_kfunc void bpf_iter_mod_destroy(struct bpf_iter_mod *it)
{
	it->__opaque[0] = 0;
}

__bpf_kfunc void mod_obj_dtor(void *obj)
{
	mod_obj_put(obj);
}

__bpf_kfunc_end_defs();

KFUNC_DOC(mod_old, "mod_old() - the old way\n\n"
		   "Deprecated: until release 2; use\nmod_const(), which is checked.\n\n"
		   "Return: its argument");
KFUNC_DOC(mod_gone, "Removed: in release 1; use mod_const().");

BTF_KFUNCS_START(mod_kfuncs)
BTF_ID_FLAGS(func, mod_mem)
BTF_ID_FLAGS(func, mod_mem_const)
BTF_ID_FLAGS(func, mod_mem_opt)
BTF_ID_FLAGS(func, mod_mem_nullable)
BTF_ID_FLAGS(func, mod_int)
BTF_ID_FLAGS(func, mod_pair)
BTF_ID_FLAGS(func, mod_pair_times)
BTF_ID_FLAGS(func, mod_level3)
BTF_ID_FLAGS(func, mod_level4)
BTF_ID_FLAGS(func, mod_with_ptr)
BTF_ID_FLAGS(func, mod_flex)
BTF_ID_FLAGS(func, mod_void)
BTF_ID_FLAGS(func, mod_pptr)
BTF_ID_FLAGS(func, mod_dynptrs, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_scalar)
BTF_ID_FLAGS(func, mod_const)
BTF_ID_FLAGS(func, mod_ign)
BTF_ID_FLAGS(func, mod_rdonly, KF_RET_NULL)
BTF_ID_FLAGS(func, mod_rdwr, KF_RET_NULL)
BTF_ID_FLAGS(func, mod_fixed)
BTF_ID_FLAGS(func, mod_acquire_int, KF_ACQUIRE)
BTF_ID_FLAGS(func, mod_task, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_task_rcu, KF_RCU)
BTF_ID_FLAGS(func, mod_task_plain)
BTF_ID_FLAGS(func, mod_task_nullable, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_ctx)
BTF_ID_FLAGS(func, mod_str)
BTF_ID_FLAGS(func, mod_map)
BTF_ID_FLAGS(func, mod_obj_new, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_obj_get, KF_ACQUIRE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_obj_put, KF_RELEASE)
BTF_ID_FLAGS(func, mod_obj_peer, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_obj_rcu, KF_RCU)
BTF_ID_FLAGS(func, mod_obj_seen, KF_TRUSTED_ARGS | KF_RCU_PROTECTED | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_refs_seen, KF_TRUSTED_ARGS | KF_RCU_PROTECTED | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_count_seen, KF_TRUSTED_ARGS | KF_RCU_PROTECTED)
BTF_ID_FLAGS(func, mod_listed_new, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_listed_put, KF_RELEASE)
BTF_ID_FLAGS(func, mod_head_serial, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_tail_serial, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, mod_obj_refs, KF_TRUSTED_ARGS | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_init_new, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_init_insert, KF_ACQUIRE | KF_RET_NULL | KF_RELEASE)
BTF_ID_FLAGS(func, mod_init_put, KF_RELEASE)
BTF_ID_FLAGS(func, mod_v2_new, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, mod_v2_put, KF_RELEASE)
BTF_ID_FLAGS(func, mod_existing)
BTF_ID_FLAGS(func, mod_sleep, KF_SLEEPABLE)
BTF_ID_FLAGS(func, mod_destroy, KF_DESTRUCTIVE)
BTF_ID_FLAGS(func, mod_filtered)
BTF_ID_FLAGS(func, mod_old, KF_DEPRECATED)
BTF_ID_FLAGS(func, mod_six)
BTF_ID_FLAGS(func, mod_by_value)
BTF_ID_FLAGS(func, mod_dynptr_new)
BTF_ID_FLAGS(func, mod_irq_save)
BTF_ID_FLAGS(func, mod_res_lock)
BTF_ID_FLAGS(func, bpf_iter_mod_new, KF_ITER_NEW)
BTF_ID_FLAGS(func, bpf_iter_mod_next, KF_ITER_NEXT | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iter_mod_destroy, KF_ITER_DESTROY)
BTF_KFUNCS_END(mod_kfuncs)

BTF_KFUNCS_START(mod_xdp_kfuncs)
BTF_ID_FLAGS(func, mod_xdp_only)
BTF_KFUNCS_END(mod_xdp_kfuncs)

BTF_ID_LIST(mod_dtor_ids)
BTF_ID(struct, mod_obj)
BTF_ID(func, mod_obj_dtor)

BTF_ID_LIST_SINGLE(mod_filtered_id, func, mod_filtered)

/* one kfunc is for sleepable programs only */
static int mod_filter(const struct bpf_prog *prog, u32 id)
{
	return id == mod_filtered_id[0] && !prog->sleepable ? -EACCES : 0;
}

static int mod_init(void)
{
	static const enum bpf_prog_type types[] = {
		BPF_PROG_TYPE_TRACING,
		BPF_PROG_TYPE_SCHED_CLS,
		BPF_PROG_TYPE_SYSCALL,
	};
	static const struct btf_kfunc_id_set set = {
		.owner = THIS_MODULE,
		.set = &mod_kfuncs,
		.filter = mod_filter,
	};
	static const struct btf_kfunc_id_set xdp = {
		.owner = THIS_MODULE,
		.set = &mod_xdp_kfuncs,
	};
	struct btf_id_dtor_kfunc dtor = {mod_dtor_ids[0], mod_dtor_ids[1]};
	int err = 0;

	BTF_TYPE_EMIT(BTF_TYPE_SAFE_TRUSTED(struct mod_listed));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_TRUSTED_OR_NULL(struct mod_listed));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_RCU(struct mod_listed));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_RCU_OR_NULL(struct mod_listed));
	BTF_TYPE_EMIT(BTF_TYPE_SAFE_NESTED(struct mod_listed));
	for (size_t i = 0; !err && i < sizeof(types) / sizeof(types[0]); i++)
		err = register_btf_kfunc_id_set(types[i], &set);
	if (!err)
		err = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &xdp);
	if (!err)
		err = register_btf_id_dtor_kfuncs(&dtor, 1, THIS_MODULE);
	return err;
}
late_initcall(mod_init);
