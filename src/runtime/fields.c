/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Special fields of values at run time (kfunc spec R8.15-R8.17): they are never copied in or out,
 * they are released when the value's memory goes, and stored kernel pointers are released by the
 * destructor that was registered for their type.
 *
 * A value is copied around its fields with relaxed word accesses, since programs and callers may
 * look at it meanwhile. Locks are four bytes, as struct bpf_spin_lock: a word that is 0, or 1 when it
 * is held.
 *
 * Left out: task works have no run time yet, so their fields are only zeroed.
 */
#include "runtime/fields.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "runtime/async.h"
#include "runtime/graph.h"
#include "runtime/region.h"

void rt_copy_shared(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if (!(((uintptr_t)d | (uintptr_t)s) & 7))
		for (; n >= 8; n -= 8, d += 8, s += 8)
			__atomic_store_n((uint64_t *)d,
					 __atomic_load_n((const uint64_t *)s, __ATOMIC_RELAXED),
					 __ATOMIC_RELAXED);
	if (!(((uintptr_t)d | (uintptr_t)s) & 3))
		for (; n >= 4; n -= 4, d += 4, s += 4)
			__atomic_store_n((uint32_t *)d,
					 __atomic_load_n((const uint32_t *)s, __ATOMIC_RELAXED),
					 __ATOMIC_RELAXED);
	for (; n; n--, d++, s++)
		__atomic_store_n(d, __atomic_load_n(s, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

struct kfunc_kernel *kfunc_kernel__live(void); /* the public header */

/* Calls fn for every stretch of [0, size) that is no special field. */
static void for_plain(const struct btf_fields *f, uint32_t size, void *dst, const void *src,
		      void (*fn)(void *dst, const void *src, size_t n))
{
	uint32_t off = 0;

	for (uint32_t i = 0; f && i < f->n; i++) {
		uint32_t at = f->f[i].off, end = at + f->f[i].size;

		if (at > size)
			break;
		if (at > off)
			fn((char *)dst + off, (const char *)src + off, at - off);
		if (end > off)
			off = end;
	}
	if (off < size)
		fn((char *)dst + off, (const char *)src + off, size - off);
}

void rt_value_copy(const struct btf_fields *f, void *dst, const void *src, uint32_t size)
{
	for_plain(f, size, dst, src, rt_copy_shared);
}

void rt_value_hide(const struct btf_fields *f, void *copy)
{
	for (uint32_t i = 0; f && i < f->n; i++)
		memset((char *)copy + f->f[i].off, 0, f->f[i].size);
}

void rt_fields_init(const struct btf_fields *f, void *value)
{
	rt_value_hide(f, value);
}

/* ---- kptrs ---- */

void *rt_kptr_xchg(void *slot, void *p)
{
	return __atomic_exchange_n((void **)slot, p, __ATOMIC_ACQ_REL);
}

static void call_dtor(const struct btf_field *f, void *p)
{
	struct kfunc_kernel *k = kfunc_kernel__live();
	const struct contract_dtor *d;

	d = k && k->registry ? registry_dtor(k->registry, f->btf, f->type_id) : NULL;
	if (d && d->addr)
		((void (*)(void *))d->addr)(p);
}

void rt_kptr_release(const struct btf_field *f, void *p)
{
	if (!p)
		return;
	if (f->kind == BTF_FIELD_KPTR_PERCPU)
		rt_percpu_obj_drop(p);
	else if (f->kind == BTF_FIELD_KPTR_REF && f->kernel_type)
		call_dtor(f, p);
	else if (f->kind == BTF_FIELD_KPTR_REF)
		rt_obj_drop(p);
}

/* Takes every object out of a list or tree and drops it (R8.17); the value's lock is held for each step. */
static void drain(const struct btf_fields *f, const struct btf_field *field, void *value)
{
	void *root = (char *)value + field->off, *node;

	do {
		if (f->lock_off >= 0)
			rt_value_lock(f, value);
		if (field->kind == BTF_FIELD_LIST_HEAD) {
			node = rt_list_pop(root, false);
		} else {
			node = rt_rbtree_root(root);
			if (node)
				node = rt_rbtree_remove(root, node);
		}
		if (f->lock_off >= 0)
			rt_value_unlock(f, value);
		if (node)
			rt_obj_drop((char *)node - field->node_off);
	} while (node);
}

void rt_fields_release(const struct btf_fields *f, void *value)
{
	for (uint32_t i = 0; f && i < f->n; i++) {
		char *at = (char *)value + f->f[i].off;

		if (f->f[i].kind & BTF_FIELD_KPTR)
			rt_kptr_release(&f->f[i], rt_kptr_xchg(at, NULL));
		else if (f->f[i].kind & BTF_FIELD_GRAPH_ROOT)
			drain(f, &f->f[i], value);
		else if (f->f[i].kind & BTF_FIELD_ASYNC)
			rt_async_end(at);
	}
}

void rt_fields_end_async(const struct btf_fields *f, void *value)
{
	for (uint32_t i = 0; f && f->mask & BTF_FIELD_ASYNC && i < f->n; i++)
		if (f->f[i].kind & BTF_FIELD_ASYNC)
			rt_async_end((char *)value + f->f[i].off);
}

struct btf_fields *rt_fields_dup(const struct btf_fields *f, int *err)
{
	struct btf_fields *copy;

	if (!f)
		return NULL;
	copy = mem_dup(f, sizeof(*f) + f->n * sizeof(f->f[0]));
	if (!copy)
		*err = -ENOMEM;
	return copy;
}

/* ---- locks ---- */

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/*
 * Holders are programs between two calls, or a few lines of ours: short, but the machine may have taken
 * the CPU away from one. So a waiter first spins, then lets others run, then sleeps. Nobody wakes it: a
 * release is a plain store, which makes the common case, a lock that is free, half as dear.
 */
void rt_spin_wait(uint32_t *lock)
{
	static const struct timespec nap = {0, 20000};

	for (uint32_t i = 0;; i++) {
		if (__atomic_load_n(lock, __ATOMIC_RELAXED) == 0 &&
		    __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) == 0)
			return;
		if (i < 200)
			relax();
		else if (i < 220)
			sched_yield();
		else
			nanosleep(&nap, NULL);
	}
}

void rt_value_lock(const struct btf_fields *f, void *value)
{
	uint32_t *lock = (uint32_t *)((char *)value + f->lock_off);

	if (f->mask & BTF_FIELD_RES_SPIN_LOCK)
		rt_res_lock_outside(lock);
	else
		rt_spin_lock(lock);
}

void rt_value_unlock(const struct btf_fields *f, void *value)
{
	uint32_t *lock = (uint32_t *)((char *)value + f->lock_off);

	if (f->mask & BTF_FIELD_RES_SPIN_LOCK)
		rt_res_unlock_outside(lock);
	else
		rt_spin_unlock(lock);
}
