/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The caller's log. In fixed mode (level bit 3) the buffer holds the beginning of the text;
 * otherwise it is a ring of which the caller sees the last part. Either way it is NUL-terminated.
 */
#include "syscall/log.h"

#include <errno.h>
#include <string.h>

#define LEVEL_MASK   15u
#define LEVEL_FIXED  8u
#define SIZE_MAXIMUM (1u << 30)

int sys_log_init(struct sys_log *log, uint32_t level, uint64_t buf, uint32_t size)
{
	memset(log, 0, sizeof(*log));
	if (!!buf != !!size || (buf && !level) || (level & ~LEVEL_MASK) || size >= SIZE_MAXIMUM)
		return -EINVAL;
	log->level = level;
	log->buf = buf;
	log->size = size;
	return 0;
}

int sys_log_end(struct sys_log *log, struct sys_cmd *c, uint32_t off, int err)
{
	uint32_t len = log->text.len, true_size = len + 1, n, from = 0;
	char nul = '\0';

	if (!log->level)
		goto out;
	if (log->buf) {
		n = len < log->size ? len : log->size - 1;
		if (!(log->level & LEVEL_FIXED))
			from = len - n;
		if (sys_copy_out(log->buf, strbuf_str(&log->text) + from, n) ||
		    sys_copy_out(log->buf + n, &nul, 1))
			err = -EFAULT;
		else if (len >= log->size)
			err = -ENOSPC;
	}
	if (sys_put_field(c, off, &true_size, sizeof(true_size)))
		err = -EFAULT;
out:
	strbuf_free(&log->text);
	return err;
}
