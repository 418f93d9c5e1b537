/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What programs have left behind, as labelled pieces that two processes can compare: the contents of every
 * map that exists, records of ring buffers, pages of arenas, the values of the current task and its control
 * group, and which fields hold an object. Looking takes the records out of ring buffers, and in the end the
 * elements out of queues.
 *
 * Elements that are all zero are left out. Where objects lie is not compared, only whether they are there.
 */
#ifndef TESTS_LIB_STATE_H
#define TESTS_LIB_STATE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "btf/btf.h"
#include "maps/arena.h"
#include "maps/maps.h"
#include "runtime/objects.h"
#include "runtime/rt.h"
#include "runtime/storage.h"
#include "syscall/syscall.h"

#define STATE_LABEL 120

struct state_piece {
	char label[STATE_LABEL];
	uint64_t len;
};

static inline void __attribute__((format(printf, 4, 5))) state_put(FILE *f, const void *data,
								   size_t len, const char *fmt, ...)
{
	struct state_piece piece = {.len = len};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(piece.label, sizeof(piece.label), fmt, ap);
	va_end(ap);
	fwrite(&piece, sizeof(piece), 1, f);
	fwrite(data, 1, len, f);
	fwrite("\0\0\0\0\0\0\0", 1, -len & 7, f);
}

static inline bool state_zero(const void *p, size_t n)
{
	const uint8_t *b = p;

	return !n || (!b[0] && !memcmp(b, b + 1, n - 1));
}

static inline const char *state_hex(char *buf, const void *key, size_t n)
{
	for (size_t i = 0; i < n && i < 12; i++)
		sprintf(buf + 2 * i, "%02x", ((const uint8_t *)key)[i]);
	buf[2 * (n < 12 ? n : 12)] = '\0';
	return buf;
}

/* ---- special fields, which copies of values hide ---- */

static inline void state_fields(FILE *f, const struct rt_map *map, const uint8_t *value,
				const char *key)
{
	const struct btf_fields *fields = map->desc.fields;
	bool there[64] = {0};

	for (uint32_t i = 0; i < fields->n && i < 64; i++) {
		const struct btf_field *field = &fields->f[i];
		uint64_t p = 0;

		if (field->kind & (BTF_FIELD_KPTR | BTF_FIELD_ASYNC | BTF_FIELD_GRAPH_ROOT))
			memcpy(&p, value + field->off, sizeof(p));
		there[i] = p != 0;
	}
	if (!state_zero(there, sizeof(there)))
		state_put(f, there, fields->n < 64 ? fields->n : 64, "%s[%s] fields",
			  map->desc.name, key);
}

/* ---- families ---- */

static inline void state_elements(FILE *f, struct rt_map *map)
{
	uint32_t size =
		map->ops->user_value_size ? map->ops->user_value_size(map) : map->desc.value_size;
	uint8_t *key = calloc(2, map->desc.key_size + 8), *next = key + map->desc.key_size + 8;
	uint8_t *value = calloc(1, size + 8);
	char hex[32];

	for (void *at = NULL; key && value && !map->ops->next_key(map, at, next); at = key) {
		memcpy(key, next, map->desc.key_size);
		memset(value, 0, size);
		if (map->ops->user_lookup(map, key, value, 0))
			continue;
		state_hex(hex, key, map->desc.key_size);
		if (map->desc.type != BPF_MAP_TYPE_ARRAY || !state_zero(value, size))
			state_put(f, value, size, "%s[%s]", map->desc.name, hex);
		if (map->desc.fields && map->ops->lookup) {
			const uint8_t *raw = map->ops->lookup(map, key);

			if (raw)
				state_fields(f, map, raw, hex);
		}
	}
	free(key);
	free(value);
}

/* the layout that consumers know: positions, then records with a header of 8 bytes */
static inline void state_ring(FILE *f, struct rt_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE), size = map->desc.max_entries, all = page + 2 * size;
	uint8_t *producer = NULL;
	uint64_t *consumer;
	int err = 0;

	consumer = map->ops->mmap(map, NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, 0, &err);
	if (!err)
		producer = map->ops->mmap(map, NULL, all, PROT_READ, MAP_SHARED, page, &err);
	if (!err) {
		uint64_t end = *(uint64_t *)producer;

		state_put(f, &end, sizeof(end), "%s: position", map->desc.name);
		while (*consumer < end) {
			const uint8_t *record = producer + page + (*consumer & (size - 1));
			uint32_t head = *(const uint32_t *)record, len = head << 2 >> 2;

			/* what was discarded has no contents */
			state_put(f, record, head >> 30 ? 4 : 8 + (size_t)len, "%s: record at %lu",
				  map->desc.name, (unsigned long)*consumer);
			*consumer += (len + 15) & ~7ull;
		}
		munmap(producer, all);
	}
	if (consumer)
		munmap(consumer, page);
}

static inline void state_arena(FILE *f, struct rt_map *map)
{
	const size_t size = 1u << MAP_ARENA_PAGE_BITS;
	struct map_arena_view view;

	if (map_arena_open(map, &view))
		return;
	for (uint32_t i = 0; i < map->desc.max_entries; i++) {
		const uint8_t *page = view.base + i * size;

		if (view.pages[i])
			state_put(f, page, state_zero(page, size) ? 0 : size, "%s: page %u",
				  map->desc.name, i);
	}
}

