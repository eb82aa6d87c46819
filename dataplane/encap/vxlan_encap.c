/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Encapsulation: the outer header in front of a frame that leaves by a VXLAN link, then the
 * underlay's way out. The frame counts as sent by its own tenant and as made by the underlay.
 * Datapath.
 */
#include <sys/socket.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "parse.h"
#include "vxlan.h"

#define SPORT_FIRST 32768u /* as Linux's local ports: 32768 .. 60999 */
#define SPORT_COUNT 28232u

static uint32_t mix(uint32_t h, uint32_t x)
{
	h = (h ^ x) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* Hash of the inner flow: MACs, type, and addresses and ports where there are some. */
static uint32_t flow_hash(const struct rte_mbuf *m)
{
	const uint8_t *d = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t len = m->data_len, h = 0, off = 12, i;

	if (len < RTE_ETHER_HDR_LEN)
		return 0;
	for (i = 0; i < 12; i += 4)
		h = mix(h, load32(d + i));
	while (off + 6 <= len && parse_is_tag(d + off))
		off += 4;
	if (load_be16(d + off) == RTE_ETHER_TYPE_IPV4 && len >= off + 2 + 20) {
		h = mix(mix(h, load32(d + off + 14)), load32(d + off + 18));
		i = off + 2 + (d[off + 2] & 15) * 4u;
		if ((load_be16(d + off + 8) & 0x3fff) == 0 && len >= i + 4)
			h = mix(h, load32(d + i) ^ d[off + 11]);
	} else if (load_be16(d + off) == RTE_ETHER_TYPE_IPV6 && len >= off + 2 + 44) {
		for (i = 8; i < 40; i += 4)
			h = mix(h, load32(d + off + 2 + i));
		h = mix(h, load32(d + off + 2 + 40) ^ d[off + 8]);
	}
	return h;
}

static void finish4(struct rte_ipv4_hdr *ip, struct rte_udp_hdr *udp, uint32_t payload, uint16_t id)
{
	ip->total_length = rte_cpu_to_be_16((uint16_t)(payload + 36));
	ip->packet_id = rte_cpu_to_be_16(id);
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp->dgram_cksum = 0;
}

/* IPv6 demands a UDP checksum, over all of the inner frame. */
static void finish6(struct rte_mbuf *m, struct rte_ipv6_hdr *ip, struct rte_udp_hdr *udp)
{
	uint16_t raw = 0;
	uint32_t sum;

	ip->payload_len = udp->dgram_len;
	udp->dgram_cksum = 0;
	rte_raw_cksum_mbuf(m, sizeof(*ip), m->pkt_len - (uint32_t)sizeof(*ip), &raw);
	sum = raw + rte_ipv6_phdr_cksum(ip, 0);
	sum = (sum >> 16) + (sum & 0xffff);
	raw = (uint16_t)~sum;
	udp->dgram_cksum = raw == 0 ? 0xffff : raw;
}

static void count_out(struct worker *w, const struct dp_link *out, uint32_t bytes)
{
	struct link_counters *c = &w->area.link[out->tx_index];

	c->tx_packets++;
	c->tx_bytes += bytes;
}

static void to_underlay(struct worker *w, const struct vxlan *vx, struct rte_mbuf *m)
{
	struct netns *underlay = vx->end->underlay;
	uint32_t adj;

	if (!vx->has_via) {
		dp_output(&w->pub, underlay,
			  vx->family == AF_INET ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6, m);
		return;
	}
	/* pairs with the release in via_set() */
	adj = __atomic_load_n(&vx->via_adj, __ATOMIC_ACQUIRE);
	if (adj == 0)
		dp_drop_made(&w->pub, underlay, m, DP_DROP_LINK_DOWN);
	else
		dp_send_adj(&w->pub, dp_adj_at(adj), m);
}

void vxlan_xmit(struct worker *w, const struct dp_link *out, const struct dp_link *base,
		struct rte_mbuf *m)
{
	const struct vxlan *vx = (const struct vxlan *)base->encap;
	uint32_t payload = m->pkt_len, hash = flow_hash(m);
	struct rte_udp_hdr *udp;
	uint8_t *outer;

	if (unlikely(payload + vx->outer_len > UINT16_MAX)) {
		drop_out(w, out->ns, out, m, DP_DROP_TX_MTU);
		return;
	}
	outer = (uint8_t *)rte_pktmbuf_prepend(m, vx->outer_len);
	if (unlikely(outer == NULL)) {
		drop_out(w, out->ns, out, m, DP_DROP_NO_MBUF);
		return;
	}
	count_out(w, out, payload);
	memcpy(outer, vx->outer, vx->outer_len);
	udp = (struct rte_udp_hdr *)(outer + vx->outer_len - 16);
	udp->src_port = rte_cpu_to_be_16(
		(uint16_t)(SPORT_FIRST + (uint32_t)((uint64_t)hash * SPORT_COUNT >> 32)));
	udp->dgram_len = rte_cpu_to_be_16((uint16_t)(payload + 16));
	if (vx->family == AF_INET)
		finish4((struct rte_ipv4_hdr *)outer, udp, payload, (uint16_t)w->ip_id++);
	else
		finish6(m, (struct rte_ipv6_hdr *)outer, udp);
	m->ol_flags &= ~(RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	to_underlay(w, vx, m);
}
