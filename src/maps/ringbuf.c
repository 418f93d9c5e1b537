/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Ring buffers, in the layout that consumers know: a page with the consumer's position (theirs to
 * write), a page with the producer's position, the data. A record is an 8-byte header (length with
 * a busy and a discard bit, page offset) and its bytes, 8-byte aligned; positions only grow. The
 * data pages are mapped twice in a row, here and at consumers, so that a record that wraps is
 * contiguous.
 *
 * In our own mapping a private page comes before the three parts. It leads from a record, whose
 * header holds the number of pages back to it, to the map: a commit is given only the record.
 *
 * Producers share a lock while they reserve; a commit takes none. The consumer is woken through an
 * eventfd when it had caught up with the record, or as the flags say.
 *
 * Nothing read from the consumer's page is trusted: its position only decides whether there is
 * room.
 *
 * Left out: overwrite mode (a flag newer than 6.18) and user ring buffers.
 */
#include "maps/ringbuf.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps/maps.h"

#define HEADER     8u
#define BUSY       (1u << 31)
#define DISCARD    (1u << 30)
#define RECORD_MAX (UINT32_MAX / 4)

struct record {
	uint32_t len;
	uint32_t pages; /* from this record's page back to the private page */
};

struct ringbuf_map {
	struct rt_map map;
	uint8_t *base; /* private page, consumer page, producer page, data, data again */
	size_t page, size, mapped;
	uint32_t page_shift;
	uint64_t *consumer, *producer;
	uint8_t *data;
	uint64_t pending; /* start of the oldest record that is not committed */
	uint32_t lock;
	int mem_fd, event_fd;
};

static struct ringbuf_map *ring(const struct rt_map *map)
{
	return (struct ringbuf_map *)map;
}

/* Lays the data out twice behind the first head bytes of the file. -errno. */
static int map_twice(uint8_t *at, const struct ringbuf_map *r, size_t head, uint64_t off, int prot)
{
	int flags = MAP_SHARED | MAP_FIXED;
	uint64_t data_off = 2 * r->page;

	if (mmap(at, head, prot, flags, r->mem_fd, off) == MAP_FAILED ||
	    mmap(at + head, r->size, prot, flags, r->mem_fd, data_off) == MAP_FAILED ||
	    mmap(at + head + r->size, r->size, prot, flags, r->mem_fd, data_off) == MAP_FAILED)
		return -errno;
	return 0;
}

static int map_own(struct ringbuf_map *r)
{
	void *back = &r->map;
	int err;

	r->mem_fd = memfd_create("kfunc-ring", MFD_CLOEXEC);
	if (r->mem_fd < 0)
		return -errno;
	if (ftruncate(r->mem_fd, 2 * r->page + r->size) < 0)
		return -errno;
	r->mapped = 3 * r->page + 2 * r->size;
	r->base = mmap(NULL, r->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->base == MAP_FAILED) {
		r->base = NULL;
		return -ENOMEM;
	}
	err = map_twice(r->base + r->page, r, 2 * r->page, 0, PROT_READ | PROT_WRITE);
	if (err)
		return err;
	memcpy(r->base, &back, sizeof(back));
	r->consumer = (uint64_t *)(r->base + r->page);
	r->producer = (uint64_t *)(r->base + 2 * r->page);
	r->data = r->base + 3 * r->page;
	r->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return r->event_fd < 0 ? -errno : 0;
}

static void ringbuf_free(struct rt_map *map)
{
	struct ringbuf_map *r = ring(map);

	if (r->base)
		munmap(r->base, r->mapped);
	if (r->mem_fd >= 0)
		close(r->mem_fd);
	if (r->event_fd >= 0)
		close(r->event_fd);
	mem_free(r);
}

static struct rt_map *ringbuf_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr,
				    int *err)
{
	struct ringbuf_map *r = mem_zalloc(sizeof(*r));

	(void)k;
	if (!r) {
		*err = -ENOMEM;
		return NULL;
	}
	r->mem_fd = r->event_fd = -1;
	r->page = sysconf(_SC_PAGESIZE);
	r->page_shift = __builtin_ctzl(r->page);
	r->size = attr->max_entries;
	*err = map_own(r);
	if (!*err)
		return &r->map;
	ringbuf_free(&r->map);
	return NULL;
}

/* ---- producing ---- */

static struct record *record_at(const struct ringbuf_map *r, uint64_t pos)
{
	return (struct record *)(r->data + (pos & (r->size - 1)));
}

static uint64_t record_room(uint64_t size)
{
	return (size + HEADER + 7) & ~7ull;
}

/* lock held: moves pending over records that are committed */
static void advance_pending(struct ringbuf_map *r, uint64_t prod)
{
	while (r->pending < prod) {
		uint32_t len = __atomic_load_n(&record_at(r, r->pending)->len, __ATOMIC_ACQUIRE);

		if (len & BUSY)
			break;
		r->pending += record_room(len & ~DISCARD);
	}
}

