/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libbpf's words for error numbers. Its own file chooses a strerror_r() by the macros that stand before
 * the first system header, which shim.h has already included; and numbers that only the kernel uses
 * have names here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "str_error.h"

#define ENOTSUPP 524

char *libbpf_strerror_r(int err, char *dst, int len)
{
	int n = err < 0 ? -err : err;

	if (n == ENOTSUPP)
		snprintf(dst, len, "not supported");
	else
		snprintf(dst, len, "%s", strerror(n));
	return dst;
}
