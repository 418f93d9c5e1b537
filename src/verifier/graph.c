/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Objects that the program allocates, and the lists and trees they are linked into (kfunc spec 3.6
 * ALLOC_OBJ to RB_NODE, section 4's special returns, 8.6, R9.8, 12.4): owning and non-owning
 * references, the fit of node and root, and what the code needs to know of them (R2.15).
 */
#include "verifier/call.h"

static const char *root_name(uint32_t kind)
{
	return kind == CARG_LIST_HEAD ? "struct bpf_list_head" : "struct bpf_rb_root";
}

static const char *node_name(uint32_t kind)
{
	return kind == CARG_LIST_NODE ? "struct bpf_list_node" : "struct bpf_rb_node";
}

int vf_graph_root_arg(struct vf_env *env, uint32_t regno, uint32_t kind, struct vf_call *call)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	uint32_t field = kind == CARG_LIST_HEAD ? BTF_FIELD_LIST_HEAD : BTF_FIELD_RB_ROOT;

	if (!vf_off_is_const(r))
		return vf_reject(env, KF_FIELD_OFFSET, "R%u has no constant offset", regno);
	call->field = vf_field_at(vf_reg_fields(env, r), field, vf_const_off(r));
	if (!call->field)
		return vf_reject(env, KF_FIELD_OFFSET, "R%u does not point to a %s", regno,
				 root_name(kind));
	call->field_btf = r->base == VF_MAP_VALUE ? r->map->btf : r->btf;
	return vf_check_lock_held(env, r);
}

/* who may be handed over: an owned node, or for some kfuncs one that is only seen */
static int check_node_owner(struct vf_env *env, uint32_t regno, uint32_t kind, bool nonown_ok,
			    struct vf_call *call)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	bool non_own = r->base == VF_BTF_ID && (r->flags & VF_NON_OWN) && (r->flags & VF_ALLOC) &&
		       !(r->flags & (VF_MAYBE_NULL | VF_UNTRUSTED));
	bool owned = r->base == VF_BTF_ID && r->flags == VF_ALLOC && r->ref_id;

	if (kind == CARG_RB_NODE && call->kfunc->special != SPECIAL_RBTREE_ADD) {
		if (vf_in_rbtree_less(env))
			return vf_reject(env, KF_LESS_REMOVE,
					 "%s() is called inside the comparison of bpf_rbtree_add()",
					 call->kfunc->name);
		nonown_ok = true;
	} else if (vf_in_rbtree_less(env)) {
		return vf_reject(env, KF_LESS_REMOVE,
				 "%s() is called inside the comparison of bpf_rbtree_add()",
				 call->kfunc->name);
	}
	if (owned || (non_own && nonown_ok))
		return 0;
	vf_note_made(env, r, "the pointer is made here");
	return vf_reject(env, KF_OBJ_NOT_OWNED,
			 "R%u of %s() must be a node of an object that the "
			 "program owns",
			 regno, call->kfunc->name);
}

int vf_graph_node_arg(struct vf_env *env, uint32_t regno, uint32_t kind, bool nonown_ok,
		      struct vf_call *call)
{
	uint32_t field = kind == CARG_LIST_NODE ? BTF_FIELD_LIST_NODE : BTF_FIELD_RB_NODE;
	const struct vf_reg *r = &vf_regs(env)[regno];
	const struct btf_field *root = call->field;
	int64_t off;
	int err = check_node_owner(env, regno, kind, nonown_ok, call);

	if (err)
		return err;
	if (!root)
		return vf_reject(env, KF_KFUNC_INTERNAL, "%s() takes a node before its root",
				 call->kfunc->name);
	off = vf_const_off(r);
	if (!vf_off_is_const(r) || !vf_field_at(vf_reg_fields(env, r), field, off))
		return vf_reject(env, KF_FIELD_OFFSET, "R%u does not point to a %s of its object",
				 regno, node_name(kind));
	if (!btf_types_match(r->btf, r->type_id, 0, call->field_btf, root->content_id, true))
		return vf_reject(env, KF_NODE_TYPE,
				 "the list or tree holds struct %s, R%u points into a struct %s",
				 btf_type_name(call->field_btf, root->content_id), regno,
				 vf_reg_type_name(r));
	if (off != root->node_off)
		return vf_reject(
			env, KF_NODE_TYPE,
			"the list or tree links struct %s at offset %u, R%u points to offset %lld",
			vf_reg_type_name(r), root->node_off, regno, (long long)off);
	call->obj_btf = r->btf;
	call->obj_type = r->type_id;
	if (!call->node_ref)
		call->node_ref = r->ref_id;
	return 0;
}

