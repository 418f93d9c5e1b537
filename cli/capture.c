/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Capture files are read by libpcap, in the pcap and the pcapng format. A test run takes Ethernet frames, so
 * files of other link types are refused, but for one: bare IP packets get a frame's header put before them
 * where the program does not see that header anyway.
 */
#include "capture.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct capture {
	pcap_t *pcap;
	bool bare_ip;
	unsigned char *frame; /* of the last bare packet */
	size_t frame_size;
};

static bool is_bare_ip(int link)
{
	return link == DLT_RAW || link == DLT_IPV4 || link == DLT_IPV6;
}

static pcap_t *open_file(const char *path, char *why, size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	FILE *f = fopen(path, "rbe");
	pcap_t *p;

	if (!f) {
		snprintf(why, why_size, "%s", strerror(errno));
		return NULL;
	}
	p = pcap_fopen_offline(f, error);
	if (!p) {
		snprintf(why, why_size, "this is no capture file: %s", error);
		fclose(f);
	}
	return p;
}

struct capture *capture_open(const char *path, bool from_network, char *why, size_t why_size)
{
	struct capture *c = calloc(1, sizeof(*c));
	const char *name;
	int link;

	if (!c) {
		snprintf(why, why_size, "%s", strerror(ENOMEM));
		return NULL;
	}
	c->pcap = open_file(path, why, why_size);
	if (!c->pcap)
		goto fail;
	link = pcap_datalink(c->pcap);
	c->bare_ip = is_bare_ip(link) && from_network;
	if (link == DLT_EN10MB || c->bare_ip)
		return c;
	name = pcap_datalink_val_to_name(link);
	snprintf(why, why_size, "the packets' link type is %s (%d), the program takes %s",
		 name ? name : "unknown", link, from_network ? "EN10MB or RAW" : "EN10MB");
fail:
	capture_close(c);
	return NULL;
}

/* Ethernet between no addresses, with the type that the IP version asks for */
static int put_frame(struct capture *c, struct capture_packet *pkt)
{
	const unsigned char *ip = pkt->data;
	unsigned int version = pkt->size ? ip[0] >> 4 : 0;
	size_t size = ETH_HLEN + pkt->size;
	unsigned short type = version == 6 ? ETH_P_IPV6 : ETH_P_IP;

	if (version != 4 && version != 6)
		return -EINVAL;
	if (size > c->frame_size) {
		unsigned char *frame = realloc(c->frame, size);

		if (!frame)
			return -ENOMEM;
		c->frame = frame;
		c->frame_size = size;
	}
	memset(c->frame, 0, ETH_HLEN);
	c->frame[12] = type >> 8;
	c->frame[13] = type & 0xff;
	memcpy(c->frame + ETH_HLEN, ip, pkt->size);
	pkt->data = c->frame;
	pkt->size = size;
	return 0;
}

int capture_next(struct capture *c, struct capture_packet *pkt, char *why, size_t why_size)
{
	struct pcap_pkthdr *head;
	const unsigned char *data;
	int err = pcap_next_ex(c->pcap, &head, &data);

	if (err == PCAP_ERROR_BREAK)
		return 0;
	if (err != 1) {
		snprintf(why, why_size, "the file is cut off or malformed: %s",
			 pcap_geterr(c->pcap));
		return -EINVAL;
	}
	*pkt = (struct capture_packet){.data = data, .size = head->caplen};
	err = c->bare_ip ? put_frame(c, pkt) : 0;
	if (err) {
		snprintf(why, why_size, "%s",
			 err == -EINVAL ? "the file is malformed: a packet that is not IP"
					: strerror(-err));
		return err;
	}
	return 1;
}

void capture_close(struct capture *c)
{
	if (c->pcap)
		pcap_close(c->pcap);
	free(c->frame);
	free(c);
}
