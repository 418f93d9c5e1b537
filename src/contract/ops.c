/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reading an operations struct from a module's BTF (kfunc spec R11.1, R11.4): the struct itself, the
 * struct of its value, which has a head that the boundary keeps, and for each function member the
 * prototype of its stub, whose parameter names carry the marks.
 *
 * Left out: arguments and results that are structs. Linux passes arguments of up to 16 bytes; here a
 * program is called through one entry for all signatures, which knows registers only.
 */
#include "contract/ops.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct reader {
	struct contract_ops *ops;
	const struct btf_obj *btf;
	const char *stubs;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) static int bad(struct reader *r, int err, const char *fmt,
						     ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, r->why_size, fmt, ap);
	va_end(ap);
	return err;
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);

	return a >= b && !strcmp(s + a - b, suffix);
}

static bool is_struct_ptr(const struct btf_obj *btf, uint32_t id)
{
	const struct btf_type *to = btf_pointee(btf, id, NULL);

	return to && btf_is_struct(to);
}

static bool is_bool(const struct btf_obj *btf, uint32_t id, const struct btf_type *t)
{
	(void)id;
	return btf_type_kind(t) == BTF_KIND_INT &&
	       BTF_INT_ENCODING(*(const uint32_t *)(t + 1)) & BTF_INT_BOOL &&
	       btf_type_size(btf, id) == 1;
}

static int read_result(struct reader *r, struct contract_ops_member *m, uint32_t type)
{
	const struct btf_type *t = type ? btf_skip_mods(r->btf, type, NULL) : NULL;
	int64_t size;

	if (!type || (t && btf_type_kind(t) == BTF_KIND_UNKN))
		return 0;
	size = t ? btf_type_size(r->btf, type) : -EINVAL;
	if (t && btf_is_ptr(t)) {
		if (!is_struct_ptr(r->btf, type))
			return bad(r, -EOPNOTSUPP,
				   "%s returns a pointer to something that is no "
				   "struct",
				   m->name);
	} else if (!t || !btf_is_scalar(t) || size < 1 || size > 8) {
		return bad(r, -EOPNOTSUPP, "%s returns neither a number nor a pointer", m->name);
	} else {
		m->ret_bool = is_bool(r->btf, type, t);
	}
	m->ret_size = (uint8_t)size;
	return 0;
}

/* The prototype of the stub called STRUCT__MEMBER, NULL if there is none with that name */
static const struct btf_type *stub_proto(const struct reader *r,
					 const struct contract_ops_member *m)
{
	const struct btf_type *t;
	char name[256];
	int32_t id;

	snprintf(name, sizeof(name), "%s__%s", r->ops->name, m->name);
	id = btf_find_own(r->btf, name, BTF_KIND_FUNC);
	t = id < 0 ? NULL : btf_type(r->btf, btf_type(r->btf, (uint32_t)id)->type);
	return t && btf_type_kind(t) == BTF_KIND_FUNC_PROTO ? t : NULL;
}

/* R11.4: marks, only on pointers to structs of the member's own type */
static int read_mark(struct reader *r, struct contract_ops_member *m, uint32_t i, uint32_t type,
		     const struct btf_param *stub)
{
	const char *name = stub ? btf_str(r->btf, stub->name_off) : "";
	bool ref = ends_with(name, "__ref"), nullable = ends_with(name, "__nullable");
	uint32_t want = 0, have = 0;

	if (ref || nullable) {
		btf_pointee(r->btf, type, &want);
		btf_pointee(r->btf, stub->type, &have);
		if (!is_struct_ptr(r->btf, type) || want != have)
			return bad(r, -EINVAL,
				   "%s of the stub of %s is not the pointer to a struct that the "
				   "member has",
				   name, m->name);
	}
	if (ref)
		m->ref |= 1u << i;
	if (is_struct_ptr(r->btf, type) && !nullable)
		m->nonnull |= 1u << i;
	return 0;
}

