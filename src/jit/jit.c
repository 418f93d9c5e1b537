/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What every code generator needs: the fault table, names for profilers, running and leaving native
 * programs. Where code lies: memory.c.
 *
 * Exceptions: a program that may throw is entered through a frame that remembers where it began;
 * throwing jumps back there (kfunc spec R9.13). No destructor runs in between: the verifier has seen
 * to it that nothing is held.
 */
#include "jit/jit.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/run.h"

static _Atomic bool switched_off;

void jit_enable(bool on)
{
	atomic_store(&switched_off, !on);
}

bool jit_available(void)
{
#if defined(__x86_64__)
	return !atomic_load_explicit(&switched_off, memory_order_relaxed);
#else
	return false;
#endif
}

static void free_memory(struct jit_code *jit)
{
	jit_drop_image(jit);
	mem_free(jit->fix);
	mem_free(jit->range.row);
	mem_free(jit);
}

static void free_later(struct rcu_head *head)
{
	free_memory((struct jit_code *)((char *)head - offsetof(struct jit_code, rcu)));
}

void jit_free(struct jit_code *jit)
{
	if (!jit)
		return;
	if (!jit->range.n) {
		free_memory(jit);
		return;
	}
	/* another thread's fault handler may be walking over the table just now */
	rt_probe_del_range(&jit->range);
	rt_rcu_call(&jit->rcu, free_later);
}

/* ---------------------------------------------------------------- perf map */

static _Atomic bool perf_map;

void jit_set_perf_map(bool on)
{
	atomic_store(&perf_map, on);
}

/* One line a function, in the file where profilers look. A file that cannot be written is not missed. */
static void note_for_profilers(const struct rt_prog *p, const struct jit_code *jit)
{
	uint32_t n = p->facts.n_subprogs;
	char path[64];
	FILE *f;

	if (!atomic_load_explicit(&perf_map, memory_order_relaxed))
		return;
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	f = fopen(path, "ae");
	if (!f)
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t end = i + 1 < n ? jit->func_addr[i + 1] : jit->len;

		fprintf(f, "%lx %x bpf_%.15s_%u\n", (unsigned long)(jit->image + jit->func_addr[i]),
			end - jit->func_addr[i], p->name, i);
	}
	fclose(f);
}

static int add_faults(struct jit_code *jit)
{
	struct rt_probe_row *row;

	if (!jit->n_fix)
		return 0;
	row = mem_calloc(jit->n_fix, sizeof(*row));
	if (!row)
		return -ENOMEM;
	for (uint32_t i = 0; i < jit->n_fix; i++) {
		row[i].at = (uintptr_t)jit->image + jit->fix[i].at;
		row[i].fix = (uintptr_t)jit->image + jit->fix[i].to;
	}
	jit->range.start = (uintptr_t)jit->image;
	jit->range.end = jit->range.start + jit->len;
	jit->range.row = row;
	jit->range.n = jit->n_fix;
	rt_probe_add_range(&jit->range);
	return 0;
}

static uint64_t run_throwing(const struct rt_prog *p, void *ctx);

int jit_compile(struct rt_prog *p)
{
	struct jit_code *jit;
	int err;

	if (!jit_available() || p->facts.record) /* only the interpreter checks recorded states */
		return -ENOTSUPP;
	jit = mem_alloc(sizeof(*jit) + (p->n_insns + p->facts.n_subprogs) * sizeof(*jit->addr));
	if (!jit)
		return -ENOMEM;
	*jit = (struct jit_code){.n_ops = p->n_insns, .addr = (uint32_t *)(jit + 1)};
	jit->func_addr = jit->addr + p->n_insns;
	err = jit_arch_compile(p, jit);
	if (!err)
		err = add_faults(jit);
	if (err) {
		free_memory(jit);
		return err;
	}
	for (uint32_t i = 0; i < p->facts.n_subprogs; i++)
		p->code->funcs[i].native = jit->image + jit->func_addr[i];
	note_for_profilers(p, jit);
	p->jit = jit;
	p->run = p->facts.throws ? run_throwing
				 : (uint64_t (*)(const struct rt_prog *, void *))(
					   uintptr_t)(jit->image + jit->entry);
	return 0;
}

#if !defined(__x86_64__)
int jit_arch_compile(const struct rt_prog *p, struct jit_code *jit)
{
	(void)p;
	(void)jit;
	return -ENOTSUPP; /* no generator for this machine */
}
#endif

/* ---------------------------------------------------------------- running */

typedef uint64_t (*native_fn)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

struct throw_frame {
	jmp_buf start;
	uint64_t cookie;
};

uint64_t jit_call(const struct interp_func *fn, const uint64_t a[5])
{
	return ((native_fn)(uintptr_t)fn->native)(a[0], a[1], a[2], a[3], a[4]);
}

static uint64_t run_throwing(const struct rt_prog *p, void *ctx)
{
	struct rt_run *run = rt_current()->run;
	const struct interp_func *cb = p->code->exception_cb;
	void *volatile outer = run->engine;
	struct throw_frame frame;
	volatile uint64_t ret;

	run->engine = &frame;
	if (_setjmp(frame.start) == 0) {
		const uint64_t args[5] = {(uintptr_t)ctx};

		ret = jit_call(&p->code->funcs[0], args);
	} else {
		const uint64_t args[5] = {frame.cookie};

		ret = cb ? jit_call(cb, args) : frame.cookie;
	}
	run->engine = outer;
	return ret;
}

void jit_throw(uint64_t cookie)
{
	struct throw_frame *frame = rt_current()->run->engine;

	frame->cookie = cookie;
	_longjmp(frame->start, 1);
}

/* A program that must be entered by its own run: the tail call becomes a call and a return. */
static uint64_t run_other(void *ctx)
{
	const struct rt_prog *to = rt_current()->prog;

	return to->run(to, ctx);
}

const void *jit_tail_target(uint64_t map, uint64_t index)
{
	struct rt_map *array = (struct rt_map *)(uintptr_t)map;
	struct rt_vcpu *cpu = rt_current();
	uint32_t i = (uint32_t)index;
	const struct rt_prog *to;

	if (i >= array->desc.max_entries || cpu->tail_calls >= INTERP_TAIL_CALLS)
		return NULL;
	cpu->tail_calls++;
	to = array->ops->lookup(array, &i);
	if (!to || !to->code)
		return NULL;
	cpu->prog = to;
	if (to->jit && !to->facts.throws)
		return to->code->funcs[0].native;
	return (const void *)run_other;
}

struct jit_packet jit_ld_abs(const void *skb, int64_t off, uint64_t size)
{
	struct jit_packet r = {0, 0};

	r.found = interp_ld_abs(skb, off, size, &r.value);
	return r;
}
