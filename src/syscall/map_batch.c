/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Batches of element commands (MAP_*_BATCH). A batch is a loop over the element operations of the
 * family; what is special are the counts and the errnos:
 *  - count is in and out: how many elements were dealt with, also on failure;
 *  - walking a map ends with -ENOENT and the count of this last batch;
 *  - the token that a walk goes on from is the last key for arrays, and the number of a bucket for
 * hash tables, whose batches hold whole buckets.
 *
 * Left out: maps of objects.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "syscall/internal.h"

struct batch {
	struct rt_map *map;
	uint32_t key_size, value_size;
	uint8_t *key, *next, *value; /* one block */
	uint32_t count, done;
};

static int batch_open(struct sys_cmd *c, struct batch *b, unsigned int want)
{
	uint32_t zero = 0;
	unsigned int mode;
	int err;

	memset(b, 0, sizeof(*b));
	if (c->attr->b.batch.elem_flags & ~(uint64_t)BPF_F_LOCK || c->attr->b.batch.flags)
		return -EINVAL;
	b->map = sys_fd_get(c->attr->b.batch.map_fd, SYS_MAP, &mode, &err);
	if (!b->map)
		return err;
	if (want & SYS_FD_WRITE) {
		atomic_fetch_add(&b->map->writers, 1);
		if (atomic_load(&b->map->frozen))
			mode &= ~SYS_FD_WRITE;
	}
	if ((mode & want) != want)
		return -EPERM;
	if ((c->attr->b.batch.elem_flags & BPF_F_LOCK) &&
	    (!b->map->fields || b->map->fields->lock_off < 0))
		return -EINVAL;
	if (!b->map->ops->next_key || !b->map->ops->user_lookup || b->map->ops->push ||
	    b->map->desc.type == BPF_MAP_TYPE_PROG_ARRAY || b->map->inner_template)
		return -SYS_ENOTSUPP;
	b->key_size = b->map->desc.key_size;
	b->value_size = b->map->ops->user_value_size ? b->map->ops->user_value_size(b->map)
						     : b->map->desc.value_size;
	b->count = c->attr->b.batch.count;
	b->key = mem_zalloc(2ul * b->key_size + b->value_size);
	if (!b->key)
		return -ENOMEM;
	b->next = b->key + b->key_size;
	b->value = b->next + b->key_size;
	return sys_put_field(c, offsetof(union bpf_attr, batch.count), &zero, sizeof(zero));
}

static void batch_close(struct batch *b, unsigned int want)
{
	if (!b->map)
		return;
	if (want & SYS_FD_WRITE)
		atomic_fetch_sub(&b->map->writers, 1);
	mem_free(b->key);
	rt_map_put(b->map);
}

static int put_count(struct sys_cmd *c, const struct batch *b)
{
	return sys_put_field(c, offsetof(union bpf_attr, batch.count), &b->done, sizeof(b->done));
}

static int put_elems(struct sys_cmd *c, struct batch *b, const uint8_t *keys, const uint8_t *values,
		     uint32_t n)
{
	const union bpf_attr *a = &c->attr->b;

	if (sys_copy_out(a->batch.keys + (uint64_t)b->done * b->key_size, keys,
			 (uint64_t)n * b->key_size) ||
	    sys_copy_out(a->batch.values + (uint64_t)b->done * b->value_size, values,
			 (uint64_t)n * b->value_size))
		return -EFAULT;
	b->done += n;
	return 0;
}

/* Element by element; the token is the key that was last. */
static int walk_keys(struct sys_cmd *c, struct batch *b)
{
	uint64_t in = c->attr->b.batch.in_batch;
	int err;

	if (in && sys_copy_in(b->key, in, b->key_size))
		return -EFAULT;
	err = b->map->ops->next_key(b->map, in ? b->key : NULL, b->next);
	while (!err && b->done < b->count) {
		memcpy(b->key, b->next, b->key_size);
		err = b->map->ops->user_lookup(b->map, b->key, b->value,
					       c->attr->b.batch.elem_flags);
		if (!err)
			err = put_elems(c, b, b->key, b->value, 1);
		else if (err == -ENOENT) /* deleted meanwhile: the walk goes on behind it */
			err = 0;
		if (!err)
			err = b->map->ops->next_key(b->map, b->key, b->next);
	}
	if (b->done && sys_copy_out(c->attr->b.batch.out_batch, b->key, b->key_size))
		return -EFAULT;
	return err;
}

/* Bucket by bucket; the token is the number of the next one, also where that was too large (-ENOSPC). */
static int walk_buckets(struct sys_cmd *c, struct batch *b, bool del)
{
	uint32_t room = b->count < b->map->desc.max_entries ? b->count : b->map->desc.max_entries;
	uint32_t token = 0, n = 0;
	uint8_t *keys, *values;
	int err;

	if (c->attr->b.batch.in_batch &&
	    sys_copy_in(&token, c->attr->b.batch.in_batch, sizeof(token)))
		return -EFAULT;
	keys = mem_calloc(room, b->key_size);
	values = mem_calloc(room, b->value_size);
	if (!keys || !values) {
		err = -ENOMEM;
		goto out;
	}
	err = b->map->ops->batch(b->map, &token, keys, values, room, &n, del);
	if ((!err || err == -ENOENT || err == -ENOSPC) &&
	    (put_elems(c, b, keys, values, n) ||
	     sys_copy_out(c->attr->b.batch.out_batch, &token, sizeof(token))))
		err = -EFAULT;
out:
	mem_free(keys);
	mem_free(values);
	return err;
}

static long lookup_batch(struct sys_cmd *c, bool del)
{
	unsigned int want = del ? SYS_FD_RDWR : SYS_FD_READ;
	struct batch b;
	int err;

	err = batch_open(c, &b, want);
	if (err || !b.count)
		goto out;
	if (b.map->ops->batch)
		err = walk_buckets(c, &b, del);
	else
		err = del ? -SYS_ENOTSUPP : walk_keys(c, &b);
	if ((!err || err == -ENOENT) && put_count(c, &b))
		err = -EFAULT;
out:
	batch_close(&b, want);
	return err;
}

long sys_map_lookup_batch(struct sys_cmd *c)
{
	return lookup_batch(c, false);
}

long sys_map_lookup_delete_batch(struct sys_cmd *c)
{
	return lookup_batch(c, true);
}

/* One element of an update or, without values, of a deletion. */
static int edit(struct sys_cmd *c, struct batch *b, bool del)
{
	const union bpf_attr *a = &c->attr->b;

	if (sys_copy_in(b->key, a->batch.keys + (uint64_t)b->done * b->key_size, b->key_size))
		return -EFAULT;
	if (del)
		return b->map->ops->del(b->map, b->key);
	if (sys_copy_in(b->value, a->batch.values + (uint64_t)b->done * b->value_size,
			b->value_size))
		return -EFAULT;
	return b->map->ops->user_update(b->map, b->key, b->value, a->batch.elem_flags);
}

static long edit_batch(struct sys_cmd *c, bool del)
{
	struct batch b;
	int err = batch_open(c, &b, SYS_FD_WRITE);

	while (!err && b.done < b.count) {
		err = edit(c, &b, del);
		b.done += !err;
	}
	if (b.key && put_count(c, &b))
		err = -EFAULT;
	batch_close(&b, SYS_FD_WRITE);
	return err;
}

long sys_map_update_batch(struct sys_cmd *c)
{
	return edit_batch(c, false);
}

long sys_map_delete_batch(struct sys_cmd *c)
{
	return edit_batch(c, true);
}
