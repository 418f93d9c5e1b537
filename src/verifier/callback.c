/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Callbacks. Synchronous ones (R3.25): at the call, one state goes on as if no round was made and
 * one enters the callback; its exit leads back to the call itself, with what differs from the round
 * before forgotten, until nothing new turns up. Asynchronous ones (R3.27) run some time later from
 * nothing, so they are explored as roots of their own.
 *
 * Widening, shared with iterators and may_goto (R3.23, R3.24): scalars that are imprecise and differ
 * from the previous visit become unknown, which is what makes the rounds converge.
 */
#include "verifier/states.h"

static void widen_reg(const struct vf_reg *old, struct vf_reg *cur, bool precise,
		      struct vf_id_map *ids)
{
	if (old->base != VF_SCALAR || cur->base != VF_SCALAR || precise)
		return;
	if (memcmp(&old->s, &cur->s, sizeof(old->s)) == 0 && old->flags == cur->flags &&
	    old->delta == cur->delta && vf_same_id(ids, old->id, cur->id))
		return;
	if (old->s.t.m == 0 && cur->s.t.m == 0 && old->s.t.v == cur->s.t.v)
		return;
	vf_reg_unknown(cur);
}

static int widen(struct vf_env *env, const struct vf_stored *old, struct vf_state *st)
{
	struct vf_id_map ids;

	if (!old)
		return 0;
	ids.n = 0;
	if (vf_own_all(env, st))
		return -ENOMEM;
	for (uint32_t f = 0; f <= st->cur_frame; f++) {
		const struct vf_marks *m = &old->marks[f];
		struct vf_frame *c = st->frame[f];

		for (uint32_t i = 0; i < VF_STORED_REGS; i++)
			widen_reg(vf_stored_reg(env, m->frame, i), &c->r[i],
				  m->reg_precise >> i & 1, &ids);
		for (uint32_t i = 0; i < m->frame->n_slots && i < c->n_slots; i++) {
			const struct vf_slot *s = vf_stored_slot(env, m->frame, i);

			if (s->kind[0] == VF_SLOT_SPILL && c->slot[i].kind[0] == VF_SLOT_SPILL)
				widen_reg(&s->reg, &c->slot[i].reg, m->slot_precise >> i & 1, &ids);
		}
	}
	return 0;
}

int vf_widen_against_previous(struct vf_env *env, struct vf_state *queued)
{
	/* the state was just stored at this instruction: the visit before that one counts */
	const struct vf_stored *here = queued->path.parent;

	if (!here)
		return 0;
	return widen(env, vf_previous_visit(here->path.parent, queued, env->insn_idx), queued);
}

int vf_widen_current(struct vf_env *env, uint32_t insn)
{
	return widen(env, vf_previous_visit(env->cur->path.parent, env->cur, insn), env->cur);
}

static int check_target(struct vf_env *env, uint32_t func_regno, uint32_t *subprog)
{
	const struct vf_reg *fn = &vf_regs(env)[func_regno];

	if (fn->base != VF_FUNC || !vf_reg_fixed_off(fn) || fn->off)
		return vf_reject(env, KF_CALLBACK_PTR,
				 "R%u does not hold the address of a function", func_regno);
	*subprog = fn->subprog;
	return 0;
}

int vf_push_callback(struct vf_env *env, uint32_t func_regno, vf_set_callback_fn set)
{
	struct vf_frame *callee;
	struct vf_state *st;
	uint32_t subprog = 0;
	int err = check_target(env, func_regno, &subprog);

	if (err)
		return err;
	env->subprog[subprog].is_callback = true;
	env->subprog[subprog].btf_fit = VF_BTF_UNKNOWN;
	st = vf_push_state(env, env->subprog[subprog].start);
	if (!st)
		return env->report->err;
	callee = vf_frame_push(env, st, env->insn_idx, subprog);
	if (!callee)
		return env->report->err;
	callee->head.in_callback = true;
	st->callback_rounds++;
	err = set(env, st->frame[st->cur_frame - 1], callee, env->insn_idx);
	/* the path that goes around has left the loop */
	vf_cur_frame(env)->head.callback_depth = 0;
	return err;
}

int vf_push_async_callback(struct vf_env *env, uint32_t func_regno, vf_set_callback_fn set,
			   bool sleepable)
{
	struct vf_state *st;
	uint32_t subprog = 0;
	int err = check_target(env, func_regno, &subprog);

	if (err)
		return err;
	env->subprog[subprog].is_async_callback = true;
	env->subprog[subprog].btf_fit = VF_BTF_UNKNOWN;
	st = vf_state_new(env);
	if (!st)
		return env->report->err;
	st->in_sleepable = sleepable;
	st->frame[0]->head.subprog = subprog;
	st->frame[0]->head.in_async_callback = true;
	st->frame[0]->head.async_entry_cnt = ++env->sub[subprog].async_entries;
	err = set(env, vf_cur_frame(env), st->frame[0], env->insn_idx);
	if (err) {
		vf_state_free(env, st);
		return err;
	}
	return vf_enqueue(env, st, env->subprog[subprog].start);
}
