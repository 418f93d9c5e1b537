/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* bpf(2) for tests: the commands on maps and descriptors as functions, through kfunc_bpf(). */
#ifndef TESTS_LIB_BPF_H
#define TESTS_LIB_BPF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "syscall/syscall.h"

static inline int t_create_attr(uint32_t type, uint32_t key, uint32_t value, uint32_t n,
				uint32_t flags, int inner, uint64_t extra)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = type;
	a.key_size = key;
	a.value_size = value;
	a.max_entries = n;
	a.map_flags = flags;
	a.inner_map_fd = inner;
	a.map_extra = extra;
	return kfunc_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static inline int t_create(uint32_t type, uint32_t key, uint32_t value, uint32_t n, uint32_t flags)
{
	return t_create_attr(type, key, value, n, flags, 0, 0);
}

static inline int t_elem(int cmd, int fd, const void *key, const void *value, uint64_t flags)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_fd = fd;
	a.key = (uintptr_t)key;
	a.value = (uintptr_t)value;
	a.flags = flags;
	return kfunc_bpf(cmd, &a, sizeof(a));
}

static inline int t_lookup(int fd, const void *key, void *value)
{
	return t_elem(BPF_MAP_LOOKUP_ELEM, fd, key, value, 0);
}

static inline int t_update(int fd, const void *key, const void *value, uint64_t flags)
{
	return t_elem(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
}

static inline int t_delete(int fd, const void *key)
{
	return t_elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
}

static inline int t_take(int fd, const void *key, void *value)
{
	return t_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, fd, key, value, 0);
}

static inline int t_next(int fd, const void *key, void *next)
{
	return t_elem(BPF_MAP_GET_NEXT_KEY, fd, key, next, 0);
}

static inline int t_freeze(int fd)
{
	return t_elem(BPF_MAP_FREEZE, fd, NULL, NULL, 0);
}

static inline int t_info(int fd, void *info, uint32_t *size)
{
	union bpf_attr a;
	int err;

	memset(&a, 0, sizeof(a));
	a.info.bpf_fd = fd;
	a.info.info = (uintptr_t)info;
	a.info.info_len = *size;
	err = kfunc_bpf(BPF_OBJ_GET_INFO_BY_FD, &a, sizeof(a));
	*size = a.info.info_len;
	return err;
}

static inline uint32_t t_map_id(int fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	assert_int_equal(t_info(fd, &info, &size), 0);
	return info.id;
}

#endif
