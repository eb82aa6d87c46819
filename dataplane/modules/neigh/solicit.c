/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking for a neighbour: ARP requests and neighbour solicitations, built here and sent by a
 * worker.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_arp.h>
#include <rte_ether.h>
#include <rte_icmp.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/route/route.h"
#include "internal.h"
#include "nd.h"

/* Frame with an untagged Ethernet header; the payload of @len bytes is at *@ret_payload, zeroed */
static struct rte_mbuf *frame_new(const uint8_t *dst, const uint8_t *src, uint16_t type,
				  uint16_t len, void **ret_payload)
{
	struct rte_mempool *pool = neigh_pool();
	struct rte_mbuf *m = pool ? rte_pktmbuf_alloc(pool) : NULL;
	struct rte_ether_hdr *eth;

	if (!m)
		return NULL;
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(sizeof(*eth) + len));
	if (!eth) { /* buffers smaller than any we are made with */
		rte_pktmbuf_free(m);
		return NULL;
	}
	memcpy(&eth->dst_addr, dst, 6);
	memcpy(&eth->src_addr, src, 6);
	eth->ether_type = rte_cpu_to_be_16(type);
	*ret_payload = eth + 1;
	memset(eth + 1, 0, len);
	return m;
}

static void solicit4(const struct neigh *n, const uint8_t *mac)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct rte_arp_hdr *arp;
	struct rte_mbuf *m;
	uint8_t src[16];
	void *payload;

	if (addr_select(n->link, AF_INET, n->addr, src))
		memset(src, 0, sizeof(src));
	m = frame_new(mac ? mac : broadcast, n->link->mac, RTE_ETHER_TYPE_ARP, sizeof(*arp),
		      &payload);
	if (!m)
		return;
	arp = payload;
	arp->arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER);
	arp->arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	arp->arp_hlen = 6;
	arp->arp_plen = 4;
	arp->arp_opcode = rte_cpu_to_be_16(RTE_ARP_OP_REQUEST);
	memcpy(&arp->arp_data.arp_sha, n->link->mac, 6);
	memcpy(&arp->arp_data.arp_sip, src, 4);
	memcpy(&arp->arp_data.arp_tip, n->addr, 4);
	neigh_send_frame(n->link, m);
}

static void solicit6(const struct neigh *n, const uint8_t *mac)
{
	uint8_t group[16] = { 0xff, 0x02, [11] = 1, [12] = 0xff }, group_mac[6] = { 0x33, 0x33 };
	struct rte_ipv6_hdr *ip;
	struct nd_msg *nd;
	struct rte_mbuf *m;
	void *payload;

	memcpy(&group[13], &n->addr[13], 3);
	memcpy(&group_mac[2], &group[12], 4);
	m = frame_new(mac ? mac : group_mac, n->link->mac, RTE_ETHER_TYPE_IPV6,
		      sizeof(*ip) + sizeof(*nd), &payload);
	if (!m)
		return;
	ip = payload;
	nd = (struct nd_msg *)(ip + 1);
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16(sizeof(*nd));
	ip->proto = 58;
	ip->hop_limits = 255;
	memcpy((uint8_t *)&ip->dst_addr, mac ? n->addr : group, 16);
	if (addr_select(n->link, AF_INET6, n->addr, (uint8_t *)&ip->src_addr)) {
		rte_pktmbuf_free(m);
		return;
	}
	nd->type = ND_SOLICIT;
	memcpy(nd->target, n->addr, 16);
	nd->option_type = ND_OPT_SOURCE_MAC;
	nd->option_len = 1;
	memcpy(nd->mac, n->link->mac, 6);
	nd->checksum = rte_ipv6_udptcp_cksum(ip, nd);
	neigh_send_frame(n->link, m);
}

void neigh_solicit(const struct neigh *n, const uint8_t *mac)
{
	if (n->family == AF_INET6)
		solicit6(n, mac);
	else
		solicit4(n, mac);
}
