/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Creation and lifetime of maps, for every family. The order of checks is that of MAP_CREATE: what
 * does not fit together in the request, then the type, then the family's sizes and flags, then the
 * name, then types. Privileges are not asked for: a map of this process belongs to it.
 *
 * A map dies in three steps: its last descriptor goes (users_gone cuts circles through program
 * arrays), its last reference goes (the boundary forgets its id), and a grace period later its
 * memory goes, because a running program may still hold addresses of values.
 */
#include "maps/maps.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPED_FROM (256u << 10)

#define FAMILY(type, ops) extern const struct rt_map_ops ops;
#include "maps/families.def"
#undef FAMILY

static const struct {
	uint32_t type;
	const struct rt_map_ops *ops;
} families[] = {
#define FAMILY(type, ops) {type, &ops},
#include "maps/families.def"
#undef FAMILY
};

const struct rt_map_ops *rt_map_ops(uint32_t type)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].type == type)
			return families[i].ops;
	return NULL;
}

/* ---- descriptions: types that can be verified against but not used ---- */

struct rt_map *map_described_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				   int *err)
{
	struct rt_map *map = mem_zalloc(sizeof(*map));

	(void)k;
	(void)attr;
	if (!map)
		*err = -ENOMEM;
	return map;
}

void map_described_free(struct rt_map *map)
{
	mem_free(map);
}

static const struct rt_map_ops described_ops = {
	.alloc = map_described_alloc,
	.free = map_described_free,
};

/* ---- memory ---- */

int map_mem_alloc(struct map_mem *m, uint64_t size)
{
	m->fd = -1;
	m->size = size;
	m->mapped = size >= MAPPED_FROM;
	if (!m->mapped) {
		m->p = mem_zalloc(size);
		return m->p ? 0 : -ENOMEM;
	}
	if (size > SIZE_MAX / 2)
		return -ENOMEM;
	m->p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (m->p == MAP_FAILED) {
		m->p = NULL;
		return -ENOMEM;
	}
	return 0;
}

int map_mem_share(struct map_mem *m, uint64_t size)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	m->p = NULL;
	m->mapped = true;
	m->size = (size + page - 1) & ~(page - 1);
	if (m->size < size || m->size > SIZE_MAX / 2)
		return -ENOMEM;
	m->fd = memfd_create("kfunc-map", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (m->fd < 0)
		return -errno;
	if (ftruncate(m->fd, m->size) == 0) {
		m->p = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			    m->fd, 0);
		if (m->p != MAP_FAILED)
			return 0;
	}
	m->p = NULL;
	close(m->fd);
	m->fd = -1;
	return -ENOMEM;
}

void map_mem_free(struct map_mem *m)
{
	if (m->p && m->mapped)
		munmap(m->p, m->size);
	else
		mem_free(m->p);
	if (m->fd >= 0)
		close(m->fd);
	m->p = NULL;
	m->fd = -1;
}

/* ---- what families share ---- */

int map_check_update_flags(const struct rt_map *map, uint64_t flags)
{
	if ((flags & ~(uint64_t)BPF_F_LOCK) > BPF_EXIST)
		return -EINVAL;
	if ((flags & BPF_F_LOCK) && (!map->fields || !(map->fields->mask & BTF_FIELD_SPIN_LOCK)))
		return -EINVAL;
	return 0;
}

static long end_async(void *arg, void *key, void *value)
{
	const struct rt_map *map = arg;

	(void)key;
	rt_fields_end_async(map->fields, value);
	return 0;
}

void map_end_async(struct rt_map *map)
{
	if (!map->fields || !(map->fields->mask & BTF_FIELD_ASYNC))
		return;
	rt_rcu_read_lock();
	map->ops->for_each(map, end_async, map);
	rt_rcu_read_unlock();
}

int map_index_next_key(const struct rt_map *map, const void *key, void *next)
{
	uint32_t i = UINT32_MAX;

	if (key)
		memcpy(&i, key, sizeof(i));
	if (i >= map->desc.max_entries)
		i = 0;
	else if (i == map->desc.max_entries - 1)
		return -ENOENT;
	else
		i++;
	memcpy(next, &i, sizeof(i));
	return 0;
}

uint32_t map_percpu_size(const struct rt_map *map)
{
	return map_round8(map->desc.value_size) * rt_nr_cpus();
}

/* ---- creation ---- */

bool map_node_exists(uint32_t node)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", node);
	return !node || !access(path, F_OK);
}

/* What does not go together whatever the type. */
static int check_request(const union bpf_attr *a)
{
	uint32_t access = a->map_flags & (BPF_F_RDONLY | BPF_F_WRONLY);

	if (a->btf_vmlinux_value_type_id) {
		if (a->map_type != BPF_MAP_TYPE_STRUCT_OPS || a->btf_key_type_id ||
		    a->btf_value_type_id)
			return -EINVAL;
	} else if (a->btf_key_type_id && !a->btf_value_type_id) {
		return -EINVAL;
	}
	if (a->map_extra && a->map_type != BPF_MAP_TYPE_BLOOM_FILTER &&
	    a->map_type != MAP_T_ARENA && a->map_type != MAP_T_RHASH)
		return -EINVAL;
	if (access == (BPF_F_RDONLY | BPF_F_WRONLY))
		return -EINVAL;
	/* without the flag nobody reads the node */
	return (a->map_flags & BPF_F_NUMA_NODE) && !map_node_exists(a->numa_node) ? -EINVAL : 0;
}

