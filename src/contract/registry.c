/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Sets of kfuncs, filters and fmod_ret targets of one kernel (kfunc spec 1.3-1.5, 1.7). Rows 1 and
 * 2 of the table of 1.3 (set_flags, missing BTF) belong to whoever reads the set: kernel/module.c
 * for hosts, the kernel room for images.
 *
 * The verifier looks up at every simulated call, in many threads; registration happens a few times.
 * So readers take no lock: writers, under a mutex, only ever add, in the order filter, entry, hook
 * bit, and publish with release stores. What R1.6 discards is unlinked as a whole (a generation),
 * and no memory is returned before registry_free(): a reader's view stays whole and pointers stay
 * good.
 */
#include "contract/registry_internal.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/kver.h"
#include "base/mem.h"

#define MAX_KFUNCS 256 /* per BTF and hook, duplicates counted */

void *registry_alloc(struct contract_registry *r, size_t size)
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

struct reg_tab *registry_find_tab(const struct contract_registry *r, const struct btf_obj *btf)
{
	struct reg_tab *t =
		atomic_load_explicit(&r->bucket[hash_ptr(btf) % TAB_BUCKETS], memory_order_acquire);

	while (t && t->btf != btf)
		t = atomic_load_explicit(&t->chain, memory_order_acquire);
	return t;
}

static struct reg_gen *find_gen(const struct contract_registry *r, const struct btf_obj *btf)
{
	struct reg_tab *t = registry_find_tab(r, btf);

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

static const struct reg_ent *find_callable(const struct contract_registry *r,
					   const struct btf_obj *btf, uint32_t id)
{
	const struct reg_ent *e = find_ent(find_gen(r, btf), id);

	return reg_ent_hooks(e) & ~(1u << HOOK_FMODRET) ? e : NULL;
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
	uint32_t hooks = reg_ent_hooks(e);
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

	if (!(reg_ent_hooks(e) & 1u << HOOK_FMODRET))
		return false;
	if (flags)
		*flags = e->flags[HOOK_FMODRET];
	return true;
}

/* ---- registration, under the lock ---- */

struct reg_tab *registry_get_tab(struct contract_registry *r, const struct btf_obj *btf,
				 bool is_module)
{
	struct reg_tab *t = registry_find_tab(r, btf),
		       *_Atomic *b = &r->bucket[hash_ptr(btf) % TAB_BUCKETS];

	if (t)
		return t;
	t = registry_alloc(r, sizeof(*t));
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
	h = registry_alloc(r, sizeof(*h) + slots * sizeof(h->slot[0]));
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
	c = registry_alloc(r, sizeof(*c));
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
		ent = registry_alloc(r, sizeof(*ent));
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

	if (!(reg_ent_hooks(ent) & 1u << hook))
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
	g = registry_alloc(r, sizeof(*g));
	if (g)
		atomic_store_explicit(&t->gen, g, memory_order_release);
	return g;
}

/* Rows 6-11 with the lock held; hook -1: the program type has none */
static int add_to_hook(struct contract_registry *r, const struct btf_obj *btf, bool is_module,
		       int hook, const struct contract_entry *e, uint32_t n,
		       contract_filter_fn filter)
{
	struct reg_tab *t = registry_find_tab(r, btf);
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
	t = registry_get_tab(r, btf, is_module);
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
	int err = add_set(r, btf, is_module, hook_of(r, prog_type), e, n, filter);

	/* several types share a hook; which were named is kept for those who list functions */
	for (uint32_t i = 0; !err && i < n && prog_type < 64; i++) {
		const struct reg_ent *ent = find_callable(r, btf, e[i].id);
		struct reg_contract *c = ent ? find_contract(ent, e[i].flags) : NULL;

		if (c)
			__atomic_fetch_or(&c->c.prog_types, 1ull << prog_type, __ATOMIC_RELAXED);
	}
	return err;
}

int registry_add_fmodret(struct contract_registry *r, const struct btf_obj *btf,
			 const struct contract_entry *e, uint32_t n)
{
	return add_set(r, btf, btf_base(btf) != NULL, HOOK_FMODRET, e, n, NULL);
}
