/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which registers may be read before they are written, at every instruction: computed once before
 * the walk, backwards over each function until nothing changes (R9.6). A register that is not live
 * does not count when states are compared. Stack slots are tracked during the walk (states.c).
 */
#include "isa/isa.h"
#include "verifier/vf.h"

#define ARGS(n) ((uint16_t)(((1u << (n)) - 1) << 1))

static uint16_t call_args(const struct vf_env *env, uint32_t i)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	const struct kernel_helper *h;
	int n = 0;

	if (insn->src_reg == BPF_PSEUDO_CALL)
		return ARGS(5);
	if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL) {
		const struct kfunc_contract *c = env->info[i].kfunc;

		return ARGS(!c || c->n_args > 5 ? 5 : c->n_args);
	}
	h = kernel_helper(env->kernel, insn->imm, &env->place, NULL);
	if (!h)
		return ARGS(5);
	while (n < 5 && h->arg[n].kind != HARG_NONE)
		n++;
	return ARGS(n);
}

struct flow {
	uint16_t use, def;
	int64_t next[2]; /* -1: none */
};

static void flow_of(const struct vf_env *env, uint32_t i, struct flow *f)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
	bool jump = class == BPF_JMP || class == BPF_JMP32;

	isa_use_def(insn, &f->use, &f->def);
	f->next[0] = i + 1 + (isa_is_ldimm64(insn) ? 1 : 0);
	f->next[1] = -1;
	if (!jump)
		return;
	if (op == BPF_EXIT) {
		f->use |= 1; /* whether or not the caller looks at it */
		f->next[0] = -1;
	} else if (op == BPF_CALL) {
		f->use |= call_args(env, i);
	} else {
		f->next[1] = (int64_t)i + 1 + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm :
										     insn->off);
		if (op == BPF_JA)
			f->next[0] = -1;
	}
}

int vf_liveness(struct vf_env *env)
{
	uint32_t n = env->prog->n_insns;
	struct flow *flow = mem_calloc(n, sizeof(*flow));
	bool changed = true;

	if (!flow)
		return vf_nomem(env);
	for (uint32_t i = 0; i < n; i++)
		flow_of(env, i, &flow[i]);
	while (changed) {
		changed = false;
		for (uint32_t i = n; i-- > 0;) {
			uint16_t out = 0, in;

			if (env->info[i].is_imm64_second)
				continue;
			for (int k = 0; k < 2; k++)
				if (flow[i].next[k] >= 0 && flow[i].next[k] < n)
					out |= env->info[flow[i].next[k]].live_in;
			in = flow[i].use | (out & ~flow[i].def);
			if (in != env->info[i].live_in) {
				env->info[i].live_in = in;
				changed = true;
			}
		}
	}
	mem_free(flow);
	return 0;
}
