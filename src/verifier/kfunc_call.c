/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A call of a kernel function: the order of R2.11, regions and releases (kfunc spec 5, 7.2, 9), and
 * what R0 becomes (section 4). The walk over the contract's argument rows is kfunc_args.c; what
 * special kfuncs do beyond their contract is a table in kfunc_special.c.
 */
#include "verifier/call.h"
#include "verifier/kfunc_args.h"

/* Under a spin lock only few kfuncs of the kernel itself may be called (7.2). */
static int check_lock_gate(struct vf_env *env, const struct vf_call *c)
{
	const struct kfunc_contract *k = env->info[env->insn_idx].kfunc;
	const struct vf_kfunc_effect *e = k ? vf_kfunc_effect(k->special) : NULL;

	if (!env->cur->n_locks)
		return 0;
	if (e && e->lock_since && env->kernel->version >= e->lock_since && !c->insn->off)
		return 0;
	return vf_reject_under_lock(env,
				    k ? k->name
				      : btf_type_name(env->info[env->insn_idx].kfunc_btf,
						      (uint32_t)c->insn->imm),
				    false);
}

/* what the flags demand of the program, before the arguments */
static int check_program(struct vf_env *env, const struct vf_call *c)
{
	if ((c->flags & KF_DESTRUCTIVE) && !(env->opts->caps & VF_CAP_SYS_BOOT))
		return vf_reject(env, KF_NEED_SYS_BOOT, "%s() is destructive (KF_DESTRUCTIVE)",
				 c->kfunc->name);
	if ((c->flags & KF_SLEEPABLE) && !env->cur->in_sleepable)
		return vf_reject(env, KF_NOT_SLEEPABLE,
				 "%s() may sleep (KF_SLEEPABLE), and %s is not sleepable",
				 c->kfunc->name,
				 vf_cur_frame(env)->head.in_async_callback ? "this callback"
									   : "the program");
	return 0;
}

/* what the flags demand of the place, after the arguments */
static int check_place(struct vf_env *env, const struct vf_call *c)
{
	const char *region;

	if (c->flags & KF_SLEEPABLE) {
		region = vf_atomic_region_name(env);
		if (region) {
			vf_note_region(env);
			return vf_reject(env, KF_SLEEP_IN_REGION, "%s() may sleep inside %s",
					 c->kfunc->name, region);
		}
		env->facts->might_sleep = true;
	}
	if ((c->flags & KF_RCU_PROTECTED) && vf_rule(env, RULE_RCU_PROTECTED_ENFORCED) &&
	    !vf_in_rcu_cs(env))
		return vf_reject(env, KF_NEEDS_RCU,
				 "%s() (KF_RCU_PROTECTED) is called outside of an RCU read section",
				 c->kfunc->name);
	return 0;
}

static int release_arg(struct vf_env *env, struct vf_call *c)
{
	const struct vf_kfunc_effect *e = vf_kfunc_effect(c->kfunc->special);

	if (!(c->flags & KF_RELEASE) || !c->release_regno)
		return 0;
	if (e && e->dynptr && c->dynptr_kind)
		return vf_dynptr_release(env, c->release_regno, c);
	return c->ref_id ? vf_ref_release(env, c->ref_id) : 0;
}

/* ---------------------------------------------------------------- R0 (section 4) */

/* R4.2 */
static uint16_t struct_flags(const struct vf_env *env, const struct vf_call *c)
{
	bool protected = vf_rule(env, RULE_RCU_PROTECTED_ENFORCED);

	if (c->kfunc->special == SPECIAL_GET_KMEM_CACHE)
		return VF_UNTRUSTED;
	if ((c->flags & KF_RCU_PROTECTED) && protected)
		return VF_RCU;
	if (c->flags & KF_ITER_NEXT)
		return c->iter_rcu ? VF_RCU : VF_TRUSTED;
	return vf_rule(env, RULE_RET_STRUCT_TRUSTED) ? VF_TRUSTED : 0;
}

static int ret_mem(struct vf_env *env, struct vf_call *c, struct vf_reg *r0)
{
	const struct kfunc_contract *k = c->kfunc;
	uint32_t size = c->has_ret_size ? c->ret_size : k->ret_mem_size;
	uint16_t flags = c->has_ret_size ? (c->ret_rdonly ? VF_RDONLY : 0) : VF_RDONLY;

	if (!c->has_ret_size && !size)
		return vf_reject(env, KF_RET_SIZE,
				 "%s() returns a pointer to memory whose size is not known",
				 k->name);
	vf_reg_pointer(r0, VF_MEM, flags);
	r0->mem_size = size;
	r0->ref_id = c->ref_id;
	if ((c->flags & KF_RCU_PROTECTED) && vf_rule(env, RULE_RCU_PROTECTED_ENFORCED))
		r0->flags |= VF_RCU;
	return 0;
}

