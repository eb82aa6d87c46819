/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See frames.h.
 */
#include <string.h>

#include "frames.h"

void frame_bytes(struct frame *f, const void *bytes, uint32_t len)
{
	memcpy(f->b + f->len, bytes, len);
	f->len += len;
}

void frame_be16(struct frame *f, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	frame_bytes(f, b, 2);
}

void frame_be32(struct frame *f, uint32_t v)
{
	frame_be16(f, (uint16_t)(v >> 16));
	frame_be16(f, (uint16_t)v);
}

void frame_macs(struct frame *f, const uint8_t dst[6], const uint8_t src[6])
{
	f->len = 0;
	frame_bytes(f, dst, 6);
	frame_bytes(f, src, 6);
}

void frame_tag(struct frame *f, uint16_t proto, uint16_t tci)
{
	frame_be16(f, proto);
	frame_be16(f, tci);
}

uint16_t frame_csum(const void *bytes, uint32_t len)
{
	const uint8_t *b = bytes;
	uint32_t sum = 0, i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	if (len & 1)
		sum += (uint32_t)b[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void set_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void frame_udp4(struct frame *f, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport,
		uint32_t payload)
{
	uint8_t *ip;
	uint32_t i;

	frame_be16(f, 0x0800);
	ip = f->b + f->len;
	frame_be16(f, 0x4500);
	frame_be16(f, (uint16_t)(28 + payload));
	frame_be32(f, 0);
	frame_be16(f, 64 << 8 | 17);
	frame_be16(f, 0);
	frame_be32(f, src);
	frame_be32(f, dst);
	set_be16(ip + 10, frame_csum(ip, 20));
	frame_be16(f, sport);
	frame_be16(f, dport);
	frame_be16(f, (uint16_t)(8 + payload));
	frame_be16(f, 0);
	for (i = 0; i < payload; i++)
		f->b[f->len++] = (uint8_t)i;
}

void frame_pad(struct frame *f, uint32_t len)
{
	while (f->len < len)
		f->b[f->len++] = 0;
}

void frame_vxlan(struct frame *f, uint32_t vni, const struct frame *inner)
{
	uint8_t *ip = f->b + f->len - 28, *udp = ip + 20;
	uint32_t len = 8 + inner->len;

	frame_be32(f, 0x08000000);
	frame_be32(f, vni << 8);
	frame_bytes(f, inner->b, inner->len);
	set_be16(ip + 2, (uint16_t)(28 + len));
	set_be16(udp + 4, (uint16_t)(8 + len));
	set_be16(ip + 10, 0);
	set_be16(ip + 10, frame_csum(ip, 20));
}
