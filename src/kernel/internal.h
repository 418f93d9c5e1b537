/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* How kernels come into being; for the files of this room (live.c, image.c). */
#ifndef KERNEL_INTERNAL_H
#define KERNEL_INTERNAL_H

#include "kernel/kernel.h"

/*
 * A kernel of this release ("6.18.44-cloud"; kept for display) and version with an empty registry,
 * its rules and tables picked. Takes its own reference to btf. NULL: out of memory. The caller may
 * change rule[], live and nr_cpus before it shows the kernel to anyone.
 */
struct kfunc_kernel *kernel_new(const char *release, uint16_t version, struct btf_obj *btf);

/* "6.18.44-..." -> KVER(6, 18); 0: not a release */
uint16_t kernel_parse_release(const char *release);

/*
 * Registers the destructors that the tables know for this version and whose types and functions are
 * in the kernel's BTF. 0 or -errno.
 */
int kernel_add_dtors(struct kfunc_kernel *k);

/*
 * Registers the kfuncs that data/ lists for the nearest release and that the kernel's BTF has. A
 * FUNC that is tagged as a kfunc but not listed there gets the flags and program types of the next
 * release that lists it. 0 or -errno.
 */
int kernel_add_listed_kfuncs(struct kfunc_kernel *k);

#endif
