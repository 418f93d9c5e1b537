/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Calls between functions of the program and the ends of functions: static calls are simulated in
 * place (R3.12-R3.15), global ones are checked against their prototype (R3.16), exits return to the
 * caller or end the path under the rules of section 10.
 */
#include "verifier/vf.h"

void vf_clobber_caller_saved(struct vf_env *env)
{
	struct vf_reg *r = vf_regs(env);

	for (int i = BPF_REG_1; i <= BPF_REG_5; i++)
		vf_reg_not_init(&r[i]);
}

static int call_global(struct vf_env *env, uint32_t subprog)
{
	const char *region = vf_atomic_region_name(env);
	struct vf_reg *r0;
	int err;

	if (env->cur->n_locks) {
		vf_note_region(env);
		return vf_reject(env, KF_LOCK_CALL,
				 "a global function is called while a lock is held");
	}
	if (env->sub[subprog].may_sleep && !vf_sleepable_context(env)) {
		vf_note_region(env);
		return vf_reject(env, KF_GLOBAL_SLEEPS, "the function may sleep, and this is %s",
				 region ? region : "a program that must not sleep");
	}
	err = vf_check_global_args(env, subprog);
	if (err)
		return err;
	if (env->sub[subprog].calls_throw && vf_rule(env, RULE_GLOBAL_THROWS)) {
		err = vf_check_global_throw(env);
		if (err)
			return err;
	}
	if (env->global_state[subprog] == VF_GLOBAL_UNSEEN)
		env->global_state[subprog] = VF_GLOBAL_CALLED;
	if (env->sub[subprog].changes_pkt) {
		err = vf_invalidate_packets(env);
		if (err)
			return err;
	}
	vf_clobber_caller_saved(env);
	r0 = &vf_regs(env)[BPF_REG_0];
	if (env->sub[subprog].returns_void)
		vf_reg_not_init(r0);
	else
		vf_reg_unknown(r0);
	r0->made_at = env->insn_idx;
	return 0;
}

int vf_check_subprog_call(struct vf_env *env, const struct bpf_insn *insn, uint32_t *next)
{
	uint32_t subprog = env->info[env->insn_idx].target;
	struct vf_state *st = env->cur;
	struct vf_frame *caller, *callee;

	(void)insn;
	if (env->sub[subprog].is_exception_cb)
		return vf_reject(env, KF_EXCEPTION_CB_CALL,
				 "the exception callback cannot be called like a function");
	if (env->subprog[subprog].is_global)
		return call_global(env, subprog);
	vf_note_static_call(env, subprog);
	if (env->cur->n_locks && !vf_rule(env, RULE_LOCK_CALLS_STATIC))
		return vf_reject(env, KF_LOCK_CALL, "a function is called while a lock is held");
	callee = vf_frame_push(env, st, env->insn_idx, subprog);
	if (!callee)
		return env->report->err;
	caller = st->frame[st->cur_frame - 1];
	memcpy(&callee->r[BPF_REG_1], &caller->r[BPF_REG_1], 5 * sizeof(struct vf_reg));
	for (int i = BPF_REG_0; i <= BPF_REG_5; i++)
		vf_reg_not_init(&caller->r[i]);
	*next = env->subprog[subprog].start;
	return 0;
}

/* ---------------------------------------------------------------- exits */

static int check_callback_exit(struct vf_env *env, const struct vf_frame *callee)
{
	const struct vf_reg *r0 = &callee->r[BPF_REG_0];
	int err;

	if (!callee->head.check_cb_ret)
		return 0;
	if (r0->base != VF_SCALAR)
		return vf_reject(env, KF_CALLBACK_RET_TYPE,
				 "R0 is not a number at the callback's end");
	err = vf_mark_precise(env, BPF_REG_0);
	if (err)
		return err;
	if (r0->s.smin < callee->head.cb_ret_min || r0->s.smax > callee->head.cb_ret_max) {
		vf_note(env, r0->made_at, "the value was made here");
		return vf_reject(env, KF_CALLBACK_RET, "the callback must return %d to %d",
				 callee->head.cb_ret_min, callee->head.cb_ret_max);
	}
	return 0;
}

/* Leaves the current frame for its caller; callbacks go back to the call that started them. */
static int return_to_caller(struct vf_env *env, uint32_t *next)
{
	struct vf_state *st = env->cur;
	struct vf_frame *callee = st->frame[st->cur_frame], *caller;
	uint32_t site = callee->head.callsite;
	bool callback = callee->head.in_callback;
	struct vf_reg r0 = callee->r[BPF_REG_0];
	int err;

	if (r0.base == VF_STACK)
		return vf_reject(env, KF_RETURN_STACK, "R0 points to a stack frame that ends here");
	if (callback) {
		err = check_callback_exit(env, callee);
		if (!err)
			err = vf_check_callback_refs(env);
		if (err)
			return err;
		st->path.hist[st->path.n_hist - 1].flags |= VF_HIST_CALLBACK;
	}
	vf_frame_pop(env, st);
	caller = vf_frame_own(env, st->cur_frame);
	if (!caller)
		return -ENOMEM;
	if (callback) {
		caller->head.callback_depth++;
		*next = site;
		return vf_widen_current(env, site);
	}
	caller->r[BPF_REG_0] = r0;
	*next = site + 1;
	return 0;
}

/*
 * Queues a path that leaves the current function where it is, with the R0 of now: it goes on at one of
 * the function's exits.
 */
struct vf_state *vf_queue_return(struct vf_env *env)
{
	const struct vf_frame *f = env->cur->frame[env->cur->cur_frame];
	uint32_t i = env->subprog[f->head.subprog].start, end = env->subprog[f->head.subprog].end;

	while (i < end &&
	       (env->info[i].is_imm64_second || env->prog->insns[i].code != (BPF_JMP | BPF_EXIT)))
		i++;
	if (i < end)
		return vf_push_state(env, i);
	vf_unsupported(env, "early end of a function that has no exit");
	return NULL;
}

int vf_check_exit(struct vf_env *env, uint32_t *next, bool *path_ended)
{
	struct vf_state *st = env->cur;
	int err;

	if (st->cur_frame)
		return return_to_caller(env, next);
	*path_ended = true;
	err = vf_pass_returned_reference(env);
	if (!err)
		err = vf_check_no_leaks(env, "the program ends", true);
	if (err)
		return err;
	return vf_check_return_value(env);
}
