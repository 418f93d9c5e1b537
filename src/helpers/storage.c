/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Helpers for local storage of tasks and control groups: the value of an object, made on demand. What does
 * not go (no object, another flag, no memory) is answered with NULL.
 */
#include "helpers/helpers.h"
#include "runtime/storage.h"

#define CREATE 1ull /* BPF_LOCAL_STORAGE_GET_F_CREATE */

static int64_t get(struct rt_map *map, const void *owner, const void *init, uint64_t flags)
{
	struct rt_storage *s = rt_map_storage(map);
	void *value;

	if (!owner || flags & ~CREATE)
		return 0;
	value = rt_storage_find(s, owner);
	/* another thread may be faster: then its value is the one */
	if (!value && flags & CREATE &&
	    rt_storage_set(s, owner, init, BPF_NOEXIST, &value) == -ENOMEM)
		value = NULL;
	return (int64_t)(uintptr_t)value;
}

static int64_t drop(struct rt_map *map, const void *owner)
{
	return owner ? rt_storage_delete(rt_map_storage(map), owner) : -EINVAL;
}

HELPER_4(task_storage_get, struct rt_map *, map, const void *, task, const void *, value, uint64_t,
	 flags)
{
	return get(map, task, value, flags);
}

HELPER_2(task_storage_delete, struct rt_map *, map, const void *, task)
{
	return drop(map, task);
}

HELPER_4(cgrp_storage_get, struct rt_map *, map, const void *, cgroup, const void *, value,
	 uint64_t, flags)
{
	return get(map, cgroup, value, flags);
}

HELPER_2(cgrp_storage_delete, struct rt_map *, map, const void *, cgroup)
{
	return drop(map, cgroup);
}
