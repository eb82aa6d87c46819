/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's frames. See frames.h.
 */
#include "frames.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#define FRAMES 3000u

/** struct frame - grows at its end */
struct frame {
	uint32_t len; /* bytes */
	uint8_t b[256];
};

static void *add(struct frame *f, uint32_t len)
{
	void *p = f->b + f->len;

	f->len += len;
	memset(p, 0, len);
	return p;
}

static void add16(struct frame *f, uint16_t v)
{
	v = rte_cpu_to_be_16(v);
	memcpy(add(f, 2), &v, 2);
}

static void add_ether(struct frame *f, const uint8_t *dst)
{
	static const uint8_t src[6] = { 0x02, 0, 0, 0, 0, 0x77 };

	memcpy(add(f, 6), dst, 6);
	memcpy(add(f, 6), src, 6);
}

/* IPv4 and UDP headers for @payload bytes that the caller adds behind them */
static void add_udp(struct frame *f, uint32_t src, uint32_t dst, uint8_t ttl, uint16_t port,
		    uint32_t payload)
{
	struct rte_ipv4_hdr *ip = add(f, sizeof(*ip));
	struct rte_udp_hdr *udp = add(f, sizeof(*udp));

	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(sizeof(*ip) + sizeof(*udp) + payload));
	ip->time_to_live = ttl;
	ip->next_proto_id = IPPROTO_UDP;
	ip->src_addr = rte_cpu_to_be_32(src);
	ip->dst_addr = rte_cpu_to_be_32(dst);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->src_port = rte_cpu_to_be_16(40000);
	udp->dst_port = rte_cpu_to_be_16(port);
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(sizeof(*udp) + payload));
}

/* 10.0.0.2 to 192.168.x.y; now and then something that a router drops */
static void add_packet(struct frame *f, unsigned int i)
{
	uint8_t ttl = i % 50 == 7 ? 1 : 64;
	uint32_t dst = i % 40 == 3 ? 0xac100001 /* a blackhole route */
				   : 0xc0a80000 | (i * 2654435761u >> 16);

	add16(f, RTE_ETHER_TYPE_IPV4);
	add_udp(f, 0x0a000002, dst, ttl, 9, 18);
	memcpy(add(f, 18), "nsplane demo frame", 18);
}

static void build(struct frame *f, unsigned int i, const uint8_t *mac)
{
	static const uint8_t inner_mac[6] = { 0x02, 0, 0, 0, 0, 0x10 };
	uint8_t vxlan[8] = { 0x08, 0, 0, 0, 0, DEMO_VNI >> 8, DEMO_VNI & 0xff, 0 };
	struct frame inner = { 0 };

	f->len = 0;
	add_ether(f, mac);
	switch (i % DEMO_WRAPS) {
	case DEMO_VLAN:
		add16(f, RTE_ETHER_TYPE_VLAN);
		add16(f, i % 30 == 0 ? 999 : DEMO_VLAN_ID); /* some for a VLAN of nobody */
		add_packet(f, i);
		break;
	case DEMO_QINQ:
		add16(f, RTE_ETHER_TYPE_QINQ);
		add16(f, DEMO_OUTER_ID);
		add16(f, RTE_ETHER_TYPE_VLAN);
		add16(f, DEMO_INNER_ID);
		add_packet(f, i);
		break;
	default:
		add_ether(&inner, inner_mac);
		add_packet(&inner, i);
		add16(f, RTE_ETHER_TYPE_IPV4);
		add_udp(f, 0xc0000202, 0xc0000201, 64, 4789, 8 + inner.len);
		memcpy(add(f, sizeof(vxlan)), vxlan, sizeof(vxlan));
		memcpy(add(f, inner.len), inner.b, inner.len);
	}
}

int demo_frames_write(const char *path, const uint8_t mac[6])
{
	const uint32_t head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };
	uint32_t rec[4] = { 0 };
	FILE *file = fopen(path, "w");
	struct frame f;
	unsigned int i;
	bool bad;

	if (!file)
		return -errno;
	fwrite(head, sizeof(head), 1, file);
	for (i = 0; i < FRAMES; i++) {
		build(&f, i, mac);
		rec[2] = rec[3] = f.len;
		fwrite(rec, sizeof(rec), 1, file);
		fwrite(f.b, f.len, 1, file);
	}
	bad = ferror(file);
	if (fclose(file) || bad)
		return -EIO;
	return 0;
}
