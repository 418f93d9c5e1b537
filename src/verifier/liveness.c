/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which registers may be read before they are written, at every instruction: computed once before
 * the walk, backwards over each function until nothing changes (R9.6). A register that is not live
 * does not count when states are compared. Stack slots are tracked during the walk (states.c).
 */
#include "isa/isa.h"
#include "verifier/vf.h"

#define ARGS(n) ((uint16_t)(((1u << (n)) - 1) << 1))

/* Linux takes all five for the arguments of what it knows nothing of, or does not offer. */
static int call_args(struct vf_env *env, uint32_t i, uint16_t *args)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	const struct vf_insn_info *info = &env->info[i];
	const struct kernel_helper *h;
	bool known = false;
	int n = 0, err = 0;

	*args = ARGS(5);
	if (insn->src_reg == BPF_PSEUDO_CALL)
		return 0;
	if (insn->src_reg == BPF_PSEUDO_KFUNC_CALL) {
		if (info->kfunc)
			err = vf_kfunc_offered(env, i, &known);
		if (known && info->kfunc->n_args < 5)
			*args = ARGS(info->kfunc->n_args);
		return err;
	}
	h = kernel_helper(env->kernel, insn->imm, &env->place, NULL);
	if (!h)
		return 0;
	while (n < 5 && h->arg[n].kind != HARG_NONE)
		n++;
	*args = ARGS(n);
	return 0;
}

struct flow {
	uint16_t use, def;
	int64_t next[2]; /* -1: none */
};

static int flow_of(struct vf_env *env, uint32_t i, struct flow *f)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
	bool jump = class == BPF_JMP || class == BPF_JMP32;

	isa_use_def(insn, &f->use, &f->def);
	f->next[0] = i + 1 + (isa_is_ldimm64(insn) ? 1 : 0);
	f->next[1] = -1;
	if (class == BPF_LD && !isa_is_ldimm64(insn)) { /* Linux: whatever it reads, all are live */
		f->use = 0x3ff;
		f->def = 0;
	}
	if (!jump)
		return 0;
	if (op == BPF_EXIT) {
		f->use |= 1; /* whether or not the caller looks at it */
		f->next[0] = -1;
	} else if (op == BPF_CALL) {
		uint16_t args;
		int err = call_args(env, i, &args);

		if (err)
			return err;
		f->use |= args;
	} else {
		f->next[1] = (int64_t)i + 1 +
			     (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);
		if (op == BPF_JA)
			f->next[0] = -1;
	}
	return 0;
}

int vf_liveness(struct vf_env *env)
{
	uint32_t n = env->prog->n_insns;
	struct flow *flow = mem_calloc(n, sizeof(*flow));
	bool changed = true;
	int err = 0;

	if (!flow)
		return vf_nomem(env);
	for (uint32_t i = 0; i < n && !err; i++)
		err = flow_of(env, i, &flow[i]);
	while (changed && !err) {
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
	return err;
}
