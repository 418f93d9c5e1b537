/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A host's BTF is written by pahole as if nothing else existed. Programs (and libbpf, which looks
 * for a program's externs) want it as modules have it: split, over the kernel's BTF, with the types
 * that both know only in the base. That is libbpf's deduplication (host_merge.c); it trusts its
 * input, so the bytes go through our own parser before and after.
 */
#include "contract/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "contract/host_merge.h"

struct btf_obj *host_split_btf(const void *data, size_t size, struct btf_obj *base,
			       const char *name, char *why, size_t why_size, int *err)
{
	struct btf_obj *checked, *res;
	size_t base_size, n;
	const void *raw;
	void *merged;

	checked = btf_parse(data, size, NULL, name, why, why_size, err);
	if (!checked)
		return NULL;
	btf_put(checked);
	raw = btf_raw(base, &base_size);
	*err = host_merge(raw, base_size, data, size, &merged, &n);
	if (*err) {
		if (why && why_size)
			snprintf(why, why_size, "its BTF cannot be joined with the kernel's");
		return NULL;
	}
	res = btf_parse(merged, n, base, name, why, why_size, err);
	mem_free(merged);
	return res;
}

void host_module_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *p = slash ? slash + 1 : path, *end;
	size_t n;

	end = strstr(p, ".so");
	if (!end || end == p)
		end = p + strlen(p);
	n = (size_t)(end - p) < size - 1 ? (size_t)(end - p) : size - 1;
	memcpy(name, p, n);
	name[n] = '\0';
	for (char *c = name; *c; c++)
		if (*c == '.' || *c == '-' || *c == ' ')
			*c = '_';
	if (!*name)
		snprintf(name, size, "host");
	else if (!strcmp(name, "vmlinux")) /* the one name that loaders reserve */
		snprintf(name, size, "vmlinux_host");
}
