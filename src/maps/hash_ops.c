/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Hash maps and per-CPU hash maps: what a value is. A per-CPU element has one value for each
 * virtual CPU; a program's update of an existing one changes its own CPU's value in place, a
 * caller's update all of them; a new element of a program is zero on the other CPUs.
 */
#include "maps/hash.h"

static struct rt_map *alloc(const union bpf_attr *attr, bool percpu, int *err)
{
	struct hash_map *h = mem_zalloc(sizeof(*h));

	*err = h ? hash_init(h, attr, percpu) : -ENOMEM;
	if (!*err)
		return &h->map;
	mem_free(h);
	return NULL;
}

struct rt_map *hash_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err)
{
	(void)k;
	return alloc(attr, false, err);
}

struct rt_map *hash_percpu_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err)
{
	(void)k;
	return alloc(attr, true, err);
}

uint32_t hash_this_cpu(void)
{
	const struct rt_vcpu *cpu = rt_current();

	return cpu ? cpu->id : 0;
}

/* ---- one value ---- */

void *hash_lookup(struct rt_map *map, const void *key)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e = hash_find(h, key);

	return e ? hash_value(h, e) : NULL;
}

static void fill_one(struct hash_map *h, uint8_t *to, const void *value, bool fresh)
{
	if (fresh)
		rt_fields_init(h->map.fields, to);
	rt_value_copy(h->map.fields, to, value, h->map.desc.value_size);
}

/* hash_fits_store() */
static void store_one(struct hash_map *h, uint8_t *to, const void *value, bool fresh)
{
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;

	(void)fresh;
	switch (h->map.desc.value_size) {
	case 8:
		memcpy(&v64, value, 8);
		__atomic_store_n((uint64_t *)(void *)to, v64, __ATOMIC_RELAXED);
		break;
	case 4:
		memcpy(&v32, value, 4);
		__atomic_store_n((uint32_t *)(void *)to, v32, __ATOMIC_RELAXED);
		break;
	case 2:
		memcpy(&v16, value, 2);
		__atomic_store_n((uint16_t *)(void *)to, v16, __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n(to, *(const uint8_t *)value, __ATOMIC_RELAXED);
	}
}

long hash_prog_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	int err = map_check_update_flags(map, flags);

	if (err)
		return err;
	if (hash_fits_store(hash_of(map)))
		return hash_update(hash_of(map), key, value, flags, store_one, true);
	return hash_update(hash_of(map), key, value, flags, fill_one, flags & BPF_F_LOCK);
}

int hash_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return hash_prog_update(map, key, value, flags);
}

static void copy_one(struct hash_map *h, void *to, uint8_t *from)
{
	rt_value_copy(h->map.fields, to, from, h->map.desc.value_size);
	rt_value_hide(h->map.fields, to);
}

static void copy_one_locked(struct hash_map *h, void *to, uint8_t *from)
{
	rt_value_lock(h->map.fields, from);
	copy_one(h, to, from);
	rt_value_unlock(h->map.fields, from);
}

int hash_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e;

	rt_rcu_read_lock();
	e = hash_find(h, key);
	if (e && (flags & BPF_F_LOCK))
		copy_one_locked(h, value, hash_value(h, e));
	else if (e)
		copy_one(h, value, hash_value(h, e));
	rt_rcu_read_unlock();
	return e ? 0 : -ENOENT;
}

int hash_lookup_and_delete(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	return hash_take(hash_of(map), key, value, flags & BPF_F_LOCK ? copy_one_locked : copy_one);
}

/* ---- a value for each CPU ---- */

void *hash_percpu_lookup_cpu(struct rt_map *map, const void *key, uint32_t cpu)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e = cpu < rt_nr_cpus() ? hash_find(h, key) : NULL;

	return e ? hash_value(h, e) + (size_t)cpu * h->value_room : NULL;
}

void *hash_percpu_lookup(struct rt_map *map, const void *key)
{
	return hash_percpu_lookup_cpu(map, key, hash_this_cpu());
}

static void fill_this_cpu(struct hash_map *h, uint8_t *to, const void *value, bool fresh)
{
	(void)fresh;
	rt_value_copy(h->map.fields, to + (size_t)hash_this_cpu() * h->value_room, value,
		      h->map.desc.value_size);
}

