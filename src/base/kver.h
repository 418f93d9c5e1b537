/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A kernel version as one comparable number; patch levels play no part in any rule. */
#ifndef BASE_KVER_H
#define BASE_KVER_H

#include <stdbool.h>
#include <stdint.h>

#define KVER(maj, min) (((maj) << 8) | (min))

/* Rows carry since and until: they hold for since <= v < until; until 0 means for ever. */
static inline bool kver_in(uint16_t v, unsigned int since, unsigned int until)
{
	return v >= since && (!until || v < until);
}

#endif
