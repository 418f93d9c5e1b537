/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The hash row on a table that one thread has alone. */
#define NATIVE_PLAIN
#include "native.c"
