/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Queues and stacks: a ring of values under one lock. Pushing into a full one is E2BIG, unless
 * BPF_EXIST says that the oldest may go; taking from an empty one is ENOENT and gives zeros. There
 * are no keys.
 */
#include "maps/maps.h"

struct queue_map {
	struct rt_map map;
	uint32_t lock;
	uint32_t head; /* where the next value goes */
	uint32_t count;
	uint32_t stride;
	struct map_mem mem;
};

static struct queue_map *que(const struct rt_map *map)
{
	return (struct queue_map *)map;
}

static struct rt_map *queue_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				  int *err)
{
	struct queue_map *q = mem_zalloc(sizeof(*q));

	(void)k;
	if (!q) {
		*err = -ENOMEM;
		return NULL;
	}
	q->stride = map_round8(attr->value_size);
	*err = map_mem_alloc(&q->mem, (uint64_t)q->stride * attr->max_entries);
	if (!*err)
		return &q->map;
	mem_free(q);
	return NULL;
}

static void queue_free(struct rt_map *map)
{
	map_mem_free(&que(map)->mem);
	mem_free(que(map));
}

/* the value that is back places before the next free one */
static uint8_t *at(const struct queue_map *q, uint32_t back)
{
	uint32_t n = q->map.desc.max_entries;
	uint32_t i = q->head >= back ? q->head - back : n - (back - q->head);

	return q->mem.p + (size_t)i * q->stride;
}

static long queue_push(struct rt_map *map, const void *value, uint64_t flags)
{
	struct queue_map *q = que(map);
	bool replace = flags & BPF_EXIST;
	long err = 0;

	if ((flags & BPF_NOEXIST) || flags > BPF_EXIST)
		return -EINVAL;
	rt_spin_lock(&q->lock);
	if (q->count == map->desc.max_entries) {
		if (replace)
			q->count--; /* the oldest is the one that is overwritten */
		else
			err = -E2BIG;
	}
	if (!err) {
		memcpy(at(q, 0), value, map->desc.value_size);
		q->head = q->head + 1 == map->desc.max_entries ? 0 : q->head + 1;
		q->count++;
	}
	rt_spin_unlock(&q->lock);
	return err;
}

static long get(struct rt_map *map, void *value, bool newest, bool take)
{
	struct queue_map *q = que(map);
	long err = 0;

	rt_spin_lock(&q->lock);
	if (!q->count) {
		memset(value, 0, map->desc.value_size);
		err = -ENOENT;
	} else {
		memcpy(value, at(q, newest ? 1 : q->count), map->desc.value_size);
		if (take && newest)
			q->head = q->head ? q->head - 1 : map->desc.max_entries - 1;
		if (take)
			q->count--;
	}
	rt_spin_unlock(&q->lock);
	return err;
}

static long queue_pop(struct rt_map *map, void *value)
{
	return get(map, value, false, true);
}

static long queue_peek(struct rt_map *map, void *value)
{
	return get(map, value, false, false);
}

static long stack_pop(struct rt_map *map, void *value)
{
	return get(map, value, true, true);
}

static long stack_peek(struct rt_map *map, void *value)
{
	return get(map, value, true, false);
}

static long no_delete(struct rt_map *map, const void *key)
{
	(void)map;
	(void)key;
	return -EINVAL;
}

static int no_next_key(struct rt_map *map, const void *key, void *next)
{
	(void)map;
	(void)key;
	(void)next;
	return -EINVAL;
}

const struct rt_map_ops map_queue_ops = {
	.type = BPF_MAP_TYPE_QUEUE,
	.alloc = queue_alloc,
	.free = queue_free,
	.push = queue_push,
	.pop = queue_pop,
	.peek = queue_peek,
	.del = no_delete,
	.next_key = no_next_key,
};

const struct rt_map_ops map_stack_ops = {
	.type = BPF_MAP_TYPE_STACK,
	.alloc = queue_alloc,
	.free = queue_free,
	.push = queue_push,
	.pop = stack_pop,
	.peek = stack_peek,
	.del = no_delete,
	.next_key = no_next_key,
};
