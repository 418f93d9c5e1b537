/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * BTF from hostile hands: every cut, wrong ids, loops, sizes that overflow, nesting; and what each
 * kind's record may look like. Run under the sanitizers these are the room's memory tests.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "build.h"

#define ENOTSUPP 524

static int parse_err(struct build *b)
{
	struct btf_obj *btf;
	int err;

	btf = build_parse(b, NULL, "", &err);
	if (btf) {
		btf_put(btf);
		err = 0;
	}
	free(b);
	return err;
}

/* one of everything */
static struct build *everything(void)
{
	struct build *b = build_new();
	uint32_t i32 = build_int(b, "int", 4, BTF_INT_SIGNED), ptr, proto, func, var, st;

	ptr = build_ref(b, BTF_KIND_PTR, "", i32);
	build_array(b, i32, i32, 4);
	st = build_type(b, "s", BTF_KIND_STRUCT, 2, 16);
	build_member(b, "a", i32, 0);
	build_member(b, "p", ptr, 64);
	build_type(b, "u", BTF_KIND_UNION, 1, 4);
	build_member(b, "a", i32, 0);
	build_type(b, "e", BTF_KIND_ENUM, 1, 4);
	build_param(b, "E_A", 1);
	build_type(b, "fw", BTF_KIND_FWD, 0, 0);
	build_ref(b, BTF_KIND_TYPEDEF, "td", st);
	build_ref(b, BTF_KIND_VOLATILE, "", i32);
	build_ref(b, BTF_KIND_CONST, "", i32);
	build_ref(b, BTF_KIND_RESTRICT, "", ptr);
	proto = build_type(b, "", BTF_KIND_FUNC_PROTO, 2, i32);
	build_param(b, "x", i32);
	build_param(b, "y", ptr);
	func = build_type(b, "f", BTF_KIND_FUNC, BTF_FUNC_GLOBAL, proto);
	var = build_ref(b, BTF_KIND_VAR, "v", i32);
	build_word(b, 1);
	build_type(b, ".data", BTF_KIND_DATASEC, 1, 4);
	build_member(b, "", 0, 0);
	b->type[b->n - 3] = var;
	b->type[b->n - 2] = 0;
	b->type[b->n - 1] = 4;
	build_type(b, "float", BTF_KIND_FLOAT, 0, 4);
	build_tag(b, "tag:f", func, -1);
	build_tag(b, "tag:x", func, 0);
	build_ref(b, BTF_KIND_TYPE_TAG, "rcu", st);
	build_type(b, "e64", BTF_KIND_ENUM64, 1, 8);
	build_member(b, "E_B", 1, 1);
	return b;
}

static void valid(void **state)
{
	struct build *b = everything();
	struct btf_obj *btf;
	int err;

	(void)state;
	btf = build_parse(b, NULL, "", &err);
	assert_non_null(btf);
	assert_int_equal(btf_end_id(btf), b->next_id);
	btf_put(btf);
	free(b);
}

static void truncated(void **state)
{
	struct build *b = everything();
	size_t n;
	int err;

	(void)state;
	build_done(b);
	for (n = 0; n < b->size; n++) {
		/* a heap copy of exactly n bytes, so that the sanitizer sees a read past it */
		uint8_t *copy = malloc(n ? n : 1);
		char why[80];

		memcpy(copy, b->out, n);
		assert_null(btf_parse(copy, n, NULL, "", why, sizeof(why), &err));
		assert_int_equal(err, -EINVAL);
		assert_true(why[0] != '\0');
		free(copy);
	}
	free(b);
}

/* the cut types and strings put together again: the header agrees, the records do not */
static void truncated_types(void **state)
{
	uint32_t words;

	(void)state;
	for (words = 1;; words++) {
		struct build *b = everything();
		struct btf_obj *btf;
		uint32_t all = b->n;
		int err;

		if (words >= all) {
			free(b);
			break;
		}
		b->n = words;
		btf = build_parse(b, NULL, "", &err);
		if (btf)
			btf_put(btf); /* cut between two records that need nothing behind */
		else
			assert_int_equal(err, -EINVAL);
		free(b);
	}
}

