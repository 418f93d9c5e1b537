/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Validity of single instructions, once for the whole program before anything is simulated (verifier
 * spec R2.1, R2.2, 2.1). The field rules are the rows of isa/insn.def. Some wrong fields are errors
 * even in dead code; up to 7.1 others count only when the instruction is simulated, and are kept in
 * info[].bad_field for that moment. Pairs of ldimm64 and what they name are imm64.c's.
 */
#include "isa/isa.h"
#include "verifier/reg.h"

/* classes whose fields are looked at in dead code as well */
static bool checked_when_dead(const struct vf_env *env, const struct bpf_insn *insn,
			      enum isa_field field)
{
	uint8_t class = BPF_CLASS(insn->code);

	if (vf_rule(env, RULE_UPFRONT_FIELD_CHECKS) || field == ISA_OPCODE)
		return true;
	if (field == ISA_DST && insn->dst_reg >= VF_REGS)
		return false;
	if (field == ISA_SRC && insn->src_reg >= VF_REGS)
		return false;
	if (class == BPF_LDX)
		return true;
	if (class == BPF_STX || class == BPF_ST) /* mode and, of a plain store, imm */
		return field == ISA_IMM && BPF_MODE(insn->code) != BPF_ATOMIC;
	return false;
}

static int reject_at(struct vf_env *env, uint32_t idx, enum isa_field field)
{
	static const char *const name[] = {
		[ISA_DST] = "destination register",
		[ISA_SRC] = "source register",
		[ISA_OFF] = "offset",
		[ISA_IMM] = "immediate",
	};
	const struct bpf_insn *insn = &env->prog->insns[idx];
	uint8_t op = BPF_OP(insn->code), class = BPF_CLASS(insn->code);
	bool alu = class == BPF_ALU || class == BPF_ALU64;

	env->insn_idx = idx;
	if (field == ISA_OPCODE)
		return vf_reject(env, KF_BAD_OPCODE, "opcode 0x%02x is not an instruction",
				 insn->code);
	if ((field == ISA_DST && insn->dst_reg >= VF_REGS) ||
	    (field == ISA_SRC && insn->src_reg >= VF_REGS))
		return vf_reject(env, KF_BAD_REGISTER, "there is no register r%u",
				 field == ISA_DST ? insn->dst_reg : insn->src_reg);
	if (field == ISA_IMM && alu && (op == BPF_DIV || op == BPF_MOD) &&
	    BPF_SRC(insn->code) == BPF_K && !insn->imm)
		return vf_reject(env, KF_DIV_ZERO, "the divisor is the constant 0");
	if (field == ISA_IMM && alu && (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) &&
	    BPF_SRC(insn->code) == BPF_K)
		return vf_reject(env, KF_SHIFT_RANGE, "a shift by %d", insn->imm);
	return vf_reject(env, KF_RESERVED_FIELD, "the %s of opcode 0x%02x has a value it must not have",
			 name[field], insn->code);
}

int vf_reject_field(struct vf_env *env)
{
	return reject_at(env, env->insn_idx,
			 (enum isa_field)env->info[env->insn_idx].bad_field);
}

/* instructions younger than the kernel version do not exist */
static bool too_new(const struct vf_env *env, const struct isa_insn *row)
{
	return row->since > env->kernel->version;
}

/* up to 6.13 a may_goto must go somewhere */
static bool bad_may_goto(const struct vf_env *env, const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_JCOND) && !insn->off &&
	       !vf_rule(env, RULE_MAY_GOTO_ZERO);
}

int vf_check_insns(struct vf_env *env)
{
	const struct bpf_insn *insns = env->prog->insns;

	for (uint32_t i = 0; i < env->prog->n_insns; i++) {
		const struct bpf_insn *insn = &insns[i];
		const struct isa_insn *row = isa_lookup(insn);
		enum isa_field field = isa_check_fields(insn);

		if (row && too_new(env, row))
			field = ISA_OPCODE;
		if (field == ISA_OK && bad_may_goto(env, insn))
			field = ISA_OFF;
		if (field == ISA_OK) {
			if (isa_is_ldimm64(insn))
				i++;
			continue;
		}
		if (isa_is_ldimm64(insn)) { /* the pair is checked as one by imm64.c, dead or not */
			i++;
			continue;
		}
		if (checked_when_dead(env, insn, field))
			return reject_at(env, i, field);
		env->info[i].bad_field = (uint8_t)field;
	}
	return 0;
}
