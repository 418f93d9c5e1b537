/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The inside of a registry, shared by registry.c (sets and lookups) and registry_rest.c
 * (destructors, modules, walking). How readers do without a lock: see registry.c.
 */
#ifndef CONTRACT_REGISTRY_INTERNAL_H
#define CONTRACT_REGISTRY_INTERNAL_H

#include "contract/registry.h"

#include <pthread.h>
#include <stdatomic.h>

#define MAX_FILTERS 16
#define PROG_TYPES  64 /* numbers below have a cached hook */
#define TAB_BUCKETS 64

/* A contract and the next one of the same function with other flags */
struct reg_contract {
	struct kfunc_contract c;
	struct reg_contract *_Atomic next;
};

struct reg_ent {
	uint32_t id;
	_Atomic uint32_t hooks; /* bit set: flags[hook] is valid */
	uint32_t flags[HOOK_COUNT];
	struct reg_contract *_Atomic contract;
};

struct reg_hash {
	uint32_t mask; /* slots - 1 */
	struct reg_ent *_Atomic slot[];
};

struct reg_set {
	uint32_t cnt; /* writers only: entries with duplicates */
	_Atomic uint32_t n_filters;
	contract_filter_fn filter[MAX_FILTERS];
};

/* What R1.6 drops together */
struct reg_gen {
	uint32_t used; /* writers only */
	struct reg_hash *_Atomic hash;
	struct reg_set set[HOOK_COUNT];
};

struct reg_dtors {
	uint32_t n;
	struct contract_dtor d[];
};

/* One BTF object */
struct reg_tab {
	const struct btf_obj *btf;
	bool is_module;
	struct reg_gen *_Atomic gen;
	struct reg_dtors *_Atomic dtors;
	struct reg_tab *_Atomic chain; /* hash bucket */
	struct reg_tab *_Atomic next;  /* in order of arrival */
};

struct reg_mem {
	struct reg_mem *next;
	_Alignas(16) char data[];
};

struct contract_registry {
	uint16_t version;
	int8_t hook_of[PROG_TYPES];
	pthread_mutex_t lock;
	struct reg_mem *mem;
	struct reg_tab *_Atomic first, *_Atomic *last;
	struct reg_tab *_Atomic bucket[TAB_BUCKETS];
	const struct contract_tracepoint *_Atomic tracepoints;
	struct contract_ops *_Atomic ops;
};

/* Zeroed memory that lives as long as the registry; lock held */
void *registry_alloc(struct contract_registry *r, size_t size);
/* NULL: nothing was registered with this BTF. No lock needed. */
struct reg_tab *registry_find_tab(const struct contract_registry *r, const struct btf_obj *btf);
/* As above, made if needed; lock held. NULL: no memory */
struct reg_tab *registry_get_tab(struct contract_registry *r, const struct btf_obj *btf,
				 bool is_module);

static inline uint32_t reg_ent_hooks(const struct reg_ent *e)
{
	return e ? atomic_load_explicit(&e->hooks, memory_order_acquire) : 0;
}

#endif
