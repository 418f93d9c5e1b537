/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kinds of objects that have descriptors and ids: how each is held and let go, and the table of
 * ids of each kind. Ids grow and are never used again, so a table is a sorted vector and "the next
 * id" a binary search.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/run.h"
#include "syscall/internal.h"

static bool try_ref(_Atomic uint32_t *refs)
{
	uint32_t n = atomic_load(refs);

	while (n)
		if (atomic_compare_exchange_weak(refs, &n, n + 1))
			return true;
	return false;
}

static bool map_try_get(void *o)
{
	return rt_map_try_get(o);
}

static bool prog_try_get(void *o)
{
	return try_ref(&((struct rt_prog *)o)->refs);
}

static bool btf_try_get(void *o)
{
	return try_ref(&((struct sys_btf *)o)->refs);
}

static bool link_try_get(void *o)
{
	return try_ref(&((struct sys_link *)o)->refs);
}

static bool stats_try_get(void *o)
{
	return try_ref(&((struct sys_stats *)o)->refs);
}

static void map_put(void *o)
{
	rt_map_put(o);
}

static void prog_put(void *o)
{
	rt_prog_put(o);
}

static void btf_obj_put(void *o)
{
	sys_btf_put(o);
}

static void link_put(void *o)
{
	sys_link_put(o);
}

static void stats_put(void *o)
{
	struct sys_stats *s = o;

	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	rt_stats_enable(false);
	mem_free(s);
}

static struct kfunc_kernel *map_kernel(void *o)
{
	return ((struct rt_map *)o)->kernel;
}

static struct kfunc_kernel *prog_kernel(void *o)
{
	return ((struct rt_prog *)o)->kernel;
}

static struct kfunc_kernel *btf_kernel(void *o)
{
	return ((struct sys_btf *)o)->kernel;
}

static struct kfunc_kernel *link_kernel(void *o)
{
	return ((struct sys_link *)o)->kernel;
}

static struct kfunc_kernel *no_kernel(void *o)
{
	(void)o;
	return NULL;
}

static const struct {
	bool (*try_get)(void *o);
	void (*put)(void *o);
	struct kfunc_kernel *(*kernel)(void *o);
} kinds[SYS_KIND_COUNT] = {
	[SYS_MAP] = {map_try_get, map_put, map_kernel},
	[SYS_PROG] = {prog_try_get, prog_put, prog_kernel},
	[SYS_BTF] = {btf_try_get, btf_obj_put, btf_kernel},
	[SYS_LINK] = {link_try_get, link_put, link_kernel},
	[SYS_STATS] = {stats_try_get, stats_put, no_kernel},
};

bool sys_obj_try_get(enum sys_kind kind, void *obj)
{
	return kinds[kind].try_get(obj);
}

void sys_obj_put(enum sys_kind kind, void *obj)
{
	kinds[kind].put(obj);
}

struct kfunc_kernel *sys_obj_kernel(enum sys_kind kind, void *obj)
{
	return kinds[kind].kernel(obj);
}

/* ---- ids ---- */

struct id_entry {
	uint32_t id;
	void *obj;
};

static struct id_table {
	struct id_entry *e;
	size_t n, cap;
	uint32_t last;
} tables[SYS_KIND_COUNT];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* lock held: index of the first entry whose id is greater than id */
static size_t above(const struct id_table *t, uint32_t id)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->e[mid].id > id)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int sys_id_add(enum sys_kind kind, void *obj, uint32_t *id)
{
	struct id_table *t = &tables[kind];
	int err;

	pthread_mutex_lock(&lock);
	err = t->last == INT32_MAX ? -ENOSPC
				   : mem_grow((void **)&t->e, &t->cap, t->n + 1, sizeof(*t->e));
	if (!err) {
		*id = ++t->last;
		t->e[t->n].id = *id;
		t->e[t->n++].obj = obj;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

void sys_id_del(enum sys_kind kind, uint32_t id)
{
	struct id_table *t = &tables[kind];
	size_t i;

	if (!id)
		return;
	pthread_mutex_lock(&lock);
	i = above(t, id - 1);
	if (i < t->n && t->e[i].id == id) {
		memmove(&t->e[i], &t->e[i + 1], (t->n - i - 1) * sizeof(*t->e));
		t->n--;
	}
	if (!t->n) { /* idle: nothing stays allocated */
		mem_free(t->e);
		t->e = NULL;
		t->cap = 0;
	}
	pthread_mutex_unlock(&lock);
}

void *sys_id_get(enum sys_kind kind, uint32_t id, const struct kfunc_kernel *k)
{
	struct id_table *t = &tables[kind];
	void *obj = NULL;
	size_t i;

	if (!id)
		return NULL;
	pthread_mutex_lock(&lock);
	i = above(t, id - 1);
	if (i < t->n && t->e[i].id == id && (!k || kinds[kind].kernel(t->e[i].obj) == k) &&
	    kinds[kind].try_get(t->e[i].obj))
		obj = t->e[i].obj;
	pthread_mutex_unlock(&lock);
	return obj;
}

int sys_id_next(enum sys_kind kind, uint32_t id, const struct kfunc_kernel *k, uint32_t *next)
{
	struct id_table *t = &tables[kind];
	int err = -ENOENT;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = above(t, id); i < t->n; i++)
		if (!k || kinds[kind].kernel(t->e[i].obj) == k) {
			*next = t->e[i].id;
			err = 0;
			break;
		}
	pthread_mutex_unlock(&lock);
	return err;
}

long sys_enable_stats(struct sys_cmd *c)
{
	struct sys_stats *s;

	if (c->attr->b.enable_stats.type != BPF_STATS_RUN_TIME)
		return -EINVAL;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	atomic_store(&s->refs, 1);
	rt_stats_enable(true);
	return sys_fd_install(SYS_STATS, s, SYS_FD_RDWR);
}
