/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Kernel pointers stored in values and objects (kfunc spec 8.3, 8.4): which pointer fits a slot,
 * and bpf_kptr_xchg(). Plain loads and stores of slots are map_access.c's.
 */
#include "verifier/call.h"

int vf_kptr_dest(struct vf_env *env, uint32_t regno, struct vf_call *call)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	const struct btf_fields *f;
	uint16_t flags = r->flags;

	if (r->base == VF_BTF_ID) {
		if (vf_rule(env, RULE_KPTR_XCHG_NON_OWN) && (flags & VF_NON_OWN))
			flags &= ~(VF_NON_OWN | VF_RCU);
		if (flags != VF_ALLOC || !vf_rule(env, RULE_LOCAL_KPTR_XCHG))
			return vf_reject(
				env, KF_HELPER_ARG_TYPE,
				"R%u does not point into a map value or an object that the "
				"program owns",
				regno);
	} else if (!r->map->btf) {
		return vf_reject(env, KF_KPTR_FIELD,
				 "map %.16s has no BTF that describes its values", r->map->name);
	}
	if (!vf_off_is_const(r))
		return vf_reject(env, KF_FIELD_OFFSET, "R%u has no constant offset", regno);
	f = vf_reg_fields(env, r);
	if (!f || !(f->mask & BTF_FIELD_KPTR))
		return vf_reject(env, KF_KPTR_FIELD,
				 "there is no kernel pointer in what R%u points to", regno);
	call->field = vf_field_at(f, BTF_FIELD_KPTR, vf_const_off(r));
	if (!call->field)
		return vf_reject(env, KF_KPTR_ACCESS, "R%u does not point to a kernel pointer",
				 regno);
	if (!(call->field->kind & (BTF_FIELD_KPTR_REF | BTF_FIELD_KPTR_PERCPU)))
		return vf_reject(env, KF_KPTR_ACCESS,
				 "the kernel pointer that R%u points to is not a referenced one",
				 regno);
	if (r->base == VF_MAP_VALUE) {
		call->map = r->map;
		call->map_uid = r->map_uid;
	}
	return 0;
}

int vf_kptr_source(struct vf_env *env, uint32_t regno, struct vf_call *call)
{
	const struct vf_reg *r = &vf_regs(env)[regno];

	if (vf_reg_is_pointer(r) && (r->flags & VF_MAYBE_NULL)) {
		vf_note_made(env, r, "the pointer is made here and may be NULL");
		return vf_reject(env, KF_ARG_MAYBE_NULL,
				 "R%u, which bpf_kptr_xchg() would store, may be "
				 "NULL",
				 regno);
	}
	return vf_kptr_match(env, call->field, regno);
}

/* R8.13: a per-CPU object stays readable until the RCU section ends */
static bool has_ref(const struct vf_reg *r, uint64_t id)
{
	return r->ref_id == id && vf_reg_is_pointer(r);
}

static void make_rcu(const struct vf_env *env, struct vf_reg *r, uint64_t arg)
{
	(void)env;
	(void)arg;
	r->ref_id = 0;
	r->flags &= ~VF_ALLOC;
	r->flags |= VF_RCU;
}

int vf_kptr_xchg_release(struct vf_env *env, struct vf_call *call)
{
	if (!call->ref_id)
		return 0; /* NULL is stored */
	if (call->field->kind != BTF_FIELD_KPTR_PERCPU || !vf_in_rcu_cs(env))
		return vf_ref_release(env, call->ref_id);
	vf_ref_drop(env->cur, call->ref_id);
	return vf_update_regs(env, has_ref, make_rcu, call->ref_id);
}

int vf_kptr_xchg_return(struct vf_env *env, struct vf_call *call)
{
	struct vf_reg *r0 = &vf_regs(env)[0];
	uint16_t flags = VF_MAYBE_NULL;

	if (!call->field)
		return vf_unsupported(env, "helper that returns a kernel pointer of no slot");
	if (!call->field->kernel_type)
		flags |= VF_ALLOC;
	if (call->field->kind == BTF_FIELD_KPTR_PERCPU)
		flags |= VF_PERCPU;
	vf_reg_pointer(r0, VF_BTF_ID, flags);
	r0->btf = call->field->btf;
	r0->type_id = call->field->type_id;
	return 0;
}

/* R5.4, 6.2 and 6.3 only: the address of a referenced slot of exactly this type */
int vf_kptr_get_slot(struct vf_env *env, uint32_t regno, const struct contract_arg *a)
{
	const struct kfunc_contract *k = env->call->kfunc;
	const struct vf_reg *r = &vf_regs(env)[regno];
	const struct btf_field *f;

	if (!vf_off_is_const(r))
		return vf_reject(env, KF_FIELD_OFFSET,
				 "R%u has no constant offset in its map value", regno);
	f = vf_field_at(r->map->fields, BTF_FIELD_KPTR_REF, vf_const_off(r));
	if (!f)
		return vf_reject(env, KF_KPTR_FIELD,
				 "R%u does not point to a referenced kernel pointer of map %.16s",
				 regno, r->map->name);
	if (!btf_types_match(f->btf, f->type_id, 0, k->btf, a->pointee_id, true))
		return vf_reject(env, KF_ARG_TYPE,
				 "the slot holds pointers to struct %s, %s() wants "
				 "struct %s",
				 btf_type_name(f->btf, f->type_id), k->name,
				 btf_type_name(k->btf, a->pointee_id));
	return 0;
}
