/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The walk: simulates every path of the main function and then of each global function that some
 * path calls (verifier spec 1.6, R3.17). A path ends at exit, at a state that is covered already,
 * or at a rejection; then the most recently queued branch goes on.
 */
#include "isa/isa.h"
#include "verifier/record.h"
#include "verifier/vf.h"

static int check_fields(struct vf_env *env, const struct bpf_insn *insn)
{
	static const char *const names[] = {
		[ISA_OPCODE] = "operation code", [ISA_DST] = "destination register",
		[ISA_SRC] = "source register",   [ISA_OFF] = "offset",
		[ISA_IMM] = "immediate",
	};
	enum isa_field bad = isa_check_fields(insn);
	uint8_t op = BPF_OP(insn->code), class = BPF_CLASS(insn->code);
	bool alu = class == BPF_ALU || class == BPF_ALU64;

	if (insn->dst_reg > 10 || insn->src_reg > 10)
		return vf_reject(env, KF_BAD_REGISTER, "the instruction names register R%u",
				 insn->dst_reg > 10 ? insn->dst_reg : insn->src_reg);
	if (bad == ISA_OK && insn->code == (BPF_JMP | BPF_JCOND) && !insn->off &&
	    !vf_rule(env, RULE_MAY_GOTO_ZERO))
		bad = ISA_OFF;
	if (bad == ISA_OK)
		return 0;
	if (alu && bad == ISA_IMM && (op == BPF_DIV || op == BPF_MOD))
		return vf_reject(env, KF_DIV_ZERO, "the divisor is the constant 0");
	if (alu && bad == ISA_IMM && (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) &&
	    BPF_SRC(insn->code) == BPF_K)
		return vf_reject(env, KF_SHIFT_RANGE, "a shift by %d", insn->imm);
	return vf_reject(env, KF_RESERVED_FIELD,
			 "the %s of this instruction must be zero or one of "
			 "its few values",
			 names[bad]);
}

static int check_ldimm64(struct vf_env *env, const struct bpf_insn *insn)
{
	const struct vf_insn_info *info = &env->info[env->insn_idx];
	struct vf_reg *dst = &vf_regs(env)[insn->dst_reg];
	int err = vf_check_reg_write(env, insn->dst_reg);

	if (err)
		return err;
	switch (insn->src_reg) {
	case 0:
		vf_reg_const(dst, (uint32_t)insn->imm | (uint64_t)(uint32_t)insn[1].imm << 32);
		break;
	case BPF_PSEUDO_MAP_FD:
	case BPF_PSEUDO_MAP_IDX:
		vf_reg_pointer(dst, VF_CONST_MAP, 0);
		dst->map = info->map;
		break;
	case BPF_PSEUDO_MAP_VALUE:
	case BPF_PSEUDO_MAP_IDX_VALUE:
		if (info->map->type == BPF_MAP_TYPE_ARENA) {
			vf_reg_unknown(dst);
			break;
		}
		vf_reg_pointer(dst, VF_MAP_VALUE, 0);
		dst->map = info->map;
		dst->off = insn[1].imm;
		break;
	case BPF_PSEUDO_BTF_ID:
		vf_imm64_btf_var(env, insn, dst);
		break;
	case BPF_PSEUDO_FUNC:
		vf_reg_pointer(dst, VF_FUNC, 0);
		dst->subprog = info->target;
		break;
	}
	dst->made_at = env->insn_idx;
	return 0;
}

static int check_ld(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next)
{
	if (!isa_is_ldimm64(insn))
		return vf_check_ld_abs(env, insn);
	*next = env->insn_idx + 2;
	return check_ldimm64(env, insn);
}

/* R3.24: leaving the loop goes on first; another round is queued with less known */
static int check_may_goto(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next)
{
	struct vf_state *again = vf_push_state(env, env->insn_idx + 1);
	int err;

	if (!again)
		return env->report->err;
	env->facts->may_goto = true;
	again->may_goto_depth++;
	err = vf_widen_against_previous(env, again);
	*next = env->insn_idx + 1 + insn->off;
	return err;
}

static int check_call(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next, bool *ended)
{
	if (insn->src_reg == BPF_PSEUDO_CALL)
		return vf_check_subprog_call(env, insn, next);
	if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
		return vf_check_kfunc_call(env, insn, ended);
	return vf_check_helper_call(env, insn);
}

