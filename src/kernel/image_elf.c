/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Sections of a vmlinux. Only what is asked for is read, because one with debug information is half
 * a gigabyte; every offset and size comes from the file and is checked against its length.
 */
#include "kernel/image.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define MAX_SECTIONS 4096
#define MAX_NAMES    (1u << 20)
#define MAX_SECTION  ((uint64_t)256 << 20)

static int read_header(const struct image *img, Elf64_Ehdr *eh)
{
	int err = image_read(img, 0, eh, sizeof(*eh));

	if (err)
		return image_fail(img, err, "the ELF header is cut off");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return image_fail(img, -EINVAL, "this ELF file is not 64-bit little-endian");
	if (eh->e_machine == EM_BPF)
		return image_fail(img, -EINVAL, "this is a BPF object, not a kernel");
	if (eh->e_shentsize != sizeof(Elf64_Shdr) || !eh->e_shnum || eh->e_shnum > MAX_SECTIONS ||
	    eh->e_shstrndx >= eh->e_shnum || eh->e_shoff > img->size ||
	    (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr) > img->size - eh->e_shoff)
		return image_fail(img, -EINVAL,
				  "this ELF file has no section table, or one that is cut off");
	return 0;
}

static int fill(struct image_elf *elf, const Elf64_Shdr *sh, const char *names, uint32_t names_len)
{
	const struct image *img = elf->img;
	uint32_t i;

	for (i = 0; i < elf->n; i++) {
		struct image_section *s = &elf->sec[i];

		if (sh[i].sh_name >= names_len)
			return image_fail(img, -EINVAL, "section %u has no name", i);
		snprintf(s->name, sizeof(s->name), "%s", names + sh[i].sh_name);
		s->addr = sh[i].sh_addr;
		s->off = sh[i].sh_offset;
		s->size = sh[i].sh_size;
		s->flags = sh[i].sh_flags;
		s->type = sh[i].sh_type;
		if (s->type != SHT_NOBITS && s->type != SHT_NULL &&
		    (s->off > img->size || s->size > img->size - s->off))
			return image_fail(img, -EINVAL, "section %s is cut off", s->name);
	}
	return 0;
}

int image_elf_open(struct image_elf *elf, const struct image *img)
{
	Elf64_Shdr *sh = NULL, *strs;
	char *names = NULL;
	Elf64_Ehdr eh;
	int err;

	memset(elf, 0, sizeof(*elf));
	elf->img = img;
	err = read_header(img, &eh);
	if (err)
		return err;
	elf->n = eh.e_shnum;
	elf->x86 = eh.e_machine == EM_X86_64;
	elf->sec = mem_calloc(elf->n, sizeof(*elf->sec));
	sh = mem_calloc(elf->n, sizeof(*sh));
	err = elf->sec && sh ? 0 : -ENOMEM;
	if (!err)
		err = image_read(img, eh.e_shoff, sh, elf->n * sizeof(*sh));
	if (err)
		goto out;
	strs = &sh[eh.e_shstrndx];
	if (strs->sh_type == SHT_NOBITS || strs->sh_offset > img->size || !strs->sh_size ||
	    strs->sh_size > img->size - strs->sh_offset || strs->sh_size > MAX_NAMES) {
		err = image_fail(img, -EINVAL, "the section names are cut off");
		goto out;
	}
	names = mem_alloc(strs->sh_size + 1);
	err = names ? image_read(img, strs->sh_offset, names, strs->sh_size) : -ENOMEM;
	if (err)
		goto out;
	names[strs->sh_size] = '\0';
	err = fill(elf, sh, names, strs->sh_size);
out:
	mem_free(names);
	mem_free(sh);
	if (err)
		image_elf_close(elf);
	return err;
}

void image_elf_close(struct image_elf *elf)
{
	mem_free(elf->sec);
	elf->sec = NULL;
	elf->n = 0;
}

const struct image_section *image_elf_find(const struct image_elf *elf, const char *name)
{
	uint32_t i;

	for (i = 0; i < elf->n; i++)
		if (!strcmp(elf->sec[i].name, name) && elf->sec[i].type != SHT_NOBITS &&
		    elf->sec[i].type != SHT_NULL && elf->sec[i].size)
			return &elf->sec[i];
	return NULL;
}

uint8_t *image_elf_load(const struct image_elf *elf, const struct image_section *s, int *err)
{
	uint8_t *p;

	if (s->size > MAX_SECTION) {
		*err = image_fail(elf->img, -EFBIG, "section %s is larger than 256 MiB", s->name);
		return NULL;
	}
	p = mem_alloc(s->size);
	*err = p ? image_read(elf->img, s->off, p, s->size) : -ENOMEM;
	if (*err) {
		mem_free(p);
		return NULL;
	}
	return p;
}
