/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Lookups, modifiers, tags, split BTF, walking and matching structs, and C text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "build.h"

enum {
	INT = 1,
	CHAR,
	PTR_OUTER, /* struct outer * */
	CHARS,     /* char[16] */
	INNER,
	OUTER,
	INNERS, /* struct inner[3] */
	UNI,
	TD, /* typedef const struct outer td */
	CONST_OUTER,
	TAG_RCU,
	PTR_RCU, /* struct outer __rcu * */
	FLEX,
	NO_INTS, /* struct inner[0] */
	TD_PTR,  /* typedef struct outer __rcu *tp */
	INIT,    /* struct inner___init { struct inner i; } */
	SCALARS,
	PROTO,
	FUNC,
	LAST = FUNC,
};

static struct btf_obj *sample(const char *name, uint32_t *str_len)
{
	struct build *b = build_new();
	struct btf_obj *btf;
	int err;

	build_int(b, "int", 4, BTF_INT_SIGNED);
	build_int(b, "char", 1, BTF_INT_CHAR);
	build_ref(b, BTF_KIND_PTR, "", OUTER);
	build_array(b, CHAR, INT, 16);
	build_type(b, "inner", BTF_KIND_STRUCT, 2, 16); /* { int a; (hole) outer *p; } */
	build_member(b, "a", INT, 0);
	build_member(b, "p", PTR_OUTER, 64);
	/* { inner first; inner arr[3]; char text[16]; union u; } */
	build_type(b, "outer", BTF_KIND_STRUCT, 4, 88);
	build_member(b, "first", INNER, 0);
	build_member(b, "arr", INNERS, 128);
	build_member(b, "text", CHARS, 64 * 8);
	build_member(b, "u", UNI, 80 * 8);
	build_array(b, INNER, INT, 3);
	build_type(b, "uni", BTF_KIND_UNION, 2, 8);
	build_member(b, "num", INT, 0);
	build_member(b, "ptr", PTR_OUTER, 0);
	build_ref(b, BTF_KIND_TYPEDEF, "td", CONST_OUTER);
	build_ref(b, BTF_KIND_CONST, "", OUTER);
	build_ref(b, BTF_KIND_TYPE_TAG, "rcu", OUTER);
	build_ref(b, BTF_KIND_PTR, "", TAG_RCU);
	build_type(b, "flex", BTF_KIND_STRUCT, 2, 8); /* { int n; inner tail[]; } */
	build_member(b, "n", INT, 0);
	build_member(b, "tail", NO_INTS, 64);
	build_array(b, INNER, INT, 0);
	build_ref(b, BTF_KIND_TYPEDEF, "tp", PTR_RCU);
	build_type(b, "inner___init", BTF_KIND_STRUCT, 1, 16);
	build_member(b, "i", INNER, 0);
	build_type(b, "scalars", BTF_KIND_STRUCT, 2, 20);
	build_member(b, "n", INT, 0);
	build_member(b, "t", CHARS, 32);
	build_type(b, "", BTF_KIND_FUNC_PROTO, 3, PTR_OUTER);
	build_param(b, "o", TD_PTR);
	build_param(b, "c", CONST_OUTER);
	build_param(b, "", 0);
	build_type(b, "fn", BTF_KIND_FUNC, BTF_FUNC_GLOBAL, PROTO);
	build_tag(b, "bpf_kfunc", FUNC, -1);
	build_tag(b, "contains:inner:a", OUTER, 0);
	build_tag(b, "other", OUTER, 0);
	if (str_len)
		*str_len = b->str_len;
	btf = build_parse(b, NULL, name, &err);
	assert_non_null(btf);
	free(b);
	return btf;
}

