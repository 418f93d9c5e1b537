/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Trust (kfunc spec section 6): which pointers are known to be valid, and what a pointer that was
 * read from a kernel object is worth. Where trust first comes from is with the places that make
 * values (ctx.c, helper_call.c, kfunc_call.c); the lists of fields are the kernel's (6.3).
 */
#include "verifier/call.h"

/* kfunc spec 0.1 "modifier-safe" */
#define SAFE_FLAGS (VF_ALLOC | VF_TRUSTED | VF_NON_OWN)

#define MAPPED_KINDS (VF_B(SOCKET) | VF_B(SOCK_COMMON) | VF_B(TCP_SOCK) | VF_B(CONST_MAP))

/* R6.1 */
bool vf_reg_trusted(const struct vf_env *env, const struct vf_reg *r)
{
	(void)env;
	if (r->ref_id)
		return true;
	if (r->flags & ~SAFE_FLAGS)
		return false;
	if (1u << r->base & MAPPED_KINDS)
		return true;
	return r->flags & SAFE_FLAGS;
}

static uint16_t tag_flags(const struct btf_obj *btf, uint32_t ptr_id)
{
	uint16_t f = 0;

	if (btf_ptr_has_tag(btf, ptr_id, "user"))
		f |= VF_USER;
	if (btf_ptr_has_tag(btf, ptr_id, "percpu"))
		f |= VF_PERCPU;
	return f;
}

/* R6.2 step 2c: the parent is valid and an RCU section is open */
static uint16_t walk_in_rcu(enum kernel_trust t, const struct btf_obj *btf, uint32_t ptr_id,
			    bool *maybe_null, bool through_union)
{
	if (t == KTRUST_RCU)
		return VF_RCU | (through_union ? VF_UNTRUSTED : 0);
	if (t == KTRUST_RCU_OR_NULL || btf_ptr_has_tag(btf, ptr_id, "rcu")) {
		*maybe_null = true;
		/* only the list vouches for the member of a union */
		return VF_RCU | (through_union && t != KTRUST_RCU_OR_NULL ? VF_UNTRUSTED : 0);
	}
	return tag_flags(btf, ptr_id) | (through_union ? VF_UNTRUSTED : 0);
}

/* The lists name members of the type of the pointer, also when an anonymous member holds them. */
static enum kernel_trust listed(const struct vf_env *env, const struct vf_reg *r,
				const struct btf_obj *btf, const struct btf_walk *w)
{
	const struct btf_type *st = btf_type(btf, w->struct_id);
	const char *name, *field;

	if (!st || w->member >= btf_type_vlen(st))
		return KTRUST_NONE;
	field = btf_str(btf, btf_type_members(st)[w->member].name_off);
	name = r->base == VF_BTF_ID ? btf_type_name(r->btf, r->type_id)
				    : btf_str(btf, st->name_off);
	if (!*name || !*field)
		return KTRUST_NONE;
	return kernel_field_trust(env->kernel, btf, name, field, w->type_id);
}

uint16_t vf_walk_flags(const struct vf_env *env, const struct vf_reg *r, const struct btf_obj *btf,
		       const struct btf_walk *w, bool *maybe_null)
{
	uint16_t uni = w->through_union ? VF_UNTRUSTED : 0;
	enum kernel_trust t;

	*maybe_null = false;
	if (r->flags & VF_UNTRUSTED)
		return VF_UNTRUSTED;
	if (!vf_reg_trusted(env, r) && !(r->flags & VF_RCU))
		return tag_flags(btf, w->type_id) | uni;

	t = listed(env, r, btf, w);
	switch (t) {
	case KTRUST_TRUSTED:
		return VF_TRUSTED | uni;
	case KTRUST_TRUSTED_OR_NULL:
		*maybe_null = true;
		return VF_TRUSTED | uni;
	case KTRUST_NESTED:
		/* as trusted as its parent: an RCU parent gives an RCU pointer */
		if (r->flags & VF_RCU)
			return vf_in_rcu_cs(env) ? VF_RCU | uni : VF_UNTRUSTED;
		return VF_TRUSTED | uni;
	default:
		break;
	}
	if (vf_in_rcu_cs(env))
		return walk_in_rcu(t, btf, w->type_id, maybe_null, w->through_union);
	return VF_UNTRUSTED;
}
