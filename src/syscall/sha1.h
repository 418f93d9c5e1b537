/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* SHA-1 (FIPS 180-4), for the tags of programs: identity, not security. */
#ifndef SYSCALL_SHA1_H
#define SYSCALL_SHA1_H

#include <stddef.h>
#include <stdint.h>

void sys_sha1(const void *data, size_t size, uint8_t digest[20]);

#endif