void *map_ringbuf_reserve(struct rt_map *map, uint64_t size)
{
	struct ringbuf_map *r = ring(map);
	uint64_t room = record_room(size), prod, cons;
	struct record *rec = NULL;

	if (size > RECORD_MAX || room > r->size)
		return NULL;
	rt_spin_lock(&r->lock);
	prod = *r->producer;
	cons = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	advance_pending(r, prod);
	/* neither what is not consumed nor what is not committed may be overwritten */
	if (prod + room - cons <= r->size - 1 && prod + room - r->pending <= r->size - 1) {
		rec = record_at(r, prod);
		rec->pages = (uint32_t)((size_t)((uint8_t *)rec - r->base) >> r->page_shift);
		__atomic_store_n(&rec->len, (uint32_t)size | BUSY, __ATOMIC_RELAXED);
		__atomic_store_n(r->producer, prod + room, __ATOMIC_RELEASE);
	}
	rt_spin_unlock(&r->lock);
	return rec ? rec + 1 : NULL;
}

static struct ringbuf_map *ring_of(const struct record *rec, size_t page)
{
	uintptr_t at = (uintptr_t)rec & ~(page - 1);
	struct rt_map *map;

	memcpy(&map, (void *)(at - (uintptr_t)rec->pages * page), sizeof(map));
	return ring(map);
}

void map_ringbuf_commit(void *sample, uint64_t flags, int discard)
{
	static size_t page;
	struct record *rec = (struct record *)sample - 1;
	struct ringbuf_map *r;
	uint64_t cons, one = 1;
	uint32_t len;
	bool wake;

	if (!__atomic_load_n(&page, __ATOMIC_RELAXED))
		__atomic_store_n(&page, sysconf(_SC_PAGESIZE), __ATOMIC_RELAXED);
	r = ring_of(rec, __atomic_load_n(&page, __ATOMIC_RELAXED));
	len = __atomic_load_n(&rec->len, __ATOMIC_RELAXED) & ~BUSY;
	len = discard ? len | DISCARD : len;
	if ((flags & BPF_RB_NO_WAKEUP) && !(flags & BPF_RB_FORCE_WAKEUP)) {
		__atomic_store_n(&rec->len, len, __ATOMIC_RELEASE);
		return;
	}
	__atomic_exchange_n(&rec->len, len, __ATOMIC_SEQ_CST);
	cons = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE) & (r->size - 1);
	wake = cons == (uint64_t)((uint8_t *)rec - r->data);
	if (wake || (flags & BPF_RB_FORCE_WAKEUP))
		(void)!write(r->event_fd, &one, sizeof(one));
}

long map_ringbuf_output(struct rt_map *map, const void *data, uint64_t size, uint64_t flags)
{
	void *to;

	if (flags & ~(uint64_t)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP))
		return -EINVAL;
	to = map_ringbuf_reserve(map, size);
	if (!to)
		return -EAGAIN;
	memcpy(to, data, size);
	map_ringbuf_commit(to, flags, 0);
	return 0;
}

uint64_t map_ringbuf_query(struct rt_map *map, uint64_t flags)
{
	struct ringbuf_map *r = ring(map);
	uint64_t prod = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	uint64_t cons = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);

	switch (flags) {
	case BPF_RB_AVAIL_DATA:
		return prod - cons;
	case BPF_RB_RING_SIZE:
		return r->size;
	case BPF_RB_CONS_POS:
		return cons;
	case BPF_RB_PROD_POS:
		return prod;
	default:
		return 0;
	}
}

/* ---- consuming ---- */

static void *ringbuf_mmap(struct rt_map *map, void *addr, size_t len, int prot, int flags,
			  uint64_t off, int *err)
{
	struct ringbuf_map *r = ring(map);
	size_t all = r->page + 2 * r->size;
	void *p;

	*err = 0;
	if ((prot & PROT_WRITE) && (off || len != r->page)) {
		*err = -EPERM; /* only the consumer's position is theirs to write */
		return NULL;
	}
	if (!off && len <= r->page) {
		p = mmap(addr, len, prot, flags, r->mem_fd, 0);
		*err = p == MAP_FAILED ? -errno : 0;
		return p;
	}
	if (off != r->page || len > all) {
		*err = -EINVAL;
		return NULL;
	}
	/* a place of the whole size, then the parts into it, then what was not asked for goes */
	p = mmap(addr, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | (flags & MAP_FIXED), -1, 0);
	if (p == MAP_FAILED) {
		*err = -errno;
		return NULL;
	}
	*err = map_twice(p, r, r->page, r->page, prot);
	len = (len + r->page - 1) & ~(r->page - 1);
	if (*err)
		munmap(p, all);
	else if (len < all)
		munmap((uint8_t *)p + len, all - len);
	return p;
}

static int ringbuf_event_fd(struct rt_map *map)
{
	return ring(map)->event_fd;
}

const struct rt_map_ops map_ringbuf_ops = {
	.type = BPF_MAP_TYPE_RINGBUF,
	.alloc = ringbuf_alloc,
	.free = ringbuf_free,
	.mmap = ringbuf_mmap,
	.event_fd = ringbuf_event_fd,
};
