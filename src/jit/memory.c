/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Memory for code. Programs are small, so many share a piece of memory; a piece is a file without a name
 * that is mapped to be read and executed, and code is written into the file. The process has no address
 * at which code could be written, at any time.
 *
 * Where that is forbidden, a program gets pages of its own, which are written first and made executable
 * then.
 *
 * Both sides of a fork(2) have the same file. From then on nobody puts anything into the pieces that
 * existed: what runs in one process never changes under the other.
 *
 * x86 keeps what it has fetched coherent with what is written. An address is used again after the grace
 * period of the program that had it, and a system call: no processor is still in the old code.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "jit/jit.h"

#define NEAR  (1ull << 30)
#define PIECE (256u << 10)
#define UNIT  JIT_ALIGN
#define UNITS (PIECE / UNIT)

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

struct file_id {
	uint64_t ino;
	uint32_t major, minor; /* of its device */
};

struct jit_piece {
	struct jit_piece *next;
	uint8_t *at;
	_Atomic int fd; /* -1: the host closed it */
	struct file_id file;
	bool closed;   /* nothing more is put into it */
	uint32_t used; /* units */
	uint32_t hint; /* nothing is free before it */
	bool taken[UNITS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct jit_piece *pieces;
static pthread_once_t at_fork = PTHREAD_ONCE_INIT;
static bool no_files; /* they cannot be executed here */

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	for (struct jit_piece *p = pieces; p; p = p->next)
		p->closed = true;
	pthread_mutex_unlock(&lock);
}

static void watch_forks(void)
{
	if (pthread_atfork(before_fork, after_fork, after_fork))
		no_files = true;
}

/*
 * Pages in reach of a near call from the library's functions, if there are any. The address is a wish:
 * where it is taken, the system chooses another and calls are absolute.
 */
static _Atomic uintptr_t next_wish;

static uintptr_t home(void)
{
	return (uintptr_t)jit_alloc_image & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
}

static uintptr_t first_wish(void)
{
	return home() - NEAR / 2;
}

static void *map_near(size_t size, int prot, int flags, int fd)
{
	uintptr_t wish = atomic_load(&next_wish);
	void *at;

	if (!wish)
		wish = first_wish();
	at = mmap((void *)wish, size, prot, flags, fd, 0);
	if ((uintptr_t)at == wish)
		atomic_store(&next_wish,
			     wish + size < home() - (1u << 26) ? wish + size : first_wish());
	return at;
}

const uint8_t *jit_probable_place(void)
{
	uintptr_t wish = atomic_load(&next_wish);

	return (const uint8_t *)(wish ? wish : first_wish());
}

/* Times are not asked for: where they were seen, the next write has to put down a new one. */
static bool identify(int fd, struct file_id *id)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO, &st))
		return false;
	*id = (struct file_id){st.stx_ino, st.stx_dev_major, st.stx_dev_minor};
	return true;
}

