/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Special kfuncs: what they do beyond flags and prototype (special.def; kfunc spec section 4's
 * special returns, 7, 9.1, 10, 12). One row for each; the work is in the files of the concern.
 */
#include "verifier/call.h"

/* ---------------------------------------------------------------- regions */

static int rcu_lock(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	return vf_rcu_lock(env);
}

static int rcu_unlock(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	return vf_rcu_unlock(env);
}

static int preempt_disable(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	return vf_preempt_disable(env);
}

static int preempt_enable(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	return vf_preempt_enable(env);
}

/* The failed attempt goes on without the lock; nothing of this call has happened yet there. */
static int res_lock_fork(struct vf_env *env, struct vf_call *c)
{
	struct vf_state *failed = vf_push_state(env, env->insn_idx + 1);
	struct vf_reg *r;

	(void)c;
	if (!failed)
		return -ENOMEM;
	r = vf_state_regs(failed);
	for (uint32_t i = 1; i <= 5; i++)
		vf_reg_not_init(&r[i]);
	vf_reg_unknown(&r[0]);
	vf_scalar_set_srange(&r[0].s, -4095, -1);
	r[0].made_at = env->insn_idx;
	return 0;
}

static int ret_zero(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	vf_reg_const(&vf_regs(env)[0], 0);
	return 0;
}

/* ---------------------------------------------------------------- callbacks and exceptions */

static int rbtree_add(struct vf_env *env, struct vf_call *c)
{
	int err = vf_push_callback(env, c->func_regno, vf_cb_rbtree_less);

	return err ? err : vf_graph_inserted(env, c);
}

static int wq_set_callback(struct vf_env *env, struct vf_call *c)
{
	return vf_push_async_callback(env, c->func_regno, vf_cb_map_async, true);
}

static int task_work(struct vf_env *env, struct vf_call *c)
{
	return vf_push_async_callback(env, c->func_regno, vf_cb_task_work, true);
}

/* R9.10: callbacks are not left this way */
static int check_no_callback(struct vf_env *env)
{
	const struct vf_state *st = env->cur;

	for (uint32_t i = 0; i <= st->cur_frame; i++) {
		const struct vf_frame *f = st->frame[i];

		if (f->head.in_callback || f->head.in_async_callback ||
		    (!env->is_main_walk && env->sub[env->entry_subprog].is_exception_cb))
			return vf_reject(env, KF_THROW_CALLBACK,
					 "bpf_throw() is reached inside a callback");
	}
	return 0;
}

/* 9.1: nothing unwinds, so nothing may be left; the cookie may become the return value */
static int throw(struct vf_env * env, struct vf_call *c)
{
	int err = check_no_callback(env);

	(void)c;
	env->facts->throws = true;
	if (!err && env->facts->exception_cb < 0)
		err = vf_check_thrown_value(env, 1);
	return err ? err : vf_check_no_leaks(env, "bpf_throw() ends the program", true);
}

/* R9.12: the thrown value is the called function's matter, which is verified by itself */
int vf_check_global_throw(struct vf_env *env)
{
	int err = check_no_callback(env);

	return err ? err
		   : vf_check_no_leaks(env, "the function may throw, which ends the program", true);
}

static int trap(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	return vf_reject(env, KF_TRAP,
			 "the path reaches code that the compiler considers impossible");
}

/* ---------------------------------------------------------------- casts */

static struct vf_reg *ret_struct(struct vf_env *env, uint32_t id, uint16_t flags)
{
	struct vf_reg *r0 = &vf_regs(env)[0];

	vf_reg_pointer(r0, VF_BTF_ID, flags);
	r0->btf = env->kernel->btf;
	r0->type_id = id;
	return r0;
}

static int cast_to_kern_ctx(struct vf_env *env, struct vf_call *c)
{
	const char *name = env->ptype->kernel_ctx;
	int32_t id = name && *name ? vf_kernel_type_id(env, name) : -ENOENT;

	(void)c;
	if (id <= 0)
		return vf_reject(env, KF_CAST_CTX,
				 "%s programs have no context structure of the kernel",
				 env->ptype->name);
	ret_struct(env, (uint32_t)id, VF_TRUSTED);
	return 0;
}

