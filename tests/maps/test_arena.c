/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Arenas as their user sees them: the same pages as programs at the addresses that programs hold, initial
 * values of variables, pages that the user touched, mappings that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kfunc/libkfunc.h"
#include "lib/bpf.h"
#include "maps/arena.h"
#include "maps/maps.h"
#include "syscall/syscall.h"

#define PAGES 16
#define PAGE  4096ull

struct node {
	struct node *next;
	uint64_t value;
};

static int run(const struct kfunc_object *obj, const char *name)
{
	KFUNC_OPTS(kfunc_run_opts, opts);
	uint64_t ctx = 0;

	opts.ctx_in = &ctx;
	opts.ctx_size_in = sizeof(ctx);
	assert_int_equal(kfunc_program__run(kfunc_object__find_program(obj, name), &opts), 0);
	return (int)opts.retval;
}

static struct kfunc_object *load(void)
{
	struct kfunc_program *p = NULL;
	struct kfunc_object *obj;
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/programs/progs/arena.bpf.o", getenv("KFUNC_BUILD"));
	obj = kfunc_object__open_file(path, NULL);
	assert_non_null(obj);
	while ((p = kfunc_object__next_program(obj, p)))
		kfunc_program__set_autoload(p, !strcmp(kfunc_program__name(p), "list"));
	assert_int_equal(kfunc_object__load(obj), 0);
	return obj;
}

/* a list that a program made, walked by following its pointers; and its variables, by value */
static void test_shared(void **state)
{
	struct kfunc_object *obj = load();
	int fd = kfunc_map__fd(kfunc_object__find_map(obj, "arena")), err;
	struct map_arena_view view;
	uint64_t *vars, total = 0;
	struct node *n, *head = NULL;
	struct rt_map *map;
	int count = 0;

	(void)state;
	assert_int_equal(run(obj, "list"), 4);
	map = syscall_map_by_fd(fd, &err);
	assert_non_null(map);
	assert_int_equal(map_arena_open(map, &view), 0);
	/* libbpf puts the variables into the arena's first page: head, and total = 7 + 1 + 60 */
	vars = (uint64_t *)(uintptr_t)view.user_start;
	for (unsigned int i = 0; i < PAGE / 8; i++) {
		if (vars[i] == 68)
			total = vars[i];
		else if (vars[i])
			head = (struct node *)(uintptr_t)vars[i];
	}
	assert_int_equal(total, 68);
	assert_non_null(head);
	for (n = head; n; n = n->next, count++)
		assert_int_equal(n->value, (3 - count) * 10);
	assert_int_equal(count, 4);
	rt_map_put(map);
	kfunc_object__close(obj);
}

static struct rt_map *make_with(int *fd, uint32_t flags)
{
	union bpf_attr attr;
	int err;
	struct rt_map *map;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = MAP_T_ARENA;
	attr.map_flags = BPF_F_MMAPABLE | flags;
	attr.max_entries = PAGES;
	*fd = (int)kfunc_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	assert_true(*fd >= 0);
	map = syscall_map_by_fd(*fd, &err);
	assert_non_null(map);
	return map;
}

static struct rt_map *make(int *fd)
{
	return make_with(fd, 0);
}

static void test_pages(void **state)
{
	struct map_arena_view view;
	uint8_t *p, *first, *other;
	struct rt_map *map;
	int fd, err = 0;

	(void)state;
	map = make(&fd);
	assert_int_equal(map_arena_open(map, &view), -EINVAL); /* nobody mapped it */
	assert_null(map->ops->mmap(map, NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, 0, &err));
	assert_int_equal(err, -EINVAL);
	p = map->ops->mmap(map, NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0, &err);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p >> 32, ((uintptr_t)p + PAGES * PAGE - 1) >> 32);
	/* it has its place; and nothing is put over what is there */
	other = map->ops->mmap(map, p + PAGE, PAGE, PROT_READ, MAP_SHARED, 0, &err);
	assert_null(other);
	assert_int_equal(err, -EBUSY);
	other = map->ops->mmap(map, p, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, 0, &err);
	assert_null(other);
	assert_int_equal(err, -EEXIST);

	p[3 * PAGE + 5] = 42; /* touched: not free any more, and programs see it */
	assert_int_equal(map_arena_open(map, &view), 0);
	assert_int_equal(view.pages[3], 1);
	assert_int_equal(view.base[3 * PAGE + 5], 42);
	assert_null(map_arena_alloc(map, (uintptr_t)p + 3 * PAGE, 1, -1, 0));
	first = map_arena_alloc(map, 0, 4, -1, 0);
	assert_ptr_equal(first, p + 4 * PAGE);
	assert_int_equal(first[0], 0);
	first[0] = 9;
	assert_int_equal(view.base[4 * PAGE], 9);
	p[9 * PAGE] = 1; /* touched later: found when a program gets there */
	assert_int_equal(view.pages[9], 0);
	assert_true(map_arena_touched(map, 9 * PAGE));
	assert_int_equal(view.pages[9], 1);
	assert_false(map_arena_touched(map, 10 * PAGE));
	assert_false(map_arena_touched(map, 100 * PAGE));
	map_arena_free_pages(map, (uintptr_t)first, 1);
	assert_int_equal(first[0], 0); /* gone; and this touched it again, as in Linux */
	assert_null(map_arena_alloc(map, (uintptr_t)first, 1, -1, 0));
	assert_null(map_arena_alloc(map, (uintptr_t)first + 1, 1, -1, 0));
	assert_null(map_arena_alloc(map, 0, 0, -1, 0));
	assert_null(map_arena_alloc(map, 0, 1, -1, 1));
	assert_null(map_arena_alloc(map, 0, PAGES + 1, -1, 0));
	assert_int_equal(munmap(p, PAGES * PAGE), 0);
	rt_map_put(map);
	assert_int_equal(syscall_close(fd), 0);
	rt_rcu_barrier();
}

