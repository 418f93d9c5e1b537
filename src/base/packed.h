/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Texts that are seldom read, in a third of their room: many of them one after the other, compressed when the
 * library is built (scripts/packed.py), unpacked once when the first is asked for.
 */
#ifndef BASE_PACKED_H
#define BASE_PACKED_H

#include <stdatomic.h>
#include <stdint.h>

struct packed_texts {
	const unsigned char *data;
	uint32_t len, size;   /* of data, of the texts */
	const uint16_t *at;   /* where each begins */
	_Atomic(char *) text; /* unpacked, or NULL */
};

/* The i-th; "" when there is no memory. */
const char *packed_text(struct packed_texts *p, uint32_t i);

#endif
