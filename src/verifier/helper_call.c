/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A call of a classic helper: order of the checks R7.0, returns 7.5, refinement 7.8, never-NULL
 * lookups R7.11, and the fit of map and helper last (8.2). The arguments are helper_args.c's; what
 * single helpers add to their prototype is in helper_special.c. The helper's row is looked up once
 * for each instruction and kept in its info.
 */
#include "verifier/call.h"
#include "verifier/helper_args.h"

static int reject_hidden(struct vf_env *env, int32_t id, bool known)
{
	const char *name = kernel_helper_name(id);

	if (!name || !known)
		return vf_reject(env, KF_HELPER_UNKNOWN,
				 "helper number %d does not exist in this kernel", id);
	return vf_reject(env, KF_HELPER_HIDDEN, "helper %s is not offered to %s programs here",
			 name, env->ptype->name);
}

static const struct kernel_helper *find_helper(struct vf_env *env, int32_t id, int *err)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	bool known = false;

	if (info->helper)
		return info->helper;
	if (id < 0 || id >= 1 << 20)
		*err = vf_reject_poisoned_call(env, id);
	else
		info->helper = kernel_helper(env->kernel, (uint32_t)id, &env->place, &known);
	if (!*err && !info->helper)
		*err = reject_hidden(env, id, known);
	return info->helper;
}

/* licence, sleeping, locks: what must hold before any argument is looked at */
static int check_allowed(struct vf_env *env, const struct kernel_helper *h)
{
	const char *region;

	if (env->cur->n_locks && h->id != BPF_FUNC_spin_unlock &&
	    !(h->id == BPF_FUNC_kptr_xchg && vf_rule(env, RULE_LOCK_KPTR_XCHG)))
		return vf_reject_under_lock(env, h->name, h->id == BPF_FUNC_spin_lock);
	if ((h->flags & HF_GPL) && !env->gpl)
		return vf_reject(env, KF_NEED_GPL,
				 "helper %s is for programs under a GPL-compatible licence",
				 h->name);
	if (!(h->flags & HF_MAY_SLEEP))
		return 0;
	if (!env->cur->in_sleepable)
		return vf_reject(env, KF_HELPER_SLEEPS,
				 "helper %s may sleep, and the program is not sleepable", h->name);
	region = vf_atomic_region_name(env);
	if (region) {
		vf_note_region(env);
		return vf_reject(env, KF_HELPER_SLEEPS_REGION, "helper %s may sleep inside %s",
				 h->name, region);
	}
	env->facts->might_sleep = true;
	return 0;
}

/* ---------------------------------------------------------------- what R0 becomes (7.5) */

static int ret_map_value(struct vf_env *env, struct vf_call *c, bool maybe_null)
{
	struct vf_reg *r0 = vf_ret(env);
	const struct vf_map *m = c->map;
	uint16_t null = maybe_null ? VF_MAYBE_NULL : 0;

	if (!m)
		return vf_reject(env, KF_ARG_MAP, "the call returns a map value, but has no map");
	if (maybe_null && c->key_known && c->key < m->max_entries)
		null = 0;
	vf_reg_pointer(r0, VF_MAP_VALUE, null);
	r0->map = m;
	r0->map_uid = c->map_uid;
	r0->made_at = env->insn_idx;
	if (null ||
	    (m->fields && (m->fields->mask & (BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK))))
		r0->id = vf_new_id(env);
	return 0;
}

static int ret_kernel_type(struct vf_env *env, const struct kernel_helper *h, uint16_t flags)
{
	struct vf_reg *r0 = &vf_regs(env)[0];
	const char *type = kernel_helper_type(h->ret_type);
	int32_t id = type ? vf_kernel_type_id(env, type) : -ENOENT;

	if (id <= 0)
		return vf_reject(env, KF_HELPER_TYPE_MISSING,
				 "helper %s returns a struct %s, which this kernel's types lack",
				 h->name, type ? type : "?");
	vf_reg_pointer(r0, VF_BTF_ID, flags);
	r0->btf = env->kernel->btf;
	r0->type_id = (uint32_t)id;
	return 0;
}

