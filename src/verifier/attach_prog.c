/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs as attach targets (R1.14): extensions, which take the place of a global function and are
 * verified by the rules of its program's type (R3.21), and fentry and fexit of a program's functions.
 * Everything known of the target is what its own verification left behind.
 *
 * Left out, and said so: extensions of programs whose context is described by a prototype, iterators
 * on programs, what tracing sees of a function whose BTF cannot be judged from here (ctx.c).
 */
#include "verifier/vf.h"

/*
 * The function that the id names, if it is part of the program that came out: a function that no path
 * reaches was dropped from it.
 */
static const struct vf_subprog *target_func(const struct vf_target *target, uint32_t func_id)
{
	const struct vf_facts *f = target->facts;

	for (uint32_t i = 0; i < f->n_subprogs; i++)
		if (f->subprog[i].func_id == func_id)
			return f->insn[f->subprog[i].start].flags & VFI_SEEN ? &f->subprog[i]
									     : NULL;
	return NULL;
}

/* ---------------------------------------------------------------- extensions */

/* kind, vlen and kind flag at once */
static bool same_shape(const struct btf_type *a, const struct btf_type *b)
{
	return a && b && a->info == b->info;
}

static bool same_param(const struct btf_obj *old_btf, uint32_t old_id,
		       const struct btf_obj *new_btf, uint32_t new_id)
{
	const struct btf_type *a = btf_skip_mods(old_btf, old_id, NULL);
	const struct btf_type *b = btf_skip_mods(new_btf, new_id, NULL);

	if (!same_shape(a, b))
		return false;
	if (btf_is_scalar(a))
		return a->size == b->size;
	a = btf_pointee(old_btf, old_id, NULL);
	b = btf_pointee(new_btf, new_id, NULL);
	return a && b && btf_is_struct(a) && btf_is_struct(b) &&
	       strcmp(btf_str(old_btf, a->name_off), btf_str(new_btf, b->name_off)) == 0;
}

static int check_prototype(struct vf_env *env, uint32_t old_id)
{
	const struct btf_obj *old_btf = env->attach.btf, *new_btf = env->prog->btf;
	uint32_t new_id = env->subprog[0].func_id;
	const struct btf_type *old_fn, *new_fn, *a, *b;

	if (!new_btf || !new_id)
		return vf_bad_target(env, "the extension has no type information of its own");
	old_fn = btf_type(old_btf, old_id);
	new_fn = btf_type(new_btf, new_id);
	if (btf_type_vlen(old_fn) != BTF_FUNC_GLOBAL)
		return vf_bad_target(env, "only a global function can be replaced");
	if (btf_type_vlen(new_fn) != BTF_FUNC_GLOBAL)
		return vf_bad_target(env, "the extension itself is not global");
	a = btf_type(old_btf, old_fn->type);
	b = btf_type(new_btf, new_fn->type);
	if (btf_type_vlen(a) != btf_type_vlen(b))
		return vf_bad_target(env, "the extension takes another number of arguments");
	if (!same_shape(btf_skip_mods(old_btf, a->type, NULL),
			btf_skip_mods(new_btf, b->type, NULL)))
		return vf_bad_target(env, "the extension returns another type");
	for (uint32_t i = 0; i < btf_type_vlen(a); i++)
		if (!same_param(old_btf, btf_type_params(a)[i].type, new_btf,
				btf_type_params(b)[i].type))
			return vf_reject(
				env, KF_ATTACH_TARGET_BAD,
				"%s: argument %u has another type in the extension, or one "
				"that no extension can take",
				env->attach.name, i + 1);
	return 0;
}

static bool is_fentry_fexit(const struct vf_target *t)
{
	return t->type == BPF_PROG_TYPE_TRACING &&
	       (t->attach_type == BPF_TRACE_FENTRY || t->attach_type == BPF_TRACE_FEXIT);
}

/* From here on the target's type decides; its attach type too. */
void vf_take_target_type(struct vf_env *env)
{
	const struct vf_target *target = env->prog->attach_prog;
	const struct kernel_prog_type *of = kernel_prog_type(env->kernel, target->place_type);

	if (!of)
		return;
	env->ptype = of;
	env->place.type = target->place_type;
	env->place.attach_type = target->place_attach_type;
}