static void fill_all_cpus(struct hash_map *h, uint8_t *to, const void *value, bool fresh)
{
	(void)fresh;
	for (uint32_t c = 0; c < rt_nr_cpus(); c++)
		rt_value_copy(h->map.fields, to + (size_t)c * h->value_room,
			      (const uint8_t *)value + (size_t)c * h->value_room,
			      h->map.desc.value_size);
}

long hash_percpu_prog_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	if (flags > BPF_EXIST)
		return -EINVAL;
	return hash_update(hash_of(map), key, value, flags, fill_this_cpu, true);
}

int hash_percpu_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	if (flags > BPF_EXIST)
		return -EINVAL;
	return hash_update(hash_of(map), key, value, flags, fill_all_cpus, true);
}

static void copy_all_cpus(struct hash_map *h, void *to, uint8_t *from)
{
	for (uint32_t c = 0; c < rt_nr_cpus(); c++)
		copy_one(h, (uint8_t *)to + (size_t)c * h->value_room,
			 from + (size_t)c * h->value_room);
}

int hash_percpu_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	struct hash_map *h = hash_of(map);
	struct hash_elem *e;

	(void)flags;
	rt_rcu_read_lock();
	e = hash_find(h, key);
	if (e)
		copy_all_cpus(h, value, hash_value(h, e));
	rt_rcu_read_unlock();
	return e ? 0 : -ENOENT;
}

int hash_percpu_lookup_and_delete(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	return flags ? -EINVAL : hash_take(hash_of(map), key, value, copy_all_cpus);
}

/* ---- both ---- */

int hash_one_batch(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values,
		   uint32_t room, uint32_t *n, bool del)
{
	return hash_batch(map, token, keys, values, room, n, del, copy_one);
}

int hash_percpu_batch(struct rt_map *map, uint32_t *token, uint8_t *keys, uint8_t *values,
		      uint32_t room, uint32_t *n, bool del)
{
	return hash_batch(map, token, keys, values, room, n, del, copy_all_cpus);
}

long hash_for_each(struct rt_map *map, long (*fn)(void *arg, void *key, void *value), void *arg)
{
	struct hash_map *h = hash_of(map);
	uint32_t cpu = h->percpu ? hash_this_cpu() : 0;
	struct hash_elem *e;
	long n = 0;

	/* the running program is in a read section: an element that fn deletes stays readable */
	for (uint64_t i = 0; i <= h->mask; i++)
		for (e = __atomic_load_n(&h->bucket[i].first, __ATOMIC_ACQUIRE); e;
		     e = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE)) {
			n++;
			if (fn(arg, e->key, hash_value(h, e) + (size_t)cpu * h->value_room))
				return n;
		}
	return n;
}

const void *hash_key_of(struct rt_map *map, const void *value, uint64_t *room)
{
	(void)room;
	return (const uint8_t *)value - hash_of(map)->key_room;
}

const struct rt_map_ops map_hash_ops = {
	.type = BPF_MAP_TYPE_HASH,
	.alloc = hash_alloc,
	.free = hash_free,
	.lookup = hash_lookup,
	.update = hash_prog_update,
	.del = hash_delete,
	.for_each = hash_for_each,
	.user_lookup = hash_user_lookup,
	.user_update = hash_user_update,
	.next_key = hash_next_key,
	.lookup_and_delete = hash_lookup_and_delete,
	.batch = hash_one_batch,
	.key_of = hash_key_of,
	.users_gone = map_end_async,
};

const struct rt_map_ops map_percpu_hash_ops = {
	.type = BPF_MAP_TYPE_PERCPU_HASH,
	.alloc = hash_percpu_alloc,
	.free = hash_free,
	.lookup = hash_percpu_lookup,
	.lookup_percpu = hash_percpu_lookup_cpu,
	.update = hash_percpu_prog_update,
	.del = hash_delete,
	.for_each = hash_for_each,
	.user_lookup = hash_percpu_user_lookup,
	.user_update = hash_percpu_user_update,
	.next_key = hash_next_key,
	.lookup_and_delete = hash_percpu_lookup_and_delete,
	.batch = hash_percpu_batch,
	.user_value_size = map_percpu_size,
};