static int read_args(struct reader *r, struct contract_ops_member *m, const struct btf_type *proto)
{
	const struct btf_type *stub = m->takes_program ? stub_proto(r, m) : NULL;
	const struct btf_param *p = btf_type_params(proto);
	uint32_t n = btf_type_vlen(proto);
	int err = 0;

	if (n > CONTRACT_OPS_ARGS)
		return bad(r, -EOPNOTSUPP, "%s has more than %u parameters", m->name,
			   CONTRACT_OPS_ARGS);
	if (stub && btf_type_vlen(stub) != n)
		return bad(r, -EINVAL, "the stub of %s has another number of parameters", m->name);
	for (uint32_t i = 0; !err && i < n; i++) {
		const struct btf_type *t =
			p[i].type ? btf_skip_mods(r->btf, p[i].type, NULL) : NULL;
		int64_t size = t ? btf_type_size(r->btf, p[i].type) : -EINVAL;

		if (!t || !(btf_is_scalar(t) || btf_is_ptr(t)) || size < 1 || size > 8)
			return bad(r, -EOPNOTSUPP,
				   "parameter %u of %s is neither a number nor a pointer", i + 1,
				   m->name);
		m->arg_size[i] = (uint8_t)size;
		err = read_mark(r, m, i, p[i].type, stub ? &btf_type_params(stub)[i] : NULL);
	}
	m->n_args = (uint8_t)n;
	return err;
}

static int read_member(struct reader *r, const struct btf_type *t, uint32_t i)
{
	const struct btf_member *bm = &btf_type_members(t)[i];
	struct contract_ops_member *m = &r->ops->m[i];
	const struct btf_type *proto;
	uint32_t bits, bitfield;
	int64_t size = btf_type_size(r->btf, bm->type);
	int err;

	m->name = btf_str(r->btf, bm->name_off);
	if (!*m->name)
		return bad(r, -EOPNOTSUPP, "a member has no name");
	bits = btf_member_bits(t, i, &bitfield);
	if (bitfield || bits % 8)
		return bad(r, -EOPNOTSUPP, "%s is a bit field", m->name);
	m->off = bits / 8;
	if (size < 0 || size > r->ops->size || m->off > r->ops->size - size)
		return bad(r, -EINVAL, "%s has no size", m->name);
	m->size = (uint32_t)size;
	proto = btf_pointee(r->btf, bm->type, NULL);
	if (!proto || btf_type_kind(proto) != BTF_KIND_FUNC_PROTO)
		return 0;
	m->is_func = true;
	m->takes_program = *(void *const *)(r->stubs + m->off) != NULL;
	err = read_result(r, m, proto->type);
	return err ? err : read_args(r, m, proto);
}

/* struct bpf_struct_ops_NAME {common; data} */
static int read_value(struct reader *r)
{
	const struct btf_member *m;
	const struct btf_type *t;
	char name[160];
	uint32_t data;
	int32_t id;

	snprintf(name, sizeof(name), "bpf_struct_ops_%s", r->ops->name);
	id = btf_find_own(r->btf, name, BTF_KIND_STRUCT);
	if (id < 0)
		return bad(r, -EINVAL, "there is no struct %s in the module's BTF", name);
	t = btf_type(r->btf, (uint32_t)id);
	m = btf_type_members(t);
	if (btf_type_vlen(t) != 2 ||
	    strcmp(btf_type_name(r->btf, m[0].type), "bpf_struct_ops_common_value") ||
	    btf_type_size(r->btf, m[0].type) != 8 || btf_member_bits(t, 0, NULL) ||
	    !btf_skip_mods(r->btf, m[1].type, &data) || data != r->ops->type_id ||
	    btf_member_bits(t, 1, NULL) != CONTRACT_OPS_DATA * 8)
		return bad(r, -EINVAL, "struct %s is not what register_bpf_struct_ops() makes",
			   name);
	r->ops->value_id = (uint32_t)id;
	r->ops->value_size = (uint32_t)btf_type_size(r->btf, (uint32_t)id);
	return 0;
}

int contract_ops_compile(struct contract_ops *ops, const struct btf_obj *btf, const char *name,
			 const void *stubs, char *why, size_t why_size)
{
	struct reader r = {ops, btf, stubs, why, why_size};
	int32_t id = btf_find_own(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t;
	int err;

	if (id < 0)
		return bad(&r, -EINVAL, "there is no such struct in the module's BTF");
	if (!stubs)
		return bad(&r, -EINVAL, "it has no cfi_stubs");
	t = btf_type(btf, (uint32_t)id);
	if (btf_type_vlen(t) > CONTRACT_OPS_MEMBERS)
		return bad(&r, -EINVAL, "it has more than %u members", CONTRACT_OPS_MEMBERS);
	ops->btf = btf;
	ops->name = btf_type_name(btf, (uint32_t)id);
	ops->type_id = (uint32_t)id;
	ops->size = t->size;
	ops->n_members = btf_type_vlen(t);
	err = read_value(&r);
	for (uint32_t i = 0; !err && i < ops->n_members; i++)
		err = read_member(&r, t, i);
	return err;
}
