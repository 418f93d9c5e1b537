/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Maps under threads: a caller's side (bpf(2)) and a program's side (read section, virtual CPU)
 * work on the same map at the same time. What a reader finds must be a whole value of its key and
 * must not change while it is held; counts must add up in the end. KFUNC_STRESS_SECONDS makes it
 * longer; meant to be run under ThreadSanitizer too.
 */
#include "lib/bpf.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "maps/maps.h"
#include "maps/ringbuf.h"
#include "syscall/libc_hooks.h"

#define CLOSE(fd) assert_int_equal(syscall_close(fd), 0)
#define KEYS      64

struct value {
	uint64_t key, inverse, round;
};

static struct shared {
	int fd;
	struct rt_map *map;
	_Atomic bool stop;
	_Atomic uint64_t errors, hits;
} sh;

static double seconds(void)
{
	const char *s = getenv("KFUNC_STRESS_SECONDS");

	return s ? atof(s) : 0.4;
}

static void wait_and_stop(void)
{
	usleep(seconds() * 1e6);
	atomic_store(&sh.stop, true);
}

static uint64_t ld(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static void check(const struct value *v, uint64_t key)
{
	if (ld(&v->key) != key || ld(&v->inverse) != ~key)
		atomic_fetch_add(&sh.errors, 1);
	atomic_fetch_add_explicit(&sh.hits, 1, memory_order_relaxed);
}

static void *caller_side(void *arg)
{
	uint32_t seed = (uintptr_t)arg;
	struct value v;
	uint64_t key, next;

	for (uint64_t round = 0; !atomic_load(&sh.stop); round++) {
		key = rand_r(&seed) % KEYS;
		v = (struct value){key, ~key, round};
		switch (rand_r(&seed) % 6) {
		case 0:
		case 1:
			t_update(sh.fd, &key, &v, rand_r(&seed) % 3);
			break;
		case 2:
			if (!t_lookup(sh.fd, &key, &v))
				check(&v, key);
			break;
		case 3:
			t_delete(sh.fd, &key);
			break;
		case 4:
			if (!t_take(sh.fd, &key, &v))
				check(&v, key);
			break;
		default:
			if (!t_next(sh.fd, &key, &next) && next >= KEYS)
				atomic_fetch_add(&sh.errors, 1);
		}
	}
	return NULL;
}

static long visit(void *arg, void *key, void *value)
{
	uint64_t k;

	(void)arg;
	memcpy(&k, key, sizeof(k));
	check(value, k);
	return 0;
}

static void *program_side(void *arg)
{
	uint32_t seed = (uintptr_t)arg;
	struct value v, *p;
	uint64_t key, first;

	for (uint64_t round = 0; !atomic_load(&sh.stop); round++) {
		struct rt_vcpu *cpu = rt_enter();

		rt_rcu_read_lock();
		key = rand_r(&seed) % KEYS;
		v = (struct value){key, ~key, round};
		p = sh.map->ops->lookup(sh.map, &key);
		first = p ? ld(&p->round) : 0;
		if (rand_r(&seed) % 2)
			sh.map->ops->update(sh.map, &key, &v, 0);
		else
			sh.map->ops->del(sh.map, &key);
		if (p) { /* replaced or deleted: what is held stays as it was */
			check(p, key);
			if (ld(&p->round) != first)
				atomic_fetch_add(&sh.errors, 1);
		}
		if (round % 64 == 0)
			sh.map->ops->for_each(sh.map, visit, NULL);
		rt_rcu_read_unlock();
		rt_leave(cpu);
	}
	return NULL;
}

static void run(uint32_t type, uint32_t entries)
{
	pthread_t t[4];
	uint64_t key, n = 0;
	int err;

	memset(&sh, 0, sizeof(sh));
	sh.fd = t_create(type, 8, sizeof(struct value), entries, 0);
	assert_true(sh.fd >= 0);
	sh.map = syscall_map_by_fd(sh.fd, &err);
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, i & 1 ? program_side : caller_side,
						(void *)(i + 1)),
				 0);
	wait_and_stop();
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(sh.errors, 0);
	assert_true(sh.hits > 100);
	for (err = t_next(sh.fd, NULL, &key); !err; err = t_next(sh.fd, &key, &key))
		n++;
	assert_true(n <= entries);
	/* what is counted is what is there: the rest of the room can be used */
	for (key = 1000; n < entries; key++, n++)
		assert_int_equal(t_update(sh.fd, &key, &(struct value){0}, BPF_NOEXIST), 0);
	if (type == BPF_MAP_TYPE_HASH)
		assert_int_equal(t_update(sh.fd, &key, &(struct value){0}, BPF_NOEXIST), -E2BIG);
	rt_map_put(sh.map);
	CLOSE(sh.fd);
	rt_rcu_barrier();
}