static void lookup(void **state)
{
	struct btf_obj *btf = sample("vmlinux", NULL);
	uint32_t id;

	(void)state;
	assert_int_equal(btf_find(btf, "outer", BTF_KIND_STRUCT), OUTER);
	assert_int_equal(btf_find(btf, "outer", BTF_KIND_UNION), -ENOENT);
	assert_int_equal(btf_find(btf, "outer", BTF_KIND_UNKN), OUTER);
	assert_int_equal(btf_find(btf, "", BTF_KIND_PTR), -ENOENT);
	assert_int_equal(btf_find(btf, "rcu", BTF_KIND_TYPE_TAG), -ENOENT);
	assert_string_equal(btf_type_name(btf, FUNC), "fn");
	assert_string_equal(btf_type_name(btf, 0), "");
	assert_string_equal(btf_type_name(btf, 9999), "");
	assert_null(btf_type(btf, 9999));
	assert_non_null(btf_type(btf, 0));
	btf_skip_mods(btf, TD, &id);
	assert_int_equal(id, OUTER);
	btf_pointee(btf, TD_PTR, &id);
	assert_int_equal(id, OUTER);
	assert_null(btf_pointee(btf, OUTER, NULL));
	assert_true(btf_ptr_has_tag(btf, TD_PTR, "rcu"));
	assert_false(btf_ptr_has_tag(btf, TD_PTR, "percpu"));
	assert_false(btf_ptr_has_tag(btf, PTR_OUTER, "rcu"));
	assert_int_equal(btf_type_size(btf, TD), 88);
	assert_int_equal(btf_type_size(btf, INNERS), 48);
	assert_int_equal(btf_type_size(btf, PTR_RCU), 8);
	assert_int_equal(btf_type_size(btf, PROTO), -EINVAL);
	assert_int_equal(btf_type_size(btf, 0), -EINVAL);
	assert_int_equal(btf_type_size(btf, 9999), -EINVAL);
	btf_put(btf);
}

static int count_tag(void *ctx, const char *tag)
{
	(void)tag;
	++*(int *)ctx;
	return 0;
}

static void tags(void **state)
{
	struct btf_obj *btf = sample("vmlinux", NULL);
	int n = 0;

	(void)state;
	assert_string_equal(btf_decl_tag_value(btf, OUTER, 0, "contains:"), "inner:a");
	assert_null(btf_decl_tag_value(btf, OUTER, 1, "contains:"));
	assert_null(btf_decl_tag_value(btf, OUTER, -1, "contains:"));
	assert_string_equal(btf_decl_tag_value(btf, FUNC, -1, "bpf_kfunc"), "");
	btf_for_each_decl_tag(btf, OUTER, 0, count_tag, &n);
	assert_int_equal(n, 2);
	btf_put(btf);
}

static void split(void **state)
{
	uint32_t str_len, own;
	struct btf_obj *base = sample("vmlinux", &str_len), *btf;
	struct build *b = build_split(base, str_len);
	int err;

	(void)state;
	own = build_type(b, "host", BTF_KIND_STRUCT, 1, 16);
	build_member(b, "i", INNER, 0);
	build_type(b, "outer", BTF_KIND_STRUCT, 0, 1);
	build_tag(b, "late", FUNC, -1);
	btf = build_parse(b, base, "mod", &err);
	free(b);
	assert_non_null(btf);
	btf_put(base); /* the split one keeps it */
	assert_int_equal(btf_start_id(btf), btf_end_id(base));
	assert_int_equal(btf_find(btf, "host", BTF_KIND_STRUCT), own);
	assert_int_equal(btf_find(btf, "inner", BTF_KIND_STRUCT), INNER);
	assert_int_equal(btf_find_own(btf, "inner", BTF_KIND_STRUCT), -ENOENT);
	/* the newest wins */
	assert_int_equal(btf_find(btf, "outer", BTF_KIND_STRUCT), own + 1);
	assert_ptr_equal(btf_owner(btf, INNER), base);
	assert_ptr_equal(btf_owner(btf, own), btf);
	assert_true(btf_same_type(btf, INNER, base, INNER));
	assert_true(btf_types_match(btf, own, 0, base, INNER, false));
	assert_string_equal(btf_type_name(btf, INNER), "inner");
	assert_string_equal(btf_decl_tag_value(btf, FUNC, -1, "late"), "");
	assert_string_equal(btf_decl_tag_value(btf, FUNC, -1, "bpf_kfunc"), "");
	assert_null(btf_decl_tag_value(base, FUNC, -1, "late"));
	btf_put(btf);
}

