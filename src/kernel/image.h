/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Kernel files, between the files of this room that read them. */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/internal.h"

/* Bytes to read from: a file, or memory when mem is set. */
struct image {
	int fd;
	uint8_t *mem; /* owned */
	uint64_t size;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) int image_fail(const struct image *img, int err,
						     const char *fmt, ...);
/* Exactly n bytes at off: 0, -EINVAL when the image ends before, -EIO */
int image_read(const struct image *img, uint64_t off, void *buf, size_t n);

/* ---- image_unpack.c ---- */

/*
 * Finds the compressed kernel in a boot image that is in memory and unpacks it into *out
 * (mem_free()). -EINVAL: none found; -EOPNOTSUPP: compressed in a way that is not supported;
 * -EFBIG, -ENOMEM.
 */
int image_unpack(const struct image *img, uint8_t **out, size_t *out_size);

/* ---- image_elf.c ---- */

struct image_section {
	uint64_t addr, off, size;
	uint64_t flags; /* SHF_* */
	uint32_t type;
	char name[32]; /* cut off */
};

struct image_elf {
	const struct image *img;
	struct image_section *sec;
	uint32_t n;
	bool x86; /* an x86-64 kernel */
};

int image_elf_open(struct image_elf *elf, const struct image *img);
void image_elf_close(struct image_elf *elf);
/* NULL: no such section with bytes in the file */
const struct image_section *image_elf_find(const struct image_elf *elf, const char *name);
/* the section's bytes, mem_free(); NULL with *err */
uint8_t *image_elf_load(const struct image_elf *elf, const struct image_section *s, int *err);

/* ---- image_sets.c ---- */

/*
 * The kfunc sets of .BTF_ids with their flags and, where the code that registers them is
 * understood, their program types. Nothing is added when the file has no such section or its sets
 * are not marked (kernels before 6.9).
 */
int image_kfunc_sets(const struct image_elf *elf, const struct btf_obj *btf,
		     struct kernel_kfuncs *out);

#endif
