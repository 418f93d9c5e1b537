/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where the functions of a program begin and end (R3.1, R3.2), and the first look at kfunc calls
 * (kfunc spec 2.1), which happens for all instructions, reachable or not.
 */
#include <stdlib.h>

#include "isa/isa.h"
#include "verifier/vf.h"

static int add_start(struct vf_env *env, uint32_t insn, int64_t start)
{
	uint32_t i, n = env->n_subprogs;

	env->insn_idx = insn;
	if (start < 0 || start >= env->prog->n_insns)
		return vf_reject(env, KF_BAD_CALL_TARGET,
				 "the call leads to instruction %lld of %u", (long long)start,
				 env->prog->n_insns);
	for (i = 0; i < n; i++)
		if (env->subprog[i].start == start)
			return 0;
	if (n >= VF_MAX_SUBPROGS)
		return vf_reject(env, KF_TOO_MANY_SUBPROGS, "more than %d functions",
				 VF_MAX_SUBPROGS);
	env->subprog[n].start = start;
	env->n_subprogs++;
	return 0;
}

static bool is_pseudo_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

static bool is_func_addr(const struct vf_env *env, uint32_t i)
{
	const struct bpf_insn *insn = &env->prog->insns[i];

	return isa_is_ldimm64(insn) && insn->src_reg == BPF_PSEUDO_FUNC &&
	       i + 1 < env->prog->n_insns;
}

static int by_start(const void *a, const void *b)
{
	const struct vf_subprog *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int find_subprog(const struct vf_env *env, uint32_t start)
{
	for (uint32_t i = 0; i < env->n_subprogs; i++)
		if (env->subprog[i].start == start)
			return i;
	return -1;
}

/* Instruction at which the FUNC with this id begins, by the function records; -1: none. */
static int64_t func_start(const struct vf_env *env, uint32_t func_id)
{
	const char *rec = env->prog->func_info;

	for (uint32_t i = 0; i < env->prog->func_info_cnt; i++, rec += env->prog->func_info_rec) {
		const struct bpf_func_info *fi = (const struct bpf_func_info *)rec;

		if (fi->type_id == func_id)
			return fi->insn_off;
	}
	return -1;
}

static int count_tag(void *ctx, const char *tag)
{
	*(int *)ctx += strncmp(tag, "exception_callback:", 19) == 0;
	return 0;
}

/* kfunc spec R9.11: the main function's tag names the exception callback */
static int add_exception_cb(struct vf_env *env, int64_t *start)
{
	const struct vf_program *p = env->prog;
	const struct bpf_func_info *main_fi = p->func_info;
	const struct btf_type *t;
	const char *name;
	int32_t id;
	int n = 0;

	*start = -1;
	if (!p->btf || !p->func_info_cnt || p->func_info_rec < sizeof(*main_fi))
		return 0;
	name = btf_decl_tag_value(p->btf, main_fi->type_id, -1, "exception_callback:");
	if (!name)
		return 0;
	btf_for_each_decl_tag(p->btf, main_fi->type_id, -1, count_tag, &n);
	if (n > 1)
		return vf_reject(env, KF_EXCEPTION_CB_TWICE, "%d functions are named", n);
	id = btf_find_own(p->btf, name, BTF_KIND_FUNC);
	t = id < 0 ? NULL : btf_type(p->btf, id);
	if (!t || btf_type_vlen(t) != BTF_FUNC_GLOBAL)
		return vf_reject(env, KF_EXCEPTION_CB_BAD,
				 "%s is not a global function of the program", name);
	*start = func_start(env, id);
	if (*start < 0)
		return vf_reject(env, KF_EXCEPTION_CB_BAD, "%s has no instructions", name);
	return add_start(env, 0, *start);
}

static int check_ends(struct vf_env *env, const struct vf_subprog *sub)
{
	const struct bpf_insn *last = &env->prog->insns[sub->end - 1];

	env->insn_idx = sub->end - 1;
	if (last->code == (BPF_JMP | BPF_EXIT) || last->code == (BPF_JMP | BPF_JA) ||
	    last->code == (BPF_JMP32 | BPF_JA))
		return 0;
	return vf_reject(env, KF_FALL_THROUGH, "the function ends without exit or jump");
}

static bool is_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static int check_jumps(struct vf_env *env, const struct vf_subprog *sub)
{
	for (uint32_t i = sub->start; i < sub->end; i++) {
		const struct bpf_insn *insn = &env->prog->insns[i];
		bool gotol = insn->code == (BPF_JMP32 | BPF_JA);
		int64_t to = (int64_t)i + 1 + (gotol ? insn->imm : insn->off);

		if (!is_jump(insn) || (to >= sub->start && to < sub->end))
			continue;
		env->insn_idx = i;
		return vf_reject(env, KF_JUMP_OUT,
				 "the jump leads to instruction %lld, the "
				 "function is %u to %u",
				 (long long)to, sub->start, sub->end - 1);
	}
	return check_ends(env, sub);
}

/* what the calls of a function say about it, seen without simulating */
static void note_call(struct vf_env *env, uint32_t i, uint32_t sub)
{
	const struct bpf_insn *insn = &env->prog->insns[i];

	if (BPF_CLASS(insn->code) == BPF_LD &&
	    (BPF_MODE(insn->code) == BPF_ABS || BPF_MODE(insn->code) == BPF_IND))
		env->sub[sub].has_ld_abs = true;
	if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == 0 &&
	    insn->imm == BPF_FUNC_tail_call)
		env->subprog[sub].has_tail_call = true;
}

static void set_ranges(struct vf_env *env)
{
	uint32_t sub = 0;

	for (uint32_t i = 0; i < env->n_subprogs; i++)
		env->subprog[i].end =
			i + 1 < env->n_subprogs ? env->subprog[i + 1].start : env->prog->n_insns;
	for (uint32_t i = 0; i < env->prog->n_insns; i++) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (sub + 1 < env->n_subprogs && env->subprog[sub + 1].start == i)
			sub++;
		env->info[i].subprog = sub;
		env->info[i].target = -1;
		if (is_pseudo_call(insn) || is_func_addr(env, i))
			env->info[i].target = find_subprog(env, i + insn->imm + 1);
		note_call(env, i, sub);
	}
}

int vf_discover(struct vf_env *env)
{
	int64_t exception_cb;
	int err = add_start(env, 0, 0);

	for (uint32_t i = 0; !err && i < env->prog->n_insns; i++) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (is_pseudo_call(insn) || is_func_addr(env, i)) {
			err = add_start(env, i, (int64_t)i + insn->imm + 1);
		} else if (insn->code == (BPF_JMP | BPF_CALL) &&
			   insn->src_reg == BPF_PSEUDO_KFUNC_CALL) {
			env->insn_idx = i;
			err = vf_check_kfunc_prepass(env, i);
		}
	}
	if (!err)
		err = add_exception_cb(env, &exception_cb);
	if (err)
		return err;
	qsort(env->subprog, env->n_subprogs, sizeof(env->subprog[0]), by_start);
	set_ranges(env);
	if (exception_cb >= 0) {
		int i = find_subprog(env, exception_cb);

		env->facts->exception_cb = i;
		env->sub[i].is_exception_cb = true;
		env->subprog[i].is_exception_cb = true;
		env->global_state[i] = VF_GLOBAL_CALLED;
	}
	for (uint32_t i = 0; i < env->n_subprogs; i++) {
		err = check_jumps(env, &env->subprog[i]);
		if (err)
			return err;
	}
	return 0;
}
