/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arrays of objects: program arrays (tail calls) and arrays of maps. A slot holds a reference;
 * programs read slots under RCU, and what leaves a slot lives on for a grace period. Callers put in
 * descriptors and read ids.
 *
 * A program array can contain a program that uses the array, a circle that reference counts do not
 * open: when the array's last descriptor is closed its slots are cleared.
 */
#include "maps/maps.h"
#include "maps/prog_array.h"

#include <pthread.h>

/* what programs of one kind have in common */
struct owner {
	bool set;
	uint32_t type, attach_type;
	bool xdp_frags;
	const struct btf_obj *proto_btf;
	uint32_t proto;
};

struct object_array {
	struct rt_map map;
	pthread_mutex_t lock; /* owner, and one writer at a time */
	struct owner owner;
	void **slot;
	struct map_mem mem;
};

static struct object_array *arr(const struct rt_map *map)
{
	return (struct object_array *)map;
}

static struct rt_map *object_array_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
					 int *err)
{
	struct object_array *a = mem_zalloc(sizeof(*a));

	(void)k;
	*err = a ? map_mem_alloc(&a->mem, (uint64_t)attr->max_entries * sizeof(void *)) : -ENOMEM;
	if (*err) {
		mem_free(a);
		return NULL;
	}
	pthread_mutex_init(&a->lock, NULL);
	a->slot = (void **)a->mem.p;
	return &a->map;
}

static bool holds_progs(const struct rt_map *map)
{
	return map->desc.type == BPF_MAP_TYPE_PROG_ARRAY;
}

static void get_obj(const struct rt_map *map, void *obj)
{
	if (holds_progs(map))
		rt_prog_get(obj);
	else
		rt_map_get(obj);
}

static void put_obj(const struct rt_map *map, void *obj)
{
	if (!obj)
		return;
	if (holds_progs(map))
		rt_prog_put(obj);
	else
		rt_map_put(obj);
}

static void clear(struct rt_map *map)
{
	for (uint32_t i = 0; i < map->desc.max_entries; i++)
		if (__atomic_load_n(&arr(map)->slot[i], __ATOMIC_RELAXED))
			put_obj(map,
				__atomic_exchange_n(&arr(map)->slot[i], NULL, __ATOMIC_ACQ_REL));
}

static void object_array_free(struct rt_map *map)
{
	clear(map);
	map_mem_free(&arr(map)->mem);
	pthread_mutex_destroy(&arr(map)->lock);
	mem_free(arr(map));
}

static void **slot_of(const struct rt_map *map, const void *key)
{
	uint32_t i;

	memcpy(&i, key, sizeof(i));
	return i < map->desc.max_entries ? &arr(map)->slot[i] : NULL;
}

static void *object_array_lookup(struct rt_map *map, const void *key)
{
	void **s = slot_of(map, key);

	return s ? __atomic_load_n(s, __ATOMIC_ACQUIRE) : NULL;
}

static struct owner owner_of(const struct rt_map *map, const struct rt_prog *p)
{
	struct owner o = {.set = true, .type = p->type, .xdp_frags = p->flags & (1u << 5)};
	const struct btf_type *t;

	if (p->type == BPF_PROG_TYPE_EXT && p->target) { /* it counts as what it extends */
		o.type = p->target->type;
		if (map->kernel->version >= KVER(6, 18))
			o.attach_type = p->target->attach_type;
		return o;
	}
	if (map->kernel->version >= KVER(6, 18))
		o.attach_type = p->attach_type;
	if (p->type != BPF_PROG_TYPE_TRACING && p->type != BPF_PROG_TYPE_LSM &&
	    p->type != BPF_PROG_TYPE_EXT && p->type != BPF_PROG_TYPE_STRUCT_OPS)
		return o;
	o.proto_btf = p->target ? p->target->btf : p->attach_btf;
	t = o.proto_btf ? btf_type(o.proto_btf, p->attach_btf_id) : NULL;
	/* a function or a tracepoint's typedef: its prototype; an operations struct: its id and
	 * member */
	o.proto = t && p->type != BPF_PROG_TYPE_STRUCT_OPS ? t->type : p->attach_btf_id;
	if (p->type == BPF_PROG_TYPE_STRUCT_OPS)
		o.attach_type = p->attach_type;
	return o;
}

int map_prog_array_claim(struct rt_map *map, const struct rt_prog *p)
{
	struct object_array *a = arr(map);
	struct owner want = owner_of(map, p);
	int err = 0;

	pthread_mutex_lock(&a->lock);
	if (!a->owner.set)
		a->owner = want;
	else if (a->owner.type != want.type || a->owner.attach_type != want.attach_type ||
		 a->owner.xdp_frags != want.xdp_frags || a->owner.proto_btf != want.proto_btf ||
		 a->owner.proto != want.proto)
		err = -EINVAL;
	pthread_mutex_unlock(&a->lock);
	return err;
}

static int check_object(struct rt_map *map, void *obj)
{
	const struct rt_prog *p = obj;

	if (!holds_progs(map))
		return map_template_fits(map->inner_template, obj) ? 0 : -EINVAL;
	if (map->kernel->live && !p->run)
		return -EINVAL; /* a description, which cannot be called */
	return map_prog_array_claim(map, p);
}

static int object_array_update(struct rt_map *map, const void *key, const void *value,
			       uint64_t flags)
{
	void **s = slot_of(map, key), *obj;
	int err;

	if (flags != BPF_ANY)
		return -EINVAL;
	if (!s)
		return -E2BIG;
	memcpy(&obj, value, sizeof(obj));
	err = check_object(map, obj);
	if (err)
		return err;
	get_obj(map, obj);
	put_obj(map, __atomic_exchange_n(s, obj, __ATOMIC_ACQ_REL));
	return 0;
}

static long object_array_delete(struct rt_map *map, const void *key)
{
	void **s = slot_of(map, key), *old;

	if (!s)
		return -E2BIG;
	old = __atomic_exchange_n(s, NULL, __ATOMIC_ACQ_REL);
	put_obj(map, old);
	return old ? 0 : -ENOENT;
}

static int object_array_user_lookup(struct rt_map *map, const void *key, void *value,
				    uint64_t flags)
{
	uint32_t id = 0;
	void *obj;

	(void)flags;
	rt_rcu_read_lock();
	obj = object_array_lookup(map, key);
	if (obj)
		id = holds_progs(map) ? ((struct rt_prog *)obj)->id : ((struct rt_map *)obj)->id;
	rt_rcu_read_unlock();
	memcpy(value, &id, sizeof(id));
	return obj ? 0 : -ENOENT;
}

static int object_array_next_key(struct rt_map *map, const void *key, void *next)
{
	return map_index_next_key(map, key, next);
}

const struct rt_map_ops map_prog_array_ops = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.alloc = object_array_alloc,
	.free = object_array_free,
	.lookup = object_array_lookup,
	.del = object_array_delete,
	.user_lookup = object_array_user_lookup,
	.user_update = object_array_update,
	.next_key = object_array_next_key,
	.users_gone = clear,
};

const struct rt_map_ops map_array_of_maps_ops = {
	.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
	.alloc = object_array_alloc,
	.free = object_array_free,
	.lookup = object_array_lookup,
	.del = object_array_delete,
	.user_lookup = object_array_user_lookup,
	.user_update = object_array_update,
	.next_key = object_array_next_key,
};
