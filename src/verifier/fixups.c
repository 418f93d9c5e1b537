/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * After the walk: functions that are not there any more; then the facts that the interpreter and the
 * code generator work from are completed and handed over.
 */
#include "isa/isa.h"
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

static bool entered(const struct vf_env *env, uint32_t subprog)
{
	return env->facts->insn[env->subprog[subprog].start].flags & VFI_SEEN;
}

/*
 * Linux removes functions that no path entered (callbacks of loops without rounds). Their address is
 * that of the next one then; where there is none it gives up, unless the main function is all that is
 * left.
 */
static int check_lost_callbacks(struct vf_env *env)
{
	uint32_t last = env->n_subprogs - 1;

	while (last && !entered(env, last))
		last--;
	for (uint32_t i = 0; last && i < env->prog->n_insns; i++) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (!isa_is_ldimm64(insn))
			continue;
		if (insn->src_reg == BPF_PSEUDO_FUNC && env->facts->insn[i].flags & VFI_SEEN &&
		    env->info[i].target > (int32_t)last) {
			env->insn_idx = i;
			return vf_reject(
				env, KF_CALLBACK_GONE,
				"the function at instruction %u is never entered, and none "
				"that is follows it",
				env->subprog[env->info[i].target].start);
		}
		i++;
	}
	return 0;
}

int vf_finish_facts(struct vf_env *env)
{
	struct vf_facts *f = env->facts;
	int err = check_lost_callbacks(env);

	if (err)
		return err;
	sum_effects(env);
	vf_note_main_btf(env);
	f->subprog = env->subprog;
	f->n_subprogs = env->n_subprogs;
	env->subprog = NULL;
	return keep_fields(env);
}
