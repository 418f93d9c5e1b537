/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf(2) for tests that hold for the library and for the running kernel alike: the same requests go
 * to kfunc_bpf(), or, with KFUNC_DIFF_KERNEL=1 in the environment, to the kernel, which must give
 * the same answers. Programs are only loaded there, nothing is attached; that needs the permission
 * to load and is not part of the ordinary run.
 */
#ifndef TESTS_LIB_DOOR_H
#define TESTS_LIB_DOOR_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/probe.h"
#include "syscall/syscall.h"
#include "syscall/uapi.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static bool door_is_kernel;

static inline void door_init(void)
{
	door_is_kernel = getenv("KFUNC_DIFF_KERNEL") != NULL;
}

static inline int door(int cmd, void *attr, unsigned int size)
{
	long ret;

	if (!door_is_kernel) {
		rt_probe_init(); /* cmocka puts its own handler in front for each test */
		return kfunc_bpf(cmd, attr, size);
	}
	ret = syscall(SYS_bpf, cmd, attr, size);
	return ret < 0 ? -errno : ret;
}

static inline void door_close(int fd)
{
	if (door_is_kernel)
		close(fd);
	else
		syscall_close(fd);
}

static inline void door_attr(union sys_attr *a, uint32_t type, const struct bpf_insn *code,
			     uint32_t n)
{
	memset(a, 0, sizeof(*a));
	a->b.prog_type = type;
	a->b.insns = (uintptr_t)code;
	a->b.insn_cnt = n;
	a->b.license = (uintptr_t)"GPL";
}

/* 0 or -errno */
static inline int door_load(union sys_attr *a)
{
	int fd = door(BPF_PROG_LOAD, &a->b, sizeof(*a));

	if (fd >= 0)
		door_close(fd);
	return fd < 0 ? fd : 0;
}

/*
 * The errno wanted, or EPERM from a running kernel whose machine forbids a kind of program to
 * everybody: that is not the verifier's answer.
 */
#define assert_answer(got, want)                                                                   \
	do {                                                                                       \
		int answer_ = (got);                                                               \
		if (!door_is_kernel || answer_ != -EPERM)                                          \
			assert_int_equal(answer_, want);                                           \
	} while (0)

static inline int door_map(uint32_t type, uint32_t key, uint32_t value, uint32_t n)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = type;
	a.key_size = key;
	a.value_size = value;
	a.max_entries = n;
	return door(BPF_MAP_CREATE, &a, sizeof(a));
}

#endif
