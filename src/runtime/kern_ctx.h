/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* No types of the runtime here: kfuncs include this. */
#ifndef RUNTIME_KERN_CTX_H
#define RUNTIME_KERN_CTX_H

/* The running program's context as the kernel's structure: struct sk_buff or struct xdp_buff with
 * what they say at this moment, valid as long as the context; other contexts are that already. */
void *rt_ctx_to_kern(void *ctx);

#endif
