/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Every implemented map type through the boundary: what it does and the errno of what it refuses.
 */
#include "lib/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps/maps.h"
#include "maps/ringbuf.h"
#include "syscall/libc_hooks.h"

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)

static void array(void **state)
{
	uint32_t i = 0, next, v = 7;
	int fd = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 3, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(t_lookup(fd, &i, &v), 0);
	assert_int_equal(v, 0);
	v = 11;
	assert_int_equal(t_update(fd, &i, &v, BPF_ANY), 0);
	assert_int_equal(t_update(fd, &i, &v, BPF_EXIST), 0);
	assert_int_equal(t_update(fd, &i, &v, BPF_NOEXIST), -EEXIST);
	assert_int_equal(t_update(fd, &i, &v, 3), -EINVAL);
	assert_int_equal(t_update(fd, &i, &v, BPF_F_LOCK), -EINVAL);
	v = 0;
	assert_int_equal(t_lookup(fd, &i, &v), 0);
	assert_int_equal(v, 11);
	i = 3;
	assert_int_equal(t_lookup(fd, &i, &v), -ENOENT);
	assert_int_equal(t_update(fd, &i, &v, 0), -E2BIG);
	assert_int_equal(t_next(fd, &i, &next), 0);
	assert_int_equal(next, 0);
	i = 0;
	assert_int_equal(t_delete(fd, &i), -EINVAL);
	assert_int_equal(t_take(fd, &i, &v), -524);
	assert_int_equal(t_next(fd, NULL, &next), 0);
	assert_int_equal(next, 0);
	assert_int_equal(t_next(fd, &next, &next), 0);
	assert_int_equal(t_next(fd, &next, &next), 0);
	assert_int_equal(next, 2);
	assert_int_equal(t_next(fd, &next, &next), -ENOENT);
	assert_int_equal(t_lookup(fd, (void *)8, &v), -EFAULT);
	assert_int_equal(t_lookup(fd, &i, (void *)8), -EFAULT);
	assert_int_equal(t_elem(BPF_MAP_LOOKUP_ELEM, fd, &i, &v, 1), -EINVAL);
	CLOSE(fd);
}

