/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Shared by the files that check memory: mem.c, atomic.c, ctx.c, btf_access.c, map_access.c. */
#ifndef VERIFIER_MEM_H
#define VERIFIER_MEM_H

#include "verifier/reg.h"

/* 6.4: access of n bytes at A + [smin, umax] within 0..size; what: "a map value", for messages */
int vf_check_region(struct vf_env *env, const struct vf_reg *r, int32_t insn_off, uint32_t n,
		    uint32_t size, enum diag_code code, const char *what);
/* the variable part must be 0 */
int vf_check_fixed(struct vf_env *env, const struct vf_reg *r, const char *what);
/* the destination of a load becomes an unknown number of that size */
void vf_load_unknown(struct vf_env *env, const struct vf_mem_access *m);
/* the destination of a load becomes this pointer; a fresh null id if it may be NULL */
struct vf_reg *vf_load_pointer(struct vf_env *env, const struct vf_mem_access *m, enum vf_base base,
			       uint16_t flags);
/* remembers the kind of access for the code generator and R6.2 */
static inline struct vf_insn_fact *vf_fact(struct vf_env *env)
{
	return &env->facts->insn[env->insn_idx];
}

/* R8.10: what a load of the field gives, into *r */
void vf_kptr_loaded(struct vf_env *env, const struct btf_field *field, struct vf_reg *r);
/* a field of these kinds that the bytes [off, off+size) touch, or NULL */
const struct btf_field *vf_field_touched(const struct btf_fields *f, int64_t min, int64_t max);

/* bounds and special fields of a map value, also for memory arguments (indirect) */
int vf_map_value_range(struct vf_env *env, const struct vf_reg *r, int32_t off, uint32_t size,
		       uint8_t access, bool indirect);

#endif
