/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Between alu.c and alu_ptr.c. */
#ifndef VERIFIER_ALU_H
#define VERIFIER_ALU_H

#include "verifier/vf.h"

/*
 * dst = ptr OP off, ptr OP= off (dst == ptr) or scalar OP= ptr (dst is the scalar, off its value).
 * off is a copy: it may overlap nothing.
 */
int vf_check_ptr_alu(struct vf_env *env, const struct bpf_insn *insn, struct vf_reg *dst,
		     const struct vf_reg *ptr, const struct vf_scalar *off, bool is32);

#endif
