/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The bench: programs of bench/progs run by several engines side by side. This program is linked with the
 * library's objects; the running kernel is reached through a module of its own (kernel.c), because both
 * sides contain a libbpf.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { NATIVE, JIT, INTERP, KERNEL, DPDK, N_ENGINES };

/* A loaded program. */
struct runner {
	void *obj, *prog; /* the engine's */
	int fd;
	bool packet; /* it runs on the packet and can be repeated by the engine */
	const void *data; /* the packet, BENCH_PACKET bytes; set by who opens */
	uint64_t *consumer, *producer; /* of its ring buffer, to empty it */
	/* n runs; 0 or -errno. *result: the last return value */
	int (*run)(struct runner *r, uint32_t n, uint32_t *result);
	void (*close)(struct runner *r);
	char why[120]; /* not loaded: the reason */
};

/* object file and program; 0 or -errno with why filled */
int ours_open(struct runner *r, const char *path, const char *prog, bool native);
int kernel_open(struct runner *r, const char *path, const char *prog);

bool dpdk_find(void);
int dpdk_open(struct runner *r, const char *path, const char *section);

/* opens, loads and closes an object in memory; 0 or -errno */
int ours_load_once(const void *obj, size_t size);
int kernel_load_once(const void *obj, size_t size);
/* ns of code generation and instructions of an object's programs, best of rounds */
int ours_codegen(const char *path, int rounds, uint64_t *ns, uint64_t *insns);
/* loads n copies of an object and keeps them: kB of resident memory that this took, or -errno */
long ours_memory(const void *obj, size_t size, int n);

#define BENCH_PACKET 1500

static inline void runner_drain(struct runner *r)
{
	if (r->consumer)
		__atomic_store_n(r->consumer, __atomic_load_n(r->producer, __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
}

/* The pages of a map's ring buffer; mmap_fn is mmap(2) or what stands for it. */
static inline void runner_map(struct runner *r, int fd,
			      void *(*mmap_fn)(void *, size_t, int, int, int, off_t))
{
	size_t page = getpagesize();
	void *consumer = mmap_fn(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *producer;

	if (consumer == MAP_FAILED)
		return;
	producer = mmap_fn(NULL, page, PROT_READ, MAP_SHARED, fd, page);
	if (producer == MAP_FAILED) {
		munmap(consumer, page);
		return;
	}
	r->consumer = consumer;
	r->producer = producer;
}

static inline void runner_unmap(struct runner *r)
{
	if (!r->consumer)
		return;
	munmap(r->consumer, getpagesize());
	munmap(r->producer, getpagesize());
}

#endif
