/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Between alu.c and alu_ptr.c. */
#ifndef VERIFIER_ALU_H
#define VERIFIER_ALU_H

#include "verifier/vf.h"

/*
 * dst = ptr OP num, ptr OP= num (dst == ptr) or scalar OP= ptr (dst is the scalar, num its value).
 * Of num only the value and its distance from what it is linked to matter. It overlaps nothing.
 */
int vf_check_ptr_alu(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst,
		     const struct vf_reg *ptr, const struct vf_reg *num, bool is32);

#endif
