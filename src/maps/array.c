/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arrays: values of one block of memory, 8-byte aligned, that exist from creation on and never go
 * away, so there is nothing to insert or delete (deleting is EINVAL, updating with BPF_NOEXIST is
 * EEXIST, an index beyond the end is E2BIG for an update and ENOENT for a caller's lookup).
 *
 * Global data sections are arrays with one element. With BPF_F_MMAPABLE the memory is a memfd that
 * callers may map. A per-CPU array has one block per virtual CPU.
 *
 * Updating an element releases the kernel pointers of the old one before 7.2 (kfunc spec R8.16).
 */
#include <errno.h>
#include <sys/mman.h>

#include "maps/maps.h"

struct array_map {
	struct rt_map map;
	uint32_t stride;
	struct map_mem mem;
	size_t cpu_size; /* per-CPU: bytes of one CPU's block */
};

static struct array_map *arr(const struct rt_map *map)
{
	return (struct array_map *)map;
}

static struct rt_map *array_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				  int *err)
{
	struct array_map *a = mem_zalloc(sizeof(*a));
	uint64_t size;

	(void)k;
	if (!a) {
		*err = -ENOMEM;
		return NULL;
	}
	a->stride = map_round8(attr->value_size);
	size = (uint64_t)a->stride * attr->max_entries;
	*err = attr->map_flags & BPF_F_MMAPABLE ? map_mem_share(&a->mem, size)
						: map_mem_alloc(&a->mem, size);
	if (*err) {
		mem_free(a);
		return NULL;
	}
	return &a->map;
}

static struct rt_map *percpu_array_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
					 int *err)
{
	struct array_map *a = mem_zalloc(sizeof(*a));

	(void)k;
	if (!a) {
		*err = -ENOMEM;
		return NULL;
	}
	a->stride = map_round8(attr->value_size);
	/* whole cache lines, so that CPUs do not share one */
	a->cpu_size = ((uint64_t)a->stride * attr->max_entries + 63) & ~63ull;
	*err = map_mem_alloc(&a->mem, (uint64_t)a->cpu_size * rt_nr_cpus());
	if (*err) {
		mem_free(a);
		return NULL;
	}
	return &a->map;
}

static void array_free(struct rt_map *map)
{
	struct array_map *a = arr(map);
	uint32_t cpus = a->cpu_size ? rt_nr_cpus() : 1;

	for (uint32_t c = 0; map->fields && c < cpus; c++)
		for (uint32_t i = 0; i < map->desc.max_entries; i++)
			rt_fields_release(map->fields,
					  a->mem.p + c * a->cpu_size + (size_t)i * a->stride);
	map_mem_free(&a->mem);
	mem_free(a);
}

bool map_array_geometry(const struct rt_map *map, struct map_array_geometry *g)
{
	const struct array_map *a = arr(map);

	if ((map->desc.type != BPF_MAP_TYPE_ARRAY && map->desc.type != BPF_MAP_TYPE_PERCPU_ARRAY) ||
	    a->cpu_size > INT32_MAX)
		return false;
	g->base = a->mem.p;
	g->stride = a->stride;
	g->cpu_size = (uint32_t)a->cpu_size;
	return a->mem.p != NULL;
}

static bool get_index(const struct rt_map *map, const void *key, uint32_t *i)
{
	memcpy(i, key, sizeof(*i));
	return *i < map->desc.max_entries;
}

static uint8_t *slot(const struct rt_map *map, uint32_t i, uint32_t cpu)
{
	const struct array_map *a = arr(map);

	return a->mem.p + cpu * a->cpu_size + (size_t)i * a->stride;
}

static uint32_t this_cpu(void)
{
	const struct rt_vcpu *cpu = rt_current();

	return cpu ? cpu->id : 0;
}

static void *array_lookup(struct rt_map *map, const void *key)
{
	uint32_t i;

	return get_index(map, key, &i) ? slot(map, i, 0) : NULL;
}

static void *percpu_array_lookup(struct rt_map *map, const void *key)
{
	uint32_t i;

	return get_index(map, key, &i) ? slot(map, i, this_cpu()) : NULL;
}

static void *percpu_array_lookup_cpu(struct rt_map *map, const void *key, uint32_t cpu)
{
	uint32_t i;

	return cpu < rt_nr_cpus() && get_index(map, key, &i) ? slot(map, i, cpu) : NULL;
}

static bool update_releases(const struct rt_map *map)
{
	return map->kernel->version < KVER(7, 2);
}

static int check_update(const struct rt_map *map, const void *key, uint64_t flags, uint32_t *i)
{
	int err = map_check_update_flags(map, flags);

	if (err)
		return err;
	if (!get_index(map, key, i))
		return -E2BIG;
	return flags & BPF_NOEXIST ? -EEXIST : 0;
}

static long array_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	uint32_t i;
	int err = check_update(map, key, flags, &i);
	uint8_t *to;

	if (err)
		return err;
	to = slot(map, i, 0);
	if (flags & BPF_F_LOCK) {
		rt_value_lock(map->fields, to);
		rt_value_copy(map->fields, to, value, map->desc.value_size);
		rt_value_unlock(map->fields, to);
	} else {
		rt_value_copy(map->fields, to, value, map->desc.value_size);
	}
	if (map->fields && update_releases(map))
		rt_fields_release(map->fields, to);
	return 0;
}