static void creation(void **state)
{
	(void)state;
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 4, 0, 1, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 0, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 4, 0x80000000u, 1, 0), -E2BIG);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_NO_PREALLOC), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_RDONLY | BPF_F_WRONLY),
			 -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1,
				  BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG),
			 -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32769, 1, 0), -E2BIG);
	assert_int_equal(t_create(BPF_MAP_TYPE_HASH, 0, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_HASH, 4, 5 << 20, 1, 0), -E2BIG);
	assert_int_equal(t_create(BPF_MAP_TYPE_LRU_HASH, 4, 4, 1, BPF_F_NO_PREALLOC), -524);
	assert_int_equal(t_create(BPF_MAP_TYPE_QUEUE, 4, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_RINGBUF, 0, 0, 4095, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_RINGBUF, 0, 0, 3 * 4096, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_LPM_TRIE, 8, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create(BPF_MAP_TYPE_TASK_STORAGE, 4, 4, 0, BPF_F_NO_PREALLOC), -EINVAL);
	assert_int_equal(t_create(0, 4, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create(4711, 4, 4, 1, 0), -EINVAL);
	assert_int_equal(t_create_attr(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0, 0, 1), -EINVAL);
}

static void names(void **state)
{
	union bpf_attr a;
	int fd;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.map_type = BPF_MAP_TYPE_ARRAY;
	a.key_size = a.value_size = 4;
	a.max_entries = 1;
	strcpy(a.map_name, "a_.9Z");
	fd = kfunc_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	assert_true(fd >= 0);
	CLOSE(fd);
	strcpy(a.map_name, "a b");
	assert_int_equal(kfunc_bpf(BPF_MAP_CREATE, &a, sizeof(a)), -EINVAL);
	memset(a.map_name, 'x', sizeof(a.map_name));
	assert_int_equal(kfunc_bpf(BPF_MAP_CREATE, &a, sizeof(a)), -EINVAL);
}

static void percpu_array(void **state)
{
	uint32_t n = rt_nr_cpus(), i = 1;
	uint64_t v[RT_MAX_CPUS], got[RT_MAX_CPUS];
	int fd = t_create(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 2, 0);

	(void)state;
	assert_true(fd >= 0);
	memset(v, 0, sizeof(v));
	for (uint32_t c = 0; c < n; c++)
		v[c] = 100 + c;
	assert_int_equal(t_update(fd, &i, v, 0), 0);
	assert_int_equal(t_update(fd, &i, v, BPF_F_LOCK), -EINVAL);
	memset(got, 0xff, sizeof(got));
	assert_int_equal(t_lookup(fd, &i, got), 0);
	for (uint32_t c = 0; c < n; c++)
		assert_int_equal((uint32_t)got[c], 100 + c);
	if (n < RT_MAX_CPUS)
		assert_true(got[n] == UINT64_MAX);
	CLOSE(fd);
}

static void hash(void **state)
{
	uint64_t k, v, sum = 0;
	char key[5] = "abcd";
	int fd = t_create(BPF_MAP_TYPE_HASH, 5, 8, 4, 0), n = 0;

	(void)state;
	assert_true(fd >= 0);
	v = 1;
	assert_int_equal(t_lookup(fd, key, &v), -ENOENT);
	assert_int_equal(t_delete(fd, key), -ENOENT);
	assert_int_equal(t_next(fd, NULL, &k), -ENOENT);
	assert_int_equal(t_update(fd, key, &v, BPF_EXIST), -ENOENT);
	assert_int_equal(t_update(fd, key, &v, BPF_NOEXIST), 0);
	assert_int_equal(t_update(fd, key, &v, BPF_NOEXIST), -EEXIST);
	assert_int_equal(t_update(fd, key, &v, 3), -EINVAL);
	for (int i = 1; i < 4; i++) {
		key[4] = i;
		v = 1 + i;
		assert_int_equal(t_update(fd, key, &v, 0), 0);
	}
	key[4] = 9;
	assert_int_equal(t_update(fd, key, &v, 0), -E2BIG);
	key[4] = 2;
	v = 30;
	assert_int_equal(t_update(fd, key, &v, BPF_EXIST), 0); /* full, but it replaces */
	assert_int_equal(t_update(fd, key, &v, 0), 0);
	for (int err = t_next(fd, NULL, key); !err; err = t_next(fd, key, key)) {
		assert_int_equal(t_lookup(fd, key, &v), 0);
		sum += v;
		n++;
	}
	assert_int_equal(n, 4);
	assert_int_equal(sum, 1 + 2 + 30 + 4);
	key[4] = 2;
	assert_int_equal(t_take(fd, key, &v), 0);
	assert_int_equal(v, 30);
	assert_int_equal(t_take(fd, key, &v), -ENOENT);
	key[4] = 9;
	assert_int_equal(t_update(fd, key, &v, 0), 0); /* room again */
	assert_int_equal(t_delete(fd, key), 0);
	CLOSE(fd);
}

static void percpu_hash(void **state)
{
	uint64_t v[RT_MAX_CPUS] = {0}, got[RT_MAX_CPUS];
	uint32_t key = 3, n = rt_nr_cpus();
	int fd = t_create(BPF_MAP_TYPE_PERCPU_HASH, 4, 8, 2, BPF_F_NO_PREALLOC);
	struct rt_map *map;
	int err;

	(void)state;
	assert_true(fd >= 0);
	for (uint32_t c = 0; c < n; c++)
		v[c] = c * 3;
	assert_int_equal(t_update(fd, &key, v, BPF_NOEXIST), 0);
	assert_int_equal(t_lookup(fd, &key, got), 0);
	assert_memory_equal(v, got, n * 8);
	/* a program's insertion sets its own CPU's value only */
	map = syscall_map_by_fd(fd, &err);
	key = 4;
	v[0] = 77;
	assert_int_equal(map->ops->update(map, &key, v, 0), 0);
	rt_map_put(map);
	assert_int_equal(t_lookup(fd, &key, got), 0);
	assert_int_equal(got[0], 77);
	for (uint32_t c = 1; c < n; c++)
		assert_int_equal(got[c], 0);
	key = 5;
	assert_int_equal(t_update(fd, &key, v, 0), -E2BIG);
	assert_int_equal(t_take(fd, &key, got), -ENOENT);
	CLOSE(fd);
}

static void lru(void **state)
{
	uint32_t key, v = 0, there = 0;
	int fd = t_create(BPF_MAP_TYPE_LRU_HASH, 4, 4, 8, 0), err;
	struct rt_map *map = syscall_map_by_fd(fd, &err);

	(void)state;
	assert_non_null(map);
	for (key = 0; key < 8; key++)
		assert_int_equal(t_update(fd, &key, &v, 0), 0);
	/* what a program looks at stays when something has to go */
	rt_rcu_read_lock();
	for (key = 0; key < 4; key++)
		assert_non_null(map->ops->lookup(map, &key));
	rt_rcu_read_unlock();
	for (key = 100; key < 104; key++)
		assert_int_equal(t_update(fd, &key, &v, 0), 0);
	for (key = 0; key < 4; key++)
		assert_int_equal(t_lookup(fd, &key, &v), 0);
	for (key = 4; key < 8; key++)
		assert_int_equal(t_lookup(fd, &key, &v), -ENOENT);
	for (key = 1000; key < 3000; key++)
		assert_int_equal(t_update(fd, &key, &v, BPF_NOEXIST), 0);
	for (err = t_next(fd, NULL, &key); !err; err = t_next(fd, &key, &key))
		there++;
	assert_int_equal(there, 8);
	assert_int_equal(t_update(fd, &key, &v, BPF_F_LOCK), -EINVAL);
	rt_map_put(map);
	CLOSE(fd);
}

static void queue_and_stack(void **state)
{
	int q = t_create(BPF_MAP_TYPE_QUEUE, 0, 4, 2, 0),
	    s = t_create(BPF_MAP_TYPE_STACK, 0, 4, 2, 0);
	uint32_t v;

	(void)state;
	assert_true(q >= 0 && s >= 0);
	v = 5;
	assert_int_equal(t_take(q, NULL, &v), -ENOENT);
	assert_int_equal(t_lookup(q, NULL, &v), -ENOENT);
	for (v = 1; v < 3; v++) {
		assert_int_equal(t_update(q, NULL, &v, 0), 0);
		assert_int_equal(t_update(s, NULL, &v, 0), 0);
	}
	assert_int_equal(t_update(q, NULL, &v, 0), -E2BIG);
	assert_int_equal(t_update(q, NULL, &v, BPF_NOEXIST), -EINVAL);
	assert_int_equal(t_update(q, &v, &v, 0), -EINVAL); /* there are no keys */
	assert_int_equal(t_lookup(q, NULL, &v), 0);
	assert_int_equal(v, 1);
	v = 3;
	assert_int_equal(t_update(q, NULL, &v, BPF_EXIST), 0); /* the oldest goes */
	assert_int_equal(t_take(q, NULL, &v), 0);
	assert_int_equal(v, 2);
	assert_int_equal(t_take(q, NULL, &v), 0);
	assert_int_equal(v, 3);
	v = 3;
	assert_int_equal(t_update(s, NULL, &v, BPF_EXIST), 0);
	assert_int_equal(t_take(s, NULL, &v), 0);
	assert_int_equal(v, 3);
	assert_int_equal(t_lookup(s, NULL, &v), 0);
	assert_int_equal(v, 2);
	assert_int_equal(t_delete(q, NULL), -EINVAL);
	assert_int_equal(t_elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, q, NULL, &v, BPF_F_LOCK), -EINVAL);
	CLOSE(q);
	CLOSE(s);
}

