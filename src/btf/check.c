/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The layout of every type record, one row per kind: what its info word, name and the words behind
 * it may be. Nothing is followed yet (resolve.c), but every id is known to be in range afterwards.
 */
#include "btf/internal.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define ENOTSUPP    524
#define INFO_UNUSED 0x60ff0000u

enum name_rule {
	NAME_NONE, /* must be anonymous */
	NAME_ANY,  /* any string of the section, or none */
	NAME_MAY,  /* an identifier, or none */
	NAME_MUST, /* an identifier */
	NAME_TEXT, /* any text that is not empty */
};

enum {
	K_VLEN = 1 << 0,  /* vlen is meaningful */
	K_KFLAG = 1 << 1, /* the kind flag is meaningful */
	K_REF = 1 << 2,   /* type refers to a type; 0 (void) is fine */
	K_REF1 = 1 << 3,  /* ... not void */
	K_ZERO = 1 << 4,  /* the size/type word is 0 */
};

static const char *str_at(const struct btf_check *c, uint32_t off)
{
	return btf_str(c->btf, off);
}

/* Identifiers of base strings were checked when the base was; only their characters matter here. */
static bool base_ident(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");

	return n && n < 512 && s[n] == '\0' && !(s[0] >= '0' && s[0] <= '9');
}

static bool str_ok(const struct btf_check *c, uint32_t off)
{
	const struct btf_obj *btf = c->btf;

	return off < btf->start_str || off - btf->start_str < btf->str_len;
}

static bool is_ident(const struct btf_check *c, uint32_t off)
{
	const struct btf_obj *btf = c->btf;
	uint16_t len;
	char first;

	if (off < btf->start_str)
		return base_ident(str_at(c, off));
	len = c->ident[off - btf->start_str];
	first = btf->strs[off - btf->start_str];
	return len && len != BTF_NOT_IDENT && !(first >= '0' && first <= '9');
}

static bool name_ok(const struct btf_check *c, uint32_t off, enum name_rule rule)
{
	if (!str_ok(c, off))
		return false;
	switch (rule) {
	case NAME_NONE:
		return off == 0;
	case NAME_ANY:
		return true;
	case NAME_MAY:
		return off == 0 || is_ident(c, off);
	case NAME_MUST:
		return is_ident(c, off);
	case NAME_TEXT:
		return str_at(c, off)[0] != '\0';
	}
	return false;
}

/* ---- what follows the common part, by kind; size words were bounds-checked by the caller ---- */

static int more_none(struct btf_check *c, const struct btf_type *t)
{
	(void)c;
	(void)t;
	return 0;
}

static int more_int(struct btf_check *c, const struct btf_type *t)
{
	uint32_t v = *(const uint32_t *)(t + 1), bits, enc;

	if (v & ~0x0fffffffu)
		return btf_check_fail(c, -EINVAL, "integer has unknown bits 0x%x", v);
	bits = BTF_INT_BITS(v) + BTF_INT_OFFSET(v);
	if (bits > 128 || (bits + 7) / 8 > t->size)
		return btf_check_fail(c, -EINVAL, "integer of %u bits does not fit %u bytes", bits,
				      t->size);
	enc = BTF_INT_ENCODING(v);
	if (enc & (enc - 1) || enc > BTF_INT_BOOL)
		return btf_check_fail(c, -ENOTSUPP, "integer encoding 0x%x is not supported", enc);
	return 0;
}

static int more_array(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_array *a = btf_type_array(t);

	if (!a->type || a->type > BTF_MAX_TYPE || !a->index_type || a->index_type > BTF_MAX_TYPE)
		return btf_check_fail(c, -EINVAL, "array element or index type is invalid");
	return 0;
}

static int more_struct(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_member *m = btf_type_members(t);
	bool is_union = btf_type_kind(t) == BTF_KIND_UNION;
	uint32_t i, n = btf_type_vlen(t), last = 0;

	for (i = 0; i < n; i++) {
		uint32_t off = btf_member_bits(t, i, NULL);

		if (!name_ok(c, m[i].name_off, NAME_MAY))
			return btf_check_fail(c, -EINVAL, "member %u has an invalid name", i);
		if (!m[i].type || m[i].type > BTF_MAX_TYPE)
			return btf_check_fail(c, -EINVAL, "member %u has an invalid type", i);
		if (is_union && off)
			return btf_check_fail(c, -EINVAL, "union member %u is not at offset 0", i);
		if (off < last)
			return btf_check_fail(c, -EINVAL, "member %u is out of order", i);
		if (off / 8 + !!(off % 8) > t->size)
			return btf_check_fail(c, -EINVAL, "member %u lies outside of %u bytes", i,
					      t->size);
		last = off;
	}
	return 0;
}

