/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Types of a host: from an executable or shared library to a split module BTF over a kernel's. Used
 * at registration (kernel/module.c) and by the command (`kfunc btf`, `kfunc lint`).
 */
#ifndef CONTRACT_HOST_H
#define CONTRACT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btf/btf.h"

/*
 * The BTF of an ELF file: its .BTF section, or else the file PATH.btf beside it. *data is allocated
 * with mem_alloc(). Returns 0; -ENOENT: no BTF, -ENOEXEC: no 64-bit little-endian ELF file,
 * -EINVAL: a broken one, -EFBIG: more than 256 MiB of BTF, -ENOMEM, or the errno of open and read.
 * why gets one line in words unless it is NULL. The file may be anything; only headers that hold
 * are followed.
 */
int host_elf_btf(const char *path, void **data, size_t *size, char *why, size_t why_size);

/*
 * Makes raw BTF a split BTF over base, with types that base has merged into it, and calls it name.
 * NULL and *err: -EINVAL with why set, -ENOMEM.
 */
struct btf_obj *host_split_btf(const void *data, size_t size, struct btf_obj *base,
			       const char *name, char *why, size_t why_size, int *err);

/*
 * What the sets of a linked file say, without running it: one entry for each BTF_ID_FLAGS and
 * BTF_ID, in their order.
 */
struct host_id {
	char name[128];
	char kind[16];
	uint32_t flags; /* KF_*; of functions in sets */
	bool in_set;    /* false: in a BTF_ID_LIST */
};

/*
 * *ids is allocated with mem_alloc(), *n may be 0. Errors as host_elf_btf(); -E2BIG: more than
 * 65,536 entries.
 */
int host_elf_ids(const char *path, struct host_id **ids, uint32_t *n, char *why, size_t why_size);

/*
 * Checks what a file's sets list against its BTF at a version of the rules: calls report with the
 * entry and one phrase for everything that keeps it from being registered or called. Returns how
 * many there were, or -ENOMEM.
 */
int host_check_ids(const struct btf_obj *btf, uint16_t version, const struct host_id *ids,
		   uint32_t n, void (*report)(void *ctx, const struct host_id *id, const char *why),
		   void *ctx);

/*
 * The functions of a linked file: from .symtab, or from .dynsym when that was stripped (local
 * functions are missing then). marked: defined with __bpf_kfunc.
 */
struct host_func {
	const char *name;
	bool marked;
};

struct host_funcs {
	struct host_func *v;
	uint32_t n;
	bool stripped;
	char *names; /* what name points into */
};

/* Errors as host_elf_btf(); -E2BIG: more than four million symbols. */
int host_elf_funcs(const char *path, struct host_funcs *out, char *why, size_t why_size);
void host_funcs_free(struct host_funcs *f);

/* What KFUNC_DOC says in a linked file; longer texts than 8 KiB are an error. */
struct host_doc {
	char name[128];
	char *text;
};

int host_elf_docs(const char *path, struct host_doc **docs, uint32_t *n, char *why,
		  size_t why_size);
void host_docs_free(struct host_doc *docs, uint32_t n);

/* "libapp.so.1" from "/usr/lib/libapp.so.1" -> "libapp": what a module is called */
void host_module_name(const char *path, char *name, size_t size);

#endif
