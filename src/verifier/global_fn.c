/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Global functions are verified once, by their prototype alone (R3.16-R3.20): what a prototype and
 * its tags mean, whether a call's registers fit it, and the registers with which a walk begins.
 */
#include "verifier/vf.h"

enum tag_bits {
	TAG_CTX = 1 << 0,
	TAG_TRUSTED = 1 << 1,
	TAG_UNTRUSTED = 1 << 2,
	TAG_NONNULL = 1 << 3,
	TAG_NULLABLE = 1 << 4,
	TAG_ARENA = 1 << 5,
	TAG_UNKNOWN = 1 << 6,
};

static int collect_tag(void *ctx, const char *tag)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} tags[] = {
		{"ctx", TAG_CTX},         {"trusted", TAG_TRUSTED},   {"untrusted", TAG_UNTRUSTED},
		{"nonnull", TAG_NONNULL}, {"nullable", TAG_NULLABLE}, {"arena", TAG_ARENA},
	};
	uint32_t *bits = ctx;

	if (strncmp(tag, "arg:", 4) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strcmp(tag + 4, tags[i].name) == 0) {
			*bits |= tags[i].bit;
			return 0;
		}
	*bits |= TAG_UNKNOWN;
	return 0;
}

/* The kernel's own struct behind the context counts as the context for these two (seen on 6.18.44). */
static bool is_kernel_ctx(const struct kernel_prog_type *of, const char *name)
{
	const char *user = of->user_ctx;

	return (strcmp(user, "__sk_buff") == 0 && strcmp(name, "sk_buff") == 0) ||
	       (strcmp(user, "xdp_md") == 0 && strcmp(name, "xdp_buff") == 0);
}

bool vf_is_ctx_of(const struct kernel_prog_type *of, const struct btf_obj *btf, uint32_t pointee_id)
{
	const struct btf_type *t = btf_type(btf, pointee_id);
	const char *name;

	/* KPROBE may name the typedef; others are looked at without modifiers */
	if (of->type == BPF_PROG_TYPE_KPROBE || of->type == BPF_PROG_TYPE_PERF_EVENT)
		for (; t && btf_is_modifier(t); t = btf_type(btf, t->type))
			if (btf_type_kind(t) == BTF_KIND_TYPEDEF &&
			    strcmp(btf_str(btf, t->name_off), "bpf_user_pt_regs_t") == 0)
				return of->type == BPF_PROG_TYPE_KPROBE;
	t = btf_skip_mods(btf, pointee_id, NULL);
	if (!t)
		return false;
	name = btf_str(btf, t->name_off);
	if (btf_is_struct(t))
		return *name &&
		       (strcmp(name, of->user_ctx) == 0 || is_kernel_ctx(of, name) ||
			(of->type == BPF_PROG_TYPE_KPROBE &&
			 (strcmp(name, "pt_regs") == 0 || strcmp(name, "user_pt_regs") == 0)));
	if (btf_type_kind(t) != BTF_KIND_INT || btf_type_size(btf, pointee_id) != 8)
		return false;
	return of->btf_ctx || of->type == BPF_PROG_TYPE_RAW_TRACEPOINT ||
	       of->type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

bool vf_is_ctx_type(const struct vf_env *env, const struct btf_obj *btf, uint32_t pointee_id)
{
	return vf_is_ctx_of(env->ptype, btf, pointee_id);
}

/*
 * What a parameter tagged as the context may point to: void, the context's own struct, or, by program
 * type, the registers or an array of 64-bit numbers. Types without a struct take void alone.
 */
static bool fits_ctx_tag(const struct vf_env *env, const struct btf_obj *btf, uint32_t pointee_id)
{
	enum {
		REGS = 1, /* struct pt_regs, or the typedef for users of it */
		U64S = 2,
		RAW = 4,
		ITER = 8,
		ANY = 16,
	};
	static const struct {
		uint32_t type, attach; /* attach 0: every other */
		uint8_t also;
	} rows[] = {
		{BPF_PROG_TYPE_KPROBE, 0, REGS},
		{BPF_PROG_TYPE_PERF_EVENT, 0, REGS},
		{BPF_PROG_TYPE_RAW_TRACEPOINT, 0, U64S},
		{BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, U64S},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, U64S | RAW},
		{BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, ITER},
		{BPF_PROG_TYPE_TRACING, 0, U64S},
		{BPF_PROG_TYPE_LSM, 0, U64S},
		{BPF_PROG_TYPE_STRUCT_OPS, 0, U64S},
		{BPF_PROG_TYPE_TRACEPOINT, 0, ANY},
		{BPF_PROG_TYPE_SYSCALL, 0, ANY},
		{BPF_PROG_TYPE_EXT, 0, ANY},
	};
	const struct btf_type *t = btf_type(btf, pointee_id);
	const char *name;
	uint8_t also = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !also; i++)
		if (rows[i].type == vf_prog_type(env) &&
		    (!rows[i].attach || rows[i].attach == env->place.attach_type))
			also = rows[i].also;
	if (also & REGS)
		for (; t && btf_is_modifier(t); t = btf_type(btf, t->type))
			if (btf_type_kind(t) == BTF_KIND_TYPEDEF &&
			    strcmp(btf_str(btf, t->name_off), "bpf_user_pt_regs_t") == 0)
				return true;
	t = btf_skip_mods(btf, pointee_id, NULL);
	if (!t || btf_type_kind(t) == BTF_KIND_UNKN || (also & ANY))
		return true;
	if (btf_type_kind(t) == BTF_KIND_INT)
		return (also & U64S) && t->size == 8;
	name = btf_str(btf, t->name_off);
	if (!btf_is_struct(t) || !*name)
		return false;
	/* a probe's registers have a name for users that is a typedef, and as a struct is no type at all */
	return (vf_prog_type(env) != BPF_PROG_TYPE_KPROBE &&
		strcmp(name, env->ptype->user_ctx) == 0) ||
	       ((also & REGS) && strcmp(name, "pt_regs") == 0) ||
	       ((also & RAW) && strcmp(name, "bpf_raw_tracepoint_args") == 0) ||
	       ((also & ITER) && strncmp(name, "bpf_iter__", 10) == 0);
}

