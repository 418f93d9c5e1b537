/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Structs that begin with their caller's size: old programs and new libraries, and the reverse. */
#include <errno.h>
#include <string.h>

#include "loader/loader.h"

#define OPTS_MAX 4096

int loader_opts_in(void *known, size_t known_size, const void *opts)
{
	const char *p = opts;
	size_t sz, i;

	memset(known, 0, known_size);
	if (!opts)
		return 0;
	memcpy(&sz, opts, sizeof(sz));
	if (sz < sizeof(sz))
		return -EINVAL;
	if (sz > OPTS_MAX) /* nobody wrote it: what lies there is not the caller's to be read */
		return -E2BIG;
	for (i = known_size; i < sz; i++)
		if (p[i])
			return -E2BIG;
	memcpy(known, opts, sz < known_size ? sz : known_size);
	return 0;
}

void loader_opts_out(void *opts, const void *known, size_t known_size)
{
	size_t sz;

	if (!opts)
		return;
	memcpy(&sz, opts, sizeof(sz));
	memcpy((char *)opts + sizeof(sz), (const char *)known + sizeof(sz),
	       (sz < known_size ? sz : known_size) - sizeof(sz));
}