/* every byte replaced: an answer of any kind, but an answer, and queries stay in bounds */
static void flipped(void **state)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	struct build *b = everything();
	size_t i, v;
	int err;

	(void)state;
	build_done(b);
	for (i = 0; i < b->size; i++) {
		for (v = 0; v < sizeof(values); v++) {
			uint8_t old = b->out[i];
			struct btf_obj *btf;
			uint32_t id;

			b->out[i] = values[v];
			btf = btf_parse(b->out, b->size, NULL, v & 1 ? "vmlinux" : "", NULL, 0,
					&err);
			b->out[i] = old;
			for (id = 0; btf && id < btf_end_id(btf); id++) {
				struct btf_walk w;
				struct strbuf out = {0};

				btf_type_size(btf, id);
				btf_is_scalar_struct(btf, id);
				btf_pointee(btf, id, NULL);
				btf_walk_struct(btf, id, 4, 4, &w);
				btf_print_type(btf, id, &out);
				btf_print_func(btf, id, &out);
				strbuf_free(&out);
			}
			btf_put(btf);
		}
	}
	free(b);
}

static void header(void **state)
{
	struct build *b = everything();
	struct btf_header h;
	int err;

	(void)state;
	build_done(b);
	memcpy(&h, b->out, sizeof(h));
#define BAD(field, value, want)                                                                    \
	do {                                                                                       \
		struct btf_header bad = h;                                                         \
		bad.field = value;                                                                 \
		memcpy(b->out, &bad, sizeof(bad));                                                 \
		assert_null(btf_parse(b->out, b->size, NULL, "", NULL, 0, &err));                  \
		assert_int_equal(err, want);                                                       \
	} while (0)
	BAD(magic, 0x9feb, -EINVAL);
	BAD(magic, 0, -EINVAL);
	BAD(version, 2, -EINVAL);
	BAD(flags, 1, -EINVAL);
	BAD(hdr_len, 20, -EINVAL);
	BAD(hdr_len, 0xffffffff, -EINVAL);
	BAD(hdr_len, h.hdr_len + 4, -E2BIG); /* a field that is not known, in use */
	BAD(type_off, 4, -EINVAL);
	BAD(type_len, 0xfffffffc, -EINVAL);
	BAD(type_len, h.type_len - 4, -EINVAL);
	BAD(type_len, 0, -EINVAL);
	BAD(str_off, h.str_off - 4, -EINVAL);
	BAD(str_len, h.str_len + 1, -EINVAL);
	BAD(str_len, 0, -EINVAL);
#undef BAD
	memcpy(b->out, &h, sizeof(h));
	b->out[b->size - 1] = 'x'; /* strings without an end */
	assert_null(btf_parse(b->out, b->size, NULL, "", NULL, 0, &err));
	assert_int_equal(err, -EINVAL);
	b->out[b->size - 1] = 0;
	b->out[sizeof(h) + h.str_off] = 'x'; /* offset 0 is not the empty name */
	assert_null(btf_parse(b->out, b->size, NULL, "", NULL, 0, &err));
	assert_int_equal(err, -EINVAL);
	free(b);
	assert_null(btf_parse(NULL, 0, NULL, "", NULL, 0, &err));
	assert_int_equal(err, -EINVAL);
	b = calloc(1, 17 << 20);
	assert_null(btf_parse(b, 17 << 20, NULL, "", NULL, 0, &err));
	assert_int_equal(err, -E2BIG);
	free(b);
}

