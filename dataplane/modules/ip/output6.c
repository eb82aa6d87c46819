/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending IPv6 packets that the tenant makes itself. Link-local destinations go by the link that is
 * named, others by route. Also the hook behind dp_output(), for both families. Datapath.
 */
#include <errno.h>

#include <rte_ether.h>
#include <rte_ip_frag.h>
#include <rte_random.h>

#include "dataplane/fib/fib.h"
#include "internal.h"

#define PIECES  64
#define MTU_MIN 1280u /* bytes: no IPv6 link has less */

const struct dp_adj *ip6_route(const struct netns *ns, const uint8_t *dst)
{
	return dp_adj_at(fib6_lookup(route_fib_ref(ns, AF_INET6), fib_addr6(dst)));
}

bool ip6_is_link_local(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

bool ip6_is_anycast(const struct dp_vec *v, uint32_t i)
{
	static const uint8_t zero[8];
	const uint8_t *dst = ip_header(v, i) + 24;

	if (ip6_is_link_local(dst))
		return memcmp(dst + 8, zero, 8) == 0;
	return dst[0] != 0xff && ip6_route(v->link[i]->ns, dst)->arg == ROUTE_ADJ_ANYCAST;
}

/* Link by which @dst is reached directly: the named one for link-local addresses, else none */
static const struct dp_adj *find_adj(const struct netns *ns, const struct dp_link *link,
				     const uint8_t *src, const uint8_t *dst, uint32_t *mtu)
{
	const struct dp_adj *adj;

	if (ip6_is_link_local(dst)) {
		*mtu = link ? link->mtu : 0;
		return link ? neigh_lookup(link, AF_INET6, dst) : NULL;
	}
	adj = ip_adj_choose(ip6_route(ns, dst), ip_flow_hash(src, dst, 16), mtu);
	return ip_adj_glean(adj, AF_INET6, dst);
}

/* What the tenant made is larger than the link: in pieces, as only a sender may cut in IPv6 */
static void send_pieces(struct dp_worker *w, struct netns *ns, const struct dp_adj *adj,
			uint32_t mtu, struct rte_mbuf *m)
{
	const uint32_t heads = sizeof(struct rte_ipv6_hdr) + RTE_IPV6_FRAG_HDR_SIZE;
	uint32_t id = rte_cpu_to_be_32((uint32_t)rte_rand());
	struct rte_mbuf *piece[PIECES];
	int n, k;

	mtu = ((RTE_MAX(mtu, MTU_MIN) - heads) & ~7u) + heads;
	n = rte_ipv6_fragment_packet(m, piece, PIECES, (uint16_t)mtu, w->pool, w->pool);
	if (n < 0) {
		dp_drop_made(w, ns, m, n == -ENOMEM ? DP_DROP_NO_MBUF : DP_DROP_IP_FRAGMENT);
		return;
	}
	for (k = 0; k < n; k++) {
		memcpy(rte_pktmbuf_mtod_offset(piece[k], uint8_t *, heads - sizeof(id)), &id,
		       sizeof(id));
		dp_send_adj(w, adj, piece[k]);
	}
	rte_pktmbuf_free(m);
}

static void multicast(struct dp_worker *w, const struct dp_link *link, const uint8_t *dst,
		      struct rte_mbuf *m)
{
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)rte_pktmbuf_prepend(m, sizeof(*eth));

	eth->dst_addr.addr_bytes[0] = eth->dst_addr.addr_bytes[1] = 0x33;
	memcpy(&eth->dst_addr.addr_bytes[2], dst + 12, 4);
	memcpy(&eth->src_addr, link->mac, 6);
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV6);
	dp_send(w, link, m);
}

void ip6_send(struct dp_worker *w, struct netns *ns, const struct dp_link *link, struct rte_mbuf *m)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	uint8_t dst[16], next[16];
	const struct dp_adj *adj;
	uint32_t mtu = 0;

	memcpy(dst, &ip->dst_addr, sizeof(dst));
	if (dst[0] == 0xff) {
		if (link)
			multicast(w, link, dst, m);
		else
			dp_drop_made(w, ns, m, DP_DROP_IP_NO_ROUTE);
		return;
	}
	adj = find_adj(ns, link, (const uint8_t *)&ip->src_addr, dst, &mtu);
	if (adj && ip_adj_sendable(adj)) {
		adj_mark_used(adj);
		mtu = mtu ? mtu : adj->mtu;
		if (m->pkt_len > RTE_MAX(mtu, MTU_MIN))
			send_pieces(w, ns, adj, mtu, m);
		else
			dp_send_adj(w, adj, m);
		return;
	}
	if (adj && adj->kind != DP_ADJ_GLEAN && adj->kind != DP_ADJ_NEIGH) {
		dp_drop_made(w, ns, m, DP_DROP_IP_NO_ROUTE);
		return;
	}
	if (!adj && !link) {
		dp_drop_made(w, ns, m, DP_DROP_IP_NO_ROUTE);
		return;
	}
	if (adj && adj->kind == DP_ADJ_NEIGH)
		neigh_address(adj, next);
	else
		memcpy(next, dst, sizeof(next));
	dp_keep_made(w, ns);
	neigh_resolve(w, adj ? adj->link : link, AF_INET6, next, m);
}

int ip6_source_for(const struct netns *ns, const struct dp_link *link, const uint8_t *dst,
		   uint8_t *ret_src)
{
	const struct dp_adj *adj;
	uint32_t mtu = 0;

	if (ip6_is_link_local(dst) || dst[0] == 0xff)
		return addr_select(link, AF_INET6, dst, ret_src);
	adj = ip_adj_choose(ip6_route(ns, dst), 0, &mtu);
	return addr_select(adj->link ? adj->link : link, AF_INET6, dst, ret_src);
}

void ip_output(struct dp_worker *w, struct netns *ns, uint16_t ether_type, struct rte_mbuf *m)
{
	if (ether_type == RTE_ETHER_TYPE_IPV6)
		ip6_send(w, ns, NULL, m);
	else
		ip4_send(w, ns, m);
}
