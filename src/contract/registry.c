/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Sets of kfuncs, filters, destructors and fmod_ret targets of one kernel (kfunc spec 1.3-1.7,
 * R1.4-R1.15). Rows 1 and 2 of the table of 1.3 (set_flags, missing BTF) belong to whoever reads
 * the set: host.c for programs, the kernel room for images.
 *
 * The verifier looks up at every simulated call, in many threads; registration happens a few times.
 * So readers take no lock: writers, under a mutex, only ever add, in the order filter, entry, hook
 * bit, and publish with release stores. What R1.6 discards is unlinked as a whole (a generation),
 * and no memory is returned before registry_free(): a reader's view stays whole and pointers stay
 * good.
 */
#include "contract/registry.h"

#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/kver.h"
#include "base/mem.h"

#define MAX_KFUNCS  256 /* per BTF and hook, duplicates counted */
#define MAX_FILTERS 16
#define MAX_DTORS   256 /* exclusive: 255 are usable */
#define PROG_TYPES  64  /* numbers below have a cached hook */
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
};

static void *reg_alloc(struct contract_registry *r, size_t size)
{
	struct reg_mem *m = mem_zalloc(sizeof(*m) + size);

	if (!m)
		return NULL;
	m->next = r->mem;
	r->mem = m;
	return m->data;
}

struct contract_registry *registry_new(uint16_t version)
{
	struct contract_registry *r = mem_zalloc(sizeof(*r));

	if (!r)
		return NULL;
	if (pthread_mutex_init(&r->lock, NULL)) {
		mem_free(r);
		return NULL;
	}
	r->version = version;
	r->last = &r->first;
	for (uint32_t i = 0; i < PROG_TYPES; i++)
		r->hook_of[i] = contract_hook_of(i, version);
	return r;
}

void registry_free(struct contract_registry *r)
{
	struct reg_mem *m;

	if (!r)
		return;
	for (struct reg_tab *t = r->first; t; t = t->next)
		btf_put((struct btf_obj *)t->btf);
	while ((m = r->mem)) {
		r->mem = m->next;
		mem_free(m);
	}
	pthread_mutex_destroy(&r->lock);
	mem_free(r);
}

/* ---- lookups, without a lock ---- */

static uint32_t hash_ptr(const void *p)
{
	return (uint32_t)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15ull >> 32);
}

static uint32_t hash_id(uint32_t id)
{
	return id * 0x9e3779b1u >> 8;
}

static struct reg_tab *find_tab(const struct contract_registry *r, const struct btf_obj *btf)
{
	struct reg_tab *t =
		atomic_load_explicit(&r->bucket[hash_ptr(btf) % TAB_BUCKETS], memory_order_acquire);

	while (t && t->btf != btf)
		t = atomic_load_explicit(&t->chain, memory_order_acquire);
	return t;
}

static struct reg_gen *find_gen(const struct contract_registry *r, const struct btf_obj *btf)
{
	struct reg_tab *t = find_tab(r, btf);

	return t ? atomic_load_explicit(&t->gen, memory_order_acquire) : NULL;
}

static struct reg_ent *find_ent(const struct reg_gen *g, uint32_t id)
{
	struct reg_hash *h = g ? atomic_load_explicit(&g->hash, memory_order_acquire) : NULL;
	struct reg_ent *e;

	if (!h)
		return NULL;
	for (uint32_t i = hash_id(id);; i++) {
		e = atomic_load_explicit(&h->slot[i & h->mask], memory_order_acquire);
		if (!e || e->id == id)
			return e;
	}
}

static uint32_t ent_hooks(const struct reg_ent *e)
{
	return e ? atomic_load_explicit(&e->hooks, memory_order_acquire) : 0;
}

static const struct reg_ent *find_callable(const struct contract_registry *r,
					   const struct btf_obj *btf, uint32_t id)
{
	const struct reg_ent *e = find_ent(find_gen(r, btf), id);

	return ent_hooks(e) & ~(1u << HOOK_FMODRET) ? e : NULL;
}

