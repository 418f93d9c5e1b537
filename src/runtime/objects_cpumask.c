/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * CPU masks that programs create (kfunc spec 12.3), the number of CPU ids of this machine, and the
 * accounting of all live objects.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/object.h"
#include "runtime/objects_task.h"

struct rt_cpumask {
	struct bpf_cpumask m; /* first */
	struct rcu_head rcu;
};

static _Atomic uint64_t n_alive;

uint64_t rt_cpumasks_alive(void)
{
	return atomic_load(&n_alive);
}

/* "0-3", "0,2-5": one more than the last number */
static unsigned int read_ids(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	char text[256] = "", *p;
	long n = 0;

	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = 0;
		fclose(f);
	}
	for (p = text; *p;) {
		char *end;
		long v = strtol(p, &end, 10);

		if (end == p) {
			p++;
			continue;
		}
		n = v + 1;
		p = end + (*end == '-' || *end == ',');
	}
	if (n <= 0)
		n = sysconf(_SC_NPROCESSORS_CONF);
	if (n <= 0)
		n = 1;
	return n > KFUNCS_NR_CPUS ? KFUNCS_NR_CPUS : (unsigned int)n;
}

unsigned int rt_cpumask_ids(void)
{
	static _Atomic unsigned int ids; /* racing first calls read the same */
	unsigned int n = atomic_load_explicit(&ids, memory_order_relaxed);

	if (!n) {
		n = read_ids();
		atomic_store_explicit(&ids, n, memory_order_relaxed);
	}
	return n;
}

struct bpf_cpumask *rt_cpumask_create(void)
{
	struct rt_cpumask *o = mem_zalloc(sizeof(*o));

	if (!o)
		return NULL;
	o->m.usage.refs.counter = 1;
	atomic_fetch_add(&n_alive, 1);
	return &o->m;
}

static void mask_free(struct rcu_head *head)
{
	mem_free((char *)head - offsetof(struct rt_cpumask, rcu));
	atomic_fetch_sub(&n_alive, 1);
}

void rt_cpumask_put(struct bpf_cpumask *m)
{
	if (m && __atomic_sub_fetch(&m->usage.refs.counter, 1, __ATOMIC_ACQ_REL) == 0)
		rt_rcu_call(&((struct rt_cpumask *)m)->rcu, mask_free);
}

/* ---- accounting ---- */

void rt_objects_count(struct rt_object_counts *c)
{
	c->tasks = rt_tasks_alive();
	c->cgroups = rt_cgroups_alive();
	c->cpumasks = rt_cpumasks_alive();
	c->own = rt_objs_alive();
}

uint64_t rt_objects_alive(void)
{
	struct rt_object_counts c;

	rt_objects_count(&c);
	return c.tasks + c.cgroups + c.cpumasks;
}

void rt_objects_reap(void)
{
	rt_tasks_reap();
	rt_cgroups_reap();
}

void rt_objects_forget(void)
{
	rt_tasks_forget();
	rt_cgroups_forget();
}
