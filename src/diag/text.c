/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A report as text for people (DESIGN 6): a heading, the place, the source lines where the value was
 * made, where it changed and where it failed, and what to do. Lines come from BTF line info; where
 * there is none, the instruction itself is shown. Every note is one line of the picture, in the
 * order in which the path met them; the place of failure comes last.
 */
#include "diag/diag.h"

#include <stdio.h>
#include <string.h>

#define TAB_WIDTH       4
#define CATEGORY_COLUMN 78
#define MAX_COLUMN      100
#define LONG_UNDERLINE  40 /* and beyond MAX_COLUMN: the label gets a line of its own */

struct painter {
	struct strbuf *out;
	bool colour;
	int gutter; /* width of the line number column */
	/* the source line printed last, so that two notes on it share it */
	const char *file;
	uint32_t line;
};

static void paint(struct painter *p, const char *sgr)
{
	if (p->colour)
		strbuf_printf(p->out, "\033[%sm", sgr);
}

#define RED    "1;31"
#define BLUE   "1;34"
#define YELLOW "33"
#define BOLD   "1"
#define PLAIN  "0"

struct place {
	bool known; /* file, line, col and text are set */
	const char *file, *text;
	uint32_t line, col;
};

static struct place place_of(const struct diag_source *src, uint32_t insn)
{
	struct place at = {0};

