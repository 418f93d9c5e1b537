/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The fault-safe loads of rt.h again, for kfuncs: without any type of the runtime. */
#ifndef RUNTIME_PROBE_PTR_H
#define RUNTIME_PROBE_PTR_H

#include <stdint.h>

int rt_probe_read(void *dst, uint64_t src, uint32_t size);
long rt_probe_read_str(void *dst, uint64_t src, uint32_t size);

#endif