static void hash(void **state)
{
	(void)state;
	run(BPF_MAP_TYPE_HASH, KEYS);
	run(BPF_MAP_TYPE_HASH, KEYS / 2);
}

static void lru(void **state)
{
	(void)state;
	run(BPF_MAP_TYPE_LRU_HASH, KEYS / 2);
	run(BPF_MAP_TYPE_LRU_HASH, 4);
}

/* ---- per-CPU: a counter that every thread increments on its CPU loses nothing ---- */

#define ADDS 20000

static void *count_on_cpu(void *arg)
{
	uint32_t key = 0;

	(void)arg;
	for (int i = 0; i < ADDS; i++) {
		struct rt_vcpu *cpu = rt_enter();
		uint64_t *v;

		rt_rcu_read_lock();
		v = sh.map->ops->lookup(sh.map, &key);
		__atomic_store_n(v, ld(v) + 1, __ATOMIC_RELAXED);
		rt_rcu_read_unlock();
		rt_leave(cpu);
	}
	return NULL;
}

static void percpu_counter(uint32_t type)
{
	uint64_t v[RT_MAX_CPUS] = {0}, sum = 0;
	uint32_t key = 0;
	pthread_t t[4];
	int err;

	sh.fd = t_create(type, 4, 8, 1, 0);
	sh.map = syscall_map_by_fd(sh.fd, &err);
	assert_int_equal(t_update(sh.fd, &key, v, 0), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, count_on_cpu, NULL), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(t_lookup(sh.fd, &key, v), 0);
	for (uint32_t c = 0; c < rt_nr_cpus(); c++)
		sum += v[c];
	assert_int_equal(sum, 4 * ADDS);
	rt_map_put(sh.map);
	CLOSE(sh.fd);
}

static void percpu(void **state)
{
	(void)state;
	percpu_counter(BPF_MAP_TYPE_PERCPU_ARRAY);
	percpu_counter(BPF_MAP_TYPE_PERCPU_HASH);
	percpu_counter(BPF_MAP_TYPE_LRU_PERCPU_HASH);
}

/* ---- ring buffer: three producers, one consumer that sees each producer's records in order ----
 */

struct sample {
	uint32_t producer, pad;
	uint64_t number;
	uint8_t tail[40];
};

#define SAMPLES 5000

static void *produce(void *arg)
{
	uint32_t me = (uintptr_t)arg;

	for (uint64_t i = 0; i < SAMPLES;) {
		struct sample *s = map_ringbuf_reserve(sh.map, sizeof(*s) - me * 8);

		if (!s) {
			sched_yield();
			continue;
		}
		s->producer = me;
		s->number = i;
		map_ringbuf_commit(s, 0, i % 7 == 0);
		i++;
	}
	return NULL;
}