static int bad_arg(struct vf_env *env, uint32_t i, const char *why)
{
	return vf_reject(env, KF_BAD_GLOBAL_FUNC, "argument %u: %s", i + 1, why);
}

/* The kernel's struct of the name that the pointee has in the program, without CO-RE flavour. */
static int32_t kernel_struct(const struct vf_env *env, const struct btf_obj *btf, uint32_t id)
{
	char name[128];
	char *flavour;

	strncpy(name, btf_type_name(btf, id), sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	flavour = strstr(name, "___");
	if (flavour && flavour != name)
		*flavour = '\0';
	return *name ? btf_find(env->kernel->btf, name, BTF_KIND_STRUCT) : -ENOENT;
}

static int pointer_arg(struct vf_env *env, uint32_t i, uint32_t type_id, uint32_t tags,
		       struct vf_garg *a)
{
	const struct btf_obj *btf = env->prog->btf;
	uint32_t id;
	const struct btf_type *to = btf_pointee(btf, type_id, &id);
	int32_t kid;
	int64_t size;

	/* by its type too, whatever other tags it has: those then contradict it */
	if (tags & TAG_CTX || vf_is_ctx_type(env, btf, btf_skip_mods(btf, type_id, NULL)->type)) {
		if (tags & ~(uint32_t)TAG_CTX)
			return bad_arg(env, i, "a context takes no other tag");
		if ((tags & TAG_CTX) &&
		    !fits_ctx_tag(env, btf, btf_skip_mods(btf, type_id, NULL)->type))
			return bad_arg(env, i, "tagged as the context, of another type");
		a->kind = VF_GARG_CTX;
		return 0;
	}
	if (tags & TAG_ARENA) {
		a->kind = VF_GARG_ARENA;
		return 0;
	}
	if (tags & TAG_TRUSTED) {
		kid = to && btf_is_struct(to) ? kernel_struct(env, btf, id) : -ENOENT;
		if (kid < 0)
			return bad_arg(env, i, "no kernel struct of this name");
		*a = (struct vf_garg){.kind = VF_GARG_TRUSTED,
				      .type_id = kid,
				      .nullable = tags & TAG_NULLABLE};
		return 0;
	}
	if (tags & TAG_UNTRUSTED) {
		if (to && btf_is_struct(to)) {
			kid = kernel_struct(env, btf, id);
			if (kid < 0)
				return vf_reject(env, KF_GLOBAL_ARG_NO_TYPE, "argument %u", i + 1);
			*a = (struct vf_garg){.kind = VF_GARG_UNTRUSTED_BTF, .type_id = kid};
			return 0;
		}
		if (id && !(to && btf_is_scalar(to)))
			return bad_arg(env, i, "an untrusted pointer to neither struct nor number");
		a->kind = VF_GARG_UNTRUSTED_MEM;
		return 0;
	}
	if (to && btf_is_struct(to) && strcmp(btf_type_name(btf, id), "bpf_dynptr") == 0) {
		a->kind = VF_GARG_DYNPTR;
		return 0;
	}
	size = id ? btf_type_size(btf, id) : -EINVAL;
	if (size < 0 || (to && btf_type_kind(to) == BTF_KIND_FLOAT))
		return bad_arg(env, i, "a pointer to something of unknown size");
	*a = (struct vf_garg){.kind = VF_GARG_MEM, .size = size, .nonnull = tags & TAG_NONNULL};
	return 0;
}

static int one_arg(struct vf_env *env, uint32_t func_id, uint32_t i, uint32_t type_id,
		   struct vf_garg *a)
{
	const struct btf_obj *btf = env->prog->btf;
	const struct btf_type *t = btf_skip_mods(btf, type_id, NULL);
	uint32_t tags = 0;

	btf_for_each_decl_tag(btf, func_id, i, collect_tag, &tags);
	if (tags & TAG_UNKNOWN)
		return vf_reject(env, KF_GLOBAL_ARG_TAG, "argument %u", i + 1);
	if (tags && (!t || !btf_is_ptr(t)))
		return bad_arg(env, i, "a tag on something that is no pointer");
	if ((tags & TAG_NULLABLE) && !(tags & TAG_TRUSTED))
		return bad_arg(env, i, "only trusted pointers can be nullable");
	/* of trusted and untrusted the first one counts (seen on 6.18.44) */
	if (((tags & TAG_ARENA) && (tags & ~(uint32_t)TAG_ARENA)) ||
	    ((tags & TAG_UNTRUSTED) && !(tags & TAG_TRUSTED) && (tags & ~(uint32_t)TAG_UNTRUSTED)))
		return bad_arg(env, i, "tags that exclude each other");
	if (t && btf_is_scalar(t)) {
		a->kind = VF_GARG_SCALAR;
		return 0;
	}
	if (t && btf_is_ptr(t))
		return pointer_arg(env, i, type_id, tags, a);
	return bad_arg(env, i, "neither number nor pointer");
}

static int prepare_args(struct vf_env *env, uint32_t subprog)
{
	const struct btf_obj *btf = env->prog->btf;
	struct vf_sub_info *sub = &env->sub[subprog];
	uint32_t func_id = env->subprog[subprog].func_id;
	const struct btf_type *proto, *ret;
	uint32_t n;

	if (sub->args_known)
		return 0;
	proto = btf_type(btf, btf_type(btf, func_id)->type);
	n = btf_type_vlen(proto);
	if (n > 5)
		return vf_reject(env, KF_BAD_GLOBAL_FUNC, "%s has %u parameters",
				 btf_type_name(btf, func_id), n);
	ret = btf_skip_mods(btf, proto->type, NULL);
	if (!(proto->type == 0 && vf_rule(env, RULE_GLOBAL_VOID)) &&
	    (!proto->type || !ret || !btf_is_scalar(ret)))
		return vf_reject(env, KF_BAD_GLOBAL_FUNC, "%s does not return a number",
				 btf_type_name(btf, func_id));
	for (uint32_t i = 0; i < n; i++) {
		int err = one_arg(env, func_id, i, btf_type_params(proto)[i].type, &sub->arg[i]);

		if (err)
			return err;
	}
	sub->n_args = n;
	sub->args_known = true;
	return 0;
}

/* ---------------------------------------------------------------- at a call */

static int check_mem_arg(struct vf_env *env, uint32_t regno, const struct vf_garg *a)
{
	struct vf_mem_arg want = {.size = a->size, .access = VF_READ | VF_WRITE, .uninit = false};
	struct vf_reg *r = &vf_regs(env)[regno];
	uint16_t flags = r->flags;
	int err;

	if (vf_reg_is_null(r)) {
		if (a->nonnull && vf_rule(env, RULE_NONNULL_NOT_NULL))
			return vf_reject(env, KF_GLOBAL_ARG, "R%u is NULL", regno);
		return 0;
	}
	if (a->nonnull && (flags & VF_MAYBE_NULL))
		return vf_reject(env, KF_GLOBAL_ARG, "R%u may be NULL", regno);
	want.pkt_ok = true;
	r->flags &= ~VF_MAYBE_NULL; /* the function checks it itself */
	err = vf_check_mem_arg(env, regno, &want);
	vf_regs(env)[regno].flags = flags;
	if (err)
		vf_recode(env, KF_GLOBAL_ARG);
	return err ? env->report->err : 0;
}

static int check_trusted_arg(struct vf_env *env, uint32_t regno, const struct vf_garg *a)
{
	struct vf_reg *r = &vf_regs(env)[regno];

	if (vf_reg_is_null(r) && a->nullable)
		return 0;
	if (r->base != VF_BTF_ID || ((r->flags & VF_MAYBE_NULL) && !a->nullable) ||
	    r->flags & (VF_UNTRUSTED | VF_PERCPU | VF_USER))
		return vf_reject(env, KF_GLOBAL_ARG_OBJECT, "R%u is no trusted pointer", regno);
	if (!vf_reg_fixed_off(r) ||
	    !btf_types_match(r->btf, r->type_id, r->off, env->kernel->btf, a->type_id, false))
		return vf_reject(env, KF_GLOBAL_ARG_OBJECT, "R%u points to %s, wanted is %s", regno,
				 btf_type_name(r->btf, r->type_id),
				 btf_type_name(env->kernel->btf, a->type_id));
	return 0;
}

static int check_arg(struct vf_env *env, uint32_t regno, const struct vf_garg *a)
{
	struct vf_reg *r = &vf_regs(env)[regno];

	if (a->kind == VF_GARG_UNTRUSTED_BTF || a->kind == VF_GARG_UNTRUSTED_MEM)
		return 0;
	if (r->base == VF_NOT_INIT && a->kind != VF_GARG_SCALAR && a->kind != VF_GARG_ARENA)
		return vf_check_reg_read(env, regno); /* another error where a pointer is wanted */
	if (r->base == VF_NOT_INIT)
		return vf_reject(env, KF_GLOBAL_ARG, "R%u is not set", regno);
	switch (a->kind) {
	case VF_GARG_SCALAR:
		return r->base == VF_SCALAR
			       ? 0
			       : vf_reject(env, KF_GLOBAL_ARG, "R%u is no number", regno);
	case VF_GARG_CTX:
		if (r->base == VF_CTX && (r->off || !vf_reg_fixed_off(r)))
			return vf_reject(env, KF_CTX_MODIFIED, "R%u is the context and an offset",
					 regno);
		return r->base == VF_CTX && !r->off && vf_reg_fixed_off(r)
			       ? 0
			       : vf_reject(env, KF_GLOBAL_ARG, "R%u is not the context", regno);
	case VF_GARG_ARENA:
		return r->base == VF_ARENA || r->base == VF_SCALAR
			       ? 0
			       : vf_reject(env, KF_GLOBAL_ARG, "R%u is no arena pointer", regno);
	case VF_GARG_DYNPTR:
		return vf_check_dynptr_arg(env, regno);
	case VF_GARG_TRUSTED:
		return check_trusted_arg(env, regno, a);
	default:
		return check_mem_arg(env, regno, a);
	}
}

int vf_check_global_args(struct vf_env *env, uint32_t subprog)
{
	const struct vf_sub_info *sub = &env->sub[subprog];
	int err = prepare_args(env, subprog);

	for (uint32_t i = 0; !err && i < sub->n_args; i++)
		err = check_arg(env, BPF_REG_1 + i, &sub->arg[i]);
	return err;
}

/* ---------------------------------------------------------------- who attaches (R1.14) */

static int count_arg_tag(void *ctx, const char *tag)
{
	*(bool *)ctx |= strncmp(tag, "arg:", 4) == 0;
	return 0;
}

static bool arg_tagged(const struct btf_obj *btf, uint32_t func_id, uint32_t i)
{
	bool tagged = false;

	btf_for_each_decl_tag(btf, func_id, i, count_arg_tag, &tagged);
	return tagged;
}

/* What a parameter of a static function asks of its register. */
static enum vf_btf_fit static_param(const struct vf_env *env, uint32_t func_id, uint32_t i,
				    uint32_t type_id, struct vf_garg *a)
{
	const struct btf_obj *btf = env->prog->btf;
	const struct btf_type *t = btf_skip_mods(btf, type_id, NULL), *to;

	if (!t || arg_tagged(btf, func_id, i) || !(btf_is_scalar(t) || btf_is_ptr(t)))
		return VF_BTF_UNRELIABLE;
	if (btf_is_scalar(t)) {
		a->kind = VF_GARG_SCALAR;
		return VF_BTF_RELIABLE;
	}
	to = btf_pointee(btf, type_id, NULL);
	if (vf_is_ctx_type(env, btf, t->type)) {
		a->kind = VF_GARG_CTX; /* or the numbers that a typed context consists of */
		return btf_is_struct(to) ? VF_BTF_RELIABLE : VF_BTF_UNKNOWN;
	}
	if (to && btf_is_struct(to) && strcmp(btf_str(btf, to->name_off), "bpf_dynptr") == 0)
		return VF_BTF_UNKNOWN;
	return VF_BTF_UNRELIABLE;
}

static enum vf_btf_fit static_proto(struct vf_env *env, uint32_t subprog)
{
	const struct btf_obj *btf = env->prog->btf;
	uint32_t func_id = env->subprog[subprog].func_id;
	const struct btf_type *proto = btf_type(btf, btf_type(btf, func_id)->type);
	const struct btf_type *ret = btf_skip_mods(btf, proto->type, NULL);
	struct vf_sub_info *info = &env->sub[subprog];
	enum vf_btf_fit fit = VF_BTF_RELIABLE;

	if (!proto->type && vf_rule(env, RULE_GLOBAL_VOID))
		return VF_BTF_UNKNOWN;
	if (!ret || !btf_is_scalar(ret) || btf_type_vlen(proto) > 5)
		return VF_BTF_UNRELIABLE;
	for (uint32_t i = 0; fit == VF_BTF_RELIABLE && i < btf_type_vlen(proto); i++)
		fit = static_param(env, func_id, i, btf_type_params(proto)[i].type, &info->arg[i]);
	info->n_args = btf_type_vlen(proto);
	info->args_known = true;
	return fit;
}

/*
 * Static functions are simulated with what they are given, whatever their BTF says; a call that does
 * not fit it spoils it for programs that attach.
 */
void vf_note_static_call(struct vf_env *env, uint32_t subprog)
{
	const struct vf_sub_info *info = &env->sub[subprog];
	struct vf_subprog *sub = &env->subprog[subprog];
	const struct vf_reg *r = &vf_regs(env)[BPF_REG_1];

	if (!sub->func_id || sub->btf_fit != VF_BTF_RELIABLE)
		return;
	if (!info->args_known)
		sub->btf_fit = static_proto(env, subprog);
	for (uint32_t i = 0; sub->btf_fit == VF_BTF_RELIABLE && i < info->n_args; i++)
		if (info->arg[i].kind == VF_GARG_SCALAR
			    ? r[i].base != VF_SCALAR
			    : r[i].base != VF_CTX || r[i].off || !vf_reg_fixed_off(&r[i]))
			sub->btf_fit = VF_BTF_UNRELIABLE;
}

/* The main function's BTF is reliable if it takes the context alone; extensions were held to it. */
void vf_note_main_btf(struct vf_env *env)
{
	const struct diag_report report = *env->report;
	const struct btf_obj *btf = env->prog->btf;
	struct vf_subprog *sub = &env->subprog[0];
	const struct vf_sub_info *info = &env->sub[0];
	const struct btf_type *func, *to;

	if (!btf || !sub->func_id || env->prog->type == BPF_PROG_TYPE_EXT)
		return;
	sub->btf_fit = VF_BTF_UNRELIABLE;
	if (prepare_args(env, 0) || info->n_args != 1 || info->arg[0].kind != VF_GARG_CTX)
		goto out;
	func = btf_type(btf, sub->func_id);
	to = btf_pointee(btf, btf_type_params(btf_type(btf, func->type))->type, NULL);
	sub->btf_fit = VF_BTF_UNKNOWN;
	if (btf_type_vlen(func) == BTF_FUNC_GLOBAL &&
	    ((to && btf_is_struct(to)) || arg_tagged(btf, sub->func_id, 0)))
		sub->btf_fit = VF_BTF_RELIABLE;
out:
	*env->report = report;
}

/* ---------------------------------------------------------------- at the entry */

static void entry_arg(struct vf_env *env, struct vf_reg *r, const struct vf_garg *a)
{
	switch (a->kind) {
	case VF_GARG_SCALAR:
		vf_reg_unknown(r);
		break;
	case VF_GARG_CTX:
		vf_reg_pointer(r, VF_CTX, 0);
		break;
	case VF_GARG_MEM:
		vf_reg_pointer(r, VF_MEM, a->nonnull ? 0 : VF_MAYBE_NULL);
		r->mem_size = a->size;
		break;
	case VF_GARG_DYNPTR:
		vf_reg_pointer(r, VF_CONST_DYNPTR, 0);
		r->dynptr_kind = VF_DYNPTR_LOCAL;
		break;
	case VF_GARG_TRUSTED:
	case VF_GARG_UNTRUSTED_BTF:
		vf_reg_pointer(r, VF_BTF_ID,
			       a->kind == VF_GARG_TRUSTED ? VF_TRUSTED : VF_UNTRUSTED);
		if (a->nullable)
			r->flags |= VF_MAYBE_NULL;
		r->btf = env->kernel->btf;
		r->type_id = a->type_id;
		break;
	case VF_GARG_UNTRUSTED_MEM:
		vf_reg_pointer(r, VF_MEM, VF_RDONLY | VF_UNTRUSTED);
		break;
	case VF_GARG_ARENA:
		vf_reg_pointer(r, VF_ARENA, 0);
		break;
	}
	if (r->flags & VF_MAYBE_NULL || r->base == VF_CONST_DYNPTR)
		r->id = vf_new_id(env);
	r->made_at = env->insn_idx;
}

int vf_set_entry_args(struct vf_env *env, uint32_t subprog)
{
	struct vf_reg *r = vf_regs(env);
	int err;

	if (subprog == 0 && env->prog->type != BPF_PROG_TYPE_EXT) { /* R3.21 */
		vf_reg_pointer(&r[BPF_REG_1], VF_CTX, 0);
		return 0;
	}
	err = prepare_args(env, subprog);
	if (err)
		return err;
	if (env->sub[subprog].is_exception_cb &&
	    (env->sub[subprog].n_args != 1 || env->sub[subprog].arg[0].kind != VF_GARG_SCALAR))
		return vf_reject(env, KF_EXCEPTION_CB_BAD, "it must take one number");
	for (uint32_t i = 0; i < env->sub[subprog].n_args; i++)
		entry_arg(env, &r[BPF_REG_1 + i], &env->sub[subprog].arg[i]);
	return 0;
}