/* per_cpu_ptr, this_cpu_ptr: by the type of the variable given as R1 (R8.14 for local objects) */
static int ret_percpu(struct vf_env *env, struct vf_call *c, uint16_t null)
{
	struct vf_reg *r0 = &vf_regs(env)[0];
	const struct btf_type *t = btf_skip_mods(c->obj_btf, c->obj_type, NULL);
	int64_t size;

	if (c->obj_percpu) {
		vf_reg_pointer(r0, VF_BTF_ID, VF_ALLOC | VF_RCU | null);
	} else if (t && btf_is_struct(t)) {
		vf_reg_pointer(r0, VF_BTF_ID, null);
	} else {
		size = btf_type_size(c->obj_btf, c->obj_type);
		if (size < 0)
			return vf_reject(env, KF_RET_SIZE, "the size of the variable is not known");
		vf_reg_pointer(r0, VF_MEM, VF_RDONLY | null);
		r0->mem_size = (uint32_t)size;
		return 0;
	}
	r0->btf = c->obj_btf;
	r0->type_id = c->obj_type;
	return 0;
}

static int ret_dynptr_mem(struct vf_env *env, struct vf_call *c, uint16_t null)
{
	struct vf_reg *r0 = &vf_regs(env)[0];

	vf_reg_pointer(r0, VF_MEM, null);
	r0->mem_size = (uint32_t)c->const_value;
	r0->parent_id = c->dynptr_id;
	r0->ref_id = c->dynptr_ref;
	return 0;
}

static int ret_plain(struct vf_env *env, enum vf_base base, uint16_t null)
{
	vf_reg_pointer(&vf_regs(env)[0], base, null);
	return 0;
}

static int set_return(struct vf_env *env, struct vf_call *c)
{
	const struct kernel_helper *h = c->helper;
	uint16_t null = h->flags & HF_RET_NULL ? VF_MAYBE_NULL : 0;
	struct vf_reg *r0 = &vf_regs(env)[0];

	switch ((enum helper_ret)h->ret) {
	case HRET_VOID:
		return 0;
	case HRET_INTEGER:
		vf_reg_unknown(r0);
		if (h->has_ret_range)
			vf_scalar_set_srange(&r0->s, h->ret_min, h->ret_max);
		return 0;
	case HRET_MAP_VALUE:
		return ret_map_value(env, c, null);
	case HRET_SOCKET:
		return ret_plain(env, VF_SOCKET, null);
	case HRET_SOCK_COMMON:
		return ret_plain(env, VF_SOCK_COMMON, null);
	case HRET_TCP_SOCK:
		return ret_plain(env, VF_TCP_SOCK, null);
	case HRET_RINGBUF_MEM:
		vf_reg_pointer(r0, VF_MEM, VF_RINGBUF | null);
		r0->mem_size = (uint32_t)c->const_value;
		return 0;
	case HRET_MEM_OR_BTF_ID:
		return ret_percpu(env, c, null);
	case HRET_DYNPTR_MEM:
		return ret_dynptr_mem(env, c, null);
	case HRET_BTF_ID:
		return ret_kernel_type(env, h, null | (h->flags & HF_RET_TRUSTED ? VF_TRUSTED : 0));
	case HRET_KPTR:
		return vf_kptr_xchg_return(env, c);
	}
	return vf_unsupported(env, "kind of helper result");
}

static bool is_cast(uint32_t id)
{
	switch (id) {
	case BPF_FUNC_tcp_sock:
	case BPF_FUNC_sk_fullsock:
	case BPF_FUNC_skc_to_tcp_sock:
	case BPF_FUNC_skc_to_tcp6_sock:
	case BPF_FUNC_skc_to_udp6_sock:
	case BPF_FUNC_skc_to_mptcp_sock:
	case BPF_FUNC_skc_to_tcp_timewait_sock:
	case BPF_FUNC_skc_to_tcp_request_sock:
		return true;
	}
	return false;
}

static bool acquires(const struct vf_call *c)
{
	if (c->helper->id == BPF_FUNC_map_lookup_elem)
		return c->map && (c->map->type == BPF_MAP_TYPE_SOCKMAP ||
				  c->map->type == BPF_MAP_TYPE_SOCKHASH);
	return c->helper->flags & HF_ACQUIRE;
}