static void ring(void **state)
{
	uint64_t *cons, *prod, pos = 0, next[3] = {0};
	struct epoll_event ev = {.events = EPOLLIN};
	uint32_t total = 0;
	uint8_t *data;
	pthread_t t[3];
	int err, ep;

	(void)state;
	sh.fd = t_create(BPF_MAP_TYPE_RINGBUF, 0, 0, 8192, 0);
	sh.map = syscall_map_by_fd(sh.fd, &err);
	cons = kf_sys_mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, sh.fd, 0);
	prod = kf_sys_mmap64(NULL, 4096 + 2 * 8192, PROT_READ, MAP_SHARED, sh.fd, 4096);
	assert_true(cons != MAP_FAILED && prod != MAP_FAILED);
	data = (uint8_t *)prod + 4096;
	ep = epoll_create1(0);
	assert_int_equal(kf_sys_epoll_ctl(ep, EPOLL_CTL_ADD, sh.fd, &ev), 0);
	for (uintptr_t i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, produce, (void *)i), 0);
	while (total < 3 * SAMPLES) {
		epoll_wait(ep, &ev, 1, 1000);
		while (pos < __atomic_load_n(prod, __ATOMIC_ACQUIRE)) {
			uint32_t *hdr = (uint32_t *)(data + (pos & 8191));
			uint32_t len = __atomic_load_n(hdr, __ATOMIC_ACQUIRE);
			struct sample *s = (struct sample *)(hdr + 2);

			if (len & 1u << 31)
				break;
			assert_int_equal(s->number, next[s->producer]);
			assert_int_equal(!!(len & 1u << 30), s->number % 7 == 0);
			next[s->producer]++;
			total++;
			pos += ((len & ~(3u << 30)) + 8 + 7) & ~7u;
			__atomic_store_n(cons, pos, __ATOMIC_RELEASE);
		}
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	munmap(cons, 4096);
	munmap(prod, 4096 + 2 * 8192);
	close(ep);
	rt_map_put(sh.map);
	CLOSE(sh.fd);
}

/* ---- maps that come and go while others look ---- */

static void *come_and_go(void *arg)
{
	uint32_t type = (uintptr_t)arg;

	while (!atomic_load(&sh.stop)) {
		int fd = t_create(type, 4, 4, 8, 0), again;
		uint32_t key = 1, id = t_map_id(fd);
		union bpf_attr a;

		memset(&a, 0, sizeof(a));
		a.map_id = id;
		t_update(fd, &key, &key, 0);
		again = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &a, sizeof(a));
		if (again < 0 || syscall_close(again) || syscall_close(fd))
			atomic_fetch_add(&sh.errors, 1);
	}
	return NULL;
}

static void *walk_ids(void *arg)
{
	(void)arg;
	while (!atomic_load(&sh.stop)) {
		union bpf_attr a;

		memset(&a, 0, sizeof(a));
		while (!kfunc_bpf(BPF_MAP_GET_NEXT_ID, &a, sizeof(a))) {
			union bpf_attr b;
			int fd;

			memset(&b, 0, sizeof(b));
			b.map_id = a.next_id;
			fd = kfunc_bpf(BPF_MAP_GET_FD_BY_ID, &b, sizeof(b));
			if (fd >= 0)
				syscall_close(fd);
			a.start_id = a.next_id;
			a.next_id = 0;
		}
	}
	return NULL;
}

static void lives(void **state)
{
	pthread_t t[3];

	(void)state;
	memset(&sh, 0, sizeof(sh));
	pthread_create(&t[0], NULL, come_and_go, (void *)(uintptr_t)BPF_MAP_TYPE_HASH);
	pthread_create(&t[1], NULL, come_and_go, (void *)(uintptr_t)BPF_MAP_TYPE_ARRAY);
	pthread_create(&t[2], NULL, walk_ids, NULL);
	wait_and_stop();
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(sh.errors, 0);
	rt_rcu_barrier();
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){.start_id = 0}, 12),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash), cmocka_unit_test(lru),   cmocka_unit_test(percpu),
		cmocka_unit_test(ring), cmocka_unit_test(lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
