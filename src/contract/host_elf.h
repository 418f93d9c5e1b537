/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Careful reading of ELF files, for the host_*.c files of this room. */
#ifndef CONTRACT_HOST_ELF_H
#define CONTRACT_HOST_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
	int fd;
	uint64_t size;
	Elf64_Ehdr eh;
	Elf64_Shdr *sh;
	uint64_t n_sh;
	char *why; /* receives one line about the last failure; may be NULL */
	size_t why_size;
};

/* Reads the headers; whatever it returns, host_elf_close() is due. Errors: see host_elf_btf(). */
int host_elf_open(struct elf_file *f, const char *path, char *why, size_t why_size);
void host_elf_close(struct elf_file *f);
/* size bytes at off, or -EINVAL when the file does not have them */
int host_elf_read(struct elf_file *f, void *buf, size_t size, uint64_t off);
/* The section called name (at most 31 characters); NULL and *err 0 if there is none. */
const Elf64_Shdr *host_elf_section(struct elf_file *f, const char *name, int *err);
int host_elf_fail(struct elf_file *f, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Applies the relative relocations that fall into section sec, whose contents are in buf. */
int host_elf_relocate(struct elf_file *f, const Elf64_Shdr *sec, uint8_t *buf);
/* Up to size bytes at a virtual address: how many, or -EINVAL */
int64_t host_elf_vaddr(struct elf_file *f, uint64_t addr, void *buf, uint64_t size);
/* The NUL-terminated text at a virtual address; -EINVAL if it is longer than size - 1 bytes */
int host_elf_name(struct elf_file *f, uint64_t addr, char *buf, size_t size);

#endif