static void walk(void **state)
{
	static const struct {
		uint32_t id, off, size;
		enum btf_walk_kind kind;
		uint32_t type, in;
		bool through_union;
	} rows[] = {
		{OUTER, 0, 4, BTF_WALK_SCALAR, INT, INNER, false},
		{OUTER, 2, 2, BTF_WALK_SCALAR, INT, INNER, false},
		{OUTER, 0, 8, BTF_WALK_BEYOND, 0, 0, false}, /* runs out of the int */
		{OUTER, 4, 4, BTF_WALK_HOLE, 0, 0, false},
		{OUTER, 8, 8, BTF_WALK_PTR, PTR_OUTER, INNER, false},
		{OUTER, 8, 4, BTF_WALK_PARTIAL_PTR, 0, 0, false},
		{OUTER, 12, 4, BTF_WALK_PARTIAL_PTR, 0, 0, false},
		{OUTER, 16 + 16 + 8, 8, BTF_WALK_PTR, PTR_OUTER, INNER, false}, /* arr[1].p */
		{OUTER, 16 + 48, 8, BTF_WALK_SCALAR, CHAR, OUTER, false},       /* text */
		{OUTER, 16 + 48 + 12, 4, BTF_WALK_SCALAR, CHAR, OUTER, false},
		{OUTER, 16 + 48 + 12, 8, BTF_WALK_BEYOND, 0, 0, false}, /* out of text */
		{OUTER, 80, 4, BTF_WALK_SCALAR, INT, UNI, true},
		{OUTER, 88, 1, BTF_WALK_BEYOND, 0, 0, false},
		{OUTER, 84, 8, BTF_WALK_BEYOND, 0, 0, false},
		{FLEX, 8 + 16 * 5 + 8, 8, BTF_WALK_PTR, PTR_OUTER, INNER, false},
		{OUTER, 0, 0, BTF_WALK_STRUCT, INNER, 0, false},
		{OUTER, 32, 0, BTF_WALK_STRUCT, INNER, 0, false},
		{INT, 0, 4, BTF_WALK_HOLE, 0, 0, false}, /* no struct */
	};
	struct btf_obj *btf = sample("vmlinux", NULL), *prog = sample("", NULL);
	struct btf_walk w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		btf_walk_struct(btf, rows[i].id, rows[i].off, rows[i].size, &w);
		if (w.kind != rows[i].kind || (rows[i].type && w.type_id != rows[i].type) ||
		    (rows[i].in && w.struct_id != rows[i].in) ||
		    w.through_union != rows[i].through_union)
			fail_msg("row %zu: kind %d, type %u in %u", i, w.kind, w.type_id,
				 w.struct_id);
	}
	/* a program's own types end where they end */
	btf_walk_struct(prog, FLEX, 8 + 8, 8, &w);
	assert_int_equal(w.kind, BTF_WALK_BEYOND);
	btf_put(btf);
	btf_put(prog);
}

static void match(void **state)
{
	struct btf_obj *btf = sample("vmlinux", NULL);

	(void)state;
	assert_true(btf_types_match(btf, OUTER, 0, btf, OUTER, true));
	assert_true(btf_types_match(btf, OUTER, 0, btf, INNER, false));
	assert_false(btf_types_match(btf, OUTER, 0, btf, INNER, true));
	assert_true(btf_types_match(btf, OUTER, 48, btf, INNER, false)); /* arr[2] */
	assert_false(btf_types_match(btf, OUTER, 8, btf, INNER, false));
	assert_false(btf_types_match(btf, OUTER, 16 + 48, btf, INNER, false));
	assert_false(btf_types_match(btf, INNER, 0, btf, OUTER, false));
	assert_true(btf_types_match(btf, INIT, 0, btf, INNER, false));
	assert_true(btf_is_nocast_alias(btf, INIT, btf, INNER));
	assert_true(btf_is_nocast_alias(btf, INNER, btf, INIT));
	assert_false(btf_is_nocast_alias(btf, INNER, btf, OUTER));
	assert_false(btf_is_nocast_alias(btf, INNER, btf, INNER));
	btf_put(btf);
}

static struct btf_obj *levels(uint32_t n, uint32_t elem_kind)
{
	struct build *b = build_new();
	struct btf_obj *btf;
	uint32_t i;
	int err;

	for (i = 0; i + 1 < n; i++) {
		build_type(b, "s", BTF_KIND_STRUCT, 1, 8);
		build_member(b, "m", i + 2, 0);
	}
	build_type(b, "s", BTF_KIND_STRUCT, 1, 8);
	build_member(b, "m", n + 1, 0);
	if (elem_kind == BTF_KIND_INT)
		build_int(b, "long", 8, 0);
	else
		build_ref(b, elem_kind, "", 0);
	btf = build_parse(b, NULL, "", &err);
	assert_non_null(btf);
	free(b);
	return btf;
}

