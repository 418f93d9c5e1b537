/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Small tools on registers shared by the files that move values: reg.c, alu.c, branch.c, stack.c. */
#ifndef VERIFIER_REG_H
#define VERIFIER_REG_H

#include "verifier/scalar.h"
#include "verifier/vf.h"

#define VF_F_REG_INVARIANTS (1u << 7) /* load flag: contradictory domains are an error */

/* a second meaning of a bit that scalars never have: the delta was added in 32 bits (R4.6) */
#define VF_LINK_DELTA32 VF_DYN_FILE
#define VF_LINK_FLAGS   (VF_LINK_DELTA | VF_LINK_DELTA32)

int vf_reg_settle_slow(struct vf_env *env, struct vf_reg *r);

/* R4.2 after an operation that made new ranges */
static inline int vf_reg_settle(struct vf_env *env, struct vf_reg *r)
{
	return vf_scalar_sane(&r->s) ? 0 : vf_reg_settle_slow(env, r);
}

/* the scalar leaves the family of equal values it may have belonged to */
static inline void vf_reg_unlink(struct vf_reg *r)
{
	r->id = 0;
	r->delta = 0;
	r->flags &= ~VF_LINK_FLAGS;
}

/* R4.5: a scalar about to be copied gets an id of its own, so that the copies stay related */
static inline void vf_reg_link_source(struct vf_env *env, struct vf_reg *r)
{
	if (r->base != VF_SCALAR || !r->s.t.m)
		return;
	if (r->flags & VF_LINK_FLAGS)
		vf_reg_unlink(r);
	if (!r->id)
		r->id = vf_new_id(env);
}

/* bytes that the value needs: R4.7 "fits" */
static inline bool vf_reg_fits(const struct vf_reg *r, uint32_t bytes)
{
	return bytes >= 8 || !(r->s.umax >> (bytes * 8));
}

/* MAYBE_NULL goes away: R4.13 */
void vf_reg_not_null(struct vf_env *env, struct vf_reg *r);

/* a place is VF_LINKED_REG() or VF_LINKED_SLOT() */
struct vf_reg *vf_place_reg(struct vf_state *st, uint16_t place);
/*
 * Registers and spills of all frames that match, innermost frame first. Returns how many there are,
 * of which the first max are in place[]; *outer: some are not in the current frame.
 */
uint32_t vf_find_places(const struct vf_state *st,
			bool (*match)(const struct vf_reg *, const void *), const void *arg,
			uint16_t *place, uint32_t max, bool *outer);

#endif