static void maps_of_maps(void **state, uint32_t type)
{
	int inner = t_create(BPF_MAP_TYPE_HASH, 4, 8, 16, 0),
	    other = t_create(BPF_MAP_TYPE_HASH, 4, 8, 32, 0);
	int wrong = t_create(BPF_MAP_TYPE_HASH, 4, 4, 16, 0), outer, again, err;
	uint32_t key = 0, id = 0, want;
	struct rt_map *map;

	(void)state;
	outer = t_create_attr(type, 4, 4, 2, 0, inner, 0);
	assert_true(outer >= 0);
	assert_int_equal(t_create_attr(type, 4, 4, 2, 0, outer, 0), -EINVAL); /* one level */
	assert_int_equal(t_create_attr(type, 4, 8, 2, 0, inner, 0), -EINVAL);
	assert_int_equal(t_create_attr(type, 4, 4, 2, 0, 1000, 0), -EBADF);
	assert_int_equal(t_lookup(outer, &key, &id), -ENOENT);
	assert_int_equal(t_update(outer, &key, &wrong, 0), -EINVAL);
	err = 1000;
	assert_int_equal(t_update(outer, &key, &err, 0), -EBADF);
	assert_int_equal(t_update(outer, &key, &other, 0), 0);
	want = t_map_id(other);
	CLOSE(other); /* the outer map keeps it */
	assert_int_equal(t_lookup(outer, &key, &id), 0);
	assert_int_equal(id, want);
	map = syscall_map_by_fd(outer, &err);
	rt_rcu_read_lock();
	assert_int_equal(((struct rt_map *)map->ops->lookup(map, &key))->desc.max_entries, 32);
	rt_rcu_read_unlock();
	rt_map_put(map);
	again = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &(union bpf_attr){.map_id = id}, 12);
	assert_true(again >= 0);
	CLOSE(again);
	assert_int_equal(t_delete(outer, &key), 0);
	assert_int_equal(t_delete(outer, &key), -ENOENT);
	rt_rcu_barrier();
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &(union bpf_attr){.map_id = id}, 12),
			 -ENOENT);
	CLOSE(outer);
	CLOSE(inner);
	CLOSE(wrong);
}

