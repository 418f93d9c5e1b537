/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Special fields in map values: a lock, and a stored kernel object (a CPU mask of the live kernel,
 * whose destructor is real, so the number of masks alive tells whether every one was released
 * exactly once).
 */
#include "lib/bpf.h"

#include <errno.h>
#include <pthread.h>

#include "maps/maps.h"
#include "runtime/objects.h"
#include "runtime/objects_task.h"

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)

/*
 * 1 int; 2 struct bpf_spin_lock { int val }; 3 struct bpf_cpumask (forward declaration would do for
 * C, a struct is wanted here); 4 type tag "kptr" -> 3; 5 pointer -> 4; 6 long; 7 struct value {
 * lock, p, x }; 8 struct plain { p, x }
 */
static const char strings[] =
	"\0int\0bpf_spin_lock\0val\0bpf_cpumask\0kptr\0long\0value\0lock\0p\0x\0plain";

enum {
	S_INT = 1,
	S_LOCK = 5,
	S_VAL = 19,
	S_MASK = 23,
	S_KPTR = 35,
	S_LONG = 40,
	S_VALUE = 45,
	S_F_LOCK = 51,
	S_P = 56,
	S_X = 58,
	S_PLAIN = 60
};

static const uint32_t types[] = {
	S_INT,
	BTF_KIND_INT << 24,
	4,
	BTF_INT_SIGNED << 24 | 32,
	S_LOCK,
	BTF_KIND_STRUCT << 24 | 1,
	4,
	S_VAL,
	1,
	0,
	S_MASK,
	BTF_KIND_STRUCT << 24 | 1,
	4,
	S_VAL,
	1,
	0,
	S_KPTR,
	BTF_KIND_TYPE_TAG << 24,
	3,
	0,
	BTF_KIND_PTR << 24,
	4,
	S_LONG,
	BTF_KIND_INT << 24,
	8,
	BTF_INT_SIGNED << 24 | 64,
	S_VALUE,
	BTF_KIND_STRUCT << 24 | 3,
	24,
	S_F_LOCK,
	2,
	0,
	S_P,
	5,
	64,
	S_X,
	6,
	128,
	S_PLAIN,
	BTF_KIND_STRUCT << 24 | 2,
	16,
	S_P,
	5,
	0,
	S_X,
	6,
	64,
};

struct value {
	uint32_t lock, pad;
	struct bpf_cpumask *p;
	uint64_t x;
};

static int load_types(void)
{
	struct {
		struct btf_header h;
		uint8_t rest[sizeof(types) + sizeof(strings)];
	} raw;
	union bpf_attr a;

	memset(&raw, 0, sizeof(raw));
	raw.h.magic = BTF_MAGIC;
	raw.h.version = 1;
	raw.h.hdr_len = sizeof(raw.h);
	raw.h.type_len = sizeof(types);
	raw.h.str_off = sizeof(types);
	raw.h.str_len = sizeof(strings);
	memcpy(raw.rest, types, sizeof(types));
	memcpy(raw.rest + sizeof(types), strings, sizeof(strings));
	memset(&a, 0, sizeof(a));
	a.btf = (uintptr_t)&raw;
	a.btf_size = sizeof(raw.h) + sizeof(types) + sizeof(strings);
	return kfunc_bpf(BPF_BTF_LOAD, &a, sizeof(a));
}

static int create(int btf, uint32_t type, uint32_t value_id, uint32_t size, uint32_t flags)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.map_type = type;
	a.key_size = 4;
	a.value_size = size;
	a.max_entries = 4;
	a.map_flags = flags;
	a.btf_fd = btf;
	a.btf_key_type_id = 1;
	a.btf_value_type_id = value_id;
	return kfunc_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static uint64_t alive(void)
{
	for (int i = 0; i < 3; i++) /* what is released may release more */
		rt_rcu_barrier();
	return rt_cpumasks_alive();
}

static void store(struct rt_map *map, uint32_t key)
{
	struct value *v;

	rt_rcu_read_lock();
	v = map->ops->lookup(map, &key);
	assert_non_null(v);
	assert_null(rt_kptr_xchg(&v->p, rt_cpumask_create()));
	rt_rcu_read_unlock();
}

/* Kfunc scenario 75 */
static void creation(void **state)
{
	int btf = load_types(), fd, err;
	struct rt_map *map;

	(void)state;
	assert_true(btf >= 0);
	fd = create(btf, BPF_MAP_TYPE_HASH, 7, 24, 0);
	assert_true(fd >= 0);
	map = syscall_map_by_fd(fd, &err);
	assert_non_null(map->fields);
	assert_int_equal(map->fields->n, 2);
	assert_int_equal(map->fields->lock_off, 0);
	assert_int_equal(map->fields->mask, BTF_FIELD_SPIN_LOCK | BTF_FIELD_KPTR_REF);
	rt_map_put(map);
	assert_int_equal(t_freeze(fd), -524);
	CLOSE(fd);
	assert_int_equal(create(btf, BPF_MAP_TYPE_HASH, 7, 24, BPF_F_RDONLY_PROG), -EACCES);
	assert_int_equal(create(btf, BPF_MAP_TYPE_LRU_HASH, 7, 24, 0),
			 -EOPNOTSUPP); /* no locks there */
	assert_int_equal(create(btf, BPF_MAP_TYPE_HASH, 7, 16, 0),
			 -EINVAL); /* not the type's size */
	assert_int_equal(create(btf, BPF_MAP_TYPE_HASH, 70, 24, 0), -EINVAL);
	assert_int_equal(create(4000, BPF_MAP_TYPE_HASH, 7, 24, 0), -EBADF);
	CLOSE(btf);
}

