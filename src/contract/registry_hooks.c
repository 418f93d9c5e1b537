/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tracepoints that modules declare (kfunc spec 6.1). Linux knows nothing of what its modules pass and
 * lets every pointer be NULL; a host says it: pointers to structs are trusted and not NULL unless the
 * parameter's name ends in __nullable, and the runtime does not pass on an event that breaks this.
 *
 * The types of the arguments are those of the typedef btf_trace_NAME, as tools expect. Debug
 * information has no names in it for a typedef's parameters, so they come from the function
 * __bpf_trace_NAME, whose prototype must be the same.
 *
 * And the operations structs that modules register, which ops.c has read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "contract/ops.h"
#include "contract/registry_internal.h"

#define MAX_ARGS 12
#define NULLABLE "__nullable"

static const struct btf_type *proto_of_typedef(const struct btf_obj *btf, const char *name,
					       uint32_t *type_id)
{
	const struct btf_type *t;
	char full[160];
	int32_t id;

	snprintf(full, sizeof(full), "btf_trace_%s", name);
	id = btf_find_own(btf, full, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	*type_id = (uint32_t)id;
	t = btf_pointee(btf, (uint32_t)id, NULL);
	return t && btf_type_kind(t) == BTF_KIND_FUNC_PROTO ? t : NULL;
}

static const struct btf_type *proto_of_func(const struct btf_obj *btf, const char *name)
{
	const struct btf_type *t;
	char full[160];
	int32_t id;

	snprintf(full, sizeof(full), "__bpf_trace_%s", name);
	id = btf_find_own(btf, full, BTF_KIND_FUNC);
	t = id < 0 ? NULL : btf_type(btf, btf_type(btf, (uint32_t)id)->type);
	return t && btf_type_kind(t) == BTF_KIND_FUNC_PROTO ? t : NULL;
}

static bool ends_with(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);

	return a >= b && !strcmp(s + a - b, suffix);
}

/* The arguments after the hidden first parameter; -EINVAL */
static int check_args(const struct btf_obj *btf, const struct btf_type *type,
		      const struct btf_type *func, uint32_t n_args, uint16_t *nonnull)
{
	const struct btf_param *a = btf_type_params(type), *b = btf_type_params(func);

	if (btf_type_vlen(type) != n_args + 1 || btf_type_vlen(func) != n_args + 1 ||
	    n_args > MAX_ARGS)
		return -EINVAL;
	*nonnull = 0;
	for (uint32_t i = 1; i <= n_args; i++) {
		const struct btf_type *t = btf_skip_mods(btf, a[i].type, NULL), *to;

		if (a[i].type != b[i].type || !t)
			return -EINVAL;
		if (btf_is_scalar(t) && btf_type_size(btf, a[i].type) <= 8)
			continue;
		if (!btf_is_ptr(t))
			return -EINVAL;
		to = btf_pointee(btf, a[i].type, NULL);
		if (to && btf_is_struct(to) && !ends_with(btf_str(btf, b[i].name_off), NULLABLE))
			*nonnull |= 1u << (i - 1);
	}
	return 0;
}

static const struct contract_tracepoint *find_name(const struct contract_registry *r,
						   const char *name)
{
	const struct contract_tracepoint *t = atomic_load(&r->tracepoints);

	while (t && strcmp(t->name, name))
		t = t->next;
	return t;
}

int registry_add_tracepoint(struct contract_registry *r, const struct btf_obj *vmlinux,
			    const struct btf_obj *btf, const char *name, uint32_t n_args,
			    const struct contract_tracepoint **res)
{
	struct contract_tracepoint tp = {.btf = btf, .n_args = n_args}, *new;
	const struct btf_type *type, *func;
	uint32_t taken;
	int err;

	if (proto_of_typedef(vmlinux, name, &taken))
		return -EEXIST;
	type = proto_of_typedef(btf, name, &tp.type_id);
	func = proto_of_func(btf, name);
	if (!type || !func)
		return -ENOENT;
	err = check_args(btf, type, func, n_args, &tp.nonnull);
	if (err)
		return err;
	tp.name = btf_type_name(btf, tp.type_id) + strlen("btf_trace_");
	pthread_mutex_lock(&r->lock);
	err = find_name(r, name) ? -EEXIST : 0;
	new = err ? NULL : registry_alloc(r, sizeof(*new));
	if (!err && (!new || !registry_get_tab(r, btf, true)))
		err = -ENOMEM;
	if (!err) {
		*new = tp;
		new->next = atomic_load(&r->tracepoints);
		atomic_store_explicit(&r->tracepoints, new, memory_order_release);
		*res = new;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

const struct contract_tracepoint *registry_tracepoint(const struct contract_registry *r,
						      const struct btf_obj *btf, uint32_t type_id)
{
	const struct contract_tracepoint *t =
		atomic_load_explicit(&r->tracepoints, memory_order_acquire);

	while (t && (t->btf != btf || t->type_id != type_id))
		t = t->next;
	return t;
}

/* ---- operations structs ---- */

int registry_add_ops(struct contract_registry *r, const struct contract_ops *ops)
{
	struct contract_ops *new;
	int err = 0;

	pthread_mutex_lock(&r->lock);
	if (registry_ops(r, ops->btf, ops->type_id))
		err = -EEXIST;
	new = err ? NULL : registry_alloc(r, sizeof(*new));
	if (!err && (!new || !registry_get_tab(r, ops->btf, true)))
		err = -ENOMEM;
	if (!err) {
		*new = *ops;
		new->next = atomic_load(&r->ops);
		atomic_store_explicit(&r->ops, new, memory_order_release);
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

const struct contract_ops *registry_ops(const struct contract_registry *r,
					const struct btf_obj *btf, uint32_t type_id)
{
	const struct contract_ops *o = atomic_load_explicit(&r->ops, memory_order_acquire);

	while (o && (o->btf != btf || o->type_id != type_id))
		o = o->next;
	return o;
}

const struct contract_ops *registry_ops_value(const struct contract_registry *r,
					      const struct btf_obj *btf, uint32_t value_id)
{
	const struct contract_ops *o = atomic_load_explicit(&r->ops, memory_order_acquire);

	while (o && (o->btf != btf || o->value_id != value_id))
		o = o->next;
	return o;
}
