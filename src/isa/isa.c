/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Lookup, field check and use/def masks: three walks over the rows of insn.def. The opcode indexes
 * the first of its rows; instructions that share an opcode follow it and are told apart by one
 * field. Rules: verifier spec 2.1, 2.2.
 */
#include "isa/isa.h"

enum {
	U_NONE = ISA_U_NONE,
	U_D = ISA_U_DST,
	U_S = ISA_U_SRC,
	U_DS = ISA_U_DST | ISA_U_SRC,
	U_DS0 = ISA_U_DST | ISA_U_SRC | ISA_U_R0,
	U_R0 = ISA_U_R0,
	U_R6 = ISA_U_R6,
	U_S6 = ISA_U_SRC | ISA_U_R6,
	U_C = ISA_U_CLOBBER,
};

const struct isa_insn isa_rows[ISA_OP_COUNT] = {
#define INSN(sym, code, dst, src, off, imm, val, use, def, since, text)                            \
	[ISA_##sym] = {ISA_##sym, code,    ISA_F_##dst, ISA_F_##src, ISA_F_##off, ISA_F_##imm,     \
		       val,       U_##use, U_##def,     since,       text},
#define ALT INSN
#include "isa/insn.def"
#undef ALT
#undef INSN
};

/* row number + 1 of an opcode's first row, 0: no such opcode */
static const uint16_t first_row[256] = {
#define INSN(sym, code, dst, src, off, imm, val, use, def, since, text) [code] = ISA_##sym + 1,
#define ALT(sym, code, dst, src, off, imm, val, use, def, since, text)
#include "isa/insn.def"
#undef ALT
#undef INSN
};

static bool rule_holds(uint8_t rule, int64_t v, int32_t val)
{
	switch (rule) {
	case ISA_F_ZERO:
		return v == 0;
	case ISA_F_REG:
		return v >= 0 && v <= 10;
	case ISA_F_IS:
		return v == val;
	case ISA_F_ONE:
		return v == 1;
	case ISA_F_NONZERO:
		return v != 0;
	case ISA_F_SHIFT32:
		return v >= 0 && v < 32;
	case ISA_F_SHIFT64:
		return v >= 0 && v < 64;
	case ISA_F_WIDTH:
		return v == 16 || v == 32 || v == 64;
	default:
		return true;
	}
}

/* Does the field that tells variants apart hold this row's value? */
static bool selects(const struct isa_insn *row, const struct bpf_insn *insn)
{
	return (row->src != ISA_F_IS || insn->src_reg == row->val) &&
	       (row->off != ISA_F_IS || insn->off == row->val) &&
	       (row->imm != ISA_F_IS || insn->imm == row->val) &&
	       (row->off != ISA_F_ONE || insn->off == 1);
}

const struct isa_insn *isa_lookup(const struct bpf_insn *insn)
{
	uint16_t first = first_row[insn->code];
	const struct isa_insn *row;

	if (!first)
		return NULL;
	for (row = &isa_rows[first]; row < isa_rows + ISA_OP_COUNT && row->code == insn->code;
	     row++)
		if (selects(row, insn))
			return row;
	return &isa_rows[first - 1];
}

enum isa_field isa_check_fields(const struct bpf_insn *insn)
{
	const struct isa_insn *row = isa_lookup(insn);

	if (!row)
		return ISA_OPCODE;
	if (!rule_holds(row->dst, insn->dst_reg, row->val))
		return ISA_DST;
	if (!rule_holds(row->src, insn->src_reg, row->val))
		return ISA_SRC;
	if (!rule_holds(row->off, insn->off, row->val))
		return ISA_OFF;
	if (!rule_holds(row->imm, insn->imm, row->val))
		return ISA_IMM;
	return ISA_OK;
}

enum isa_field isa_check_second_half(const struct bpf_insn *insn)
{
	const struct bpf_insn *hi = insn + 1;

	if (hi->code)
		return ISA_OPCODE;
	if (hi->dst_reg)
		return ISA_DST;
	if (hi->src_reg)
		return ISA_SRC;
	if (hi->off)
		return ISA_OFF;
	/* map objects and subprograms have nothing to say there; a map value has its offset */
	if (hi->imm && (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_FUNC ||
			insn->src_reg == BPF_PSEUDO_MAP_IDX))
		return ISA_IMM;
	return ISA_OK;
}

static uint16_t mask_of(uint8_t operands, const struct bpf_insn *insn)
{
	uint16_t m = 0;

	if (operands & ISA_U_DST)
		m |= 1u << insn->dst_reg;
	if (operands & ISA_U_SRC)
		m |= 1u << insn->src_reg;
	if (operands & ISA_U_R0)
		m |= 1u << 0;
	if (operands & ISA_U_R6)
		m |= 1u << 6;
	if (operands & ISA_U_CLOBBER)
		m |= 0x3f;
	return m;
}

void isa_use_def(const struct bpf_insn *insn, uint16_t *use, uint16_t *def)
{
	const struct isa_insn *row = isa_lookup(insn);

	*use = row ? mask_of(row->use, insn) : 0;
	*def = row ? mask_of(row->def, insn) : 0;
}
