/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the files of the live kernel's kfuncs share. A file FOO.c here holds the functions of one
 * subject, each with a kernel-doc comment in front (scripts/kfunc-docs.py collects them for `kfunc
 * doc` and for the warnings about deprecated kfuncs), and the sets that list them. sets.c says
 * which set is visible to which program types.
 *
 * These files are compiled twice: into the library, and by clang for the live kernel's BTF. Every
 * type that they use thus becomes part of the BTF, so they see the runtime through functions on
 * kernel types and void pointers only.
 *
 * Arguments that the loader fills (kfunc spec R2.15), as both engines pass them; "fields" is a
 * const struct btf_fields * or NULL, "offset" that of the node in its object:
 *
 *	bpf_obj_new_impl, bpf_percpu_obj_new_impl	R1 = size in bytes, R2 = fields
 *	bpf_obj_drop_impl, bpf_percpu_obj_drop_impl	R2 = fields
 *	bpf_refcount_acquire_impl			R2 = fields
 *	bpf_list_push_front_impl, ..._back_impl		R3 = fields, R4 = offset
 *	bpf_rbtree_add_impl				R4 = fields, R5 = offset
 *
 * Where a call sees several types, fields is NULL and offset what rt_obj_drop_node() takes; bpf_obj_new()
 * and its kin are other functions then (jit/compile.c).
 */
#ifndef KFUNCS_KFUNCS_H
#define KFUNCS_KFUNCS_H

#include "kfuncs/types/base.h"

#include <kfunc/kfunc.h>

#include "kfuncs/types/cgroup.h"
#include "kfuncs/types/cpumask.h"
#include "kfuncs/types/task.h"

/* One registration: a set made visible to programs of a type. */
struct kfuncs_set {
	enum bpf_prog_type prog_type; /* UNSPEC: every program */
	struct btf_id_set8 *set;
};

extern const struct kfuncs_set kfuncs_sets[];
extern const unsigned int kfuncs_n_sets;

/* functions that fmod_ret and sleepable programs may attach to */
extern struct btf_id_set8 kfuncs_traced_set;

/* {type, function} pairs of a BTF_ID_LIST */
extern __u32 kfuncs_dtor_ids[];
extern const unsigned int kfuncs_n_dtors;

#endif