static void array_of_maps(void **state)
{
	maps_of_maps(state, BPF_MAP_TYPE_ARRAY_OF_MAPS);
}

static void hash_of_maps(void **state)
{
	maps_of_maps(state, BPF_MAP_TYPE_HASH_OF_MAPS);
}

static void inner_arrays(void **state)
{
	int a = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 2, 0),
	    b = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 3, 0);
	int c = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 2, BPF_F_INNER_MAP);
	int d = t_create(BPF_MAP_TYPE_ARRAY, 4, 4, 9, BPF_F_INNER_MAP);
	int fixed = t_create_attr(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0, a, 0);
	int any = t_create_attr(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0, c, 0);
	uint32_t key = 0;

	(void)state;
	assert_int_equal(t_update(fixed, &key, &b, 0), -EINVAL); /* an array's size is part of it */
	assert_int_equal(t_update(fixed, &key, &a, 0), 0);
	assert_int_equal(t_update(any, &key, &d, 0), 0);
	assert_int_equal(t_update(any, &key, &a, 0), -EINVAL);
	CLOSE(a);
	CLOSE(b);
	CLOSE(c);
	CLOSE(d);
	CLOSE(fixed);
	CLOSE(any);
}

static void ring_buffer(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0), err, ep;
	struct rt_map *map = syscall_map_by_fd(fd, &err);
	struct epoll_event ev = {.events = EPOLLIN};
	uint64_t *cons, *prod;
	uint8_t *data;
	void *a, *b;

	(void)state;
	assert_non_null(map);
	assert_int_equal(t_lookup(fd, NULL, &ev), -524);
	cons = kf_sys_mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(cons != MAP_FAILED);
	assert_true(kf_sys_mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096) ==
		    MAP_FAILED);
	assert_int_equal(errno, EPERM);
	prod = kf_sys_mmap64(NULL, 4096 + 2 * 4096, PROT_READ, MAP_SHARED, fd, 4096);
	assert_true(prod != MAP_FAILED);
	data = (uint8_t *)prod + 4096;
	ep = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(kf_sys_epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
	assert_int_equal(epoll_wait(ep, &ev, 1, 0), 0);

	assert_null(map_ringbuf_reserve(map, 4096));
	a = map_ringbuf_reserve(map, 20);
	b = map_ringbuf_reserve(map, 8);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(*prod, 32 + 16);
	memcpy(b, "second!", 8);
	map_ringbuf_commit(b, 0, 0);
	assert_int_equal(epoll_wait(ep, &ev, 1, 0), 0); /* the consumer stands before a */
	assert_int_equal(*(uint32_t *)data & (1u << 31), 1u << 31);
	map_ringbuf_commit(a, 0, 1);
	assert_int_equal(epoll_wait(ep, &ev, 1, 0), 1);
	assert_int_equal(epoll_wait(ep, &ev, 1, 0), 0); /* once */
	assert_int_equal(*(uint32_t *)data, 20 | 1u << 30);
	assert_int_equal(*(uint32_t *)(data + 32), 8);
	assert_string_equal((char *)data + 40, "second!");
	assert_int_equal(map_ringbuf_query(map, BPF_RB_AVAIL_DATA), 48);
	assert_int_equal(map_ringbuf_query(map, BPF_RB_RING_SIZE), 4096);
	__atomic_store_n(cons, 48, __ATOMIC_RELEASE);
	assert_int_equal(map_ringbuf_query(map, BPF_RB_AVAIL_DATA), 0);

	/* a record that wraps is contiguous in the double mapping */
	assert_int_equal(map_ringbuf_output(map, data, 4000, 0), 0);
	assert_int_equal(map_ringbuf_output(map, data, 200, 0), -EAGAIN);
	__atomic_store_n(cons, *prod, __ATOMIC_RELEASE);
	memset(a = map_ringbuf_reserve(map, 200), 0x5a, 200);
	map_ringbuf_commit(a, BPF_RB_FORCE_WAKEUP, 0);
	for (int i = 0; i < 200; i++)
		assert_int_equal(data[(*cons & 4095) + 8 + i], 0x5a);
	assert_int_equal(map_ringbuf_output(map, data, 8, 4), -EINVAL);
	munmap(cons, 4096);
	munmap(prod, 3 * 4096);
	close(ep);
	rt_map_put(map);
	CLOSE(fd);
}

