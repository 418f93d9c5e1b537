/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Descriptors of the boundary's objects.
 *
 * An object's descriptor is an open file description of one private, empty, sealed memfd, with two
 * properties of open file descriptions put to use:
 *  - its file position is a cookie that names the object (a process-wide random base, a serial
 * number that is never used again, and the slot of the table below), so one lseek() identifies it;
 *  - it holds an open-file-description lock on the byte at that position. The kernel drops the lock
 *    when the last descriptor of the description is closed, wherever its copies went (dup, fork,
 *    SCM_RIGHTS) and however it was closed. Whether byte N is locked is asked through the control
 *    descriptor: this is the only state there is, no count of ours can go wrong.
 *
 * So one descriptor costs one entry of the process's table, plain close(2) works, and a close that
 * comes through syscall_close() releases the object at once. Closes that we do not see are noticed
 * by a sweep, which runs when the number of descriptors has doubled since the last one.
 *
 * Left out: the descriptor itself cannot be mapped or polled; maps that offer it have files of
 * their own, which libc_hooks.c puts in the descriptor's place.
 */
#include <errno.h>
#include <fcntl.h>
#include <kfunc/libkfunc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "syscall/internal.h"

#define SLOT_BITS 24
#define SLOT_MASK ((1ll << SLOT_BITS) - 1)
/* bits 24..61 hold the serial number; the position of the control descriptor has none */
#define SERIAL_BITS 38

struct slot {
	int64_t pos;  /* cookie, 0: free */
	uint8_t kind; /* SYS_NONE: free, or its descriptor is being opened */
	uint8_t mode;
	uint16_t gen; /* of the control file that the lock is in */
	void *obj;
	uint32_t next_free;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot *slots;
static size_t slots_cap;
static uint32_t n_slots, n_used, free_list; /* free_list: index + 1 */
static uint32_t next_sweep = 64;
static int ctrl = -1;
static dev_t ctrl_dev;
static ino_t ctrl_ino;
static uint16_t ctrl_gen;
static pid_t ctrl_pid;
static int64_t serial;

static int make_ctrl(void)
{
	uint64_t seed = 0;
	struct stat st;
	int fd, high;

	fd = memfd_create("kfunc-bpf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	/* out of the way of programs that expect small numbers */
	high = fcntl(fd, F_DUPFD_CLOEXEC, 200);
	if (high >= 0) {
		close(fd);
		fd = high;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0 ||
	    fstat(fd, &st) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)getpid() << 20;
	/* upper half of the range for the base, so that serials have room */
	serial = (int64_t)(seed & ((1ull << (SERIAL_BITS - 1)) - 1)) | 1;
	ctrl = fd;
	ctrl_dev = st.st_dev;
	ctrl_ino = st.st_ino;
	ctrl_gen++;
	ctrl_pid = getpid();
	return 0;
}

/*
 * A child of fork() starts a file of its own, or it would give the same positions to other objects. That
 * the host has closed the control descriptor, say with closefrom(), shows when it is used (open_at()).
 */
static int need_ctrl(void)
{
	return ctrl >= 0 && ctrl_pid == getpid() ? 0 : make_ctrl();
}

/* Whether a copy of the descriptor at pos is open, asked through the control descriptor from. */
static bool is_locked(int from, int64_t pos)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = pos, .l_len = 1};

	if (fcntl(from, F_OFD_GETLK, &fl) < 0)
		return true; /* cannot tell: keep the object */
	return fl.l_type != F_UNLCK;
}

/* lock held */
static bool still_open(const struct slot *s)
{
	/* when its control file is gone, nothing can be asked any more */
	return s->gen != ctrl_gen || is_locked(ctrl, s->pos);
}

/*
 * A descriptor at position pos that holds the lock of its byte. Without lock: the control file is the
 * one that the caller saw, or the host has closed it: *stale.
 */
