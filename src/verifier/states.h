/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Between equal.c (what covers what), states.c (storing and pruning) and precision.c. */
#ifndef VERIFIER_STATES_H
#define VERIFIER_STATES_H

#include "verifier/vf.h"

enum vf_exactness { VF_NOT_EXACT, VF_RANGE_WITHIN, VF_EXACT };

bool vf_state_covers(const struct vf_env *env, const struct vf_state *old,
		     const struct vf_state *cur, enum vf_exactness how);
bool vf_same_call_chain(const struct vf_state *a, const struct vf_state *b);
/* The slots of frame f in mask are read after st: marks the states it came from. True: new marks. */
bool vf_propagate_reads(struct vf_state *st, uint32_t f, uint64_t mask);

#endif
