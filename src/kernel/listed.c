/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kfuncs of a kernel image, from what data/kernels lists by release and what the image's BTF
 * has (kfunc spec R1.3: encoders tag them). A kernel built with another configuration than the one
 * that was listed has other kfuncs; only functions that are in its BTF count, and a tag decides
 * where there are tags.
 *
 * Left out: kfuncs of loadable modules (their BTF is elsewhere); filters, see filters.c.
 */
#include "kernel/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "kernel/tables.h"

#define PROG_TYPES 64

static int cmp_kfunc(const void *name, const void *row)
{
	return strcmp(name, ((const struct kt_kfunc *)row)->name);
}

static const struct kt_kfunc *find_in(const struct kt_kfunc *list, uint32_t n, const char *name)
{
	return bsearch(name, list, n, sizeof(*list), cmp_kfunc);
}

/* In the nearest release, then in those around it, then among the kfuncs of modules. */
static const struct kt_kfunc *find_listed(uint32_t nearest, const char *name)
{
	uint32_t d;

	for (d = 0; d < kt_n_releases; d++) {
		const struct kt_kfunc *f = NULL;

		if (nearest >= d)
			f = find_in(kt_releases[nearest - d].kfuncs, kt_releases[nearest - d].n,
				    name);
		if (!f && nearest + d < kt_n_releases)
			f = find_in(kt_releases[nearest + d].kfuncs, kt_releases[nearest + d].n,
				    name);
		if (f)
			return f;
	}
	return find_in(kt_extra_kfuncs, kt_n_extra_kfuncs, name);
}

int kernel_kfuncs_add(struct kernel_kfuncs *l, const struct kernel_kfunc *f)
{
	int err = mem_grow((void **)&l->row, &l->cap, l->n + 1, sizeof(*l->row));

	if (!err)
		l->row[l->n++] = *f;
	return err;
}

static int add_if_there(const struct kfunc_kernel *k, const struct kt_kfunc *f,
			struct kernel_kfuncs *out)
{
	int32_t id = btf_find(k->btf, f->name, BTF_KIND_FUNC);
	struct kernel_kfunc row = {.id = id, .flags = f->flags, .progs = f->progs};

	return id < 0 ? 0 : kernel_kfuncs_add(out, &row);
}

static bool is_tagged(const struct btf_obj *btf, uint32_t id)
{
	const char *rest = btf_decl_tag_value(btf, id, -1, "bpf_kfunc");

	return rest && !*rest;
}

int kernel_listed_kfuncs(const struct kfunc_kernel *k, struct kernel_kfuncs *out)
{
	const struct kt_release *r = &kt_releases[k->tables->nearest];
	uint32_t id, i, end = btf_end_id(k->btf);
	bool tags = false;
	int err = 0;

	for (id = btf_start_id(k->btf); id < end && !err; id++) {
		const struct kt_kfunc *f;

		if (btf_type_kind(btf_type(k->btf, id)) != BTF_KIND_FUNC || !is_tagged(k->btf, id))
			continue;
		tags = true;
		f = find_listed(k->tables->nearest, btf_type_name(k->btf, id));
		if (f)
			err = add_if_there(k, f, out);
	}
	/* older encoders do not tag: the list alone */
	for (i = 0; i < r->n && !tags && !err; i++)
		err = add_if_there(k, &r->kfuncs[i], out);
	return err;
}

void kernel_complete_kfuncs(const struct kfunc_kernel *k, struct kernel_kfuncs *l)
{
	size_t i, j;

	for (i = 0; i < l->n; i++) {
		const struct kt_kfunc *f;

		if (l->row[i].progs)
			continue;
		f = find_listed(k->tables->nearest, btf_type_name(k->btf, l->row[i].id));
		if (f)
			l->row[i].progs = f->progs;
	}
	for (i = 0; i < l->n; i++)
		for (j = 0; j < l->n && !l->row[i].progs; j++)
			if (l->row[j].set && l->row[j].set == l->row[i].set)
				l->row[i].progs = l->row[j].progs;
}