static int more_enum(struct btf_check *c, const struct btf_type *t)
{
	uint32_t step = btf_type_kind(t) == BTF_KIND_ENUM ? sizeof(struct btf_enum)
							  : sizeof(struct btf_enum64);
	const uint8_t *p = (const uint8_t *)(t + 1);
	uint32_t i, n = btf_type_vlen(t);

	if (t->size > 8 || !t->size || (t->size & (t->size - 1)))
		return btf_check_fail(c, -EINVAL, "enum of %u bytes", t->size);
	for (i = 0; i < n; i++, p += step)
		if (!name_ok(c, *(const uint32_t *)p, NAME_MUST))
			return btf_check_fail(c, -EINVAL, "enumerator %u has an invalid name", i);
	return 0;
}

static int more_func(struct btf_check *c, const struct btf_type *t)
{
	if (btf_type_vlen(t) > (c->btf->unlinked ? BTF_FUNC_EXTERN : BTF_FUNC_GLOBAL))
		return btf_check_fail(c, -EINVAL, "function linkage %u is invalid",
				      btf_type_vlen(t));
	return 0;
}

static int more_proto(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_param *p = btf_type_params(t);
	uint32_t i, n = btf_type_vlen(t);

	for (i = 0; i < n; i++) {
		if (!name_ok(c, p[i].name_off, NAME_MAY))
			return btf_check_fail(c, -EINVAL, "parameter %u has an invalid name", i);
		if (p[i].type > BTF_MAX_TYPE)
			return btf_check_fail(c, -EINVAL, "parameter %u has an invalid type", i);
		/* void stands for the dots of a variable argument list */
		if (!p[i].type && (i + 1 < n || p[i].name_off))
			return btf_check_fail(c, -EINVAL, "parameter %u is void", i);
	}
	return 0;
}

static int more_var(struct btf_check *c, const struct btf_type *t)
{
	uint32_t linkage = ((const struct btf_var *)(t + 1))->linkage;

	if (linkage != BTF_VAR_STATIC && linkage != BTF_VAR_GLOBAL_ALLOCATED &&
	    (linkage != BTF_VAR_GLOBAL_EXTERN || !c->btf->unlinked))
		return btf_check_fail(c, -EINVAL, "variable linkage %u is invalid", linkage);
	return 0;
}

static int more_datasec(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = (const void *)(t + 1);
	uint32_t i, n = btf_type_vlen(t);
	uint64_t end = 0;

	if (!t->size && !c->btf->unlinked)
		return btf_check_fail(c, -EINVAL, "section of 0 bytes");
	for (i = 0; i < n; i++) {
		if (!v[i].type || v[i].type > BTF_MAX_TYPE)
			return btf_check_fail(c, -EINVAL, "variable %u has an invalid type", i);
		if (c->btf->unlinked) /* the loader fills in offsets and sizes */
			continue;
		if (v[i].offset < end || v[i].offset >= t->size || !v[i].size)
			return btf_check_fail(c, -EINVAL, "variable %u is misplaced", i);
		end = (uint64_t)v[i].offset + v[i].size;
		if (end > t->size)
			return btf_check_fail(c, -EINVAL, "variable %u lies outside of %u bytes", i,
					      t->size);
	}
	return 0;
}

static int more_float(struct btf_check *c, const struct btf_type *t)
{
	switch (t->size) {
	case 2:
	case 4:
	case 8:
	case 12:
	case 16:
		return 0;
	}
	return btf_check_fail(c, -EINVAL, "floating point type of %u bytes", t->size);
}

static int more_decl_tag(struct btf_check *c, const struct btf_type *t)
{
	int32_t comp = ((const struct btf_decl_tag *)(t + 1))->component_idx;

	if (comp < -1)
		return btf_check_fail(c, -EINVAL, "declaration tag on component %d", comp);
	return 0;
}

struct kind_row {
	const char *name;
	uint8_t flags;
	uint8_t name_rule;
	uint8_t fixed; /* bytes behind struct btf_type */
	uint8_t each;  /* bytes for each of vlen elements */
	int (*more)(struct btf_check *c, const struct btf_type *t);
};

