/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Timers (helpers bpf_timer_*) and workqueues (kfuncs bpf_wq_*, kfunc spec 12.8): a program asks for
 * a callback to run later, outside of it. Two threads of the library run them, one for timers, one
 * for work that may sleep; each is made when first needed. A callback is entered as a program of
 * its own, on a virtual CPU, in a read section, and starts with nothing held.
 *
 * The field in a map value holds the address of the item. All items are guarded by one lock, so that
 * taking the address and using it is one step. An item ends when its value goes: deleted, updated in
 * an array, or the last descriptor of the map closed (from then on -EPERM refuses new ones; that
 * cuts the circle timer, program, map, timer). It holds a reference on the program of its callback
 * from set_callback on, and the program holds the map.
 *
 * Who runs a callback takes a virtual CPU and enters the read section first, and says that the item
 * runs after that: so a program that waits for a callback never waits for a CPU that it occupies
 * itself, and a value whose item was ended lives as long as the callback that still uses it.
 *
 * Times of other clocks are converted when the timer is started: a clock that is set later on does
 * not move it. Left out: task works.
 */
#include "runtime/async.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/mem.h"
#include "runtime/rt.h"

enum { TIMER_ABS = 1, TIMER_CPU_PIN = 2 };
enum { ANY_CPU = UINT32_MAX, NOT_QUEUED = UINT32_MAX };

struct item {
	struct queue *q;
	struct rt_map *map;
	void *value;
	const void *fn;
	struct rt_prog *prog; /* held, with fn */
	clockid_t clock;
	uint64_t due, order; /* CLOCK_MONOTONIC; items of equal time in order of their start */
	uint32_t at;         /* in the queue's heap, NOT_QUEUED */
	uint32_t pin;        /* CPU to run on, ANY_CPU */
	bool ended;          /* its field is gone: freed after the callback that runs now */
};

