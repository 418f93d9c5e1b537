/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where a verification's work went, by source line (kfunc_object_opts.profile): the verifier counts by
 * instruction; here instructions are put together by the line that they were made of. Without line
 * records each instruction stands for itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "loader/loader.h"

struct loader_line {
	char *file, *text; /* file NULL: an instruction without line record */
	uint32_t line;
	uint32_t first, n; /* instructions */
	uint64_t processed, states, peak, compared, pruned;
};

static int set_place(struct loader_line *l, const struct diag_source *src, uint32_t insn)
{
	const char *file, *text;
	uint32_t col;

	if (src->line && src->line(src->ctx, insn, &file, &l->line, &col, &text)) {
		l->file = mem_strdup(file);
		l->text = mem_strdup(text + strspn(text, " \t"));
		return l->file && l->text ? 0 : -ENOMEM;
	}
	if (src->disasm) {
		struct strbuf b = {0};

		src->disasm(src->ctx, insn, &b);
		l->text = b.s;
		return b.err;
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct loader_line *x = a, *y = b;
	int c = !!y->file - !!x->file;

	if (!c && x->file)
		c = strcmp(x->file, y->file);
	if (!c)
		c = (x->line > y->line) - (x->line < y->line);
	return c ? c : (x->first > y->first) - (x->first < y->first);
}

static int by_work(const void *a, const void *b)
{
	const struct loader_line *x = a, *y = b;

	if (x->processed != y->processed)
		return x->processed < y->processed ? 1 : -1;
	return by_place(a, b);
}

static bool same_line(const struct loader_line *a, const struct loader_line *b)
{
	return a->file && b->file && a->line == b->line && strcmp(a->file, b->file) == 0;
}

static void free_place(struct loader_line *l)
{
	mem_free(l->file);
	mem_free(l->text);
}

static void join(struct loader_line *to, struct loader_line *from)
{
	to->n += from->n;
	to->processed += from->processed;
	to->states += from->states;
	to->peak += from->peak;
	to->compared += from->compared;
	to->pruned += from->pruned;
	free_place(from);
}

void loader_profile_free(struct kfunc_program *p)
{
	for (uint32_t i = 0; i < p->n_lines; i++)
		free_place(&p->lines[i]);
	mem_free(p->lines);
	p->lines = NULL;
	p->n_lines = 0;
}

int loader_profile_keep(struct kfunc_program *p, const struct vf_profile *prof,
			const struct vf_program *prog)
{
	struct diag_source src = {0};
	size_t cap = 0;
	uint32_t n = 0;

	loader_profile_free(p);
	if (prog)
		syscall_source(&src, prog);
	for (uint32_t i = 0; i < prof->n_insns; i++) {
		const struct vf_insn_count *c = &prof->insn[i];
		struct loader_line *l;

		if (!c->processed)
			continue;
		if (mem_grow((void **)&p->lines, &cap, p->n_lines + 1, sizeof(*p->lines)))
			return -ENOMEM;
		l = &p->lines[p->n_lines++];
		*l = (struct loader_line){
			.first = i,
			.n = 1,
			.processed = c->processed,
			.states = c->stored,
			.peak = c->peak,
			.compared = c->compared,
			.pruned = c->pruned,
		};
		if (set_place(l, &src, i))
			return -ENOMEM;
	}
	if (!p->n_lines)
		return 0;
	qsort(p->lines, p->n_lines, sizeof(*p->lines), by_place);
	for (uint32_t i = 1; i < p->n_lines; i++) {
		if (same_line(&p->lines[n], &p->lines[i]))
			join(&p->lines[n], &p->lines[i]);
		else
			p->lines[++n] = p->lines[i];
	}
	p->n_lines = n + 1;
	qsort(p->lines, p->n_lines, sizeof(*p->lines), by_work);
	return 0;
}

int kfunc_program__line_stats(const struct kfunc_program *prog, uint32_t i,
			      struct kfunc_line_stats *stats)
{
	struct kfunc_line_stats out = {0};
	const struct loader_line *l;
	int err = loader_opts_in(&out, sizeof(out), stats);

	if (err)
		return err;
	if (!prog || !prog->judged || i >= prog->n_lines)
		return -ENOENT;
	l = &prog->lines[i];
	out.file = l->file ? l->file : "";
	out.text = l->text ? l->text : "";
	out.line = l->line;
	out.insn = l->first;
	out.insns = l->n;
	out.processed = l->processed;
	out.states = l->states;
	out.peak_states = l->peak;
	out.compared = l->compared;
	out.pruned = l->pruned;
	loader_opts_out(stats, &out, sizeof(out));
	return 0;
}
