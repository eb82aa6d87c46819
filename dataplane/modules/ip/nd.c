/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery as received: validity (RFC 4861, 7.1), answers for the link's own addresses,
 * and notes to the neighbour thread. Datapath; never waits.
 */
#include "dataplane/modules/neigh/nd.h"

#include <netinet/in.h>

#include "icmp.h"

#define TARGET_END 24u /* bytes of ICMPv6 header, flags and target */

/** struct nd_seen - a message that was found valid */
struct nd_seen {
	const uint8_t *target;
	const uint8_t *mac; /* of the option asked for; NULL: none */
	uint8_t flags;
};

/* Option of @type among @len bytes at @p. False: malformed. */
static bool find_mac(const uint8_t *p, uint32_t len, uint8_t type, const uint8_t **ret_mac)
{
	uint32_t at = 0;

	*ret_mac = NULL;
	while (at < len) {
		uint32_t bytes = at + 2 <= len ? p[at + 1] * 8u : 0;

		if (bytes == 0 || at + bytes > len)
			return false;
		if (p[at] == type && !*ret_mac)
			*ret_mac = p + at + 2;
		at += bytes;
	}
	return true;
}

static bool valid(const struct dp_vec *v, uint32_t i, uint32_t at, struct nd_seen *seen)
{
	const uint8_t *h = ip_header(v, i), *p = h + at;
	uint32_t len = rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)h)->payload_len) +
		       (uint32_t)sizeof(struct rte_ipv6_hdr) - at;

	if (h[7] != 255 || p[1] != 0 || len < TARGET_END ||
	    v->pkt[i]->data_len < v->l3_off[i] + at + len || p[8] == 0xff)
		return false;
	seen->target = p + 8;
	seen->flags = p[4];
	return find_mac(p + TARGET_END, len - TARGET_END,
			p[0] == ND_SOLICIT ? ND_OPT_SOURCE_MAC : ND_OPT_TARGET_MAC, &seen->mac);
}

static bool unspecified(const uint8_t *a)
{
	static const uint8_t zero[16];

	return memcmp(a, zero, sizeof(zero)) == 0;
}

/* Made anew: the request's frame may be too short for the option. */
static void advertise(struct dp_worker *w, const struct dp_link *link, const uint8_t *target,
		      const uint8_t *to)
{
	static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
	bool asked = !unspecified(to);
	struct rte_mbuf *m;
	struct rte_ipv6_hdr *ip;
	struct nd_msg *nd;

	ip = (struct rte_ipv6_hdr *)ip_make(w, sizeof(*ip) + sizeof(*nd), &m);
	if (!ip)
		return;
	nd = (struct nd_msg *)(ip + 1);
	memset(ip, 0, sizeof(*ip) + sizeof(*nd));
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16(sizeof(*nd));
	ip->proto = IPPROTO_ICMPV6;
	ip->hop_limits = 255;
	memcpy(&ip->src_addr, target, 16);
	memcpy(&ip->dst_addr, asked ? to : all_nodes, 16);
	nd->type = ND_ADVERT;
	nd->flags[0] = (uint8_t)(ND_OVERRIDE | (asked ? ND_SOLICITED : 0) |
				 (ip_ns_of(link->ns)->conf.forwarding6 ? ND_ROUTER : 0));
	memcpy(nd->target, target, 16);
	nd->option_type = ND_OPT_TARGET_MAC;
	nd->option_len = 1;
	memcpy(nd->mac, link->mac, 6);
	nd->checksum = rte_ipv6_udptcp_cksum(ip, nd);
	ip6_send(w, link->ns, link, m);
}

static void tell(struct dp_worker *w, const struct dp_link *link, const uint8_t *addr,
		 const uint8_t *mac, const struct neigh_heard *how)
{
	struct neigh_heard heard = *how;

	heard.family = AF_INET6;
	memcpy(heard.addr, addr, 16);
	memcpy(heard.mac, mac, 6);
	neigh_heard(w, link, &heard);
}

static void solicited(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct nd_seen *seen)
{
	static const struct neigh_heard how = { .creates = true, .overrides = true };
	const struct dp_link *link = v->link[i];
	uint8_t src[16], target[16];

	memcpy(src, ip_header(v, i) + 8, 16);
	memcpy(target, seen->target, 16);
	if (unspecified(src) && (seen->mac || !addr_solicited(link, ip_header(v, i) + 24))) {
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
		return;
	}
	if (!addr_has(link, AF_INET6, target)) {
		dp_vec_drop(v, i, DP_DROP_ARP_IGNORED);
		return;
	}
	if (seen->mac && !(seen->mac[0] & 1) && !addr_has(link, AF_INET6, src))
		tell(w, link, src, seen->mac, &how);
	dp_vec_drop(v, i, DP_DROP_LOCAL_CONSUMED);
	advertise(w, link, target, src);
}

static void advertised(struct dp_worker *w, struct dp_vec *v, uint32_t i,
		       const struct nd_seen *seen)
{
	const struct dp_link *link = v->link[i];
	struct neigh_heard how = { .confirms = (seen->flags & ND_SOLICITED) != 0,
				   .overrides = (seen->flags & ND_OVERRIDE) != 0,
				   .router = seen->flags & ND_ROUTER ? 2 : 1 };

	if ((ip_header(v, i)[24] == 0xff && how.confirms) ||
	    addr_has(link, AF_INET6, seen->target) || (seen->mac && seen->mac[0] & 1)) {
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
		return;
	}
	if (seen->mac)
		tell(w, link, seen->target, seen->mac, &how);
	dp_vec_drop(v, i, DP_DROP_LOCAL_CONSUMED);
}

void nd_process(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at)
{
	struct nd_seen seen;

	if (!valid(v, i, at, &seen))
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
	else if (ip_header(v, i)[at] == ND_SOLICIT)
		solicited(w, v, i, &seen);
	else
		advertised(w, v, i, &seen);
}
