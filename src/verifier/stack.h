/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Between mem.c, atomic.c and stack.c: loads and stores through stack pointers. */
#ifndef VERIFIER_STACK_H
#define VERIFIER_STACK_H

#include "verifier/vf.h"

int vf_stack_access(struct vf_env *env, uint32_t regno, const struct vf_mem_access *m);
/* vf_check_mem_arg() for stack pointers; with commit the effects happen too */
int vf_stack_mem_arg(struct vf_env *env, uint32_t regno, const struct vf_mem_arg *a, bool commit);

/* slot and byte in the slot of frame offset off (negative) */
static inline uint32_t vf_slot_of(int32_t off)
{
	return (uint32_t)(-off - 1) / 8;
}

static inline uint32_t vf_byte_of(int32_t off)
{
	return (uint32_t)off & 7;
}

#endif
