/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Between test_run.c and test_packet.c. */
#ifndef RUNTIME_TEST_PACKET_H
#define RUNTIME_TEST_PACKET_H

#include <stdint.h>

struct rt_prog;
struct rt_test_run;

/* runs repeat times (0: once), sets duration; the last return value */
uint32_t rt_test_repeat(const struct rt_prog *p, struct rt_test_run *t, void *ctx);
/* copies a result of size bytes to a place with *room bytes, which becomes size; -EFAULT, -ENOSPC
 */
int rt_test_out(uint64_t dst, uint32_t *room, const void *src, uint32_t size);

int rt_test_skb(const struct rt_prog *p, struct rt_test_run *t);
int rt_test_xdp(const struct rt_prog *p, struct rt_test_run *t);

#endif