static long percpu_array_update(struct rt_map *map, const void *key, const void *value,
				uint64_t flags)
{
	uint32_t i;
	int err = flags & BPF_F_LOCK ? -EINVAL : check_update(map, key, flags, &i);
	uint8_t *to;

	if (err)
		return err;
	to = slot(map, i, this_cpu());
	rt_value_copy(map->fields, to, value, map->desc.value_size);
	if (map->fields && update_releases(map))
		rt_fields_release(map->fields, to);
	return 0;
}

static long array_delete(struct rt_map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EINVAL;
}

static int array_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return array_update(map, key, value, flags);
}

static int array_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	uint8_t *from = array_lookup(map, key);

	if (!from)
		return -ENOENT;
	if (flags & BPF_F_LOCK)
		rt_value_lock(map->fields, from);
	rt_value_copy(map->fields, value, from, map->desc.value_size);
	if (flags & BPF_F_LOCK)
		rt_value_unlock(map->fields, from);
	rt_value_hide(map->fields, value);
	return 0;
}

static int percpu_array_user_lookup(struct rt_map *map, const void *key, void *value,
				    uint64_t flags)
{
	uint32_t i;

	(void)flags;
	if (!get_index(map, key, &i))
		return -ENOENT;
	for (uint32_t c = 0; c < rt_nr_cpus(); c++) {
		uint8_t *to = (uint8_t *)value + (size_t)c * arr(map)->stride;

		rt_value_copy(map->fields, to, slot(map, i, c), map->desc.value_size);
		rt_value_hide(map->fields, to);
	}
	return 0;
}

static int percpu_array_user_update(struct rt_map *map, const void *key, const void *value,
				    uint64_t flags)
{
	uint32_t i;
	int err = flags & BPF_F_LOCK ? -EINVAL : check_update(map, key, flags, &i);

	if (err)
		return err;
	for (uint32_t c = 0; c < rt_nr_cpus(); c++) {
		rt_value_copy(map->fields, slot(map, i, c),
			      (const uint8_t *)value + (size_t)c * arr(map)->stride,
			      map->desc.value_size);
		if (map->fields && update_releases(map))
			rt_fields_release(map->fields, slot(map, i, c));
	}
	return 0;
}

static int array_next_key(struct rt_map *map, const void *key, void *next)
{
	return map_index_next_key(map, key, next);
}

static long for_each(struct rt_map *map, long (*fn)(void *arg, void *key, void *value), void *arg,
		     uint32_t cpu)
{
	long n = 0;

	for (uint32_t i = 0; i < map->desc.max_entries; i++) {
		uint32_t key = i;

		n++;
		if (fn(arg, &key, slot(map, i, cpu)))
			break;
	}
	return n;
}

static const void *array_key_of(struct rt_map *map, const void *value, uint64_t *room)
{
	const struct array_map *a = arr(map);
	uint32_t i = (uint32_t)(((const uint8_t *)value - a->mem.p) / a->stride);

	memcpy(room, &i, sizeof(i));
	return room;
}

static long array_for_each(struct rt_map *map, long (*fn)(void *arg, void *key, void *value),
			   void *arg)
{
	return for_each(map, fn, arg, 0);
}

static long percpu_array_for_each(struct rt_map *map, long (*fn)(void *arg, void *key, void *value),
				  void *arg)
{
	return for_each(map, fn, arg, this_cpu());
}

static void *array_direct_value(struct rt_map *map)
{
	return map->desc.max_entries == 1 ? arr(map)->mem.p : NULL;
}

static void *array_mmap(struct rt_map *map, void *addr, size_t len, int prot, int flags,
			uint64_t off, int *err)
{
	const struct map_mem *m = &arr(map)->mem;
	void *p;

	if (m->fd < 0 || off >= m->size || len > m->size - off) {
		*err = -EINVAL;
		return NULL;
	}
	p = mmap(addr, len, prot, flags, m->fd, off);
	*err = p == MAP_FAILED ? -errno : 0;
	return p;
}

const struct rt_map_ops map_array_ops = {
	.type = BPF_MAP_TYPE_ARRAY,
	.alloc = array_alloc,
	.free = array_free,
	.lookup = array_lookup,
	.update = array_update,
	.del = array_delete,
	.for_each = array_for_each,
	.user_lookup = array_user_lookup,
	.user_update = array_user_update,
	.next_key = array_next_key,
	.direct_value = array_direct_value,
	.mmap = array_mmap,
	.key_of = array_key_of,
	.users_gone = map_end_async,
};

const struct rt_map_ops map_percpu_array_ops = {
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.alloc = percpu_array_alloc,
	.free = array_free,
	.lookup = percpu_array_lookup,
	.lookup_percpu = percpu_array_lookup_cpu,
	.update = percpu_array_update,
	.del = array_delete,
	.for_each = percpu_array_for_each,
	.user_lookup = percpu_array_user_lookup,
	.user_update = percpu_array_user_update,
	.next_key = array_next_key,
	.user_value_size = map_percpu_size,
};
