/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the kernel behind the boundary offers to libbpf. libbpf finds out by loading small programs,
 * maps and types; here the answer is known, so it takes this file in place of its features.c. Kernels
 * before 6.1 are not supported, and everything that is asked for is older than that, except:
 */
#include "libbpf_internal.h"

#define VERSION(major, minor) ((major) << 16 | (minor) << 8)

unsigned int loader_kernel_version(void);
bool loader_has_modules(void);
int probe_fd(int fd);

int probe_fd(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool feat_supported(struct kern_feature_cache *cache, enum kern_feature_id feat)
{
	(void)cache;
	switch (feat) {
	case FEAT_MODULE_BTF: /* no: nothing to look through */
		return loader_has_modules();
	case FEAT_UPROBE_MULTI_LINK:
		return loader_kernel_version() >= VERSION(6, 6);
	case FEAT_ARG_CTX_TAG:
		return loader_kernel_version() >= VERSION(6, 8);
	case FEAT_BTF_QMARK_DATASEC:
		return loader_kernel_version() >= VERSION(6, 9);
	default:
		return true;
	}
}
