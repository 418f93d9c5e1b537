/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The live kernel: the one whose functions can be called. Its types are the BTF embedded at build
 * time, its kfuncs the sets of this directory, its rules those of Linux 6.18 with what the older
 * documentation has besides (DESIGN 3): trusted arguments are asked for by a flag, KF_KPTR_GET
 * works, its one kfunc being deprecated.
 *
 * It is made on first use, once, and lives as long as the process: hosts' modules, programs and
 * maps refer to it. When making it fails (no memory), the next use tries again.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "kernel/kernel.h"
#include "kernel/tables.h"
#include "kfuncs/docs.h"
#include "kfuncs/kfuncs.h"
#include "runtime/events.h"
#include "runtime/objects.h"
#include "runtime/rt.h"

#define LIVE_VERSION KVER(6, 18)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kfunc_kernel *_Atomic live;

static const struct {
	uint16_t since, until;
} rules[RULE_COUNT] = {
#define RULE(name, since, until, text) [RULE_##name] = {since, until},
#include "kernel/rules.def"
#undef RULE
};

static void set_rules(struct kfunc_kernel *k)
{
	int i;

	for (i = 0; i < RULE_COUNT; i++)
		k->rule[i] = k->version >= rules[i].since &&
			     (!rules[i].until || k->version < rules[i].until);
	k->rule[RULE_KPTR_GET] = true;
}

/*
 * Ids of the library's own sets and lists, by name. In a program that the library is linked into
 * there are the program's as well: they stay 0 until it registers them.
 */
static void resolve_ids(const struct btf_obj *btf)
{
	const struct kfunc_id_ref *r;

	for (r = kfunc_refs_start; r < kfunc_refs_stop; r++) {
		int32_t id = btf_find(btf, r->name,
				      strcmp(r->kind, "func") ? BTF_KIND_STRUCT : BTF_KIND_FUNC);

		if (id > 0)
			*r->slot = (uint32_t)id;
	}
}

static void *addr_of(const uint32_t *slot)
{
	const struct kfunc_id_ref *r = kfunc_refs_start;

	while (r < kfunc_refs_stop && r->slot != slot)
		r++;
	return r < kfunc_refs_stop ? r->addr : NULL;
}

static int compare_docs(const void *name, const void *row)
{
	return strcmp(name, *(const char *const *)row);
}

static const char *doc_of(const char *name)
{
	const char *const *at = bsearch(name, kfuncs_doc_names, kfuncs_n_docs,
					sizeof(kfuncs_doc_names[0]), compare_docs);

	return at ? packed_text(&kfuncs_docs, at - kfuncs_doc_names) : NULL;
}

static int add_set(struct kfunc_kernel *k, const struct kfuncs_set *s, bool fmodret)
{
	struct contract_entry *e = mem_calloc(s->set->cnt, sizeof(*e));
	uint32_t i;
	int err;

	if (!e)
		return -ENOMEM;
	for (i = 0; i < s->set->cnt; i++) {
		e[i].id = s->set->pairs[i].id;
		e[i].flags = s->set->pairs[i].flags;
		e[i].addr = addr_of(&s->set->pairs[i].id);
		e[i].doc = doc_of(btf_type_name(k->btf, e[i].id));
	}
	err = fmodret ? registry_add_fmodret(k->registry, k->btf, e, s->set->cnt)
		      : registry_add(k->registry, k->btf, false, s->prog_type, e, s->set->cnt,
				     NULL);
	mem_free(e);
	return err;
}

static int add_dtors(struct kfunc_kernel *k)
{
	struct contract_dtor d[16];
	uint32_t i;

	if (kfuncs_n_dtors > sizeof(d) / sizeof(d[0]))
		return -E2BIG;
	for (i = 0; i < kfuncs_n_dtors; i++) {
		d[i].type_id = kfuncs_dtor_ids[2 * i];
		d[i].func_id = kfuncs_dtor_ids[2 * i + 1];
		d[i].addr = addr_of(&kfuncs_dtor_ids[2 * i + 1]);
	}
	return registry_add_dtors(k->registry, k->btf, false, d, kfuncs_n_dtors);
}

static int fill(struct kfunc_kernel *k)
{
	const struct kfuncs_set traced = {.set = &kfuncs_traced_set};
	const char *types;
	unsigned int i;
	int err = 0;

	snprintf(k->release, sizeof(k->release), "6.18.0-libkfunc");
	k->version = LIVE_VERSION;
	k->live = true;
	k->nr_cpus = rt_nr_cpus();
	k->refs = 1;
	set_rules(k);
	types = packed_text(&kfuncs_live_btf, 0);
	if (!*types)
		return -ENOMEM;
	k->btf = btf_parse(types, kfuncs_live_btf.size, NULL, "vmlinux", NULL, 0, &err);
	if (!k->btf)
		return err;
	k->tables = kt_make(k->version, k->btf);
	k->registry = registry_new(k->version);
	if (!k->tables || !k->registry)
		return -ENOMEM;
	resolve_ids(k->btf);
	for (i = 0; !err && i < kfuncs_n_sets; i++)
		err = add_set(k, &kfuncs_sets[i], false);
	if (!err)
		err = add_set(k, &traced, true);
	if (!err)
		err = add_dtors(k);
	if (!err)
		err = rt_events_declare();
	if (!err)
		rt_task_current_install();
	return err;
}

struct kfunc_kernel *kernel_live(void)
{
	struct kfunc_kernel *k = atomic_load_explicit(&live, memory_order_acquire);
	int err = 0;

	if (k)
		return k;
	pthread_mutex_lock(&lock);
	k = atomic_load_explicit(&live, memory_order_relaxed);
	if (!k) {
		k = mem_zalloc(sizeof(*k));
		err = k ? fill(k) : -ENOMEM;
		if (err && k) {
			kernel_put(k);
			k = NULL;
		}
		if (k)
			atomic_store_explicit(&live, k, memory_order_release);
	}
	pthread_mutex_unlock(&lock);
	if (!k)
		errno = -err;
	return k;
}