static int rdonly_cast(struct vf_env *env, struct vf_call *c)
{
	const struct btf_type *t = NULL;

	if (c->const_value <= UINT32_MAX)
		t = btf_type(env->kernel->btf, (uint32_t)c->const_value);
	if (t && btf_is_struct(t)) {
		ret_struct(env, (uint32_t)c->const_value, VF_UNTRUSTED);
		return 0;
	}
	if (!c->const_value && vf_rule(env, RULE_RDONLY_CAST_VOID)) {
		vf_reg_pointer(&vf_regs(env)[0], VF_MEM, VF_RDONLY | VF_UNTRUSTED);
		return 0;
	}
	return vf_reject(env, KF_CAST_TYPE, "type %llu of the kernel's BTF is not a struct",
			 (unsigned long long)c->const_value);
}

/* ---------------------------------------------------------------- dynptr slices */

static int slice(struct vf_env *env, struct vf_call *c)
{
	struct vf_reg *r0 = &vf_regs(env)[0];
	bool rdonly = c->kfunc->special == SPECIAL_DYNPTR_SLICE;

	if (!c->has_const || c->const_value > UINT32_MAX)
		return vf_reject(env, KF_ARG_NOT_CONST, "the size of a slice must be a constant");
	if (!rdonly && !env->ptype->pkt_write)
		return vf_reject(env, KF_SLICE_WRITE,
				 "%s programs cannot write packets, so they get no writable slice",
				 env->ptype->name);
	vf_reg_pointer(r0, VF_MEM, vf_dynptr_mem_flag(c->dynptr_kind) | (rdonly ? VF_RDONLY : 0));
	r0->mem_size = (uint32_t)c->const_value;
	r0->parent_id = c->dynptr_id;
	r0->ref_id = c->dynptr_ref;
	return 0;
}

static int session_cookie(struct vf_env *env, struct vf_call *c)
{
	(void)c;
	vf_reg_pointer(&vf_regs(env)[0], VF_MEM, 0);
	vf_regs(env)[0].mem_size = 8;
	return 0;
}

#define GRAPH_INSERT(since) {.lock_since = (since), .before = vf_graph_inserted}
#define GRAPH_NODE(since)   {.lock_since = (since), .ret = vf_graph_node_return}
#define LOCK_OK(since)      {.lock_since = (since)}

