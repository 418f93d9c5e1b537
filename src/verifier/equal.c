/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * When does a stored state cover the current one? (verifier spec R9.3, kfunc spec 0.2.) Four
 * strengths: NOT_EXACT for finished states (dead and imprecise parts do not count), ALL_COUNTS for
 * those whose marks are not complete (everything counts, ranges may be narrower), RANGE_WITHIN the
 * same in loops that Linux takes for open (there the stack must be of the same kinds, and what was
 * not initialised must not be), EXACT for finding loops that make no progress. Ids are compared up
 * to one renaming for the whole state.
 */
#include "verifier/reg.h"
#include "verifier/states.h"

struct cmp {
	const struct vf_env *env;
	const struct vf_stored *old;
	const struct vf_state *cur;
	enum vf_exactness how;
	struct vf_id_map ids;
	uint32_t fresh; /* stands in for "no id" on the current side */
};

bool vf_same_id(struct vf_id_map *m, uint32_t old, uint32_t cur)
{
	if (!old || !cur)
		return old == cur;
	for (uint32_t i = 0; i < m->n; i++) {
		if (m->pair[i].old == old)
			return m->pair[i].cur == cur;
		if (m->pair[i].cur == cur)
			return false;
	}
	if (m->n == sizeof(m->pair) / sizeof(m->pair[0]))
		return false;
	m->pair[m->n].old = old;
	m->pair[m->n++].cur = cur;
	return true;
}

static bool same_id(struct cmp *c, uint32_t old, uint32_t cur)
{
	return vf_same_id(&c->ids, old, cur);
}

/* A link in the old state was relied upon: the same places must be linked now. */
static bool same_link(struct cmp *c, const struct vf_reg *old, const struct vf_reg *cur)
{
	if (!old->id)
		return true;
	if (((old->flags ^ cur->flags) & VF_LINK_FLAGS) || old->delta != cur->delta)
		return false;
	return same_id(c, old->id, cur->id ? cur->id : ++c->fresh);
}

static bool same_ids(struct cmp *c, const struct vf_reg *old, const struct vf_reg *cur)
{
	return same_id(c, old->id, cur->id) && same_id(c, old->ref_id, cur->ref_id) &&
	       same_id(c, old->parent_id, cur->parent_id);
}

/* kind, offsets and what is pointed to; not ids, not the variable part */
static bool same_pointee(const struct vf_reg *old, const struct vf_reg *cur)
{
	return old->base == cur->base && old->frame == cur->frame && old->flags == cur->flags &&
	       old->off == cur->off && old->map == cur->map && old->mem_size == cur->mem_size &&
	       old->delta == cur->delta;
}

static bool same_reg(struct cmp *c, const struct vf_reg *old, const struct vf_reg *cur)
{
	return same_pointee(old, cur) && memcmp(&old->s, &cur->s, sizeof(old->s)) == 0 &&
	       same_ids(c, old, cur);
}

static bool packet_range_ok(const struct vf_reg *old, const struct vf_reg *cur)
{
	/* below 0 are marks (VF_RANGE_BEYOND) */
	return old->range < 0 ? old->range == cur->range : old->range <= cur->range;
}

