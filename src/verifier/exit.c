/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What a program, a global function or an asynchronous callback may return (verifier spec section
 * 10, R3.20, kfunc spec R11.7-R11.8). Leaks and open regions are vf_check_no_leaks()'s matter.
 */
#include <stdio.h>

#include "verifier/call.h"

struct range {
	bool none; /* R0 is not looked at */
	bool any;
	bool is32;
	int64_t min, max;
	const char *of;
};

/* R10.1, rows LSM; kfunc spec R11.7 */
static void lsm_range(const struct vf_env *env, struct range *r)
{
	const struct btf_type *proto = btf_type(env->attach.btf, env->attach.proto_id);
	bool is_void = !proto || proto->type == 0;
	const char *hook = env->attach.name ? env->attach.name : "";

	if (strncmp(hook, "bpf_lsm_", 8) == 0)
		hook += 8;
	if (env->attach.source == VF_ATTACH_LSM_CGROUP) {
		r->min = is_void ? 1 : 0;
		r->max = 1;
		return;
	}
	r->none = is_void;
	r->is32 = true;
	r->min = -4095;
	if (kernel_lsm_bool(env->kernel, hook)) {
		r->min = 0;
		r->max = 1;
	}
}

static struct range range_of(const struct vf_env *env)
{
	const struct kernel_attach_range *row;
	struct range r = {.of = env->ptype->name};

	if (vf_prog_type(env) == BPF_PROG_TYPE_LSM) {
		lsm_range(env, &r);
		return r;
	}
	if (vf_prog_type(env) == BPF_PROG_TYPE_STRUCT_OPS) {
		const struct btf_type *proto = btf_type(env->attach.btf, env->attach.proto_id);

		r.none = !proto || proto->type == 0;
		r.any = true;
		return r;
	}
	row = kernel_return_range(env->ptype, env->place.attach_type);
	if (!row || row->any) {
		r.any = true;
		return r;
	}
	r.min = row->min;
	r.max = row->max;
	return r;
}

static int check_range(struct vf_env *env, const struct range *want, uint32_t regno)
{
	const struct vf_reg *r0 = &vf_regs(env)[regno];
	int64_t min, max;
	int err;

	if (r0->base != VF_SCALAR) {
		vf_note(env, r0->made_at, "R%u was set here", regno);
		return vf_reject(env, KF_BAD_RETURN, "R%u holds a pointer, %s wants %lld to %lld",
				 regno, want->of, (long long)want->min, (long long)want->max);
	}
	err = vf_mark_precise(env, regno);
	if (err)
		return err;
	min = want->is32 ? r0->s.s32min : r0->s.smin;
	max = want->is32 ? r0->s.s32max : r0->s.smax;
	if (min >= want->min && max <= want->max)
		return 0;
	vf_note(env, r0->made_at, "R%u was set here", regno);
	return vf_reject(env, KF_BAD_RETURN, "R%u may be %lld to %lld, %s wants %lld to %lld",
			 regno, (long long)min, (long long)max, want->of, (long long)want->min,
			 (long long)want->max);
}

static int refuse_returned(struct vf_env *env, const struct vf_reg *r0, uint32_t want_id)
{
	char what[96];

	vf_note_made(env, r0, "R0 gets its value here");
	if (r0->ref_id && r0->flags & VF_MAYBE_NULL)
		snprintf(env->report->help, sizeof(env->report->help),
			 "return NULL and the object on paths of their own; the compiler must not "
			 "see that \"if (!p) return "
			 "NULL; return p;\" is the same as \"return p;\"");
	return vf_reject(env, KF_STRUCT_OPS_RETURN,
			 "R0 must be NULL or an owned pointer to %s, and is %s",
			 btf_type_name(env->attach.btf, want_id),
			 vf_reg_describe(env, r0, what, sizeof(what)));
}

/* kfunc spec R11.8: a member that returns a pointer hands its reference on. */
static int check_returned_pointer(struct vf_env *env, uint32_t want_id)
{
	struct vf_reg *r0 = &vf_regs(env)[BPF_REG_0];

	if (vf_reg_is_null(r0))
		return 0;
	if (r0->base != VF_BTF_ID || !r0->ref_id || r0->flags & (VF_MAYBE_NULL | VF_ALLOC) ||
	    !btf_same_type(r0->btf, r0->type_id, env->attach.btf, want_id))
		return refuse_returned(env, r0, want_id);
	if (r0->off || !vf_reg_fixed_off(r0))
		return vf_reject(env, KF_STRUCT_OPS_RETURN_OFF, "R0 has been moved by an offset");
	vf_ref_drop(env->cur, r0->ref_id);
	return 0;
}

/* Called before the leak check by check_exit's caller only for struct_ops. */
int vf_pass_returned_reference(struct vf_env *env)
{
	const struct btf_type *proto;
	uint32_t id;

	if (vf_prog_type(env) != BPF_PROG_TYPE_STRUCT_OPS || !env->is_main_walk ||
	    env->cur->frame[0]->head.in_async_callback)
		return 0;
	proto = btf_type(env->attach.btf, env->attach.proto_id);
	if (!proto || !btf_pointee(env->attach.btf, proto->type, &id))
		return 0;
	return check_returned_pointer(env, id);
}

int vf_check_return_value(struct vf_env *env)
{
	const struct vf_frame *f = vf_cur_frame(env);
	const struct vf_reg *r0 = &f->r[BPF_REG_0];
	struct range want;
	char who[32];

	if (f->head.in_async_callback) {
		want = (struct range){.min = f->head.cb_ret_min,
				      .max = f->head.cb_ret_max,
				      .of = "a callback",
				      .any = !f->head.check_cb_ret};
	} else if (!env->is_main_walk && !env->sub[env->entry_subprog].is_exception_cb) {
		if (env->sub[env->entry_subprog].returns_void)
			return 0;
		if (r0->base == VF_NOT_INIT)
			return vf_check_reg_read(env, BPF_REG_0);
		if (r0->base != VF_SCALAR)
			return vf_reject(env, KF_GLOBAL_RETURN,
					 "a global function returns a pointer in R0");
		return 0;
	} else {
		want = range_of(env);
	}
	if (want.none)
		return 0;
	if (r0->base == VF_NOT_INIT)
		return vf_check_reg_read(env, BPF_REG_0);
	if (want.any)
		return 0;
	if (want.of == env->ptype->name) {
		snprintf(who, sizeof(who), "type %s", want.of);
		want.of = who;
	}
	return check_range(env, &want, BPF_REG_0);
}

/* Without an exception callback the cookie of bpf_throw() is what the program returns. */
int vf_check_thrown_value(struct vf_env *env, uint32_t regno)
{
	struct range want = range_of(env);

	if (vf_regs(env)[regno].base != VF_SCALAR)
		return vf_reject(env, KF_BAD_RETURN, "R%u, the cookie, is not a number", regno);
	return want.none || want.any ? 0 : check_range(env, &want, regno);
}
