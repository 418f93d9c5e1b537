/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Making register values, and the two events that change many registers at once: an object that is
 * gone (kfunc spec 0.3) and a NULL check (R4.12, R4.13). Every function leaves unused members zero,
 * which state comparison relies on.
 */
#include "verifier/reg.h"

static const struct vf_reg unknown_scalar = {
	.base = VF_SCALAR,
	.s = {.t = {0, ~0ull},
	      .umax = UINT64_MAX,
	      .smin = INT64_MIN,
	      .smax = INT64_MAX,
	      .u32max = UINT32_MAX,
	      .s32min = INT32_MIN,
	      .s32max = INT32_MAX},
};

void vf_reg_not_init(struct vf_reg *r)
{
	static const struct vf_reg none;

	*r = none;
}

void vf_reg_unknown(struct vf_reg *r)
{
	*r = unknown_scalar;
}

void vf_reg_const(struct vf_reg *r, uint64_t value)
{
	static const struct vf_reg zero = {.base = VF_SCALAR};

	*r = zero;
	vf_scalar_const(&r->s, value);
}

void vf_reg_pointer(struct vf_reg *r, enum vf_base base, uint16_t flags)
{
	static const struct vf_reg zero;

	*r = zero; /* an all-zero scalar part is the constant 0 */
	r->base = base;
	r->flags = flags;
}

void vf_reg_invalidate(const struct vf_env *env, struct vf_reg *r)
{
	uint32_t made_at = r->made_at;

	if (env->privileged)
		vf_reg_unknown(r);
	else
		vf_reg_not_init(r);
	r->made_at = made_at;
}

/* ---------------------------------------------------------------- access to registers */

int vf_check_reg_read(struct vf_env *env, uint32_t regno)
{
	const struct vf_reg *r;

	if (regno >= VF_REGS)
		return vf_reject(env, KF_BAD_REGISTER, "there is no register r%u", regno);
	r = &vf_regs(env)[regno];
	if (r->base != VF_NOT_INIT)
		return 0;
	if (r->made_at)
		vf_note(env, r->made_at, "r%u loses its value here", regno);
	return vf_reject(env, KF_UNINIT_REG, "r%u is read, but nothing has set it on this path",
			 regno);
}

int vf_check_reg_write(struct vf_env *env, uint32_t regno)
{
	if (regno == BPF_REG_10)
		return vf_reject(env, KF_FRAME_POINTER_WRITE, "r10 is the destination");
	if (regno >= VF_REGS)
		return vf_reject(env, KF_BAD_REGISTER, "there is no register r%u", regno);
	return 0;
}

/* R4.2: contradictory domains: the ranges are forgotten, or with the debug flag it is an error */
int vf_reg_settle_slow(struct vf_env *env, struct vf_reg *r)
{
	if (env->prog->prog_flags & VF_F_REG_INVARIANTS)
		return vf_reject(env, KF_REG_INVARIANT,
				 "the known bits and the ranges of a number contradict each other");
	vf_scalar_unbound(&r->s);
	return 0;
}

/* ---------------------------------------------------------------- all frames of a state */

struct vf_reg *vf_place_reg(struct vf_state *st, uint16_t place)
{
	struct vf_frame *f = st->frame[place >> 8];

	return place & 0x40 ? &f->slot[place & 0x3f].reg : &f->r[place & 0x3f];
}

