/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where the instructions of a program come from: its line and function records and its BTF. */
#include <string.h>

#include "isa/isa.h"
#include "syscall/syscall.h"

/* The last record at or before insn among records that are sorted by their first member. */
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

static bool line_of(const void *ctx, uint32_t insn, const char **file, uint32_t *line,
		    uint32_t *col, const char **text)
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

void syscall_source(struct diag_source *src, const struct vf_program *prog)
{
	src->line = line_of;
	src->func = func_of;
	src->disasm = disasm;
	src->ctx = prog;
}