static int check_jmp(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next, bool *ended)
{
	env->jumps++;
	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		return check_call(env, insn, next, ended);
	case BPF_EXIT:
		return vf_check_exit(env, next, ended);
	case BPF_JA:
		*next = env->insn_idx + 1 +
			(BPF_CLASS(insn->code) == BPF_JMP ? insn->off : insn->imm);
		return 0;
	case BPF_JCOND:
		return check_may_goto(env, insn, next);
	default:
		return vf_check_cond_jump(env, insn, next);
	}
}

static int simulate(struct vf_env *env, uint32_t *next, bool *ended)
{
	const struct bpf_insn *insn = vf_insn(env);
	uint8_t *flags = &env->facts->insn[env->insn_idx].flags;

	*next = env->insn_idx + 1;
	if (!(*flags & VFI_SEEN)) {
		int err = check_fields(env, insn);

		if (err)
			return err;
		*flags |= VFI_SEEN;
	}
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return vf_check_alu(env, insn);
	case BPF_LDX:
		return vf_check_ldx(env, insn);
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			return vf_check_atomic(env, insn);
		return vf_check_store(env, insn);
	case BPF_ST:
		return vf_check_store(env, insn);
	case BPF_LD:
		return check_ld(env, insn, next);
	default:
		return check_jmp(env, insn, next, ended);
	}
}

/* The current path is over: continue with the newest queued branch. false: none left. */
static int next_path(struct vf_env *env, bool *more)
{
	int err = vf_path_done(env, env->cur->path.parent);

	vf_state_free(env, env->cur);
	env->cur = NULL;
	if (!err) {
		err = vf_dequeue(env);
		*more = !err;
		if (err == -ENOENT)
			return 0;
	}
	if (!err)
		env->insn_idx = env->cur->insn;
	return err;
}

static int walk(struct vf_env *env)
{
	bool more = true;

	while (more) {
		uint32_t next = 0;
		bool ended = false;
		int err = 0;

		if (++env->processed > env->max_insns)
			return vf_reject(env, KF_COMPLEXITY, "%llu instructions were simulated",
					 (unsigned long long)env->max_insns);
		if (env->count)
			env->count[env->insn_idx].processed++;
		if (env->info[env->insn_idx].is_checkpoint) {
			err = vf_is_visited(env);
			if (err < 0)
				return err;
			ended = err;
		}
		if (!ended) {
			env->cur->n_events += env->info[env->insn_idx].is_jump_target;
			err = vf_hist_push(env, env->insn_idx);
			if (!err)
				err = simulate(env, &next, &ended);
			if (!err)
				err = vf_settle_queue(env);
			if (err)
				return err;
			env->insn_idx = next;
		}
		if (ended) {
			err = next_path(env, &more);
			if (err)
				return err;
		}
	}
	return 0;
}

/* Simulates one root: the main function, or a global function by itself. */
static int walk_root(struct vf_env *env, uint32_t subprog)
{
	int err;

	env->entry_subprog = subprog;
	env->is_main_walk = subprog == 0;
	env->insn_idx = env->subprog[subprog].start;
	env->cur = vf_state_new(env);
	if (!env->cur)
		return env->report->err;
	err = vf_set_entry_args(env, subprog);
	if (!err && env->is_main_walk)
		err = vf_acquire_arg_refs(env);
	if (err)
		return err;
	err = walk(env);
	if (!err && env->opts->record_states)
		err = vf_record_states(env);
	if (!err) /* else the queued states still point to them */
		vf_states_free(env);
	return err;
}

/* R3.17: verified when called; older kernels verify all */
static bool global_wanted(const struct vf_env *env, uint32_t i)
{
	if (env->global_state[i] == VF_GLOBAL_UNSEEN)
		return env->subprog[i].is_global && !vf_rule(env, RULE_GLOBAL_LAZY);
	return env->global_state[i] == VF_GLOBAL_CALLED;
}

int vf_walk_all(struct vf_env *env)
{
	bool again = true;
	int err = walk_root(env, 0);

	/* global functions that were called, and those that they call */
	while (!err && again) {
		again = false;
		for (uint32_t i = 1; !err && i < env->n_subprogs; i++) {
			if (!global_wanted(env, i))
				continue;
			env->global_state[i] = VF_GLOBAL_VERIFIED;
			err = walk_root(env, i);
			again = true;
		}
	}
	return err;
}
