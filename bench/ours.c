/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The library's side of the bench: programs through the public API, natively or interpreted. */
#include "bench.h"

#include <kfunc/libkfunc.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jit/jit.h"
#include "syscall/libc_hooks.h"
#include "syscall/syscall.h"

static int run(struct runner *r, uint32_t n, uint32_t *result)
{
	KFUNC_OPTS(kfunc_run_opts, o);
	int err = 0;

	runner_drain(r);
	if (r->packet) {
		o.data_in = r->data;
		o.data_size_in = BENCH_PACKET;
		o.repeat = n;
		n = 1;
	}
	for (uint32_t i = 0; i < n && !err; i++)
		err = kfunc_program__run(r->prog, &o);
	*result = o.retval;
	return err;
}

static void close_runner(struct runner *r)
{
	runner_unmap(r);
	kfunc_object__close(r->obj);
	memset(r, 0, sizeof(*r));
}

static void map_ring(struct runner *r)
{
	struct kfunc_map *m = kfunc_object__find_map(r->obj, "ring");

	if (m)
		runner_map(r, kfunc_map__fd(m), kf_sys_mmap64);
}

int ours_open(struct runner *r, const char *path, const char *prog, bool native)
{
	struct kfunc_program *p = NULL;
	int err = 0;

	memset(r, 0, sizeof(*r));
	r->obj = kfunc_object__open_file(path, NULL);
	if (!r->obj)
		return -errno;
	while ((p = kfunc_object__next_program(r->obj, p))) {
		bool it = !strcmp(kfunc_program__name(p), prog);

		kfunc_program__set_autoload(p, it);
		if (it)
			r->prog = p;
	}
	jit_enable(native);
	err = r->prog ? kfunc_object__load(r->obj) : -ENOENT;
	jit_enable(true);
	if (!err) {
		r->packet = strcmp(kfunc_program__section(r->prog), "syscall") != 0;
		r->fd = kfunc_program__fd(r->prog);
		r->run = run;
		r->close = close_runner;
		map_ring(r);
		return 0;
	}
	snprintf(r->why, sizeof(r->why), "%.100s", kfunc_object__error(r->obj));
	kfunc_object__close(r->obj);
	r->obj = NULL;
	return err;
}

int ours_load_once(const void *data, size_t size)
{
	KFUNC_OPTS(kfunc_object_opts, o, .name = "small");
	struct kfunc_object *obj = kfunc_object__open_mem(data, size, &o);
	int err = obj ? kfunc_object__load(obj) : -errno;

	kfunc_object__close(obj);
	return err;
}

static long resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long total, resident = 0;

	if (f && fscanf(f, "%ld %ld", &total, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (getpagesize() / 1024);
}

long ours_memory(const void *data, size_t size, int n)
{
	KFUNC_OPTS(kfunc_object_opts, o, .name = "small");
	struct kfunc_object **objs = calloc(n, sizeof(*objs));
	long before = resident_kb(), kb;
	int err = objs ? 0 : -ENOMEM;

	for (int i = 0; i < n && !err; i++) {
		objs[i] = kfunc_object__open_mem(data, size, &o);
		err = objs[i] ? kfunc_object__load(objs[i]) : -errno;
	}
	kb = resident_kb() - before;
	for (int i = 0; i < n && objs; i++)
		kfunc_object__close(objs[i]);
	free(objs);
	return err ? err : kb;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* translates a loaded program again, and again */
static int translate(struct rt_prog *p, int rounds, uint64_t *ns)
{
	struct jit_code *keep = p->jit;
	uint64_t best = UINT64_MAX;
	int err = 0;

	for (int i = 0; i < rounds && !err; i++) {
		uint64_t start = now(), took;

		err = jit_compile(p);
		took = now() - start;
		if (!err)
			jit_free(p->jit);
		if (took < best)
			best = took;
	}
	p->jit = keep;
	*ns += best;
	return err;
}

int ours_codegen(const char *path, int rounds, uint64_t *ns, uint64_t *insns)
{
	struct kfunc_object *obj = kfunc_object__open_file(path, NULL);
	struct kfunc_program *p = NULL;
	int err = obj ? kfunc_object__load(obj) : -errno;

	while (!err && (p = kfunc_object__next_program(obj, p))) {
		struct rt_prog *prog = syscall_prog_by_fd(kfunc_program__fd(p), &err);

		if (!prog)
			break;
		err = translate(prog, rounds, ns);
		*insns += prog->n_insns;
		(void)jit_compile(prog); /* the functions' addresses are the last translation's */
		rt_prog_put(prog);
	}
	kfunc_object__close(obj);
	return err;
}