/* null ids and references of a returned pointer (R7.6) */
static int own_return(struct vf_env *env, struct vf_call *c)
{
	struct vf_reg *r0 = &vf_regs(env)[0];
	uint32_t id;

	if (!vf_reg_is_pointer(r0))
		return 0;
	if ((r0->flags & VF_MAYBE_NULL) && !r0->id)
		r0->id = vf_new_id(env);
	if (is_cast(c->helper->id)) {
		r0->ref_id = c->ref_id;
	} else if (acquires(c)) {
		id = vf_ref_acquire(env, VF_REF_PTR);
		if (!id)
			return -ENOMEM;
		r0->id = id;
		r0->ref_id = id;
	}
	return 0;
}

static int release_arg(struct vf_env *env, struct vf_call *c)
{
	if (!c->release_regno)
		return 0;
	if (c->helper->id == BPF_FUNC_kptr_xchg)
		return vf_kptr_xchg_release(env, c);
	if (c->dynptr_kind)
		return vf_dynptr_release(env, c->release_regno, c);
	if (c->ref_id)
		return vf_ref_release(env, c->ref_id);
	if (vf_reg_is_null(&vf_regs(env)[c->release_regno]))
		return 0;
	return vf_reject(env, KF_REL_UNOWNED, "R%u is released, but the program does not own it",
			 c->release_regno);
}

static int check_map_flags(struct vf_env *env, const struct vf_call *c)
{
	uint32_t id = c->helper->id;

	if (c->map && (c->map->flags & BPF_F_RDONLY_PROG) &&
	    (id == BPF_FUNC_map_update_elem || id == BPF_FUNC_map_delete_elem ||
	     id == BPF_FUNC_map_push_elem || id == BPF_FUNC_map_pop_elem))
		return vf_reject(env, KF_RDONLY_WRITE, "map %.16s is read-only for programs",
				 c->map->name);
	return 0;
}

static int check_map_fit(struct vf_env *env, struct vf_call *c)
{
	const struct kernel_helper *h = c->helper;
	const char *type;

	if (!c->map || kernel_map_helper_ok(env->kernel, c->map->type, h->id, &env->place))
		return 0;
	type = kernel_map_type_name(c->map->type);
	return vf_reject(env, KF_MAP_HELPER_MISMATCH,
			 "helper %s does not take map %.16s of type %s", h->name, c->map->name,
			 type ? type : "?");
}

static int check_call(struct vf_env *env, struct vf_call *c)
{
	const struct kernel_helper *h = c->helper;
	const struct vf_helper_effect *e = vf_helper_effect(h->id);
	int err = check_allowed(env, h);

	for (uint32_t i = 0; !err && i < 5 && h->arg[i].kind != HARG_NONE; i++)
		err = vf_check_helper_arg(env, c, i);
	if (!err)
		err = check_map_flags(env, c);
	if (!err && e && e->before)
		err = e->before(env, c);
	if (err)
		return err;
	vf_note_sleepable(env);
	if (c->map)
		vf_note_call_map(env, c->map);
	err = release_arg(env, c);
	if (err)
		return err;
	vf_clobber_caller_saved(env);
	vf_reg_not_init(&vf_regs(env)[0]);
	err = set_return(env, c);
	if (!err)
		err = own_return(env, c);
	if (!err && e && e->ret)
		err = e->ret(env, c);
	if (err)
		return err;
	vf_regs(env)[0].made_at = env->insn_idx;
	err = check_map_fit(env, c);
	if (err || !(h->flags & HF_CHANGES_PKT))
		return err;
	env->facts->changes_pkt = true;
	return vf_invalidate_packets(env);
}

/* A tail call that succeeds returns to the function's caller with any number; the rest is not done. */
static int queue_tail_called(struct vf_env *env)
{
	struct vf_state *st = vf_queue_return(env);
	struct vf_reg *r0;

	if (!st)
		return env->report->err;
	r0 = &vf_state_regs(st)[0];
	vf_reg_unknown(r0);
	r0->made_at = env->insn_idx;
	return 0;
}

int vf_check_helper_call(struct vf_env *env, const struct bpf_insn *insn)
{
	struct vf_call c = {.insn = insn, .size_max = -1};
	int err = 0;

	c.helper = find_helper(env, insn->imm, &err);
	if (err)
		return err;
	env->call = &c;
	err = check_call(env, &c);
	env->call = NULL;
	if (!err && c.helper->id == BPF_FUNC_tail_call && env->cur->cur_frame)
		err = queue_tail_called(env);
	return err;
}
