/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the calls of objects' kfuncs are compiled with (kfunc spec R2.15): the type that bpf_obj_new()
 * makes, the offset of a node that is inserted, how far into its object a pointer leads whose count is
 * taken. Nearly always that is one thing, a constant of the instruction. Where paths differ, all that
 * is seen is kept and the run finds what applies: by the type id in R1, or by the objects themselves.
 * (Linux 6.18.44 keeps what the verifier saw last, and uses that on every path.)
 *
 * Nothing here depends on the order of paths: a pruned path has the same constant, type and offset as
 * the one that covers it.
 */
#include "verifier/call.h"

#define MAX_CASES 4096 /* of an instruction; insertion is linear */

static struct vf_cases *new_cases(struct vf_env *env, struct vf_insn_fact *f)
{
	struct vf_facts *facts = env->facts;
	struct vf_cases *cs;

	if (mem_grow((void **)&facts->cases, &env->cases_cap, facts->n_cases + 1,
		     sizeof(facts->cases[0])))
		return NULL;
	cs = mem_zalloc(sizeof(*cs) + sizeof(cs->c[0]));
	if (!cs)
		return NULL;
	cs->n = 1;
	cs->c[0] = (struct vf_case){f->imm64, f->fields, f->size};
	facts->cases[facts->n_cases++] = cs;
	f->cases = facts->n_cases;
	return cs;
}

static uint32_t find(const struct vf_cases *cs, uint64_t key)
{
	uint32_t lo = 0, hi = cs->n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (cs->c[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int add_case(struct vf_env *env, struct vf_insn_fact *f, const struct vf_case *c)
{
	struct vf_cases *cs = f->cases ? env->facts->cases[f->cases - 1] : new_cases(env, f);
	uint32_t at;

	if (!cs)
		return vf_nomem(env);
	at = find(cs, c->key);
	if (at < cs->n && cs->c[at].key == c->key)
		return 0;
	if (cs->n == MAX_CASES)
		return vf_unsupported(env, "one call instruction that sees thousands of objects");
	cs = mem_realloc(cs, sizeof(*cs) + (cs->n + 1) * sizeof(cs->c[0]));
	if (!cs)
		return vf_nomem(env);
	env->facts->cases[f->cases - 1] = cs;
	memmove(&cs->c[at + 1], &cs->c[at], (cs->n - at) * sizeof(cs->c[0]));
	cs->c[at] = *c;
	cs->n++;
	return 0;
}

int vf_note_object(struct vf_env *env, uint64_t key, const struct btf_fields *fields, uint32_t size)
{
	struct vf_insn_info *info = &env->info[env->insn_idx];
	struct vf_insn_fact *f = &env->facts->insn[env->insn_idx];
	const struct vf_case c = {key, fields, size};

	if (!info->object_seen) {
		info->object_seen = true;
		f->imm64 = key;
		f->fields = fields;
		f->size = size;
		return 0;
	}
	if (f->imm64 != key || f->cases) {
		int err = add_case(env, f, &c);

		if (err)
			return err;
	}
	if (f->fields != fields) /* types whose nodes are at the same place */
		f->fields = NULL;
	return 0;
}