struct queue {
	struct item **heap;   /* the earliest first */
	size_t n, cap, items; /* in the heap; room in it; not yet freed: there is room for all */
	struct item *running;
	uint64_t rounds; /* callbacks that have returned */
	pthread_cond_t change, done;
	bool started;
	pthread_t thread;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct queue timers, works;
static uint64_t next_order;

static uint64_t now_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ---- the heap; all under lock ---- */

static bool before(const struct item *a, const struct item *b)
{
	return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void place(struct queue *q, uint32_t at, struct item *t)
{
	q->heap[at] = t;
	t->at = at;
}

static void sift_up(struct queue *q, uint32_t at, struct item *t)
{
	for (; at && before(t, q->heap[(at - 1) / 2]); at = (at - 1) / 2)
		place(q, at, q->heap[(at - 1) / 2]);
	place(q, at, t);
}

static void sift_down(struct queue *q, uint32_t at, struct item *t)
{
	for (uint32_t child = 2 * at + 1; child < q->n; child = 2 * at + 1) {
		if (child + 1 < q->n && before(q->heap[child + 1], q->heap[child]))
			child++;
		if (!before(q->heap[child], t))
			break;
		place(q, at, q->heap[child]);
		at = child;
	}
	place(q, at, t);
}

/* false: it was not in the queue */
static bool dequeue(struct item *t)
{
	struct queue *q = t->q;
	uint32_t at = t->at;
	struct item *last;

	if (at == NOT_QUEUED)
		return false;
	t->at = NOT_QUEUED;
	last = q->heap[--q->n];
	if (last == t)
		return true;
	if (at && before(last, q->heap[(at - 1) / 2]))
		sift_up(q, at, last);
	else
		sift_down(q, at, last);
	return true;
}

/* room was made by make_item() */
static void enqueue(struct item *t)
{
	struct queue *q = t->q;

	dequeue(t);
	t->order = next_order++;
	sift_up(q, (uint32_t)q->n++, t);
	if (q->heap[0] == t)
		pthread_cond_signal(&q->change);
}

static void free_item(struct item *t)
{
	t->q->items--;
	mem_free(t);
}

/* ---- the threads ---- */

/* Waits under lock until something is due; the CPU it wants to run on. */
static uint32_t wait_due(struct queue *q)
{
	for (;;) {
		struct timespec until;
		uint64_t due;

		if (!q->n) {
			pthread_cond_wait(&q->change, &lock);
			continue;
		}
		due = q->heap[0]->due;
		if (due <= now_of(CLOCK_MONOTONIC))
			return q->heap[0]->pin;
		until.tv_sec = (time_t)(due / 1000000000ull);
		until.tv_nsec = (long)(due % 1000000000ull);
		pthread_cond_timedwait(&q->change, &lock, &until);
	}
}

/* On a CPU, in a read section, under lock; drops it for the callback. */
static void run_first(struct queue *q)
{
	struct item *t = q->heap[0];
	struct rt_prog *prog = t->prog;
	struct rt_map *map = t->map;
	const void *fn = t->fn;
	void *value = t->value;
	uint64_t room;

	dequeue(t);
	if (!fn)
		return;
	rt_prog_get(prog);
	q->running = t;
	pthread_mutex_unlock(&lock);
	rt_callback(fn, (uintptr_t)map, (uintptr_t)map->ops->key_of(map, value, &room),
		    (uintptr_t)value, 0, 0);
	rt_prog_put(prog);
	pthread_mutex_lock(&lock);
	q->running = NULL;
	q->rounds++;
	pthread_cond_broadcast(&q->done);
	if (t->ended)
		free_item(t);
}

static void *serve(void *arg)
{
	struct queue *q = arg;

	pthread_mutex_lock(&lock);
	for (;;) {
		uint32_t pin = wait_due(q);
		struct rt_vcpu *cpu;

		pthread_mutex_unlock(&lock);
		cpu = pin == ANY_CPU ? rt_enter() : rt_enter_on(pin);
		rt_rcu_read_lock();
		pthread_mutex_lock(&lock);
		/* it may have been cancelled or overtaken meanwhile */
		if (q->n && q->heap[0]->pin == pin && q->heap[0]->due <= now_of(CLOCK_MONOTONIC))
			run_first(q);
		pthread_mutex_unlock(&lock);
		rt_rcu_read_unlock();
		rt_leave(cpu);
		pthread_mutex_lock(&lock);
	}
	return NULL;
}

/* Under lock. The host's signal handlers stay on the host's threads. */
static int start_thread(struct queue *q)
{
	pthread_condattr_t attr;
	sigset_t old;
	int err;

	if (q->started)
		return 0;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->change, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&q->done, NULL);
	rt_block_signals(&old);
	err = -pthread_create(&q->thread, NULL, serve, q);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		pthread_detach(q->thread);
	q->started = !err;
	return err;
}

/* ---- items; under lock ---- */

static struct item *item_of(void *field)
{
	return __atomic_load_n((struct item **)field, __ATOMIC_RELAXED);
}

static const struct btf_field *field_of(const struct rt_map *map, enum btf_field_kind kind)
{
	for (uint32_t i = 0; map->fields && i < map->fields->n; i++)
		if (map->fields->f[i].kind == kind)
			return &map->fields->f[i];
	return NULL;
}

static int make_item(struct queue *q, void *field, struct rt_map *map, clockid_t clock)
{
	const struct btf_field *f =
		field_of(map, q == &timers ? BTF_FIELD_TIMER : BTF_FIELD_WORKQUEUE);
	struct item *t;
	int err;

	if (item_of(field))
		return -EBUSY;
	if (!atomic_load(&map->users))
		return -EPERM;
	if (!f || !map->ops->key_of)
		return -EOPNOTSUPP;
	err = start_thread(q);
	if (!err)
		err = mem_grow((void **)&q->heap, &q->cap, q->items + 1, sizeof(*q->heap));
	if (err)
		return err;
	t = mem_zalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	q->items++;
	t->q = q;
	t->map = map;
	t->value = (char *)field - f->off;
	t->clock = clock;
	t->at = NOT_QUEUED;
	t->pin = ANY_CPU;
	__atomic_store_n((struct item **)field, t, __ATOMIC_RELEASE);
	return 0;
}

static bool try_get_prog(struct rt_prog *p)
{
	uint32_t n = atomic_load(&p->refs);

	while (n)
		if (atomic_compare_exchange_weak(&p->refs, &n, n + 1))
			return true;
	return false;
}

/* Takes the callback away; the caller drops the program's reference after unlocking. */
static struct rt_prog *forget_callback(struct item *t)
{
	struct rt_prog *p = t->prog;

