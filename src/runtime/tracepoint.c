/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Tracepoints: a table of names that only grows, and per tracepoint an array of links that is
 * replaced as a whole under a lock and read under RCU. A program is run by rt_prog_run(), which
 * opens its own read section (none for sleepable programs), so each link counts the runs in
 * progress, and detaching waits for the grace period and then for that count.
 */
#include "runtime/tracepoint.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/rt.h"

struct rt_tp_link {
	struct rt_tracepoint *tp;
	struct rt_prog *prog;
	uint64_t cookie;
	_Atomic uint32_t running;
};

/* what is attached, replaced as a whole */
struct links {
	struct rcu_head rcu;
	uint32_t n;
	struct rt_tp_link *l[];
};

struct rt_tracepoint {
	struct rt_tracepoint *next;
	struct links *_Atomic links; /* NULL: nothing attached */
	uint32_t n_args;
	const struct btf_obj *owner; /* NULL: the kernel's own */
	uint32_t *active;            /* a host's flag, or NULL */
	char name[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rt_tracepoint *_Atomic all;
static __thread uint64_t current_cookie;

struct rt_tracepoint *rt_tracepoint_find(const char *name)
{
	struct rt_tracepoint *tp;

	for (tp = atomic_load(&all); tp; tp = tp->next)
		if (!strcmp(tp->name, name))
			return tp;
	return NULL;
}

/* lock held */
static struct rt_tracepoint *new_tracepoint(const char *name, uint32_t n_args,
					    const struct btf_obj *owner, uint32_t *active)
{
	size_t len = strlen(name) + 1;
	struct rt_tracepoint *tp;

	tp = n_args <= RT_TP_MAX_ARGS ? mem_zalloc(sizeof(*tp) + len) : NULL;
	if (!tp)
		return NULL;
	tp->n_args = n_args;
	tp->owner = owner;
	tp->active = active;
	memcpy(tp->name, name, len);
	tp->next = atomic_load(&all);
	atomic_store(&all, tp);
	return tp;
}

struct rt_tracepoint *rt_tracepoint_declare(const char *name, uint32_t n_args)
{
	struct rt_tracepoint *tp;

	pthread_mutex_lock(&lock);
	tp = rt_tracepoint_find(name);
	if (!tp)
		tp = new_tracepoint(name, n_args, NULL, NULL);
	else if (tp->n_args != n_args || tp->owner)
		tp = NULL;
	pthread_mutex_unlock(&lock);
	return tp;
}

struct rt_tracepoint *rt_tracepoint_declare_host(const char *name, uint32_t n_args,
						 const struct btf_obj *owner, uint32_t *active)
{
	struct rt_tracepoint *tp = NULL;

	pthread_mutex_lock(&lock);
	if (!rt_tracepoint_find(name))
		tp = new_tracepoint(name, n_args, owner, active);
	pthread_mutex_unlock(&lock);
	return tp;
}

const char *rt_tracepoint_name(const struct rt_tracepoint *tp)
{
	return tp->name;
}

bool rt_tracepoint_active(const struct rt_tracepoint *tp)
{
	return atomic_load_explicit(&((struct rt_tracepoint *)tp)->links, memory_order_relaxed) !=
	       NULL;
}

uint64_t rt_tracepoint_cookie(void)
{
	return current_cookie;
}

static void run_one(const struct rt_tracepoint *tp, struct rt_tp_link *l, const uint64_t *args)
{
	uint64_t ctx[RT_TP_MAX_ARGS] = {0}, outer = current_cookie;

	/* a writable program changes its own copy only */
	memcpy(ctx, args, tp->n_args * sizeof(ctx[0]));
	current_cookie = l->cookie;
	rt_prog_run(l->prog, ctx);
	current_cookie = outer;
}

void rt_tracepoint_fire(struct rt_tracepoint *tp, const uint64_t *args)
{
	struct rt_tp_link *link[16];
	struct links *ls;
	uint32_t from = 0, n, i;

	if (!rt_tracepoint_active(tp))
		return;
	/* in portions: programs run outside of the read section that protects the array */
	do {
		rt_rcu_read_lock();
		ls = atomic_load_explicit(&tp->links, memory_order_acquire);
		for (n = 0; ls && n < 16 && from + n < ls->n; n++) {
			link[n] = ls->l[from + n];
			atomic_fetch_add(&link[n]->running, 1);
		}
		rt_rcu_read_unlock();
		for (i = 0; i < n; i++) {
			run_one(tp, link[i], args);
			atomic_fetch_sub(&link[i]->running, 1);
		}
		from += n;
	} while (n == 16);
}

static void free_links(struct rcu_head *head)
{
	mem_free((char *)head - offsetof(struct links, rcu));
}

/* lock held: the array without `without` and with `with` at its end; -ENOMEM */
static int replace(struct rt_tracepoint *tp, struct rt_tp_link *with,
		   const struct rt_tp_link *without)
{
	struct links *old = atomic_load(&tp->links), *new;
	uint32_t n = old ? old->n : 0, k = 0;

	new = mem_zalloc(sizeof(*new) + (n + 1) * sizeof(new->l[0]));
	if (!new)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		if (old->l[i] != without)
			new->l[k++] = old->l[i];
	if (with)
		new->l[k++] = with;
	new->n = k;
	if (!k) {
		mem_free(new);
		new = NULL;
	}
	atomic_store_explicit(&tp->links, new, memory_order_release);
	if (tp->active)
		__atomic_store_n(tp->active, new != NULL, __ATOMIC_RELAXED);
	if (old)
		rt_rcu_call(&old->rcu, free_links);
	return 0;
}

/* Typed programs attach to what they were verified for: names alone may mean another module's. */
static bool is_target(const struct rt_tracepoint *tp, const struct rt_prog *prog)
{
	const struct btf_obj *owner;

	if (prog->type != BPF_PROG_TYPE_TRACING)
		return true;
	owner = prog->attach_btf ? btf_owner(prog->attach_btf, prog->attach_btf_id) : NULL;
	if (prog->kernel && owner == prog->kernel->btf)
		owner = NULL;
	return tp->owner == owner;
}

int rt_tracepoint_attach(const char *name, struct rt_prog *prog, uint64_t cookie,
			 struct rt_tp_link **link)
{
	struct rt_tracepoint *tp = rt_tracepoint_find(name);
	struct rt_tp_link *l;
	struct links *ls;
	int err = 0;

	if (!tp || !is_target(tp, prog))
		return -ENOENT;
	if (prog->facts.max_ctx_offset > tp->n_args * sizeof(uint64_t))
		return -EINVAL;
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->tp = tp;
	l->prog = prog;
	l->cookie = cookie;
	rt_prog_get(prog);
	pthread_mutex_lock(&lock);
	ls = atomic_load(&tp->links);
	for (uint32_t i = 0; ls && i < ls->n; i++)
		if (ls->l[i]->prog == prog)
			err = -EEXIST;
	if (!err)
		err = replace(tp, l, NULL);
	pthread_mutex_unlock(&lock);
	if (err) {
		rt_prog_put(prog);
		mem_free(l);
		return err;
	}
	*link = l;
	return 0;
}

/* Out of memory: the array keeps its place, in which nothing is left to run. */
static void blank(struct rt_tracepoint *tp, const struct rt_tp_link *gone)
{
	struct links *ls = atomic_load(&tp->links);
	uint32_t k = 0;

	for (uint32_t i = 0; i < ls->n; i++)
		if (ls->l[i] != gone)
			ls->l[k++] = ls->l[i];
	ls->n = k;
}

void rt_tracepoint_detach(struct rt_tp_link *l)
{
	pthread_mutex_lock(&lock);
	if (replace(l->tp, NULL, l))
		blank(l->tp, l);
	pthread_mutex_unlock(&lock);
	rt_rcu_synchronize();
	while (atomic_load(&l->running))
		sched_yield();
	rt_prog_put(l->prog);
	mem_free(l);
}