static void frozen(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG | BPF_F_MMAPABLE), err;
	uint32_t key = 0;
	uint64_t v = 0x1234;
	struct rt_map *map;
	uint64_t *view;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(t_update(fd, &key, &v, 0), 0);
	assert_int_equal(t_freeze(fd), 0);
	assert_int_equal(t_freeze(fd), -EBUSY);
	assert_int_equal(t_update(fd, &key, &v, 0), -EPERM);
	assert_int_equal(t_delete(fd, &key), -EPERM);
	assert_int_equal(t_lookup(fd, &key, &v), 0);
	map = syscall_map_by_fd(fd, &err);
	assert_true(map->desc.frozen);
	assert_memory_equal(map->desc.const_value, &v, 8);
	rt_map_put(map);
	view = kf_sys_mmap64(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(view != MAP_FAILED);
	assert_int_equal(*view, 0x1234);
	munmap(view, 4096);
	view = kf_sys_mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(view == MAP_FAILED);
	assert_int_equal(errno, EPERM);
	CLOSE(fd);
}

static void mapped(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_ARRAY, 4, 12, 4, BPF_F_MMAPABLE), plain;
	uint32_t key = 2, v[3];
	uint8_t *view;

	(void)state;
	view = kf_sys_mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(view != MAP_FAILED);
	view[2 * 16] = 9; /* elements are 8-byte aligned */
	assert_int_equal(t_lookup(fd, &key, v), 0);
	assert_int_equal(v[0], 9);
	assert_int_equal(t_freeze(fd), -EBUSY); /* somebody may write */
	munmap(view, 4096);
	assert_true(kf_sys_mmap64(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CLOSE(fd);
	plain = t_create(BPF_MAP_TYPE_ARRAY, 4, 12, 4, 0);
	assert_true(kf_sys_mmap64(NULL, 4096, PROT_READ, MAP_SHARED, plain, 0) == MAP_FAILED);
	CLOSE(plain);
}

static void access_modes(void **state)
{
	int ro = t_create(BPF_MAP_TYPE_HASH, 4, 4, 2, BPF_F_RDONLY);
	int wo = t_create(BPF_MAP_TYPE_HASH, 4, 4, 2, BPF_F_WRONLY), rw;
	uint32_t key = 0, v = 0;
	union bpf_attr a;

	(void)state;
	assert_int_equal(t_update(ro, &key, &v, 0), -EPERM);
	assert_int_equal(t_lookup(ro, &key, &v), -ENOENT);
	assert_int_equal(t_freeze(ro), -EPERM);
	assert_int_equal(t_update(wo, &key, &v, 0), 0);
	assert_int_equal(t_lookup(wo, &key, &v), -EPERM);
	assert_int_equal(t_next(wo, NULL, &v), -EPERM);
	assert_int_equal(t_take(wo, &key, &v), -EPERM);
	memset(&a, 0, sizeof(a));
	a.map_id = t_map_id(wo);
	rw = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
	assert_int_equal(t_lookup(rw, &key, &v), 0);
	a.open_flags = BPF_F_RDONLY;
	CLOSE(rw);
	rw = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
	assert_int_equal(t_update(rw, &key, &v, 0), -EPERM);
	a.open_flags = BPF_F_MMAPABLE;
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a)), -EINVAL);
	CLOSE(ro);
	CLOSE(wo);
	CLOSE(rw);
}

