/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kfunc sets, filters and destructors of one kernel (kfunc spec 1.3-1.6). For every BTF object
 * (vmlinux and each module) and hook there is a table of ids with flags. Registration takes a lock
 * and is rare; lookups take none and cost a hash probe. Contracts and destructor rows stay where
 * they are until registry_free(), even when the set that made them is dropped; every BTF that was
 * registered with is referenced as long.
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
	uint32_t id;     /* BTF id of the FUNC */
	uint32_t flags;  /* KF_* */
	void *addr;      /* NULL in images */
	const char *doc; /* may be NULL; must outlive the registry */
};

struct contract_registry *registry_new(uint16_t version);
void registry_free(struct contract_registry *r);

/*
 * Registers n entries for a program type (kfunc spec 1.3, rows 3 and 5-11). btf: vmlinux's
 * (is_module false) or a module's. Contracts are compiled here. Errors as the spec's table; on the
 * rows marked there all sets of this BTF are dropped.
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
/* fmod_ret targets (R1.15); and whether a FUNC is one, *flags being its KF_* */
int registry_add_fmodret(struct contract_registry *r, const struct btf_obj *btf,
			 const struct contract_entry *e, uint32_t n);
bool registry_fmodret(const struct contract_registry *r, const struct btf_obj *btf, uint32_t id,
		      uint32_t *flags);

/*
 * The contract of FUNC id in btf whatever the program type; NULL: in no set. And whether a program
 * of this type may call it (R1.11, filters included); *flags as R1.11. A set with filters denies
 * when prog is NULL. Sets may give one function different flags for different hooks:
 * registry_contract gives the first set's, registry_contract_flags the contract compiled with
 * exactly these flags.
 */
const struct kfunc_contract *registry_contract(const struct contract_registry *r,
					       const struct btf_obj *btf, uint32_t id);
const struct kfunc_contract *registry_contract_flags(const struct contract_registry *r,
						     const struct btf_obj *btf, uint32_t id,
						     uint32_t flags);
bool registry_allowed(const struct contract_registry *r, const struct btf_obj *btf, uint32_t id,
		      uint32_t prog_type, const struct bpf_prog *prog, uint32_t *flags);
/* R1.12: hook of a program type at this kernel version, -1: none */
int contract_hook_of(uint32_t prog_type, uint16_t version);
const char *contract_hook_name(enum contract_hook h);

/*
 * Modules: split BTFs that live beside the kernel's own, with or without kfuncs, in order of
 * arrival (the boundary numbers BTF objects from this). Adding one twice is fine. They stay until
 * registry_free(). -ENOMEM.
 */
int registry_add_module(struct contract_registry *r, struct btf_obj *btf);
uint32_t registry_modules(const struct contract_registry *r);
struct btf_obj *registry_module(const struct contract_registry *r,
				uint32_t i); /* NULL past the end */
bool registry_is_module(const struct contract_registry *r, const struct btf_obj *btf);

/*
 * Tracepoints that a module declares (kfunc spec 6.1; <kfunc/hooks.h>): the typedef btf_trace_NAME
 * has the types of the arguments, the function __bpf_trace_NAME their names as well.
 */
struct contract_tracepoint {
	const struct btf_obj *btf;
	const char *name;
	uint32_t type_id; /* the typedef */
	uint32_t n_args;
	uint16_t nonnull; /* bit for each pointer to a struct that is not marked __nullable */
	const struct contract_tracepoint *next;
};
/*
 * -ENOENT: the BTF lacks one of the two; -EINVAL: they differ, have other than n_args arguments, or one
 * that is neither number nor pointer; -EEXIST: the name is taken; -ENOMEM.
 */
int registry_add_tracepoint(struct contract_registry *r, const struct btf_obj *vmlinux,
			    const struct btf_obj *btf, const char *name, uint32_t n_args,
			    const struct contract_tracepoint **res);
/* By its typedef; NULL: not declared. */
const struct contract_tracepoint *registry_tracepoint(const struct contract_registry *r,
						      const struct btf_obj *btf, uint32_t type_id);

/* Operations structs that modules register (kfunc spec section 11); see ops.h. */
struct contract_ops;
/* Keeps a copy. -EEXIST, -ENOMEM. */
int registry_add_ops(struct contract_registry *r, const struct contract_ops *ops);
const struct contract_ops *registry_ops(const struct contract_registry *r,
					const struct btf_obj *btf, uint32_t type_id);
const struct contract_ops *registry_ops_value(const struct contract_registry *r,
					      const struct btf_obj *btf, uint32_t value_id);

/*
 * Every contract, vmlinux first, then modules in order of registration, each by id, for list, lint,
 * doc and tests; a non-zero result of fn ends the walk and is returned (-ENOMEM: not walked).
 */
int registry_for_each(const struct contract_registry *r,
		      int (*fn)(void *ctx, const struct kfunc_contract *c), void *ctx);
/*
 * What the history of kfuncs knows of a name (spec section 13.2), so that "no such kfunc" can be
 * answered with since when or until when there is one, and what to use instead.
 */
struct contract_history {
	const char *name;
	uint16_t since, removed; /* KVER; removed 0: still there */
	const char *instead;     /* NULL: nothing known */
};
/* NULL: never heard of; a ___flavour at the end of name is ignored */
const struct contract_history *contract_history(const char *name);
/* the i-th row, NULL past the last */
const struct contract_history *contract_history_at(unsigned int i);

#endif