static void ids(void **state)
{
	static const uint32_t kinds[] = {BTF_KIND_PTR, BTF_KIND_CONST, BTF_KIND_VOLATILE,
					 BTF_KIND_RESTRICT};
	struct build *b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		b = build_new();
		build_ref(b, kinds[i], "", 2);
		assert_int_equal(parse_err(b), -EINVAL);
		b = build_new();
		build_ref(b, kinds[i], "", 0xffffffff);
		assert_int_equal(parse_err(b), -EINVAL);
	}
	b = build_new();
	build_array(b, 9, 1, 1);
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "s", BTF_KIND_STRUCT, 1, 4);
	build_member(b, "a", 7, 0);
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "f", BTF_KIND_FUNC, 0, 1); /* an int is no prototype */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_tag(b, "tag", 1, -1); /* tags belong to structs, functions, variables, typedefs */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "s", BTF_KIND_STRUCT, 1, 4);
	build_member(b, "a", 1, 0);
	build_tag(b, "tag", 2, 1); /* it has one member */
	assert_int_equal(parse_err(b), -EINVAL);
}

static void loops(void **state)
{
	struct build *b = build_new();

	(void)state;
	build_ref(b, BTF_KIND_PTR, "", 1);
	assert_int_equal(parse_err(b), -EEXIST);
	b = build_new();
	build_ref(b, BTF_KIND_TYPEDEF, "a", 2);
	build_ref(b, BTF_KIND_CONST, "", 1);
	assert_int_equal(parse_err(b), -EEXIST);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_array(b, 2, 1, 1);
	assert_int_equal(parse_err(b), -EEXIST);
	b = build_new(); /* struct a { struct b x; }; struct b { struct a y; } */
	build_type(b, "a", BTF_KIND_STRUCT, 1, 8);
	build_member(b, "x", 2, 0);
	build_type(b, "b", BTF_KIND_STRUCT, 1, 8);
	build_member(b, "y", 1, 0);
	assert_int_equal(parse_err(b), -EEXIST);
	b = build_new(); /* the honest kind: struct a { struct a *next; } */
	build_type(b, "a", BTF_KIND_STRUCT, 1, 8);
	build_member(b, "next", 2, 0);
	build_ref(b, BTF_KIND_PTR, "", 1);
	assert_int_equal(parse_err(b), 0);
}

static struct build *nested(uint32_t depth)
{
	struct build *b = build_new();
	uint32_t i;

	for (i = 0; i < depth; i++) {
		build_type(b, "s", BTF_KIND_STRUCT, 1, 4);
		build_member(b, "m", i + 2, 0);
	}
	build_int(b, "int", 4, 0);
	return b;
}

static struct build *chain(uint32_t depth)
{
	struct build *b = build_new();
	uint32_t i;

	for (i = 0; i < depth; i++)
		build_ref(b, i & 1 ? BTF_KIND_PTR : BTF_KIND_CONST, "", i + 2);
	build_int(b, "int", 4, 0);
	return b;
}

static void depth(void **state)
{
	(void)state;
	assert_int_equal(parse_err(nested(32)), 0);
	assert_int_equal(parse_err(nested(33)), -E2BIG);
	assert_int_equal(parse_err(chain(32)), 0);
	assert_int_equal(parse_err(chain(33)), -E2BIG);
}

static void sizes(void **state)
{
	struct build *b = build_new();

	(void)state;
	build_int(b, "int", 4, 0);
	build_array(b, 1, 1, 0x40000000); /* 4 GiB */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_array(b, 1, 1, 0xffff);
	build_array(b, 2, 1, 0xffff); /* overflows in the second dimension */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "s", BTF_KIND_STRUCT, 1, 4);
	build_member(b, "a", 1, 32); /* after the end */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "s", BTF_KIND_STRUCT, 1, 4);
	build_member(b, "a", 1, 0xfffffff8);
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "u", BTF_KIND_UNION, 1, 8);
	build_member(b, "a", 1, 32); /* unions have no offsets */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_int(b, "int", 4, 0);
	build_type(b, "s", BTF_KIND_STRUCT, 2, 8);
	build_member(b, "a", 1, 32);
	build_member(b, "b", 1, 0); /* backwards */
	assert_int_equal(parse_err(b), -EINVAL);
	b = build_new();
	build_type(b, "fw", BTF_KIND_FWD, 0, 0);
	build_type(b, "s", BTF_KIND_STRUCT, 1, 8);
	build_member(b, "a", 1, 0); /* unknown size */
	assert_int_equal(parse_err(b), -EINVAL);
}