static const struct vf_kfunc_effect effects[] = {
	[SPECIAL_OBJ_NEW] = {.ret = vf_obj_new_return},
	[SPECIAL_PERCPU_OBJ_NEW] = {.ret = vf_obj_new_return},
	[SPECIAL_OBJ_DROP] = {.before = vf_check_obj_drop},
	[SPECIAL_REFCOUNT_ACQUIRE] = {.lock_since = KVER(6, 4), .ret = vf_refcount_acquire_return},

	[SPECIAL_LIST_PUSH_FRONT] = GRAPH_INSERT(KVER(6, 2)),
	[SPECIAL_LIST_PUSH_BACK] = GRAPH_INSERT(KVER(6, 2)),
	[SPECIAL_LIST_ADD] = GRAPH_INSERT(KVER(7, 2)),
	[SPECIAL_LIST_POP_FRONT] = GRAPH_NODE(KVER(6, 2)),
	[SPECIAL_LIST_POP_BACK] = GRAPH_NODE(KVER(6, 2)),
	[SPECIAL_LIST_DEL] = GRAPH_NODE(KVER(7, 2)),
	[SPECIAL_LIST_FRONT] = GRAPH_NODE(KVER(6, 16)),
	[SPECIAL_LIST_BACK] = GRAPH_NODE(KVER(6, 16)),
	[SPECIAL_LIST_IS_FIRST] = LOCK_OK(KVER(7, 2)),
	[SPECIAL_LIST_IS_LAST] = LOCK_OK(KVER(7, 2)),
	[SPECIAL_LIST_EMPTY] = LOCK_OK(KVER(7, 2)),
	[SPECIAL_RBTREE_ADD] = {.lock_since = KVER(6, 3), .before = rbtree_add},
	[SPECIAL_RBTREE_REMOVE] = GRAPH_NODE(KVER(6, 3)),
	[SPECIAL_RBTREE_FIRST] = GRAPH_NODE(KVER(6, 3)),
	[SPECIAL_RBTREE_ROOT] = GRAPH_NODE(KVER(6, 16)),
	[SPECIAL_RBTREE_LEFT] = GRAPH_NODE(KVER(6, 16)),
	[SPECIAL_RBTREE_RIGHT] = GRAPH_NODE(KVER(6, 16)),

	[SPECIAL_CAST_TO_KERN_CTX] = {.ret = cast_to_kern_ctx},
	[SPECIAL_RDONLY_CAST] = {.ret = rdonly_cast},

	[SPECIAL_RCU_READ_LOCK] = {.no_less = true, .before = rcu_lock},
	[SPECIAL_RCU_READ_UNLOCK] = {.no_less = true, .before = rcu_unlock},
	[SPECIAL_PREEMPT_DISABLE] = {.before = preempt_disable},
	[SPECIAL_PREEMPT_ENABLE] = {.before = preempt_enable},

	[SPECIAL_RES_SPIN_LOCK] = {.lock_since = KVER(6, 15),
				   .no_less = true,
				   .first = res_lock_fork,
				   .ret = ret_zero},
	[SPECIAL_RES_SPIN_LOCK_IRQSAVE] = {.lock_since = KVER(6, 15),
					   .no_less = true,
					   .first = res_lock_fork,
					   .ret = ret_zero},
	[SPECIAL_RES_SPIN_UNLOCK] = {.lock_since = KVER(6, 15), .no_less = true},
	[SPECIAL_RES_SPIN_UNLOCK_IRQRESTORE] = {.lock_since = KVER(6, 15), .no_less = true},

	[SPECIAL_DYNPTR_FROM_SKB] = {.dynptr = VF_DYNPTR_SKB},
	[SPECIAL_DYNPTR_FROM_SKB_META] = {.dynptr = VF_DYNPTR_SKB_META},
	[SPECIAL_DYNPTR_FROM_XDP] = {.dynptr = VF_DYNPTR_XDP},
	[SPECIAL_DYNPTR_FROM_FILE] = {.dynptr = VF_DYNPTR_FILE},
	[SPECIAL_DYNPTR_FILE_DISCARD] = {.dynptr = VF_DYNPTR_FILE},
	[SPECIAL_DYNPTR_SLICE] = {.ret = slice},
	[SPECIAL_DYNPTR_SLICE_RDWR] = {.ret = slice},

	[SPECIAL_ITER_NUM_NEW] = LOCK_OK(KVER(6, 14)),
	[SPECIAL_ITER_NUM_NEXT] = LOCK_OK(KVER(6, 14)),
	[SPECIAL_ITER_NUM_DESTROY] = LOCK_OK(KVER(6, 14)),

	[SPECIAL_THROW] = {.before = throw},
	[SPECIAL_TRAP] = {.first = trap},
	[SPECIAL_WQ_SET_CALLBACK] = {.before = wq_set_callback},
	[SPECIAL_TASK_WORK_SIGNAL] = {.before = task_work},
	[SPECIAL_TASK_WORK_RESUME] = {.before = task_work},
	[SPECIAL_SESSION_COOKIE] = {.ret = session_cookie},
	[SPECIAL_ARENA_ALLOC_PAGES] = LOCK_OK(KVER(7, 2)),
	[SPECIAL_ARENA_FREE_PAGES] = LOCK_OK(KVER(7, 2)),
	[SPECIAL_ARENA_RESERVE_PAGES] = LOCK_OK(KVER(7, 2)),
};

const struct vf_kfunc_effect *vf_kfunc_effect(enum contract_special s)
{
	return s != SPECIAL_NONE && s < sizeof(effects) / sizeof(effects[0]) ? &effects[s] : NULL;
}