static int ret_by_type(struct vf_env *env, struct vf_call *c, struct vf_reg *r0)
{
	const struct kfunc_contract *k = c->kfunc;

	if ((c->flags & KF_ACQUIRE) && k->ret_kind != CRET_STRUCT)
		return vf_reject(env, KF_ACQUIRE_RET,
				 "%s() is marked KF_ACQUIRE, but returns no pointer to a struct",
				 k->name);
	switch ((enum contract_ret_kind)k->ret_kind) {
	case CRET_VOID:
		return 0;
	case CRET_SCALAR:
	case CRET_VOID_PTR:
		vf_reg_unknown(r0);
		return 0;
	case CRET_STRUCT:
		vf_reg_pointer(r0, VF_BTF_ID, struct_flags(env, c));
		r0->btf = k->btf;
		r0->type_id = k->ret_type_id;
		return 0;
	case CRET_MEM:
		return ret_mem(env, c, r0);
	case CRET_BAD:
		break;
	}
	return vf_reject(env, KF_KFUNC_PROTO, "the result of %s() cannot be expressed: %s", k->name,
			 k->bad_why ? k->bad_why : "unknown kind of type");
}

static bool may_hold_lock(struct vf_env *env, const struct vf_reg *r)
{
	const struct btf_fields *f;

	if (r->base != VF_BTF_ID || !(r->flags & VF_ALLOC))
		return false;
	f = vf_reg_fields(env, r);
	return f && (f->mask & (BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK));
}

/* R4.3, R4.4, R4.6 */
static int own_return(struct vf_env *env, struct vf_call *c, struct vf_reg *r0)
{
	uint32_t id;

	if (!vf_reg_is_pointer(r0))
		return 0;
	if ((c->flags & KF_RET_NULL) &&
	    !(c->kfunc->special == SPECIAL_REFCOUNT_ACQUIRE && c->obj_owned)) {
		r0->flags |= VF_MAYBE_NULL;
		r0->id = vf_new_id(env);
	}
	if (c->flags & KF_ACQUIRE) {
		id = vf_ref_acquire(env, VF_REF_PTR);
		if (!id)
			return -ENOMEM;
		if (r0->flags & VF_MAYBE_NULL)
			r0->id = id;
		r0->ref_id = id;
	}
	if (!r0->id && may_hold_lock(env, r0))
		r0->id = vf_new_id(env);
	return 0;
}

static int set_return(struct vf_env *env, struct vf_call *c)
{
	const struct vf_kfunc_effect *e = vf_kfunc_effect(c->kfunc->special);
	struct vf_reg *r0 = &vf_regs(env)[0];
	int err;

	vf_reg_not_init(r0);
	if (e && e->ret)
		err = e->ret(env, c);
	else
		err = ret_by_type(env, c, r0);
	if (err)
		return err;
	r0 = &vf_regs(env)[0];
	err = own_return(env, c, r0);
	r0->made_at = env->insn_idx;
	return err;
}

/* ---------------------------------------------------------------- the call */

static void note_deprecated(struct vf_env *env, const struct vf_call *c)
{
	struct vf_facts *f = env->facts;

	if (!(c->flags & KF_DEPRECATED))
		return;
	for (uint32_t i = 0; i < f->n_deprecated; i++)
		if (f->deprecated[i] == c->kfunc)
			return;
	if (f->n_deprecated < sizeof(f->deprecated) / sizeof(f->deprecated[0]))
		f->deprecated[f->n_deprecated++] = c->kfunc;
}

static int check_effects(struct vf_env *env, struct vf_call *c)
{
	const struct vf_kfunc_effect *e = vf_kfunc_effect(c->kfunc->special);
	int err;

	if (e && e->no_less && vf_in_rbtree_less(env))
		return vf_reject(env, KF_LESS_CALLBACK,
				 "%s() cannot be called inside the comparison of bpf_rbtree_add()",
				 c->kfunc->name);
	err = e && e->before ? e->before(env, c) : 0;
	if (!err)
		err = check_place(env, c);
	return err ? err : release_arg(env, c);
}

static int check_call(struct vf_env *env, struct vf_call *c, bool *path_ended)
{
	const struct vf_kfunc_effect *e;
	int err = check_lock_gate(env, c);

	if (!err)
		err = vf_kfunc_visible(env, c);
	if (!err)
		err = check_program(env, c);
	if (err)
		return err;
	e = vf_kfunc_effect(c->kfunc->special);
	if (e && e->first)
		err = e->first(env, c);
	if (!err)
		err = vf_check_kfunc_args(env, c);
	if (!err)
		err = check_effects(env, c);
	if (err)
		return err;
	env->facts->insn[env->insn_idx].kfunc = c->kfunc;
	vf_note_sleepable(env);
	note_deprecated(env, c);
	if (c->kfunc->special == SPECIAL_THROW) {
		*path_ended = true;
		return 0;
	}
	vf_clobber_caller_saved(env);
	err = set_return(env, c);
	if (err)
		return err;
	if (c->kfunc->special == SPECIAL_XDP_PULL_DATA) {
		env->facts->changes_pkt = true;
		err = vf_invalidate_packets(env);
	}
	if (!err && (c->flags & KF_ITER_NEXT))
		err = vf_process_iter_next(env, c->kfunc, 1);
	return err;
}

int vf_check_kfunc_call(struct vf_env *env, const struct bpf_insn *insn, bool *path_ended)
{
	struct vf_call c = {.insn = insn, .size_max = -1};
	int err;

	*path_ended = false;
	env->call = &c;
	err = check_call(env, &c, path_ended);
	env->call = NULL;
	return err;
}