static void scalar_structs(void **state)
{
	struct btf_obj *btf = sample("vmlinux", NULL);

	(void)state;
	assert_true(btf_is_scalar_struct(btf, SCALARS));
	assert_false(btf_is_scalar_struct(btf, INNER));
	assert_false(btf_is_scalar_struct(btf, FLEX));
	assert_false(btf_is_scalar_struct(btf, INT));
	assert_false(btf_is_scalar_struct(btf, 0));
	btf_put(btf);
	btf = levels(4, BTF_KIND_INT);
	assert_true(btf_is_scalar_struct(btf, 1));
	btf_put(btf);
	btf = levels(5, BTF_KIND_INT);
	assert_false(btf_is_scalar_struct(btf, 1));
	assert_true(btf_is_scalar_struct(btf, 2));
	btf_put(btf);
	btf = levels(2, BTF_KIND_PTR);
	assert_false(btf_is_scalar_struct(btf, 1));
	btf_put(btf);
}

/* unions of unions of unions, 4 levels of 10,000 members: visiting all would never end */
static void scalar_bomb(void **state)
{
	struct build *b = build_new();
	struct btf_obj *btf;
	uint32_t i, j;
	int err;

	(void)state;
	for (i = 0; i < 4; i++) {
		build_type(b, "u", BTF_KIND_UNION, 5000, 4);
		for (j = 0; j < 5000; j++)
			build_member(b, "", i + 2, 0);
	}
	build_int(b, "int", 4, 0);
	btf = build_parse(b, NULL, "", &err);
	assert_non_null(btf);
	free(b);
	assert_false(btf_is_scalar_struct(btf, 1));
	assert_true(btf_is_scalar_struct(btf, 4));
	btf_put(btf);
}

static void text(void **state)
{
	static const struct {
		uint32_t id;
		const char *text;
	} rows[] = {
		{INT, "int"},
		{PTR_OUTER, "struct outer *"},
		{PTR_RCU, "struct outer *"},
		{CONST_OUTER, "const struct outer"},
		{TD, "td"},
		{INNERS, "struct inner[3]"},
		{UNI, "union uni"},
		{0, "void"},
	};
	struct btf_obj *btf = sample("vmlinux", NULL);
	struct strbuf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		strbuf_reset(&out);
		btf_print_type(btf, rows[i].id, &out);
		assert_string_equal(strbuf_str(&out), rows[i].text);
	}
	strbuf_reset(&out);
	btf_print_func(btf, FUNC, &out);
	assert_string_equal(strbuf_str(&out), "struct outer *fn(tp o, const struct outer c, ...)");
	strbuf_free(&out);
	btf_put(btf);
}

static void text_nested(void **state)
{
	struct build *b = build_new();
	struct strbuf out = {0};
	struct btf_obj *btf;
	int err;

	(void)state;
	build_int(b, "int", 4, 0);
	build_type(b, "", BTF_KIND_FUNC_PROTO, 1, 1); /* int (int x) */
	build_param(b, "x", 1);
	build_ref(b, BTF_KIND_PTR, "", 2);            /* 3: int (*)(int x) */
	build_array(b, 1, 1, 4);                      /* 4 */
	build_ref(b, BTF_KIND_PTR, "", 4);            /* 5: int (*)[4] */
	build_ref(b, BTF_KIND_PTR, "", 1);            /* 6 */
	build_ref(b, BTF_KIND_CONST, "", 6);          /* 7: int * const */
	build_type(b, "", BTF_KIND_FUNC_PROTO, 2, 0); /* 8 */
	build_param(b, "cb", 3);
	build_param(b, "m", 5);
	build_type(b, "g", BTF_KIND_FUNC, 0, 8);
	btf = build_parse(b, NULL, "", &err);
	assert_non_null(btf);
	btf_print_func(btf, 9, &out);
	assert_string_equal(strbuf_str(&out), "void g(int (*cb)(int x), int (*m)[4])");
	strbuf_reset(&out);
	btf_print_type(btf, 7, &out);
	assert_string_equal(strbuf_str(&out), "int * const");
	strbuf_free(&out);
	btf_put(btf);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookup),      cmocka_unit_test(tags),
		cmocka_unit_test(split),       cmocka_unit_test(walk),
		cmocka_unit_test(match),       cmocka_unit_test(scalar_structs),
		cmocka_unit_test(scalar_bomb), cmocka_unit_test(text),
		cmocka_unit_test(text_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
