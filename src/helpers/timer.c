/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Timers in map values; runtime/async.h has the rules. */
#include "helpers/helpers.h"
#include "runtime/async.h"

HELPER_3(timer_init, void *, timer, void *, map, uint64_t, flags)
{
	return rt_timer_init(timer, map, flags);
}

HELPER_2(timer_set_callback, void *, timer, const void *, callback)
{
	return rt_timer_set_callback(timer, callback, rt_current()->prog);
}

HELPER_3(timer_start, void *, timer, uint64_t, nsecs, uint64_t, flags)
{
	return rt_timer_start(timer, nsecs, flags);
}

HELPER_1(timer_cancel, void *, timer)
{
	return rt_timer_cancel(timer);
}