static inline void state_storage(FILE *f, struct rt_map *map)
{
	const struct task_struct *task = rt_task_current();
	const void *owner[] = {task, task->cgroups->dfl_cgrp};

	for (uint32_t i = 0; i < 2; i++) {
		const uint8_t *value = rt_storage_find(rt_map_storage(map), owner[i]);
		uint8_t *copy = value ? malloc(map->desc.value_size) : NULL;

		if (!copy)
			continue;
		memcpy(copy, value, map->desc.value_size);
		rt_value_hide(map->desc.fields, copy);
		state_put(f, copy, map->desc.value_size, "%s: of %u", map->desc.name, i);
		if (map->desc.fields)
			state_fields(f, map, value, "current");
		free(copy);
	}
}

static inline void state_queue(FILE *f, struct rt_map *map, bool last)
{
	uint8_t *value = calloc(1, map->desc.value_size);

	if (value && !map->ops->peek(map, value))
		state_put(f, value, map->desc.value_size, "%s: first", map->desc.name);
	while (value && last && !map->ops->pop(map, value))
		state_put(f, value, map->desc.value_size, "%s: next", map->desc.name);
	free(value);
}

static inline void state_bloom(FILE *f, struct rt_map *map)
{
	uint8_t *value = calloc(1, map->desc.value_size), there[64] = {0};

	for (uint32_t i = 0; value && i < 64; i++) {
		value[0] = i;
		there[i] = map->ops->peek(map, value) == 0;
	}
	state_put(f, there, sizeof(there), "%s: small values", map->desc.name);
	free(value);
}

static inline void state_map(FILE *f, struct rt_map *map, bool last)
{
	switch (map->desc.type) {
	case BPF_MAP_TYPE_RINGBUF:
		state_ring(f, map);
		break;
	case MAP_T_ARENA:
		state_arena(f, map);
		break;
	case BPF_MAP_TYPE_TASK_STORAGE:
	case MAP_T_CGRP_STORAGE:
		state_storage(f, map);
		break;
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		state_queue(f, map, last);
		break;
	case BPF_MAP_TYPE_BLOOM_FILTER:
		state_bloom(f, map);
		break;
	default:
		if (map->ops->next_key && map->ops->user_lookup)
			state_elements(f, map);
	}
}

/* Every map of the process, those inside of others too. */
static inline void state_maps(FILE *f, bool last)
{
	union bpf_attr a = {0};

	while (!kfunc_bpf(BPF_MAP_GET_NEXT_ID, &a, sizeof(a))) {
		union bpf_attr get = {.map_id = a.next_id};
		int fd = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &get, sizeof(get)), err = 0;
		struct rt_map *map = fd < 0 ? NULL : syscall_map_by_fd(fd, &err);

		if (map) {
			struct rt_vcpu *cpu = rt_enter();

			rt_rcu_read_lock();
			state_map(f, map, last);
			rt_rcu_read_unlock();
			rt_leave(cpu);
			rt_map_put(map);
		}
		if (fd >= 0)
			syscall_close(fd);
		a = (union bpf_attr){.start_id = get.map_id};
	}
}

/* ---- comparing ---- */

struct state_log {
	const uint8_t *at, *end;
	/* of the process that wrote it: its id, and where its stack is, the lower half of the address */
	uint32_t pid, stack;
};

/* Deeper than any run, as far as stacks are compared at all. */
#define STATE_STACK (512u * 1024)

static inline const struct state_piece *state_next(struct state_log *s)
{
	const struct state_piece *piece = (const void *)s->at;

	if ((size_t)(s->end - s->at) < sizeof(*piece))
		return NULL;
	s->at += sizeof(*piece);
	if ((uint64_t)(s->end - s->at) < piece->len)
		return NULL;
	s->at += (piece->len + 7) & ~7ull;
	return piece;
}

static inline bool state_same_word(const struct state_log *a, const struct state_log *b, uint32_t u,
				   uint32_t v)
{
	return (u == a->pid && v == b->pid) ||
	       (a->stack - u < STATE_STACK && b->stack - v < STATE_STACK);
}

/*
 * The first byte that differs, or n. A word that is the writer's own process id, or the lower half of an address on
 * its stack, is the same in both.
 */
static inline uint64_t state_differs(const struct state_log *a, const struct state_log *b,
				     const uint8_t *x, const uint8_t *y, uint64_t n)
{
	uint32_t u, v;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t word = i & ~3ull;

		if (x[i] == y[i])
			continue;
		if (word + 4 > n)
			return i;
		memcpy(&u, x + word, 4);
		memcpy(&v, y + word, 4);
		if (!state_same_word(a, b, u, v))
			return i;
		i = word + 3;
	}
	return n;
}

/* Whether both hold the same pieces; if not, what says which is the first that differs. */
static inline bool state_same(struct state_log a, struct state_log b, char *what, size_t room)
{
	for (;;) {
		const struct state_piece *p = state_next(&a), *q = state_next(&b);
		const uint8_t *x, *y;
		uint64_t i, n;

		if (!p && !q)
			return true;
		if (!p || !q || strcmp(p->label, q->label)) {
			snprintf(what, room, "%s, not %s", p ? p->label : "the end",
				 q ? q->label : "the end");
			return false;
		}
		x = (const uint8_t *)(p + 1);
		y = (const uint8_t *)(q + 1);
		n = p->len < q->len ? p->len : q->len;
		i = state_differs(&a, &b, x, y, n);
		if (i == n && p->len == q->len)
			continue;
		snprintf(what, room, "%s: byte %lu of %lu", p->label, (unsigned long)i,
			 (unsigned long)p->len);
		for (uint64_t k = i; k < i + 8 && k < n; k++)
			snprintf(what + strlen(what), room - strlen(what), " %02x/%02x", x[k],
				 y[k]);
		return false;
	}
}

#endif
