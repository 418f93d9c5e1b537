/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kfunc sets, filters and destructors of one kernel (kfunc spec 1.3-1.6). For every BTF object
 * (vmlinux and each module) and hook there is a sorted table of ids with flags. Lookups take a
 * reader lock (or RCU); registration is rare.
 */
#ifndef CONTRACT_REGISTRY_H
#define CONTRACT_REGISTRY_H

#include "contract/contract.h"

struct contract_registry;
struct kfunc_kernel;

/* a filter's view of a program; the public header's struct bpf_prog as far as hosts may look */
struct bpf_prog;
typedef int (*contract_filter_fn)(const struct bpf_prog *prog, uint32_t kfunc_id);

struct contract_entry {
	uint32_t id;	/* BTF id of the FUNC */
	uint32_t flags; /* KF_* */
	void *addr;	/* NULL in images */
	const char *doc; /* may be NULL; must outlive the registry */
};

struct contract_registry *registry_new(uint16_t version);
void registry_free(struct contract_registry *r);

/*
 * Registers n entries for a program type (kfunc spec 1.3, rows 3 and 5-11). btf: vmlinux's (is_module
 * false) or a module's. Contracts are compiled here. Errors as the spec's table; on the rows marked
 * there all sets of this BTF are dropped.
 */
int registry_add(struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		 uint32_t prog_type, const struct contract_entry *e, uint32_t n,
		 contract_filter_fn filter);
/* Destructors (R1.13): pairs of type id and FUNC id. */
struct contract_dtor {
	uint32_t type_id, func_id;
	void *addr;
};
int registry_add_dtors(struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		       const struct contract_dtor *d, uint32_t n);
const struct contract_dtor *registry_dtor(const struct contract_registry *r,
					  const struct btf_obj *btf, uint32_t type_id);
/* fmod_ret targets (R1.15) */
int registry_add_fmodret(struct contract_registry *r, const struct btf_obj *btf,
			 const struct contract_entry *e, uint32_t n);

/*
 * The contract of FUNC id in btf whatever the program type; NULL: in no set. And whether a program of
 * this type and attach type may call it (R1.11, filters included); *flags as R1.11.
 */
const struct kfunc_contract *registry_contract(const struct contract_registry *r,
					       const struct btf_obj *btf, uint32_t id);
bool registry_allowed(const struct contract_registry *r, const struct btf_obj *btf, uint32_t id,
		      uint32_t prog_type, const struct bpf_prog *prog, uint32_t *flags);
/* R1.12: hook of a program type at this kernel version, -1: none */
int contract_hook_of(uint32_t prog_type, uint16_t version);
const char *contract_hook_name(enum contract_hook h);

/* Every contract, for list, lint, doc and tests; a non-zero result of fn ends the walk. */
int registry_for_each(const struct contract_registry *r,
		      int (*fn)(void *ctx, const struct kfunc_contract *c), void *ctx);
/* kfuncs that this kernel's history knows but this version lacks: since/removed and what to use. */
struct contract_history {
	const char *name;
	uint16_t since, removed; /* KVER; removed 0: still there */
	const char *instead;
};
const struct contract_history *contract_history(const char *name);

#endif
