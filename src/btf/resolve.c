/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * References between types: in range, free of loops, at most 32 deep; then sizes and what a record
 * may refer to.
 *
 * Two walks, each visits a type once. The first follows pointers and modifiers (a chain: every
 * record has one successor), the second follows containment: modifiers, arrays, structs, variables.
 * A struct may point to itself but not contain itself.
 *
 * The kernel resolves a program's BTF fully but its own only record by record, and vmlinux relies
 * on that (functions with nameless parameters, for one). So the last step is strict for programs
 * only.
 */
#include "btf/internal.h"

#include <errno.h>

#include "base/mem.h"

enum { NEW, OPEN, DONE };

struct frame {
	uint32_t id;
	uint32_t member; /* next one to look at */
};

static bool is_own(const struct btf_obj *btf, uint32_t id)
{
	return id >= btf->start_id;
}

static int check_id(struct btf_check *c, uint32_t id)
{
	if (id < btf_end_id(c->btf))
		return 0;
	return btf_check_fail(c, -EINVAL, "refers to type %u, which does not exist", id);
}

static int check_ids(struct btf_check *c, const struct btf_type *t)
{
	uint32_t i, n = btf_type_vlen(t);
	int err = 0;

	switch (btf_type_kind(t)) {
	case BTF_KIND_ARRAY:
		err = check_id(c, btf_type_array(t)->type);
		return err ? err : check_id(c, btf_type_array(t)->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (i = 0; i < n && !err; i++)
			err = check_id(c, btf_type_members(t)[i].type);
		return err;
	case BTF_KIND_FUNC_PROTO:
		for (i = 0; i < n && !err; i++)
			err = check_id(c, btf_type_params(t)[i].type);
		return err ? err : check_id(c, t->type);
	case BTF_KIND_DATASEC:
		for (i = 0; i < n && !err; i++)
			err = check_id(c, ((const struct btf_var_secinfo *)(t + 1))[i].type);
		return err;
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FWD:
		return 0;
	default:
		return check_id(c, t->type);
	}
}

static uint32_t skip_of(const struct btf_obj *btf, uint32_t id)
{
	uint32_t res = 0;

	btf_skip_mods(btf, id, &res);
	return res;
}

static int too_deep(struct btf_check *c)
{
	return btf_check_fail(c, -E2BIG, "nesting is more than %d deep", BTF_MAX_DEPTH);
}

static int is_loop(struct btf_check *c)
{
	return btf_check_fail(c, -EEXIST, "refers back to itself");
}

/* Pointer and modifier chains; also finds what remains of a type without its modifiers. */
static int resolve_chain(struct btf_check *c, uint8_t *state, uint32_t id)
{
	struct btf_obj *btf = c->btf;
	uint32_t stack[BTF_MAX_DEPTH], top = 0;

	for (;;) {
		const struct btf_type *t = btf_type(btf, id);

		if (!is_own(btf, id) || (!btf_is_ptr(t) && !btf_is_modifier(t)))
			break;
		if (state[id - btf->start_id] == DONE)
			break;
		if (state[id - btf->start_id] == OPEN)
			return is_loop(c);
		if (top == BTF_MAX_DEPTH)
			return too_deep(c);
		state[id - btf->start_id] = OPEN;
		stack[top++] = id;
		id = t->type;
	}
	while (top) {
		uint32_t i = stack[--top] - btf->start_id;
		const struct btf_type *t = btf_own_type(btf, i);

		if (btf_is_modifier(t))
			btf->skip[i] = skip_of(btf, t->type);
		state[i] = DONE;
	}
	return 0;
}

static bool contains_others(const struct btf_type *t)
{
	return btf_is_modifier(t) || btf_is_struct(t) || btf_type_kind(t) == BTF_KIND_ARRAY ||
	       btf_type_kind(t) == BTF_KIND_VAR;
}

/* the i-th type contained in t, 0 past the last */
static uint32_t contained(const struct btf_type *t, uint32_t i)
{
	if (btf_is_struct(t))
		return i < btf_type_vlen(t) ? btf_type_members(t)[i].type : 0;
	if (i)
		return 0;
	return btf_type_kind(t) == BTF_KIND_ARRAY ? btf_type_array(t)->type : t->type;
}

static uint32_t size_of(const struct btf_obj *btf, uint32_t id)
{
	int64_t n = btf_type_size(btf, id);

	return n < 0 ? BTF_NO_SIZE : (uint32_t)n;
}

static int set_size(struct btf_check *c, uint32_t i)
{
	struct btf_obj *btf = c->btf;
	const struct btf_type *t = btf_own_type(btf, i);
	uint32_t elem;

	if (btf_is_modifier(t) || btf_type_kind(t) == BTF_KIND_VAR) {
		btf->bytes[i] = size_of(btf, t->type);
	} else if (btf_type_kind(t) == BTF_KIND_ARRAY) {
		elem = size_of(btf, btf_type_array(t)->type);
		if (elem == BTF_NO_SIZE)
			return 0;
		if ((uint64_t)elem * btf_type_array(t)->nelems >= BTF_NO_SIZE)
			return btf_check_fail(c, -EINVAL, "array is larger than 4 GiB");
		btf->bytes[i] = elem * btf_type_array(t)->nelems;
	}
	return 0;
}

static int resolve_contents(struct btf_check *c, uint8_t *state, uint32_t root)
{
	struct btf_obj *btf = c->btf;
	struct frame stack[BTF_MAX_DEPTH];
	uint32_t top = 0;
	int err;

	if (state[root - btf->start_id] == DONE || !contains_others(btf_type(btf, root)))
		return 0;
	state[root - btf->start_id] = OPEN;
	stack[top++] = (struct frame){.id = root};
	while (top) {
		struct frame *f = &stack[top - 1];
		uint32_t next = contained(btf_type(btf, f->id), f->member++);

		if (!next) {
			err = set_size(c, f->id - btf->start_id);
			if (err)
				return err;
			state[f->id - btf->start_id] = DONE;
			top--;
			continue;
		}
		if (!is_own(btf, next) || !contains_others(btf_type(btf, next)) ||
		    state[next - btf->start_id] == DONE)
			continue;
		if (state[next - btf->start_id] == OPEN)
			return is_loop(c);
		if (top == BTF_MAX_DEPTH)
			return too_deep(c);
		state[next - btf->start_id] = OPEN;
		stack[top++] = (struct frame){.id = next};
	}
	return 0;
}

/* ---- what may refer to what ---- */

/* The integer's own words count, not the bytes that it is stored in. */
static bool is_plain_int(const struct btf_type *t)
{
	uint32_t v, bits;

	if (btf_type_kind(t) != BTF_KIND_INT)
		return false;
	v = *(const uint32_t *)(t + 1);
	bits = BTF_INT_BITS(v);
	return !BTF_INT_OFFSET(v) && bits >= 8 && bits <= 128 && !(bits & (bits - 1));
}

/* A type that a value can have */
static bool is_value(struct btf_check *c, uint32_t id)
{
	const struct btf_type *t = btf_skip_mods(c->btf, id, NULL);

	return size_of(c->btf, id) != BTF_NO_SIZE && btf_type_kind(t) != BTF_KIND_DATASEC &&
	       btf_type_kind(t) != BTF_KIND_VAR;
}

static int check_array(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_array *a = btf_type_array(t);
	const struct btf_type *elem = btf_skip_mods(c->btf, a->type, NULL);

	if (!is_plain_int(btf_skip_mods(c->btf, a->index_type, NULL)))
		return btf_check_fail(c, -EINVAL, "array index is not an ordinary integer");
	if (!is_value(c, a->type) || (btf_type_kind(elem) == BTF_KIND_INT && !is_plain_int(elem)))
		return btf_check_fail(c, -EINVAL, "array of something without a size");
	return 0;
}

static int bad_member(struct btf_check *c, uint32_t i, const char *why)
{
	return btf_check_fail(c, -EINVAL, "member %u %s", i, why);
}

/* Bytes from the one with bit off on, as many as hold the member. */
static int check_room(struct btf_check *c, const struct btf_type *s, uint32_t i, uint32_t off,
		      uint32_t bytes)
{
	if (off / 8 > s->size || s->size - off / 8 < bytes)
		return bad_member(c, i, "does not fit its struct");
	return 0;
}

/* Without the kind flag the integer itself says which bits of it are used. */
static int check_int_member(struct btf_check *c, const struct btf_type *s, uint32_t i,
			    const struct btf_type *t)
{
	uint32_t v = *(const uint32_t *)(t + 1), bits, off = btf_member_bits(s, i, &bits);

	if (!BTF_INFO_KFLAG(s->info)) {
		off += BTF_INT_OFFSET(v);
		bits = BTF_INT_BITS(v);
	} else {
		if (!is_plain_int(t))
			return bad_member(c, i, "is no ordinary integer");
		if (bits > BTF_INT_BITS(v))
			return bad_member(c, i, "is no valid bit-field");
		if (!bits && (off & 7))
			return bad_member(c, i, "is not at a whole byte");
		bits = bits ? bits : BTF_INT_BITS(v);
	}
	if (bits + (off & 7) > 128)
		return bad_member(c, i, "is too wide");
	return check_room(c, s, i, off, (bits + (off & 7) + 7) / 8);
}

static int check_member(struct btf_check *c, const struct btf_type *s, uint32_t i)
{
	uint32_t bits, off = btf_member_bits(s, i, &bits), id = btf_type_members(s)[i].type;
	const struct btf_type *t = btf_skip_mods(c->btf, id, NULL);
	uint32_t size = size_of(c->btf, id), align;

	if (t && btf_type_kind(t) == BTF_KIND_INT)
		return check_int_member(c, s, i, t);
	if (!is_value(c, id))
		return bad_member(c, i, "has a type without size");
	if (bits && (!btf_is_scalar(t) || bits > 32))
		return bad_member(c, i, "is no valid bit-field");
	if (!bits && (off & 7))
		return bad_member(c, i, "is not at a whole byte");
	if (btf_type_kind(t) == BTF_KIND_FLOAT) {
		align = (size < 8 ? size : 8) * 8;
		if (!(align & (align - 1)) && (off & (align - 1)))
			return bad_member(c, i, "is not aligned");
	}
	/* a bit-field ends where its last bit is, and an enumeration beside bit-fields has four bytes */
	if (bits)
		return check_room(c, s, i, 0, (off + bits + 7) / 8);
	if (btf_is_scalar(t) && BTF_INFO_KFLAG(s->info))
		size = 4;
	return check_room(c, s, i, off, size);
}

static int check_struct(struct btf_check *c, const struct btf_type *t)
{
	uint32_t i, n = btf_type_vlen(t);
	int err = 0;

	for (i = 0; i < n && !err; i++)
		err = check_member(c, t, i);
	return err;
}

/* parameters and results are values; a prototype's are also checked for being that */
static int check_proto(struct btf_check *c, const struct btf_type *t)
{
	uint32_t i, n = btf_type_vlen(t);

	if (t->type && !is_value(c, t->type))
		return btf_check_fail(c, -EINVAL, "result has no size");
	for (i = 0; i < n; i++) {
		uint32_t id = btf_type_params(t)[i].type;

		if (id && !is_value(c, id))
			return btf_check_fail(c, -EINVAL, "parameter %u has no size", i);
	}
	return 0;
}

static int check_func(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_type *proto = btf_type(c->btf, t->type);
	uint32_t i, n;

	if (btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return btf_check_fail(c, -EINVAL, "function without a prototype");
	n = c->btf->strict ? btf_type_vlen(proto) : 0;
	for (i = 0; i < n; i++) {
		const struct btf_param *p = btf_type_params(proto) + i;

		if (p->type && !p->name_off)
			return btf_check_fail(c, -EINVAL, "parameter %u has no name", i);
	}
	return 0;
}

static int check_datasec(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_var_secinfo *v = (const void *)(t + 1);
	uint32_t i, n = btf_type_vlen(t);

	for (i = 0; i < n; i++) {
		const struct btf_type *var = btf_type(c->btf, v[i].type);
		uint32_t size;

		if (c->btf->unlinked && btf_type_kind(var) == BTF_KIND_FUNC)
			continue;
		if (btf_type_kind(var) != BTF_KIND_VAR)
			return btf_check_fail(c, -EINVAL, "entry %u is not a variable", i);
		size = size_of(c->btf, var->type);
		if (c->btf->strict && (size == BTF_NO_SIZE || size > v[i].size))
			return btf_check_fail(c, -EINVAL, "variable %u does not fit", i);
	}
	return 0;
}

static int check_decl_tag(struct btf_check *c, const struct btf_type *t)
{
	const struct btf_type *target = btf_type(c->btf, t->type);
	int32_t comp = ((const struct btf_decl_tag *)(t + 1))->component_idx;
	uint32_t n = 0;

	switch (btf_type_kind(target)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		n = btf_type_vlen(target);
		break;
	case BTF_KIND_FUNC:
		n = btf_type_vlen(btf_type(c->btf, target->type));
		break;
	case BTF_KIND_VAR:
	case BTF_KIND_TYPEDEF:
		break;
	default:
		return btf_check_fail(c, -EINVAL, "declaration tag on a type that takes none");
	}
	if (comp >= 0 && (uint32_t)comp >= n)
		return btf_check_fail(c, -EINVAL, "declaration tag on component %d of %u", comp, n);
	return 0;
}

/*
 * What a pointer or modifier leads to: anything but what only refers to others itself. A function must come first,
 * because Linux looks at the types in their order.
 */
static int check_reference(struct btf_check *c, const struct btf_type *t)
{
	uint32_t id = 0;
	const struct btf_type *to = btf_skip_mods(c->btf, t->type, &id);

	switch (to ? btf_type_kind(to) : BTF_KIND_UNKN) {
	case BTF_KIND_FUNC:
		if (id < c->id)
			break;
		/* fall through */
	case BTF_KIND_VAR:
	case BTF_KIND_DATASEC:
	case BTF_KIND_DECL_TAG:
		return btf_check_fail(c, -EINVAL, "refers to something that is no type of a value");
	}
	return 0;
}

/* Tags of types stand before other modifiers. */
static int check_type_tags(struct btf_check *c, const struct btf_type *t)
{
	bool in_tags = true;

	for (; t && btf_is_modifier(t); t = btf_type(c->btf, t->type)) {
		bool tag = btf_type_kind(t) == BTF_KIND_TYPE_TAG;

		if (tag && !in_tags)
			return btf_check_fail(c, -EINVAL, "a type tag behind another modifier");
		in_tags = tag;
	}
	return 0;
}

static int check_kinds(struct btf_check *c, const struct btf_type *t)
{
	bool strict = c->btf->strict;
	int err = 0;

	if (strict && btf_is_modifier(t))
		err = check_type_tags(c, t);
	if (!err && strict && (btf_is_modifier(t) || btf_is_ptr(t)))
		err = check_reference(c, t);
	if (err)
		return err;
	switch (btf_type_kind(t)) {
	case BTF_KIND_ARRAY:
		return strict ? check_array(c, t) : 0;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return strict ? check_struct(c, t) : 0;
	case BTF_KIND_FUNC_PROTO:
		return strict ? check_proto(c, t) : 0;
	case BTF_KIND_FUNC:
		return check_func(c, t);
	case BTF_KIND_DATASEC:
		return check_datasec(c, t);
	case BTF_KIND_VAR:
		if (strict && !is_value(c, t->type))
			return btf_check_fail(c, -EINVAL, "variable without a size");
		return 0;
	default:
		return 0;
	}
}

/* sizes that need no look at another type */
static uint32_t plain_size(const struct btf_type *t)
{
	switch (btf_type_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
	case BTF_KIND_DATASEC:
		return t->size;
	case BTF_KIND_PTR:
		return 8;
	default:
		return BTF_NO_SIZE;
	}
}

static int resolve_all(struct btf_check *c, uint8_t *chain, uint8_t *content)
{
	struct btf_obj *btf = c->btf;
	uint32_t i;
	int err;

	for (i = 0; i < btf->n_types; i++) {
		const struct btf_type *t = btf_own_type(btf, i);

		c->id = btf->start_id + i;
		btf->skip[i] = c->id;
		btf->bytes[i] = plain_size(t);
		err = check_ids(c, t);
		if (err)
			return err;
	}
	for (i = 0; i < btf->n_types; i++) {
		c->id = btf->start_id + i;
		err = resolve_chain(c, chain, c->id);
		if (err)
			return err;
	}
	for (i = 0; i < btf->n_types; i++) {
		c->id = btf->start_id + i;
		err = resolve_contents(c, content, c->id);
		if (err)
			return err;
	}
	for (i = 0; i < btf->n_types; i++) {
		c->id = btf->start_id + i;
		err = check_kinds(c, btf_own_type(btf, i));
		if (err)
			return err;
	}
	/* after every function is known to have a prototype */
	for (i = 0; i < btf->n_types; i++) {
		const struct btf_type *t = btf_own_type(btf, i);

		c->id = btf->start_id + i;
		err = btf_type_kind(t) == BTF_KIND_DECL_TAG ? check_decl_tag(c, t) : 0;
		if (err)
			return err;
	}
	return 0;
}

int btf_check_resolve(struct btf_check *c)
{
	struct btf_obj *btf = c->btf;
	uint8_t *chain = mem_calloc(btf->n_types, 1), *content = mem_calloc(btf->n_types, 1);
	int err = -ENOMEM;

	btf->skip = mem_calloc(btf->n_types, sizeof(*btf->skip));
	btf->bytes = mem_calloc(btf->n_types, sizeof(*btf->bytes));
	if (chain && content && btf->skip && btf->bytes)
		err = resolve_all(c, chain, content);
	mem_free(chain);
	mem_free(content);
	return err;
}
