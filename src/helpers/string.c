/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Numbers in text, comparison. The buffers need no NUL: their size ends them. */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "helpers/helpers.h"

#define BASE_MASK 0x1f

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

/* "0x" is hexadecimal for bases 0 and 16, a leading 0 octal for base 0; returns characters skipped
 */
static uint32_t read_prefix(const char *s, uint32_t n, uint32_t *base)
{
	bool hex = n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : n && s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? 2 : 0;
}

/* Characters used, or -EINVAL (no number, bad flags), -ERANGE. */
static int64_t parse(const char *buf, uint32_t size, uint64_t flags, uint64_t *res, bool *negative)
{
	uint32_t base = flags & BASE_MASK, at = 0, digits = 0;
	uint64_t v = 0;

	if (!size || (flags & ~(uint64_t)BASE_MASK) ||
	    (base != 0 && base != 8 && base != 10 && base != 16))
		return -EINVAL;
	while (at < size && isspace((unsigned char)buf[at]))
		at++;
	*negative = at < size && buf[at] == '-';
	at += *negative;
	at += read_prefix(buf + at, size - at, &base);
	for (; at < size && digit_value(buf[at]) < (int)base; at++, digits++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(buf[at]), &v))
			return -ERANGE;
	if (!digits)
		return -EINVAL;
	*res = v;
	return at;
}

HELPER_4(strtol, const char *, buf, uint32_t, size, uint64_t, flags, int64_t *, res)
{
	uint64_t v = 0;
	bool negative;
	int64_t n;

	*res = 0;
	n = parse(buf, size, flags, &v, &negative);
	if (n < 0)
		return n;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*res = negative ? (int64_t)-v : (int64_t)v;
	return n;
}

HELPER_4(strtoul, const char *, buf, uint32_t, size, uint64_t, flags, uint64_t *, res)
{
	uint64_t v = 0;
	bool negative;
	int64_t n;

	*res = 0;
	n = parse(buf, size, flags, &v, &negative);
	if (n < 0)
		return n;
	if (negative)
		return -EINVAL;
	*res = v;
	return n;
}

HELPER_3(strncmp, const char *, s1, uint32_t, size, const char *, s2)
{
	return strncmp(s1, s2, size);
}
