/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which pointer fields of kernel structs may be relied on (kfunc spec 6.3), which referenced kptrs
 * are protected by RCU (R8.10).
 *
 * A kernel says so itself, in its BTF: struct NAME__safe_SUFFIX with a member of the same name and
 * pointee. These declarations win. Only a kernel that has none of them (its BTF was stripped) is
 * judged by the lists of data/trusted_types.json.
 */
#include "kernel/tables.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *suffix;
	enum kernel_trust trust;
} declarations[] = {
	/* in the order in which a field that is in several lists is judged */
	{"__safe_trusted", KTRUST_TRUSTED}, {"__safe_trusted_or_null", KTRUST_TRUSTED_OR_NULL},
	{"__safe_rcu", KTRUST_RCU},         {"__safe_rcu_or_null", KTRUST_RCU_OR_NULL},
	{"__safe_fields", KTRUST_NESTED},
};

/* Is field, a pointer to pointee, a member of struct id? */
static bool declares(const struct btf_obj *btf, uint32_t id, const char *field, uint32_t pointee)
{
	const struct btf_type *t = btf_type(btf, id);
	uint32_t i;

	for (i = 0; i < btf_type_vlen(t); i++) {
		const struct btf_member *m = btf_type_members(t) + i;
		uint32_t to;

		if (strcmp(btf_str(btf, m->name_off), field) != 0)
			continue;
		if (btf_pointee(btf, m->type, &to) && to == pointee)
			return true;
	}
	return false;
}

static enum kernel_trust declared_trust(const struct btf_obj *btf, const char *name,
					const char *field, uint32_t field_type_id)
{
	uint32_t pointee;
	unsigned int i;
	char buf[256];

	if (!btf_pointee(btf, field_type_id, &pointee))
		return KTRUST_NONE;
	for (i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++) {
		int n = snprintf(buf, sizeof(buf), "%s%s", name, declarations[i].suffix), id;

		if (n < 0 || (size_t)n >= sizeof(buf))
			return KTRUST_NONE;
		id = btf_find(btf, buf, BTF_KIND_STRUCT);
		if (id < 0)
			id = btf_find(btf, buf, BTF_KIND_UNION);
		if (id > 0 && declares(btf, id, field, pointee))
			return declarations[i].trust;
	}
	return KTRUST_NONE;
}

enum kernel_trust kernel_field_trust(const struct kfunc_kernel *k, const struct btf_obj *btf,
				     const char *name, const char *field, uint32_t field_type_id)
{
	enum kernel_trust trust = declared_trust(btf, name, field, field_type_id);
	uint32_t i;

	if (trust != KTRUST_NONE || k->tables->safe_types)
		return trust;
	for (i = 0; i < kt_n_trusts; i++)
		if ((kt_trusts[i].versions & k->tables->bit) && !strcmp(kt_trusts[i].type, name) &&
		    !strcmp(kt_trusts[i].field, field))
			return kt_trusts[i].trust;
	return KTRUST_NONE;
}

bool kernel_kptr_is_rcu(const struct kfunc_kernel *k, const char *type_name)
{
	const struct kt_name_mask *n;

	for (n = kt_rcu_kptrs; n->name; n++)
		if ((n->versions & k->tables->bit) && !strcmp(n->name, type_name))
			return true;
	return false;
}
