/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs as C functions: what stands in a table of function pointers that a host calls. A thunk has
 * the C calling convention for any signature of up to RT_OPS_ARGS numbers and pointers.
 */
#ifndef RUNTIME_OPS_THUNK_H
#define RUNTIME_OPS_THUNK_H

#include <stdbool.h>
#include <stdint.h>

#define RT_OPS_ARGS 12

struct rt_prog;

/* What a thunk calls; the owner keeps it, and the program, until a grace period after the end. */
struct rt_ops_call {
	const struct rt_prog *prog;
	uint64_t mask[RT_OPS_ARGS]; /* of the bits that the argument's type has */
	uint16_t nonnull;           /* bits: with NULL there the program is not run */
	uint8_t n_args;
	bool ret_bool;
};

/* A thunk for call: its address, or NULL when all are taken. */
void *rt_ops_thunk_get(const struct rt_ops_call *call);
/* Back to the pool, after a grace period in which nobody could enter it. */
void rt_ops_thunk_put(void *thunk);
/* how many parameters a thunk of this machine can pass */
uint32_t rt_ops_max_args(void);

#endif