static bool reg_covers(struct cmp *c, const struct vf_reg *old, const struct vf_reg *cur,
		       bool precise)
{
	if (c->how == VF_EXACT)
		return same_reg(c, old, cur);
	if (old->base == VF_NOT_INIT) /* in loops Linux does not see that nothing can rely on it */
		return c->how != VF_RANGE_WITHIN || cur->base == VF_NOT_INIT;
	if (old->base != cur->base)
		return false;
	switch (old->base) {
	case VF_SCALAR:
		if (c->how == VF_NOT_EXACT && !precise)
			return true;
		return vf_scalar_within(&old->s, &cur->s) && same_link(c, old, cur);
	case VF_MEM:
		/* of one dynptr: Linux does not rename these, so slices that outlive a callback do not settle */
		if (old->parent_id != cur->parent_id)
			return false;
		/* fall through */
	case VF_MAP_KEY:
	case VF_MAP_VALUE:
	case VF_BUF:
	case VF_TP_BUFFER:
		return same_pointee(old, cur) && vf_scalar_within(&old->s, &cur->s) &&
		       same_ids(c, old, cur);
	case VF_PACKET:
	case VF_PACKET_META:
		return old->off == cur->off && old->flags == cur->flags &&
		       packet_range_ok(old, cur) && vf_scalar_within(&old->s, &cur->s) &&
		       same_ids(c, old, cur);
	case VF_ARENA:
		return true;
	default:
		return same_reg(c, old, cur);
	}
}

static bool is_object(uint8_t kind)
{
	return kind >= VF_SLOT_DYNPTR;
}

static const struct vf_slot never_written;

static const struct vf_slot *slot_at(const struct vf_frame *f, uint32_t i)
{
	return i < f->n_slots ? &f->slot[i] : &never_written;
}

/*
 * The slot as one 64-bit scalar, if it can be seen so: a full spill of a scalar, or bytes nobody
 * knows anything of.
 */
static const struct vf_reg *slot_scalar(const struct vf_slot *s)
{
	static const struct vf_reg unknown = {
		.base = VF_SCALAR,
		.s = {.t = {0, ~0ull},
		      .umax = UINT64_MAX,
		      .smin = INT64_MIN,
		      .smax = INT64_MAX,
		      .u32max = UINT32_MAX,
		      .s32min = INT32_MIN,
		      .s32max = INT32_MAX},
	};

	if (s->kind[0] == VF_SLOT_SPILL && s->kind[7] == VF_SLOT_SPILL)
		return s->reg.base == VF_SCALAR ? &s->reg : NULL;
	for (int i = 0; i < 8; i++)
		if (s->kind[i] != VF_SLOT_MISC && s->kind[i] != VF_SLOT_INVALID)
			return NULL;
	return &unknown;
}

/* an iterator, dynptr or irq flag: the same object in the same state; depth is progress, not state */
static bool object_covers(struct cmp *c, const struct vf_slot *old, const struct vf_slot *cur)
{
	if (memcmp(old->kind, cur->kind, 8))
		return false;
	return same_pointee(&old->reg, &cur->reg) && same_ids(c, &old->reg, &cur->reg);
}

static bool byte_covers(const struct cmp *c, uint8_t old, uint8_t now, const struct vf_slot *cur)
{
	if (old == now)
		return true;
	if (old == VF_SLOT_INVALID || (old == VF_SLOT_MISC && c->env->privileged))
		return !is_object(now);
	if (old == VF_SLOT_MISC)
		return now == VF_SLOT_ZERO || (now == VF_SLOT_SPILL && cur->reg.base == VF_SCALAR);
	return false;
}

static bool slot_covers(struct cmp *c, const struct vf_slot *old, const struct vf_slot *cur,
			bool precise)
{
	const struct vf_reg *old_s, *cur_s;

	if (is_object(old->kind[0]) || is_object(cur->kind[0]))
		return object_covers(c, old, cur);
	if (c->how >= VF_RANGE_WITHIN && memcmp(old->kind, cur->kind, sizeof(old->kind)))
		return false;
	if (c->how != VF_EXACT) {
		old_s = slot_scalar(old);
		cur_s = old_s ? slot_scalar(cur) : NULL;
		if (cur_s)
			return reg_covers(c, old_s, cur_s, precise);
	}
	for (int i = 0; i < 8; i++)
		if (!byte_covers(c, old->kind[i], cur->kind[i], cur))
			return false;
	if (old->kind[0] != VF_SLOT_SPILL || cur->kind[0] != VF_SLOT_SPILL)
		return true;
	return reg_covers(c, &old->reg, &cur->reg, precise);
}

