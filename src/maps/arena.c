/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arenas: memory of up to 4 GiB that programs and the user share, in which pages are allocated. It is a file
 * in memory that is mapped twice: where the user asks for, and where programs work on it. The first lies
 * within one window of 4 GiB, so that the lower half of an address tells the place.
 *
 * A page that the user touched counts as allocated, as in Linux, where the fault allocates it: the file
 * knows which pages there are, and is asked when a program is loaded, when pages are allocated, and when a
 * program reaches for a page that is not in use. Not so with BPF_F_SEGV_ON_FAULT, and not for reserved
 * pages, which nobody is given and programs cannot touch: Linux sends the user who touches one SIGSEGV, here
 * what is written there is lost.
 *
 * Nothing is mapped and no file made before somebody maps the arena or a program that uses it is made
 * runnable: for a verification it is a description.
 */
#include "maps/arena.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maps/maps.h"

#define PAGE           4096ull
#define WINDOW         (1ull << 32)
#define F_SEGV         (1u << 17)
#define F_NO_USER_CONV (1u << 18)

struct arena {
	struct rt_map map;
	pthread_mutex_t lock;
	int fd;
	dev_t dev; /* of the file */
	ino_t ino;
	uint8_t *base; /* with a spare page behind, for accesses that begin in the last bytes */
	uint64_t user_start;
	/* 1: in use; for all of a window, so that no access needs another check; before base */
	uint8_t *pages;
	uint8_t *reserved; /* 1: so it is, and not in use; NULL: no page ever was */
};

static struct arena *arena(const void *map)
{
	return (struct arena *)map;
}

static uint64_t size_of(const struct arena *a)
{
	return a->map.desc.max_entries * PAGE;
}

static struct rt_map *arena_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				  int *err)
{
	struct arena *a = mem_zalloc(sizeof(*a));

	(void)k;
	if (!a) {
		*err = -ENOMEM;
		return NULL;
	}
	a->fd = -1;
	a->user_start = attr->map_extra;
	pthread_mutex_init(&a->lock, NULL);
	return &a->map;
}

/* Hosts that become daemons close descriptors that they do not know, and their numbers are used again. */
static bool have_file(struct arena *a)
{
	struct stat st;

	if (a->fd >= 0 && (fstat(a->fd, &st) || st.st_dev != a->dev || st.st_ino != a->ino))
		a->fd = -1;
	return a->fd >= 0;
}

static void arena_free(struct rt_map *map)
{
	struct arena *a = arena(map);

	if (a->reserved)
		munmap(a->reserved, a->map.desc.max_entries);
	if (a->pages)
		munmap(a->pages, MAP_ARENA_PAGES + size_of(a) + PAGE);
	if (have_file(a))
		close(a->fd);
	pthread_mutex_destroy(&a->lock);
	mem_free(a);
}

