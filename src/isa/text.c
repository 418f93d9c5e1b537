/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Assembly text, in both directions from one template per row: printing replaces the tokens,
 * matching reads them back. So whatever is printed can be assembled again, and a new row is text in
 * insn.def only. Blanks in a template match any number of blanks in a line.
 */
#include "isa/isa.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

static void print_token(char t, const struct isa_operands *in, struct strbuf *out)
{
	switch (t) {
	case 'd':
		strbuf_printf(out, "r%u", in->dst);
		break;
	case 'D':
		strbuf_printf(out, "w%u", in->dst);
		break;
	case 's':
		strbuf_printf(out, "r%u", in->src);
		break;
	case 'S':
		strbuf_printf(out, "w%u", in->src);
		break;
	case 'i':
		strbuf_printf(out, "%d", in->imm);
		break;
	case 'n':
		strbuf_printf(out, "%u", (uint32_t)in->imm);
		break;
	case 'h':
		strbuf_printf(out, "%d", in->imm2);
		break;
	case 'f':
		strbuf_printf(out, "%d", in->off);
		break;
	case 'o':
		strbuf_printf(out, in->off < 0 ? " - %d" : " + %d",
			      in->off < 0 ? -in->off : in->off);
		break;
	case 'j':
		strbuf_printf(out, "%+d", in->off);
		break;
	case 'J':
		strbuf_printf(out, "%+d", in->imm);
		break;
	case 'l':
		strbuf_printf(out, "0x%llx",
			      (unsigned long long)((uint64_t)(uint32_t)in->imm2 << 32 |
						   (uint32_t)in->imm));
		break;
	default:
		strbuf_add(out, &t, 1);
	}
}

void isa_text_print(const struct isa_insn *row, const struct isa_operands *in, struct strbuf *out)
{
	const char *t;

	for (t = row->text; *t; t++) {
		if (*t == '%')
			print_token(*++t, in, out);
		else
			strbuf_add(out, t, 1);
	}
}

void isa_disasm(const struct bpf_insn *insn, struct strbuf *out)
{
	const struct isa_insn *row = isa_lookup(insn);
	struct isa_operands o = {.dst = insn->dst_reg,
				 .src = insn->src_reg,
				 .off = insn->off,
				 .imm = insn->imm};

	if (!row || isa_check_fields(insn) != ISA_OK) {
		strbuf_printf(out, ".insn 0x%02x, dst %u, src %u, off %d, imm %d", insn->code,
			      insn->dst_reg, insn->src_reg, insn->off, insn->imm);
		return;
	}
	if (isa_is_ldimm64(insn))
		o.imm2 = insn[1].imm;
	isa_text_print(row, &o, out);
}

/* ---- matching ---- */

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* a number in C notation within [lo, hi]; NULL if there is none */
static const char *read_number(const char *p, int64_t lo, int64_t hi, int64_t *v)
{
	char *end;

	if (!isdigit((unsigned char)*p) &&
	    !((*p == '-' || *p == '+') && isdigit((unsigned char)p[1])))
		return NULL;
	errno = 0;
	*v = strtoll(p, &end, 0);
	if (errno || *v < lo || *v > hi || isalnum((unsigned char)*end))
		return NULL;
	return end;
}

static const char *read_reg(const char *p, char prefix, uint8_t *reg)
{
	unsigned int n;

	if (*p != prefix || !isdigit((unsigned char)p[1]))
		return NULL;
	n = p[1] - '0';
	p += 2;
	if (n == 1 && *p == '0') {
		n = 10;
		p++;
	}
	if (isalnum((unsigned char)*p) || *p == '_')
		return NULL;
	*reg = n;
	return p;
}

/* "+3", "-3", or a label's name */
static const char *read_target(const char *p, int64_t lo, int64_t hi, int64_t *v, char *label,
			       size_t label_size)
{
	size_t n = 0;

	if (*p == '+' || *p == '-')
		return read_number(p, lo, hi, v);
	while ((isalnum((unsigned char)p[n]) || p[n] == '_') && n + 1 < label_size)
		n++;
	if (!n || isdigit((unsigned char)*p))
		return NULL;
	memcpy(label, p, n);
	label[n] = '\0';
	*v = 0;
	return p + n;
}

