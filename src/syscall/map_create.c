/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * MAP_CREATE: resolves the request's descriptors, has the map made (maps/maps.c), gives it an id
 * and a descriptor. Order of the checks: what does not go together in the request, type and sizes, token,
 * device, inner map, name, BTF.
 *
 * A struct_ops map is typed by the kernel: the value type is bpf_struct_ops_NAME of vmlinux or of a
 * module (spec section 11), and the value must have its size.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "maps/maps.h"
#include "maps/struct_ops.h"
#include "syscall/internal.h"

#define STRUCT_OPS_PREFIX "bpf_struct_ops_"

static void map_gone(struct rt_map *map)
{
	sys_id_del(SYS_MAP, map->id);
	sys_btf_put(map->boundary);
	map->boundary = NULL;
}

/* BTF of key and value, referenced; NULL and *err 0: none is wanted */
static struct sys_btf *types_of(struct sys_cmd *c, int *err)
{
	const union bpf_attr *a = &c->attr->b;
	struct sys_btf *b;

	*err = 0;
	if (!a->btf_key_type_id && !a->btf_value_type_id)
		return NULL;
	b = sys_fd_get(a->btf_fd, SYS_BTF, NULL, err);
	if (b && b->is_kernel) {
		sys_btf_put(b);
		*err = -EACCES;
		return NULL;
	}
	return b;
}

/* The struct that a struct_ops map holds, *ops the host's, *types its module's: -EINVAL, -ENOTSUPP. */
static int check_struct_ops(struct sys_cmd *c, const struct contract_ops **ops,
			    struct sys_btf **types)
{
	const union bpf_attr *a = &c->attr->b;
	const struct btf_obj *btf = c->kernel->btf;
	struct sys_btf *module = NULL;
	int64_t size;
	int err = 0;

	if (!a->btf_vmlinux_value_type_id)
		return -EINVAL;
	if (a->map_flags & SYS_F_VTYPE_BTF_OBJ_FD) {
		module = sys_fd_get(c->attr->map.value_type_btf_obj_fd, SYS_BTF, NULL, &err);
		if (!module)
			return err;
		btf = module->btf;
		if (!module->is_kernel || module->kernel != c->kernel)
			err = -EINVAL;
	}
	if (!err && strncmp(btf_type_name(btf, a->btf_vmlinux_value_type_id), STRUCT_OPS_PREFIX,
			    strlen(STRUCT_OPS_PREFIX)))
		err = -SYS_ENOTSUPP;
	if (!err && c->kernel->live) {
		*ops = registry_ops_value(c->kernel->registry,
					  btf_owner(btf, a->btf_vmlinux_value_type_id),
					  a->btf_vmlinux_value_type_id);
		if (!*ops)
			err = -SYS_ENOTSUPP;
	}
	if (!err) {
		size = btf_type_size(btf, a->btf_vmlinux_value_type_id);
		if (size < 0 || size != a->value_size)
			err = -EINVAL;
	}
	if (err)
		sys_btf_put(module);
	else
		*types = module;
	return err;
}

static bool is_map_of_maps(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* The template of a map of maps, referenced. */
static struct rt_map *inner_of(struct sys_cmd *c, int *err)
{
	const struct kernel_map_type *t;
	struct rt_map *inner;

	inner = sys_fd_get(c->attr->b.inner_map_fd, SYS_MAP, NULL, err);
	if (!inner)
		return NULL;
	t = kernel_map_type(c->kernel, inner->desc.type);
	if (inner->kernel != c->kernel || inner->inner_template)
		*err = -EINVAL;
	else if (!t || !t->inner_ok)
		*err = -SYS_ENOTSUPP;
	if (!*err)
		return inner;
	rt_map_put(inner);
	return NULL;
}

static int check_new_fields(struct sys_cmd *c)
{
	uint32_t flags = c->attr->b.map_flags, type = c->attr->b.map_type;

	if (flags & SYS_F_TOKEN_FD)
		return -EINVAL; /* no descriptor is a token here */
	/* two types can live on a device, and no device here takes them */
	if (c->attr->b.map_ifindex)
		return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_ARRAY ? -EOPNOTSUPP
									       : -EINVAL;
	/* a map for one signed program only: nothing is signed here */
	return c->attr->map.excl_prog_hash || c->attr->map.excl_prog_hash_size ? -EINVAL : 0;
}

long sys_map_create(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct rt_map *map = NULL, *inner = NULL;
	const struct contract_ops *ops = NULL;
	struct sys_btf *b = NULL;
	int err;

	err = rt_map_check(c->kernel, a);
	if (!err)
		err = check_new_fields(c);
	if (!err && a->map_type == BPF_MAP_TYPE_STRUCT_OPS)
		err = check_struct_ops(c, &ops, &b);
	if (err)
		return err;
	if (is_map_of_maps(a->map_type)) {
		inner = inner_of(c, &err);
		if (!inner)
			return err;
	}
	if (a->map_type != BPF_MAP_TYPE_STRUCT_OPS)
		b = types_of(c, &err);
	if (err)
		goto out;
	map = rt_map_create(c->kernel, a,
			    b && a->map_type != BPF_MAP_TYPE_STRUCT_OPS ? b->btf : NULL, inner,
			    &err);
	if (!map)
		goto out;
	map->boundary = b;
	b = NULL;
	map->on_free = map_gone;
	err = ops ? map_struct_ops_bind(map, ops) : 0;
	if (!err)
		err = sys_id_add(SYS_MAP, map, &map->id);
	if (err) {
		rt_map_put(map);
		goto out;
	}
	map->seen.id = map->id;
	err = sys_fd_install(SYS_MAP, map,
			     map->user_flags & BPF_F_RDONLY   ? SYS_FD_READ
			     : map->user_flags & BPF_F_WRONLY ? SYS_FD_WRITE
							      : SYS_FD_RDWR);
out:
	sys_btf_put(b);
	rt_map_put(inner);
	return err;
}
