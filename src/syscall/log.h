/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The log that a load writes for its caller (verifier spec R1.12): checked before anything else,
 * filled while the command works, handed over at its end. A log that does not fit turns whatever
 * the outcome was into ENOSPC; the caller learns the size that would have fitted.
 */
#ifndef SYSCALL_LOG_H
#define SYSCALL_LOG_H

#include "base/strbuf.h"
#include "syscall/internal.h"

struct sys_log {
	uint32_t level;
	uint64_t buf;
	uint32_t size;
	struct strbuf text;
};

/* -EINVAL for a level, buffer and size that do not go together */
int sys_log_init(struct sys_log *log, uint32_t level, uint64_t buf, uint32_t size);
/*
 * Copies the text out, stores the true size at offset off of the attribute, frees the log. Returns
 * err, or -ENOSPC or -EFAULT.
 */
int sys_log_end(struct sys_log *log, struct sys_cmd *c, uint32_t off, int err);

#endif
