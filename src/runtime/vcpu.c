/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Virtual CPUs. A program may use per-CPU data without locks because nothing else runs on its CPU;
 * in a process that promise is kept by a fixed set of slots, each owned by one thread at a time.
 * Entering takes the slot this thread had last (its data is warm), or any free one, or waits.
 * Nested entries of a thread stay on its slot.
 *
 * There are as many slots as the machine has possible CPUs (the number user space sizes per-CPU
 * buffers by), at most RT_MAX_CPUS.
 */
#include "runtime/rt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct cpu_slot {
	struct rt_vcpu cpu;
	_Atomic bool taken;
} __attribute__((aligned(128)));

static struct cpu_slot slots[RT_MAX_CPUS];
static _Atomic uint32_t nr_cpus; /* 0: not counted yet */
static pthread_once_t nr_once = PTHREAD_ONCE_INIT;

static _Atomic uint32_t waiters, next_hint;
static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_cond = PTHREAD_COND_INITIALIZER;

/* looked at on every entry: cheap to find also in a shared library */
#define HOT_TLS __thread __attribute__((tls_model("initial-exec")))
static HOT_TLS struct rt_vcpu *my_cpu;
static HOT_TLS uint32_t my_hint; /* last slot + 1, 0: none yet */

/* "0-3", "0,2-5": how many numbers; 0 if the file cannot be read */
static uint32_t count_possible(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int lo, hi, total = 0;
	int n;

	if (!f)
		return 0;
	while ((n = fscanf(f, "%u-%u", &lo, &hi)) >= 1) {
		total += n == 2 && hi >= lo ? hi - lo + 1 : 1;
		if (fgetc(f) != ',')
			break;
	}
	fclose(f);
	return total;
}

static void count_cpus(void)
{
	long n = count_possible();
	uint32_t i;

	if (n < 1)
		n = sysconf(_SC_NPROCESSORS_CONF);
	if (n < 1)
		n = 1;
	if (n > RT_MAX_CPUS)
		n = RT_MAX_CPUS;
	for (i = 0; i < n; i++)
		slots[i].cpu.id = i;
	atomic_store(&nr_cpus, (uint32_t)n);
}

uint32_t rt_nr_cpus(void)
{
	uint32_t n = atomic_load_explicit(&nr_cpus, memory_order_acquire);

	if (__builtin_expect(!n, 0)) {
		pthread_once(&nr_once, count_cpus);
		n = atomic_load(&nr_cpus);
	}
	return n;
}

static bool try_take(uint32_t i)
{
	bool expected = false;

	/* the plain load keeps the cache line shared while the slot is taken */
	return !atomic_load_explicit(&slots[i].taken, memory_order_relaxed) &&
	       atomic_compare_exchange_strong(&slots[i].taken, &expected, true);
}

/* n slots from first on, wrapping around */
static bool take_range(uint32_t first, uint32_t n, uint32_t *got)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		*got = (first + i) % rt_nr_cpus();
		if (try_take(*got))
			return true;
	}
	return false;
}

/*
 * A waiter announces itself and looks again; who leaves frees the slot and looks for waiters, but
 * without a fence in between, which every run would pay for. So the two can miss each other; a
 * waiter that was missed looks again by itself after a millisecond.
 */
#define MISSED_NS 1000000

static uint32_t wait_for_slot(uint32_t first, uint32_t n)
{
	struct timespec until;
	uint32_t got;

	pthread_mutex_lock(&wait_lock);
	atomic_fetch_add(&waiters, 1);
	while (!take_range(first, n, &got)) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += MISSED_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&wait_cond, &wait_lock, &until);
	}
	atomic_fetch_sub(&waiters, 1);
	pthread_mutex_unlock(&wait_lock);
	return got;
}

static struct rt_vcpu *settle(uint32_t slot)
{
	my_hint = slot + 1;
	my_cpu = &slots[slot].cpu;
	my_cpu->depth = 1;
	return my_cpu;
}

struct rt_vcpu *rt_enter(void)
{
	uint32_t n, got;

	if (my_cpu) {
		my_cpu->depth++;
		return my_cpu;
	}
	n = rt_nr_cpus();
	if (!my_hint)
		my_hint = atomic_fetch_add_explicit(&next_hint, 1, memory_order_relaxed) % n + 1;
	if (!take_range(my_hint - 1, n, &got))
		got = wait_for_slot(0, n);
	return settle(got);
}

struct rt_vcpu *rt_enter_on(uint32_t id)
{
	if (id >= rt_nr_cpus() || (my_cpu && my_cpu->id != id))
		return NULL;
	if (my_cpu) {
		my_cpu->depth++;
		return my_cpu;
	}
	return settle(try_take(id) ? id : wait_for_slot(id, 1));
}

void rt_leave(struct rt_vcpu *cpu)
{
	struct cpu_slot *slot = (struct cpu_slot *)cpu;

	if (--cpu->depth)
		return;
	my_cpu = NULL;
	atomic_store_explicit(&slot->taken, false, memory_order_release);
	if (atomic_load_explicit(&waiters, memory_order_relaxed)) {
		pthread_mutex_lock(&wait_lock);
		pthread_cond_broadcast(&wait_cond); /* they may wait for different slots */
		pthread_mutex_unlock(&wait_lock);
	}
}

struct rt_vcpu *rt_current(void)
{
	return my_cpu;
}

#if defined(__x86_64__)
long rt_current_offset(void)
{
	char *thread;

	__asm__("mov %%fs:0, %0" : "=r"(thread));
	return (char *)&my_cpu - thread;
}
#endif

const struct rt_vcpu *rt_vcpu_at(uint32_t id)
{
	return id < rt_nr_cpus() ? &slots[id].cpu : NULL;
}
