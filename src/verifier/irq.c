/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Saved interrupt flags (kfunc spec 7.6, R7.13): eight bytes of stack that remember which save they
 * belong to. Saves are entries of the reference list, restored latest first. Class 0 is
 * bpf_local_irq_save(), class 1 the flags of a resilient lock.
 */
#include "verifier/call.h"

int vf_irq_save(struct vf_env *env, uint32_t regno, uint32_t irq_class)
{
	uint32_t frame, slot, id;
	struct vf_frame *f;
	struct vf_slot *s;
	int err = vf_stack_slot_of(env, regno, 1, &frame, &slot);

	if (err)
		return err;
	f = env->cur->frame[frame];
	if (slot < f->n_slots)
		for (uint32_t b = 0; b < 8; b++)
			if (f->slot[slot].kind[b] == VF_SLOT_IRQ)
				return vf_reject(env, KF_IRQ_SLOT,
						 "R%u points to flags that are already saved",
						 regno);
	err = vf_stack_clobber(env, frame, -8 * (int32_t)(slot + 1), 8);
	if (err)
		return err;
	id = vf_ref_acquire(env, VF_REF_IRQ);
	f = id ? vf_object_slots(env, frame, slot, 1) : NULL;
	if (!f)
		return -ENOMEM;
	s = &f->slot[slot];
	memset(s->kind, VF_SLOT_IRQ, sizeof(s->kind));
	vf_reg_not_init(&s->reg);
	s->reg.id = id;
	s->reg.ref_id = id;
	s->reg.irq_class = irq_class;
	s->reg.made_at = env->insn_idx;
	env->cur->irq_top = id;
	vf_slot_written(env, frame, slot);
	return 0;
}

static uint32_t previous_irq(const struct vf_state *st)
{
	for (uint32_t i = st->n_refs; i-- > 0;)
		if (st->refs[i].kind == VF_REF_IRQ)
			return st->refs[i].id;
	return 0;
}

int vf_irq_restore(struct vf_env *env, uint32_t regno, uint32_t irq_class)
{
	uint32_t frame, slot;
	const struct vf_ref *top;
	struct vf_frame *f;
	struct vf_reg *r;
	int err = vf_stack_slot_of(env, regno, 1, &frame, &slot);

	if (err)
		return err;
	f = vf_frame_own(env, frame);
	if (!f)
		return vf_nomem(env);
	if (!vf_slots_are(f, slot, 1, VF_SLOT_IRQ))
		return vf_reject(env, KF_IRQ_SLOT, "R%u does not point to saved interrupt flags",
				 regno);
	r = &f->slot[slot].reg;
	if (r->irq_class != irq_class) {
		vf_note_made(env, r, "the flags are saved here");
		return vf_reject(env, KF_IRQ_CLASS, "the flags were saved by %s",
				 r->irq_class ? "bpf_res_spin_lock_irqsave()"
					      : "bpf_local_irq_save()");
	}
	if (r->id != env->cur->irq_top) {
		top = vf_ref_find(env->cur, env->cur->irq_top);
		vf_note_made(env, r, "these flags are saved first");
		if (top)
			vf_note(env, top->insn, "these flags are saved last");
		return vf_reject(env, KF_IRQ_ORDER, "R%u holds flags that are not the latest saved",
				 regno);
	}
	vf_ref_drop(env->cur, r->id);
	env->cur->irq_top = previous_irq(env->cur);
	memset(f->slot[slot].kind, VF_SLOT_INVALID, 8);
	vf_reg_not_init(r);
	vf_slot_written(env, frame, slot);
	return 0;
}
