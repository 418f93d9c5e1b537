/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Memory of objects that programs allocate (bpf_obj_new, bpf_percpu_obj_new). A header in front of
 * the object keeps its reference count and its special fields, so that the last holder can release
 * what the object owns without knowing its type. Memory goes after a grace period: other programs
 * may still look at an object that they found under RCU.
 *
 * The type's own struct bpf_refcount, if it has one, is never touched by programs; the count lives
 * in the header for every type.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/fields.h"
#include "runtime/object.h"

struct obj_header {
	struct rcu_head rcu;
	struct btf_fields *fields; /* owned */
	_Atomic uint32_t refs;
	uint32_t percpu_stride; /* 0: an ordinary object */
} __attribute__((aligned(16)));

static _Atomic int64_t made_outside, freed;

/* A CPU's counter has one writer at a time. */
static void count_made(void)
{
	struct rt_vcpu *cpu = rt_current();

	if (cpu)
		__atomic_store_n(&cpu->objs, cpu->objs + 1, __ATOMIC_RELAXED);
	else
		atomic_fetch_add_explicit(&made_outside, 1, memory_order_relaxed);
}

uint64_t rt_objs_alive(void)
{
	int64_t n = atomic_load(&made_outside) - atomic_load(&freed);

	for (uint32_t i = 0; i < rt_nr_cpus(); i++)
		n += __atomic_load_n(&rt_vcpu_at(i)->objs, __ATOMIC_RELAXED);
	return n > 0 ? (uint64_t)n : 0;
}

static struct obj_header *header(void *obj)
{
	return (struct obj_header *)obj - 1;
}

bool rt_obj_counted(const struct btf_fields *fields)
{
	return !fields || fields->refcount_off >= 0;
}

void *rt_obj_new(uint32_t size, const struct btf_fields *fields)
{
	struct obj_header *h = mem_zalloc(sizeof(*h) + size);
	int err = 0;

	if (!h)
		return NULL;
	h->fields = rt_fields_dup(fields, &err);
	if (err) {
		mem_free(h);
		return NULL;
	}
	atomic_store(&h->refs, 1);
	rt_fields_init(h->fields, h + 1);
	count_made();
	return h + 1;
}

static void free_obj(struct rcu_head *head)
{
	struct obj_header *h =
		(struct obj_header *)((char *)head - offsetof(struct obj_header, rcu));

	mem_free(h->fields);
	mem_free(h);
	atomic_fetch_add_explicit(&freed, 1, memory_order_relaxed);
}

void rt_obj_drop(void *obj)
{
	struct obj_header *h;

	if (!obj)
		return;
	h = header(obj);
	if (atomic_fetch_sub(&h->refs, 1) != 1)
		return;
	rt_fields_release(h->fields, obj);
	rt_rcu_call(&h->rcu, free_obj);
}

void *rt_obj_acquire(void *obj)
{
	atomic_fetch_add(&header(obj)->refs, 1);
	return obj;
}

bool rt_obj_try_acquire(void *obj)
{
	struct obj_header *h = header(obj);
	uint32_t n = atomic_load(&h->refs);

	while (n)
		if (atomic_compare_exchange_weak(&h->refs, &n, n + 1))
			return true;
	return false;
}

void *rt_percpu_obj_new(uint32_t size)
{
	uint32_t stride = (size + 15) & ~15u;
	struct obj_header *h = mem_zalloc(sizeof(*h) + (size_t)stride * rt_nr_cpus());

	if (!h)
		return NULL;
	atomic_store(&h->refs, 1);
	h->percpu_stride = stride;
	count_made();
	return h + 1;
}

void *rt_percpu_obj_cpu(void *handle, uint32_t cpu)
{
	return (char *)handle + (size_t)header(handle)->percpu_stride * cpu;
}

void rt_percpu_obj_drop(void *handle)
{
	rt_obj_drop(handle);
}
