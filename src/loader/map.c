/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Maps of the public API: the boundary's element commands by name. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "jit/jit.h"
#include "loader/loader.h"

const char *kfunc_map__name(const struct kfunc_map *map)
{
	return map ? map->name : "";
}

uint32_t kfunc_map__type(const struct kfunc_map *map)
{
	return map ? map->type : 0;
}

uint32_t kfunc_map__key_size(const struct kfunc_map *map)
{
	return map ? map->key_size : 0;
}

uint32_t kfunc_map__value_size(const struct kfunc_map *map)
{
	return map ? map->value_size : 0;
}

uint32_t kfunc_map__max_entries(const struct kfunc_map *map)
{
	return map ? map->max_entries : 0;
}

int kfunc_map__fd(const struct kfunc_map *map)
{
	int fd = map && map->obj->loaded && map->bpf ? bpf_map__fd(map->bpf) : -1;

	return fd >= 0 ? fd : -ENOENT;
}

static int element(const struct kfunc_map *map, int cmd, const void *key, const void *value,
		   uint64_t flags)
{
	union bpf_attr attr;
	int fd = kfunc_map__fd(map);

	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value; /* next_key is the same member */
	attr.flags = flags;
	return kfunc_bpf(cmd, &attr, sizeof(attr));
}

int kfunc_map__lookup(const struct kfunc_map *map, const void *key, void *value, uint64_t flags)
{
	return element(map, BPF_MAP_LOOKUP_ELEM, key, value, flags);
}

int kfunc_map__update(const struct kfunc_map *map, const void *key, const void *value,
		      uint64_t flags)
{
	return element(map, BPF_MAP_UPDATE_ELEM, key, value, flags);
}

int kfunc_map__delete(const struct kfunc_map *map, const void *key)
{
	return element(map, BPF_MAP_DELETE_ELEM, key, NULL, 0);
}

int kfunc_map__next_key(const struct kfunc_map *map, const void *key, void *next)
{
	return element(map, BPF_MAP_GET_NEXT_KEY, key, next, 0);
}

void kfunc_set_printk(kfunc_printk_fn fn, void *ctx)
{
	rt_set_printk(fn, ctx);
}

int kfunc_set_jit(bool on)
{
	jit_enable(on);
	return !on || jit_available() ? 0 : -EOPNOTSUPP;
}

void kfunc_set_perf_map(bool on)
{
	jit_set_perf_map(on);
}
