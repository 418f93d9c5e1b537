/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Included before every file of the private libbpf, by the compiler's command line. It sends
 * libbpf's calls into the kernel to the boundary in this process (syscall/libc_hooks.h). The system
 * headers come first, so that only libbpf's own uses of the names are changed and not their
 * declarations.
 */
#ifndef LOADER_LIBBPF_SHIM_H
#define LOADER_LIBBPF_SHIM_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "../../syscall/libc_hooks.h"

#define syscall   kf_sys_syscall
#define close     kf_sys_close
#define mmap      kf_sys_mmap64
#define open      kf_sys_open64
#define fopen     kf_sys_fopen64
#define access    kf_sys_access
#define faccessat kf_sys_faccessat
#define fcntl     kf_sys_fcntl64
#define epoll_ctl kf_sys_epoll_ctl
#define dup3      kf_sys_dup3
#define ioctl     kf_sys_ioctl

/* libbpf asks for the variant of POSIX, but too late: the headers above have chosen the other one. */
int __xpg_strerror_r(int err, char *buf, size_t size);
#define strerror_r __xpg_strerror_r

#endif
