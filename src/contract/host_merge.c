/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Splits a valid stand-alone BTF over another with libbpf: see host_btf.c for why. */
#include "contract/host_merge.h"

#include <bpf/btf.h>
#include <errno.h>
#include <limits.h>

#include "base/mem.h"

static struct btf *make_split(struct btf *base, struct btf *own)
{
	struct btf *split = btf__new_empty_split(base);

	if (!split)
		return NULL;
	if (btf__add_btf(split, own) < 0 || btf__dedup(split, NULL)) {
		btf__free(split);
		return NULL;
	}
	return split;
}

int host_merge(const void *base, size_t base_size, const void *own, size_t own_size, void **out,
	       size_t *out_size)
{
	struct btf *lbase = NULL, *lown = NULL, *split = NULL;
	const void *raw;
	__u32 n = 0;
	int err;

	if (base_size > UINT_MAX || own_size > UINT_MAX)
		return -EINVAL;
	lbase = btf__new(base, base_size);
	lown = lbase ? btf__new(own, own_size) : NULL;
	split = lown ? make_split(lbase, lown) : NULL;
	raw = split ? btf__raw_data(split, &n) : NULL;
	err = raw || errno != ENOMEM ? -EINVAL : -ENOMEM;
	if (raw) {
		*out = mem_dup(raw, n);
		*out_size = n;
		err = *out ? 0 : -ENOMEM;
	}
	btf__free(split);
	btf__free(lown);
	btf__free(lbase);
	return err;
}