/* " + 4", " - 4"; nothing means 0 */
static const char *read_mem_off(const char *p, int64_t *v)
{
	const char *q = skip_blanks(p);
	char sign = *q;

	*v = 0;
	if (sign != '+' && sign != '-')
		return p;
	q = skip_blanks(q + 1);
	if (!isdigit((unsigned char)*q))
		return NULL;
	q = read_number(q, 0, 32768, v);
	if (q && sign == '-')
		*v = -*v;
	return q && *v <= INT16_MAX ? q : NULL;
}

static const char *read_imm64(const char *p, struct isa_operands *o)
{
	uint64_t v;
	char *end;

	if (!isdigit((unsigned char)*p) && !(*p == '-' && isdigit((unsigned char)p[1])))
		return NULL;
	errno = 0;
	v = *p == '-' ? (uint64_t)strtoll(p, &end, 0) : strtoull(p, &end, 0);
	if (errno)
		return NULL;
	o->imm = (int32_t)v;
	o->imm2 = (int32_t)(v >> 32);
	return end;
}

static const char *match_reg(char t, const char *p, struct isa_operands *o, unsigned int *seen)
{
	bool dst = t == 'd' || t == 'D';
	uint8_t *slot = dst ? &o->dst : &o->src;
	unsigned int bit = dst ? 1 : 2;
	uint8_t reg;

	p = read_reg(p, t == 'd' || t == 's' ? 'r' : 'w', &reg);
	if (!p || ((*seen & bit) && reg != *slot))
		return NULL;
	*slot = reg;
	*seen |= bit;
	return p;
}

static const char *match_token(char t, const char *p, struct isa_operands *o, unsigned int *seen)
{
	int64_t v = 0;

	switch (t) {
	case 'd':
	case 'D':
	case 's':
	case 'S':
		return match_reg(t, p, o, seen);
	case 'i':
		p = read_number(p, INT32_MIN, UINT32_MAX, &v);
		o->imm = (int32_t)v;
		return p;
	case 'n':
		/* with a sign it is a distance: a call of a subprogram, not of a helper */
		p = isdigit((unsigned char)*p) ? read_number(p, 0, UINT32_MAX, &v) : NULL;
		o->imm = (int32_t)v;
		return p;
	case 'h':
		p = read_number(p, INT32_MIN, UINT32_MAX, &v);
		o->imm2 = (int32_t)v;
		return p;
	case 'f':
		p = read_number(p, INT16_MIN, INT16_MAX, &v);
		o->off = (int16_t)v;
		return p;
	case 'o':
		p = read_mem_off(p, &v);
		o->off = (int16_t)v;
		return p;
	case 'j':
		p = read_target(p, INT16_MIN, INT16_MAX, &v, o->label, sizeof(o->label));
		o->off = (int16_t)v;
		return p;
	case 'J':
		p = read_target(p, INT32_MIN, INT32_MAX, &v, o->label, sizeof(o->label));
		o->imm = (int32_t)v;
		return p;
	case 'l':
		return read_imm64(p, o);
	default:
		return *p == t ? p + 1 : NULL;
	}
}

bool isa_text_match(const struct isa_insn *row, const char *line, struct isa_operands *out)
{
	const char *p = skip_blanks(line);
	unsigned int seen = 0;
	const char *t;

	memset(out, 0, sizeof(*out));
	for (t = row->text; *t; t++) {
		if (*t == ' ') {
			p = skip_blanks(p);
			continue;
		}
		if (*t == '%') {
			/* the offset token reads its own blanks */
			if (*++t != 'o')
				p = skip_blanks(p);
			p = match_token(*t, p, out, &seen);
			if (!p)
				return false;
			continue;
		}
		if (*p != *t)
			return false;
		p++;
	}
	return *skip_blanks(p) == '\0';
}