uint32_t vf_find_places(const struct vf_state *st,
			bool (*match)(const struct vf_reg *, const void *), const void *arg,
			uint16_t *place, uint32_t max, bool *outer)
{
	uint32_t n = 0;

	*outer = false;
	for (uint32_t i = 0; i <= st->cur_frame; i++) {
		/* from the innermost frame outwards */
		uint32_t fi = st->cur_frame - i;
		const struct vf_frame *f = st->frame[fi];

		for (uint32_t reg = 0; reg < BPF_REG_10; reg++) {
			if (!match(&f->r[reg], arg))
				continue;
			if (n < max)
				place[n] = VF_LINKED_REG(fi, reg);
			n++;
			*outer |= i != 0;
		}
		for (uint32_t slot = 0; slot < f->n_slots; slot++) {
			if (f->slot[slot].kind[0] != VF_SLOT_SPILL ||
			    !match(&f->slot[slot].reg, arg))
				continue;
			if (n < max)
				place[n] = VF_LINKED_SLOT(fi, slot);
			n++;
			*outer |= i != 0;
		}
	}
	return n;
}

/* ---------------------------------------------------------------- NULL checks */

static bool has_lock(struct vf_env *env, const struct vf_reg *r)
{
	const struct btf_fields *f;

	if (r->base != VF_MAP_VALUE && !(r->base == VF_BTF_ID && (r->flags & VF_ALLOC)))
		return false;
	f = vf_reg_fields(env, r);
	return f && (f->mask & (BTF_FIELD_SPIN_LOCK | BTF_FIELD_RES_SPIN_LOCK));
}

/* R4.13: what a looked-up value turns out to be depends on the map */
static void convert_map_value(struct vf_reg *r)
{
	const struct vf_map *map = r->map;

	if (map->inner) {
		uint32_t timed = BTF_FIELD_TIMER | BTF_FIELD_WORKQUEUE | BTF_FIELD_TASK_WORK;

		r->base = VF_CONST_MAP;
		r->map = map->inner;
		/* objects that remember their map tell inner maps apart by the lookup */
		if (map->inner->fields && (map->inner->fields->mask & timed))
			r->map_uid = r->id;
		return;
	}
	switch (map->type) {
	case BPF_MAP_TYPE_XSKMAP:
		r->base = VF_XDP_SOCK;
		break;
	case BPF_MAP_TYPE_SOCKMAP:
	case BPF_MAP_TYPE_SOCKHASH:
		r->base = VF_SOCKET;
		break;
	default:
		return;
	}
	r->map = NULL;
	r->map_uid = 0;
}

void vf_reg_not_null(struct vf_env *env, struct vf_reg *r)
{
	r->flags &= ~VF_MAYBE_NULL;
	if (r->base == VF_MAP_VALUE)
		convert_map_value(r);
	if (!has_lock(env, r))
		r->id = 0;
}

static bool may_be_null_with_id(const struct vf_reg *r, const void *id)
{
	return (r->flags & VF_MAYBE_NULL) && r->id == *(const uint32_t *)id &&
	       r->base != VF_SCALAR && r->base != VF_NOT_INIT;
}

static void resolve_null(struct vf_env *env, struct vf_reg *r, bool is_null)
{
	uint32_t made_at = r->made_at;

	if (!is_null) {
		vf_reg_not_null(env, r);
		return;
	}
	vf_reg_const(r, 0);
	r->made_at = made_at;
}

int vf_mark_null(struct vf_env *env, struct vf_state *st, uint32_t null_id, bool is_null)
{
	bool outer, drop = false;
	uint16_t place[16];
	uint32_t n = vf_find_places(st, may_be_null_with_id, &null_id, place, 16, &outer);
	struct vf_reg_it it;
	struct vf_reg *r;

	if (outer && vf_own_all(env, st))
		return vf_nomem(env);
	if (n <= 16) {
		for (uint32_t i = 0; i < n; i++) {
			r = vf_place_reg(st, place[i]);
			drop |= r->ref_id == null_id;
			resolve_null(env, r, is_null);
		}
	} else {
		vf_for_each_reg_mut(env, st, it, r)
		{
			if (!may_be_null_with_id(r, &null_id))
				continue;
			drop |= r->ref_id == null_id;
			resolve_null(env, r, is_null);
		}
	}
	/* what was not acquired after all need not be released */
	if (is_null && drop)
		vf_ref_drop(st, null_id);
	return 0;
}
