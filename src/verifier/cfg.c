/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The shape of the control flow: everything is reachable (R3.3), jumps do not hit the middle of a
 * 64-bit load, and where states may or must be stored (R9.2). Also, over the call graph, which
 * functions may sleep, change packets or throw (R3.16).
 */
#include "isa/isa.h"
#include "verifier/vf.h"

struct search {
	struct vf_env *env;
	uint32_t *todo;
	uint32_t n;
	bool *seen;
};

static int visit(struct search *s, uint32_t from, uint32_t to)
{
	struct vf_env *env = s->env;

	if (env->info[to].is_imm64_second) {
		env->insn_idx = from;
		return vf_reject(env, KF_BAD_LDIMM64,
				 "the jump leads into the second half of a 64-bit load");
	}
	if (!s->seen[to]) {
		s->seen[to] = true;
		s->todo[s->n++] = to;
	}
	return 0;
}

static void checkpoint(struct vf_env *env, uint32_t i)
{
	env->info[i].is_checkpoint = true;
}

static void force_checkpoint(struct vf_env *env, uint32_t i)
{
	env->info[i].is_checkpoint = true;
	env->info[i].force_checkpoint = true;
}

/* helpers that call back synchronously (verifier spec 7.7) */
static bool helper_calls_back(int32_t id)
{
	return id == BPF_FUNC_for_each_map_elem || id == BPF_FUNC_loop || id == BPF_FUNC_find_vma ||
	       id == BPF_FUNC_user_ringbuf_drain;
}

static bool kfunc_calls_back(const struct kfunc_contract *c)
{
	for (int i = 0; c && i < c->n_args; i++)
		if (c->arg[i].kind == CARG_CALLBACK)
			return true;
	return false;
}

/* timers, work queues, task work */
static bool installs_async(const struct bpf_insn *insn, const struct vf_insn_info *info)
{
	const struct kfunc_contract *c = info->kfunc;

	if (insn->src_reg == 0)
		return insn->imm == BPF_FUNC_timer_set_callback;
	return insn->src_reg == BPF_PSEUDO_KFUNC_CALL && c &&
	       (c->special == SPECIAL_WQ_SET_CALLBACK || c->special == SPECIAL_TASK_WORK_SIGNAL ||
		c->special == SPECIAL_TASK_WORK_RESUME);
}

static void mark_call(struct vf_env *env, uint32_t i)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	struct vf_insn_info *info = &env->info[i];

	if (insn->src_reg == BPF_PSEUDO_CALL) {
		checkpoint(env, i);
		checkpoint(env, env->subprog[info->target].start);
	} else if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL) {
		if (info->kfunc && info->kfunc->flags & KF_ITER_NEXT) {
			info->is_iter_next = true;
			force_checkpoint(env, i);
		}
		info->calls_callback = kfunc_calls_back(info->kfunc) && !installs_async(insn, info);
	} else {
		info->calls_callback = helper_calls_back(insn->imm);
	}
	/* R3.27: one that installs itself again must meet its own earlier state */
	if (installs_async(insn, info))
		force_checkpoint(env, i);
	if (info->calls_callback)
		force_checkpoint(env, i);
}

static int visit_call(struct search *s, uint32_t i)
{
	struct vf_env *env = s->env;
	const struct bpf_insn *insn = &env->prog->insns[i];
	int err;

	mark_call(env, i);
	checkpoint(env, i + 1);
	env->info[i + 1].is_jump_target = true;
	err = visit(s, i, i + 1);
	if (!err && insn->src_reg == BPF_PSEUDO_CALL)
		err = visit(s, i, env->subprog[env->info[i].target].start);
	return err;
}

static int visit_jump(struct search *s, uint32_t i)
{
	struct vf_env *env = s->env;
	const struct bpf_insn *insn = &env->prog->insns[i];
	uint8_t op = BPF_OP(insn->code);
	uint32_t to = i + 1 + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);
	int err;

	env->info[to].is_jump_target = true;
	checkpoint(env, to);
	err = visit(s, i, to);
	if (op == BPF_JA)
		return err;
	checkpoint(env, i);
	if (op == BPF_JCOND) {
		env->info[i].is_may_goto = true;
		force_checkpoint(env, i);
	}
	return err ? err : visit(s, i, i + 1);
}

static int visit_insn(struct search *s, uint32_t i)
{
	struct vf_env *env = s->env;
	const struct bpf_insn *insn = &env->prog->insns[i];
	uint8_t class = BPF_CLASS(insn->code);

	if (isa_is_ldimm64(insn)) {
		s->seen[i + 1] = true;
		if (insn->src_reg == BPF_PSEUDO_FUNC) {
			int err = visit(s, i, env->subprog[env->info[i].target].start);

			if (err)
				return err;
		}
		return visit(s, i, i + 2);
	}
	if (class != BPF_JMP && class != BPF_JMP32)
		return visit(s, i, i + 1);
	if (BPF_OP(insn->code) == BPF_EXIT)
		return 0;
	if (BPF_OP(insn->code) == BPF_CALL)
		return visit_call(s, i);
	return visit_jump(s, i);
}

