/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads the kfunc sets of a linked executable or library from the file (DESIGN 3: BTF_ID_FLAGS
 * stores address, name and flags), for `kfunc btf` and `kfunc lint`. The rows are pointers, which
 * in a position-independent file are relocations: only relative ones are followed, since names and
 * slots are the file's own; addresses of functions are not needed here.
 */
#include "contract/host.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/contract.h"
#include "contract/host_elf.h"

#define MAX_IDS 65536

/* struct kfunc_id_ref of <kfunc/kfunc.h>, in the file */
struct file_ref {
	uint64_t slot, kind, name, addr;
};

static bool is_relative(const struct elf_file *f, uint64_t info)
{
	uint32_t type = ELF64_R_TYPE(info);

	return f->eh.e_machine == EM_X86_64    ? type == R_X86_64_RELATIVE
	       : f->eh.e_machine == EM_AARCH64 ? type == R_AARCH64_RELATIVE
					       : false;
}

int host_elf_relocate(struct elf_file *f, const Elf64_Shdr *sec, uint8_t *buf)
{
	Elf64_Rela r[64];
	int err;

	for (uint64_t i = 1; i < f->n_sh; i++) {
		const Elf64_Shdr *sh = &f->sh[i];
		uint64_t left = sh->sh_size / sizeof(r[0]), off = sh->sh_offset, n;

		if (sh->sh_type != SHT_RELA || !(sh->sh_flags & SHF_ALLOC))
			continue;
		for (; left; left -= n, off += n * sizeof(r[0])) {
			n = left < 64 ? left : 64;
			err = host_elf_read(f, r, n * sizeof(r[0]), off);
			if (err)
				return err;
			for (uint64_t j = 0; j < n; j++) {
				uint64_t at = r[j].r_offset - sec->sh_addr;

				if (is_relative(f, r[j].r_info) && at < sec->sh_size &&
				    sec->sh_size - at >= 8)
					memcpy(buf + at, &r[j].r_addend, 8);
			}
		}
	}
	return 0;
}

int64_t host_elf_vaddr(struct elf_file *f, uint64_t addr, void *buf, uint64_t size)
{
	for (uint64_t i = 1; i < f->n_sh; i++) {
		const Elf64_Shdr *sh = &f->sh[i];
		uint64_t at = addr - sh->sh_addr;

		if (!(sh->sh_flags & SHF_ALLOC) || sh->sh_type == SHT_NOBITS || at >= sh->sh_size)
			continue;
		if (size > sh->sh_size - at)
			size = sh->sh_size - at;
		if (sh->sh_offset > UINT64_MAX - at)
			break;
		return host_elf_read(f, buf, size, sh->sh_offset + at) ? -EINVAL : (int64_t)size;
	}
	return host_elf_fail(f, -EINVAL, "has kfunc tables that point out of it");
}

int host_elf_name(struct elf_file *f, uint64_t addr, char *buf, size_t size)
{
	int64_t n = host_elf_vaddr(f, addr, buf, size);

	if (n < 0)
		return n;
	if (!memchr(buf, '\0', n))
		return host_elf_fail(f, -EINVAL,
				     "has a text in its kfunc tables that does not end");
	return 0;
}

static int read_id(struct elf_file *f, const Elf64_Shdr *sets, const struct file_ref *ref,
		   struct host_id *id)
{
	uint64_t at;
	int err;

	err = host_elf_name(f, ref->kind, id->kind, sizeof(id->kind));
	if (!err)
		err = host_elf_name(f, ref->name, id->name, sizeof(id->name));
	if (err || !sets)
		return err;
	at = ref->slot - sets->sh_addr;
	id->in_set = at < sets->sh_size;
	if (!id->in_set)
		return 0;
	return host_elf_vaddr(f, ref->slot + 4, &id->flags, 4) == 4 ? 0 : -EINVAL;
}

static int read_ids(struct elf_file *f, struct host_id **ids, uint32_t *n)
{
	const Elf64_Shdr *refs, *sets = NULL;
	struct file_ref *buf = NULL;
	int err;

	refs = host_elf_section(f, "kfunc_id_refs", &err);
	if (!err && refs)
		sets = host_elf_section(f, "kfunc_sets", &err);
	if (err || !refs)
		return err;
	if (refs->sh_type == SHT_NOBITS || refs->sh_size % sizeof(*buf))
		return host_elf_fail(f, -EINVAL, "has kfunc sets of another form");
	if (refs->sh_size / sizeof(*buf) > MAX_IDS)
		return host_elf_fail(f, -E2BIG, "has more than %u entries in its kfunc sets",
				     MAX_IDS);
	*n = refs->sh_size / sizeof(*buf);
	buf = mem_alloc(refs->sh_size);
	*ids = mem_calloc(*n, sizeof(**ids));
	err = buf && *ids ? host_elf_read(f, buf, refs->sh_size, refs->sh_offset) : -ENOMEM;
	if (!err)
		err = host_elf_relocate(f, refs, (uint8_t *)buf);
	for (uint32_t i = 0; !err && i < *n; i++)
		err = read_id(f, sets, &buf[i], &(*ids)[i]);
	mem_free(buf);
	return err;
}

int host_elf_ids(const char *path, struct host_id **ids, uint32_t *n, char *why, size_t why_size)
{
	struct elf_file f;
	int err;

	*ids = NULL;
	*n = 0;
	err = host_elf_open(&f, path, why, why_size);
	if (!err)
		err = read_ids(&f, ids, n);
	host_elf_close(&f);
	if (err) {
		mem_free(*ids);
		*ids = NULL;
		*n = 0;
	}
	return err;
}

static uint32_t kind_of(const char *kind)
{
	return !strcmp(kind, "func")      ? BTF_KIND_FUNC
	       : !strcmp(kind, "struct")  ? BTF_KIND_STRUCT
	       : !strcmp(kind, "union")   ? BTF_KIND_UNION
	       : !strcmp(kind, "typedef") ? BTF_KIND_TYPEDEF
					  : BTF_KIND_UNKN;
}

/* What is wrong with one entry, NULL if nothing is */
static const char *check_id(const struct btf_obj *btf, uint16_t version, const struct host_id *id,
			    struct kfunc_contract *c)
{
	int32_t btf_id = btf_find(btf, id->name, kind_of(id->kind));
	const char *why;

	if (id->in_set && strcmp(id->kind, "func"))
		return "sets hold functions only";
	if (btf_id <= 0)
		return id->in_set
			       ? "there is no such function in the types: is it defined here, with "
				 "__bpf_kfunc, and compiled with -g?"
			       : "there is no such type";
	if (!id->in_set)
		return NULL;
	why = contract_check_iter(btf, btf_id, id->flags);
	if (why)
		return why;
	if (contract_compile(c, btf, btf_id, id->flags, version))
		return "it is no function with a prototype";
	return c->bad_why;
}

int host_check_ids(const struct btf_obj *btf, uint16_t version, const struct host_id *ids,
		   uint32_t n, void (*report)(void *ctx, const struct host_id *id, const char *why),
		   void *ctx)
{
	struct kfunc_contract *c = mem_alloc(sizeof(*c));
	int bad = 0;

	if (!c)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const char *why = check_id(btf, version, &ids[i], c);

		if (!why)
			continue;
		report(ctx, &ids[i], why);
		bad++;
	}
	mem_free(c);
	return bad;
}
