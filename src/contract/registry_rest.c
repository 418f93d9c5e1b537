/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The registry's smaller tables: destructors of kptr types (kfunc spec R1.13, R1.14), the modules
 * that live beside the kernel's own BTF, and walking over all contracts.
 */
#include "contract/registry_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_DTORS 256 /* exclusive: 255 are usable */

/* ---- destructors ---- */

const struct contract_dtor *registry_dtor(const struct contract_registry *r,
					  const struct btf_obj *btf, uint32_t type_id)
{
	struct reg_tab *t = registry_find_tab(r, btf);
	const struct reg_dtors *d =
		t ? atomic_load_explicit(&t->dtors, memory_order_acquire) : NULL;
	uint32_t lo = 0, hi = d ? d->n : 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (d->d[mid].type_id == type_id)
			return &d->d[mid];
		if (d->d[mid].type_id < type_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool is_dtor_func(const struct btf_obj *btf, uint32_t func_id)
{
	const struct btf_type *f = btf_type(btf, func_id), *p;

	if (!f || btf_type_kind(f) != BTF_KIND_FUNC)
		return false;
	p = btf_type(btf, f->type);
	if (!p || btf_type_kind(p) != BTF_KIND_FUNC_PROTO || p->type || btf_type_vlen(p) != 1)
		return false;
	return btf_is_ptr(btf_skip_mods(btf, btf_type_params(p)->type, NULL));
}

static int by_type_id(const void *a, const void *b)
{
	const struct contract_dtor *x = a, *y = b;

	return (x->type_id > y->type_id) - (x->type_id < y->type_id);
}

static int add_dtors(struct contract_registry *r, struct reg_tab *t, bool is_module,
		     const struct contract_dtor *d, uint32_t n)
{
	struct reg_dtors *old = atomic_load(&t->dtors), *all;
	uint32_t had = old ? old->n : 0;

	if (n >= MAX_DTORS)
		return -E2BIG;
	for (uint32_t i = 0; i < n; i++)
		if (!is_dtor_func(t->btf, d[i].func_id))
			return -EINVAL;
	if (is_module && old)
		return -EINVAL;
	if (had + n >= MAX_DTORS)
		return -E2BIG;
	all = registry_alloc(r, sizeof(*all) + (had + n) * sizeof(all->d[0]));
	if (!all)
		return -ENOMEM;
	if (had)
		memcpy(all->d, old->d, had * sizeof(all->d[0]));
	memcpy(all->d + had, d, n * sizeof(all->d[0]));
	all->n = had + n;
	qsort(all->d, all->n, sizeof(all->d[0]), by_type_id);
	atomic_store_explicit(&t->dtors, all, memory_order_release);
	return 0;
}

int registry_add_dtors(struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		       const struct contract_dtor *d, uint32_t n)
{
	struct reg_tab *t;
	int err = -ENOMEM;

	pthread_mutex_lock(&r->lock);
	t = registry_get_tab(r, btf, is_module);
	if (t) {
		err = add_dtors(r, t, is_module, d, n);
		if (err)
			atomic_store_explicit(&t->dtors, NULL, memory_order_release);
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

/* ---- modules ---- */

int registry_add_module(struct contract_registry *r, struct btf_obj *btf)
{
	struct reg_tab *t;

	pthread_mutex_lock(&r->lock);
	t = registry_get_tab(r, btf, true);
	pthread_mutex_unlock(&r->lock);
	return t ? 0 : -ENOMEM;
}

/* The i-th module; with i past the end NULL, *n being how many there are */
static struct reg_tab *nth_module(const struct contract_registry *r, uint32_t i, uint32_t *n)
{
	struct reg_tab *t = atomic_load_explicit(&r->first, memory_order_acquire);

	*n = 0;
	for (; t; t = atomic_load_explicit(&t->next, memory_order_acquire))
		if (t->is_module && (*n)++ == i)
			return t;
	return NULL;
}

uint32_t registry_modules(const struct contract_registry *r)
{
	uint32_t n;

	nth_module(r, UINT32_MAX, &n);
	return n;
}

struct btf_obj *registry_module(const struct contract_registry *r, uint32_t i)
{
	uint32_t n;
	struct reg_tab *t = nth_module(r, i, &n);

	return t ? (struct btf_obj *)t->btf : NULL;
}

bool registry_is_module(const struct contract_registry *r, const struct btf_obj *btf)
{
	const struct reg_tab *t = registry_find_tab(r, btf);

	return t && t->is_module;
}

/* ---- walking ---- */

static int by_func_id(const void *a, const void *b)
{
	const struct kfunc_contract *const *x = a, *const *y = b;

	return ((*x)->func_id > (*y)->func_id) - ((*x)->func_id < (*y)->func_id);
}

/* Contracts of one BTF in order of id; n of them in *list, which the caller frees */
static int collect(const struct reg_tab *t, const struct kfunc_contract ***list, uint32_t *n)
{
	const struct reg_gen *g = atomic_load(&t->gen);
	const struct reg_hash *h = g ? atomic_load(&g->hash) : NULL;

	*n = 0;
	*list = mem_calloc(g ? g->used : 0, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (uint32_t i = 0; h && i <= h->mask; i++) {
		const struct reg_ent *e = atomic_load(&h->slot[i]);

		if (reg_ent_hooks(e) & ~(1u << HOOK_FMODRET))
			(*list)[(*n)++] = &atomic_load(&e->contract)->c;
	}
	qsort(*list, *n, sizeof(**list), by_func_id);
	return 0;
}

int registry_for_each(const struct contract_registry *r,
		      int (*fn)(void *ctx, const struct kfunc_contract *c), void *ctx)
{
	struct contract_registry *w = (struct contract_registry *)r;
	const struct kfunc_contract **list;
	uint32_t n;
	int err = 0;

	pthread_mutex_lock(&w->lock);
	for (int modules = 0; !err && modules < 2; modules++)
		for (const struct reg_tab *t = r->first; !err && t; t = t->next) {
			if (t->is_module != (bool)modules)
				continue;
			err = collect(t, &list, &n);
			for (uint32_t i = 0; !err && i < n; i++)
				err = fn(ctx, list[i]);
			mem_free(list);
		}
	pthread_mutex_unlock(&w->lock);
	return err;
}
