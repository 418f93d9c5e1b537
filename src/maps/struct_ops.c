/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * struct_ops maps (kfunc spec R11.10): a map with one element, the table of an operations struct that
 * a host registered. Writing the element turns descriptors of programs into function pointers and
 * hands the table to the host; or, in maps with BPF_F_LINK, makes it ready for a link to do so.
 *
 * Two images of the value are kept: what the host calls (kvalue), and what a reader of the map gets
 * (uvalue, in which programs are ids). While the host has the table without a link, the map holds
 * itself; deleting the element is the way out. All goes after the map's last reference and a grace
 * period, so a thread that called through the table in a read section is done with it.
 *
 * Maps of kernels that are not live, or before map_struct_ops_bind(), are descriptions.
 */
#include "maps/struct_ops.h"

#include <kfunc/hooks.h>

#include <pthread.h>
#include <stdlib.h>

#include "contract/ops.h"
#include "maps/maps.h"
#include "runtime/ops_thunk.h"

#define F_LINK (1u << 13)

/* in front of a value, so that a table leads to its map */
#define HEAD 64

struct ops_map {
	struct rt_map map;
	const struct contract_ops *ops; /* NULL: a description */
	pthread_mutex_t lock;           /* one writer; the host's callbacks run under it */
	_Atomic int state;              /* enum bpf_struct_ops_state */
	uint8_t *block, *kvalue;
	uint8_t *uvalue;
	struct rt_prog *prog[CONTRACT_OPS_MEMBERS];
	void *thunk[CONTRACT_OPS_MEMBERS];
	struct rt_ops_call call[CONTRACT_OPS_MEMBERS];
};

static struct ops_map *om(const struct rt_map *map)
{
	return (struct ops_map *)map;
}

static uint8_t *data(uint8_t *value)
{
	return value + CONTRACT_OPS_DATA;
}

static struct rt_map *ops_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err)
{
	struct ops_map *m = mem_zalloc(sizeof(*m));

	(void)k;
	(void)attr;
	*err = m ? 0 : -ENOMEM;
	if (!m)
		return NULL;
	pthread_mutex_init(&m->lock, NULL);
	return &m->map;
}

int map_struct_ops_bind(struct rt_map *map, const struct contract_ops *ops)
{
	struct ops_map *m = om(map);
	struct rt_map *self = map;

	m->block = mem_zalloc(HEAD * 2 + ops->value_size);
	m->uvalue = mem_zalloc(ops->value_size);
	if (!m->block || !m->uvalue)
		return -ENOMEM;
	m->kvalue = (uint8_t *)(((uintptr_t)m->block + HEAD * 2 - 1) & ~(uintptr_t)(HEAD - 1));
	memcpy(m->kvalue - sizeof(self), &self, sizeof(self));
	m->ops = ops;
	return 0;
}

/* Takes back what filling did; no thread may be in a thunk. */
static void empty(struct ops_map *m)
{
	for (uint32_t i = 0; i < CONTRACT_OPS_MEMBERS; i++) {
		rt_ops_thunk_put(m->thunk[i]);
		rt_prog_put(m->prog[i]);
		m->thunk[i] = NULL;
		m->prog[i] = NULL;
	}
	if (!m->ops)
		return;
	memset(m->kvalue, 0, m->ops->value_size);
	memset(m->uvalue, 0, m->ops->value_size);
}

static void ops_free(struct rt_map *map)
{
	struct ops_map *m = om(map);

	empty(m);
	mem_free(m->block);
	mem_free(m->uvalue);
	pthread_mutex_destroy(&m->lock);
	mem_free(m);
}

/* ---- filling ---- */

static bool zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

/* the head, and what lies between and behind members */
static bool holes_are_zero(const struct contract_ops *ops, const uint8_t *value)
{
	uint32_t end = 0;

	if (!zero(value, CONTRACT_OPS_DATA))
		return false;
	value += CONTRACT_OPS_DATA;
	for (uint32_t i = 0; i < ops->n_members; i++) {
		if (ops->m[i].off > end && !zero(value + end, ops->m[i].off - end))
			return false;
		if (end < ops->m[i].off + ops->m[i].size)
			end = ops->m[i].off + ops->m[i].size;
	}
	return zero(value + end, ops->value_size - CONTRACT_OPS_DATA - end);
}

