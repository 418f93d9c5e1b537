/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Format strings (verifier spec R7.9): printable ASCII, and conversions from a short list.
 */
#include "verifier/format.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* what may follow a %p or %s: nothing that could be part of another form */
static bool ends_word(char c)
{
	return c == 0 || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

/* the letters after %p; length of the form, or -1 */
static int pointer_form(const char *s)
{
	static const char *const forms[] = {"pi4", "pI4", "pi6", "pI6", "pks", "pus",
					    "pK",  "px",  "ps",  "pS",  "pB"};

	for (uint32_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int len = (int)strlen(forms[i]);

		if (strncmp(s, forms[i], (size_t)len))
			continue;
		if ((forms[i][2] == 's') && !ends_word(s[len]))
			return -1;
		return len;
	}
	return ends_word(s[1]) ? 1 : -1;
}

/* one conversion after its '%'; bytes consumed, or -1 */
static int conversion(const char *s)
{
	int i = 0, l = 0, n;

	while (s[i] == '0' || s[i] == '+' || s[i] == '-' || s[i] == ' ')
		i++;
	if (s[i] >= '1' && s[i] <= '9')
		while (isdigit((unsigned char)s[i]))
			i++;
	if (s[i] == 'p') {
		n = pointer_form(s + i);
		return n < 0 ? -1 : i + n;
	}
	if (s[i] == 's')
		return ends_word(s[i + 1]) ? i + 1 : -1;
	if (s[i] == 'c')
		return i + 1;
	while (s[i] == 'l' && l < 2) {
		i++;
		l++;
	}
	return s[i] && strchr("diuxX", s[i]) ? i + 1 : -1;
}

int vf_check_format(const char *fmt, bool text, const char **why, uint32_t *at)
{
	int n_args = 0, len;

	for (uint32_t i = 0; fmt[i]; i++) {
		unsigned char ch = (unsigned char)fmt[i];

		*at = i;
		if (ch >= 0x80 ? !text : !isprint(ch) && !isspace(ch)) {
			*why = "a character that is not printable ASCII";
			return -EINVAL;
		}
		if (ch != '%')
			continue;
		if (fmt[i + 1] == '%') {
			i++;
			continue;
		}
		len = conversion(fmt + i + 1);
		if (len < 0) {
			*why = "a conversion that is not offered";
			return -EINVAL;
		}
		n_args++;
		i += (uint32_t)len;
	}
	return n_args;
}
