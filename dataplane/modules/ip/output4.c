/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending IPv4 packets that the tenant makes itself, and resolving what the FIB says into one
 * adjacency that can be sent by. Datapath.
 */
#include "dataplane/fib/fib.h"
#include "dataplane/modules/route/group.h"
#include "internal.h"

/* Group members until a single next hop; groups do not nest deeper than a route and its MTU */
const struct dp_adj *ip_adj_choose(const struct dp_adj *adj, uint32_t hash, uint32_t *mtu)
{
	const struct route_group *g;
	unsigned int depth;

	for (depth = 0; depth < 2; depth++) {
		if (__atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE) != DP_ADJ_MULTIPATH)
			break;
		g = adj->owner;
		if (g->mtu && (*mtu == 0 || g->mtu < *mtu))
			*mtu = g->mtu;
		adj = dp_adj_at(route_group_pick(g, hash));
	}
	if (*mtu == 0 || (adj->mtu && adj->mtu < *mtu))
		*mtu = adj->mtu;
	return adj;
}

bool ip_adj_sendable(const struct dp_adj *adj)
{
	uint8_t kind = __atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE);

	return kind == DP_ADJ_REWRITE || kind == DP_ADJ_TUNNEL;
}

const struct dp_adj *ip4_route(const struct netns *ns, uint32_t dst)
{
	return dp_adj_at(fib4_lookup(route_fib_ref(ns, AF_INET), rte_be_to_cpu_32(dst)));
}

/* Next hop's own address, for the neighbour thread: the gateway's, or the destination */
static void next_address(const struct dp_adj *adj, const uint8_t *dst, uint8_t *ret)
{
	if (adj->kind == DP_ADJ_GLEAN)
		memcpy(ret, dst, 4);
	else
		neigh_address(adj, ret);
}

const struct dp_adj *ip_adj_glean(const struct dp_adj *adj, uint8_t family, const uint8_t *dst)
{
	const struct dp_adj *found;

	if (__atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE) != DP_ADJ_GLEAN)
		return adj;
	found = neigh_lookup(adj->link, family, dst);
	return found ? found : adj;
}

void ip4_send(struct dp_worker *w, struct netns *ns, struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv4_hdr *);
	const struct dp_adj *adj = ip4_route(ns, ip->dst_addr);
	uint8_t next[16];
	uint32_t mtu = 0;

	adj = ip_adj_choose(
		adj, ip_flow_hash((uint8_t *)&ip->src_addr, (uint8_t *)&ip->dst_addr, 4), &mtu);
	adj = ip_adj_glean(adj, AF_INET, (uint8_t *)&ip->dst_addr);
	if (adj->link && m->pkt_len > mtu) {
		frag4_send(w, ns, ip_adj_sendable(adj) ? adj : NULL, mtu, m);
		return;
	}
	if (ip_adj_sendable(adj)) {
		adj_mark_used(adj);
		dp_send_adj(w, adj, m);
		return;
	}
	if (adj->kind == DP_ADJ_GLEAN || adj->kind == DP_ADJ_NEIGH) {
		next_address(adj, (uint8_t *)&ip->dst_addr, next);
		dp_keep_made(w, ns);
		neigh_resolve(w, adj->link, AF_INET, next, m);
		return;
	}
	dp_drop_made(w, ns, m, DP_DROP_IP_NO_ROUTE);
}

int ip4_source_for(const struct netns *ns, uint32_t dst, uint32_t *ret_src)
{
	uint32_t mtu = 0;
	const struct dp_adj *adj = ip_adj_choose(ip4_route(ns, dst), dst, &mtu);

	if (!adj->link)
		return -1;
	return addr_select(adj->link, AF_INET, (const uint8_t *)&dst, (uint8_t *)ret_src);
}
