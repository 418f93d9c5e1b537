/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The classic pcap format: a header of 24 bytes, then for each packet 16 bytes (seconds, fraction, bytes
 * kept, bytes on the wire) and its bytes. The magic number tells the byte order and whether fractions
 * are micro- or nanoseconds, which does not matter here. The newer pcapng format is refused.
 */
#include "pcap.h"

#include <byteswap.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCAP_MAX (256u << 10)

struct pcap_file {
	FILE *f;
	bool swap;
	unsigned char buf[PCAP_MAX];
};

static uint32_t get32(const struct pcap_file *f, const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return f->swap ? bswap_32(v) : v;
}

struct pcap_file *pcap_open(const char *path, char *why, size_t why_size)
{
	unsigned char head[24];
	struct pcap_file *f = calloc(1, sizeof(*f));
	uint32_t magic;

	if (f)
		f->f = fopen(path, "rbe");
	if (!f || !f->f) {
		snprintf(why, why_size, "%s", strerror(errno));
		free(f);
		return NULL;
	}
	if (fread(head, 1, sizeof(head), f->f) == sizeof(head)) {
		magic = get32(f, head);
		if (magic == 0xa1b2c3d4 || magic == 0xa1b23c4d)
			return f;
		f->swap = true;
		if (magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1)
			return f;
	}
	snprintf(why, why_size, "this is no capture file in the classic pcap format");
	pcap_close(f);
	return NULL;
}

int pcap_next(struct pcap_file *f, struct pcap_packet *pkt)
{
	unsigned char head[16];
	size_t n = fread(head, 1, sizeof(head), f->f);
	uint32_t size;

	if (n == 0 && feof(f->f))
		return 0;
	if (n != sizeof(head))
		return -EINVAL;
	size = get32(f, head + 8);
	if (size > PCAP_MAX || fread(f->buf, 1, size, f->f) != size)
		return -EINVAL;
	pkt->data = f->buf;
	pkt->size = size;
	return 1;
}

void pcap_close(struct pcap_file *f)
{
	if (!f)
		return;
	fclose(f->f);
	free(f);
}
