/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Arguments of kernel functions (kfunc spec section 3): kfunc_args.c. */
#ifndef VERIFIER_KFUNC_ARGS_H
#define VERIFIER_KFUNC_ARGS_H

#include "verifier/call.h"

/* all arguments of call->kfunc, left to right, and that something is released by KF_RELEASE */
int vf_check_kfunc_args(struct vf_env *env, struct vf_call *c);

#endif