	t->prog = NULL;
	t->fn = NULL;
	return p;
}

static int init(struct queue *q, void *field, struct rt_map *map, clockid_t clock)
{
	int err;

	pthread_mutex_lock(&lock);
	err = make_item(q, field, map, clock);
	pthread_mutex_unlock(&lock);
	return err;
}

static int set_callback(void *field, const void *fn, const void *prog)
{
	struct rt_prog *p = (struct rt_prog *)prog, *old = NULL;
	struct item *t;
	int err = 0;

	pthread_mutex_lock(&lock);
	t = item_of(field);
	if (!t)
		err = -EINVAL;
	else if (!atomic_load(&t->map->users))
		err = -EPERM;
	else if (t->prog == p)
		t->fn = fn;
	else if (!try_get_prog(p))
		err = -ENOENT; /* its last holder is gone, it only finishes this run */
	else {
		old = forget_callback(t);
		t->prog = p;
		t->fn = fn;
	}
	pthread_mutex_unlock(&lock);
	rt_prog_put(old);
	return err;
}

/* ---- what programs call ---- */

int rt_timer_init(void *field, void *map, uint64_t flags)
{
	if (flags != CLOCK_REALTIME && flags != CLOCK_MONOTONIC && flags != CLOCK_BOOTTIME)
		return -EINVAL;
	return init(&timers, field, map, (clockid_t)flags);
}

int rt_timer_set_callback(void *field, const void *fn, const void *prog)
{
	return set_callback(field, fn, prog);
}

/* in how many nanoseconds, saturated */
static uint64_t delay_of(const struct item *t, uint64_t nsecs, uint64_t flags)
{
	uint64_t now;

	if (!(flags & TIMER_ABS))
		return nsecs;
	now = now_of(t->clock);
	return nsecs > now ? nsecs - now : 0;
}

int rt_timer_start(void *field, uint64_t nsecs, uint64_t flags)
{
	const struct rt_vcpu *cpu = rt_current();
	uint64_t now;
	struct item *t;
	int err = 0;

	if (flags & ~(uint64_t)(TIMER_ABS | TIMER_CPU_PIN))
		return -EINVAL;
	pthread_mutex_lock(&lock);
	t = item_of(field);
	if (t && t->fn) {
		now = now_of(CLOCK_MONOTONIC);
		if (__builtin_add_overflow(now, delay_of(t, nsecs, flags), &t->due))
			t->due = UINT64_MAX;
		t->pin = flags & TIMER_CPU_PIN && cpu ? cpu->id : ANY_CPU;
		enqueue(t);
	} else {
		err = -EINVAL;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

int rt_timer_cancel(void *field)
{
	struct rt_prog *old = NULL;
	uint64_t round;
	struct item *t;
	int ret;

	pthread_mutex_lock(&lock);
	t = item_of(field);
	if (!t) {
		ret = -EINVAL;
	} else if (timers.running == t && pthread_equal(timers.thread, pthread_self())) {
		ret = -EDEADLK;
	} else {
		old = forget_callback(t);
		ret = dequeue(t);
		round = timers.rounds;
		while (timers.running == t && timers.rounds == round)
			pthread_cond_wait(&timers.done, &lock);
	}
	pthread_mutex_unlock(&lock);
	rt_prog_put(old);
	return ret;
}

int rt_wq_init(void *field, void *map, uint64_t flags)
{
	return flags ? -EINVAL : init(&works, field, map, CLOCK_MONOTONIC);
}

int rt_wq_set_callback(void *field, const void *fn, uint64_t flags, const void *prog)
{
	return flags ? -EINVAL : set_callback(field, fn, prog);
}

/* Work that waits already is not queued twice; work that runs is queued to run again. */
int rt_wq_start(void *field, uint64_t flags)
{
	struct item *t;
	int err = 0;

	if (flags)
		return -EINVAL;
	pthread_mutex_lock(&lock);
	t = item_of(field);
	if (!t || !t->fn) {
		err = -EINVAL;
	} else if (t->at == NOT_QUEUED) {
		t->due = 0;
		enqueue(t);
	}
	pthread_mutex_unlock(&lock);
	return err;
}

void rt_async_end(void *field)
{
	struct rt_prog *old = NULL;
	struct item *t;

	if (!__atomic_load_n((struct item **)field, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&lock);
	t = item_of(field);
	if (t) {
		__atomic_store_n((struct item **)field, NULL, __ATOMIC_RELEASE);
		dequeue(t);
		old = forget_callback(t);
		t->ended = true;
		if (t->q->running != t)
			free_item(t);
	}
	pthread_mutex_unlock(&lock);
	rt_prog_put(old);
}

static void settle(struct queue *q, const void *value)
{
	uint64_t round = q->rounds;

	while (q->running && q->running->value == value && q->rounds == round)
		pthread_cond_wait(&q->done, &lock);
}

void rt_async_settle(const void *value)
{
	pthread_mutex_lock(&lock);
	settle(&timers, value);
	settle(&works, value);
	pthread_mutex_unlock(&lock);
}
