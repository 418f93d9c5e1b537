/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the kinds of test runs share. */
#ifndef SYSCALL_TEST_RUN_H
#define SYSCALL_TEST_RUN_H

#include "syscall/internal.h"

uint64_t sys_now_ns(void);
int sys_put_result(struct sys_cmd *c, uint32_t retval, uint32_t duration);

#endif