static const struct kind_row kinds[] = {
	[BTF_KIND_INT] = {"integer", 0, NAME_ANY, 4, 0, more_int},
	[BTF_KIND_PTR] = {"pointer", K_REF, NAME_NONE, 0, 0, more_none},
	[BTF_KIND_ARRAY] = {"array", K_ZERO, NAME_NONE, sizeof(struct btf_array), 0, more_array},
	[BTF_KIND_STRUCT] = {"struct", K_VLEN | K_KFLAG, NAME_MAY, 0, sizeof(struct btf_member),
			     more_struct},
	[BTF_KIND_UNION] = {"union", K_VLEN | K_KFLAG, NAME_MAY, 0, sizeof(struct btf_member),
			    more_struct},
	[BTF_KIND_ENUM] = {"enum", K_VLEN | K_KFLAG, NAME_MAY, 0, sizeof(struct btf_enum),
			   more_enum},
	[BTF_KIND_FWD] = {"forward declaration", K_KFLAG | K_ZERO, NAME_MUST, 0, 0, more_none},
	[BTF_KIND_TYPEDEF] = {"typedef", K_REF, NAME_MUST, 0, 0, more_none},
	[BTF_KIND_VOLATILE] = {"volatile", K_REF, NAME_NONE, 0, 0, more_none},
	[BTF_KIND_CONST] = {"const", K_REF, NAME_NONE, 0, 0, more_none},
	[BTF_KIND_RESTRICT] = {"restrict", K_REF, NAME_NONE, 0, 0, more_none},
	[BTF_KIND_FUNC] = {"function", K_REF1 | K_VLEN, NAME_MUST, 0, 0, more_func},
	[BTF_KIND_FUNC_PROTO] = {"prototype", K_REF | K_VLEN, NAME_NONE, 0,
				 sizeof(struct btf_param), more_proto},
	[BTF_KIND_VAR] = {"variable", K_REF1, NAME_MUST, sizeof(struct btf_var), 0, more_var},
	[BTF_KIND_DATASEC] = {"section", K_VLEN, NAME_TEXT, 0, sizeof(struct btf_var_secinfo),
			      more_datasec},
	[BTF_KIND_FLOAT] = {"floating point type", 0, NAME_ANY, 0, 0, more_float},
	[BTF_KIND_DECL_TAG] = {"declaration tag", K_REF1 | K_KFLAG, NAME_TEXT,
			       sizeof(struct btf_decl_tag), 0, more_decl_tag},
	[BTF_KIND_TYPE_TAG] = {"type tag", K_REF | K_KFLAG, NAME_TEXT, 0, 0, more_none},
	[BTF_KIND_ENUM64] = {"enum", K_VLEN | K_KFLAG, NAME_MAY, 0, sizeof(struct btf_enum64),
			     more_enum},
};

static int check_common(struct btf_check *c, const struct btf_type *t, const struct kind_row *k)
{
	if (!(k->flags & K_VLEN) && btf_type_vlen(t))
		return btf_check_fail(c, -EINVAL, "%s with a length", k->name);
	if (!(k->flags & K_KFLAG) && BTF_INFO_KFLAG(t->info))
		return btf_check_fail(c, -EINVAL, "%s with the kind flag", k->name);
	if (!name_ok(c, t->name_off, k->name_rule))
		return btf_check_fail(c, -EINVAL, "%s has an invalid name", k->name);
	if ((k->flags & K_ZERO) && t->type)
		return btf_check_fail(c, -EINVAL, "%s with a size or type", k->name);
	if ((k->flags & (K_REF | K_REF1)) && t->type > BTF_MAX_TYPE)
		return btf_check_fail(c, -EINVAL, "%s of an invalid type", k->name);
	if ((k->flags & K_REF1) && !t->type)
		return btf_check_fail(c, -EINVAL, "%s of type void", k->name);
	return k->more(c, t);
}

int btf_check_layout(struct btf_check *c)
{
	struct btf_obj *btf = c->btf;
	size_t cap = 0;
	uint32_t pos = 0;

	c->id = btf->start_id;
	/* a record has 12 bytes or more: one allocation covers all but hostile input */
	while (pos < btf->type_len) {
		const struct btf_type *t = (const void *)(btf->types + pos);
		uint32_t kind, left = btf->type_len - pos, need;
		const struct kind_row *k;
		int err;

		if (c->id > BTF_MAX_TYPE)
			return btf_check_fail(c, -E2BIG, "too many types");
		if (left < sizeof(*t))
			return btf_check_fail(c, -EINVAL, "record is cut off");
		kind = btf_type_kind(t);
		if (t->info & INFO_UNUSED || !kind || kind >= sizeof(kinds) / sizeof(kinds[0]))
			return btf_check_fail(c, -EINVAL, "info word 0x%08x is invalid", t->info);
		k = &kinds[kind];
		need = sizeof(*t) + k->fixed + k->each * btf_type_vlen(t);
		if (left < need)
			return btf_check_fail(c, -EINVAL, "%s is cut off", k->name);
		err = check_common(c, t, k);
		if (!err)
			err = mem_grow((void **)&btf->off, &cap, btf->n_types + 1,
				       sizeof(*btf->off));
		if (err)
			return err;
		btf->off[btf->n_types++] = pos;
		pos += need;
		c->id++;
	}
	return 0;
}