static int open_file(void)
{
	struct rlimit limit;
	int fd;

	/* growing a file beyond this limit is a signal */
	if (getrlimit(RLIMIT_FSIZE, &limit) ||
	    (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < PIECE))
		return -1;
	fd = memfd_create("kfunc-code", MFD_CLOEXEC | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("kfunc-code", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, PIECE)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static struct jit_piece *new_piece(void)
{
	struct jit_piece *p = mem_zalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->fd = open_file();
	if (p->fd >= 0 && identify(p->fd, &p->file)) {
		p->at = map_near(PIECE, PROT_READ | PROT_EXEC, MAP_SHARED, p->fd);
		if (p->at != MAP_FAILED) {
			p->next = pieces;
			pieces = p;
			return p;
		}
	}
	if (p->fd >= 0)
		close(p->fd);
	no_files = true;
	mem_free(p);
	return NULL;
}

static void mark(struct jit_piece *p, uint32_t first, uint32_t n, bool taken)
{
	memset(p->taken + first, taken, n);
	p->used += taken ? n : -n;
}

/* the first of n units in a row within [from, to), or UNITS */
static uint32_t find_run(const struct jit_piece *p, uint32_t from, uint32_t to, uint32_t n)
{
	while (from + n <= to) {
		const bool *free_one = memchr(p->taken + from, false, to - from), *bar;

		if (!free_one || (from = free_one - p->taken) + n > to)
			break;
		bar = memchr(free_one, true, n);
		if (!bar)
			return from;
		from = bar + 1 - p->taken;
	}
	return UNITS;
}

/* Hosts that become daemons close descriptors that they do not know, and their numbers are used again. */
static bool still_ours(struct jit_piece *p)
{
	struct file_id id;

	if (p->fd >= 0 && identify(p->fd, &id) && id.ino == p->file.ino &&
	    id.major == p->file.major && id.minor == p->file.minor)
		return true;
	p->fd = -1;
	p->closed = true;
	return false;
}

static bool take(struct jit_piece *p, struct jit_code *jit, uint32_t n)
{
	uint32_t u;

	if (p->closed || UNITS - p->used < n)
		return false;
	u = find_run(p, p->hint, UNITS, n);
	if (u == UNITS || !still_ours(p))
		return false;
	if (u == p->hint)
		p->hint = u + n;
	mark(p, u, n, true);
	jit->piece = p;
	jit->image = p->at + u * UNIT;
	jit->size = n * UNIT;
	return true;
}

static bool take_shared(struct jit_code *jit, uint32_t len)
{
	uint32_t n = (len + UNIT - 1) / UNIT;
	struct jit_piece *p;
	bool ok;

	if (n > UNITS / 4)
		return false;
	pthread_once(&at_fork, watch_forks);
	pthread_mutex_lock(&lock);
	p = pieces;
	while (p && !take(p, jit, n))
		p = p->next;
	if (!p && !no_files)
		p = new_piece();
	ok = p && (jit->piece || take(p, jit, n));
	pthread_mutex_unlock(&lock);
	return ok;
}

int jit_alloc_image(struct jit_code *jit, uint32_t len)
{
	size_t page, size;
	void *at;

	if (take_shared(jit, len))
		return 0;
	page = sysconf(_SC_PAGESIZE);
	size = (len + page - 1) & ~(page - 1);
	at = map_near(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (at == MAP_FAILED)
		return -ENOMEM;
	jit->image = at;
	jit->size = size;
	return 0;
}

/* p's units [first, first + n) are free again; lock held */
static void give_back(struct jit_piece *p, uint32_t first, uint32_t n)
{
	struct jit_piece **link = &pieces;

	mark(p, first, n, false);
	if (first < p->hint)
		p->hint = first;
	/* the last one that can take code stays, for the next program */
	if (p->used || (!p->closed && p == pieces && !p->next))
		return;
	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	munmap(p->at, PIECE);
	if (still_ours(p))
		close(p->fd);
	mem_free(p);
}

static bool write_all(const struct jit_code *jit, const uint8_t *code, uint32_t len)
{
	uint64_t off = jit->image - jit->piece->at;

	while (len) {
		/* unlike pwrite(), this is not where a thread may be cancelled */
		ssize_t n = syscall(SYS_pwrite64, jit->piece->fd, code, (size_t)len, off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		code += n;
		len -= n;
		off += n;
	}
	return true;
}

int jit_put_image(struct jit_code *jit, const void *code, uint32_t len)
{
	if (!jit->piece) {
		memcpy(jit->image, code, len);
		return mprotect(jit->image, jit->size, PROT_READ | PROT_EXEC) ? -ENOTSUPP : 0;
	}
	/* whose file it is was seen just now: take() */
	return write_all(jit, code, len) ? 0 : -ENOTSUPP;
}

void jit_drop_image(struct jit_code *jit)
{
	struct jit_piece *p = jit->piece;

	if (p) {
		pthread_mutex_lock(&lock);
		give_back(p, (jit->image - p->at) / UNIT, jit->size / UNIT);
		pthread_mutex_unlock(&lock);
	} else if (jit->image) {
		munmap(jit->image, jit->size);
	}
	jit->piece = NULL;
	jit->image = NULL;
}