static int open_at(int64_t pos, int from, dev_t dev, ino_t ino, bool *stale)
{
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = pos, .l_len = 1};
	struct stat st;
	char path[40];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		*stale = err != -EMFILE && err != -ENFILE && err != -ENOMEM;
		return err;
	}
	if (fstat(fd, &st) < 0 || st.st_dev != dev || st.st_ino != ino) {
		close(fd);
		*stale = true;
		return -EBADF;
	}
	if (lseek(fd, pos, SEEK_SET) != pos || fcntl(fd, F_OFD_SETLK, &fl) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* lock held; the caller puts the object after unlocking */
static void free_slot(uint32_t i, enum sys_kind *kind, void **obj)
{
	*kind = slots[i].kind;
	*obj = slots[i].obj;
	slots[i].pos = 0;
	slots[i].kind = SYS_NONE;
	slots[i].obj = NULL;
	slots[i].next_free = free_list;
	free_list = i + 1;
	n_used--;
}

static void drop(enum sys_kind kind, void *obj)
{
	if (kind == SYS_MAP) {
		struct rt_map *map = obj;

		if (atomic_fetch_sub(&map->users, 1) == 1 && map->ops->users_gone)
			map->ops->users_gone(map);
	}
	sys_obj_put(kind, obj);
}

void syscall_sweep(void)
{
	uint32_t i = 0;

	pthread_mutex_lock(&lock);
	while (i < n_slots) {
		enum sys_kind kind;
		void *obj;

		if (slots[i].kind == SYS_NONE || still_open(&slots[i])) {
			i++;
			continue;
		}
		free_slot(i++, &kind, &obj);
		/* releasing may close other descriptors' objects: never with the lock held */
		pthread_mutex_unlock(&lock);
		drop(kind, obj);
		pthread_mutex_lock(&lock);
	}
	next_sweep = n_used < 32 ? 64 : n_used * 2;
	pthread_mutex_unlock(&lock);
}

static int take_slot(uint32_t *i)
{
	int err;

	if (free_list) {
		*i = free_list - 1;
		free_list = slots[*i].next_free;
		return 0;
	}
	if (n_slots > SLOT_MASK)
		return -EMFILE;
	err = mem_grow((void **)&slots, &slots_cap, n_slots + 1, sizeof(*slots));
	if (err)
		return err;
	*i = n_slots++;
	return 0;
}

/* A slot for an object whose descriptor is yet to be opened; lock held. 0 or -errno. */
static int reserve(void *obj, unsigned int mode, uint32_t *i)
{
	int err = need_ctrl();

	if (!err)
		err = take_slot(i);
	if (err)
		return err;
	slots[*i] = (struct slot){.pos = (serial++ << SLOT_BITS) | *i,
				  .kind = SYS_NONE,
				  .mode = mode,
				  .gen = ctrl_gen,
				  .obj = obj};
	n_used++;
	return 0;
}

/* Opening is most of the work, and other threads do it, too: the lock is not held meanwhile. */
static int try_install(enum sys_kind kind, void *obj, unsigned int mode, bool *stale)
{
	uint32_t i = 0;
	int fd, from;
	int64_t pos;
	dev_t dev;
	ino_t ino;

	pthread_mutex_lock(&lock);
	fd = reserve(obj, mode, &i);
	if (fd) {
		pthread_mutex_unlock(&lock);
		return fd;
	}
	pos = slots[i].pos;
	from = ctrl;
	dev = ctrl_dev;
	ino = ctrl_ino;
	pthread_mutex_unlock(&lock);

	fd = open_at(pos, from, dev, ino, stale);

	if (fd >= 0 && kind == SYS_MAP)
		atomic_fetch_add(&((struct rt_map *)obj)->users, 1);
	pthread_mutex_lock(&lock);
	if (fd >= 0)
		slots[i].kind = kind;
	else
		free_slot(i, &(enum sys_kind){0}, &(void *){NULL});
	if (*stale && ctrl == from && ctrl_ino == ino)
		ctrl = -1;
	pthread_mutex_unlock(&lock);
	return fd;
}

int sys_fd_install(enum sys_kind kind, void *obj, unsigned int mode)
{
	bool full, stale = false;
	int fd;

	pthread_mutex_lock(&lock);
	full = n_used >= next_sweep;
	pthread_mutex_unlock(&lock);
	if (full)
		syscall_sweep();
	fd = try_install(kind, obj, mode, &stale);
	if (stale)
		fd = try_install(kind, obj, mode, &stale);
	if (fd < 0)
		sys_obj_put(kind, obj);
	return fd;
}

/* lock held: the slot of a descriptor, NULL: not ours */
static struct slot *find(int64_t pos)
{
	uint32_t i = pos & SLOT_MASK;

	return pos > 0 && i < n_slots && slots[i].pos == pos ? &slots[i] : NULL;
}

enum sys_kind sys_fd_any(int fd, void **obj, int *err)
{
	int64_t pos = lseek(fd, 0, SEEK_CUR);
	enum sys_kind kind = SYS_NONE;
	struct slot *s;

	if (pos < 0 && errno == EBADF) {
		*err = -EBADF;
		return SYS_NONE;
	}
	pthread_mutex_lock(&lock);
	s = find(pos);
	if (s && sys_obj_try_get(s->kind, s->obj)) {
		kind = s->kind;
		*obj = s->obj;
	}
	pthread_mutex_unlock(&lock);
	*err = kind == SYS_NONE ? -EINVAL : 0;
	return kind;
}

void *sys_fd_get(int fd, enum sys_kind want, unsigned int *mode, int *err)
{
	int64_t pos = lseek(fd, 0, SEEK_CUR);
	void *obj = NULL;
	struct slot *s;

	if (pos < 0 && errno == EBADF) {
		*err = -EBADF;
		return NULL;
	}
	pthread_mutex_lock(&lock);
	s = find(pos);
	if (s && s->kind == want && sys_obj_try_get(s->kind, s->obj)) {
		obj = s->obj;
		if (mode)
			*mode = s->mode;
	}
	pthread_mutex_unlock(&lock);
	*err = obj ? 0 : -EINVAL;
	return obj;
}

int syscall_close(int fd)
{
	int64_t pos = lseek(fd, 0, SEEK_CUR);
	enum sys_kind kind = SYS_NONE;
	struct slot *s;
	void *obj = NULL;
	int from, err = close(fd) < 0 ? -errno : 0;

	if (pos <= 0)
		return err;
	pthread_mutex_lock(&lock);
	s = find(pos);
	from = s && s->gen == ctrl_gen ? ctrl : -1;
	pthread_mutex_unlock(&lock);
	if (from < 0 || is_locked(from, pos))
		return err;
	pthread_mutex_lock(&lock);
	s = find(pos); /* another thread may have seen the same */
	if (s && s->kind != SYS_NONE)
		free_slot(pos & SLOT_MASK, &kind, &obj);
	pthread_mutex_unlock(&lock);
	if (kind != SYS_NONE)
		drop(kind, obj);
	return err;
}

int kfunc_close(int fd)
{
	return syscall_close(fd);
}

struct rt_map *syscall_map_by_fd(int fd, int *err)
{
	return sys_fd_get(fd, SYS_MAP, NULL, err);
}

struct rt_prog *syscall_prog_by_fd(int fd, int *err)
{
	return sys_fd_get(fd, SYS_PROG, NULL, err);
}
