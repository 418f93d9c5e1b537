/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The special fields of local types (kfunc spec R8.20), found once for each type that a program meets
 * (fields.c finds them): the program's own types, and those that maps of another object file hold.
 * Types of two files are never the same, even if they look alike (seen on 6.18.44).
 */
#include "verifier/call.h"

/* the table of a BTF, made when it is first asked for */
static struct btf_fields **table_of(struct vf_env *env, const struct btf_obj *btf)
{
	struct vf_type_table *t = env->types;

	while (t < env->types + env->n_types && t->btf != btf)
		t++;
	if (t < env->types + env->n_types)
		return t->fields;
	if (env->n_types == VF_MAX_TYPE_TABLES) {
		vf_unsupported(env, "objects of that many files' types");
		return NULL;
	}
	t->fields = mem_calloc(btf_end_id(btf), sizeof(t->fields[0]));
	if (!t->fields) {
		vf_nomem(env);
		return NULL;
	}
	t->btf = btf;
	t->n = btf_end_id(btf);
	env->n_types++;
	return t->fields;
}

/*
 * Of a struct that is no kernel's: of the program's BTF, or of the BTF of a map that another object
 * file made, whose objects the program may take out, look at, put back and drop.
 */
const struct btf_fields *vf_type_fields(struct vf_env *env, const struct btf_obj *btf,
					uint32_t type_id)
{
	static const struct btf_fields none;
	struct btf_fields **table, *f;
	int err;

	if (!btf || btf == env->kernel->btf || type_id >= btf_end_id(btf) ||
	    registry_is_module(env->kernel->registry, btf))
		return NULL;
	table = table_of(env, btf);
	if (!table)
		return NULL;
	f = table[type_id];
	if (!f) {
		err = vf_local_fields(env->kernel, btf, type_id, &f);
		if (!err && !f)
			f = mem_dup(&none, sizeof(none));
		if (!f) {
			if (err && err != -ENOMEM)
				vf_reject(env, KF_BAD_FIELDS,
					  "the special members of struct %s are not usable (error "
					  "%d)",
					  btf_type_name(btf, type_id), -err);
			else
				vf_nomem(env);
			return NULL;
		}
		table[type_id] = f;
	}
	return f->n ? f : NULL;
}

const struct btf_fields *vf_reg_fields(struct vf_env *env, const struct vf_reg *r)
{
	if (r->base == VF_MAP_VALUE)
		return r->map->fields;
	if (r->base == VF_BTF_ID && (r->flags & VF_ALLOC))
		return vf_type_fields(env, r->btf, r->type_id);
	return NULL;
}
