/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Time, chance, place, and who is current. "Current" is the calling thread unless the live kernel
 * has another idea (an event that it raises for a traced process): runtime/run.h.
 */
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "helpers/helpers.h"
#include "runtime/objects.h"
#include "runtime/tracepoint.h"

/* the tick rate that distributions build with; it starts five minutes before its 32-bit wrap */
#define JIFFY_HZ    250
#define JIFFY_START ((uint32_t)(-300 * JIFFY_HZ))

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

HELPER_0(ktime_get_ns)
{
	return clock_ns(CLOCK_MONOTONIC);
}

HELPER_0(ktime_get_boot_ns)
{
	return clock_ns(CLOCK_BOOTTIME);
}

HELPER_0(ktime_get_coarse_ns)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

HELPER_0(ktime_get_tai_ns)
{
	return clock_ns(CLOCK_TAI);
}

HELPER_0(jiffies64)
{
	return JIFFY_START + clock_ns(CLOCK_MONOTONIC) / (1000000000ull / JIFFY_HZ);
}

/* one generator a thread (xorshift64*), seeded by the kernel */
HELPER_0(get_prandom_u32)
{
	static __thread uint64_t state;

	if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) != sizeof(state))
		state = clock_ns(CLOCK_MONOTONIC) ^ (uint64_t)(uintptr_t)&state;
	state |= !state;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 32);
}

HELPER_0(get_smp_processor_id)
{
	return rt_current()->id;
}

HELPER_0(get_numa_node_id)
{
	unsigned int node = 0;

	return syscall(SYS_getcpu, NULL, &node, NULL) ? 0 : node;
}

HELPER_0(get_current_pid_tgid)
{
	const struct rt_current_ops *ops = rt_current_ops();

	if (ops->pid_tgid)
		return ops->pid_tgid();
	return (uint64_t)getpid() << 32 | (uint32_t)syscall(SYS_gettid);
}

HELPER_0(get_current_uid_gid)
{
	const struct rt_current_ops *ops = rt_current_ops();

	if (ops->uid_gid)
		return ops->uid_gid();
	return (uint64_t)getgid() << 32 | getuid();
}

HELPER_2(get_current_comm, char *, buf, uint32_t, size)
{
	const struct rt_current_ops *ops = rt_current_ops();
	char comm[16] = "";

	if (ops->comm)
		ops->comm(comm);
	else
		prctl(PR_GET_NAME, comm);
	comm[sizeof(comm) - 1] = '\0';
	memset(buf, 0, size);
	memcpy(buf, comm, strnlen(comm, size - 1));
	return 0;
}

HELPER_0(get_current_task)
{
	return (int64_t)(uintptr_t)rt_current_ops()->task();
}

HELPER_0(get_current_task_btf)
{
	return (int64_t)(uintptr_t)rt_current_ops()->task();
}

HELPER_0(get_current_cgroup_id)
{
	return rt_current_ops()->cgroup_id();
}

HELPER_1(get_current_ancestor_cgroup_id, int32_t, level)
{
	const struct cgroup *c = rt_task_current()->cgroups->dfl_cgrp;

	return level >= 0 && level <= c->level ? c->ancestors[level]->kn->id : 0;
}

static int64_t signal_current(uint32_t sig, unsigned int type)
{
	return rt_task_signal(rt_task_current(), (int)sig, type, 0);
}

HELPER_1(send_signal, uint32_t, sig)
{
	return signal_current(sig, 1);
}

HELPER_1(send_signal_thread, uint32_t, sig)
{
	return signal_current(sig, 0);
}

HELPER_1(get_attach_cookie, void *, ctx)
{
	(void)ctx;
	return rt_tracepoint_cookie();
}

HELPER_4(loop, uint32_t, count, const void *, callback, uint64_t, ctx, uint64_t, flags)
{
	rt_direct_fn direct;
	uint32_t i;

	if (flags)
		return -EINVAL;
	if (count > RT_LOOP_MAX)
		return -E2BIG;
	direct = rt_callback_direct(callback);
	for (i = 0; direct && i < count; i++)
		if (direct(i, ctx, 0, 0, 0))
			return i + 1;
	for (i = direct ? count : 0; i < count; i++)
		if (rt_callback(callback, i, ctx, 0, 0, 0))
			return i + 1;
	return i;
}
