/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Functions and documentation of a host, read from the linked file for `kfunc lint` and `kfunc
 * doc`: which functions there are and whether __bpf_kfunc put them into their section, and the
 * texts of KFUNC_DOC. The file may be anything, as everywhere in host_*.c.
 */
#include "contract/host.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/host_elf.h"

#define MAX_SYMBOLS (4u << 20)
#define MAX_NAMES   (256u << 20)
#define MAX_DOCS    4096
#define MAX_TEXT    8192

/* struct kfunc_doc of <kfunc/kfunc.h>, in the file */
struct file_doc {
	uint64_t name, text;
};

/* Section contents in a buffer with one zero byte after them */
static int read_section(struct elf_file *f, const Elf64_Shdr *sh, uint64_t max, void **out)
{
	char *buf;
	int err;

	*out = NULL;
	if (sh->sh_type == SHT_NOBITS || sh->sh_size > max || sh->sh_offset > f->size ||
	    sh->sh_size > f->size - sh->sh_offset)
		return host_elf_fail(f, -EINVAL, "has a section that does not fit it");
	buf = mem_alloc(sh->sh_size + 1);
	if (!buf)
		return -ENOMEM;
	err = host_elf_read(f, buf, sh->sh_size, sh->sh_offset);
	if (err) {
		mem_free(buf);
		return err;
	}
	buf[sh->sh_size] = '\0';
	*out = buf;
	return 0;
}

static const Elf64_Shdr *symbol_table(const struct elf_file *f, uint32_t type)
{
	for (uint64_t i = 1; i < f->n_sh; i++)
		if (f->sh[i].sh_type == type)
			return &f->sh[i];
	return NULL;
}

/* syms: n symbols; keeps the defined functions among them */
static int keep_funcs(struct elf_file *f, const Elf64_Sym *syms, uint64_t n, uint64_t names_size,
		      const Elf64_Shdr *marks, struct host_funcs *out)
{
	uint64_t mark = marks ? (uint64_t)(marks - f->sh) : 0;

	out->v = mem_calloc(n, sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++) {
		const Elf64_Sym *s = &syms[i];

		if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx == SHN_UNDEF ||
		    s->st_name >= names_size)
			continue;
		out->v[out->n].name = out->names + s->st_name;
		out->v[out->n++].marked = mark && s->st_shndx == mark;
	}
	return 0;
}

static int read_funcs(struct elf_file *f, struct host_funcs *out)
{
	const Elf64_Shdr *tab = symbol_table(f, SHT_SYMTAB), *marks, *names;
	void *syms = NULL, *strings = NULL;
	int err;

	out->stripped = !tab;
	if (!tab)
		tab = symbol_table(f, SHT_DYNSYM);
	if (!tab)
		return 0;
	if (tab->sh_link >= f->n_sh)
		return host_elf_fail(f, -EINVAL, "has symbols without names");
	names = &f->sh[tab->sh_link];
	if (tab->sh_size / sizeof(Elf64_Sym) > MAX_SYMBOLS)
		return host_elf_fail(f, -E2BIG, "has more than four million symbols");
	marks = host_elf_section(f, "kfunc_text", &err);
	if (!err)
		err = read_section(f, tab, UINT64_MAX, &syms);
	if (!err)
		err = read_section(f, names, MAX_NAMES, &strings);
	out->names = strings;
	if (!err)
		err = keep_funcs(f, syms, tab->sh_size / sizeof(Elf64_Sym), names->sh_size, marks,
				 out);
	mem_free(syms);
	return err;
}

int host_elf_funcs(const char *path, struct host_funcs *out, char *why, size_t why_size)
{
	struct elf_file f;
	int err;

	*out = (struct host_funcs){0};
	err = host_elf_open(&f, path, why, why_size);
	if (!err)
		err = read_funcs(&f, out);
	host_elf_close(&f);
	if (err)
		host_funcs_free(out);
	return err;
}

void host_funcs_free(struct host_funcs *f)
{
	mem_free(f->v);
	mem_free(f->names);
	*f = (struct host_funcs){0};
}

static int read_docs(struct elf_file *f, struct host_doc **docs, uint32_t *n)
{
	const Elf64_Shdr *sh;
	struct file_doc *rows = NULL;
	char *text = NULL;
	int err;

	sh = host_elf_section(f, "kfunc_docs", &err);
	if (err || !sh)
		return err;
	if (sh->sh_size % sizeof(*rows) || sh->sh_size / sizeof(*rows) > MAX_DOCS)
		return host_elf_fail(f, -EINVAL, "has kfunc documentation of another form");
	err = read_section(f, sh, UINT64_MAX, (void **)&rows);
	if (!err)
		err = host_elf_relocate(f, sh, (uint8_t *)rows);
	*docs = mem_calloc(sh->sh_size / sizeof(*rows), sizeof(**docs));
	text = mem_alloc(MAX_TEXT);
	if (!err && (!*docs || !text))
		err = -ENOMEM;
	for (uint64_t i = 0; !err && i < sh->sh_size / sizeof(*rows); i++) {
		struct host_doc *d = &(*docs)[i];

		err = host_elf_name(f, rows[i].name, d->name, sizeof(d->name));
		if (!err)
			err = host_elf_name(f, rows[i].text, text, MAX_TEXT);
		if (err)
			break;
		d->text = mem_strdup(text);
		if (!d->text)
			err = -ENOMEM;
		*n += 1;
	}
	mem_free(text);
	mem_free(rows);
	return err;
}

int host_elf_docs(const char *path, struct host_doc **docs, uint32_t *n, char *why, size_t why_size)
{
	struct elf_file f;
	int err;

	*docs = NULL;
	*n = 0;
	err = host_elf_open(&f, path, why, why_size);
	if (!err)
		err = read_docs(&f, docs, n);
	host_elf_close(&f);
	if (err) {
		host_docs_free(*docs, *n);
		*docs = NULL;
		*n = 0;
	}
	return err;
}

void host_docs_free(struct host_doc *docs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mem_free(docs[i].text);
	mem_free(docs);
}
