/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Special fields of values and local objects at run time (kfunc spec 8.5), and the locks among
 * them. The functions on whole values are declared in rt.h.
 */
#ifndef RUNTIME_FIELDS_H
#define RUNTIME_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btf/btf.h"
#include "runtime/rt.h"

/*
 * Memory of program-allocated objects (bpf_obj_new and the rest). An object knows its special
 * fields, so that whoever drops it last (a program, a map value, a list) can release what it owns.
 * fields may be NULL; they are copied.
 */
void *rt_obj_new(uint32_t size, const struct btf_fields *fields);
/* One reference less; the last one releases the fields and frees after a grace period. NULL is
 * fine. */
void rt_obj_drop(void *obj);
/* One more reference (types with a bpf_refcount); obj must be alive. */
void *rt_obj_acquire(void *obj);
/* As above, but fails when the count has reached zero (RCU readers). */
bool rt_obj_try_acquire(void *obj);
/*
 * For calls that see objects of several types: made by their type's id, and found by a pointer into
 * them at one of several offsets. The objects that are looked for have a bpf_refcount.
 */
void *rt_obj_new_of(uint64_t type_id, const struct vf_cases *cases);
void *rt_percpu_obj_new_of(uint64_t type_id, const struct vf_cases *cases);
void *rt_obj_start(void *inner, const struct vf_cases *cases);
void *rt_obj_acquire_at(void *inner, uint64_t off); /* the object, NULL: its count is zero */
void *rt_obj_acquire_of(void *inner, const struct vf_cases *cases);
/* A per-CPU object: rt_nr_cpus() copies, the handle is what kptrs and programs hold. */
void *rt_percpu_obj_new(uint32_t size);
void *rt_percpu_obj_cpu(void *handle, uint32_t cpu);
void rt_percpu_obj_drop(void *handle);

/*
 * Copies between a value that programs use at the same time and private memory: relaxed accesses of
 * the widest aligned units, so a reader sees whole words, as it does in the kernel.
 */
void rt_copy_shared(void *dst, const void *src, size_t n);

/* bpf_kptr_xchg: the old value */
void *rt_kptr_xchg(void *slot, void *p);
/* Releases one kptr of this field: destructor, or drop. NULL is fine. */
void rt_kptr_release(const struct btf_field *f, void *p);

/* struct bpf_spin_lock: four bytes. Not recursive. */
void rt_spin_wait(uint32_t *lock);

static inline void rt_spin_lock(uint32_t *lock)
{
	if (__builtin_expect(__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE), 0))
		rt_spin_wait(lock);
}

static inline void rt_spin_unlock(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* locks and unlocks the lock of a value; fields must have one */
void rt_value_lock(const struct btf_fields *f, void *value);
void rt_value_unlock(const struct btf_fields *f, void *value);

/* an independent copy, NULL for NULL; *err is set on failure */
struct btf_fields *rt_fields_dup(const struct btf_fields *f, int *err);

#endif
