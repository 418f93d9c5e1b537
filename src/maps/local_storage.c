/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Maps of local storage of tasks and control groups: programs reach values by helpers with the object,
 * users by a descriptor (of a process, of a directory of the hierarchy) as key. The values go with the
 * object or with the map (runtime/storage.c). Left out: storage of sockets and inodes, of which there are
 * no objects here.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "maps/maps.h"
#include "runtime/objects.h"
#include "runtime/storage.h"

struct storage_map {
	struct rt_map map;
	struct rt_storage storage;
};

struct rt_storage *rt_map_storage(struct rt_map *map)
{
	return &((struct storage_map *)map)->storage;
}

static struct rt_map *storage_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				    int *err)
{
	struct storage_map *m = mem_zalloc(sizeof(*m));

	(void)k;
	(void)attr;
	if (!m) {
		*err = -ENOMEM;
		return NULL;
	}
	rt_storage_init(&m->storage, &m->map);
	return &m->map;
}

static void storage_free(struct rt_map *map)
{
	rt_storage_destroy(rt_map_storage(map));
	mem_free(map);
}

/* ---- keys of users ---- */

/* The process that a pidfd is for, with a reference */
static void *task_of(int fd, int *err)
{
	struct task_struct *t = NULL;
	char path[48], line[128];
	int pid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && pid < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pid: %d", &pid) != 1)
			pid = -1;
	if (f)
		fclose(f);
	if (pid > 0)
		t = rt_task_get_pid(pid);
	*err = t ? 0 : pid > 0 ? -ESRCH : -EBADF;
	return t;
}

static void *group_of(int fd, int *err)
{
	struct cgroup *c = rt_cgroup_get_fd(fd);

	*err = c ? 0 : -EBADF;
	return c;
}

static void put_task(void *owner)
{
	rt_task_put(owner);
}

static void put_group(void *owner)
{
	rt_cgroup_put(owner);
}

static const struct kind {
	uint32_t type;
	void *(*owner)(int fd, int *err);
	void (*put)(void *owner);
} kinds[] = {
	{BPF_MAP_TYPE_TASK_STORAGE, task_of, put_task},
	{MAP_T_CGRP_STORAGE, group_of, put_group},
};

static const struct kind *kind_of(const struct rt_map *map)
{
	return &kinds[map->desc.type == MAP_T_CGRP_STORAGE];
}

static void *owner_of(const struct rt_map *map, const void *key, int *err)
{
	int fd;

	memcpy(&fd, key, sizeof(fd));
	return kind_of(map)->owner(fd, err);
}

static int storage_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	int err;
	void *owner = owner_of(map, key, &err), *found;

	if (!owner)
		return err;
	rt_rcu_read_lock();
	found = rt_storage_find(rt_map_storage(map), owner);
	if (!found) {
		err = -ENOENT;
	} else {
		if (flags & BPF_F_LOCK)
			rt_value_lock(map->fields, found);
		rt_copy_shared(value, found, map->desc.value_size);
		if (flags & BPF_F_LOCK)
			rt_value_unlock(map->fields, found);
		rt_value_hide(map->fields, value);
	}
	rt_rcu_read_unlock();
	kind_of(map)->put(owner);
	return err;
}

/* With BPF_F_LOCK a value that exists is written in place, under its lock. */
static int set_locked(struct rt_map *map, const void *owner, const void *value, uint64_t flags)
{
	struct rt_storage *s = rt_map_storage(map);
	int err = 0;
	void *found;

	rt_rcu_read_lock();
	found = rt_storage_find(s, owner);
	if (found && flags == BPF_NOEXIST) {
		err = -EEXIST;
	} else if (found) {
		rt_value_lock(map->fields, found);
		rt_value_copy(map->fields, found, value, map->desc.value_size);
		rt_value_unlock(map->fields, found);
	} else {
		err = rt_storage_set(s, owner, value, flags, &found);
	}
	rt_rcu_read_unlock();
	return err;
}

static int storage_user_update(struct rt_map *map, const void *key, const void *value,
			       uint64_t flags)
{
	int err = map_check_update_flags(map, flags);
	void *owner, *now;

	if (err)
		return err;
	owner = owner_of(map, key, &err);
	if (!owner)
		return err;
	if (flags & BPF_F_LOCK)
		err = set_locked(map, owner, value, flags & ~(uint64_t)BPF_F_LOCK);
	else
		err = rt_storage_set(rt_map_storage(map), owner, value, flags, &now);
	kind_of(map)->put(owner);
	return err;
}

static long storage_del(struct rt_map *map, const void *key)
{
	int err;
	void *owner = owner_of(map, key, &err);

	if (!owner)
		return err;
	err = rt_storage_delete(rt_map_storage(map), owner);
	kind_of(map)->put(owner);
	return err;
}

const struct rt_map_ops map_task_storage_ops = {
	.type = BPF_MAP_TYPE_TASK_STORAGE,
	.alloc = storage_alloc,
	.free = storage_free,
	.user_lookup = storage_user_lookup,
	.user_update = storage_user_update,
	.del = storage_del,
};

const struct rt_map_ops map_cgrp_storage_ops = {
	.type = MAP_T_CGRP_STORAGE,
	.alloc = storage_alloc,
	.free = storage_free,
	.user_lookup = storage_user_lookup,
	.user_update = storage_user_update,
	.del = storage_del,
};