const struct kfunc_contract *registry_contract(const struct contract_registry *r,
					       const struct btf_obj *btf, uint32_t id)
{
	const struct reg_ent *e = find_callable(r, btf, id);

	return e ? &atomic_load_explicit(&e->contract, memory_order_acquire)->c : NULL;
}

const struct kfunc_contract *registry_contract_flags(const struct contract_registry *r,
						     const struct btf_obj *btf, uint32_t id,
						     uint32_t flags)
{
	const struct reg_ent *e = find_callable(r, btf, id);
	struct reg_contract *c;

	if (!e)
		return NULL;
	c = atomic_load_explicit(&e->contract, memory_order_acquire);
	while (c && c->c.flags != flags)
		c = atomic_load_explicit(&c->next, memory_order_acquire);
	return c ? &c->c : NULL;
}

static bool filters_pass(const struct reg_gen *g, enum contract_hook hook,
			 const struct bpf_prog *prog, uint32_t id)
{
	const struct reg_set *s = &g->set[hook];
	uint32_t n = atomic_load_explicit(&s->n_filters, memory_order_acquire);

	if (n && !prog)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (s->filter[i](prog, id))
			return false;
	return true;
}

static int hook_of(const struct contract_registry *r, uint32_t prog_type)
{
	return prog_type < PROG_TYPES ? r->hook_of[prog_type] : -1;
}

bool registry_allowed(const struct contract_registry *r, const struct btf_obj *btf, uint32_t id,
		      uint32_t prog_type, const struct bpf_prog *prog, uint32_t *flags)
{
	const struct reg_gen *g = find_gen(r, btf);
	const struct reg_ent *e = find_ent(g, id);
	uint32_t hooks = ent_hooks(e);
	int hook = hook_of(r, prog_type);
	bool common = hooks & 1u << HOOK_COMMON, own, use_common;

	own = hook > HOOK_COMMON && (hooks & 1u << hook);
	if (!common && !own)
		return false;
	use_common = common;
	if (common && !filters_pass(g, HOOK_COMMON, prog, id)) {
		common = false;
		if (r->version < KVER(7, 2))
			use_common = false;
	}
	if (!common && (!own || !filters_pass(g, hook, prog, id)))
		return false;
	if (flags)
		*flags = e->flags[use_common ? HOOK_COMMON : hook];
	return true;
}

bool registry_fmodret(const struct contract_registry *r, const struct btf_obj *btf, uint32_t id,
		      uint32_t *flags)
{
	const struct reg_ent *e = find_ent(find_gen(r, btf), id);

	if (!(ent_hooks(e) & 1u << HOOK_FMODRET))
		return false;
	if (flags)
		*flags = e->flags[HOOK_FMODRET];
	return true;
}

