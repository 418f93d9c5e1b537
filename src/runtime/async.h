/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Timers and workqueues in map values (async.c). field is the address of a struct bpf_timer or
 * struct bpf_wq in a value of map, a struct rt_map; fn and prog are what engines pass for a
 * callback and for the program that names it. No types of the runtime here: kfuncs include this.
 */
#ifndef RUNTIME_ASYNC_H
#define RUNTIME_ASYNC_H

#include <stdint.h>

/* 0; -EINVAL: a clock that there is not; -EBUSY: done before; -EPERM: no descriptor of the map is
 * open any more; -ENOMEM, -EAGAIN: no thread. */
int rt_timer_init(void *field, void *map, uint64_t flags);
/* 0; -EINVAL: not initialised; -EPERM: as above */
int rt_timer_set_callback(void *field, const void *fn, const void *prog);
/* 0; -EINVAL: unknown flags, not initialised, no callback */
int rt_timer_start(void *field, uint64_t nsecs, uint64_t flags);
/*
 * Also takes the callback away and waits for it if it runs. 1: the timer was armed, 0: it was not;
 * -EINVAL: not initialised; -EDEADLK: called from this timer's callback.
 */
int rt_timer_cancel(void *field);

/* As those for timers; flags must be 0. */
int rt_wq_init(void *field, void *map, uint64_t flags);
int rt_wq_set_callback(void *field, const void *fn, uint64_t flags, const void *prog);
int rt_wq_start(void *field, uint64_t flags);

/*
 * The value is about to go: its timer or workqueue ends. A callback that runs now is not waited
 * for; it is in a read section that began before, so the memory stays for a grace period.
 */
void rt_async_end(void *field);
/*
 * Waits until no callback uses this value: for who frees memory that is out of every program's
 * reach. (A program that still held the address when the value was taken out may have started an
 * item on it after that.) Not for programs, they could wait for each other.
 */
void rt_async_settle(const void *value);

#endif
