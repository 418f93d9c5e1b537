/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The rows with functions and loops on 32 bytes, see native.c. */
#define NATIVE_NAME(row) native_aligned_##row
#define search_table	 aligned_search_table
#define search_low	 aligned_search_low
#define search_high	 aligned_search_high
#include "native.c"
