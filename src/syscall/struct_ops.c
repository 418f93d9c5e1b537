/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * struct_ops at the boundary (kfunc spec R11.10): writing a map's element, and links, which register
 * a filled table (LINK_CREATE), replace it by another of the same struct (LINK_UPDATE) and take it
 * back when they end. A link holds its map. One lock orders all of that, and the host's reg, unreg and
 * update of linked tables run under it.
 */
#include <errno.h>
#include <string.h>

#include <kfunc/hooks.h>

#include "base/mem.h"
#include "contract/ops.h"
#include "maps/struct_ops.h"
#include "syscall/internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int sys_struct_ops_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	uint32_t i;

	memcpy(&i, key, sizeof(i));
	if (flags)
		return -EINVAL;
	return i ? -E2BIG : map_struct_ops_fill(map, value, flags, syscall_prog_by_fd);
}

void sys_struct_ops_detach(struct sys_link *l)
{
	struct rt_map *map;

	pthread_mutex_lock(&lock);
	map = l->map;
	l->map = NULL;
	if (map)
		map_struct_ops_type(map)->host->unreg(map_struct_ops_table(map),
						      (struct bpf_link *)l);
	pthread_mutex_unlock(&lock);
	rt_map_put(map);
}

long sys_struct_ops_link(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct rt_map *map;
	struct sys_link *l = NULL;
	int err;

	map = syscall_map_by_fd(a->link_create.map_fd, &err);
	if (!map)
		return err;
	if (!map_struct_ops_ready(map) || a->link_create.flags)
		err = -EINVAL;
	else if (!(l = mem_zalloc(sizeof(*l))))
		err = -ENOMEM;
	if (err) {
		rt_map_put(map);
		return err;
	}
	atomic_store(&l->refs, 1);
	l->type = BPF_LINK_TYPE_STRUCT_OPS;
	l->attach_type = BPF_STRUCT_OPS;
	l->kernel = map->kernel;
	pthread_mutex_lock(&lock);
	err = map_struct_ops_type(map)->host->reg(map_struct_ops_table(map), (struct bpf_link *)l);
	if (!err)
		l->map = map;
	pthread_mutex_unlock(&lock);
	if (err)
		rt_map_put(map);
	else
		err = sys_id_add(SYS_LINK, l, &l->id);
	if (err) {
		sys_link_put(l);
		return err < 0 ? err : -EINVAL;
	}
	return sys_fd_install(SYS_LINK, l, SYS_FD_RDWR);
}

/* lock held; takes over the reference of new when it succeeds, and gives back the old map's */
static int replace(struct sys_link *l, struct rt_map *new, const struct rt_map *expected,
		   struct rt_map **old)
{
	const struct bpf_struct_ops *host;
	int err;

	if (!map_struct_ops_ready(new))
		return -EINVAL;
	host = map_struct_ops_type(new)->host;
	if (!host->update)
		return -EOPNOTSUPP;
	if (!l->map)
		return -ENOLINK;
	if (expected && l->map != expected)
		return -EPERM;
	if (map_struct_ops_type(new) != map_struct_ops_type(l->map))
		return -EINVAL;
	err = host->update(map_struct_ops_table(new), map_struct_ops_table(l->map),
			   (struct bpf_link *)l);
	if (err)
		return err < 0 ? err : -EINVAL;
	*old = l->map;
	l->map = new;
	return 0;
}

static long update_map(struct sys_link *l, const union bpf_attr *a)
{
	struct rt_map *new, *expected = NULL, *old = NULL;
	int err = 0;

	new = syscall_map_by_fd(a->link_update.new_map_fd, &err);
	if (!new)
		return err;
	if (a->link_update.flags & BPF_F_REPLACE)
		expected = syscall_map_by_fd(a->link_update.old_map_fd, &err);
	else if (a->link_update.old_map_fd)
		err = -EINVAL;
	if (!err) {
		pthread_mutex_lock(&lock);
		err = replace(l, new, expected, &old);
		pthread_mutex_unlock(&lock);
	}
	rt_map_put(err ? new : old);
	rt_map_put(expected);
	return err;
}

long sys_link_update(struct sys_cmd *c)
{
	const union bpf_attr *a = &c->attr->b;
	struct sys_link *l;
	long ret;
	int err;

	if (a->link_update.flags & ~BPF_F_REPLACE)
		return -EINVAL;
	l = sys_fd_get(a->link_update.link_fd, SYS_LINK, NULL, &err);
	if (!l)
		return err;
	/* programs of tracing links cannot be exchanged, in Linux neither */
	ret = l->type == BPF_LINK_TYPE_STRUCT_OPS ? update_map(l, a) : -EINVAL;
	sys_link_put(l);
	return ret;
}

uint32_t sys_struct_ops_link_map(struct sys_link *l)
{
	uint32_t id;

	pthread_mutex_lock(&lock);
	id = l->map ? l->map->id : 0;
	pthread_mutex_unlock(&lock);
	return id;
}
