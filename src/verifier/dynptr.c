/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Dynptrs (kfunc spec 10.1): two stack slots that hold an object of one of six kinds. A constructed
 * one has an identity (reg.id) that its slices carry as parent_id; ring buffer and file dynptrs
 * also own a reference, which clones and slices share. Size, offset and read-only state are checked
 * when the program runs (R10.8).
 */
#include "verifier/call.h"

uint16_t vf_dynptr_mem_flag(enum vf_dynptr_kind kind)
{
	switch (kind) {
	case VF_DYNPTR_LOCAL:
		return VF_DYN_LOCAL;
	case VF_DYNPTR_RINGBUF:
		return VF_DYN_RINGBUF;
	case VF_DYNPTR_SKB:
	case VF_DYNPTR_SKB_META: /* dies with the packet as well */
		return VF_DYN_SKB;
	case VF_DYNPTR_XDP:
		return VF_DYN_XDP;
	case VF_DYNPTR_FILE:
		return VF_DYN_FILE;
	case VF_DYNPTR_NONE:
		break;
	}
	return 0;
}

static const char *kind_name(enum vf_dynptr_kind kind)
{
	static const char *const names[] = {
		[VF_DYNPTR_NONE] = "any",
		[VF_DYNPTR_LOCAL] = "local memory",
		[VF_DYNPTR_RINGBUF] = "ring buffer",
		[VF_DYNPTR_SKB] = "socket buffer",
		[VF_DYNPTR_XDP] = "XDP packet",
		[VF_DYNPTR_SKB_META] = "packet metadata",
		[VF_DYNPTR_FILE] = "file",
	};

	return names[kind];
}

static bool owned_kind(enum vf_dynptr_kind kind)
{
	return kind == VF_DYNPTR_RINGBUF || kind == VF_DYNPTR_FILE;
}

/* ---------------------------------------------------------------- end of a dynptr */

static bool plain_slice_of(const struct vf_reg *r, uint64_t id)
{
	return r->base == VF_MEM && r->parent_id == id && !(r->flags & ~VF_MAYBE_NULL);
}

static bool slice_of(const struct vf_reg *r, uint64_t id)
{
	return r->base == VF_MEM && r->parent_id == id;
}

static void clear_slots(struct vf_frame *f, uint32_t slot)
{
	for (uint32_t i = 0; i < 2; i++) {
		memset(f->slot[slot - i].kind, VF_SLOT_INVALID, 8);
		vf_reg_not_init(&f->slot[slot - i].reg);
	}
}

static bool clone_exists(const struct vf_env *env, uint32_t ref_id, uint32_t id)
{
	const struct vf_state *st = env->cur;

	for (uint32_t n = 0; n <= st->cur_frame; n++)
		for (uint32_t i = 0; i < st->frame[n]->n_slots; i++) {
			const struct vf_slot *s = &st->frame[n]->slot[i];

			if (s->kind[0] == VF_SLOT_DYNPTR && s->reg.first_slot &&
			    s->reg.ref_id == ref_id && s->reg.id != id)
				return true;
		}
	return false;
}

/* R10.2 */
int vf_dynptr_destroy_slot(struct vf_env *env, uint32_t frame, uint32_t slot)
{
	struct vf_frame *f = env->cur->frame[frame];
	uint32_t first = f->slot[slot].reg.first_slot ? slot : slot + 1;
	uint32_t id = f->slot[slot].reg.id, ref = f->slot[slot].reg.ref_id;

	if (first >= f->n_slots || first == 0)
		return 0;
	if (ref && !(vf_rule(env, RULE_DYNPTR_CLONE_OVERWRITE) && clone_exists(env, ref, id))) {
		vf_note_made(env, &f->slot[slot].reg, "the dynptr is constructed here");
		return vf_reject(env, KF_DYNPTR_OVERWRITE,
				 "a dynptr that owns a reference (%s) is overwritten",
				 kind_name(f->slot[slot].reg.dynptr_kind));
	}
	f = vf_frame_own(env, frame);
	if (!f)
		return vf_nomem(env);
	clear_slots(f, first);
	return vf_invalidate_regs(env,
				  vf_rule(env, RULE_DYNPTR_SLICES_DIE) ? slice_of : plain_slice_of,
				  id);
}

/* ---------------------------------------------------------------- construction (R10.3) */

int vf_dynptr_construct(struct vf_env *env, uint32_t regno, enum vf_dynptr_kind kind,
			uint32_t ref_id)
{
	uint32_t frame, slot, id;
	struct vf_frame *f;
	int err;

	if (vf_regs(env)[regno].base == VF_CONST_DYNPTR)
		return vf_reject(env, KF_DYNPTR_CONST,
				 "R%u is a dynptr parameter, which cannot be constructed again",
				 regno);
	err = vf_stack_slot_of(env, regno, 2, &frame, &slot);
	if (!err)
		err = vf_stack_clobber(env, frame, -8 * (int32_t)(slot + 1), 16);
	if (err)
		return err;
	if (owned_kind(kind) && !ref_id) {
		ref_id = vf_ref_acquire(env, VF_REF_PTR);
		if (!ref_id)
			return -ENOMEM;
	}
	f = vf_object_slots(env, frame, slot, 2);
	if (!f)
		return -ENOMEM;
	id = vf_new_id(env);
	for (uint32_t i = 0; i < 2; i++) {
		struct vf_slot *s = &f->slot[slot - i];

		memset(s->kind, VF_SLOT_DYNPTR, sizeof(s->kind));
		vf_reg_not_init(&s->reg);
		s->reg.dynptr_kind = kind;
		s->reg.id = id;
		s->reg.ref_id = ref_id;
		s->reg.first_slot = i == 0;
		/* what it was made of must outlive it (R9.2) */
		if (kind == VF_DYNPTR_FILE && vf_rule(env, RULE_CHILD_REFS))
			s->reg.parent_id = env->call->ref_id;
		s->reg.made_at = env->insn_idx;
		vf_slot_written(env, frame, slot - i);
	}
	return 0;
}

