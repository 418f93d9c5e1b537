/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The records that tie instructions to BTF: functions and lines (R1.7-R1.9). They are optional; what
 * is given must fit the program. CO-RE records are the loader's matter and are checked for shape
 * only (R1.10).
 */
#include "isa/isa.h"
#include "verifier/vf.h"

#define MAX_REC 252

static bool zero_tail(const char *rec, uint32_t size, uint32_t known)
{
	for (uint32_t i = known; i < size; i++)
		if (rec[i])
			return false;
	return true;
}

static bool returns_int(const struct btf_obj *btf, const struct btf_type *proto)
{
	const struct btf_type *ret = btf_skip_mods(btf, proto->type, NULL);

	return ret && btf_is_scalar(ret) && btf_type_size(btf, proto->type) <= 8;
}

static int check_func(struct vf_env *env, uint32_t i, const struct bpf_func_info *fi)
{
	const struct btf_obj *btf = env->prog->btf;
	const struct btf_type *func = btf_type(btf, fi->type_id);
	const struct btf_type *proto = NULL;
	struct vf_subprog *sub = &env->subprog[i];

	if (func && btf_type_kind(func) == BTF_KIND_FUNC)
		proto = btf_type(btf, func->type);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return vf_reject(env, KF_FUNC_INFO_BAD, "record %u names no function", i);
	if (fi->insn_off != sub->start)
		return vf_reject(env, KF_FUNC_INFO_BAD,
				 "record %u stands at instruction %u, the function at %u", i,
				 fi->insn_off, sub->start);
	sub->func_id = fi->type_id;
	sub->is_global = i && btf_type_vlen(func) == BTF_FUNC_GLOBAL;
	env->sub[i].returns_void = proto->type == 0;
	if (i && (sub->has_tail_call || env->sub[i].has_ld_abs) && !returns_int(btf, proto))
		return vf_reject(env, KF_LD_ABS_PLACE,
				 "%s has a tail call or legacy packet load and returns no number",
				 btf_type_name(btf, fi->type_id));
	return 0;
}

static int check_func_info(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	uint32_t rec = p->func_info_rec;

	if (!p->func_info_cnt) {
		for (uint32_t i = 1; i < env->n_subprogs; i++)
			if (env->subprog[i].has_tail_call || env->sub[i].has_ld_abs)
				return vf_reject(env, KF_LD_ABS_PLACE,
						 "function %u has a tail call "
						 "or legacy packet load and no type information",
						 i);
		return 0;
	}
	if (rec < 8 || rec > MAX_REC || rec % 4)
		return vf_reject(env, KF_FUNC_INFO_BAD, "records of %u bytes", rec);
	if (!p->btf)
		return vf_reject(env, KF_BTF_MISSING, "function records without types");
	for (uint32_t i = 0; i < p->func_info_cnt; i++)
		if (!zero_tail((const char *)p->func_info + (size_t)i * rec, rec, 8))
			return vf_reject(env, KF_FUNC_INFO_TAIL, "record %u", i);
	if (p->func_info_cnt != env->n_subprogs)
		return vf_reject(env, KF_FUNC_INFO_BAD, "%u records for %u functions",
				 p->func_info_cnt, env->n_subprogs);
	for (uint32_t i = 0; i < p->func_info_cnt; i++) {
		const char *at = (const char *)p->func_info + (size_t)i * rec;
		int err;

		env->insn_idx = env->subprog[i].start;
		err = check_func(env, i, (const struct bpf_func_info *)at);
		if (err)
			return err;
	}
	return 0;
}

static int check_line(struct vf_env *env, const struct bpf_line_info *li, uint32_t i, uint32_t prev)
{
	const struct vf_program *p = env->prog;
	size_t size;
	const struct btf_header *h = btf_raw(p->btf, &size);

	if (li->insn_off >= p->n_insns || (i && li->insn_off <= prev))
		return vf_reject(env, KF_LINE_INFO_BAD, "record %u stands at instruction %u", i,
				 li->insn_off);
	if (p->insns[li->insn_off].code == 0)
		return vf_reject(env, KF_LINE_INFO_BAD,
				 "record %u stands in the middle of a 64-bit load", i);
	if (li->line_off >= h->str_len || li->file_name_off >= h->str_len)
		return vf_reject(env, KF_LINE_INFO_BAD, "record %u has no text", i);
	return 0;
}

static int check_line_info(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	uint32_t rec = p->line_info_rec, sub = 0, prev = 0;

	if (!p->line_info_cnt)
		return 0;
	if (rec < sizeof(struct bpf_line_info) || rec > MAX_REC || rec % 4)
		return vf_reject(env, KF_LINE_INFO_BAD, "records of %u bytes", rec);
	if (!p->btf)
		return vf_reject(env, KF_BTF_MISSING, "line records without types");
	for (uint32_t i = 0; i < p->line_info_cnt; i++) {
		const char *at = (const char *)p->line_info + (size_t)i * rec;
		const struct bpf_line_info *li = (const struct bpf_line_info *)at;
		int err;

		if (!zero_tail(at, rec, sizeof(*li)))
			return vf_reject(env, KF_FUNC_INFO_TAIL, "line record %u", i);
		err = check_line(env, li, i, prev);
		if (err)
			return err;
		prev = li->insn_off;
		if (sub < env->n_subprogs && env->subprog[sub].start == prev)
			sub++;
		else if (sub < env->n_subprogs && env->subprog[sub].start < prev)
			break;
	}
	if (sub != env->n_subprogs)
		return vf_reject(env, KF_LINE_INFO_BAD, "function %u has no line record", sub);
	return 0;
}

static int check_core_relo(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	uint32_t rec = p->core_relo_rec;

	if (!p->core_relo_cnt)
		return 0;
	if (rec < 16 || rec > MAX_REC || rec % 4)
		return vf_reject(env, KF_CORE_RELO_BAD, "records of %u bytes", rec);
	return vf_unsupported(env, "CO-RE records in the load request");
}

int vf_check_btf_info(struct vf_env *env)
{
	int err = check_func_info(env);

	if (!err)
		err = check_line_info(env);
	if (!err)
		err = check_core_relo(env);
	return err;
}
