/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Element commands on maps, as a caller sees them: the order of the checks is flags, descriptor,
 * access mode (EPERM), lock flag (EINVAL without a lock in the value), key, value (EFAULT), then
 * the family's own errno. A family without an operation answers ENOTSUPP.
 *
 * Freezing (MAP_FREEZE) excludes callers' writes from then on: a writer counts itself first and
 * looks at the flag then, the freezer sets nothing while a writer is counted (EBUSY).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "maps/maps.h"
#include "runtime/fields.h"
#include "syscall/internal.h"

/* One command on one element: the map and private copies of key and value. */
struct elem {
	struct rt_map *map;
	unsigned int mode;
	uint32_t value_size;
	void *key, *value; /* NULL: none */
	uint64_t small[32];
	void *heap;
};

static uint32_t user_value_size(const struct rt_map *map)
{
	return map->ops->user_value_size ? map->ops->user_value_size(map) : map->desc.value_size;
}

static bool is_list(uint32_t type)
{
	return type == BPF_MAP_TYPE_QUEUE || type == BPF_MAP_TYPE_STACK;
}

static bool holds_objects(uint32_t type)
{
	return type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static void write_end(struct rt_map *map)
{
	atomic_fetch_sub(&map->writers, 1);
}

/* Descriptor, access mode, lock flag; with write, a writer is counted in. */
static int elem_open(struct sys_cmd *c, struct elem *e, unsigned int want, uint64_t flags)
{
	int err;

	memset(e, 0, offsetof(struct elem, small));
	e->heap = NULL;
	e->map = sys_fd_get(c->attr->b.map_fd, SYS_MAP, &e->mode, &err);
	if (!e->map)
		return err;
	if (want & SYS_FD_WRITE) {
		atomic_fetch_add(&e->map->writers, 1);
		if (atomic_load(&e->map->frozen))
			e->mode &= ~SYS_FD_WRITE;
	}
	err = (e->mode & want) == want ? 0 : -EPERM;
	if (!err && (flags & BPF_F_LOCK) && (!e->map->fields || e->map->fields->lock_off < 0))
		err = -EINVAL;
	if (err) {
		if (want & SYS_FD_WRITE)
			write_end(e->map);
		rt_map_put(e->map);
		e->map = NULL;
	}
	return err;
}

static void elem_close(struct elem *e, unsigned int want)
{
	if (!e->map)
		return;
	if (want & SYS_FD_WRITE)
		write_end(e->map);
	mem_free(e->heap);
	rt_map_put(e->map);
}

/* room for the key and the value, the key filled from the caller */
static int elem_room(struct elem *e, uint64_t ukey)
{
	const struct vf_map *d = &e->map->desc;
	size_t key = ((size_t)d->key_size + 7) & ~7ul;
	char *p = (char *)e->small;

	e->value_size = user_value_size(e->map);
	if (key + e->value_size > sizeof(e->small)) {
		e->heap = p = mem_zalloc(key + e->value_size);
		if (!p)
			return -ENOMEM;
	} else {
		memset(e->small, 0, sizeof(e->small));
	}
	e->key = p;
	e->value = p + key;
	if (!d->key_size)
		return ukey ? -EINVAL : 0;
	return sys_copy_in(e->key, ukey, d->key_size);
}

long sys_map_lookup(struct sys_cmd *c)
{
	uint64_t flags = c->attr->b.flags;
	struct elem e;
	int err;

	if (flags & ~(uint64_t)BPF_F_LOCK)
		return -EINVAL;
	err = elem_open(c, &e, SYS_FD_READ, flags);
	if (err)
		return err;
	err = elem_room(&e, c->attr->b.key);
	if (err)
		goto out;
	if (e.map->ops->peek) {
		/* a bloom filter is asked about a value, the others give one */
		if (e.map->desc.type == BPF_MAP_TYPE_BLOOM_FILTER)
			err = sys_copy_in(e.value, c->attr->b.value, e.value_size);
		if (!err)
			err = e.map->ops->peek(e.map, e.value);
	} else if (e.map->ops->user_lookup) {
		err = e.map->ops->user_lookup(e.map, e.key, e.value, flags);
	} else {
		err = -SYS_ENOTSUPP;
	}
	if (!err && e.map->desc.type != BPF_MAP_TYPE_BLOOM_FILTER)
		err = sys_copy_out(c->attr->b.value, e.value, e.value_size);
out:
	elem_close(&e, SYS_FD_READ);
	return err;
}

/* fd of a program or map -> the object, referenced */
static int object_of_fd(const struct rt_map *map, int fd, void **obj)
{
	enum sys_kind kind = map->desc.type == BPF_MAP_TYPE_PROG_ARRAY ? SYS_PROG : SYS_MAP;
	int err;

	*obj = sys_fd_get(fd, kind, NULL, &err);
	if (!*obj)
		return err;
	if (sys_obj_kernel(kind, *obj) != map->kernel) {
		sys_obj_put(kind, *obj);
		return -EINVAL;
	}
	return 0;
}

static int update_object(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	enum sys_kind kind = map->desc.type == BPF_MAP_TYPE_PROG_ARRAY ? SYS_PROG : SYS_MAP;
	void *obj;
	int fd, err;

	memcpy(&fd, value, sizeof(fd));
	err = object_of_fd(map, fd, &obj);
	if (err)
		return err;
	err = map->ops->user_update(map, key, &obj, flags);
	sys_obj_put(kind, obj);
	return err;
}

static int update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	if (map->desc.type == BPF_MAP_TYPE_STRUCT_OPS)
		return sys_struct_ops_update(map, key, value, flags);
	if (map->ops->push)
		return map->ops->push(map, value, flags);
	if (!map->ops->user_update)
		return -SYS_ENOTSUPP;
	if (holds_objects(map->desc.type))
		return update_object(map, key, value, flags);
	return map->ops->user_update(map, key, value, flags);
}

