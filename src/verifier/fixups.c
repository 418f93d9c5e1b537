/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * After acceptance: the facts that the interpreter and the code generator work from are completed
 * and handed over.
 */
#include "isa/isa.h"
#include "verifier/vf.h"

static void sum_effects(struct vf_env *env)
{
	for (uint32_t i = 0; i < env->n_subprogs; i++) {
		env->facts->might_sleep |= env->sub[i].may_sleep;
		env->facts->changes_pkt |= env->sub[i].changes_pkt;
		env->facts->throws |= env->sub[i].calls_throw;
	}
}

static bool is_cond_jump(const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_JA && op != BPF_CALL &&
	       op != BPF_EXIT && op != BPF_JCOND;
}

/* A side of a conditional jump that no path took is dead (R3.29). */
static void mark_dead_sides(struct vf_env *env)
{
	struct vf_insn_fact *f = env->facts->insn;

	for (uint32_t i = 0; i < env->prog->n_insns; i++) {
		const struct bpf_insn *insn = &env->prog->insns[i];

		if (!(f[i].flags & VFI_SEEN) || !is_cond_jump(insn))
			continue;
		if (!(f[i + 1 + insn->off].flags & VFI_SEEN))
			f[i].flags |= VFI_NEVER;
		else if (!(f[i + 1].flags & VFI_SEEN))
			f[i].flags |= VFI_ALWAYS;
	}
}

int vf_finish_facts(struct vf_env *env)
{
	struct vf_facts *f = env->facts;

	mark_dead_sides(env);
	sum_effects(env);
	f->subprog = env->subprog;
	f->n_subprogs = env->n_subprogs;
	env->subprog = NULL;
	f->local_fields = env->fields_by_type;
	f->n_local_fields = env->n_fields_by_type;
	env->fields_by_type = NULL;
	env->n_fields_by_type = 0;
	return 0;
}