static bool fits(const struct ops_map *m, uint32_t i, const struct rt_prog *p)
{
	return p->type == BPF_PROG_TYPE_STRUCT_OPS && p->attach_type == i && p->attach_btf &&
	       p->attach_btf_id == m->ops->type_id &&
	       btf_owner(p->attach_btf, p->attach_btf_id) == m->ops->btf;
}

static int fill_function(struct ops_map *m, uint32_t i, struct rt_prog *p)
{
	const struct contract_ops_member *cm = &m->ops->m[i];
	struct rt_ops_call *c = &m->call[i];
	unsigned long id = p->id;

	m->prog[i] = p; /* from here on empty() puts it */
	if (!fits(m, i, p))
		return -EINVAL;
	if (!p->run || cm->n_args > rt_ops_max_args())
		return -EOPNOTSUPP;
	*c = (struct rt_ops_call){.prog = p,
				  .nonnull = cm->nonnull,
				  .n_args = cm->n_args,
				  .ret_bool = cm->ret_bool};
	for (uint32_t a = 0; a < cm->n_args; a++)
		c->mask[a] = cm->arg_size[a] < 8 ? (1ull << cm->arg_size[a] * 8) - 1 : ~0ull;
	m->thunk[i] = rt_ops_thunk_get(c);
	if (!m->thunk[i])
		return -ENOSPC;
	memcpy(data(m->kvalue) + cm->off, &m->thunk[i], sizeof(m->thunk[i]));
	memcpy(data(m->uvalue) + cm->off, &id, sizeof(id));
	return 0;
}

static int fill_member(struct ops_map *m, uint32_t i,
		       struct rt_prog *(*prog_by_fd)(int fd, int *err))
{
	const struct contract_ops *ops = m->ops;
	const struct btf_type *t = btf_type(ops->btf, ops->type_id);
	const struct contract_ops_member *cm = &ops->m[i];
	struct rt_prog *p;
	int err = 0, fd;

	if (ops->host->init_member)
		err = ops->host->init_member(t, &btf_type_members(t)[i], data(m->kvalue),
					     data(m->uvalue));
	if (err)
		return err < 0 ? err : 0;
	if (!cm->is_func)
		return zero(data(m->uvalue) + cm->off, cm->size) ? 0 : -EINVAL;
	memcpy(&fd, data(m->uvalue) + cm->off, sizeof(fd));
	if (!fd)
		return 0; /* optional: NULL for the host */
	p = prog_by_fd(fd, &err);
	return p ? fill_function(m, i, p) : err;
}

/* lock held; the state is INIT */
static int fill(struct ops_map *m, const void *value,
		struct rt_prog *(*prog_by_fd)(int fd, int *err))
{
	const struct bpf_struct_ops *host = m->ops->host;
	int err = 0;

	memcpy(m->uvalue, value, m->ops->value_size);
	for (uint32_t i = 0; !err && i < m->ops->n_members; i++)
		err = fill_member(m, i, prog_by_fd);
	if (!err && host->validate)
		err = host->validate(data(m->kvalue));
	if (err)
		return err;
	if (m->map.desc.flags & F_LINK) {
		atomic_store(&m->state, BPF_STRUCT_OPS_STATE_READY);
		return 0;
	}
	rt_map_get(&m->map); /* the host's */
	err = host->reg(data(m->kvalue), NULL);
	if (!err) {
		atomic_store(&m->state, BPF_STRUCT_OPS_STATE_INUSE);
		return 0;
	}
	rt_rcu_synchronize(); /* a host may have let threads in before it changed its mind */
	rt_map_put(&m->map);
	return err;
}