static uint8_t *map_private(uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* The file and its place for programs; under lock. */
static int make_memory(struct arena *a)
{
	uint64_t size = size_of(a);
	struct stat st;
	uint8_t *p;

	if (a->base)
		return 0;
	if (!have_file(a)) {
		a->fd = memfd_create("kfunc-arena", MFD_CLOEXEC);
		if (a->fd < 0 || fstat(a->fd, &st))
			return -ENOMEM;
		a->dev = st.st_dev;
		a->ino = st.st_ino;
	}
	if (ftruncate(a->fd, (off_t)size))
		return -ENOMEM;
	p = map_private(MAP_ARENA_PAGES + size + PAGE);
	if (!p)
		return -ENOMEM;
	if (mmap(p + MAP_ARENA_PAGES, size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, a->fd, 0) == MAP_FAILED) {
		munmap(p, MAP_ARENA_PAGES + size + PAGE);
		return -ENOMEM;
	}
	a->pages = p;
	a->base = p + MAP_ARENA_PAGES;
	return 0;
}

/* ---- users ---- */

static bool in_one_window(const void *p, uint64_t len)
{
	return (uintptr_t)p / WINDOW == ((uintptr_t)p + len - 1) / WINDOW;
}

/* A place for all of the arena within a window, found by asking for more than that. */
static void *find_place(uint64_t len)
{
	uint8_t *p = mmap(NULL, len + WINDOW, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *at = p;

	if (p == MAP_FAILED)
		return NULL;
	if (!in_one_window(p, len))
		at = (uint8_t *)(((uintptr_t)p + WINDOW - 1) / WINDOW * WINDOW);
	munmap(p, len + WINDOW);
	return at;
}

static void *arena_mmap(struct rt_map *map, void *addr, size_t len, int prot, int flags,
			uint64_t off, int *err)
{
	struct arena *a = arena(map);
	void *p = MAP_FAILED;

	(void)flags;
	if (off || !len || len > size_of(a)) {
		*err = -EINVAL;
		return NULL;
	}
	pthread_mutex_lock(&a->lock);
	*err = a->user_start && a->user_start != (uintptr_t)addr ? -EBUSY : make_memory(a);
	if (!*err && !addr) {
		addr = find_place(size_of(a));
		*err = addr ? 0 : -ENOMEM;
	}
	if (!*err && !in_one_window(addr, size_of(a)))
		*err = -ERANGE;
	if (!*err && !have_file(a))
		*err = -EBADF;
	/* never over what is there, whatever address a file asks for */
	if (!*err) {
		p = mmap(addr, len, prot, MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, a->fd,
			 0);
		*err = p == MAP_FAILED ? -errno : 0;
	}
	if (!*err && p != addr) { /* kernels before 4.17 take the address for a wish */
		munmap(p, len);
		*err = -EEXIST;
	}
	if (!*err) {
		a->user_start = (uintptr_t)p;
		__atomic_store_n(&map->desc.placed, true, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&a->lock);
	return *err ? NULL : p;
}

static void *arena_direct_value(struct rt_map *map)
{
	return (void *)(uintptr_t)arena(map)->user_start;
}

/* ---- pages; under lock ---- */

static bool is_reserved(const struct arena *a, uint64_t page)
{
	return a->reserved && a->reserved[page];
}

static void set_used(struct arena *a, uint64_t page, uint64_t n, uint8_t used)
{
	for (; n; n--, page++)
		__atomic_store_n(&a->pages[page], used, __ATOMIC_RELAXED);
}

/* The first page from page on that a touch has brought into the file, or some number that is too large. */
static uint64_t first_there(struct arena *a, uint64_t page)
{
	off_t at = have_file(a) && !(a->map.desc.flags & F_SEGV)
			   ? lseek(a->fd, (off_t)(page * PAGE), SEEK_DATA)
			   : -1;

	return at < 0 ? UINT64_MAX : (uint64_t)at / PAGE;
}

/* The first page of n from page on that is in use or reserved, or page + n. */
static uint64_t first_used(struct arena *a, uint64_t page, uint64_t n)
{
	uint64_t i = page, end = page + n, there;

	while (i < end && !a->pages[i] && !is_reserved(a, i))
		i++;
	if (i == page)
		return i;
	/* has the user touched one before that? */
	there = first_there(a, page);
	if (there < i) {
		i = there;
		set_used(a, i, 1, 1);
	}
	return i;
}

/* n free pages; the number of the first, or -1 */
static int64_t find_free(struct arena *a, uint64_t n)
{
	uint64_t page = 0, max = a->map.desc.max_entries, hit;

	while (page + n <= max) {
		hit = first_used(a, page, n);
		if (hit == page + n)
			return (int64_t)page;
		page = hit + 1;
	}
	return -1;
}

/* all pages that the user has touched so far */
static void take_touched(struct arena *a)
{
	uint64_t page = first_there(a, 0), max = a->map.desc.max_entries;

	for (; page < max; page = first_there(a, page + 1))
		if (!is_reserved(a, page))
			set_used(a, page, 1, 1);
}

bool map_arena_touched(void *map, uint32_t offset)
{
	struct arena *a = arena(map);
	uint64_t page = offset / PAGE;
	bool there;

	if (page >= a->map.desc.max_entries)
		return false;
	pthread_mutex_lock(&a->lock);
	there = a->pages[page] || (!is_reserved(a, page) && first_there(a, page) == page);
	if (there)
		set_used(a, page, 1, 1);
	pthread_mutex_unlock(&a->lock);
	return there;
}

int map_arena_open(void *map, struct map_arena_view *view)
{
	struct arena *a = arena(map);
	int err = -EINVAL;

	pthread_mutex_lock(&a->lock);
	if (a->user_start)
		err = make_memory(a);
	if (!err)
		take_touched(a);
	view->base = a->base;
	view->pages = a->pages;
	view->user_start = a->user_start;
	view->no_user_addresses = a->map.desc.flags & F_NO_USER_CONV;
	view->map = map;
	pthread_mutex_unlock(&a->lock);
	return err;
}

/* ---- what kfuncs do ---- */

/* number of the page at a user address; only the lower half counts */
static uint64_t page_of(const struct arena *a, uint64_t addr)
{
	return (uint32_t)(addr - a->user_start) / PAGE;
}

/* Forgets what is in pages, for the user and for programs: zero if they are seen again. */
static void empty(struct arena *a, uint64_t page, uint64_t n)
{
	madvise(a->base + page * PAGE, n * PAGE, MADV_REMOVE);
}

void *map_arena_alloc(void *map, uint64_t addr, uint32_t n_pages, int node, uint64_t flags)
{
	struct arena *a = arena(map);
	int64_t page = -1;

	if (a->map.desc.type != MAP_T_ARENA || flags || !n_pages ||
	    n_pages > a->map.desc.max_entries || addr % PAGE ||
	    (node != -1 && !map_node_exists((uint32_t)node)))
		return NULL;
	pthread_mutex_lock(&a->lock);
	if (!make_memory(a)) {
		if (!addr) {
			page = find_free(a, n_pages);
		} else {
			page = (int64_t)page_of(a, addr);
			if ((uint64_t)page > a->map.desc.max_entries - n_pages ||
			    first_used(a, (uint64_t)page, n_pages) != (uint64_t)page + n_pages)
				page = -1;
		}
		if (page >= 0 && a->map.desc.flags & F_SEGV)
			empty(a, (uint64_t)page, n_pages);
		if (page >= 0)
			set_used(a, (uint64_t)page, n_pages, 1);
	}
	pthread_mutex_unlock(&a->lock);
	return page < 0 ? NULL : (void *)(uintptr_t)(a->user_start + (uint64_t)page * PAGE);
}

void map_arena_free_pages(void *map, uint64_t addr, uint32_t n_pages)
{
	struct arena *a = arena(map);
	uint64_t page, n = n_pages, max = a->map.desc.max_entries;

	if (a->map.desc.type != MAP_T_ARENA || !addr)
		return;
	pthread_mutex_lock(&a->lock);
	page = page_of(a, addr);
	if (a->base && page < max) {
		if (n > max - page)
			n = max - page;
		set_used(a, page, n, 0);
		if (a->reserved)
			memset(a->reserved + page, 0, n);
		empty(a, page, n);
	}
	pthread_mutex_unlock(&a->lock);
}

int map_arena_reserve(void *map, uint64_t addr, uint32_t n_pages)
{
	struct arena *a = arena(map);
	uint64_t page;
	int err;

	if (a->map.desc.type != MAP_T_ARENA)
		return -EINVAL;
	if (!n_pages || addr % PAGE)
		return 0;
	pthread_mutex_lock(&a->lock);
	page = page_of(a, addr);
	err = make_memory(a);
	if (!err && page + n_pages > a->map.desc.max_entries)
		err = -EINVAL;
	if (!err && first_used(a, page, n_pages) != page + n_pages)
		err = -EBUSY;
	if (!err && !a->reserved)
		a->reserved = map_private(a->map.desc.max_entries);
	if (!err && !a->reserved)
		err = -ENOMEM;
	if (!err)
		memset(a->reserved + page, 1, n_pages);
	pthread_mutex_unlock(&a->lock);
	return err;
}

const struct rt_map_ops map_arena_ops = {
	.type = MAP_T_ARENA,
	.alloc = arena_alloc,
	.free = arena_free,
	.mmap = arena_mmap,
	.direct_value = arena_direct_value,
};
