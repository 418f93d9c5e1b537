/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel's format language for programs (verifier spec R7.9). A conversion is read into a
 * struct, checked, and printed with the host's snprintf, so padding and signs are libc's. Strings
 * and addresses come from memory that may be bad: they are read fault-safely, a string that cannot
 * be read is empty.
 *
 * Addresses print as numbers: there is no symbol table of a kernel here, and nothing to hide.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "helpers/helpers.h"

#define STRING_MAX 512
#define WIDTH_MAX  1024

struct conversion {
	char flags[8];
	uint32_t width;
	bool has_width;
	char kind; /* d i u x X c s, or p */
	uint8_t longs;
	char sub[4]; /* after p: "", "K", "x", "s", "S", "B", "ks", "us", "i4", "I4", "i6", "I6" */
};

struct sink {
	char *buf;
	uint32_t size;
	uint64_t len;
};

static void put(struct sink *s, const char *text, size_t n)
{
	size_t room = s->size > s->len ? s->size - s->len : 0;

	if (room)
		memcpy(s->buf + s->len, text, n < room ? n : room);
	s->len += n;
}

/* strings and addresses must be followed by a blank, a mark, or the end */
static bool ends_word(char c)
{
	return c == '\0' || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

static const char *read_pointer(const char *p, struct conversion *c)
{
	static const char *const subs[] = {"ks", "us", "i4", "I4", "i6", "I6",
					   "K",  "x",  "s",  "S",  "B"};
	size_t i;

	for (i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		size_t n = strlen(subs[i]);

		if (strncmp(p, subs[i], n))
			continue;
		/* only the string forms care about what follows */
		if (subs[i][1] == 's' && !ends_word(p[n]))
			return NULL;
		memcpy(c->sub, subs[i], n + 1);
		return p + n;
	}
	c->sub[0] = '\0';
	return ends_word(*p) ? p : NULL;
}

/* p is behind the percent sign; returns what follows the conversion, NULL: malformed */
static const char *read_conversion(const char *p, struct conversion *c)
{
	size_t n = 0;

	memset(c, 0, sizeof(*c));
	while (*p && strchr("0+- ", *p)) {
		if (!strchr(c->flags, *p) && n < sizeof(c->flags) - 1)
			c->flags[n++] = *p;
		p++;
	}
	while (isdigit((unsigned char)*p)) {
		c->has_width = true;
		c->width = c->width * 10 + (uint32_t)(*p++ - '0');
		if (c->width > WIDTH_MAX)
			return NULL;
	}
	c->kind = *p++;
	if (c->kind == 'p')
		return read_pointer(p, c);
	if (c->kind == 's')
		return ends_word(*p) ? p : NULL;
	if (c->kind == 'c')
		return p;
	while (c->kind == 'l' && c->longs < 2) {
		c->longs++;
		c->kind = *p++;
	}
	return c->kind && strchr("diuxX", c->kind) ? p : NULL;
}

/* "%" flags width tail, for snprintf */
static void make_format(const struct conversion *c, const char *tail, char out[32])
{
	if (c->has_width)
		snprintf(out, 32, "%%%s%u%s", c->flags, c->width, tail);
	else
		snprintf(out, 32, "%%%s%s", c->flags, tail);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void put_number(struct sink *s, const struct conversion *c, uint64_t v)
{
	char text[WIDTH_MAX + 32], fmt[32], tail[4] = {'l', 'l', c->kind};
	int n;

	if (c->kind == 'c')
		memcpy(tail, "c", 2);
	make_format(c, tail, fmt);
	if (c->kind == 'c')
		n = snprintf(text, sizeof(text), fmt, (int)v);
	else if (c->kind == 'd' || c->kind == 'i')
		n = snprintf(text, sizeof(text), fmt,
			     c->longs ? (long long)v : (long long)(int32_t)v);
	else
		n = snprintf(text, sizeof(text), fmt,
			     c->longs ? (unsigned long long)v : (unsigned long long)(uint32_t)v);
	if (n > 0)
		put(s, text, n);
}

static void put_string(struct sink *s, const struct conversion *c, const char *str)
{
	char text[WIDTH_MAX + 32], fmt[32];
	int n;

	make_format(c, "s", fmt);
	n = snprintf(text, sizeof(text), fmt, str);
	if (n > 0)
		put(s, text, n);
}

#pragma GCC diagnostic pop

static void put_ip(struct sink *s, const struct conversion *c, uint64_t addr)
{
	uint8_t b[16];
	char text[64];
	int n = 0, i;

	if (c->sub[1] == '4') {
		(void)rt_probe_read(b, addr, 4);
		snprintf(text, sizeof(text),
			 c->sub[0] == 'I' ? "%u.%u.%u.%u" : "%03u.%03u.%03u.%03u", b[0], b[1], b[2],
			 b[3]);
	} else {
		(void)rt_probe_read(b, addr, 16);
		for (i = 0; i < 16; i += 2)
			n += snprintf(text + n, sizeof(text) - n, "%s%02x%02x",
				      i && c->sub[0] == 'I' ? ":" : "", b[i], b[i + 1]);
	}
	put_string(s, c, text);
}

static void put_pointer(struct sink *s, const struct conversion *c, uint64_t v)
{
	char text[STRING_MAX];

	if (c->kind == 's' || c->sub[0] == 'k' || c->sub[0] == 'u') {
		if (rt_probe_read_str(text, v, sizeof(text)) < 0)
			text[0] = '\0';
		put_string(s, c, text);
		return;
	}
	if (c->sub[0] == 'i' || c->sub[0] == 'I') {
		put_ip(s, c, v);
		return;
	}
	if (c->sub[0] == 's' || c->sub[0] == 'S' || c->sub[0] == 'B')
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	else if (!v && c->sub[0] != 'x')
		memcpy(text, "(null)", 7);
	else
		snprintf(text, sizeof(text), "%016llx", (unsigned long long)v);
	put_string(s, c, text);
}

int64_t helper_format(char *buf, uint32_t size, const char *fmt, uint32_t fmt_size,
		      const uint64_t *args, uint32_t n_args)
{
	struct sink s = {.buf = buf, .size = size};
	uint32_t used = 0;
	const char *p;

	if (!memchr(fmt, '\0', fmt_size))
		return -EINVAL;
	for (p = fmt; *p;) {
		struct conversion c;

		if ((!isprint((unsigned char)*p) && !isspace((unsigned char)*p)) || *p & 0x80)
			return -EINVAL;
		if (*p != '%') {
			put(&s, p++, 1);
			continue;
		}
		if (p[1] == '%') {
			put(&s, p, 1);
			p += 2;
			continue;
		}
		p = read_conversion(p + 1, &c);
		if (!p || used == n_args)
			return -EINVAL;
		if (c.kind == 'p' || c.kind == 's')
			put_pointer(&s, &c, args[used++]);
		else
			put_number(&s, &c, args[used++]);
	}
	if (size)
		buf[s.len < size ? s.len : size - 1] = '\0';
	return (int64_t)s.len;
}
