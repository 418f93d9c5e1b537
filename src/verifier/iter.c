/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Open-coded iterators (kfunc spec 10.5): constructed in stack slots, advanced, destroyed. next
 * forks: the queued side got an element, the current side saw the end and the iterator is drained;
 * whether the loop around it converges is states.c's question.
 */
#include "verifier/call.h"

static uint32_t n_slots_of(const struct vf_call *c, uint32_t arg)
{
	uint32_t size = c->kfunc->arg[arg].size;

	return c->kfunc->iter_slots && arg == 0 ? c->kfunc->iter_slots : size / 8;
}

static bool has_iterator(const struct vf_frame *f, uint32_t slot, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (slot - i >= f->n_slots)
			continue;
		for (uint32_t b = 0; b < 8; b++)
			if (f->slot[slot - i].kind[b] == VF_SLOT_ITER)
				return true;
	}
	return false;
}

static int check_css_task(struct vf_env *env)
{
	const struct vf_attach *a = &env->attach;

	if (a->source == VF_ATTACH_LSM || a->source == VF_ATTACH_ITER || env->cur->in_sleepable)
		return 0;
	return vf_reject(env, KF_ITER_PROG,
			 "css_task iterators are for LSM programs, tracing iterators "
			 "and sleepable programs");
}

static int construct(struct vf_env *env, uint32_t regno, uint32_t n, struct vf_call *c)
{
	const struct contract_arg *a = &c->kfunc->arg[0];
	uint32_t frame, slot, ref;
	struct vf_frame *f;
	bool rcu = c->flags & KF_RCU_PROTECTED;
	int err = vf_stack_slot_of(env, regno, n, &frame, &slot);

	if (err)
		return err;
	if (has_iterator(env->cur->frame[frame], slot, n))
		return vf_reject(env, KF_ITER_INIT,
				 "R%u points to stack that holds an iterator already", regno);
	err = vf_stack_clobber(env, frame, -8 * (int32_t)(slot + 1), 8 * n);
	if (err)
		return err;
	ref = vf_ref_acquire(env, VF_REF_PTR);
	f = ref ? vf_object_slots(env, frame, slot, n) : NULL;
	if (!f)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct vf_slot *s = &f->slot[slot - i];

		memset(s->kind, VF_SLOT_ITER, sizeof(s->kind));
		vf_reg_not_init(&s->reg);
		s->reg.btf = c->kfunc->btf;
		s->reg.type_id = a->pointee_id;
		s->reg.iter_state = VF_ITER_ACTIVE;
		s->reg.first_slot = i == 0;
		s->reg.ref_id = i == 0 ? ref : 0;
		s->reg.iter_rcu = rcu ? (vf_in_rcu_cs(env) ? 1 : 2) : 0;
		s->reg.made_at = env->insn_idx;
		vf_slot_written(env, frame, slot - i);
	}
	return 0;
}

/* R10.11: an iterator of exactly this type, addressed at its start, still protected */
static int find(struct vf_env *env, uint32_t regno, uint32_t arg, uint32_t n, struct vf_call *c)
{
	const struct contract_arg *a = &c->kfunc->arg[arg];
	const struct vf_frame *f;
	uint32_t frame, slot;
	int err = vf_stack_slot_of(env, regno, n, &frame, &slot);

	if (err)
		return err;
	f = env->cur->frame[frame];
	if (!vf_slots_are(f, slot, n, VF_SLOT_ITER))
		goto uninit;
	for (uint32_t i = 0; i < n; i++) {
		const struct vf_reg *r = &f->slot[slot - i].reg;

		if (r->iter_state == VF_ITER_INVALID || r->btf != c->kfunc->btf ||
		    r->type_id != a->pointee_id || r->first_slot != (i == 0))
			goto uninit;
	}
	if (f->slot[slot].reg.iter_rcu == 2) {
		vf_note_made(env, &f->slot[slot].reg, "the iterator is constructed here");
		return vf_reject(
			env, KF_ITER_PROTO,
			"the RCU read section that protects the iterator in R%u has ended, or "
			"was not open when it was made",
			regno);
	}
	for (uint32_t i = 0; i < n; i++)
		vf_slot_read(env, frame, slot - i);
	c->iter_frame = frame;
	c->iter_slot = slot;
	c->iter_rcu = f->slot[slot].reg.iter_rcu == 1;
	c->ref_id = f->slot[slot].reg.ref_id;
	return 0;
uninit:
	return vf_reject(env, KF_ITER_UNINIT,
			 "R%u does not point to a %s that is constructed on this path", regno,
			 a->pointee_name);
}

static int destroy(struct vf_env *env, uint32_t n, struct vf_call *c)
{
	struct vf_frame *f = vf_frame_own(env, c->iter_frame);
	uint32_t ref = c->ref_id;

	if (!f)
		return vf_nomem(env);
	for (uint32_t i = 0; i < n; i++) {
		struct vf_slot *s = &f->slot[c->iter_slot - i];

		memset(s->kind, VF_SLOT_INVALID, sizeof(s->kind));
		vf_reg_not_init(&s->reg);
		vf_slot_written(env, c->iter_frame, c->iter_slot - i);
	}
	c->ref_id = 0;
	return vf_ref_release(env, ref);
}

int vf_iter_arg(struct vf_env *env, uint32_t regno, uint32_t arg, struct vf_call *c)
{
	uint32_t n = n_slots_of(c, arg), flags = arg == 0 ? c->flags : 0;
	int err;

	if (!n)
		return vf_reject(env, KF_KFUNC_PROTO,
				 "the size of the iterator of %s() is not known", c->kfunc->name);
	if (flags & KF_ITER_NEW) {
		if (c->kfunc->special == SPECIAL_ITER_CSS_TASK_NEW) {
			err = check_css_task(env);
			if (err)
				return err;
		}
		return construct(env, regno, n, c);
	}
	err = find(env, regno, arg, n, c);
	if (!err && (flags & KF_ITER_DESTROY))
		err = destroy(env, n, c);
	return err;
}

/* R10.12: called when R0 is the element, after everything else of the call */
int vf_process_iter_next(struct vf_env *env, const struct kfunc_contract *c, uint32_t regno)
{
	const struct vf_call *call = env->call;
	struct vf_reg *r0 = &vf_regs(env)[0], *it;
	struct vf_state *queued;
	struct vf_frame *f;
	int err;

	(void)c;
	(void)regno;
	f = vf_frame_own(env, call->iter_frame);
	if (!f)
		return vf_nomem(env);
	it = &f->slot[call->iter_slot].reg;
	if (it->iter_state == VF_ITER_ACTIVE) {
		struct vf_reg elem = *r0;

		/* the queued side is made here, so that no frame has to be copied twice */
		r0->flags &= ~VF_MAYBE_NULL;
		r0->id = 0;
		it->iter_depth++;
		queued = vf_push_state(env, env->insn_idx + 1);
		if (!queued)
			return -ENOMEM;
		err = vf_widen_against_previous(env, queued);
		if (err)
			return err;
		f = vf_frame_own(env, call->iter_frame);
		if (!f)
			return vf_nomem(env);
		it = &f->slot[call->iter_slot].reg;
		it->iter_depth--;
		vf_regs(env)[0] = elem;
	}
	it->iter_state = VF_ITER_DRAINED;
	vf_reg_const(&vf_regs(env)[0], 0);
	vf_regs(env)[0].made_at = env->insn_idx;
	return 0;
}