int map_struct_ops_fill(struct rt_map *map, const void *value, uint64_t flags,
			struct rt_prog *(*prog_by_fd)(int fd, int *err))
{
	struct ops_map *m = om(map);
	int err;

	if (!m->ops)
		return -MAP_ENOTSUPP;
	if (flags || !holes_are_zero(m->ops, value))
		return -EINVAL;
	pthread_mutex_lock(&m->lock);
	if (atomic_load(&m->state) != BPF_STRUCT_OPS_STATE_INIT) {
		err = -EBUSY;
	} else {
		err = fill(m, value, prog_by_fd);
		if (err)
			empty(m);
	}
	pthread_mutex_unlock(&m->lock);
	return err < 0 ? err : err ? -EINVAL : 0;
}

/* ---- the other commands ---- */

static long ops_delete(struct rt_map *map, const void *key)
{
	int state = BPF_STRUCT_OPS_STATE_INUSE;
	struct ops_map *m = om(map);

	(void)key;
	if (!m->ops)
		return -MAP_ENOTSUPP;
	if (map->desc.flags & F_LINK)
		return -EOPNOTSUPP;
	if (!atomic_compare_exchange_strong(&m->state, &state, BPF_STRUCT_OPS_STATE_TOBEFREE))
		return state == BPF_STRUCT_OPS_STATE_TOBEFREE ? -EINPROGRESS : -ENOENT;
	m->ops->host->unreg(data(m->kvalue), NULL);
	rt_map_put(map);
	return 0;
}

static int ops_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	struct bpf_struct_ops_common_value *head = value;
	struct ops_map *m = om(map);
	uint32_t i, refs, users;

	(void)flags;
	if (!m->ops)
		return -MAP_ENOTSUPP;
	memcpy(&i, key, sizeof(i));
	if (i)
		return -ENOENT;
	pthread_mutex_lock(&m->lock);
	memcpy(value, m->uvalue, m->ops->value_size);
	head->state = (enum bpf_struct_ops_state)atomic_load(&m->state);
	pthread_mutex_unlock(&m->lock);
	refs = atomic_load(&map->refs);
	users = atomic_load(&map->users);
	head->refcnt = head->state && refs > users ? (int)(refs - users) : 0;
	return 0;
}

static int ops_next_key(struct rt_map *map, const void *key, void *next)
{
	return map_index_next_key(map, key, next);
}

bool map_struct_ops_ready(const struct rt_map *map)
{
	return map->desc.type == BPF_MAP_TYPE_STRUCT_OPS && om(map)->ops &&
	       map->desc.flags & F_LINK &&
	       atomic_load(&om(map)->state) == BPF_STRUCT_OPS_STATE_READY;
}

const struct contract_ops *map_struct_ops_type(const struct rt_map *map)
{
	return om(map)->ops;
}

void *map_struct_ops_table(const struct rt_map *map)
{
	return data(om(map)->kvalue);
}

/* ---- what hosts call ---- */

static struct rt_map *map_of_table(const void *kdata)
{
	struct rt_map *map;

	memcpy(&map, (const uint8_t *)kdata - CONTRACT_OPS_DATA - sizeof(map), sizeof(map));
	return map;
}

bool bpf_struct_ops_get(const void *kdata)
{
	return kdata && rt_map_try_get(map_of_table(kdata));
}

void bpf_struct_ops_put(const void *kdata)
{
	if (kdata)
		rt_map_put(map_of_table(kdata));
}

void kfunc_rcu_read_lock(void)
{
	rt_rcu_read_lock();
}

void kfunc_rcu_read_unlock(void)
{
	rt_rcu_read_unlock();
}

void kfunc_rcu_synchronize(void)
{
	rt_rcu_synchronize();
}

const struct rt_map_ops map_struct_ops_ops = {
	.type = BPF_MAP_TYPE_STRUCT_OPS,
	.alloc = ops_alloc,
	.free = ops_free,
	.del = ops_delete,
	.user_lookup = ops_user_lookup,
	.next_key = ops_next_key,
};
