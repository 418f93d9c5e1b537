/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Making a BTF object from untrusted bytes: header, sections, strings, then the types (check.c,
 * resolve.c), then the indexes that queries use. Work is linear in the size of the input whatever
 * it holds: names are judged through a table of identifier lengths made once per string byte, not
 * by scanning a string for every type that refers to it.
 *
 * Errors are those of BPF_BTF_LOAD: -EINVAL, -E2BIG (16 MiB, unknown header bytes in use, nesting),
 * -EEXIST (a loop), -ENOTSUPP (524, integer encodings).
 */
#include "btf/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BTF_MAX_BYTES (16u << 20)
#define IDENT_MAX     511 /* bytes of a symbol name */
#define HASH_CHARS    64  /* of a name that enter its hash */

int btf_check_fail(struct btf_check *c, int err, const char *fmt, ...)
{
	va_list ap;
	int n = 0;

	if (!c->why || !c->why_size)
		return err;
	if (c->id)
		n = snprintf(c->why, c->why_size, "type %u: ", c->id);
	if (n < 0 || (size_t)n >= c->why_size)
		return err;
	va_start(ap, fmt);
	vsnprintf(c->why + n, c->why_size - n, fmt, ap);
	va_end(ap);
	return err;
}

/* Header bytes that this code does not know must be zero. */
static bool tail_is_zero(const uint8_t *p, size_t n)
{
	while (n && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

static int check_header(struct btf_check *c, struct btf_header *h)
{
	const struct btf_obj *btf = c->btf;
	size_t body;

	if (btf->size < 8)
		return btf_check_fail(c, -EINVAL, "BTF of %zu bytes is too short for a header",
				      btf->size);
	memset(h, 0, sizeof(*h));
	memcpy(h, btf->data, btf->size < sizeof(*h) ? btf->size : sizeof(*h));
	if (h->hdr_len < sizeof(*h) || h->hdr_len > btf->size)
		return btf_check_fail(c, -EINVAL, "BTF header length %u does not fit %zu bytes",
				      h->hdr_len, btf->size);
	if (!tail_is_zero(btf->data + sizeof(*h), h->hdr_len - sizeof(*h)))
		return btf_check_fail(c, -E2BIG, "BTF header has unknown fields");
	if (h->magic == __builtin_bswap16(BTF_MAGIC))
		return btf_check_fail(c, -EINVAL, "BTF has the other byte order");
	if (h->magic != BTF_MAGIC)
		return btf_check_fail(c, -EINVAL, "BTF magic number is missing");
	if (h->version != BTF_VERSION)
		return btf_check_fail(c, -EINVAL, "BTF version %u is unknown", h->version);
	if (h->flags)
		return btf_check_fail(c, -EINVAL, "BTF header flags 0x%x are unknown", h->flags);
	body = btf->size - h->hdr_len;
	if (!h->type_len && !btf->base)
		return btf_check_fail(c, -EINVAL, "BTF holds no type");
	/* types first, strings right after them up to the end: no gap, no overlap */
	if (h->type_off != 0 || (h->type_len & 3) || h->type_len > body ||
	    h->str_off != h->type_len || h->str_len != body - h->type_len)
		return btf_check_fail(c, -EINVAL,
				      "BTF sections (types %u+%u, strings %u+%u) do not fill "
				      "%zu bytes",
				      h->type_off, h->type_len, h->str_off, h->str_len, body);
	return 0;
}

static int check_strings(struct btf_check *c)
{
	struct btf_obj *btf = c->btf;
	uint16_t len = 0;
	uint32_t i;

	if (!btf->str_len && btf->base)
		return 0;
	if (!btf->str_len || btf->str_len - 1 > BTF_MAX_NAME_OFFSET ||
	    btf->strs[btf->str_len - 1] != '\0' || (!btf->base && btf->strs[0] != '\0'))
		return btf_check_fail(c, -EINVAL, "BTF string section is malformed");
	c->ident = mem_calloc(btf->str_len, sizeof(*c->ident));
	if (!c->ident)
		return -ENOMEM;
	for (i = btf->str_len; i-- > 0;) {
		unsigned char ch = btf->strs[i];

		if (ch == '\0')
			len = 0;
		else if (len >= IDENT_MAX ||
			 !((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			   (ch >= '0' && ch <= '9') || ch == '_' || ch == '.'))
			len = BTF_NOT_IDENT;
		else
			len++;
		c->ident[i] = len;
	}
	return 0;
}

static uint32_t name_hash(const char *s, uint32_t kind)
{
	uint32_t h = 2166136261u ^ (kind * 0x9e3779b1u);
	unsigned int i;

	for (i = 0; s[i] && i < HASH_CHARS; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h ^ (h >> 15);
}

/* Chains end up in ascending order of id, so that a lookup finds the first type of a name. */
static int index_names(struct btf_obj *btf)
{
	uint32_t i, n = 16;

	while (n < btf->n_types)
		n *= 2;
	btf->bucket_mask = n - 1;
	btf->bucket = mem_calloc(n, sizeof(*btf->bucket));
	btf->next = mem_calloc(btf->n_types, sizeof(*btf->next));
	if (!btf->bucket || !btf->next)
		return -ENOMEM;
	for (i = btf->n_types; i-- > 0;) {
		const struct btf_type *t = btf_own_type(btf, i);
		uint32_t kind = btf_type_kind(t), b;
		const char *s;

		if (!t->name_off || kind == BTF_KIND_DECL_TAG || kind == BTF_KIND_TYPE_TAG)
			continue;
		s = btf_str(btf, t->name_off);
		b = name_hash(s, kind) & btf->bucket_mask;
		btf->next[i] = btf->bucket[b];
		btf->bucket[b] = i + 1;
	}
	return 0;
}

static int cmp_tag(const void *a, const void *b)
{
	const struct btf_tag_ref *x = a, *y = b;

	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int index_tags(struct btf_obj *btf)
{
	uint32_t i, n = 0;

	for (i = 0; i < btf->n_types; i++)
		n += btf_type_kind(btf_own_type(btf, i)) == BTF_KIND_DECL_TAG;
	if (!n)
		return 0;
	btf->tags = mem_calloc(n, sizeof(*btf->tags));
	if (!btf->tags)
		return -ENOMEM;
	for (i = 0; i < btf->n_types; i++) {
		const struct btf_type *t = btf_own_type(btf, i);

		if (btf_type_kind(t) != BTF_KIND_DECL_TAG)
			continue;
		btf->tags[btf->n_tags].target = t->type;
		btf->tags[btf->n_tags++].id = btf->start_id + i;
	}
	qsort(btf->tags, btf->n_tags, sizeof(*btf->tags), cmp_tag);
	return 0;
}

static int parse_body(struct btf_check *c)
{
	struct btf_obj *btf = c->btf;
	struct btf_header h;
	int err;

	err = check_header(c, &h);
	if (err)
		return err;
	btf->types = btf->data + h.hdr_len + h.type_off;
	btf->type_len = h.type_len;
	btf->strs = (const char *)btf->data + h.hdr_len + h.str_off;
	btf->str_len = h.str_len;
	err = check_strings(c);
	if (!err)
		err = btf_check_layout(c);
	if (!err)
		err = btf_check_resolve(c);
	c->id = 0;
	if (!err)
		err = index_names(btf);
	if (!err)
		err = index_tags(btf);
	return err;
}

static struct btf_obj *parse(const void *data, size_t size, struct btf_obj *base, const char *name,
			     bool unlinked, char *why, size_t why_size, int *err)
{
	struct btf_check c = {.why = why, .why_size = why_size};
	struct btf_obj *btf;

	if (why && why_size)
		why[0] = '\0';
	*err = -EINVAL;
	if (!data) {
		btf_check_fail(&c, -EINVAL, "there is no BTF");
		return NULL;
	}
	if (size > BTF_MAX_BYTES) {
		*err = btf_check_fail(&c, -E2BIG, "BTF of %zu bytes is larger than 16 MiB", size);
		return NULL;
	}
	*err = -ENOMEM;
	btf = mem_zalloc(sizeof(*btf));
	if (!btf)
		goto out_nomem;
	atomic_init(&btf->refs, 1);
	btf->base = btf_get(base);
	btf->strict = !unlinked && (!name || !*name);
	btf->unlinked = unlinked;
	btf->start_id = base ? btf_end_id(base) : 1;
	btf->start_str = base ? base->start_str + base->str_len : 0;
	btf->name = mem_strdup(name ? name : "");
	btf->data = mem_dup(data, size);
	btf->size = size;
	if (!btf->name || !btf->data)
		goto out_nomem;
	c.btf = btf;
	*err = parse_body(&c);
	mem_free(c.ident);
	if (!*err)
		return btf;
	if (*err != -ENOMEM)
		goto out;
out_nomem:
	c.id = 0;
	btf_check_fail(&c, -ENOMEM, "out of memory");
out:
	btf_put(btf);
	return NULL;
}

struct btf_obj *btf_parse(const void *data, size_t size, struct btf_obj *base, const char *name,
			  char *why, size_t why_size, int *err)
{
	return parse(data, size, base, name, false, why, why_size, err);
}

int btf_check_object(const void *data, size_t size, char *why, size_t why_size)
{
	int err;
	struct btf_obj *btf = parse(data, size, NULL, "", true, why, why_size, &err);

	if (!btf)
		return err;
	btf_put(btf);
	return 0;
}

struct btf_obj *btf_get(struct btf_obj *btf)
{
	if (btf)
		atomic_fetch_add_explicit(&btf->refs, 1, memory_order_relaxed);
	return btf;
}

void btf_put(struct btf_obj *btf)
{
	while (btf && atomic_fetch_sub_explicit(&btf->refs, 1, memory_order_acq_rel) == 1) {
		struct btf_obj *base = btf->base;

		mem_free(btf->name);
		mem_free(btf->data);
		mem_free(btf->off);
		mem_free(btf->skip);
		mem_free(btf->bytes);
		mem_free(btf->bucket);
		mem_free(btf->next);
		mem_free(btf->tags);
		mem_free(btf);
		btf = base;
	}
}

int32_t btf_find_next(const struct btf_obj *btf, const char *name, uint32_t kind, uint32_t after)
{
	uint32_t i = btf->bucket[name_hash(name, kind) & btf->bucket_mask];

	for (; i; i = btf->next[i - 1]) {
		const struct btf_type *t = btf_own_type(btf, i - 1);

		if (btf->start_id + i - 1 > after && btf_type_kind(t) == kind &&
		    !strcmp(btf_str(btf, t->name_off), name))
			return btf->start_id + i - 1;
	}
	return -ENOENT;
}

int32_t btf_find_own(const struct btf_obj *btf, const char *name, uint32_t kind)
{
	int32_t best = -ENOENT;
	uint32_t k;

	if (!btf || !name || !*name)
		return -ENOENT;
	if (kind != BTF_KIND_UNKN)
		return btf_find_next(btf, name, kind, 0);
	for (k = 1; k <= BTF_KIND_ENUM64; k++) {
		int32_t id = btf_find_next(btf, name, k, 0);

		if (id > 0 && (best < 0 || id < best))
			best = id;
	}
	return best;
}

int32_t btf_find(const struct btf_obj *btf, const char *name, uint32_t kind)
{
	int32_t id = -ENOENT;

	for (; btf && id < 0; btf = btf->base)
		id = btf_find_own(btf, name, kind);
	return id;
}