/* ---------------------------------------------------------------- owning becomes non-owning */

static bool has_ref(const struct vf_reg *r, uint64_t id)
{
	return r->ref_id == id && r->base == VF_BTF_ID;
}

static void make_non_owning(const struct vf_env *env, struct vf_reg *r, uint64_t refcounted)
{
	(void)env;
	r->ref_id = 0;
	r->flags |= VF_NON_OWN | (refcounted >> 32 ? VF_RCU : 0);
}

static bool has_ref_low(const struct vf_reg *r, uint64_t arg)
{
	return has_ref(r, (uint32_t)arg);
}

int vf_graph_inserted(struct vf_env *env, struct vf_call *call)
{
	const struct btf_fields *f = vf_type_fields(env, call->obj_btf, call->obj_type);
	uint64_t refcounted = f && f->refcount_off >= 0;
	int err = vf_note_object(env, call->field->node_off, f, 0);

	if (err)
		return err;
	if (!call->node_ref || !vf_ref_held(env->cur, call->node_ref))
		return vf_reject(env, KF_OBJ_NOT_OWNED,
				 "%s() is given a node that the program does not "
				 "own",
				 call->kfunc->name);
	vf_ref_drop(env->cur, call->node_ref);
	return vf_update_regs(env, has_ref_low, make_non_owning, refcounted << 32 | call->node_ref);
}

static bool is_non_owning(const struct vf_reg *r, uint64_t arg)
{
	(void)arg;
	return r->base == VF_BTF_ID && (r->flags & VF_NON_OWN);
}

int vf_end_non_owning(struct vf_env *env)
{
	return vf_invalidate_regs(env, is_non_owning, 0);
}

/* ---------------------------------------------------------------- allocated objects */

int vf_alloc_obj_arg(struct vf_env *env, uint32_t regno, struct vf_call *call)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	enum contract_special s = call->kfunc->special;

	if (!(r->flags == VF_ALLOC && s == SPECIAL_OBJ_DROP) &&
	    !(r->flags == (VF_ALLOC | VF_PERCPU) && s == SPECIAL_PERCPU_OBJ_DROP)) {
		vf_note_made(env, r, "the pointer is made here");
		return vf_reject(env, KF_OBJ_KIND, "R%u is not an object that %s() can free", regno,
				 call->kfunc->name);
	}
	if (!r->ref_id)
		return vf_reject(env, KF_OBJ_NOT_OWNED,
				 "the program does not own the object in R%u", regno);
	call->obj_btf = r->btf;
	call->obj_type = r->type_id;
	return 0;
}

/* R8.19: places that an NMI may interrupt cannot free what needs locks to be freed */
int vf_check_obj_drop(struct vf_env *env, struct vf_call *call)
{
	const uint32_t unsafe = BTF_FIELD_KPTR_REF | BTF_FIELD_KPTR_PERCPU | BTF_FIELD_GRAPH_ROOT |
				BTF_FIELD_GRAPH_NODE;
	const struct btf_fields *f;
	bool nmi;

	switch (vf_prog_type(env)) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		nmi = true;
		break;
	case BPF_PROG_TYPE_TRACING:
		nmi = !env->place.sleepable && env->attach.source != VF_ATTACH_ITER;
		break;
	default:
		nmi = false;
	}
	if (!nmi || !vf_rule(env, RULE_OBJ_DROP_NMI))
		return 0;
	f = vf_type_fields(env, call->obj_btf, call->obj_type);
	if (!f || !(f->mask & unsafe))
		return 0;
	return vf_reject(env, KF_OBJ_DROP_NMI,
			 "struct %s owns something, and %s programs may run in "
			 "an NMI",
			 btf_type_name(call->obj_btf, call->obj_type), env->ptype->name);
}

/*
 * Before 7.2 the pointer may lead anywhere into its object, and the result is one to its start: what the
 * type of the result says, and what our run does. (Linux 6.18.44 gives the pointer itself back, and
 * counts in the wrong place; it even takes pointers beyond the object.)
 */
