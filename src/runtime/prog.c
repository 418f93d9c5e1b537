/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Programs at run time: entering and leaving them, and their end. A program is freed, with all that
 * it owns, after a grace period: threads may still be in it when the last reference goes.
 */
#include "runtime/run.h"

#include <errno.h>
#include <time.h>
#include <urcu/call-rcu.h>

#include "base/mem.h"
#include "btf/btf.h"

static _Atomic uint32_t stats_users;
static const struct rt_current_ops no_ops;
static _Atomic(const struct rt_current_ops *) current_ops = &no_ops;

void rt_stats_enable(bool on)
{
	if (on)
		atomic_fetch_add(&stats_users, 1);
	else
		atomic_fetch_sub(&stats_users, 1);
}

void rt_set_current_ops(const struct rt_current_ops *ops)
{
	atomic_store(&current_ops, ops ? ops : &no_ops);
}

const struct rt_current_ops *rt_current_ops(void)
{
	return atomic_load_explicit(&current_ops, memory_order_acquire);
}

void rt_prog_get(struct rt_prog *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

static void free_prog(struct rcu_head *head)
{
	struct rt_prog *p = (struct rt_prog *)((char *)head - offsetof(struct rt_prog, rcu));
	uint32_t i;

	jit_free(p->jit);
	interp_free(p->code);
	for (i = 0; i < p->n_maps; i++)
		rt_map_put(p->maps[i]);
	mem_free(p->maps);
	vf_facts_free(&p->facts);
	btf_put(p->btf);
	btf_put(p->attach_btf);
	mem_free(p->attach_name);
	mem_free(p->func_info);
	mem_free(p->line_info);
	mem_free(p->insns);
	if (p->kernel)
		kernel_put(p->kernel);
	mem_free(p);
}

void rt_prog_put(struct rt_prog *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	if (p->on_free)
		p->on_free(p);
	rt_rcu_call(&p->rcu, free_prog);
}

void rt_run_begin(struct rt_run *run, const struct rt_prog *prog, void *ctx)
{
	struct rt_vcpu *cpu = rt_enter();

	rt_rcu_read_lock();
	run->outer = cpu->run;
	run->prog = prog;
	run->ctx = ctx;
	run->engine = NULL;
	run->cpu = cpu;
	run->saved_prog = cpu->prog;
	run->saved_ctx = cpu->ctx;
	run->saved_tail_calls = cpu->tail_calls;
	run->saved_rcu = cpu->rcu_depth;
	run->saved_preempt = cpu->preempt_depth;
	run->saved_irq = cpu->irq_depth;
	cpu->run = run;
	cpu->prog = prog;
	cpu->ctx = ctx;
	cpu->tail_calls = 0;
	cpu->rcu_depth = 0;
	cpu->preempt_depth = 0;
	cpu->irq_depth = 0;
}

void rt_run_end(struct rt_run *run)
{
	struct rt_vcpu *cpu = run->cpu;

	if (cpu->n_kept && !run->outer)
		rt_put_kept(cpu);
	cpu->run = run->outer;
	cpu->prog = run->saved_prog;
	cpu->ctx = run->saved_ctx;
	cpu->tail_calls = run->saved_tail_calls;
	cpu->rcu_depth = run->saved_rcu;
	cpu->preempt_depth = run->saved_preempt;
	cpu->irq_depth = run->saved_irq;
	rt_rcu_read_unlock();
	rt_leave(cpu);
}

/* Programs on events must not start themselves again from the event they cause (the kernel counts
 * such an entry as missed). */
static bool refuses_recursion(const struct rt_prog *p)
{
	const struct rt_vcpu *cpu = rt_current();
	const struct rt_run *r;

	if (!cpu || !cpu->run)
		return false;
	if (p->type != BPF_PROG_TYPE_TRACING && p->type != BPF_PROG_TYPE_RAW_TRACEPOINT &&
	    p->type != BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE && p->type != BPF_PROG_TYPE_KPROBE &&
	    p->type != BPF_PROG_TYPE_TRACEPOINT && p->type != BPF_PROG_TYPE_PERF_EVENT)
		return false;
	for (r = cpu->run; r; r = r->outer)
		if (r->prog == p)
			return true;
	return false;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void add_stats(const struct rt_prog *p, uint64_t start)
{
	struct rt_prog *counted = (struct rt_prog *)p; /* only its two counters */

	atomic_fetch_add_explicit(&counted->run_cnt, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&counted->run_ns, now_ns() - start, memory_order_relaxed);
}

uint64_t rt_prog_run(const struct rt_prog *p, void *ctx)
{
	bool stats = atomic_load_explicit(&stats_users, memory_order_relaxed) != 0;
	uint64_t ret, start = 0;
	struct rt_run run;

	if (refuses_recursion(p))
		return 0;
	if (stats)
		start = now_ns();
	rt_run_begin(&run, p, ctx);
	ret = p->run(p, ctx);
	rt_run_end(&run);
	if (stats)
		add_stats(p, start);
	return ret;
}

/*
 * One entry serves a batch: the promises that a CPU and a read section give hold for all its rounds. Batches
 * grow while they are over quickly, so that no grace period waits for much more than BATCH_NS or one round.
 */
#define BATCH     64
#define BATCH_MAX 16384
#define BATCH_NS  50000

/* On a cache line: a call that lies across two costs a quarter of what an empty program does. */
static uint64_t __attribute__((noinline, aligned(64)))
repeat(uint64_t (*run)(const struct rt_prog *prog, void *ctx), const struct rt_prog *p, void *ctx,
       uint32_t n)
{
	uint64_t ret = 0;

	while (n--)
		ret = run(p, ctx);
	return ret;
}

static uint64_t run_batch(const struct rt_prog *p, void *ctx, uint32_t n)
{
	struct rt_run here;
	uint64_t ret = 0;

	rt_run_begin(&here, p, ctx);
	if (!p->tail_calls) {
		ret = repeat(p->run, p, ctx, n);
	} else {
		while (n--) {
			ret = p->run(p, ctx);
			here.cpu->tail_calls = 0; /* another program may have ended the round */
			here.cpu->prog = p;
			here.cpu->ctx = ctx;
		}
	}
	rt_run_end(&here);
	return ret;
}

int rt_prog_run_many(const struct rt_prog *p, void *ctx, uint32_t n, const volatile int *stop,
		     uint64_t *ret)
{
	uint32_t some, batch = stop ? 1 : BATCH;
	uint64_t start, end = 0;

	*ret = 0;
	if (refuses_recursion(p))
		return 0;
	for (; n; n -= some) {
		if (stop && __atomic_load_n(stop, __ATOMIC_RELAXED))
			return -EINTR;
		some = n < batch ? n : batch;
		if (atomic_load_explicit(&stats_users, memory_order_relaxed)) {
			some = 1;
			*ret = rt_prog_run(p, ctx);
			continue;
		}
		start = end ? end : n > some ? now_ns() : 0;
		*ret = run_batch(p, ctx, some);
		if (n > some && batch < BATCH_MAX) {
			end = now_ns();
			batch = end - start < BATCH_NS / 2 ? batch * 2 : batch;
		}
	}
	return 0;
}
