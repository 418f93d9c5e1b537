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

int vf_finish_facts(struct vf_env *env)
{
	struct vf_facts *f = env->facts;

	sum_effects(env);
	vf_note_main_btf(env);
	f->subprog = env->subprog;
	f->n_subprogs = env->n_subprogs;
	env->subprog = NULL;
	f->local_fields = env->fields_by_type;
	f->n_local_fields = env->n_fields_by_type;
	env->fields_by_type = NULL;
	env->n_fields_by_type = 0;
	return 0;
}