/* What a function does itself; its callees are added afterwards. */
static void note_effects(struct vf_env *env, uint32_t i)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	struct vf_sub_info *sub = &env->sub[env->info[i].subprog];
	const struct kfunc_contract *c = env->info[i].kfunc;
	const struct kernel_helper *h;

	if (insn->code != (BPF_JMP | BPF_CALL))
		return;
	if (insn->src_reg == 0) {
		h = kernel_helper(env->kernel, insn->imm, &env->place, NULL);
		if (h && h->flags & HF_MAY_SLEEP)
			sub->may_sleep = true;
		if (h && h->flags & HF_CHANGES_PKT)
			sub->changes_pkt = true;
		if (insn->imm == BPF_FUNC_tail_call)
			sub->changes_pkt = true;
	} else if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL && c) {
		sub->may_sleep |= !!(c->flags & KF_SLEEPABLE);
		sub->changes_pkt |= c->special == SPECIAL_XDP_PULL_DATA;
		sub->calls_throw |= c->special == SPECIAL_THROW;
	}
}

static void spread_effects(struct vf_env *env)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < env->prog->n_insns; i++) {
			const struct vf_sub_info *callee;
			struct vf_sub_info *sub = &env->sub[env->info[i].subprog];

			if (env->info[i].target < 0 || env->prog->insns[i].code == 0)
				continue;
			callee = &env->sub[env->info[i].target];
			if (sub->may_sleep >= callee->may_sleep &&
			    sub->changes_pkt >= callee->changes_pkt &&
			    sub->calls_throw >= callee->calls_throw)
				continue;
			sub->may_sleep |= callee->may_sleep;
			sub->changes_pkt |= callee->changes_pkt;
			sub->calls_throw |= callee->calls_throw;
			changed = true;
		}
	}
}

/* 0 unseen, 1 on the current chain, 2 done */
static int follow_calls(struct vf_env *env, uint32_t sub, uint8_t *seen)
{
	int err = 0;

	seen[sub] = 1;
	for (uint32_t i = env->subprog[sub].start; !err && i < env->subprog[sub].end; i++) {
		int callee = env->info[i].target;

		if (callee < 0 || env->prog->insns[i].code != (BPF_JMP | BPF_CALL))
			continue;
		env->insn_idx = i;
		if (seen[callee] == 1)
			return vf_reject(env, KF_RECURSION, "the call leads back to itself");
		if (!seen[callee])
			err = follow_calls(env, callee, seen);
	}
	seen[sub] = 2;
	return err;
}

/* R3.5: what older kernels find as too many frames. Callbacks that come back to themselves still end there. */
static int check_recursion(struct vf_env *env)
{
	uint8_t seen[VF_MAX_SUBPROGS] = {0};
	int err = 0;

	if (!vf_rule(env, RULE_NO_CALL_CYCLES))
		return 0;
	for (uint32_t i = 0; !err && i < env->n_subprogs; i++)
		if (!seen[i])
			err = follow_calls(env, i, seen);
	return err;
}

static int check_all_seen(struct vf_env *env, const bool *seen)
{
	for (uint32_t i = 0; i < env->prog->n_insns; i++) {
		if (seen[i])
			continue;
		env->insn_idx = i;
		return vf_reject(env, KF_UNREACHABLE, "no path leads to instruction %u", i);
	}
	return 0;
}

/* Again for an extension once its target is known, which decides what its helpers are. */
void vf_find_effects(struct vf_env *env)
{
	for (uint32_t i = 0; i < env->prog->n_insns; i++)
		note_effects(env, i);
	spread_effects(env);
}

int vf_check_cfg(struct vf_env *env)
{
	uint32_t n = env->prog->n_insns;
	struct search s = {.env = env};
	int err = 0;

	s.todo = mem_calloc(n, sizeof(*s.todo));
	s.seen = mem_calloc(n + 1, sizeof(*s.seen));
	if (!s.todo || !s.seen) {
		err = vf_nomem(env);
		goto out;
	}
	checkpoint(env, 0);
	visit(&s, 0, 0);
	if (env->facts->exception_cb >= 0)
		visit(&s, 0, env->subprog[env->facts->exception_cb].start);
	while (!err && s.n)
		err = visit_insn(&s, s.todo[--s.n]);
	if (!err)
		err = check_all_seen(env, s.seen);
	if (!err)
		err = check_recursion(env);
	if (!err)
		vf_find_effects(env);
out:
	mem_free(s.todo);
	mem_free(s.seen);
	return err;
}