int vf_check_no_children(struct vf_env *env, uint32_t ref_id)
{
	const struct vf_state *st = env->cur;

	for (uint32_t n = 0; n <= st->cur_frame; n++)
		for (uint32_t i = 0; i < st->frame[n]->n_slots; i++) {
			const struct vf_slot *s = &st->frame[n]->slot[i];

			if (s->kind[0] != VF_SLOT_DYNPTR || s->reg.parent_id != ref_id)
				continue;
			vf_note_made(env, &s->reg, "the dynptr is made of the object here");
			return vf_reject(env, KF_REL_CHILDREN,
					 "the object is released while a dynptr over it is alive");
		}
	return 0;
}

/* ---------------------------------------------------------------- use (R10.4) */

static int reject_uninit(struct vf_env *env, uint32_t regno)
{
	return vf_reject(env, KF_DYNPTR_UNINIT,
			 "R%u does not point to a dynptr that is constructed on this path", regno);
}

static int stack_dynptr(struct vf_env *env, uint32_t regno, const struct vf_reg **d)
{
	uint32_t frame, slot;
	const struct vf_frame *f;
	int err = vf_stack_slot_of(env, regno, 2, &frame, &slot);

	if (err)
		return err;
	f = env->cur->frame[frame];
	if (!vf_slots_are(f, slot, 2, VF_SLOT_DYNPTR) || !f->slot[slot].reg.first_slot ||
	    f->slot[slot].reg.id != f->slot[slot - 1].reg.id)
		return reject_uninit(env, regno);
	vf_slot_read(env, frame, slot);
	vf_slot_read(env, frame, slot - 1);
	*d = &env->cur->frame[frame]->slot[slot].reg;
	return 0;
}

int vf_dynptr_use(struct vf_env *env, uint32_t regno, enum vf_dynptr_kind kind,
		  struct vf_call *call)
{
	const struct vf_reg *d = &vf_regs(env)[regno];

	if (d->base != VF_CONST_DYNPTR) {
		int err = stack_dynptr(env, regno, &d);

		if (err)
			return err;
	} else if (call->release_regno == regno) {
		return vf_reject(env, KF_DYNPTR_CONST,
				 "R%u is a dynptr parameter, which cannot be released", regno);
	}
	if (kind != VF_DYNPTR_NONE && d->dynptr_kind != kind) {
		vf_note_made(env, d, "the dynptr is constructed here");
		return vf_reject(env, KF_DYNPTR_KIND, "R%u is a dynptr over %s, %s is wanted",
				 regno, kind_name(d->dynptr_kind), kind_name(kind));
	}
	if (call->release_regno == regno && !d->ref_id)
		return vf_reject(env, KF_REL_UNOWNED, "the dynptr in R%u owns nothing to release",
				 regno);
	call->dynptr_kind = d->dynptr_kind;
	call->dynptr_id = d->id;
	call->dynptr_ref = d->ref_id;
	return 0;
}

int vf_check_dynptr_arg(struct vf_env *env, uint32_t regno)
{
	const struct vf_reg *r = &vf_regs(env)[regno];
	struct vf_call call = {0};
	int err;

	if (r->base != VF_STACK && r->base != VF_CONST_DYNPTR)
		return reject_uninit(env, regno);
	err = vf_check_arg_offset(env, regno, false, false, true);
	if (err)
		return err;
	return vf_dynptr_use(env, regno, VF_DYNPTR_NONE, &call);
}

/* R10.5: all clones and everything derived from them */
int vf_dynptr_release(struct vf_env *env, uint32_t regno, struct vf_call *call)
{
	struct vf_state *st = env->cur;
	uint32_t ref = call->dynptr_ref;
	int err;

	(void)regno;
	for (uint32_t n = 0; n <= st->cur_frame; n++) {
		struct vf_frame *f = st->frame[n];

		for (uint32_t i = 1; i < f->n_slots; i++) {
			const struct vf_slot *s = &f->slot[i];
			uint32_t id = s->reg.id;

			if (s->kind[0] != VF_SLOT_DYNPTR || !s->reg.first_slot ||
			    s->reg.ref_id != ref)
				continue;
			f = vf_frame_own(env, n);
			if (!f)
				return vf_nomem(env);
			clear_slots(f, i);
			vf_slot_written(env, n, i);
			vf_slot_written(env, n, i - 1);
			err = vf_invalidate_regs(env, slice_of, id);
			if (err)
				return err;
			f = st->frame[n];
		}
	}
	return vf_ref_release(env, ref);
}