/* what the user touches is not in use: reserved pages, and all with BPF_F_SEGV_ON_FAULT */
static void test_untouchable(void **state)
{
	for (int segv = 0; segv < 2; segv++) {
		struct map_arena_view view;
		struct rt_map *map;
		int fd, err = 0;
		uint8_t *p;

		map = make_with(&fd, segv ? BPF_F_SEGV_ON_FAULT : 0);
		p = map->ops->mmap(map, NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0,
				   &err);
		assert_non_null(p);
		if (!segv)
			assert_int_equal(map_arena_reserve(map, (uintptr_t)p + PAGE, 2), 0);
		p[PAGE] = 1;
		p[2 * PAGE] = 2;
		assert_int_equal(map_arena_open(map, &view), 0);
		assert_int_equal(view.pages[1], 0);
		assert_int_equal(view.pages[2], 0);
		assert_false(map_arena_touched(map, PAGE));
		if (!segv) {
			assert_int_equal(map_arena_reserve(map, (uintptr_t)p + 2 * PAGE, 1),
					 -EBUSY);
			assert_ptr_equal(map_arena_alloc(map, 0, 4, -1, 0), p + 3 * PAGE);
			map_arena_free_pages(map, (uintptr_t)p, 3);
		}
		assert_ptr_equal(map_arena_alloc(map, 0, 3, -1, 0), p);
		assert_int_equal(p[PAGE], 0);
		assert_int_equal(p[2 * PAGE], 0);
		assert_int_equal(munmap(p, PAGES * PAGE), 0);
		rt_map_put(map);
		assert_int_equal(syscall_close(fd), 0);
		rt_rcu_barrier();
	}
	(void)state;
}

/* a host that closed the descriptor and opened a file in its place: the file stays as it is */
static void test_closed_descriptor(void **state)
{
	static const char text[] = "memfd:kfunc-arena";
	struct map_arena_view view;
	struct rt_map *map;
	FILE *f = tmpfile();
	char link[64], to[64], data[PAGE];
	int fd, err = 0, mine = -1;
	uint8_t *p;

	(void)state;
	rt_rcu_barrier(); /* other arenas are gone */
	assert_non_null(f);
	memset(data, 1, sizeof(data));
	for (int i = 0; i < 4; i++)
		assert_int_equal(fwrite(data, sizeof(data), 1, f), 1);
	assert_int_equal(fflush(f), 0);
	map = make(&fd);
	p = map->ops->mmap(map, NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0, &err);
	assert_non_null(p);
	assert_int_equal(map_arena_open(map, &view), 0);
	for (int i = 3; i < 100 && mine < 0; i++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", i);
		memset(to, 0, sizeof(to));
		if (readlink(link, to, sizeof(to) - 1) > 0 && strstr(to, text))
			mine = i;
	}
	assert_true(mine >= 0);
	assert_int_equal(dup2(fileno(f), mine), mine);

	assert_ptr_equal(map_arena_alloc(map, 0, 2, -1, 0), p);
	p[0] = 7;
	assert_int_equal(view.base[0], 7);
	map_arena_free_pages(map, (uintptr_t)p, 2);
	assert_int_equal(view.base[0], 0); /* freed all the same */
	assert_null(map->ops->mmap(map, p, PAGE, PROT_READ, MAP_SHARED, 0, &err));
	assert_int_equal(err, -EBADF);
	assert_int_equal(munmap(p, PAGES * PAGE), 0);
	rt_map_put(map);
	assert_int_equal(syscall_close(fd), 0);
	rt_rcu_barrier();
	rewind(f);
	assert_int_equal(fread(data, sizeof(data), 1, f), 1);
	assert_int_equal(data[0], 1);
	assert_true(fcntl(mine, F_GETFD) >= 0);
	close(mine);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_untouchable),
		cmocka_unit_test(test_closed_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
