/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A peer: DPDK's BPF library (Debian: librte-bpf23), where it is installed; nothing is built against it. It knows
 * neither loops nor maps, kfuncs or functions of a program, so it runs few rows, from an object of their own
 * (progs/peer.bpf.c), on the packet as a block of BENCH_PACKET bytes.
 */
#include "bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* its interface, as of version 22.11 */
struct param {
	const void *insns;
	uint32_t n_insns;
	const void *symbols;
	uint32_t n_symbols;
	struct {
		int type;
		size_t size, buf_size;
	} arg;
};
#define ARG_PTR 0x10

struct code {
	uint64_t (*run)(void *data);
	size_t size;
};

static struct {
	void *(*load)(const struct param *p, const char *file, const char *section);
	int (*code)(const void *prog, struct code *code);
	void (*destroy)(void *prog);
} lib;

static int run(struct runner *r, uint32_t n, uint32_t *result)
{
	uint64_t (*fn)(void *data) = (uint64_t(*)(void *))r->obj;

	while (n--)
		*result = (uint32_t)fn((void *)(uintptr_t)r->data);
	return 0;
}

static void close_runner(struct runner *r)
{
	lib.destroy(r->prog);
	memset(r, 0, sizeof(*r));
}

bool dpdk_find(void)
{
	void *so = dlopen("librte_bpf.so.23", RTLD_NOW);

	if (!so)
		return false;
	lib.load = (void *(*)(const struct param *, const char *, const char *))dlsym(so, "rte_bpf_elf_load");
	lib.code = (int (*)(const void *, struct code *))dlsym(so, "rte_bpf_get_jit");
	lib.destroy = (void (*)(void *))dlsym(so, "rte_bpf_destroy");
	return lib.load && lib.code && lib.destroy;
}

/* it reports every load on the standard output */
static void *load_quietly(const struct param *p, const char *path, const char *section)
{
	int out, null = open("/dev/null", O_WRONLY | O_CLOEXEC), err;
	void *prog;

	fflush(stdout);
	out = dup(1);
	err = dup(2);
	dup2(null, 1);
	dup2(null, 2);
	prog = lib.load(p, path, section);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	close(null);
	return prog;
}

int dpdk_open(struct runner *r, const char *path, const char *section)
{
	struct param p = {.arg = {.type = ARG_PTR, .size = BENCH_PACKET}};
	struct code code = {0};

	memset(r, 0, sizeof(*r));
	if (!lib.load)
		return -ENOENT;
	r->prog = load_quietly(&p, path, section);
	if (!r->prog)
		return -EINVAL;
	if (lib.code(r->prog, &code) || !code.run) {
		close_runner(r);
		return -ENOTSUP;
	}
	r->obj = (void *)(uintptr_t)code.run;
	r->run = run;
	r->close = close_runner;
	return 0;
}
