/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Source lines of a program that is being loaded: from the line and function records of the load
 * request and the program's BTF, which the boundary has validated.
 */
#include <linux/bpf.h>
#include <string.h>

#include "isa/isa.h"
#include "loader/loader.h"

/* The last record at or before insn in an array sorted by its first member, NULL if there is none. */
static const void *record_at(const void *recs, uint32_t rec_size, uint32_t n, uint32_t insn)
{
	const char *base = recs;
	uint32_t lo = 0, hi = n;

	if (!recs || rec_size < sizeof(uint32_t))
		return NULL;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2, off;

		memcpy(&off, base + (size_t)mid * rec_size, sizeof(off));
		if (off <= insn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? base + (size_t)(lo - 1) * rec_size : NULL;
}

static bool line_of(const void *ctx, uint32_t insn, const char **file, uint32_t *line, uint32_t *col,
		    const char **text)
{
	const struct vf_program *p = ctx;
	const struct bpf_line_info *li;

	if (!p->btf || p->line_info_rec < sizeof(*li))
		return false;
	li = record_at(p->line_info, p->line_info_rec, p->line_info_cnt, insn);
	if (!li)
		return false;
	*file = btf_str(p->btf, li->file_name_off);
	*text = btf_str(p->btf, li->line_off);
	*line = BPF_LINE_INFO_LINE_NUM(li->line_col);
	*col = BPF_LINE_INFO_LINE_COL(li->line_col);
	return true;
}

static const char *func_of(const void *ctx, uint32_t insn)
{
	const struct vf_program *p = ctx;
	const struct bpf_func_info *fi;

	if (!p->btf || p->func_info_rec < sizeof(*fi))
		return NULL;
	fi = record_at(p->func_info, p->func_info_rec, p->func_info_cnt, insn);
	return fi ? btf_type_name(p->btf, fi->type_id) : NULL;
}

static void disasm(const void *ctx, uint32_t insn, struct strbuf *out)
{
	const struct vf_program *p = ctx;

	if (insn < p->n_insns)
		isa_disasm(&p->insns[insn], out);
}

char *loader_render(const struct diag_report *report, const char *object, const char *program,
		    const struct vf_program *prog, bool colour)
{
	struct diag_style style = {.colour = colour};
	struct diag_source src = {.object = object, .program = program};
	struct strbuf out = {0};

	if (prog) {
		src.line = line_of;
		src.func = func_of;
		src.disasm = disasm;
		src.ctx = prog;
	}
	diag_render_text(report, &src, &style, &out);
	if (out.err) {
		strbuf_free(&out);
		return NULL;
	}
	return out.s;
}
