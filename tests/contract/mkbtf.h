/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Writes BTF by hand, for tests that need a prototype no compiler would give them. Ids count from 1
 * in a base and from start_id in a split BTF. Everything is static and small; overflow is an
 * assertion.
 */
#ifndef TESTS_MKBTF_H
#define TESTS_MKBTF_H

#include <assert.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "btf/btf.h"

struct mkbtf {
	uint8_t types[256 << 10];
	char strs[256 << 10];
	uint32_t type_len, str_len;
	uint32_t next; /* id of the next type */
	uint32_t str_base;
};

static inline void mk_init(struct mkbtf *m, const struct btf_obj *base)
{
	const struct btf_header *h;
	size_t size;

	m->type_len = 0;
	m->next = base ? btf_end_id(base) : 1;
	m->str_base = 0;
	if (base) {
		h = btf_raw(base, &size);
		m->str_base = h->str_len;
	}
	m->strs[0] = '\0';
	m->str_len = base ? 0 : 1;
}

static inline uint32_t mk_str(struct mkbtf *m, const char *s)
{
	uint32_t at = m->str_len;

	if (!s || !*s)
		return 0;
	assert(at + strlen(s) + 1 < sizeof(m->strs));
	strcpy(m->strs + at, s);
	m->str_len += strlen(s) + 1;
	return m->str_base + at;
}

static inline void mk_put(struct mkbtf *m, const void *data, uint32_t size)
{
	assert(m->type_len + size <= sizeof(m->types));
	memcpy(m->types + m->type_len, data, size);
	m->type_len += size;
}

static inline uint32_t mk_type(struct mkbtf *m, const char *name, uint32_t kind, uint32_t vlen,
			       uint32_t size_or_type)
{
	struct btf_type t = {mk_str(m, name), kind << 24 | vlen, {size_or_type}};

	mk_put(m, &t, sizeof(t));
	return m->next++;
}

static inline uint32_t mk_int(struct mkbtf *m, const char *name, uint32_t bytes, uint32_t encoding)
{
	uint32_t id = mk_type(m, name, BTF_KIND_INT, 0, bytes), data = encoding << 24 | bytes * 8;

	mk_put(m, &data, sizeof(data));
	return id;
}

static inline uint32_t mk_ptr(struct mkbtf *m, uint32_t to)
{
	return mk_type(m, NULL, BTF_KIND_PTR, 0, to);
}

static inline uint32_t mk_array(struct mkbtf *m, uint32_t elem, uint32_t index, uint32_t n)
{
	uint32_t id = mk_type(m, NULL, BTF_KIND_ARRAY, 0, 0);
	struct btf_array a = {elem, index, n};

	mk_put(m, &a, sizeof(a));
	return id;
}

/* members: name, type, byte offset, ... n times */
static inline uint32_t mk_struct(struct mkbtf *m, const char *name, uint32_t size, uint32_t n, ...)
{
	uint32_t id = mk_type(m, name, BTF_KIND_STRUCT, n, size);
	struct btf_member mem;
	va_list ap;

	va_start(ap, n);
	for (uint32_t i = 0; i < n; i++) {
		mem.name_off = mk_str(m, va_arg(ap, const char *));
		mem.type = va_arg(ap, uint32_t);
		mem.offset = va_arg(ap, uint32_t) * 8;
		mk_put(m, &mem, sizeof(mem));
	}
	va_end(ap);
	return id;
}

static inline uint32_t mk_protov(struct mkbtf *m, uint32_t ret, uint32_t n, va_list ap)
{
	uint32_t id = mk_type(m, NULL, BTF_KIND_FUNC_PROTO, n, ret);
	struct btf_param p;

	for (uint32_t i = 0; i < n; i++) {
		p.name_off = mk_str(m, va_arg(ap, const char *));
		p.type = va_arg(ap, uint32_t);
		mk_put(m, &p, sizeof(p));
	}
	return id;
}

/* parameters: name, type, ... n times */
static inline uint32_t mk_proto(struct mkbtf *m, uint32_t ret, uint32_t n, ...)
{
	uint32_t id;
	va_list ap;

	va_start(ap, n);
	id = mk_protov(m, ret, n, ap);
	va_end(ap);
	return id;
}

/* A FUNC with its own prototype; returns the FUNC's id. */
static inline uint32_t mk_func(struct mkbtf *m, const char *name, uint32_t ret, uint32_t n, ...)
{
	uint32_t proto;
	va_list ap;

	va_start(ap, n);
	proto = mk_protov(m, ret, n, ap);
	va_end(ap);
	return mk_type(m, name, BTF_KIND_FUNC, BTF_FUNC_GLOBAL, proto);
}

static inline struct btf_obj *mk_done(struct mkbtf *m, struct btf_obj *base, const char *name)
{
	static uint8_t raw[sizeof(struct btf_header) + sizeof(m->types) + sizeof(m->strs)];
	struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = m->type_len,
		.str_off = m->type_len,
		.str_len = m->str_len,
	};
	char why[200] = "";
	struct btf_obj *res;
	int err = 0;

	memcpy(raw, &h, sizeof(h));
	memcpy(raw + sizeof(h), m->types, m->type_len);
	memcpy(raw + sizeof(h) + m->type_len, m->strs, m->str_len);
	res = btf_parse(raw, sizeof(h) + m->type_len + m->str_len, base, name, why, sizeof(why),
			&err);
	if (!res)
		printf("mk_done: %s\n", why);
	return res;
}

#endif
