/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * After acceptance: the facts that the interpreter and the code generator work from are completed
 * and handed over.
 */
#include "verifier/vf.h"

static void sum_effects(struct vf_env *env)
{
	for (uint32_t i = 0; i < env->n_subprogs; i++) {
		env->facts->might_sleep |= env->sub[i].may_sleep;
		env->facts->changes_pkt |= env->sub[i].changes_pkt;
		env->facts->throws |= env->sub[i].calls_throw;
		env->subprog[i].may_sleep = env->sub[i].may_sleep;
		env->subprog[i].changes_pkt = env->sub[i].changes_pkt;
	}
}

/* what instructions refer to */
static int keep_fields(struct vf_env *env)
{
	struct vf_facts *f = env->facts;
	uint32_t n = 0;

	for (uint32_t i = 0; i < env->n_types; i++)
		for (uint32_t id = 0; id < env->types[i].n; id++)
			n += env->types[i].fields[id] != NULL;
	if (!n)
		return 0;
	f->local_fields = mem_calloc(n, sizeof(f->local_fields[0]));
	if (!f->local_fields)
		return vf_nomem(env);
	for (uint32_t i = 0; i < env->n_types; i++)
		for (uint32_t id = 0; id < env->types[i].n; id++)
			if (env->types[i].fields[id]) {
				f->local_fields[f->n_local_fields++] = env->types[i].fields[id];
				env->types[i].fields[id] = NULL;
			}
	return 0;
}

int vf_finish_facts(struct vf_env *env)
{
	struct vf_facts *f = env->facts;

	sum_effects(env);
	vf_note_main_btf(env);
	f->subprog = env->subprog;
	f->n_subprogs = env->n_subprogs;
	env->subprog = NULL;
	return keep_fields(env);
}
