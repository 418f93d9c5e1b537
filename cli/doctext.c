/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Takes kernel-doc apart: "name() - summary", "@arg: words", paragraphs, "Return: words" and, after
 * a line "Example::", indented code. Comments that do not keep the form are shown as paragraphs.
 */
#include "doctext.h"

#include <errno.h>
#include <string.h>

/* Where the words of the line being read go */
struct parser {
	struct doctext *d;
	struct strbuf *into; /* NULL: body */
	size_t indent;       /* of the example's first line */
	int in_example, blank;
};

static void put_words(struct strbuf *b, const char *s, size_t n)
{
	while (n && (*s == ' ' || *s == '\t')) {
		s++;
		n--;
	}
	if (b->len && n)
		strbuf_puts(b, " ");
	strbuf_add(b, s, n);
}

static void example_line(struct parser *p, const char *s, size_t n)
{
	size_t indent = strspn(s, " \t");

	if (!p->d->example.len)
		p->indent = indent;
	if (p->blank && p->d->example.len)
		strbuf_puts(&p->d->example, "\n");
	indent = indent < p->indent ? indent : p->indent;
	strbuf_add(&p->d->example, s + indent, n - indent);
	strbuf_puts(&p->d->example, "\n");
}

/* "@name: words"; false: something else */
static int arg_line(struct parser *p, const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	struct doctext *d = p->d;

	if (*s != '@' || !colon || d->n_args == DOCTEXT_ARGS)
		return 0;
	strbuf_add(&d->arg_name[d->n_args], s + 1, colon - s - 1);
	p->into = &d->arg[d->n_args++];
	put_words(p->into, colon + 1, n - (colon + 1 - s));
	return 1;
}

static void text_line(struct parser *p, const char *s, size_t n)
{
	static const char ret[] = "Return:";

	if (arg_line(p, s, n))
		return;
	if (n >= sizeof(ret) - 1 && !memcmp(s, ret, sizeof(ret) - 1)) {
		p->into = &p->d->returns;
		put_words(p->into, s + sizeof(ret) - 1, n - (sizeof(ret) - 1));
		return;
	}
	if (p->blank)
		p->into = NULL;
	if (p->into) {
		put_words(p->into, s, n);
		return;
	}
	if (p->d->body.len)
		strbuf_puts(&p->d->body, p->blank ? "\n\n" : "\n");
	strbuf_add(&p->d->body, s, n);
}

static void first_line(struct parser *p, const char *s, size_t n)
{
	const char *dash = NULL;

	for (size_t i = 0; !dash && i + 3 <= n; i++)
		if (!memcmp(s + i, " - ", 3))
			dash = s + i + 3;
	/* "name() - summary" or "name - summary", but no dash in the midst of a sentence */
	if (!dash || (!memchr(s, '(', dash - s) && memchr(s, ' ', dash - 3 - s)))
		dash = s;
	p->into = &p->d->summary;
	put_words(p->into, dash, n - (dash - s));
}

static int is_example(const char *s, size_t n)
{
	return n >= 8 && !memcmp(s, "Example:", 8) && (n == 8 || (n == 9 && s[8] == ':'));
}

int doctext_parse(struct doctext *d, const char *text)
{
	struct parser p = {.d = d};
	int first = 1;

	memset(d, 0, sizeof(*d));
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		if (p.in_example && n && !strchr(" \t", *text))
			p.in_example = 0;
		if (!n)
			p.blank = 1;
		else if (p.in_example)
			example_line(&p, text, n);
		else if (is_example(text, n))
			p.in_example = 1;
		else if (first)
			first_line(&p, text, n);
		else
			text_line(&p, text, n);
		if (n) {
			p.blank = 0;
			first = 0;
		}
		text += n + (text[n] == '\n');
	}
	if (d->summary.err || d->body.err || d->returns.err || d->example.err)
		return -ENOMEM;
	return 0;
}

void doctext_free(struct doctext *d)
{
	for (unsigned int i = 0; i < DOCTEXT_ARGS; i++) {
		strbuf_free(&d->arg_name[i]);
		strbuf_free(&d->arg[i]);
	}
	strbuf_free(&d->summary);
	strbuf_free(&d->body);
	strbuf_free(&d->returns);
	strbuf_free(&d->example);
}

const char *doctext_arg(const struct doctext *d, const char *name)
{
	for (unsigned int i = 0; i < d->n_args; i++)
		if (!strcmp(strbuf_str(&d->arg_name[i]), name))
			return strbuf_str(&d->arg[i]);
	return NULL;
}
