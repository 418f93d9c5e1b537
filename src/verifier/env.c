/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * One verification from beginning to end: the order of the phases (verifier spec 1.6) and what every
 * phase uses to report. Nothing here knows a rule.
 */
#include <stdio.h>

#include "verifier/record.h"
#include "verifier/vf.h"

#define MAX_INSNS 1000000 /* R9.1 */

int vf_reject(struct vf_env *env, enum diag_code code, const char *fmt, ...)
{
	bool first = env->report->verdict == DIAG_ACCEPT;
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = diag_vfail(env->report, code, fmt, ap);
	va_end(ap);
	if (first && env->insn_idx < env->prog->n_insns) {
		env->report->has_insn = true;
		env->report->insn = env->insn_idx;
		diag_add_note(env->report, env->insn_idx, "%s", env->report->message);
	}
	return err;
}

void vf_note(struct vf_env *env, uint32_t insn, const char *fmt, ...)
{
	char text[DIAG_TEXT];
	va_list ap;

	if (env->report->verdict != DIAG_ACCEPT)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add_note(env->report, insn, "%s", text);
}

int vf_unsupported(struct vf_env *env, const char *feature)
{
	int err = diag_unsupported(env->report, feature);

	env->report->has_insn = env->insn_idx < env->prog->n_insns;
	env->report->insn = env->insn_idx;
	return err;
}

void vf_recode(struct vf_env *env, enum diag_code code)
{
	struct diag_report *r = env->report;

	if (r->verdict != DIAG_REJECT)
		return;
	r->code = code;
	r->err = -diag_row(code)->err;
}

int vf_nomem(struct vf_env *env)
{
	return diag_fail(env->report, KF_OUT_OF_MEMORY, "an allocation failed");
}

static int prepare(struct vf_env *env)
{
	uint32_t n = env->prog->n_insns;

	env->info = mem_calloc(n + 1, sizeof(*env->info));
	env->stored = mem_calloc(n, sizeof(*env->stored));
	env->facts->insn = mem_calloc(n, sizeof(*env->facts->insn));
	env->subprog = mem_calloc(VF_MAX_SUBPROGS + 1, sizeof(*env->subprog));
	env->sub = mem_calloc(VF_MAX_SUBPROGS + 1, sizeof(*env->sub));
	if (!env->info || !env->stored || !env->facts->insn || !env->subprog || !env->sub)
		return vf_nomem(env);
	if (env->opts->profile) {
		env->count = mem_calloc(n, sizeof(*env->count));
		if (!env->count)
			return vf_nomem(env);
		env->opts->profile->insn = env->count;
		env->opts->profile->n_insns = n;
	}
	env->facts->n_insns = n;
	env->facts->exception_cb = -1;
	return 0;
}

/* the phases, in the order in which a kernel reports their errors */
static int (*const phases[])(struct vf_env *) = {
	vf_resolve_fd_array, vf_discover,          vf_check_btf_info, vf_resolve_imm64,
	vf_check_cfg,        vf_resolve_attach,    vf_liveness,       vf_find_loops,
	vf_walk_all,         vf_check_stack_depth, vf_finish_facts,
};

static void cleanup(struct vf_env *env)
{
	vf_queue_free(env);
	if (env->cur)
		vf_state_free(env, env->cur);
	vf_states_free(env);
	vf_pool_free(env);
	mem_free((void *)env->filter_view);
	mem_free(env->stored);
	mem_free(env->info);
	mem_free(env->subprog);
	mem_free(env->sub);
	for (uint32_t i = 0; i < env->n_types; i++) {
		for (uint32_t id = 0; id < env->types[i].n; id++)
			mem_free(env->types[i].fields[id]);
		mem_free(env->types[i].fields);
	}
}

int vf_verify(const struct kfunc_kernel *kernel, const struct vf_program *prog,
	      const struct vf_resolver *resolver, const struct vf_options *opts,
	      struct diag_report *report, struct vf_facts *facts)
{
	struct vf_env *env = mem_zalloc(sizeof(*env));
	int err = 0;

	diag_init(report);
	memset(facts, 0, sizeof(*facts));
	if (!env)
		return diag_fail(report, KF_OUT_OF_MEMORY, "an allocation failed");
	env->kernel = kernel;
	env->prog = prog;
	env->resolver = resolver;
	env->opts = opts;
	env->report = report;
	env->facts = facts;
	env->max_insns = opts->max_insns ? opts->max_insns : MAX_INSNS;
	env->insn_idx = UINT32_MAX; /* no instruction yet */
	err = vf_check_load(env);
	if (!err)
		err = prepare(env);
	for (size_t i = 0; !err && i < sizeof(phases) / sizeof(phases[0]); i++)
		err = phases[i](env);
	report->processed = env->processed;
	report->total_states = env->total_states;
	report->peak_states = env->peak_states;
	report->max_states_per_insn = env->max_states_per_insn;
	report->state_bytes = env->peak_state_bytes;
	if (err && report->verdict == DIAG_ACCEPT) /* a rule without its diagnostic: say so */
		diag_fail(report, KF_OUT_OF_MEMORY, "the verifier stopped with error %d", err);
	if (report->verdict != DIAG_ACCEPT)
		vf_facts_free(facts);
	cleanup(env);
	mem_free(env);
	return report->err;
}

void vf_profile_free(struct vf_profile *profile)
{
	mem_free(profile->insn);
	memset(profile, 0, sizeof(*profile));
}

void vf_facts_free(struct vf_facts *facts)
{
	for (uint32_t i = 0; i < facts->n_cases; i++)
		mem_free(facts->cases[i]);
	mem_free(facts->cases);
	for (uint32_t i = 0; i < facts->n_local_fields; i++)
		mem_free(facts->local_fields[i]);
	mem_free(facts->local_fields);
	vf_record_free(facts->record);
	mem_free(facts->insn);
	mem_free(facts->subprog);
	memset(facts, 0, sizeof(*facts));
}
