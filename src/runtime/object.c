/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Memory of objects that programs allocate (bpf_obj_new, bpf_percpu_obj_new). A header in front of
 * the object keeps its reference count and its special fields, so that the last holder can release
 * what the object owns without knowing its type. Memory goes after a grace period: other programs
 * may still look at an object that they found under RCU.
 *
 * The type's own struct bpf_refcount, if it has one, is never touched by programs; the count lives
 * in the header for every type.
 *
 * One call instruction may see objects of several types (struct vf_cases). bpf_obj_new() has the type's
 * id to tell them apart. Who has a pointer into an object, and several offsets that it may have, finds
 * the start by a mark in front of the header, which programs cannot read and not guess. Only objects
 * with a count have it: others have one holder, and no call of theirs asks for the start.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "runtime/fields.h"
#include "runtime/object.h"
#include "verifier/verifier.h"

struct obj_header {
	struct rcu_head rcu;
	struct btf_fields *fields; /* owned */
	_Atomic uint32_t refs;
	uint32_t percpu_stride; /* 0: an ordinary object */
} __attribute__((aligned(16)));

#define MARK 16 /* bytes in front of the header, of which the last eight are the mark */

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

/* 0: there is none */
static uint64_t mark_of(const void *start)
{
	static _Atomic uint64_t secret;
	uint64_t s = atomic_load_explicit(&secret, memory_order_relaxed), fresh, none = 0;

	if (!s) {
		if (getrandom(&fresh, sizeof(fresh), 0) != sizeof(fresh) || !fresh)
			return 0;
		s = atomic_compare_exchange_strong(&secret, &none, fresh) ? fresh : none;
	}
	s ^= (uintptr_t)start;
	return s * 0x9e3779b97f4a7c15u | 1;
}

static uint32_t room_for_mark(const struct btf_fields *fields)
{
	return fields && fields->refcount_off >= 0 ? MARK : 0;
}

/* start may be no object's start, if memory in front of it is that of an object */
static bool is_marked(const void *start)
{
	uint64_t mark;

	memcpy(&mark, (const char *)start - sizeof(struct obj_header) - sizeof(mark), sizeof(mark));
	return mark == mark_of(start);
}

void *rt_obj_start(void *inner, const struct vf_cases *cases)
{
	/* the smallest offset first: before the right one all looks fall into the object */
	for (uint32_t i = 0; i < cases->n; i++)
		if (is_marked((char *)inner - cases->c[i].key))
			return (char *)inner - cases->c[i].key;
	return NULL;
}

void *rt_obj_new(uint32_t size, const struct btf_fields *fields)
{
	const uint32_t room = room_for_mark(fields);
	char *memory = mem_zalloc(room + sizeof(struct obj_header) + size);
	struct obj_header *h = (struct obj_header *)(memory + room);
	uint64_t mark = 1;
	int err = 0;

	if (!memory)
		return NULL;
	h->fields = rt_fields_dup(fields, &err);
	if (room) {
		mark = mark_of(h + 1);
		memcpy(memory + room - sizeof(mark), &mark, sizeof(mark));
	}
	if (err || !mark) {
		mem_free(h->fields);
		mem_free(memory);
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

	uint32_t room = room_for_mark(h->fields);

	mem_free(h->fields);
	mem_free((char *)h - room);
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

/* ---- several types ---- */

static const struct vf_case *case_of(const struct vf_cases *cases, uint64_t key)
{
	uint32_t lo = 0, hi = cases->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (cases->c[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < cases->n && cases->c[lo].key == key ? &cases->c[lo] : NULL;
}

void *rt_obj_new_of(uint64_t type_id, const struct vf_cases *cases)
{
	const struct vf_case *c = case_of(cases, type_id);

	return c ? rt_obj_new(c->size, c->fields) : NULL;
}

void *rt_percpu_obj_new_of(uint64_t type_id, const struct vf_cases *cases)
{
	const struct vf_case *c = case_of(cases, type_id);

	return c ? rt_percpu_obj_new(c->size) : NULL;
}

void *rt_obj_acquire_at(void *inner, uint64_t off)
{
	void *obj = (char *)inner - off;

	return rt_obj_try_acquire(obj) ? obj : NULL;
}

void *rt_obj_acquire_of(void *inner, const struct vf_cases *cases)
{
	void *obj = rt_obj_start(inner, cases);

	return obj && rt_obj_try_acquire(obj) ? obj : NULL;
}

void rt_obj_drop_node(void *node, uint64_t off)
{
	void *obj = off & RT_OFFSETS
			    ? rt_obj_start(node, (const void *)(uintptr_t)(off - RT_OFFSETS))
			    : (char *)node - off;

	rt_obj_drop(obj);
}

void *rt_percpu_obj_cpu(void *handle, uint32_t cpu)
{
	return (char *)handle + (size_t)header(handle)->percpu_stride * cpu;
}

void rt_percpu_obj_drop(void *handle)
{
	rt_obj_drop(handle);
}
