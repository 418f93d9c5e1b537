/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Arguments of helpers by their kind (verifier spec 7.1): helper_args.c. */
#ifndef VERIFIER_HELPER_ARGS_H
#define VERIFIER_HELPER_ARGS_H

#include "verifier/call.h"

/* argument i (from 0) of call->helper */
int vf_check_helper_arg(struct vf_env *env, struct vf_call *c, uint32_t i);

#endif
