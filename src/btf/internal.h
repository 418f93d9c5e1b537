/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The inside of a BTF object, shared by the files of this room only. Everything here is written
 * once while parsing and read-only afterwards, so queries need no lock.
 *
 * Tables indexed by "own index" = id - start_id.
 */
#ifndef BTF_INTERNAL_H
#define BTF_INTERNAL_H

#include <stdatomic.h>

#include "btf/btf.h"

#define BTF_NO_SIZE   UINT32_MAX
#define BTF_MAX_DEPTH 32

struct btf_tag_ref {
	uint32_t target; /* type the tag belongs to */
	uint32_t id;     /* the DECL_TAG */
};

struct btf_obj {
	_Atomic uint32_t refs;
	char *name;
	struct btf_obj *base;
	bool strict;   /* a program's: checked as BTF_LOAD does; kernel files are checked for safety
		      */
	bool unlinked; /* an object file's: sections without layout, functions of elsewhere */
	uint8_t *data;
	size_t size;
	const char *strs;
	uint32_t str_len;
	uint32_t start_str; /* string offsets below belong to the base */
	const uint8_t *types;
	uint32_t type_len;
	uint32_t start_id;
	uint32_t n_types; /* own ones */
	uint32_t *off;    /* offset in types */
	uint32_t *skip;   /* id reached when modifiers are stripped */
	uint32_t *bytes;  /* size, or BTF_NO_SIZE */
	uint32_t *bucket; /* name index: first own index + 1 of a chain, 0: empty */
	uint32_t *next;   /* ... and the rest of the chain */
	uint32_t bucket_mask;
	struct btf_tag_ref *tags; /* sorted by target */
	uint32_t n_tags;
};

/* The state of one parse. */
struct btf_check {
	struct btf_obj *btf;
	uint16_t *ident; /* per own string byte: length of an identifier that starts there, or */
#define BTF_NOT_IDENT UINT16_MAX
	uint32_t id; /* type being looked at, for messages */
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) int btf_check_fail(struct btf_check *c, int err,
							 const char *fmt, ...);
/* check.c: layout of every type record; fills off[] and n_types */
int btf_check_layout(struct btf_check *c);
/* resolve.c: references, loops, sizes; fills skip[] and bytes[] */
int btf_check_resolve(struct btf_check *c);

static inline const struct btf_type *btf_own_type(const struct btf_obj *btf, uint32_t i)
{
	return (const struct btf_type *)(btf->types + btf->off[i]);
}

#endif