struct record {
	const char *name;
	uint32_t info, word, more[8], n_more;
	int err;
};

/* one record behind "int" (id 1) and "struct s" (id 2) */
static void records(void **state)
{
	static const struct record rows[] = {
		{"i", BTF_KIND_INT << 24, 4, {0x04000020}, 1, 0},         /* bool */
		{"i", BTF_KIND_INT << 24, 4, {0x03000020}, 1, -ENOTSUPP}, /* signed char */
		{"i", BTF_KIND_INT << 24, 4, {0x10000020}, 1, -EINVAL},
		{"i", BTF_KIND_INT << 24, 4, {0x21}, 1, -EINVAL}, /* 33 bits in 4 bytes */
		{"i", BTF_KIND_INT << 24, 16, {0x80}, 1, 0},
		{"i", BTF_KIND_INT << 24, 32, {0xff}, 1, -EINVAL},
		{"i", BTF_KIND_INT << 24 | 1, 4, {0x20}, 1, -EINVAL}, /* length */
		{"i", 0x80000000u | BTF_KIND_INT << 24, 4, {0x20}, 1, -EINVAL},
		{"x", 0, 4, {0}, 0, -EINVAL},                           /* kind 0 */
		{"x", 20 << 24, 4, {0}, 0, -EINVAL},                    /* kind 20 */
		{"", BTF_KIND_PTR << 24 | 0x10000, 1, {0}, 0, -EINVAL}, /* unused bits */
		{"p", BTF_KIND_PTR << 24, 1, {0}, 0, -EINVAL},          /* a name */
		{"", BTF_KIND_PTR << 24, 0, {0}, 0, 0},                 /* void * */
		{"", BTF_KIND_TYPEDEF << 24, 1, {0}, 0, -EINVAL},
		{"a b", BTF_KIND_TYPEDEF << 24, 1, {0}, 0, -EINVAL},
		{"1a", BTF_KIND_TYPEDEF << 24, 1, {0}, 0, -EINVAL},
		{"a1.x_", BTF_KIND_TYPEDEF << 24, 1, {0}, 0, 0},
		{"", BTF_KIND_ARRAY << 24, 4, {1, 1, 1}, 3, -EINVAL}, /* size */
		{"", BTF_KIND_ARRAY << 24, 0, {0, 1, 1}, 3, -EINVAL}, /* of void */
		{"", BTF_KIND_ARRAY << 24, 0, {1, 2, 1}, 3, -EINVAL}, /* by struct */
		{"", BTF_KIND_ARRAY << 24, 0, {1, 1, 0}, 3, 0},       /* no element */
		{"e", BTF_KIND_ENUM << 24, 3, {0}, 0, -EINVAL},
		{"e", BTF_KIND_ENUM << 24, 16, {0}, 0, -EINVAL},
		{"e", BTF_KIND_ENUM << 24, 1, {0}, 0, 0},
		{"e", BTF_KIND_ENUM << 24 | 1, 4, {0, 1}, 2, -EINVAL}, /* nameless constant */
		{"e", BTF_KIND_ENUM64 << 24 | 1, 8, {0, 1, 1}, 3, -EINVAL},
		{"f", BTF_KIND_FWD << 24, 1, {0}, 0, -EINVAL},
		{"", BTF_KIND_FWD << 24, 0, {0}, 0, -EINVAL},
		{"", BTF_KIND_FUNC_PROTO << 24 | 1, 1, {0, 0}, 2, 0},       /* ... */
		{"", BTF_KIND_FUNC_PROTO << 24 | 1, 1, {1, 0}, 2, -EINVAL}, /* a named void */
		{"f", BTF_KIND_FUNC << 24, 1, {0}, 0, -EINVAL},
		{"f", BTF_KIND_FUNC << 24 | 2, 1, {0}, 0, -EINVAL}, /* extern */
		{"v", BTF_KIND_VAR << 24, 1, {0}, 1, 0},
		{"v", BTF_KIND_VAR << 24, 1, {2}, 1, -EINVAL}, /* extern */
		{"v", BTF_KIND_VAR << 24, 0, {1}, 1, -EINVAL},
		{"", BTF_KIND_VAR << 24, 1, {1}, 1, -EINVAL},
		{".d", BTF_KIND_DATASEC << 24, 0, {0}, 0, -EINVAL},
		{".d", BTF_KIND_DATASEC << 24 | 1, 4, {1, 0, 4}, 3, -EINVAL}, /* no variable */
		{".d", BTF_KIND_DATASEC << 24 | 1, 4, {1, 4, 4}, 3, -EINVAL},
		{"fl", BTF_KIND_FLOAT << 24, 3, {0}, 0, -EINVAL},
		{"fl", BTF_KIND_FLOAT << 24, 16, {0}, 0, 0},
		{"", BTF_KIND_TYPE_TAG << 24, 1, {0}, 0, -EINVAL},
		{"t", BTF_KIND_TYPE_TAG << 24, 1, {0}, 0, 0},
		{"t", 0x80000000u | BTF_KIND_TYPE_TAG << 24, 1, {0}, 0, 0},
		{"t", BTF_KIND_DECL_TAG << 24, 2, {0xfffffffe}, 1, -EINVAL},
		{"t", BTF_KIND_DECL_TAG << 24, 2, {0xffffffff}, 1, 0},
		{"", BTF_KIND_DECL_TAG << 24, 2, {0xffffffff}, 1, -EINVAL},
	};
	size_t i;
	uint32_t j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build *b = build_new();
		int err;

		build_int(b, "int", 4, BTF_INT_SIGNED);
		build_type(b, "s", BTF_KIND_STRUCT, 1, 4);
		build_member(b, "a", 1, 0);
		build_word(b, build_str(b, rows[i].name));
		build_word(b, rows[i].info);
		build_word(b, rows[i].word);
		for (j = 0; j < rows[i].n_more; j++)
			build_word(b, rows[i].more[j]);
		err = parse_err(b);
		if (err != rows[i].err)
			fail_msg("row %zu: %d, not %d", i, err, rows[i].err);
	}
}

