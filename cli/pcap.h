/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Packets out of a capture file in the classic pcap format. */
#ifndef CLI_PCAP_H
#define CLI_PCAP_H

#include <stddef.h>

struct pcap_file;
struct pcap_packet {
	const void *data; /* until the next call */
	size_t size;
};

struct pcap_file *pcap_open(const char *path, char *why, size_t why_size);
/* 1: a packet, 0: the end, negative: the file is malformed */
int pcap_next(struct pcap_file *f, struct pcap_packet *pkt);
void pcap_close(struct pcap_file *f);

#endif
