/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Fault-safe loads for the interpreter and generated code (kfunc spec R6.9): the value at addr,
 * zero-extended, or 0 when the address cannot be read. rt_probe_init() must have been called once;
 * the rt_probe_read family of rt.h does that by itself.
 */
#ifndef RUNTIME_PROBE_H
#define RUNTIME_PROBE_H

#include <stdint.h>

/*
 * Installs the fault handler if it is not installed, or puts it in front again if the host
 * installed one of its own since. Cheap enough for once per program load, not for once per run.
 */
void rt_probe_init(void);

/*
 * Generated code with loads that may fault: each row's instruction, and where to go on instead. Added
 * ranges are looked at by the fault handler of any thread; after rt_probe_del_range() a grace period
 * must pass before the range is freed.
 */
struct rt_probe_row {
	uintptr_t at, fix;
};
struct rt_probe_range {
	struct rt_probe_range *next;
	uintptr_t start, end;
	struct rt_probe_row *row; /* sorted by at */
	uint32_t n;
};
void rt_probe_add_range(struct rt_probe_range *r);
void rt_probe_del_range(struct rt_probe_range *r);

uint64_t rt_probe_ld1(uint64_t addr);
uint64_t rt_probe_ld2(uint64_t addr);
uint64_t rt_probe_ld4(uint64_t addr);
uint64_t rt_probe_ld8(uint64_t addr);

#endif