static int extend(struct vf_env *env, const struct vf_subprog *old)
{
	const struct vf_target *target = env->attach.target;
	const struct kernel_prog_type *of = kernel_prog_type(env->kernel, target->place_type);
	int err;

	env->attach.source = VF_ATTACH_EXT;
	if (target->type == BPF_PROG_TYPE_EXT)
		return vf_bad_target(env, "it belongs to an extension");
	if (is_fentry_fexit(target))
		return vf_bad_target(env, "it belongs to a program that traces a function");
	if (old->btf_fit == VF_BTF_UNRELIABLE)
		return vf_bad_target(env, "its arguments are not what its types say");
	err = check_prototype(env, old->func_id);
	if (err)
		return err;
	if (old->btf_fit == VF_BTF_UNKNOWN || !of || of->btf_ctx)
		return vf_unsupported(env, "extensions of programs with a typed context");
	vf_take_target_type(env);
	vf_find_effects(env);
	if (env->sub[0].changes_pkt && !old->changes_pkt)
		return vf_bad_target(env,
				     "the extension changes packets, what it replaces does not");
	if (env->sub[0].may_sleep && !old->may_sleep)
		return vf_bad_target(env, "the extension may sleep, what it replaces does not");
	return 0;
}

/* ---------------------------------------------------------------- fentry, fexit */

static int trace(struct vf_env *env, const struct vf_subprog *func, const struct btf_type *t)
{
	const struct vf_target *target = env->attach.target;

	switch (env->place.attach_type) {
	case BPF_TRACE_FENTRY:
		env->attach.source = VF_ATTACH_FENTRY;
		break;
	case BPF_TRACE_FEXIT:
		env->attach.source = VF_ATTACH_FEXIT;
		break;
	case BPF_TRACE_ITER:
		return vf_unsupported(env, "iterators on programs");
	case BPF_TRACE_RAW_TP:
	case BPF_MODIFY_RETURN:
		return vf_bad_target(env, "only fentry and fexit go with functions of programs");
	default:
		return vf_reject(env, KF_BAD_ATTACH_TYPE, "attach type %u is none of type tracing",
				 env->place.attach_type);
	}
	if (target->traces_tracing)
		return vf_bad_target(env, "its program traces a tracing program already");
	if (target->type == BPF_PROG_TYPE_TRACING && !vf_rule(env, RULE_TRACE_TRACING))
		return vf_bad_target(env, "its program is a tracing program itself");
	if (env->place.sleepable)
		return vf_bad_target(env, "a tracing program of a program's function cannot sleep");
	env->attach.fit = func->btf_fit;
	return func->btf_fit == VF_BTF_UNRELIABLE ? 0 : vf_attach_func_proto(env, t);
}

int vf_attach_to_program(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	const struct vf_target *target = p->attach_prog;
	struct vf_attach *a = &env->attach;
	const struct vf_subprog *func;
	const struct btf_type *t;

	if (!p->attach_btf_id || !target->btf)
		return vf_reject(env, KF_ATTACH_NO_TYPE,
				 target->btf ? "no function is named" : "the program has no types");
	t = btf_type(target->btf, p->attach_btf_id);
	if (!t || !*btf_str(target->btf, t->name_off))
		return vf_reject(env, KF_ATTACH_NO_TYPE, "BTF id %u of the program",
				 p->attach_btf_id);
	a->target = target;
	a->btf = target->btf;
	a->type_id = p->attach_btf_id;
	a->name = btf_str(a->btf, t->name_off);
	if (!target->facts)
		return vf_unsupported(env, "attaching to a program that was not accepted");
	func = target_func(target, p->attach_btf_id);
	if (!func)
		return vf_bad_target(env, "no function that the program still has");
	if (func->is_exception_cb)
		return vf_bad_target(env, "it is the exception callback");
	if (!target->machine_code)
		return vf_bad_target(env, "its program is interpreted");
	return p->type == BPF_PROG_TYPE_EXT ? extend(env, func) : trace(env, func, t);
}