	if (src && src->line)
		at.known = src->line(src->ctx, insn, &at.file, &at.line, &at.col, &at.text);
	if (!at.file)
		at.file = "";
	if (!at.text)
		at.text = "";
	return at;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Prints text with tabs widened; returns the column at which byte `at` of it stands. */
static size_t put_line(struct strbuf *out, const char *text, size_t at)
{
	size_t col = 0, mark = 0, i;

	for (i = 0; text[i] && text[i] != '\n'; i++) {
		if (i == at)
			mark = col;
		if (text[i] == '\t') {
			do {
				strbuf_add(out, " ", 1);
				col++;
			} while (col % TAB_WIDTH);
		} else {
			strbuf_add(out, &text[i], 1);
			/* continuation bytes of UTF-8 take no room */
			col += ((unsigned char)text[i] & 0xc0) != 0x80;
		}
	}
	return at >= i ? col : mark;
}

/*
 * How far the expression that starts at s reaches: to the end of the statement, or to where its
 * brackets close, or to a comma outside of brackets.
 */
static size_t expression_len(const char *s)
{
	int depth = 0;
	size_t i;

	for (i = 0; s[i] && s[i] != '\n'; i++) {
		if (s[i] == '(' || s[i] == '[') {
			depth++;
		} else if (s[i] == ')' || s[i] == ']') {
			if (--depth < 0)
				break;
		} else if (depth == 0 && (s[i] == ';' || s[i] == ',' || s[i] == '{')) {
			break;
		}
	}
	while (i > 0 && (s[i - 1] == ' ' || s[i - 1] == '\t'))
		i--;
	return i ? i : 1;
}

static void gutter(struct painter *p, const char *number)
{
	paint(p, BLUE);
	strbuf_printf(p->out, "%*s | ", p->gutter, number);
	paint(p, PLAIN);
}

static void underline(struct painter *p, size_t col, size_t len, bool last, const char *label)
{
	size_t i;

	gutter(p, "");
	strbuf_printf(p->out, "%*s", (int)col, "");
	paint(p, last ? RED : BLUE);
	for (i = 0; i < len; i++)
		strbuf_add(p->out, last ? "^" : "-", 1);
	if (len >= LONG_UNDERLINE && p->gutter + 3 + col + len + strlen(label) >= MAX_COLUMN) {
		paint(p, PLAIN);
		strbuf_puts(p->out, "\n");
		gutter(p, "");
		strbuf_printf(p->out, "%*s", (int)col, "");
		paint(p, last ? RED : BLUE);
	} else {
		strbuf_add(p->out, " ", 1);
	}
	strbuf_puts(p->out, label);
	paint(p, PLAIN);
	strbuf_puts(p->out, "\n");
}

static void show_source(struct painter *p, const struct place *at, bool last, const char *label)
{
	size_t len = strlen(at->text), start = at->col ? at->col - 1 : 0, col;
	char number[16];

	if (start >= len)
		start = strspn(at->text, " \t");
	if (!p->file || strcmp(p->file, at->file) != 0 || p->line != at->line) {
		if (p->file && strcmp(p->file, at->file) != 0)
			strbuf_printf(p->out, "%*s ::: %s\n", p->gutter - 1, "",
				      base_name(at->file));
		snprintf(number, sizeof(number), "%u", at->line);
		gutter(p, number);
		col = put_line(p->out, at->text, start);
		strbuf_puts(p->out, "\n");
	} else {
		struct strbuf ignored = {0};

		col = put_line(&ignored, at->text, start);
		strbuf_free(&ignored);
	}
	p->file = at->file;
	p->line = at->line;
	underline(p, col, expression_len(at->text + start), last, label);
}

static void show_insn(struct painter *p, const struct diag_source *src, uint32_t insn, bool last,
		      const char *label)
{
	char number[16];

	size_t start;

	snprintf(number, sizeof(number), "%u", insn);
	gutter(p, number);
	start = p->out->len;
	if (src && src->disasm)
		src->disasm(src->ctx, insn, p->out);
	else
		strbuf_printf(p->out, "instruction %u", insn);
	start = p->out->len - start;
	strbuf_puts(p->out, "\n");
	p->file = NULL;
	underline(p, 0, start ? start : 1, last, label);
}

static void show_note(struct painter *p, const struct diag_source *src, uint32_t insn, bool last,
		      const char *label)
{
	struct place at = place_of(src, insn);

	if (at.known && at.text[0])
		show_source(p, &at, last, label);
	else
		show_insn(p, src, insn, last, label);
}

static void remark(struct painter *p, const char *kind, const char *text)
{
	paint(p, BLUE);
	strbuf_printf(p->out, "%*s = ", p->gutter, "");
	paint(p, BOLD);
	strbuf_printf(p->out, "%s: ", kind);
	paint(p, PLAIN);
	strbuf_printf(p->out, "%s\n", text);
}

/* A line of assembler text stands for many instructions: show the one that is meant. */
static void show_asm(struct painter *p, const struct diag_report *r, const struct diag_source *src)
{
	struct place at = place_of(src, r->insn);
	const char *text = at.text + strspn(at.text, " \t");
	struct strbuf insn = {0};

	if (!r->has_insn || !at.known || strncmp(text, "asm", 3) != 0 || !src->disasm)
		return;
	strbuf_printf(&insn, "%u: ", r->insn);
	src->disasm(src->ctx, r->insn, &insn);
	remark(p, "instruction", strbuf_str(&insn));
	strbuf_free(&insn);
}

/* "  --> file:line:col  in prog, instruction n        [Category]" */
static void show_place(struct painter *p, const struct diag_report *r, const struct diag_row *row,
		       const struct diag_source *src)
{
	const char *func = NULL, *prog = src ? src->program : NULL;
	size_t start = p->out->len, used;

	strbuf_printf(p->out, "%*s--> ", p->gutter, "");
	if (r->has_insn) {
		struct place at = place_of(src, r->insn);

		if (at.known)
			strbuf_printf(p->out, "%s:%u:%u  ", base_name(at.file), at.line, at.col);
		else if (src && src->object)
			strbuf_printf(p->out, "%s  ", base_name(src->object));
		if (src && src->func)
			func = src->func(src->ctx, r->insn);
	} else if (src && src->object) {
		strbuf_printf(p->out, "%s  ", base_name(src->object));
	}
	if (prog)
		strbuf_printf(p->out, "in %s", prog);
	if (func && (!prog || strcmp(func, prog) != 0))
		strbuf_printf(p->out, "%s%s()", prog ? ", function " : "in ", func);
	if (r->has_insn)
		strbuf_printf(p->out, "%sinstruction %u", prog || func ? ", " : "", r->insn);
	used = p->out->len - start;
	strbuf_printf(p->out, "%*s[%s]\n",
		      used < CATEGORY_COLUMN ? (int)(CATEGORY_COLUMN - used) : 2, "",
		      diag_category_name(row->category));
}

static void show_notes(struct painter *p, const struct diag_report *r,
		       const struct diag_source *src)
{
	uint32_t i, n = r->n_notes;
	bool ends_there = n && r->has_insn && r->notes[n - 1].insn == r->insn;

	for (i = 0; i < n; i++) {
		bool last = i == n - 1 && (ends_there || !r->has_insn);

		show_note(p, src, r->notes[i].insn, last, r->notes[i].text);
	}
	if (r->has_insn && !ends_there)
		show_note(p, src, r->insn, true, r->message);
	else if (r->message[0] && (!n || strcmp(r->notes[n - 1].text, r->message) != 0))
		remark(p, "note", r->message);
}

static int gutter_width(const struct diag_report *r, const struct diag_source *src)
{
	uint32_t i, max = r->has_insn ? r->insn : 0;
	struct place at;
	int width = 2;

	if (r->has_insn) {
		at = place_of(src, r->insn);
		if (at.known)
			max = at.line;
	}
	for (i = 0; i < r->n_notes; i++) {
		uint32_t n = r->notes[i].insn;

		at = place_of(src, n);
		if (at.known)
			n = at.line;
		if (n > max)
			max = n;
	}
	for (; max >= 100; max /= 10)
		width++;
	return width;
}

void diag_render_text(const struct diag_report *r, const struct diag_source *src,
		      const struct diag_style *style, struct strbuf *out)
{
	const struct diag_row *row = diag_row(r->code);
	struct painter p = {.out = out, .colour = style && style->colour};
	const char *kind = r->verdict == DIAG_UNSUPPORTED ? "unsupported"
			   : r->verdict == DIAG_LIMIT_HIT ? "limit"
							  : "error";
	const char *help;
	char more[40];

	if (r->verdict == DIAG_ACCEPT || !row)
		return;
	p.gutter = gutter_width(r, src);
	paint(&p, r->verdict == DIAG_REJECT ? RED : YELLOW);
	strbuf_printf(out, "%s[KF%04u]", kind, row->num);
	paint(&p, BOLD);
	strbuf_printf(out, ": %s\n", row->title);
	paint(&p, PLAIN);
	show_place(&p, r, row, src);
	show_notes(&p, r, src);
	show_asm(&p, r, src);
	help = r->help[0] ? r->help : diag_help(row);
	if (help[0])
		remark(&p, "help", help);
	snprintf(more, sizeof(more), "kfunc explain KF%04u", row->num);
	remark(&p, "more", more);
}

/* words of text in lines of at most `width` columns, paragraphs parted by newlines */
static void wrap(struct strbuf *out, const char *text, size_t width, const char *indent)
{
	size_t col = 0;

	while (*text) {
		size_t word = strcspn(text, " \n");

		if (col && col + 1 + word > width) {
			strbuf_puts(out, "\n");
			col = 0;
		}
		if (word) {
			strbuf_puts(out, col ? " " : indent);
			strbuf_add(out, text, word);
			col += word + 1;
		}
		text += word;
		if (*text == '\n') {
			strbuf_puts(out, "\n\n");
			col = 0;
		}
		if (*text)
			text++;
	}
	strbuf_puts(out, "\n");
}

void diag_render_explain(const struct diag_row *row, const struct diag_style *style,
			 struct strbuf *out)
{
	struct painter p = {.out = out, .colour = style && style->colour};

	paint(&p, BOLD);
	strbuf_printf(out, "KF%04u: %s\n", row->num, row->title);
	paint(&p, PLAIN);
	strbuf_printf(out, "%s, errno %d\n\n", diag_category_name(row->category), row->err);
	wrap(out, diag_explanation(row), 78, "");
	strbuf_puts(out, "\n");
	paint(&p, BOLD);
	strbuf_puts(out, "What to do: ");
	paint(&p, PLAIN);
	wrap(out, diag_help(row), 66, "");
}
