/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Resilient spin locks (kfunc spec 7.5): struct bpf_res_spin_lock, a word that is 0 or the number of
 * the virtual CPU that holds it. Taking one never hangs: it fails at once when this CPU holds the
 * lock already (AA), when its holder waits for a lock that this CPU holds (ABBA), and in any other
 * case after a quarter of a second, so a longer circle is left by time.
 *
 * Each CPU publishes the one lock that it waits for. Only addresses are compared: what another
 * CPU waits for may be memory that is about to go.
 */
#include "runtime/region.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/fields.h"

#define TIMEOUT_NS 250000000ull
#define NAP_NS     1000000
#define SPINS      200
#define MAX_HELD   31
/* in the word: somebody sleeps */
#define SLEEPER 0x80000000u
/* the word of a holder that is no program */
#define OUTSIDER 0x40000000u

static struct {
	_Atomic(uint32_t *) wanted;
	uint32_t *held[MAX_HELD]; /* the first of them, if there are more */
	uint32_t n;
} __attribute__((aligned(64))) cpus[RT_MAX_CPUS];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static bool try_take(uint32_t *lock, uint32_t word)
{
	uint32_t old = 0;

	return __atomic_compare_exchange_n(lock, &old, word, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Sleeps for a moment unless the lock is free or has changed hands. */
static void nap(uint32_t *lock)
{
	const struct timespec ts = {.tv_nsec = NAP_NS};
	uint32_t old = __atomic_load_n(lock, __ATOMIC_RELAXED);

	if (old && !(old & SLEEPER) &&
	    !__atomic_compare_exchange_n(lock, &old, old | SLEEPER, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return;
	if (old)
		syscall(SYS_futex, lock, FUTEX_WAIT_PRIVATE, old | SLEEPER, &ts, NULL, 0);
}

static bool crossed(const uint32_t *lock, uint32_t me)
{
	uint32_t holder = __atomic_load_n(lock, __ATOMIC_RELAXED) & ~SLEEPER;
	uint32_t *wanted;

	if (!holder || holder > RT_MAX_CPUS)
		return false;
	wanted = atomic_load(&cpus[holder - 1].wanted);
	for (uint32_t i = 0; wanted && i < cpus[me].n && i < MAX_HELD; i++)
		if (cpus[me].held[i] == wanted)
			return true;
	return false;
}

static int wait_for(uint32_t *lock, uint32_t me)
{
	uint64_t until = now_ns() + TIMEOUT_NS;
	int ret = -ETIMEDOUT;

	atomic_store(&cpus[me].wanted, lock);
	for (unsigned int i = 0; i < SPINS || now_ns() < until; i++) {
		/* who has slept may not be the only one */
		if (try_take(lock, i < SPINS ? me + 1 : (me + 1) | SLEEPER)) {
			ret = 0;
			break;
		}
		if (crossed(lock, me)) {
			ret = -EDEADLK;
			break;
		}
		if (i >= SPINS)
			nap(lock);
	}
	atomic_store(&cpus[me].wanted, NULL);
	return ret;
}

int rt_res_lock(uint32_t *lock)
{
	const struct rt_vcpu *cpu = rt_current();
	uint32_t me = cpu ? cpu->id : 0;
	int err = 0;

	if (!cpu)
		return -EINVAL; /* programs only */
	if ((__atomic_load_n(lock, __ATOMIC_RELAXED) & ~SLEEPER) == me + 1)
		return -EDEADLK;
	if (!try_take(lock, me + 1))
		err = wait_for(lock, me);
	if (err)
		return err;
	if (cpus[me].n < MAX_HELD)
		cpus[me].held[cpus[me].n] = lock;
	cpus[me].n++;
	rt_region_preempt(1);
	return 0;
}

static void release(uint32_t *lock)
{
	if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) & SLEEPER)
		syscall(SYS_futex, lock, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void rt_res_unlock(uint32_t *lock)
{
	const struct rt_vcpu *cpu = rt_current();

	rt_region_preempt(-1);
	cpus[cpu->id].n--; /* locks are given back in the opposite order */
	release(lock);
}

void rt_res_lock_outside(uint32_t *lock)
{
	for (unsigned int i = 0; !try_take(lock, i < SPINS ? OUTSIDER : OUTSIDER | SLEEPER); i++)
		if (i >= SPINS)
			nap(lock);
}

void rt_res_unlock_outside(uint32_t *lock)
{
	release(lock);
}
