/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What lies at an offset of a struct (kfunc spec R6.4), and the questions that are answered by
 * descending into structs: type match (R3.12), aliases that must not be mixed (R3.13), scalar
 * structs (R3.7).
 *
 * A descent ends because a struct cannot contain itself (resolve.c); its cost is the members of the
 * structs on the way.
 */
#include "btf/internal.h"

#include <string.h>

/* A member with its array dimensions taken off: elem_id, n of them, elem bytes each. */
struct flat {
	uint32_t elem_id;
	const struct btf_type *elem;
	uint64_t elem_size, total;
	bool is_array;
};

static bool flatten(const struct btf_obj *btf, uint32_t id, struct flat *f)
{
	int64_t size = btf_type_size(btf, id), elem;

	f->is_array = false;
	if (size < 0)
		return false;
	f->elem = btf_skip_mods(btf, id, &f->elem_id);
	while (btf_type_kind(f->elem) == BTF_KIND_ARRAY) {
		f->is_array = true;
		f->elem = btf_skip_mods(btf, btf_type_array(f->elem)->type, &f->elem_id);
	}
	elem = btf_type_size(btf, f->elem_id);
	f->elem_size = elem < 0 ? 0 : elem;
	f->total = size;
	return true;
}

/*
 * Past the end of a struct whose last member is an array of length 0: the offset within an element.
 * The kernel does so for its own types; for a program's it would lead out of the allocation.
 */
static bool in_flexible_tail(const struct btf_obj *btf, const struct btf_type *t, uint32_t *off,
			     uint32_t *elem_id)
{
	const struct btf_type *arr, *elem;
	uint32_t last, start;
	int64_t size;

	if (btf->strict || !btf_type_vlen(t))
		return false;
	last = btf_type_vlen(t) - 1;
	arr = btf_skip_mods(btf, btf_type_members(t)[last].type, NULL);
	start = btf_member_bits(t, last, NULL) / 8;
	if (btf_type_kind(arr) != BTF_KIND_ARRAY || btf_type_array(arr)->nelems || *off < start)
		return false;
	elem = btf_skip_mods(btf, btf_type_array(arr)->type, elem_id);
	if (btf_type_kind(elem) == BTF_KIND_INT)
		return true;
	size = btf_type_size(btf, *elem_id);
	if (!btf_is_struct(elem) || size <= 0)
		return false;
	*off = (*off - start) % size;
	return true;
}

enum step {
	STEP_STRUCT, /* the member is a struct or an array of them: go on inside */
	STEP_DONE,   /* res says what it is */
};

/* One level: the member of struct id that covers off. Sets id and off to go on. */
static enum step walk_member(const struct btf_obj *btf, uint32_t *id, uint32_t *off, uint32_t size,
			     struct btf_walk *res)
{
	const struct btf_type *t = btf_type(btf, *id);
	const struct btf_member *m = btf_type_members(t);
	uint32_t i, n = btf_type_vlen(t), bits;
	uint64_t end = (uint64_t)*off + size;

	for (i = 0; i < n; i++) {
		uint64_t bit = btf_member_bits(t, i, &bits), start = bit / 8, stop;
		struct flat f;

		if (end <= start && size)
			break;
		res->struct_id = *id;
		res->member = i;
		res->type_id = m[i].type;
		if (bits) {
			/* clang leaves out nameless bit-fields: a load may begin before this one */
			if (*off <= start && (bit + bits + 7) / 8 <= end) {
				res->kind = BTF_WALK_SCALAR;
				return STEP_DONE;
			}
			continue;
		}
		if (*off < start)
			break;
		if (!flatten(btf, m[i].type, &f))
			continue;
		stop = start + f.total;
		if (*off >= stop)
			continue;
		if (f.is_array && f.elem_size)
			start += (*off - start) / f.elem_size * f.elem_size;
		res->type_id = f.elem_id;
		if (btf_is_struct(f.elem)) {
			*off -= start;
			*id = f.elem_id;
			return STEP_STRUCT;
		}
		if (btf_is_ptr(f.elem)) {
			/* keep the declared type: its tags matter */
			if (!f.is_array)
				res->type_id = m[i].type;
			res->kind = size == f.elem_size && *off == start ? BTF_WALK_PTR
									 : BTF_WALK_PARTIAL_PTR;
			return STEP_DONE;
		}
		/* within a union nothing is trusted anyway, and any size is a fault-safe load */
		if (end > stop && !res->through_union)
			res->kind = BTF_WALK_BEYOND;
		else
			res->kind = BTF_WALK_SCALAR;
		return STEP_DONE;
	}
	res->kind = BTF_WALK_HOLE;
	return STEP_DONE;
}