long sys_map_update(struct sys_cmd *c)
{
	uint64_t flags = c->attr->b.flags;
	struct elem e;
	int err;

	err = elem_open(c, &e, SYS_FD_WRITE, flags);
	if (err)
		return err;
	err = elem_room(&e, c->attr->b.key);
	if (!err)
		err = sys_copy_in(e.value, c->attr->b.value, e.value_size);
	if (!err)
		err = update(e.map, e.key, e.value, flags);
	elem_close(&e, SYS_FD_WRITE);
	return err;
}

long sys_map_delete(struct sys_cmd *c)
{
	struct elem e;
	int err;

	err = elem_open(c, &e, SYS_FD_WRITE, 0);
	if (err)
		return err;
	err = elem_room(&e, c->attr->b.key);
	if (!err)
		err = e.map->ops->del ? e.map->ops->del(e.map, e.key) : -SYS_ENOTSUPP;
	elem_close(&e, SYS_FD_WRITE);
	return err;
}

long sys_map_next_key(struct sys_cmd *c)
{
	struct elem e;
	void *next;
	int err;

	err = elem_open(c, &e, SYS_FD_READ, 0);
	if (err)
		return err;
	next = NULL;
	if (!e.map->ops->next_key) {
		err = -SYS_ENOTSUPP;
		goto out;
	}
	if (c->attr->b.key)
		err = elem_room(&e, c->attr->b.key);
	if (err)
		goto out;
	next = mem_zalloc(e.map->desc.key_size);
	if (!next) {
		err = -ENOMEM;
		goto out;
	}
	err = e.map->ops->next_key(e.map, c->attr->b.key ? e.key : NULL, next);
	if (!err)
		err = sys_copy_out(c->attr->b.next_key, next, e.map->desc.key_size);
out:
	mem_free(next);
	elem_close(&e, SYS_FD_READ);
	return err;
}

long sys_map_lookup_delete(struct sys_cmd *c)
{
	uint64_t flags = c->attr->b.flags;
	struct elem e;
	int err;

	if (flags & ~(uint64_t)BPF_F_LOCK)
		return -EINVAL;
	err = elem_open(c, &e, SYS_FD_RDWR, flags);
	if (err)
		return err;
	if (flags && is_list(e.map->desc.type)) {
		err = -EINVAL;
		goto out;
	}
	err = elem_room(&e, c->attr->b.key);
	if (err)
		goto out;
	if (e.map->ops->pop)
		err = e.map->ops->pop(e.map, e.value);
	else if (e.map->ops->lookup_and_delete)
		err = e.map->ops->lookup_and_delete(e.map, e.key, e.value, flags);
	else
		err = -SYS_ENOTSUPP;
	if (!err)
		err = sys_copy_out(c->attr->b.value, e.value, e.value_size);
out:
	elem_close(&e, SYS_FD_RDWR);
	return err;
}

long sys_map_freeze(struct sys_cmd *c)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	unsigned int mode;
	struct rt_map *map;
	int err;

	map = sys_fd_get(c->attr->b.map_fd, SYS_MAP, &mode, &err);
	if (!map)
		return err;
	if (map->desc.type == BPF_MAP_TYPE_STRUCT_OPS || map->fields)
		err = -SYS_ENOTSUPP;
	else if (!(mode & SYS_FD_WRITE))
		err = -EPERM;
	if (err)
		goto out;
	pthread_mutex_lock(&lock);
	if (atomic_load(&map->frozen)) {
		err = -EBUSY;
	} else {
		/* from here on a new writer sees the flag; one that is counted already undoes it */
		atomic_store(&map->frozen, true);
		if (atomic_load(&map->writers)) {
			atomic_store(&map->frozen, false);
			err = -EBUSY;
		}
	}
	if (!err) {
		map->desc.frozen = true;
		if ((map->desc.flags & BPF_F_RDONLY_PROG) && map->ops->direct_value)
			map->desc.const_value = map->ops->direct_value(map);
	}
	pthread_mutex_unlock(&lock);
out:
	rt_map_put(map);
	return err;
}
