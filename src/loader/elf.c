/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The object file before libbpf parses it: is it a BPF object of sensible size at all, is its type
 * information sound (libbpf checks less of it than it relies on), and its undefined symbols made weak.
 * Nothing in the file is trusted: every offset is checked against its
 * size before it is followed.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "loader/loader.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif

static int refuse(int err, char *why, size_t why_size, const char *text)
{
	if (why_size)
		snprintf(why, why_size, "%s", text);
	return err;
}

int loader_check_elf(const void *data, size_t size, char *why, size_t why_size)
{
	Elf64_Ehdr h;

	if (size == 0)
		return refuse(-ENOEXEC, why, why_size, "the file is empty");
	if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG) != 0)
		return refuse(-ENOEXEC, why, why_size, "this is no ELF file");
	if (size < sizeof(h))
		return refuse(-ENOEXEC, why, why_size, "the ELF header is cut off");
	memcpy(&h, data, sizeof(h));
	if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(-ENOEXEC, why, why_size, "this is no 64-bit little-endian ELF file");
	if (h.e_machine != EM_BPF || h.e_type != ET_REL)
		return refuse(
			-ENOEXEC, why, why_size,
			"this ELF file is not for the BPF machine, or not a relocatable object");
	if (h.e_shoff == 0 || h.e_shoff > size || h.e_shoff % _Alignof(Elf64_Shdr) ||
	    h.e_shentsize != sizeof(Elf64_Shdr) ||
	    (uint64_t)h.e_shnum * sizeof(Elf64_Shdr) > size - h.e_shoff)
		return refuse(-ENOEXEC, why, why_size,
			      "the file is cut off: its section table is missing");
	return 0;
}

/* Reads until size bytes or the end. Bytes read, or -errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, buf + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += n;
	}
	return got;
}

int loader_read_file(const char *path, void **data, size_t *size, char *why, size_t why_size)
{
	char head[sizeof(Elf64_Ehdr)], *buf = NULL;
	struct stat st;
	ssize_t n;
	int fd, err;

	/* a FIFO without a writer must not hold us up */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		err = -errno;
		return refuse(err, why, why_size, strerror(-err));
	}
	err = -errno;
	if (fstat(fd, &st) < 0) {
		err = -errno;
		refuse(err, why, why_size, strerror(-err));
		goto out;
	}
	err = -ENOEXEC;
	if (S_ISDIR(st.st_mode)) {
		err = refuse(-EISDIR, why, why_size, "this is a directory");
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		refuse(err, why, why_size, "this is not a regular file");
		goto out;
	}
	/* look at the head before anything is allocated: the file may be huge and something else */
	n = read_all(fd, head, sizeof(head));
	if (n < 0) {
		err = refuse(n, why, why_size, strerror(-n));
		goto out;
	}
	if ((size_t)n < sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0) {
		err = loader_check_elf(head, n, why, why_size);
		goto out;
	}
	if (st.st_size > (off_t)LOADER_MAX_OBJECT) {
		err = refuse(-EFBIG, why, why_size, "the file is larger than 64 MiB");
		goto out;
	}
	buf = mem_alloc(st.st_size);
	if (!buf) {
		err = refuse(-ENOMEM, why, why_size, "out of memory");
		goto out;
	}
	memcpy(buf, head, sizeof(head));
	n = read_all(fd, buf + sizeof(head), st.st_size - sizeof(head));
	if (n < 0) {
		err = refuse(n, why, why_size, strerror(-n));
		goto out;
	}
	*size = sizeof(head) + n;
	err = loader_check_elf(buf, *size, why, why_size);
	if (err)
		goto out;
	*data = buf;
	buf = NULL;
out:
	mem_free(buf);
	close(fd);
	return err;
}

/* The name of a section, "" when it lies outside of the file. */
static const char *section_name(const char *base, size_t size, const Elf64_Shdr *names,
				uint32_t off)
{
	uint64_t at = names->sh_offset + off;

	if (at < off || at >= size || !memchr(base + at, '\0', size - at))
		return "";
	return base + at;
}

static Elf64_Shdr section(const char *base, const Elf64_Ehdr *h, uint32_t i)
{
	Elf64_Shdr sh;

	memcpy(&sh, base + h->e_shoff + (uint64_t)i * sizeof(sh), sizeof(sh));
	return sh;
}

int loader_check_btf(const void *data, size_t size, char *why, size_t why_size)
{
	const char *base = data;
	char text[DIAG_TEXT];
	Elf64_Shdr names, sh;
	Elf64_Ehdr h;
	uint32_t i;
	int err;

	memcpy(&h, data, sizeof(h));
	if (h.e_shstrndx >= h.e_shnum)
		return refuse(-ENOEXEC, why, why_size, "the sections of the file have no names");
	names = section(base, &h, h.e_shstrndx);
	for (i = 0; i < h.e_shnum; i++) {
		sh = section(base, &h, i);
		if (sh.sh_type != SHT_PROGBITS ||
		    strcmp(section_name(base, size, &names, sh.sh_name), ".BTF") != 0)
			continue;
		if (sh.sh_offset > size || sh.sh_size > size - sh.sh_offset)
			return refuse(-ENOEXEC, why, why_size,
				      "the file is cut off in its .BTF section");
		err = btf_check_object(base + sh.sh_offset, sh.sh_size, text, sizeof(text));
		if (err && why_size)
			snprintf(why, why_size, "the type information (BTF) is malformed: %s",
				 text);
		if (err)
			return err;
	}
	return 0;
}

void loader_weaken(void *data, size_t size)
{
	char *base = data;
	Elf64_Ehdr *h = data;
	Elf64_Shdr sh;
	uint32_t i;

	for (i = 0; i < h->e_shnum; i++) {
		uint64_t k, n;

		sh = section(base, h, i);
		if (sh.sh_type != SHT_SYMTAB || sh.sh_offset > size ||
		    sh.sh_size > size - sh.sh_offset)
			continue;
		n = sh.sh_size / sizeof(Elf64_Sym);
		for (k = 1; k < n; k++) {
			char *at = base + sh.sh_offset + k * sizeof(Elf64_Sym);
			Elf64_Sym sym;

			memcpy(&sym, at, sizeof(sym));
			if (sym.st_shndx != SHN_UNDEF || ELF64_ST_BIND(sym.st_info) != STB_GLOBAL)
				continue;
			sym.st_info = ELF64_ST_INFO(STB_WEAK, ELF64_ST_TYPE(sym.st_info));
			memcpy(at, &sym, sizeof(sym));
		}
	}
}
