/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Program-allocated objects and callbacks again (fields.h, rt.h), for kfuncs: without other types.
 */
#ifndef RUNTIME_OBJECT_H
#define RUNTIME_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

struct btf_fields;

void *rt_obj_new(uint32_t size, const struct btf_fields *fields);
void rt_obj_drop(void *obj);
bool rt_obj_try_acquire(void *obj);
/* objects with them have a struct bpf_refcount */
bool rt_obj_counted(const struct btf_fields *fields);
void *rt_percpu_obj_new(uint32_t size);
void rt_percpu_obj_drop(void *handle);
/*
 * Drops the object that a node is in, at this offset. With RT_OFFSETS added it is the address of a
 * struct vf_cases with the offsets that are possible (nodes are aligned); the object has a count then.
 */
#define RT_OFFSETS 1
void rt_obj_drop_node(void *node, uint64_t off);
uint64_t rt_objs_alive(void); /* of both kinds, not yet freed */
uint64_t rt_callback(const void *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
		     uint64_t a5);

#endif
