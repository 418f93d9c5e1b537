/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a thread has set for its commands. */
#ifndef SYSCALL_CURRENT_H
#define SYSCALL_CURRENT_H

#include <errno.h>
#include <stdbool.h>

#include "syscall/syscall.h"

struct sys_thread {
	struct kfunc_kernel *kernel; /* referenced; NULL: the live one */
	syscall_load_observer observer;
	void *observer_ctx;
	bool has_opts;
	struct vf_options opts;
	struct vf_profile *profile;
};

/* NULL: nothing set (make false) or no memory */
struct sys_thread *sys_thread(bool make);

#endif
