/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Format strings that programs hand to helpers (verifier spec R7.9): format.c. */
#ifndef VERIFIER_FORMAT_H
#define VERIFIER_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Checks a NUL-terminated format; text: bytes beyond ASCII may stand outside of conversions. Returns how many arguments it consumes, or -EINVAL with one
 * phrase in *why and the place of the trouble in *at.
 */
int vf_check_format(const char *fmt, bool text, const char **why, uint32_t *at);

#endif