/* what the kernel tolerates in its own BTF and refuses in a program's */
static void strictness(void **state)
{
	struct btf_obj *btf;
	struct build *b = build_new();
	int err;

	(void)state;
	build_int(b, "int", 4, 0);
	build_type(b, "", BTF_KIND_FUNC_PROTO, 1, 1);
	build_param(b, "", 1);
	build_type(b, "f", BTF_KIND_FUNC, 0, 2);
	assert_null(build_parse(b, NULL, "", &err));
	assert_int_equal(err, -EINVAL);
	btf = build_parse(b, NULL, "vmlinux", &err);
	assert_non_null(btf);
	btf_put(btf);
	free(b);
}

/* what the running kernel says, where that may be asked */
static void ask_linux(const struct build *b, size_t row, int err)
{
	union bpf_attr a;
	int fd;

	if (!getenv("KFUNC_DIFF_KERNEL"))
		return;
	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)b->out;
	a.btf_size = b->size;
	fd = syscall(SYS_bpf, BPF_BTF_LOAD, &a, sizeof(a));
	if ((fd < 0 ? -errno : 0) != err)
		fail_msg("row %zu: Linux says %d, not %d", row, -errno, err);
	if (fd >= 0)
		close(fd);
}

/* One or two records behind everything(), whose ids are in its order: what may refer to what. */
static void references(void **state)
{
	enum {
		INT = 1,
		PTR,
		ARRAY,
		S,
		U,
		ENUM,
		FWD,
		TD,
		VOLATILE,
		CONST,
		RESTRICT,
		PROTO,
		FUNC,
		VAR,
		DATASEC,
		FLOAT,
		TAG,
		TAG2,
		TYPE_TAG,
		ENUM64,
		NEW,
		NEXT
	};
	static const struct record rows[] = {
		{"", BTF_KIND_PTR << 24, VAR, {0}, 0, -EINVAL},
		{"", BTF_KIND_PTR << 24, DATASEC, {0}, 0, -EINVAL},
		{"", BTF_KIND_PTR << 24, TAG, {0}, 0, -EINVAL},
		{"", BTF_KIND_CONST << 24, VAR, {0}, 0, -EINVAL},
		{"td2", BTF_KIND_TYPEDEF << 24, DATASEC, {0}, 0, -EINVAL},
		{"", BTF_KIND_PTR << 24, FUNC, {0}, 0, 0},
		/* a function behind the pointer */
		{"", BTF_KIND_PTR << 24, NEXT, {1, BTF_KIND_FUNC << 24, PROTO}, 3, -EINVAL},
		{"", BTF_KIND_PTR << 24, FWD, {0}, 0, 0},
		{"", BTF_KIND_PTR << 24, PROTO, {0}, 0, 0},
		/* tags of types before other modifiers */
		{"t", BTF_KIND_TYPE_TAG << 24, CONST, {0}, 0, 0},
		{"t", BTF_KIND_TYPE_TAG << 24, TYPE_TAG, {0}, 0, 0},
		{"", BTF_KIND_CONST << 24, TYPE_TAG, {0}, 0, -EINVAL},
		{"td2", BTF_KIND_TYPEDEF << 24, TYPE_TAG, {0}, 0, -EINVAL},
		/* members: an integer's own bits count */
		{"s2", BTF_KIND_STRUCT << 24 | 1, 4, {1, INT, 0}, 3, 0},
		{"s2", BTF_KIND_STRUCT << 24 | 1, 3, {1, INT, 0}, 3, -EINVAL},
		{"s2", BTF_KIND_STRUCT << 24 | 1, 8, {1, INT, 4}, 3, 0},
		{"s2", BTF_KIND_STRUCT << 24 | 1, 8, {1, PTR, 4}, 3, -EINVAL},
		{"s2", 0x80000000u | BTF_KIND_STRUCT << 24 | 1, 8, {1, INT, 4}, 3, -EINVAL},
		{"s2", 0x80000000u | BTF_KIND_STRUCT << 24 | 1, 8, {1, INT, 3u << 24 | 4}, 3, 0},
		{"s2", 0x80000000u | BTF_KIND_STRUCT << 24 | 1, 8, {1, INT, 33u << 24}, 3, -EINVAL},
		{"s2", 0x80000000u | BTF_KIND_STRUCT << 24 | 1, 8, {1, ENUM64, 32u << 24}, 3, 0},
		{"s2",
		 0x80000000u | BTF_KIND_STRUCT << 24 | 1,
		 8,
		 {1, ENUM64, 33u << 24},
		 3,
		 -EINVAL},
		{"s2", 0x80000000u | BTF_KIND_STRUCT << 24 | 1, 4, {1, ENUM64, 0}, 3, 0},
		{"s2", BTF_KIND_STRUCT << 24 | 1, 4, {1, ENUM64, 0}, 3, -EINVAL},
		{"s2", 0x80000000u | BTF_KIND_STRUCT << 24 | 1, 8, {1, PTR, 8u << 24}, 3, -EINVAL},
		{"s2", BTF_KIND_STRUCT << 24 | 1, 8, {1, VAR, 0}, 3, -EINVAL},
		{"", BTF_KIND_ARRAY << 24, 0, {VAR, INT, 1}, 3, -EINVAL},
		{"", BTF_KIND_ARRAY << 24, 0, {DATASEC, INT, 1}, 3, -EINVAL},
		{"", BTF_KIND_FUNC_PROTO << 24, DATASEC, {0}, 0, -EINVAL},
		{"", BTF_KIND_FUNC_PROTO << 24 | 1, INT, {1, DATASEC}, 2, -EINVAL},
		{"", BTF_KIND_FUNC_PROTO << 24 | 1, INT, {1, VAR}, 2, -EINVAL},
		{"v2", BTF_KIND_VAR << 24, DATASEC, {1}, 1, -EINVAL},
		/* of an integer that takes more bytes than it has bits */
		{"wide",
		 BTF_KIND_INT << 24,
		 5,
		 {32, 0, BTF_KIND_ARRAY << 24, 0, NEW, NEW, 2},
		 7,
		 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct build *b = everything();
		struct btf_obj *btf;
		int err = 0;

		assert_int_equal(b->next_id, NEW);
		build_word(b, build_str(b, rows[i].name));
		build_word(b, rows[i].info);
		build_word(b, rows[i].word);
		for (uint32_t j = 0; j < rows[i].n_more; j++)
			build_word(b, rows[i].more[j]);
		btf = build_parse(b, NULL, "", &err);
		if ((btf ? 0 : err) != rows[i].err)
			fail_msg("row %zu: %d, not %d", i, btf ? 0 : err, rows[i].err);
		ask_linux(b, i, rows[i].err);
		btf_put(btf);
		free(b);
	}
}

static void no_memory(void **state)
{
	struct build *b = everything();
	struct btf_obj *btf = NULL;
	uint64_t n;
	int err;

	(void)state;
	build_done(b);
	for (n = 1; n < 100 && !btf; n++) {
		mem_fail_at(n);
		btf = btf_parse(b->out, b->size, NULL, "", NULL, 0, &err);
		mem_fail_at(0);
		if (!btf)
			assert_int_equal(err, -ENOMEM);
	}
	assert_non_null(btf);
	assert_true(n > 5);
	btf_put(btf);
	free(b);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * 1 MiB of name that 300,000 types share, each from another place on: scanning names per type would
 * take minutes.
 */
static void linear(void **state)
{
	uint32_t n = 300000, str_len = 1 << 20, i;
	size_t size = sizeof(struct btf_header) + n * 12 + str_len;
	uint8_t *p = calloc(1, size);
	struct btf_header h = {.magic = BTF_MAGIC,
			       .version = 1,
			       .hdr_len = sizeof(h),
			       .type_len = n * 12,
			       .str_off = n * 12,
			       .str_len = str_len};
	struct btf_type *t = (void *)(p + sizeof(h));
	struct btf_obj *btf;
	double start;
	int err;

	(void)state;
	memcpy(p, &h, sizeof(h));
	memset(p + sizeof(h) + n * 12 + 1, 'a', str_len - 2);
	for (i = 0; i < n; i++) {
		t[i].name_off = i + 1;
		t[i].info = BTF_KIND_FLOAT << 24;
		t[i].size = 4;
	}
	start = now();
	btf = btf_parse(p, size, NULL, "", NULL, 0, &err);
	assert_non_null(btf);
	assert_true(now() - start < 5);
	btf_put(btf);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid),           cmocka_unit_test(truncated),
		cmocka_unit_test(truncated_types), cmocka_unit_test(flipped),
		cmocka_unit_test(header),          cmocka_unit_test(ids),
		cmocka_unit_test(loops),           cmocka_unit_test(depth),
		cmocka_unit_test(sizes),           cmocka_unit_test(records),
		cmocka_unit_test(strictness),      cmocka_unit_test(no_memory),
		cmocka_unit_test(linear),          cmocka_unit_test(references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