static int check_place_in_object(struct vf_env *env, uint32_t regno)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	int64_t off = vf_const_off(r);

	if (!vf_off_is_const(r) || (off && vf_rule(env, RULE_REFCOUNT_AT_START)))
		return vf_reject(env, KF_OBJ_OFFSET,
				 "R%u does not point to the start of its object", regno);
	if (off && (off < 0 || off >= btf_type_size(r->btf, r->type_id)))
		return vf_reject(env, KF_OBJ_OFFSET, "R%u does not point into its object", regno);
	return 0;
}

int vf_refcounted_arg(struct vf_env *env, uint32_t regno, struct vf_call *call)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	const struct btf_fields *f;
	int err;

	if (!(r->flags & VF_ALLOC) || (r->flags & (VF_UNTRUSTED | VF_PERCPU))) {
		vf_note_made(env, r, "the pointer is made here");
		return vf_reject(env, KF_OBJ_KIND, "R%u is not an object made by bpf_obj_new()",
				 regno);
	}
	if (!r->ref_id && !(r->flags & (VF_NON_OWN | VF_RCU)))
		return vf_reject(env, KF_OBJ_NOT_OWNED,
				 "the object in R%u is not known to be alive", regno);
	err = check_place_in_object(env, regno);
	if (err)
		return err;
	f = vf_reg_fields(env, r);
	if (!f || f->refcount_off < 0)
		return vf_reject(env, KF_OBJ_NO_REFCOUNT, "struct %s has no struct bpf_refcount",
				 vf_reg_type_name(r));
	err = vf_note_object(env, (uint64_t)vf_const_off(r), NULL, 0);
	if (err)
		return err;
	call->obj_btf = r->btf;
	call->obj_type = r->type_id;
	call->obj_owned = r->ref_id && !(r->flags & VF_NON_OWN);
	return 0;
}

static struct vf_reg *ret_object(struct vf_env *env, const struct btf_obj *btf, uint32_t type_id,
				 uint16_t flags)
{
	struct vf_reg *r0 = vf_ret(env);

	vf_reg_pointer(r0, VF_BTF_ID, flags);
	r0->btf = btf;
	r0->type_id = type_id;
	return r0;
}

int vf_obj_new_return(struct vf_env *env, struct vf_call *call)
{
	bool percpu = call->kfunc->special == SPECIAL_PERCPU_OBJ_NEW;
	const struct btf_obj *btf = env->prog->btf;
	const struct btf_fields *f;
	const struct btf_type *t;
	uint32_t id;
	int64_t size;

	if (!btf || call->const_value > UINT32_MAX)
		return vf_reject(env, KF_OBJ_TYPE,
				 "%s() needs the id of a struct of the program's BTF",
				 call->kfunc->name);
	id = (uint32_t)call->const_value;
	t = btf_type(btf, id);
	size = t ? btf_type_size(btf, id) : -1;
	if (!t || btf_type_kind(t) != BTF_KIND_STRUCT || size < 0 || size > INT32_MAX)
		return vf_reject(env, KF_OBJ_TYPE, "type %u of the program's BTF is not a struct",
				 id);
	f = vf_type_fields(env, btf, id);
	if (env->report->err)
		return env->report->err;
	if (percpu && (size > 512 || f || !btf_is_scalar_struct(btf, id)))
		return vf_reject(
			env, KF_OBJ_TYPE,
			"a per-CPU object is a struct of plain numbers, at most 512 bytes; "
			"struct %s is not",
			btf_type_name(btf, id));
	ret_object(env, btf, id, VF_ALLOC | (percpu ? VF_PERCPU : 0));
	return vf_note_object(env, id, f, (uint32_t)size);
}

int vf_refcount_acquire_return(struct vf_env *env, struct vf_call *call)
{
	ret_object(env, call->obj_btf, call->obj_type, VF_ALLOC);
	return 0;
}

int vf_graph_node_return(struct vf_env *env, struct vf_call *call)
{
	const struct btf_field *root = call->field;
	const struct btf_fields *f;
	uint16_t flags = VF_ALLOC;
	struct vf_reg *r0;

	if (!root)
		return vf_reject(env, KF_KFUNC_INTERNAL, "%s() returns a node of no list or tree",
				 call->kfunc->name);
	f = vf_type_fields(env, call->field_btf, root->content_id);
	if (!(call->flags & KF_ACQUIRE))
		flags |= VF_NON_OWN | (f && f->refcount_off >= 0 ? VF_RCU : 0);
	r0 = ret_object(env, call->field_btf, root->content_id, flags);
	r0->off = (int32_t)root->node_off;
	return 0;
}
