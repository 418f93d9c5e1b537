/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Queries that need no search: type by id, strings, modifiers, sizes, tags. All are table lookups,
 * because the verifier asks them for every typed access and every call.
 */
#include "btf/internal.h"

#include <errno.h>
#include <string.h>

static const struct btf_type void_type;

const char *btf_name(const struct btf_obj *btf)
{
	return btf ? btf->name : "";
}

struct btf_obj *btf_base(const struct btf_obj *btf)
{
	return btf->base;
}

const void *btf_raw(const struct btf_obj *btf, size_t *size)
{
	if (size)
		*size = btf->size;
	return btf->data;
}

uint32_t btf_start_id(const struct btf_obj *btf)
{
	return btf->start_id;
}

uint32_t btf_end_id(const struct btf_obj *btf)
{
	return btf->start_id + btf->n_types;
}

const struct btf_obj *btf_owner(const struct btf_obj *btf, uint32_t id)
{
	while (btf->base && id < btf->start_id)
		btf = btf->base;
	return btf;
}

const struct btf_type *btf_type(const struct btf_obj *btf, uint32_t id)
{
	if (id == 0)
		return &void_type;
	btf = btf_owner(btf, id);
	if (id - btf->start_id >= btf->n_types)
		return NULL;
	return btf_own_type(btf, id - btf->start_id);
}

const char *btf_str(const struct btf_obj *btf, uint32_t off)
{
	while (btf->base && off < btf->start_str)
		btf = btf->base;
	if (off < btf->start_str || off - btf->start_str >= btf->str_len)
		return "";
	return btf->strs + (off - btf->start_str);
}

const char *btf_type_name(const struct btf_obj *btf, uint32_t id)
{
	const struct btf_type *t = btf_type(btf, id);

	return t ? btf_str(btf, t->name_off) : "";
}

uint32_t btf_member_bits(const struct btf_type *t, uint32_t i, uint32_t *bitfield_size)
{
	uint32_t off = btf_type_members(t)[i].offset;

	if (!BTF_INFO_KFLAG(t->info)) {
		if (bitfield_size)
			*bitfield_size = 0;
		return off;
	}
	if (bitfield_size)
		*bitfield_size = BTF_MEMBER_BITFIELD_SIZE(off);
	return BTF_MEMBER_BIT_OFFSET(off);
}

const struct btf_type *btf_skip_mods(const struct btf_obj *btf, uint32_t id, uint32_t *res)
{
	const struct btf_obj *o = btf_owner(btf, id);

	if (id && id - o->start_id < o->n_types)
		id = o->skip[id - o->start_id];
	if (res)
		*res = id;
	return btf_type(btf, id);
}

const struct btf_type *btf_pointee(const struct btf_obj *btf, uint32_t id, uint32_t *res)
{
	const struct btf_type *t = btf_skip_mods(btf, id, NULL);

	if (!t || !btf_is_ptr(t))
		return NULL;
	return btf_skip_mods(btf, t->type, res);
}

bool btf_ptr_has_tag(const struct btf_obj *btf, uint32_t id, const char *tag)
{
	const struct btf_type *t = btf_skip_mods(btf, id, NULL);

	if (!t || !btf_is_ptr(t))
		return false;
	/* tags of a pointer directly follow it, however many there are */
	for (t = btf_type(btf, t->type); btf_type_kind(t) == BTF_KIND_TYPE_TAG;
	     t = btf_type(btf, t->type))
		if (!strcmp(btf_str(btf, t->name_off), tag))
			return true;
	return false;
}

int64_t btf_type_size(const struct btf_obj *btf, uint32_t id)
{
	const struct btf_obj *o = btf_owner(btf, id);
	uint32_t n;

	if (!id || id - o->start_id >= o->n_types)
		return -EINVAL;
	n = o->bytes[id - o->start_id];
	return n == BTF_NO_SIZE ? -EINVAL : (int64_t)n;
}

bool btf_same_type(const struct btf_obj *a, uint32_t a_id, const struct btf_obj *b, uint32_t b_id)
{
	return a_id == b_id && (a == b || btf_owner(a, a_id) == btf_owner(b, b_id));
}

/* first entry of target in this object's sorted tags */
static uint32_t first_tag(const struct btf_obj *btf, uint32_t target)
{
	uint32_t lo = 0, hi = btf->n_tags;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (btf->tags[mid].target < target)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int btf_for_each_decl_tag(const struct btf_obj *btf, uint32_t id, int32_t component,
			  int (*fn)(void *ctx, const char *tag), void *ctx)
{
	/* a split object may tag types of its base */
	for (; btf; btf = btf->base) {
		uint32_t i;

		for (i = first_tag(btf, id); i < btf->n_tags && btf->tags[i].target == id; i++) {
			const struct btf_type *t = btf_type(btf, btf->tags[i].id);
			int err;

			if (((const struct btf_decl_tag *)(t + 1))->component_idx != component)
				continue;
			err = fn(ctx, btf_str(btf, t->name_off));
			if (err)
				return err;
		}
		if (id >= btf->start_id)
			break;
	}
	return 0;
}

struct tag_search {
	const char *prefix;
	const char *value;
};

static int match_prefix(void *ctx, const char *tag)
{
	struct tag_search *s = ctx;
	size_t n = strlen(s->prefix);

	if (strncmp(tag, s->prefix, n) != 0)
		return 0;
	s->value = tag + n;
	return 1;
}

const char *btf_decl_tag_value(const struct btf_obj *btf, uint32_t id, int32_t component,
			       const char *prefix)
{
	struct tag_search s = {.prefix = prefix};

	btf_for_each_decl_tag(btf, id, component, match_prefix, &s);
	return s.value;
}
