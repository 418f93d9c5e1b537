/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The running kernel's side of the bench: programs are loaded with libbpf and run by BPF_PROG_TEST_RUN;
 * nothing is attached or pinned. A module of its own: its libbpf makes real system calls.
 */
#include "bench.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char last[120]; /* libbpf's last complaint */

static int keep_words(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[400], *nl;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	nl = strchr(line, '\n');
	if (nl)
		*nl = 0;
	if (!last[0])
		snprintf(last, sizeof(last), "%.119s", line);
	return 0;
}

static int run(struct runner *r, uint32_t n, uint32_t *result)
{
	LIBBPF_OPTS(bpf_test_run_opts, o);
	int err = 0;

	runner_drain(r);
	if (r->packet) {
		o.data_in = r->data;
		o.data_size_in = BENCH_PACKET;
		o.repeat = n;
		n = 1;
	}
	for (uint32_t i = 0; i < n && !err; i++)
		err = bpf_prog_test_run_opts(r->fd, &o);
	*result = o.retval;
	return err;
}

static void close_runner(struct runner *r)
{
	runner_unmap(r);
	bpf_object__close(r->obj);
	memset(r, 0, sizeof(*r));
}

static void map_ring(struct runner *r)
{
	struct bpf_map *m = bpf_object__find_map_by_name(r->obj, "ring");

	if (m)
		runner_map(r, bpf_map__fd(m), mmap);
}

__attribute__((visibility("default"))) int kernel_open(struct runner *r, const char *path,
						       const char *prog)
{
	struct bpf_program *p;
	int err = 0;

	memset(r, 0, sizeof(*r));
	last[0] = 0;
	libbpf_set_print(keep_words);
	r->obj = bpf_object__open_file(path, NULL);
	if (!r->obj)
		return -errno;
	bpf_object__for_each_program(p, (struct bpf_object *)r->obj) {
		bool it = !strcmp(bpf_program__name(p), prog);

		bpf_program__set_autoload(p, it);
		if (it)
			r->prog = p;
	}
	err = r->prog ? bpf_object__load(r->obj) : -ENOENT;
	if (!err) {
		r->packet = bpf_program__type(r->prog) != BPF_PROG_TYPE_SYSCALL;
		r->fd = bpf_program__fd(r->prog);
		r->run = run;
		r->close = close_runner;
		map_ring(r);
		return 0;
	}
	bpf_object__close(r->obj);
	r->obj = NULL;
	snprintf(r->why, sizeof(r->why), "%.119s", last[0] ? last : strerror(-err));
	return err;
}

__attribute__((visibility("default"))) int kernel_load_once(const void *data, size_t size)
{
	struct bpf_object *obj;
	int err;

	libbpf_set_print(NULL);
	obj = bpf_object__open_mem(data, size, NULL);
	err = obj ? bpf_object__load(obj) : -errno;
	bpf_object__close(obj);
	return err;
}
