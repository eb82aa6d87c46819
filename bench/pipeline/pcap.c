/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The source's frames: UDP in VLANs, sound in every header, written as a pcap file.
 */
#include "pcap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void be16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void be32(uint8_t *p, uint32_t v)
{
	be16(p, v >> 16);
	be16(p + 2, v & 0xffff);
}

static uint16_t ip_sum(const uint8_t *p)
{
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

void frame_fill(uint8_t *f, unsigned int size, unsigned int vid, uint32_t dst, const uint8_t mac[6])
{
	uint8_t *ip = f + 18;

	memset(f, 0, size);
	memcpy(f, mac, 6);
	memcpy(f + 6, "\x02\0\0\0\0\x77", 6);
	be16(f + 12, 0x8100);
	be16(f + 14, vid);
	be16(f + 16, 0x0800);
	ip[0] = 0x45;
	be16(ip + 2, size - 18);
	ip[8] = 64;
	ip[9] = 17;
	be32(ip + 12, 0x0a000002);
	be32(ip + 16, dst);
	be16(ip + 10, ip_sum(ip));
	be16(ip + 20, 1024);
	be16(ip + 22, 2048);
	be16(ip + 24, size - 38);
}

int pcap_write(const char *path, const struct frame_mix *mix, const uint8_t mac[6])
{
	const uint32_t head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };
	uint32_t rec[4] = { 0, 0, mix->size, mix->size };
	uint64_t random = mix->seed;
	uint8_t frame[2048];
	FILE *file = fopen(path, "w");
	unsigned int i;
	int err;

	if (!file)
		return -errno;
	fwrite(head, sizeof(head), 1, file);
	for (i = 0; i < FRAMES; i++) {
		uint64_t r = next_random(&random);
		uint32_t host = (uint32_t)(r >> 40) & 0xffff;

		/* one of the four /18 of 192.168/16 */
		frame_fill(frame, mix->size, 1 + (unsigned int)(r % mix->tenants),
			   0xc0a80000 | host, mac);
		fwrite(rec, sizeof(rec), 1, file);
		fwrite(frame, mix->size, 1, file);
	}
	err = ferror(file) ? -EIO : 0;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}