static int cmp_id(const void *a, const void *b)
{
	const struct contract_entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/*
 * Was a set not yet registered for this type, although the list, which is a later release's, says so? A list
 * of the kernel's own time is right as it is.
 */
static bool came_later(const struct kfunc_kernel *k, uint64_t progs, uint32_t type)
{
	return type == BPF_PROG_TYPE_SYSCALL && !k->rule[RULE_SYSCALL_GENERIC] &&
	       kt_releases[k->tables->nearest].version >= KVER(6, 10) &&
	       (progs >> BPF_PROG_TYPE_TRACING & 1);
}

static int register_type(struct kfunc_kernel *k, const struct kernel_kfuncs *l, uint32_t type,
			 struct contract_entry *e)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (!(l->row[i].progs >> type & 1) || came_later(k, l->row[i].progs, type))
			continue;
		memset(&e[n], 0, sizeof(e[n]));
		e[n].id = l->row[i].id;
		e[n++].flags = l->row[i].flags;
	}
	if (!n)
		return 0;
	qsort(e, n, sizeof(*e), cmp_id);
	/* a type without a hook in this version: its kfuncs came later */
	if (contract_hook_of(type, k->version) < 0)
		return 0;
	return registry_add(k->registry, k->btf, false, type, e, n, NULL);
}

static int register_dtors(struct kfunc_kernel *k)
{
	struct contract_dtor d[16];
	const struct kt_dtor *row;
	uint32_t n = 0;

	for (row = kt_dtors; row->type && n < 16; row++) {
		int32_t type = btf_find(k->btf, row->type, BTF_KIND_STRUCT);
		int32_t func = btf_find(k->btf, row->func, BTF_KIND_FUNC);

		if (!(row->versions & k->tables->bit) || type < 0 || func < 0)
			continue;
		d[n++] = (struct contract_dtor){.type_id = type, .func_id = func};
	}
	return n ? registry_add_dtors(k->registry, k->btf, false, d, n) : 0;
}

static int register_fmodrets(struct kfunc_kernel *k)
{
	struct contract_entry e[16];
	uint32_t i, n = 0;

	for (i = 0; i < kt_n_fmodrets && n < 16; i++) {
		int32_t id = btf_find(k->btf, kt_fmodrets[i].name, BTF_KIND_FUNC);

		if (id < 0)
			continue;
		memset(&e[n], 0, sizeof(e[n]));
		e[n].id = id;
		e[n++].flags = kt_fmodrets[i].flags;
	}
	qsort(e, n, sizeof(*e), cmp_id);
	return n ? registry_add_fmodret(k->registry, k->btf, e, n) : 0;
}

int kernel_register_kfuncs(struct kfunc_kernel *k, const struct kernel_kfuncs *l, char *why,
			   size_t why_size)
{
	struct contract_entry *e = mem_calloc(l->n, sizeof(*e));
	uint32_t type;
	int err = 0;

	if (!e)
		return -ENOMEM;
	for (type = 0; type < PROG_TYPES && !err; type++) {
		err = register_type(k, l, type, e);
		if (err && why)
			snprintf(why, why_size,
				 "the kfuncs for program type %u cannot be registered", type);
	}
	if (!err) {
		err = register_dtors(k);
		if (err && why)
			snprintf(why, why_size, "the destructors cannot be registered");
	}
	if (!err) {
		err = register_fmodrets(k);
		if (err && why)
			snprintf(why, why_size, "the fmod_ret targets cannot be registered");
	}
	mem_free(e);
	return err;
}

/*
 * Of the functions that are kfuncs in any listed release: how many of those in the BTF list r has,
 * minus those it does not have; *absent: how many of list r are not in the BTF. The first
 * recognises a release by what came and went; configurations leave out much, so the second only
 * breaks ties.
 */
static int likeness(const struct btf_obj *btf, uint32_t r, int *absent, bool *any)
{
	uint32_t i, j;
	int score = 0;

	*absent = 0;
	for (i = 0; i < kt_n_releases; i++) {
		for (j = 0; j < kt_releases[i].n; j++) {
			const char *name = kt_releases[i].kfuncs[j].name;
			bool listed = find_in(kt_releases[r].kfuncs, kt_releases[r].n, name);

			if (btf_find(btf, name, BTF_KIND_FUNC) > 0) {
				score += listed ? 1 : -1;
				*any = true;
			} else if (i == r) {
				++*absent;
			}
		}
	}
	return score;
}

uint16_t kernel_guess_version(const struct btf_obj *btf)
{
	int score, absent, best_score = 0, best_absent = 0;
	uint32_t r, best = 0;
	bool any = false;

	for (r = 0; r < kt_n_releases; r++) {
		score = likeness(btf, r, &absent, &any);
		if (r == 0 || score > best_score || (score == best_score && absent < best_absent)) {
			best = r;
			best_score = score;
			best_absent = absent;
		}
	}
	return any ? kt_releases[best].version : 0;
}
