/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A growing text buffer. Errors stick: after a failed allocation every call does nothing and err
 * is -ENOMEM, so a caller checks once at the end.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *s; /* NUL-terminated once anything was added; NULL before */
	size_t len;
	size_t cap;
	int err;
};

void strbuf_free(struct strbuf *b);
void strbuf_reset(struct strbuf *b);
void strbuf_add(struct strbuf *b, const char *s, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap);
/* the text with JSON's escapes, without quotes around it; bytes that are not UTF-8 become U+FFFD */
void strbuf_json(struct strbuf *b, const char *s);
/* never NULL */
const char *strbuf_str(const struct strbuf *b);

#endif
