/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Assembler: each line is tried against every row's template (isa_text_match), then fields that the
 * text does not show are filled from the row's rules. Two passes: labels are positions in
 * instructions, 16-byte loads count twice. Speed does not matter here, tests do.
 */
#include "isa/isa.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define LINE_MAX_LEN 160
#define MAX_LABELS   256

struct asm_fixup {
	uint32_t insn;
	bool in_imm;
	char label[32];
};

struct asm_state {
	struct bpf_insn *insn;
	size_t n, cap;
	struct {
		char name[32];
		uint32_t at;
	} label[MAX_LABELS];
	uint32_t n_labels;
	struct asm_fixup *fixup;
	size_t n_fixups, fixup_cap;
	uint32_t line;
	char *err;
	size_t err_size;
};

static int asm_error(struct asm_state *a, const char *what, const char *detail)
{
	if (a->err_size)
		snprintf(a->err, a->err_size, "line %u: %s: %s", a->line, what, detail);
	return -EINVAL;
}

static int add_label(struct asm_state *a, const char *name, size_t len)
{
	uint32_t i;

	if (len >= sizeof(a->label[0].name) || a->n_labels == MAX_LABELS)
		return asm_error(a, "label too long or too many", name);
	for (i = 0; i < a->n_labels; i++)
		if (strlen(a->label[i].name) == len && !memcmp(a->label[i].name, name, len))
			return asm_error(a, "label defined twice", name);
	memcpy(a->label[a->n_labels].name, name, len);
	a->label[a->n_labels].name[len] = '\0';
	a->label[a->n_labels++].at = a->n;
	return 0;
}

static int push(struct asm_state *a, struct bpf_insn insn)
{
	int err = mem_grow((void **)&a->insn, &a->cap, a->n + 1, sizeof(*a->insn));

	if (err)
		return err;
	a->insn[a->n++] = insn;
	return 0;
}

static int emit(struct asm_state *a, const struct isa_insn *row, const struct isa_operands *o)
{
	struct bpf_insn insn = {.code = row->code};
	int err;

	insn.dst_reg = o->dst;
	insn.src_reg = row->src == ISA_F_IS ? (unsigned int)row->val : o->src;
	insn.off = row->off == ISA_F_IS ? row->val : row->off == ISA_F_ONE ? 1 : o->off;
	insn.imm = row->imm == ISA_F_IS ? row->val : o->imm;
	if (o->label[0]) {
		struct asm_fixup *f;

		err = mem_grow((void **)&a->fixup, &a->fixup_cap, a->n_fixups + 1, sizeof(*f));
		if (err)
			return err;
		f = &a->fixup[a->n_fixups++];
		f->insn = a->n;
		f->in_imm =
			row->op == ISA_JA32 || row->op == ISA_CALL_SUB || row->op == ISA_LD_FUNC;
		memcpy(f->label, o->label, sizeof(f->label));
	}
	err = push(a, insn);
	if (!err && row->code == (BPF_LD | BPF_IMM | BPF_DW))
		err = push(a, (struct bpf_insn){.imm = o->imm2});
	return err;
}

static int assemble_line(struct asm_state *a, char *line)
{
	struct isa_operands o;
	unsigned int i;
	char *p = line, *colon;

	while (isspace((unsigned char)*p))
		p++;
	colon = strchr(p, ':');
	if (colon) {
		int err = add_label(a, p, colon - p);

		if (err)
			return err;
		p = colon + 1;
	}
	while (isspace((unsigned char)*p))
		p++;
	if (!*p)
		return 0;
	for (i = 0; i < ISA_OP_COUNT; i++)
		if (isa_text_match(&isa_rows[i], p, &o))
			return emit(a, &isa_rows[i], &o);
	return asm_error(a, "not an instruction", p);
}

static int resolve(struct asm_state *a)
{
	size_t i;
	uint32_t k;

	for (i = 0; i < a->n_fixups; i++) {
		const struct asm_fixup *f = &a->fixup[i];
		int64_t delta;

		for (k = 0; k < a->n_labels; k++)
			if (!strcmp(a->label[k].name, f->label))
				break;
		if (k == a->n_labels)
			return asm_error(a, "unknown label", f->label);
		delta = (int64_t)a->label[k].at - f->insn - 1;
		if (!f->in_imm && (delta < INT16_MIN || delta > INT16_MAX))
			return asm_error(a, "label too far", f->label);
		if (f->in_imm)
			a->insn[f->insn].imm = (int32_t)delta;
		else
			a->insn[f->insn].off = (int16_t)delta;
	}
	return 0;
}

static int assemble_text(struct asm_state *a, const char *text)
{
	char line[LINE_MAX_LEN];

	for (a->line = 1; *text; a->line++) {
		size_t len = strcspn(text, "\n;"), keep;
		int err;

		if (len >= sizeof(line))
			return asm_error(a, "line too long", "");
		memcpy(line, text, len);
		line[len] = '\0';
		keep = strcspn(line, "#");
		line[keep] = '\0';
		while (keep && isspace((unsigned char)line[keep - 1]))
			line[--keep] = '\0';
		err = assemble_line(a, line);
		if (err)
			return err;
		text += len + (text[len] != '\0');
	}
	return resolve(a);
}

int isa_asm(const char *text, struct bpf_insn **out, uint32_t *n, char *err, size_t err_size)
{
	struct asm_state *a = mem_zalloc(sizeof(*a));
	int ret;

	*out = NULL;
	*n = 0;
	if (err_size)
		err[0] = '\0';
	if (!a)
		return -ENOMEM;
	a->err = err;
	a->err_size = err_size;
	ret = assemble_text(a, text);
	if (!ret) {
		*out = a->insn;
		*n = a->n;
	} else {
		mem_free(a->insn);
	}
	mem_free(a->fixup);
	mem_free(a);
	return ret;
}
