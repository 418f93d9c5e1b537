/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Packets out of a capture file, as the frames that test runs take. */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>

struct capture;
struct capture_packet {
	const void *data; /* until the next call */
	size_t size;
};

/* NULL: *why tells. from_network: the program sees packets from the network header on. */
struct capture *capture_open(const char *path, bool from_network, char *why, size_t why_size);
/* 1: a packet, 0: the end, negative: *why tells */
int capture_next(struct capture *c, struct capture_packet *pkt, char *why, size_t why_size);
void capture_close(struct capture *c);

#endif