static void batches(void **state, uint32_t type)
{
	uint32_t keys[10], values[10], seen[10] = {0}, token = 0, total = 0, room = 4;
	int fd = t_create(type, 4, 4, 10, 0), err = 0;
	union bpf_attr a;

	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		keys[i] = i;
		values[i] = i * i;
	}
	memset(&a, 0, sizeof(a));
	a.batch.map_fd = fd;
	a.batch.keys = (uintptr_t)keys;
	a.batch.values = (uintptr_t)values;
	a.batch.count = 10;
	assert_int_equal(kfunc_bpf(BPF_MAP_UPDATE_BATCH, &a, sizeof(a)), 0);
	assert_int_equal(a.batch.count, 10);
	for (int round = 0; !err && round < 10; round++) {
		memset(&a, 0, sizeof(a));
		a.batch.map_fd = fd;
		a.batch.in_batch = round ? (uintptr_t)&token : 0;
		a.batch.out_batch = (uintptr_t)&token;
		a.batch.keys = (uintptr_t)keys;
		a.batch.values = (uintptr_t)values;
		a.batch.count = room;
		err = kfunc_bpf(BPF_MAP_LOOKUP_BATCH, &a, sizeof(a));
		if (type == BPF_MAP_TYPE_HASH && err == -ENOSPC) { /* a bucket with more than 4 */
			assert_int_equal(a.batch.count, 0);
			room = 10;
			err = 0;
			continue;
		}
		assert_true(a.batch.count <= room);
		for (uint32_t i = 0; i < a.batch.count; i++) {
			assert_int_equal(values[i], keys[i] * keys[i]);
			seen[keys[i]]++;
			total++;
		}
	}
	assert_int_equal(err, -ENOENT);
	assert_int_equal(total, 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(seen[i], 1);
	a.batch.flags = 1;
	assert_int_equal(kfunc_bpf(BPF_MAP_LOOKUP_BATCH, &a, sizeof(a)), -EINVAL);
	CLOSE(fd);
}

