/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Registers and return range with which callbacks start (verifier spec 7.7, kfunc spec 12.4, 12.8).
 * env->call is the call that installs them; the pushing itself is callback.c's. In the new frame
 * nothing is set yet: what is no argument stays so.
 */
#include "verifier/call.h"

static void ret_range(struct vf_frame *callee, int32_t min, int32_t max)
{
	callee->head.check_cb_ret = true;
	callee->head.cb_ret_min = min;
	callee->head.cb_ret_max = max;
}

static void map_reg(struct vf_reg *r, enum vf_base base, const struct vf_map *map, uint32_t uid)
{
	vf_reg_pointer(r, base, 0);
	r->map = map;
	r->map_uid = uid;
}

static bool has_lock(const struct vf_map *map)
{
	return map->fields && (map->fields->mask & (BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK));
}

/* R1 map, R2 key, R3 value */
static void map_element(struct vf_env *env, struct vf_frame *callee)
{
	const struct vf_map *map = env->call->map;
	uint32_t uid = env->call->map_uid;

	map_reg(&callee->r[1], VF_CONST_MAP, map, uid);
	map_reg(&callee->r[2], VF_MAP_KEY, map, uid);
	map_reg(&callee->r[3], VF_MAP_VALUE, map, uid);
	if (has_lock(map))
		callee->r[3].id = vf_new_id(env);
}

int vf_cb_loop(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
	       uint32_t insn)
{
	(void)env;
	(void)insn;
	vf_reg_unknown(&callee->r[1]);
	callee->r[2] = caller->r[3];
	ret_range(callee, 0, 1);
	return 0;
}

int vf_cb_for_each(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		   uint32_t insn)
{
	(void)insn;
	map_element(env, callee);
	callee->r[4] = caller->r[3];
	ret_range(callee, 0, 1);
	return 0;
}

int vf_cb_find_vma(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		   uint32_t insn)
{
	int32_t vma = vf_kernel_type_id(env, "vm_area_struct");

	(void)insn;
	if (vma <= 0)
		return vf_reject(env, KF_HELPER_TYPE_MISSING,
				 "this kernel's types lack struct vm_area_struct");
	callee->r[1] = caller->r[1];
	vf_reg_pointer(&callee->r[2], VF_BTF_ID, 0);
	callee->r[2].btf = env->kernel->btf;
	callee->r[2].type_id = (uint32_t)vma;
	callee->r[3] = caller->r[4];
	ret_range(callee, 0, 1);
	return 0;
}

int vf_cb_user_ringbuf(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		       uint32_t insn)
{
	(void)insn;
	vf_reg_pointer(&callee->r[1], VF_CONST_DYNPTR, 0);
	callee->r[1].dynptr_kind = VF_DYNPTR_LOCAL;
	callee->r[1].id = vf_new_id(env);
	callee->r[2] = caller->r[3];
	ret_range(callee, 0, 1);
	return 0;
}

/* timers and work queues */
int vf_cb_map_async(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		    uint32_t insn)
{
	(void)caller;
	(void)insn;
	map_element(env, callee);
	ret_range(callee, 0, 0);
	return 0;
}

int vf_cb_task_work(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		    uint32_t insn)
{
	(void)caller;
	(void)insn;
	map_element(env, callee);
	ret_range(callee, INT32_MIN, INT32_MAX);
	return 0;
}

/* R1 the new node, R2 a node of the tree */
int vf_cb_rbtree_less(struct vf_env *env, const struct vf_frame *caller, struct vf_frame *callee,
		      uint32_t insn)
{
	const struct btf_field *root = env->call->field;
	const struct btf_obj *btf = env->call->field_btf;
	const struct btf_fields *f = vf_type_fields(env, btf, root->content_id);

	(void)caller;
	(void)insn;
	for (uint32_t i = 1; i <= 2; i++) {
		struct vf_reg *r = &callee->r[i];

		vf_reg_pointer(r, VF_BTF_ID, VF_ALLOC | VF_NON_OWN);
		if (f && f->refcount_off >= 0)
			r->flags |= VF_RCU;
		r->btf = btf;
		r->type_id = root->content_id;
		r->off = (int32_t)root->node_off;
	}
	ret_range(callee, 0, 1);
	return 0;
}
