/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Apart from btf/btf.h, because libbpf's header has other functions of the same names. */
#ifndef CONTRACT_HOST_MERGE_H
#define CONTRACT_HOST_MERGE_H

#include <stddef.h>

/*
 * Splits own, a valid stand-alone BTF, over base. *out is allocated with mem_alloc(). -EINVAL when
 * libbpf refuses, -ENOMEM.
 */
int host_merge(const void *base, size_t base_size, const void *own, size_t own_size, void **out,
	       size_t *out_size);

#endif
