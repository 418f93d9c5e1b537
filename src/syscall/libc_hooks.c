/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libc as the private libbpf sees it: bpf(2) is kfunc_bpf(), the kernel's BTF file is the current
 * kernel's, and our map descriptors can be mapped and polled. Everything else is libc.
 *
 * A mapping is made of the map's own memory file. A writable shared mapping counts as a writer for
 * ever, since its end is not seen: such a map can no longer be frozen (EBUSY); a frozen map, or one
 * whose program side is read-only, cannot be mapped writable.
 */
#include "syscall/libc_hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall/internal.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

static int result(long ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

long kf_sys_syscall(long nr, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr == SYS_bpf)
		return result(kfunc_bpf(a[0], (union bpf_attr *)a[1], a[2]));
	if (nr == SYS_perf_event_open) {
		errno = EOPNOTSUPP; /* nothing here attaches to the running kernel */
		return -1;
	}
	return syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int kf_sys_close(int fd)
{
	return result(syscall_close(fd));
}

/* The map behind a descriptor, referenced; NULL: not ours, or no map. */
static struct rt_map *map_of(int fd)
{
	int err;

	return fd < 0 ? NULL : sys_fd_get(fd, SYS_MAP, NULL, &err);
}

static int check_mapping(struct rt_map *map, int prot, int flags)
{
	bool shared = (flags & MAP_TYPE) != MAP_PRIVATE;

	if (map->fields)
		return -SYS_ENOTSUPP;
	if (!map->ops->mmap)
		return -ENODEV;
	if (!shared)
		return -EINVAL;
	if (!(prot & PROT_WRITE))
		return 0;
	if (map->desc.flags & BPF_F_RDONLY_PROG)
		return atomic_load(&map->frozen) ? -EPERM : -EACCES;
	atomic_fetch_add(&map->writers, 1);
	if (atomic_load(&map->frozen)) {
		atomic_fetch_sub(&map->writers, 1);
		return -EPERM;
	}
	return 0;
}

void *kf_sys_mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off)
{
	struct rt_map *map = flags & MAP_ANONYMOUS ? NULL : map_of(fd);
	void *p = MAP_FAILED;
	int err;

	if (!map)
		return mmap64(addr, len, prot, flags, fd, off);
	err = check_mapping(map, prot, flags);
	if (!err) {
		p = map->ops->mmap(map, addr, len, prot, flags, off, &err);
		if (err && (prot & PROT_WRITE))
			atomic_fetch_sub(&map->writers, 1);
	}
	rt_map_put(map);
	if (err) {
		errno = -err;
		return MAP_FAILED;
	}
	return p;
}

static bool is_btf_path(const char *path)
{
	return !strcmp(path, BTF_PATH);
}

static int open_btf(void)
{
	struct kfunc_kernel *k = syscall_kernel();

	return result(k ? sys_btf_file(k) : -ENOENT);
}

int kf_sys_open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if (is_btf_path(path))
		return open_btf();
	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return open64(path, flags, mode);
}

FILE *kf_sys_fopen64(const char *path, const char *mode)
{
	FILE *f;
	int fd;

	if (!is_btf_path(path))
		return fopen64(path, mode);
	fd = open_btf();
	if (fd < 0)
		return NULL;
	f = fdopen(fd, "rb");
	if (!f)
		close(fd);
	return f;
}

int kf_sys_access(const char *path, int mode)
{
	return is_btf_path(path) && !(mode & (W_OK | X_OK)) ? 0 : access(path, mode);
}

int kf_sys_faccessat(int dir, const char *path, int mode, int flags)
{
	return is_btf_path(path) && !(mode & (W_OK | X_OK)) ? 0 : faccessat(dir, path, mode, flags);
}

int kf_sys_fcntl64(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return fcntl64(fd, cmd, arg);
}

int kf_sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
	struct rt_map *map = map_of(fd);
	struct epoll_event edge;
	int ev_fd;

	if (!map)
		return epoll_ctl(epfd, op, fd, ev);
	ev_fd = map->ops->event_fd ? map->ops->event_fd(map) : -EPERM;
	rt_map_put(map);
	if (ev_fd < 0)
		return result(ev_fd);
	if (!ev)
		return epoll_ctl(epfd, op, ev_fd, ev);
	/* nobody reads the eventfd: each signal is one event */
	edge = *ev;
	edge.events |= EPOLLET;
	return epoll_ctl(epfd, op, ev_fd, &edge);
}

int kf_sys_dup3(int from, int to, int flags)
{
	/* what `to` was is closed by this; libbpf replaces descriptors that it reserved this way */
	return dup3(from, to, flags);
}

int kf_sys_ioctl(int fd, unsigned long req, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, req);
	arg = va_arg(ap, void *);
	va_end(ap);
	return ioctl(fd, req, arg);
}
