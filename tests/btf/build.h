/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Making BTF byte by byte, well-formed or not. */
#ifndef TESTS_BTF_BUILD_H
#define TESTS_BTF_BUILD_H

#include <linux/btf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "btf/btf.h"

struct build {
	uint32_t type[1 << 16];
	uint32_t n; /* words */
	char str[1 << 16];
	uint32_t str_len;
	uint32_t start_str; /* of a split BTF: bytes of the base's strings */
	uint32_t next_id;
	uint8_t out[1 << 19];
	size_t size;
};

static inline struct build *build_new(void)
{
	struct build *b = calloc(1, sizeof(*b));

	b->str_len = 1;
	b->next_id = 1;
	return b;
}

/* on top of base, whose strings have base_str bytes */
static inline struct build *build_split(const struct btf_obj *base, uint32_t base_str)
{
	struct build *b = build_new();

	b->str_len = 0;
	b->start_str = base_str;
	b->next_id = btf_end_id(base);
	return b;
}

static inline uint32_t build_str(struct build *b, const char *s)
{
	uint32_t off = b->str_len;

	if (!*s)
		return 0;
	memcpy(b->str + off, s, strlen(s) + 1);
	b->str_len += strlen(s) + 1;
	return b->start_str + off;
}

static inline void build_word(struct build *b, uint32_t w)
{
	b->type[b->n++] = w;
}

/* a record's common part; returns its id */
static inline uint32_t build_type(struct build *b, const char *name, uint32_t kind, uint32_t vlen,
				  uint32_t size_or_type)
{
	build_word(b, build_str(b, name));
	build_word(b, kind << 24 | vlen);
	build_word(b, size_or_type);
	return b->next_id++;
}

static inline uint32_t build_int(struct build *b, const char *name, uint32_t size, uint32_t enc)
{
	uint32_t id = build_type(b, name, BTF_KIND_INT, 0, size);

	build_word(b, enc << 24 | size * 8);
	return id;
}

static inline uint32_t build_ref(struct build *b, uint32_t kind, const char *name, uint32_t type)
{
	return build_type(b, name, kind, 0, type);
}

static inline uint32_t build_array(struct build *b, uint32_t elem, uint32_t index, uint32_t n)
{
	uint32_t id = build_type(b, "", BTF_KIND_ARRAY, 0, 0);

	build_word(b, elem);
	build_word(b, index);
	build_word(b, n);
	return id;
}

/* of struct members and of parameters (bits: ignored) */
static inline void build_member(struct build *b, const char *name, uint32_t type, uint32_t bits)
{
	build_word(b, build_str(b, name));
	build_word(b, type);
	build_word(b, bits);
}

static inline void build_param(struct build *b, const char *name, uint32_t type)
{
	build_word(b, build_str(b, name));
	build_word(b, type);
}

static inline uint32_t build_tag(struct build *b, const char *text, uint32_t target, int32_t comp)
{
	uint32_t id = build_type(b, text, BTF_KIND_DECL_TAG, 0, target);

	build_word(b, (uint32_t)comp);
	return id;
}

static inline void build_done(struct build *b)
{
	struct btf_header h = {.magic = BTF_MAGIC,
			       .version = BTF_VERSION,
			       .hdr_len = sizeof(h),
			       .type_len = b->n * 4,
			       .str_off = b->n * 4,
			       .str_len = b->str_len};

	memcpy(b->out, &h, sizeof(h));
	memcpy(b->out + sizeof(h), b->type, b->n * 4);
	memcpy(b->out + sizeof(h) + b->n * 4, b->str, b->str_len);
	b->size = sizeof(h) + b->n * 4 + b->str_len;
}

static inline struct btf_obj *build_parse(struct build *b, struct btf_obj *base, const char *name,
					  int *err)
{
	build_done(b);
	return btf_parse(b->out, b->size, base, name, NULL, 0, err);
}

#endif
