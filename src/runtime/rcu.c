/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * liburcu, in one flavour. We take "memb": a read section costs two thread-local stores, because
 * the side that waits issues membarrier(2) instead. "qsbr" would be cheaper still but needs every
 * host thread to announce quiescent states; "mb" costs two full fences each time; "bp" registers by
 * itself but takes a lock and a signal-safe path for it. What memb asks for, registration of
 * threads, is done here: on a thread's first read section, undone by a thread-specific destructor.
 *
 * The thread that runs callbacks is made with all signals blocked except those of faults, so that
 * the host's handlers keep running on the host's threads. A child of fork() that goes on without
 * exec() must not use the library.
 *
 * ThreadSanitizer does not see inside liburcu; the annotations say what a grace period orders: all
 * that readers did before it, before all that happens after it.
 */
#include "base/sanitize.h"

#if !BASE_TSAN
#define _LGPL_SOURCE /* read sections are inlined */
#endif
#include <urcu/urcu-memb.h>
#include <urcu/static/urcu-memb.h> /* the reader's state */

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "runtime/rt.h"

#if BASE_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
static char grace; /* the address stands for "all read sections that have ended" */
#define tsan_acquire(p) __tsan_acquire(p)
#define tsan_release(p) __tsan_release(p)
#else
#define tsan_acquire(p) ((void)0)
#define tsan_release(p) ((void)0)
#endif

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_once_t worker_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static __thread __attribute__((tls_model("initial-exec"))) bool registered
	__attribute__((tls_model("initial-exec")));

static void thread_exit(void *unused)
{
	(void)unused;
	if (registered)
		urcu_memb_unregister_thread();
	registered = false;
}

static void make_key(void)
{
	(void)pthread_key_create(&thread_key, thread_exit);
}

static void __attribute__((noinline)) register_thread(void)
{
	registered = true;
	if (URCU_TLS(urcu_memb_reader).registered) /* liburcu's own: a callback calls us */
		return;
	pthread_once(&key_once, make_key);
	urcu_memb_register_thread();
	pthread_setspecific(thread_key, &registered);
}

void rt_rcu_read_lock(void)
{
	if (__builtin_expect(!registered, 0))
		register_thread();
	urcu_memb_read_lock();
}

void rt_rcu_read_unlock(void)
{
	tsan_release(&grace);
	urcu_memb_read_unlock();
}

void rt_rcu_synchronize(void)
{
	if (!registered)
		register_thread();
	urcu_memb_synchronize_rcu();
	tsan_acquire(&grace);
}

void rt_block_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

static void start_worker(void)
{
	sigset_t old;

	rt_block_signals(&old);
	(void)urcu_memb_get_default_call_rcu_data();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void rt_rcu_barrier(void)
{
	pthread_once(&worker_once, start_worker);
	urcu_memb_barrier();
	tsan_acquire(&grace);
}

#if BASE_TSAN
/* the callback's happens-before edges need its function's name kept beside it */
#include "base/mem.h"

struct tsan_call {
	struct rcu_head head;
	struct rcu_head *user;
	void (*fn)(struct rcu_head *head);
};

static void tsan_run(struct rcu_head *head)
{
	struct tsan_call *c = (struct tsan_call *)head;

	tsan_acquire(&grace);
	tsan_acquire(c->user);
	c->fn(c->user);
	free(c);
	tsan_release(&grace);
}

void rt_rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct tsan_call *c = malloc(sizeof(*c));

	pthread_once(&worker_once, start_worker);
	if (!registered)
		register_thread();
	if (!c)
		return; /* this build looks for races; losing memory is all right there */
	c->user = head;
	c->fn = fn;
	tsan_release(head);
	tsan_release(&grace);
	urcu_memb_call_rcu(&c->head, tsan_run);
}
#else
void rt_rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	pthread_once(&worker_once, start_worker);
	if (__builtin_expect(!registered, 0))
		register_thread();
	urcu_memb_call_rcu(head, fn);
}
#endif