/* stop: end at the first struct that begins exactly at off (a question for a struct, not a load) */
static void walk(const struct btf_obj *btf, uint32_t id, uint32_t off, uint32_t size, bool stop,
		 struct btf_walk *res)
{
	const struct btf_type *t;

	memset(res, 0, sizeof(*res));
	res->kind = BTF_WALK_HOLE;
	t = btf_skip_mods(btf, id, &id);
	while (t && btf_is_struct(t)) {
		res->struct_id = id;
		if (btf_type_kind(t) == BTF_KIND_UNION && btf_type_vlen(t) != 1)
			res->through_union = true;
		if ((uint64_t)off + size > t->size) {
			uint32_t elem_id;

			if (!in_flexible_tail(btf_owner(btf, id), t, &off, &elem_id)) {
				res->kind = BTF_WALK_BEYOND;
				return;
			}
			res->member = btf_type_vlen(t) - 1;
			res->type_id = elem_id;
			t = btf_type(btf, elem_id);
			if (!btf_is_struct(t)) {
				res->kind = BTF_WALK_SCALAR;
				return;
			}
			id = elem_id;
			if ((uint64_t)off + size > t->size) {
				res->kind = BTF_WALK_BEYOND;
				return;
			}
			continue;
		}
		if (walk_member(btf, &id, &off, size, res) == STEP_DONE)
			return;
		if (stop && off == 0) {
			res->kind = BTF_WALK_STRUCT;
			res->type_id = id;
			return;
		}
		t = btf_type(btf, id);
	}
}

void btf_walk_struct(const struct btf_obj *btf, uint32_t id, uint32_t off, uint32_t size,
		     struct btf_walk *res)
{
	walk(btf, id, off, size ? size : 1, size == 0, res);
}

bool btf_types_match(const struct btf_obj *a, uint32_t a_id, uint32_t off, const struct btf_obj *b,
		     uint32_t b_id, bool strict)
{
	struct btf_walk w;

	if (off == 0 && btf_same_type(a, a_id, b, b_id))
		return true;
	if (strict)
		return false;
	for (;;) {
		walk(a, a_id, off, 1, true, &w);
		if (w.kind != BTF_WALK_STRUCT)
			return false;
		if (btf_same_type(a, w.type_id, b, b_id))
			return true;
		a_id = w.type_id;
		off = 0;
	}
}

bool btf_is_nocast_alias(const struct btf_obj *a, uint32_t a_id, const struct btf_obj *b,
			 uint32_t b_id)
{
	static const char suffix[] = "___init";
	const char *x = btf_type_name(a, a_id), *y = btf_type_name(b, b_id);
	size_t nx = strlen(x), ny = strlen(y), n = sizeof(suffix) - 1;

	if (nx < ny) {
		const char *s = x;

		x = y;
		y = s;
		ny = nx;
		nx = strlen(x);
	}
	return nx == ny + n && !memcmp(x, y, ny) && !memcmp(x + ny, suffix, n);
}

/* budget: structs may be declared so that visiting every path takes forever */
static bool scalar_struct(const struct btf_obj *btf, uint32_t id, int depth, uint32_t *budget)
{
	const struct btf_type *t = btf_type(btf, id);
	uint32_t i, n;

	if (!t || !btf_is_struct(t))
		return false;
	n = btf_type_vlen(t);
	for (i = 0; i < n; i++) {
		uint32_t mid;
		const struct btf_type *m = btf_skip_mods(btf, btf_type_members(t)[i].type, &mid);

		if (!*budget)
			return false;
		--*budget;
		if (btf_is_struct(m)) {
			if (depth >= 3 || !scalar_struct(btf, mid, depth + 1, budget))
				return false;
			continue;
		}
		if (btf_type_kind(m) == BTF_KIND_ARRAY) {
			if (!btf_type_array(m)->nelems)
				return false;
			m = btf_skip_mods(btf, btf_type_array(m)->type, NULL);
		}
		if (!btf_is_scalar(m))
			return false;
	}
	return true;
}

bool btf_is_scalar_struct(const struct btf_obj *btf, uint32_t id)
{
	uint32_t budget = 1u << 18;

	btf_skip_mods(btf, id, &id);
	return scalar_struct(btf, id, 0, &budget);
}
