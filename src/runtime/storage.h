/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Local storage: values of a map that belong to kernel objects (tasks, control groups) and go with them.
 * An owner is known by its address; who frees owners says so.
 */
#ifndef RUNTIME_STORAGE_H
#define RUNTIME_STORAGE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define RT_STORAGE_BUCKETS 64

struct rt_map;
struct rt_stored;

struct rt_storage {
	struct rt_map *map; /* sizes and special fields; whose part this is */
	struct rt_storage *next;
	pthread_mutex_t lock; /* for changes; readers are in a read section */
	struct rt_stored *bucket[RT_STORAGE_BUCKETS];
};

void rt_storage_init(struct rt_storage *s, struct rt_map *map);
/* With all values. Nobody uses it any more, the last read section that did has ended. */
void rt_storage_destroy(struct rt_storage *s);
/* The owner's value; in a read section. NULL: it has none. */
void *rt_storage_find(struct rt_storage *s, const void *owner);
/*
 * Sets the owner's value, in new memory; init may be NULL, for zeroes. BPF_ANY, BPF_NOEXIST or BPF_EXIST.
 * The owner must be alive. 0; -EEXIST; -ENOENT; -ENOMEM. Then *value is the one there is now.
 */
int rt_storage_set(struct rt_storage *s, const void *owner, const void *init, uint64_t flags,
		   void **value);
int rt_storage_delete(struct rt_storage *s, const void *owner); /* -ENOENT */

/* The owner is about to be freed and cannot be found any more. */
void rt_storage_owner_gone(const void *owner);

#endif