/* a batch that is too small for a bucket gives the place to go on from with more room */
static void full_buckets(void **state)
{
	uint32_t keys[4], values[4], from, token, n = 0, room = 1;
	int fd = t_create(BPF_MAP_TYPE_HASH, 4, 4, 4, BPF_F_ZERO_SEED), err, refused = 0;
	union bpf_attr a;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(t_update(fd, &i, &i, 0), 0);
	for (bool first = true;; first = false, from = token) {
		token = 77;
		memset(&a, 0, sizeof(a));
		a.batch.map_fd = fd;
		a.batch.in_batch = first ? 0 : (uintptr_t)&from;
		a.batch.out_batch = (uintptr_t)&token;
		a.batch.keys = (uintptr_t)keys;
		a.batch.values = (uintptr_t)values;
		a.batch.count = room;
		err = kfunc_bpf(BPF_MAP_LOOKUP_BATCH, &a, sizeof(a));
		n += a.batch.count;
		room = 1;
		if (err == -ENOSPC) {
			assert_int_equal(a.batch.count, 0);
			assert_true(token < 4);
			refused++;
			room = 4;
		} else if (err) {
			break;
		}
	}
	assert_int_equal(err, -ENOENT);
	assert_int_equal(n, 4);
	assert_true(refused > 0);
	CLOSE(fd);
}

static void array_batches(void **state)
{
	batches(state, BPF_MAP_TYPE_ARRAY);
}

static void hash_batches(void **state)
{
	uint32_t keys[8], values[8], token, n = 0;
	int fd = t_create(BPF_MAP_TYPE_HASH, 4, 4, 4096, 0),
	    err; /* buckets enough for 3 to be room */
	union bpf_attr a;

	batches(state, BPF_MAP_TYPE_HASH);
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(t_update(fd, &i, &i, 0), 0);
	do {
		memset(&a, 0, sizeof(a));
		a.batch.map_fd = fd;
		a.batch.in_batch = n ? (uintptr_t)&token : 0;
		a.batch.out_batch = (uintptr_t)&token;
		a.batch.keys = (uintptr_t)keys;
		a.batch.values = (uintptr_t)values;
		a.batch.count = 3;
		err = kfunc_bpf(BPF_MAP_LOOKUP_AND_DELETE_BATCH, &a, sizeof(a));
		n += a.batch.count;
	} while (!err);
	assert_int_equal(err, -ENOENT);
	assert_int_equal(n, 8);
	assert_int_equal(t_next(fd, NULL, keys), -ENOENT);
	CLOSE(fd);
}

/* ---- longest prefix match, against a plain list of prefixes ---- */

struct prefix {
	uint32_t len;
	uint8_t data[4];
};

static uint32_t as_u32(const uint8_t *d)
{
	return (uint32_t)d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3];
}

static bool covers(const struct prefix *p, const struct prefix *key)
{
	uint32_t mask = p->len ? ~0u << (32 - p->len) : 0;

	return p->len <= key->len && !((as_u32(p->data) ^ as_u32(key->data)) & mask);
}

static void random_prefix(struct prefix *p, uint32_t *seed)
{
	uint32_t v = rand_r(seed) & 0xf0f0f0f0;

	p->len = rand_r(seed) % 33;
	v = p->len ? v & ~0u << (32 - p->len) : 0;
	for (int i = 0; i < 4; i++)
		p->data[i] = v >> (24 - 8 * i);
}