/* kfunc spec R8.15, R8.16, R8.17: special fields are not copied, an update releases what the old value held */
static void releases(uint32_t type)
{
	int btf = load_types(), fd = create(btf, type, 7, 24, 0), err;
	struct value v = {.lock = 1, .p = (void *)0x1234, .x = 5};
	uint64_t before = alive();
	uint32_t key = 1;
	struct rt_map *map;

	assert_true(fd >= 0);
	map = syscall_map_by_fd(fd, &err);
	assert_int_equal(t_update(fd, &key, &v, 0), 0);
	store(map, key);
	assert_int_equal(alive(), before + 1);
	/* neither lock nor pointer are copied in or out */
	assert_int_equal(t_lookup(fd, &key, &v), 0);
	assert_int_equal(v.lock, 0);
	assert_null(v.p);
	assert_int_equal(v.x, 5);
	/* the new value has no mask, the old one's is released */
	v.x = 6;
	assert_int_equal(t_update(fd, &key, &v, 0), 0);
	assert_int_equal(alive(), before);
	store(map, key);
	v.x = 7;
	if (type == BPF_MAP_TYPE_HASH) { /* in place, so what is stored stays */
		assert_int_equal(t_update(fd, &key, &v, BPF_F_LOCK), 0);
		assert_int_equal(alive(), before + 1);
		assert_int_equal(t_elem(BPF_MAP_LOOKUP_ELEM, fd, &key, &v, BPF_F_LOCK), 0);
		assert_int_equal(v.x, 7);
		assert_int_equal(t_delete(fd, &key), 0);
		assert_int_equal(alive(), before);
		assert_int_equal(t_update(fd, &key, &v, 0), 0);
		store(map, key);
		assert_int_equal(t_take(fd, &key, &v), 0);
		assert_null(v.p);
		assert_int_equal(alive(), before);
		assert_int_equal(t_update(fd, &key, &v, 0), 0);
		store(map, key);
	}
	key = 2;
	assert_int_equal(t_update(fd, &key, &v, 0), 0);
	store(map, key);
	assert_int_equal(alive(), before + 2);
	rt_map_put(map);
	CLOSE(fd);
	CLOSE(btf);
	assert_int_equal(alive(), before); /* with the map everything goes */
}

/* Kfunc scenario 76 */
static void in_hash(void **state)
{
	(void)state;
	releases(BPF_MAP_TYPE_HASH);
}

/* Kfunc scenario 76 */
static void in_array(void **state)
{
	(void)state;
	releases(BPF_MAP_TYPE_ARRAY);
}

static void in_percpu_and_lru(void **state)
{
	static const uint32_t kinds[] = {BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_HASH,
					 BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_PERCPU_HASH};
	int btf = load_types(), err;
	uint64_t v[2 * RT_MAX_CPUS] = {0}, before = alive();

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = create(btf, kinds[i], 8, 16, 0);
		struct rt_map *map;
		uint32_t key = 0;
		void **slot;

		assert_true(fd >= 0);
		map = syscall_map_by_fd(fd, &err);
		assert_int_equal(t_update(fd, &key, v, 0), 0);
		rt_rcu_read_lock();
		slot = map->ops->lookup_percpu
			       ? map->ops->lookup_percpu(map, &key, rt_nr_cpus() - 1)
			       : map->ops->lookup(map, &key);
		assert_null(rt_kptr_xchg(slot, rt_cpumask_create()));
		rt_rcu_read_unlock();
		assert_int_equal(alive(), before + 1);
		/* evicted, or gone with the map */
		for (key = 1; key < 40 && kinds[i] == BPF_MAP_TYPE_LRU_HASH; key++)
			assert_int_equal(t_update(fd, &key, v, 0), 0);
		rt_map_put(map);
		CLOSE(fd);
		assert_int_equal(alive(), before);
	}
	CLOSE(btf);
}

/* ---- the lock ---- */

static struct value shared;

static void *add(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++) {
		rt_spin_lock(&shared.lock);
		shared.x++;
		rt_spin_unlock(&shared.lock);
	}
	return NULL;
}

static void locks(void **state)
{
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, add, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(shared.x, 80000);
	assert_int_equal(shared.lock, 0);
}

static void local_objects(void **state)
{
	struct btf_fields *f = test_malloc(sizeof(*f) + sizeof(f->f[0]));
	struct kfunc_kernel *k = syscall_kernel();
	uint64_t before = alive();
	void **outer, **inner;

	(void)state;
	memset(f, 0, sizeof(*f) + sizeof(f->f[0]));
	f->n = 1;
	f->lock_off = f->refcount_off = -1;
	f->f[0].kind = BTF_FIELD_KPTR_REF;
	f->f[0].size = 8;
	outer = rt_obj_new(16, f); /* owns a local object ... */
	f->f[0].btf = k->btf;
	f->f[0].kernel_type = true;
	f->f[0].type_id = btf_find(k->btf, "bpf_cpumask", BTF_KIND_STRUCT);
	inner = rt_obj_new(16, f); /* ... which owns a mask */
	assert_non_null(outer);
	assert_non_null(inner);
	assert_null(rt_kptr_xchg(inner, rt_cpumask_create()));
	assert_null(rt_kptr_xchg(outer, inner));
	rt_obj_acquire(outer);
	rt_obj_drop(outer);
	assert_int_equal(alive(), before + 1);
	rt_obj_drop(outer);
	assert_int_equal(alive(), before);
	rt_obj_drop(NULL);
	test_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation), cmocka_unit_test(in_hash),
		cmocka_unit_test(in_array), cmocka_unit_test(in_percpu_and_lru),
		cmocka_unit_test(locks),    cmocka_unit_test(local_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