static int check_name(const char *name)
{
	size_t i;

	for (i = 0; i < BPF_OBJ_NAME_LEN && name[i]; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '.'))
			return -EINVAL;
	}
	return i == BPF_OBJ_NAME_LEN ? -EINVAL : 0;
}

static void describe(struct rt_map *map, struct kfunc_kernel *k, const union bpf_attr *a,
		     struct btf_obj *btf, const struct rt_map_ops *ops)
{
	map->ops = ops;
	atomic_store(&map->refs, 1);
	map->kernel = kernel_get(k);
	map->user_flags = a->map_flags & (BPF_F_RDONLY | BPF_F_WRONLY);
	map->desc.type = a->map_type;
	map->desc.key_size = a->key_size;
	map->desc.value_size = a->value_size;
	map->desc.max_entries = a->max_entries;
	map->desc.flags = a->map_flags & ~(BPF_F_RDONLY | BPF_F_WRONLY | MAP_F_TOKEN_FD);
	/* a lookup shows the map's own memory here: programs must not write to it */
	if (a->map_type == BPF_MAP_TYPE_DEVMAP || a->map_type == BPF_MAP_TYPE_DEVMAP_HASH)
		map->desc.flags |= BPF_F_RDONLY_PROG;
	map->desc.map_extra = a->map_extra;
	map->desc.placed = a->map_extra;
	memcpy(map->desc.name, a->map_name, sizeof(map->desc.name));
	map->desc.obj = map;
	if (btf) {
		map->btf = btf_get(btf);
		map->desc.btf = btf;
		map->desc.key_type_id = a->btf_key_type_id;
		map->desc.value_type_id = a->btf_value_type_id;
	}
}

static void free_map(struct rt_map *map)
{
	struct btf_fields *fields = map->fields;
	struct rt_map *inner = map->inner_template;
	struct kfunc_kernel *k = map->kernel;
	struct btf_obj *btf = map->btf;

	map->ops->free(map); /* values are released with the fields' help */
	map_template_free(inner);
	mem_free(fields);
	btf_put(btf);
	kernel_put(k);
}

int rt_map_check(const struct kfunc_kernel *k, const union bpf_attr *attr)
{
	int err = check_request(attr);

	return err ? err : map_check_attr(k, attr);
}

/* never changes again, but for the id */
static void show(struct rt_map *map)
{
	const struct vf_map *d = &map->desc;

	map->seen = (struct rt_map_seen){
		.map_type = d->type,
		.key_size = d->key_size,
		.value_size = d->value_size,
		.max_entries = d->max_entries,
		.map_extra = d->map_extra,
		.map_flags = d->flags,
	};
	memcpy(map->seen.name, d->name, sizeof(map->seen.name));
}

struct rt_map *rt_map_create(struct kfunc_kernel *k, const union bpf_attr *attr,
			     struct btf_obj *btf, struct rt_map *inner, int *err)
{
	const struct rt_map_ops *ops;
	struct rt_map *map;

	*err = rt_map_check(k, attr);
	if (*err)
		return NULL;
	*err = check_name(attr->map_name);
	if (*err)
		return NULL;
	ops = rt_map_ops(attr->map_type);
	if (!ops)
		ops = &described_ops;
	map = ops->alloc(k, attr, err);
	if (!map)
		return NULL;
	describe(map, k, attr, btf, ops);
	if (inner) {
		map->inner_template = map_template_new(inner, err);
		if (!map->inner_template)
			goto fail;
		map->desc.inner = &map->inner_template->desc;
	}
	if (btf) {
		*err = map_check_btf(map, k);
		if (*err)
			goto fail;
	}
	show(map);
	return map;
fail:
	free_map(map);
	return NULL;
}

/* ---- lifetime ---- */

void rt_map_get(struct rt_map *map)
{
	atomic_fetch_add_explicit(&map->refs, 1, memory_order_relaxed);
}

bool rt_map_try_get(struct rt_map *map)
{
	uint32_t n = atomic_load_explicit(&map->refs, memory_order_relaxed);

	while (n)
		if (atomic_compare_exchange_weak(&map->refs, &n, n + 1))
			return true;
	return false;
}

static void free_after_gp(struct rcu_head *head)
{
	free_map((struct rt_map *)((char *)head - offsetof(struct rt_map, rcu)));
}

void rt_map_put(struct rt_map *map)
{
	if (!map || atomic_fetch_sub(&map->refs, 1) != 1)
		return;
	if (map->on_free)
		map->on_free(map);
	rt_rcu_call(&map->rcu, free_after_gp);
}