static void prefixes(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_LPM_TRIE, 8, 4, 200, BPF_F_NO_PREALLOC), err;
	struct prefix list[200], key;
	uint32_t n = 0, seed = 1, v, walked;

	(void)state;
	assert_true(fd >= 0);
	key = (struct prefix){33, {0}};
	assert_int_equal(t_update(fd, &key, &n, 0), -EINVAL);
	assert_int_equal(t_delete(fd, &key), -EINVAL);
	assert_int_equal(t_lookup(fd, &key, &v), -ENOENT);
	for (int step = 0; step < 6000; step++) {
		uint32_t i, best = UINT32_MAX;

		random_prefix(&key, &seed);
		for (i = 0; i < n; i++)
			if (!memcmp(&list[i], &key, sizeof(key)))
				break;
		switch (rand_r(&seed) % 3) {
		case 0:
			v = as_u32(key.data) + key.len;
			err = t_update(fd, &key, &v, i < n ? BPF_EXIST : BPF_NOEXIST);
			if (i == n && n == 200) {
				assert_int_equal(err, -ENOSPC);
				break;
			}
			assert_int_equal(err, 0);
			assert_int_equal(t_update(fd, &key, &v, BPF_NOEXIST), -EEXIST);
			if (i == n)
				list[n++] = key;
			break;
		case 1:
			assert_int_equal(t_delete(fd, &key), i < n ? 0 : -ENOENT);
			if (i < n)
				list[i] = list[--n];
			break;
		default:
			for (i = 0; i < n; i++)
				if (covers(&list[i], &key) &&
				    (best == UINT32_MAX || list[i].len > list[best].len))
					best = i;
			err = t_lookup(fd, &key, &v);
			assert_int_equal(err, best == UINT32_MAX ? -ENOENT : 0);
			if (!err)
				assert_int_equal(v, as_u32(list[best].data) + list[best].len);
		}
	}
	walked = 0;
	for (err = t_next(fd, NULL, &key); !err; err = t_next(fd, &key, &key)) {
		uint32_t i;

		for (i = 0; i < n && memcmp(&list[i], &key, sizeof(key)); i++)
			;
		assert_true(i < n);
		walked++;
	}
	assert_int_equal(walked, n);
	while (!t_next(fd, NULL, &key))
		assert_int_equal(t_delete(fd, &key), 0);
	CLOSE(fd);
}

static void bloom(void **state)
{
	int fd = t_create_attr(BPF_MAP_TYPE_BLOOM_FILTER, 0, 12, 1000, 0, 0, 3);
	uint32_t v[3] = {1, 2, 0}, wrong = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(t_create_attr(BPF_MAP_TYPE_BLOOM_FILTER, 0, 12, 1000, 0, 0, 16), -EINVAL);
	assert_int_equal(t_lookup(fd, NULL, v), -ENOENT);
	for (v[2] = 0; v[2] < 1000; v[2]++)
		assert_int_equal(t_update(fd, NULL, v, 0), 0);
	for (v[2] = 0; v[2] < 1000; v[2]++)
		assert_int_equal(t_lookup(fd, NULL, v), 0);
	for (v[2] = 1000; v[2] < 11000; v[2]++)
		wrong += !t_lookup(fd, NULL, v);
	assert_true(wrong < 3000); /* about one in eight is expected */
	assert_int_equal(t_update(fd, NULL, v, BPF_EXIST), -EINVAL);
	assert_int_equal(t_delete(fd, NULL), -EOPNOTSUPP);
	CLOSE(fd);
}

static void descriptions(void **state)
{
	int fd = t_create(BPF_MAP_TYPE_STACK_TRACE, 4, 80, 16, 0);
	uint8_t value[80];
	uint32_t key = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(t_lookup(fd, &key, value), -524);
	assert_int_equal(t_update(fd, &key, value, 0), -524);
	assert_int_equal(t_next(fd, NULL, &key), -524);
	CLOSE(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array),         cmocka_unit_test(creation),
		cmocka_unit_test(names),         cmocka_unit_test(percpu_array),
		cmocka_unit_test(hash),          cmocka_unit_test(percpu_hash),
		cmocka_unit_test(lru),           cmocka_unit_test(queue_and_stack),
		cmocka_unit_test(array_of_maps), cmocka_unit_test(hash_of_maps),
		cmocka_unit_test(inner_arrays),  cmocka_unit_test(ring_buffer),
		cmocka_unit_test(frozen),        cmocka_unit_test(mapped),
		cmocka_unit_test(access_modes),  cmocka_unit_test(array_batches),
		cmocka_unit_test(hash_batches),  cmocka_unit_test(descriptions),
		cmocka_unit_test(prefixes),      cmocka_unit_test(bloom),
		cmocka_unit_test(full_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
