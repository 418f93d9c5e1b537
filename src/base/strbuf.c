/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Growing text buffer with sticky errors, and JSON escaping for the renderers. */
#include "base/strbuf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void strbuf_free(struct strbuf *b)
{
	mem_free(b->s);
	memset(b, 0, sizeof(*b));
}

void strbuf_reset(struct strbuf *b)
{
	b->len = 0;
	b->err = 0;
	if (b->s)
		b->s[0] = '\0';
}

void strbuf_add(struct strbuf *b, const char *s, size_t len)
{
	if (b->err)
		return;
	b->err = mem_grow((void **)&b->s, &b->cap, b->len + len + 1, 1);
	if (b->err)
		return;
	memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	int n;

	if (b->err)
		return;
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0) {
		b->err = -EINVAL;
	} else if ((size_t)n < sizeof(small)) {
		strbuf_add(b, small, n);
	} else {
		b->err = mem_grow((void **)&b->s, &b->cap, b->len + n + 1, 1);
		if (!b->err) {
			vsnprintf(b->s + b->len, n + 1, fmt, again);
			b->len += n;
		}
	}
	va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* length of the well-formed UTF-8 sequence at p, 0 if there is none */
static size_t utf8_len(const unsigned char *p)
{
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void strbuf_json(struct strbuf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		size_t n = utf8_len(p);

		if (n == 0) {
			strbuf_puts(b, "\\ufffd");
			n = 1;
		} else if (*p == '"' || *p == '\\') {
			strbuf_printf(b, "\\%c", *p);
		} else if (*p == '\n') {
			strbuf_puts(b, "\\n");
		} else if (*p < 0x20 || *p == 0x7f) {
			strbuf_printf(b, "\\u%04x", *p);
		} else {
			strbuf_add(b, (const char *)p, n);
		}
		p += n;
	}
}

const char *strbuf_str(const struct strbuf *b)
{
	return b->s ? b->s : "";
}
