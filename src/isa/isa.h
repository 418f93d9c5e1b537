/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The BPF instruction set to cpu v4, one row per instruction in insn.def: opcode, what each field
 * may hold, registers read and written, first kernel version, assembly text. Everything here is
 * derived from the rows: lookup, field check (verifier spec 2.1, 2.2), use and def masks,
 * disassembler and assembler. Nothing here knows about programs; what depends on the version or on
 * other instructions (jump targets, fds) is the verifier's.
 */
#ifndef ISA_ISA_H
#define ISA_ISA_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* names that the installed <linux/bpf.h> may be too old to have */
#ifndef BPF_MEMSX
#define BPF_MEMSX 0x80
#endif
#ifndef BPF_JCOND
#define BPF_JCOND 0xe0
#endif
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ  0x100
#define BPF_STORE_REL 0x110
#endif
#ifndef BPF_PSEUDO_KFUNC_CALL
#define BPF_PSEUDO_KFUNC_CALL 2
#endif

enum isa_op {
#define INSN(sym, code, dst, src, off, imm, val, use, def, since, text) ISA_##sym,
#define ALT                                                             INSN
#include "isa/insn.def"
#undef ALT
#undef INSN
	ISA_OP_COUNT
};

/* the first field of an instruction that breaks its row's rule */
enum isa_field { ISA_OK, ISA_OPCODE, ISA_DST, ISA_SRC, ISA_OFF, ISA_IMM };

/* What a field may hold. IS: exactly the row's `val`, which tells apart rows that share an opcode.
 */
enum isa_rule {
	ISA_F_ZERO, /* reserved */
	ISA_F_ANY,
	ISA_F_REG,     /* 0..10 */
	ISA_F_IS,      /* == val */
	ISA_F_ONE,     /* == 1 */
	ISA_F_NONZERO, /* immediate divisor */
	ISA_F_SHIFT32, /* 0..31 */
	ISA_F_SHIFT64, /* 0..63 */
	ISA_F_WIDTH,   /* 16, 32 or 64 */
};

/* operands read and written, combined into the masks of isa_use_def() */
enum isa_operand {
	ISA_U_NONE = 0,
	ISA_U_DST = 1 << 0,
	ISA_U_SRC = 1 << 1,
	ISA_U_R0 = 1 << 2,
	ISA_U_R6 = 1 << 3,
	ISA_U_CLOBBER = 1 << 4, /* R0-R5 */
};

struct isa_insn {
	enum isa_op op;
	uint8_t code;
	uint8_t dst, src, off, imm; /* enum isa_rule */
	int32_t val;
	uint8_t use, def; /* enum isa_operand */
	uint16_t since;   /* major << 8 | minor of the first kernel with it, 0: older than 6.0 */
	const char *text; /* template, tokens in insn.def */
};

extern const struct isa_insn isa_rows[ISA_OP_COUNT];

/*
 * The row of an instruction, O(1). NULL: the opcode is in no row. When rows share an opcode and no
 * variant fits, the opcode's first row is returned and isa_check_fields() names the field.
 * For a 16-byte load insn is its first half.
 */
const struct isa_insn *isa_lookup(const struct bpf_insn *insn);

/* Reserved and restricted fields (2.1). For a 16-byte load only the first half is looked at. */
enum isa_field isa_check_fields(const struct bpf_insn *insn);

/*
 * The pair of a 16-byte load (R2.3): insn[1] must exist. ISA_OK, or the field of the *second* half
 * that is wrong; ISA_IMM when the kind wants the upper half to be zero.
 */
enum isa_field isa_check_second_half(const struct bpf_insn *insn);

static inline bool isa_is_ldimm64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

/*
 * Masks of registers (bit n = Rn) read and written. Calls: use is 0 and def R0-R5, the caller adds
 * the arguments. A conditional write counts as a write only when it always happens: compare and
 * exchange reads and writes R0. Both are 0 for something that is no instruction.
 */
void isa_use_def(const struct bpf_insn *insn, uint16_t *use, uint16_t *def);

/* Assembly text without newline, jumps relative ("+3"); what is no instruction becomes its bytes.
 */
void isa_disasm(const struct bpf_insn *insn, struct strbuf *out);

/*
 * Assembles text (one instruction a line or separated by ';'; "#" starts a comment; "name:" is a
 * label; jumps and calls take labels or offsets). *out is freed with mem_free(). 0, -ENOMEM, or
 * -EINVAL with a sentence in err. Meant for tests and tools.
 */
int isa_asm(const char *text, struct bpf_insn **out, uint32_t *n, char *err, size_t err_size);

/* template matching, shared by disassembler and assembler (text.c) */
struct isa_operands {
	uint8_t dst, src;
	int16_t off;
	int32_t imm, imm2; /* imm2: second half of a 16-byte load */
	char label[32];    /* assembler: jump target by name, "" if numeric */
};
bool isa_text_match(const struct isa_insn *row, const char *line, struct isa_operands *out);
void isa_text_print(const struct isa_insn *row, const struct isa_operands *in, struct strbuf *out);

#endif
