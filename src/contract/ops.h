/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * An operations struct that a host registers, read once from its BTF: where the members are, what a
 * call of each passes and returns, and what programs may rely on (kfunc spec R11.1, R11.4).
 */
#ifndef CONTRACT_OPS_H
#define CONTRACT_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btf/btf.h"

#define CONTRACT_OPS_MEMBERS 64 /* of one struct */
#define CONTRACT_OPS_ARGS    12
#define CONTRACT_OPS_DATA    64 /* offset of the data in the value */

struct contract_ops_member {
	const char *name;
	uint32_t off, size; /* in the struct, bytes */
	bool is_func;
	bool takes_program; /* there is a stub for it */
	bool ret_bool;
	uint8_t ret_size; /* 0: void */
	uint8_t n_args;
	uint8_t arg_size[CONTRACT_OPS_ARGS];
	uint16_t nonnull; /* bits: pointers to structs that are never NULL */
	uint16_t ref;     /* bits: pointers that pass a reference on */
};

struct bpf_struct_ops;

struct contract_ops {
	const struct btf_obj *btf;
	const char *name;
	uint32_t type_id, size;
	uint32_t value_id, value_size; /* struct bpf_struct_ops_NAME */
	const struct bpf_struct_ops *host;
	struct contract_ops *next;
	uint32_t n_members;
	struct contract_ops_member m[CONTRACT_OPS_MEMBERS];
};

/*
 * Fills ops for the struct called name. stubs: the host's table of stub functions. -EINVAL, -EOPNOTSUPP
 * (R11.1, R11.4) with a phrase in why.
 */
int contract_ops_compile(struct contract_ops *ops, const struct btf_obj *btf, const char *name,
			 const void *stubs, char *why, size_t why_size);

#endif
