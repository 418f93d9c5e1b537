/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * C text of types and functions, for `kfunc list`, `kfunc doc` and diagnostics. A C declaration
 * wraps around its name, so a type is printed in two halves: what stands before the name and what
 * stands after it. Anonymous structs are shown as "struct {...}"; declarations without end (a
 * pointer to a function that takes itself) are cut at a depth.
 */
#include "btf/btf.h"

#include "base/strbuf.h"

#define PRINT_DEPTH 12

static void before(const struct btf_obj *btf, uint32_t id, struct strbuf *out, int depth);
static void after(const struct btf_obj *btf, uint32_t id, struct strbuf *out, int depth);

/* what a pointer points to, for the parentheses of "int (*f)(void)" and "int (*a)[3]" */
static bool needs_parens(const struct btf_obj *btf, const struct btf_type *ptr)
{
	const struct btf_type *t = btf_type(btf, ptr->type);

	while (btf_is_modifier(t) && btf_type_kind(t) != BTF_KIND_TYPEDEF)
		t = btf_type(btf, t->type);
	return btf_type_kind(t) == BTF_KIND_ARRAY || btf_type_kind(t) == BTF_KIND_FUNC_PROTO;
}

static void named(const struct btf_obj *btf, const struct btf_type *t, const char *keyword,
		  struct strbuf *out)
{
	const char *name = btf_str(btf, t->name_off);

	if (*name)
		strbuf_printf(out, "%s %s", keyword, name);
	else
		strbuf_printf(out, "%s {...}", keyword);
}

static void before_ptr(const struct btf_obj *btf, const struct btf_type *t, struct strbuf *out,
		       int depth)
{
	before(btf, t->type, out, depth + 1);
	if (out->len && out->s[out->len - 1] != '*')
		strbuf_puts(out, " ");
	strbuf_puts(out, needs_parens(btf, t) ? "(*" : "*");
}

/* const and friends stand after a pointer, before anything else */
static void before_qualified(const struct btf_obj *btf, const struct btf_type *t,
			     const char *keyword, struct strbuf *out, int depth)
{
	const struct btf_type *inner = btf_type(btf, t->type);

	while (btf_is_modifier(inner) && btf_type_kind(inner) != BTF_KIND_TYPEDEF)
		inner = btf_type(btf, inner->type);
	if (btf_is_ptr(inner)) {
		before(btf, t->type, out, depth + 1);
		strbuf_printf(out, " %s", keyword);
	} else {
		strbuf_printf(out, "%s ", keyword);
		before(btf, t->type, out, depth + 1);
	}
}

static void before(const struct btf_obj *btf, uint32_t id, struct strbuf *out, int depth)
{
	const struct btf_type *t = btf_type(btf, id);

	if (!t || depth > PRINT_DEPTH) {
		strbuf_puts(out, "...");
		return;
	}
	switch (btf_type_kind(t)) {
	case BTF_KIND_UNKN:
		strbuf_puts(out, "void");
		return;
	case BTF_KIND_PTR:
		before_ptr(btf, t, out, depth);
		return;
	case BTF_KIND_CONST:
		before_qualified(btf, t, "const", out, depth);
		return;
	case BTF_KIND_VOLATILE:
		before_qualified(btf, t, "volatile", out, depth);
		return;
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_FUNC_PROTO:
		before(btf, t->type, out, depth + 1);
		return;
	case BTF_KIND_ARRAY:
		before(btf, btf_type_array(t)->type, out, depth + 1);
		return;
	case BTF_KIND_STRUCT:
		named(btf, t, "struct", out);
		return;
	case BTF_KIND_UNION:
		named(btf, t, "union", out);
		return;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		named(btf, t, "enum", out);
		return;
	case BTF_KIND_FWD:
		named(btf, t, BTF_INFO_KFLAG(t->info) ? "union" : "struct", out);
		return;
	default:
		strbuf_puts(out, btf_str(btf, t->name_off));
	}
}

static void params(const struct btf_obj *btf, const struct btf_type *proto, struct strbuf *out,
		   int depth)
{
	const struct btf_param *p = btf_type_params(proto);
	uint32_t i, n = btf_type_vlen(proto);

	strbuf_puts(out, "(");
	for (i = 0; i < n; i++) {
		const char *name = btf_str(btf, p[i].name_off);

		if (i)
			strbuf_puts(out, ", ");
		if (!p[i].type) {
			strbuf_puts(out, "...");
			continue;
		}
		before(btf, p[i].type, out, depth + 1);
		if (*name && out->len && out->s[out->len - 1] != '*')
			strbuf_puts(out, " ");
		strbuf_puts(out, name);
		after(btf, p[i].type, out, depth + 1);
	}
	strbuf_puts(out, n ? ")" : "void)");
}

static void after(const struct btf_obj *btf, uint32_t id, struct strbuf *out, int depth)
{
	const struct btf_type *t = btf_type(btf, id);

	if (!t || depth > PRINT_DEPTH)
		return;
	switch (btf_type_kind(t)) {
	case BTF_KIND_PTR:
		if (needs_parens(btf, t))
			strbuf_puts(out, ")");
		after(btf, t->type, out, depth + 1);
		return;
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		after(btf, t->type, out, depth + 1);
		return;
	case BTF_KIND_ARRAY:
		strbuf_printf(out, "[%u]", btf_type_array(t)->nelems);
		after(btf, btf_type_array(t)->type, out, depth + 1);
		return;
	case BTF_KIND_FUNC_PROTO:
		params(btf, t, out, depth + 1);
		after(btf, t->type, out, depth + 1);
		return;
	default:
		return;
	}
}

void btf_print_type(const struct btf_obj *btf, uint32_t id, struct strbuf *out)
{
	before(btf, id, out, 0);
	after(btf, id, out, 0);
}

void btf_print_func(const struct btf_obj *btf, uint32_t func_id, struct strbuf *out)
{
	const struct btf_type *t = btf_type(btf, func_id), *proto;

	if (!t || btf_type_kind(t) != BTF_KIND_FUNC)
		return;
	proto = btf_type(btf, t->type);
	before(btf, proto->type, out, 0);
	if (out->len && out->s[out->len - 1] != '*')
		strbuf_puts(out, " ");
	strbuf_puts(out, btf_str(btf, t->name_off));
	params(btf, proto, out, 0);
	after(btf, proto->type, out, 0);
}
