/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How kernels come into being; for the files of this room (live.c, image.c). */
#ifndef KERNEL_INTERNAL_H
#define KERNEL_INTERNAL_H

#include <stddef.h>

#include "kernel/kernel.h"

/*
 * A kernel of this release ("6.18.44-cloud"; kept for display) and version with an empty registry,
 * its rules and tables picked. Takes its own reference to btf. NULL: out of memory. The caller may
 * change rule[], live and nr_cpus before it shows the kernel to anyone.
 */
struct kfunc_kernel *kernel_new(const char *release, uint16_t version, struct btf_obj *btf);

/* "6.18.44-..." -> KVER(6, 18); 0: not a release */
uint16_t kernel_parse_release(const char *release);

/* ---- kfuncs of images (listed.c) ---- */

struct kernel_kfunc {
	uint32_t id;    /* FUNC in the kernel's BTF */
	uint32_t flags; /* KF_* */
	uint64_t
		progs; /* bit per program type it is registered for, bit 0: all; 0: not known yet */
	uint32_t set;  /* files: number of the set it was found in; not 0 */
};

struct kernel_kfuncs {
	struct kernel_kfunc *row;
	size_t n, cap;
};

int kernel_kfuncs_add(struct kernel_kfuncs *l, const struct kernel_kfunc *f);
/*
 * What data/ lists for the nearest release and the BTF has. When the BTF tags its kfuncs, an
 * untagged function is none, and a tagged one that is not listed is looked for in the other
 * releases.
 */
int kernel_listed_kfuncs(const struct kfunc_kernel *k, struct kernel_kfuncs *out);
/* Fills in progs where a file did not tell: by name from data/, else as others of the same set. */
void kernel_complete_kfuncs(const struct kfunc_kernel *k, struct kernel_kfuncs *l);
/* Registers them type by type, rows without program types left out; then destructors and fmod_ret
 * targets that the tables know. 0 or -errno with a sentence in why. */
int kernel_register_kfuncs(struct kfunc_kernel *k, const struct kernel_kfuncs *l, char *why,
			   size_t why_size);
/* The version whose kfuncs are most like those of btf; 0: it has none that are known. */
uint16_t kernel_guess_version(const struct btf_obj *btf);

#endif
