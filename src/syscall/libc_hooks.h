/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The libc functions that the private libbpf is linked against instead of libc's own (objcopy
 * --redefine-syms). Each behaves exactly as its namesake (result, errno) for everything that is not
 * ours: bpf(2) goes to kfunc_bpf(), map file descriptors can be mapped and polled, and
 * /sys/kernel/btf/vmlinux is the BTF of the current kernel (syscall_set_kernel()).
 */
#ifndef SYSCALL_LIBC_HOOKS_H
#define SYSCALL_LIBC_HOOKS_H

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/types.h>

/* SYS_bpf: kfunc_bpf(); perf_event_open: ENOTSUP (nothing here may attach to the running kernel) */
long kf_sys_syscall(long nr, ...);
/* Frees the object when this was the last descriptor of it. */
int kf_sys_close(int fd);
/* Maps with memory of their own: mmapable arrays, ring buffers. */
void *kf_sys_mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t off);
int kf_sys_open64(const char *path, int flags, ...);
FILE *kf_sys_fopen64(const char *path, const char *mode);
int kf_sys_access(const char *path, int mode);
int kf_sys_faccessat(int dir, const char *path, int mode, int flags);
int kf_sys_fcntl64(int fd, int cmd, ...);
/* A ring buffer's descriptor is replaced by the eventfd that producers signal. */
int kf_sys_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int kf_sys_dup3(int from, int to, int flags);
int kf_sys_ioctl(int fd, unsigned long req, ...);

#endif