const struct contract_dtor *registry_dtor(const struct contract_registry *r,
					  const struct btf_obj *btf, uint32_t type_id)
{
	struct reg_tab *t = find_tab(r, btf);
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

/* ---- registration, under the lock ---- */

static struct reg_tab *get_tab(struct contract_registry *r, const struct btf_obj *btf,
			       bool is_module)
{
	struct reg_tab *t = find_tab(r, btf), *_Atomic *b = &r->bucket[hash_ptr(btf) % TAB_BUCKETS];

	if (t)
		return t;
	t = reg_alloc(r, sizeof(*t));
	if (!t)
		return NULL;
	t->btf = btf_get((struct btf_obj *)btf);
	t->is_module = is_module;
	atomic_store_explicit(r->last, t, memory_order_release);
	r->last = &t->next;
	atomic_store_explicit(&t->chain, atomic_load(b), memory_order_relaxed);
	atomic_store_explicit(b, t, memory_order_release);
	return t;
}

/* R1.6 */
static void discard(struct reg_tab *t)
{
	if (t)
		atomic_store_explicit(&t->gen, NULL, memory_order_release);
}

static void hash_put(struct reg_hash *h, struct reg_ent *e)
{
	uint32_t i = hash_id(e->id);

	while (atomic_load_explicit(&h->slot[i & h->mask], memory_order_relaxed))
		i++;
	atomic_store_explicit(&h->slot[i & h->mask], e, memory_order_release);
}

/* Room for n more entries at no more than half load */
static int hash_reserve(struct contract_registry *r, struct reg_gen *g, uint32_t n)
{
	struct reg_hash *old = atomic_load(&g->hash), *h;
	uint32_t slots = 32;

	while (slots < 2 * (g->used + n))
		slots *= 2;
	if (old && old->mask + 1 >= slots)
		return 0;
	h = reg_alloc(r, sizeof(*h) + slots * sizeof(h->slot[0]));
	if (!h)
		return -ENOMEM;
	h->mask = slots - 1;
	for (uint32_t i = 0; old && i <= old->mask; i++) {
		struct reg_ent *e = atomic_load_explicit(&old->slot[i], memory_order_relaxed);

		if (e)
			hash_put(h, e);
	}
	atomic_store_explicit(&g->hash, h, memory_order_release);
	return 0;
}

static struct reg_contract *find_contract(const struct reg_ent *e, uint32_t flags)
{
	struct reg_contract *c = atomic_load(&e->contract);

	while (c && c->c.flags != flags)
		c = atomic_load(&c->next);
	return c;
}

static int add_contract(struct contract_registry *r, const struct btf_obj *btf, struct reg_ent *ent,
			const struct contract_entry *e)
{
	struct reg_contract *c, *_Atomic *tail = &ent->contract;
	int err;

	if (find_contract(ent, e->flags))
		return 0;
	c = reg_alloc(r, sizeof(*c));
	if (!c)
		return -ENOMEM;
	err = contract_compile(&c->c, btf, e->id, e->flags, r->version);
	if (err)
		return err;
	c->c.addr = e->addr;
	c->c.doc = e->doc;
	while (atomic_load(tail))
		tail = &atomic_load(tail)->next;
	atomic_store_explicit(tail, c, memory_order_release);
	return 0;
}

/* The entry of this id, made if needed; it is invisible until a hook bit is set. */
static int prepare_entry(struct contract_registry *r, struct reg_tab *t, struct reg_gen *g,
			 const struct contract_entry *e, bool callable)
{
	struct reg_ent *ent = find_ent(g, e->id);

	if (!ent) {
		ent = reg_alloc(r, sizeof(*ent));
		if (!ent)
			return -ENOMEM;
		ent->id = e->id;
		hash_put(atomic_load(&g->hash), ent);
		g->used++;
	}
	return callable ? add_contract(r, t->btf, ent, e) : 0;
}

static void publish_entry(struct reg_gen *g, enum contract_hook hook,
			  const struct contract_entry *e)
{
	struct reg_ent *ent = find_ent(g, e->id);
	struct reg_contract *c = find_contract(ent, e->flags);

	if (!(ent_hooks(ent) & 1u << hook))
		ent->flags[hook] = e->flags;
	if (c)
		c->c.hooks |= 1u << hook;
	atomic_fetch_or_explicit(&ent->hooks, 1u << hook, memory_order_release);
}

/* Row 4: a module may not shadow a function of vmlinux or of another module. */
static bool name_taken(const struct contract_registry *r, const struct btf_obj *btf,
		       const char *name)
{
	const struct btf_obj *base = btf_base(btf);

	if (base && btf_find(base, name, BTF_KIND_FUNC) > 0)
		return true;
	for (const struct reg_tab *t = r->first; t; t = t->next)
		if (t->btf != btf && t->is_module && btf_find_own(t->btf, name, BTF_KIND_FUNC) > 0)
			return true;
	return false;
}

/* Rows 3-5 */
static int check_entry(const struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		       const struct contract_entry *e)
{
	const struct btf_type *f = btf_type(btf, e->id), *p;

	if (!f || btf_type_kind(f) != BTF_KIND_FUNC || !*btf_type_name(btf, e->id))
		return -EINVAL;
	p = btf_type(btf, f->type);
	if (!p || btf_type_kind(p) != BTF_KIND_FUNC_PROTO)
		return -EINVAL;
	if (is_module && r->version >= KVER(7, 1) && name_taken(r, btf, btf_type_name(btf, e->id)))
		return -EINVAL;
	return contract_check_iter(btf, e->id, e->flags) ? -EINVAL : 0;
}

/* Rows 8-10, on the hook's set as it is */
static int check_limits(const struct reg_gen *g, bool is_module, enum contract_hook hook,
			uint32_t n, contract_filter_fn filter, bool *new_filter)
{
	const struct reg_set *s = &g->set[hook];
	uint32_t n_filters = atomic_load(&s->n_filters);

	*new_filter = filter != NULL;
	for (uint32_t i = 0; i < n_filters; i++)
		if (s->filter[i] == filter)
			*new_filter = false;
	if (*new_filter && n_filters >= MAX_FILTERS)
		return -E2BIG;
	if (is_module && s->cnt)
		return -EINVAL;
	if (s->cnt > UINT32_MAX - n)
		return -EOVERFLOW;
	return s->cnt + n > MAX_KFUNCS ? -E2BIG : 0;
}

static struct reg_gen *get_gen(struct contract_registry *r, struct reg_tab *t)
{
	struct reg_gen *g = t ? atomic_load(&t->gen) : NULL;

	if (g || !t)
		return g;
	g = reg_alloc(r, sizeof(*g));
	if (g)
		atomic_store_explicit(&t->gen, g, memory_order_release);
	return g;
}

/* Rows 6-11 with the lock held; hook -1: the program type has none */
static int add_to_hook(struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		       int hook, const struct contract_entry *e, uint32_t n,
		       contract_filter_fn filter)
{
	struct reg_tab *t = find_tab(r, btf);
	struct reg_gen *g;
	struct reg_set *s;
	bool new_filter, growing;
	int err;

	if (hook < 0) {
		discard(t);
		return -EINVAL;
	}
	if (!n)
		return 0;
	t = get_tab(r, btf, is_module);
	g = get_gen(r, t);
	if (!g)
		return -ENOMEM;
	err = check_limits(g, is_module, hook, n, filter, &new_filter);
	if (err) {
		discard(t);
		return err;
	}
	s = &g->set[hook];
	growing = s->cnt;
	err = hash_reserve(r, g, n);
	for (uint32_t i = 0; !err && i < n; i++)
		err = prepare_entry(r, t, g, &e[i], hook != HOOK_FMODRET);
	if (err) {
		if (growing)
			discard(t);
		return err;
	}
	if (new_filter) {
		uint32_t at = atomic_load(&s->n_filters);

		s->filter[at] = filter;
		atomic_store_explicit(&s->n_filters, at + 1, memory_order_release);
	}
	s->cnt += n;
	for (uint32_t i = 0; i < n; i++)
		publish_entry(g, hook, &e[i]);
	return 0;
}

static int add_set(struct contract_registry *r, const struct btf_obj *btf, bool is_module, int hook,
		   const struct contract_entry *e, uint32_t n, contract_filter_fn filter)
{
	int err = 0;

	pthread_mutex_lock(&r->lock);
	for (uint32_t i = 0; !err && i < n; i++)
		err = check_entry(r, btf, is_module, &e[i]);
	if (!err)
		err = add_to_hook(r, btf, is_module, hook, e, n, filter);
	pthread_mutex_unlock(&r->lock);
	return err;
}

int registry_add(struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		 uint32_t prog_type, const struct contract_entry *e, uint32_t n,
		 contract_filter_fn filter)
{
	return add_set(r, btf, is_module, hook_of(r, prog_type), e, n, filter);
}

int registry_add_fmodret(struct contract_registry *r, const struct btf_obj *btf,
			 const struct contract_entry *e, uint32_t n)
{
	return add_set(r, btf, btf_base(btf) != NULL, HOOK_FMODRET, e, n, NULL);
}

/* ---- destructors (R1.13) ---- */

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
	all = reg_alloc(r, sizeof(*all) + (had + n) * sizeof(all->d[0]));
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
	t = get_tab(r, btf, is_module);
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
	t = get_tab(r, btf, true);
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
	const struct reg_tab *t = find_tab(r, btf);

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

		if (ent_hooks(e) & ~(1u << HOOK_FMODRET))
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
