/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Finds the BTF of an executable or shared library (DESIGN 3). The file is read, not mapped: it may
 * be truncated under us, and a hostile one must cost an error and nothing else. So only what is
 * needed is read: the header, the section table, the section names, one section.
 */
#include "contract/host_elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "contract/host.h"

#define MAX_BTF      (256u << 20)
#define MAX_SECTIONS 65536

int host_elf_fail(struct elf_file *f, int err, const char *fmt, ...)
{
	va_list ap;

	if (f->why && f->why_size) {
		va_start(ap, fmt);
		vsnprintf(f->why, f->why_size, fmt, ap);
		va_end(ap);
	}
	return err;
}

int host_elf_read(struct elf_file *f, void *buf, size_t size, uint64_t off)
{
	char *p = buf;
	ssize_t n;

	if (off > f->size || size > f->size - off)
		return host_elf_fail(f, -EINVAL, "the file ends before what its headers promise");
	while (size) {
		n = pread(f->fd, p, size, off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return host_elf_fail(f, -errno, "cannot be read");
		if (!n)
			return host_elf_fail(f, -EINVAL, "the file became shorter");
		p += n;
		off += n;
		size -= n;
	}
	return 0;
}

static int open_file(struct elf_file *f, const char *path)
{
	struct stat st;

	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0)
		return host_elf_fail(f, -errno, "cannot be opened");
	if (fstat(f->fd, &st))
		return host_elf_fail(f, -errno, "cannot be examined");
	if (S_ISDIR(st.st_mode))
		return host_elf_fail(f, -EISDIR, "is a directory");
	if (!S_ISREG(st.st_mode))
		return host_elf_fail(f, -EINVAL, "is no regular file");
	f->size = st.st_size;
	return 0;
}

static int read_headers(struct elf_file *f)
{
	const Elf64_Ehdr *eh = &f->eh;
	Elf64_Shdr first;
	int err;

	if (f->size < sizeof(f->eh))
		return host_elf_fail(f, -ENOEXEC, "is no ELF file");
	err = host_elf_read(f, &f->eh, sizeof(f->eh), 0);
	if (err)
		return err;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG))
		return host_elf_fail(f, -ENOEXEC, "is no ELF file");
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return host_elf_fail(f, -ENOEXEC, "is no 64-bit little-endian ELF file");
	if (!eh->e_shoff)
		return 0;
	if (eh->e_shentsize != sizeof(Elf64_Shdr))
		return host_elf_fail(f, -EINVAL, "has a section table of unknown form");
	f->n_sh = eh->e_shnum;
	if (!f->n_sh) { /* 0xff00 or more sections: counted in the first */
		err = host_elf_read(f, &first, sizeof(first), eh->e_shoff);
		if (err)
			return err;
		f->n_sh = first.sh_size;
	}
	if (!f->n_sh || f->n_sh > MAX_SECTIONS)
		return host_elf_fail(f, -EINVAL, "has an impossible number of sections");
	f->sh = mem_calloc(f->n_sh, sizeof(*f->sh));
	if (!f->sh)
		return -ENOMEM;
	return host_elf_read(f, f->sh, f->n_sh * sizeof(*f->sh), eh->e_shoff);
}

int host_elf_open(struct elf_file *f, const char *path, char *why, size_t why_size)
{
	int err;

	*f = (struct elf_file){.fd = -1, .why = why, .why_size = why_size};
	err = open_file(f, path);
	return err ? err : read_headers(f);
}

const Elf64_Shdr *host_elf_section(struct elf_file *f, const char *name, int *err)
{
	uint64_t names = f->eh.e_shstrndx;
	size_t len = strlen(name) + 1;
	char buf[32];

	*err = 0;
	if (!f->n_sh)
		return NULL;
	if (names == SHN_XINDEX)
		names = f->sh[0].sh_link;
	if (names >= f->n_sh || f->sh[names].sh_type == SHT_NOBITS || len > sizeof(buf)) {
		*err = host_elf_fail(f, -EINVAL, "has no section names");
		return NULL;
	}
	for (uint64_t i = 1; i < f->n_sh; i++) {
		uint64_t off = f->sh[i].sh_name;

		if (off > f->sh[names].sh_size || len > f->sh[names].sh_size - off)
			continue; /* too near the end for this name */
		if (f->sh[names].sh_offset > UINT64_MAX - off) {
			*err = host_elf_fail(f, -EINVAL, "has no section names");
			return NULL;
		}
		*err = host_elf_read(f, buf, len, f->sh[names].sh_offset + off);
		if (*err)
			return NULL;
		if (!memcmp(buf, name, len))
			return &f->sh[i];
	}
	return NULL;
}

static int read_range(struct elf_file *f, uint64_t off, uint64_t size, void **data, size_t *out)
{
	int err;

	if (!size)
		return host_elf_fail(f, -EINVAL, "has empty BTF");
	if (size > MAX_BTF)
		return host_elf_fail(f, -EFBIG, "has more BTF than anybody needs");
	if (off > f->size || size > f->size - off)
		return host_elf_fail(f, -EINVAL, "has a .BTF section that reaches past its end");
	*data = mem_alloc(size);
	if (!*data)
		return -ENOMEM;
	err = host_elf_read(f, *data, size, off);
	if (err) {
		mem_free(*data);
		*data = NULL;
		return err;
	}
	*out = size;
	return 0;
}

void host_elf_close(struct elf_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	mem_free(f->sh);
	f->sh = NULL;
	f->fd = -1;
}

static int read_beside(const char *path, void **data, size_t *size, char *why, size_t why_size)
{
	struct elf_file f = {.fd = -1, .why = why, .why_size = why_size};
	char beside[4096];
	int err;

	if (snprintf(beside, sizeof(beside), "%s.btf", path) >= (int)sizeof(beside))
		return host_elf_fail(&f, -ENAMETOOLONG, "has too long a name");
	err = open_file(&f, beside);
	if (err == -ENOENT)
		host_elf_fail(&f, err, "has no .BTF section and no %.200s beside it", beside);
	if (!err)
		err = read_range(&f, 0, f.size, data, size);
	host_elf_close(&f);
	return err;
}

int host_elf_btf(const char *path, void **data, size_t *size, char *why, size_t why_size)
{
	const Elf64_Shdr *sh = NULL;
	struct elf_file f;
	int err;

	*data = NULL;
	*size = 0;
	err = host_elf_open(&f, path, why, why_size);
	if (!err)
		sh = host_elf_section(&f, ".BTF", &err);
	if (!err && sh && sh->sh_type == SHT_NOBITS)
		err = host_elf_fail(&f, -EINVAL, "has a .BTF section without contents");
	if (!err && sh && (sh->sh_flags & SHF_COMPRESSED))
		err = host_elf_fail(&f, -EINVAL, "has a compressed .BTF section");
	if (!err && sh)
		err = read_range(&f, sh->sh_offset, sh->sh_size, data, size);
	host_elf_close(&f);
	if (!err && !sh)
		err = read_beside(path, data, size, why, why_size);
	return err;
}