/*
 * Slots below what the old frame ever reached are not compared: there its continuations expect
 * nothing. While a loop is open every other slot counts, read or not. A state from a visit before may
 * be trimmed: slots that were not read are then never written ones, whether or not they are still there.
 */
static bool stack_covers(struct cmp *c, uint32_t f)
{
	const struct vf_marks *m = &c->old->marks[f];
	const struct vf_frame *cur = c->cur->frame[f];
	uint32_t n = m->frame->head.reached;
	bool forgotten = c->how == VF_RANGE_WITHIN && c->old->trimmed;

	if (c->how >= VF_RANGE_WITHIN && n > cur->head.reached)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct vf_slot *o = vf_stored_slot(c->env, m->frame, i), *s = slot_at(cur, i);
		bool live = c->how != VF_NOT_EXACT || (m->slot_read >> i & 1);

		/* objects carry references and ids that are checked elsewhere too: never skipped */
		if (!live && !is_object(o->kind[0]) && !is_object(s->kind[0]))
			continue;
		if (forgotten && !(m->slot_read >> i & 1) && !is_object(o->kind[0]))
			o = &never_written;
		if (!slot_covers(c, o, s, m->slot_precise >> i & 1))
			return false;
	}
	return true;
}

static bool frame_covers(struct cmp *c, uint32_t f)
{
	const struct vf_marks *m = &c->old->marks[f];
	const struct vf_frame *cur = c->cur->frame[f];
	uint32_t live = c->how == VF_EXACT ? 0x3ff : vf_live_regs(c->env, c->old, f) & 0x3ff;

	if (m->frame->head.callback_depth > cur->head.callback_depth)
		return false;
	for (; live; live &= live - 1) {
		int i = __builtin_ctz(live);

		if (!reg_covers(c, vf_stored_reg(c->env, m->frame, i), &cur->r[i],
				m->reg_precise >> i & 1))
			return false;
	}
	return stack_covers(c, f);
}

static bool refs_cover(struct cmp *c)
{
	const struct vf_stored *old = c->old;
	const struct vf_state *cur = c->cur;

	for (uint32_t i = 0; i < old->n_refs; i++) {
		const struct vf_ref *o = &old->refs[i], *n = &cur->refs[i];

		if (o->kind != n->kind || o->owner != n->owner || !same_id(c, o->id, n->id) ||
		    !same_id(c, o->lock_id, n->lock_id))
			return false;
	}
	return same_id(c, old->irq_top, cur->irq_top);
}

bool vf_same_call_chain(const struct vf_stored *old, const struct vf_state *cur)
{
	if (old->cur_frame != cur->cur_frame)
		return false;
	for (uint32_t i = 0; i <= old->cur_frame; i++) {
		const struct vf_stored_frame *x = old->marks[i].frame;
		const struct vf_frame *y = cur->frame[i];

		if (x->head.callsite != y->head.callsite || x->head.subprog != y->head.subprog ||
		    x->head.in_callback != y->head.in_callback ||
		    x->head.in_async_callback != y->head.in_async_callback)
			return false;
	}
	return true;
}

bool vf_state_covers(const struct vf_env *env, const struct vf_stored *old,
		     const struct vf_state *cur, enum vf_exactness how)
{
	struct cmp c;

	if (old->n_refs != cur->n_refs || old->in_sleepable != cur->in_sleepable ||
	    old->rcu_depth != cur->rcu_depth || old->preempt_depth != cur->preempt_depth ||
	    old->n_locks != cur->n_locks || !vf_same_call_chain(old, cur))
		return false;
	c.env = env;
	c.old = old;
	c.cur = cur;
	c.how = how;
	c.ids.n = 0;
	c.fresh = env->next_id;
	for (int f = cur->cur_frame; f >= 0; f--)
		if (!frame_covers(&c, f))
			return false;
	return refs_cover(&c);
}
