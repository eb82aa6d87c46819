/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The long way out: links that are no port (pairs, tunnels, loopback, dummies), tags that change
 * the frame's length, frames that are too big. Datapath; every path ends in exactly one count.
 */
#include <rte_branch_prediction.h>

#include "adj.h"
#include "encap/encap.h"
#include "parse.h"
#include "tags.h"
#include "worker.h"

void drop_packet(struct worker *w, const struct netns *ns, struct rte_mbuf *m, enum dp_drop reason)
{
	count_drop(w, ns, reason);
	free_later(w, m);
}

void drop_in(struct worker *w, const struct dp_link *in, struct rte_mbuf *m, enum dp_drop reason)
{
	w->area.link_drops[in->index].rx++;
	drop_packet(w, in->ns, m, reason);
}

void drop_out(struct worker *w, const struct netns *ns, const struct dp_link *out,
	      struct rte_mbuf *m, enum dp_drop reason)
{
	w->area.link_drops[out->index].tx++;
	drop_packet(w, ns, m, reason);
}

void pending_add(struct worker *w, const struct dp_link *link, struct rte_mbuf *m, uint32_t depth)
{
	struct pending *p = &w->pending;
	struct link_counters *c;
	uint32_t at = p->tail & (PENDING_MAX - 1);

	if (unlikely(depth > DEPTH_MAX || p->tail - p->head == PENDING_MAX)) {
		c = &w->area.link[link->index];
		c->rx_packets++;
		c->rx_bytes += m->pkt_len;
		drop_in(w, link, m, depth > DEPTH_MAX ? DP_DROP_LOOP : DP_DROP_RING_FULL);
		return;
	}
	p->pkt[at] = m;
	p->link[at] = link;
	p->depth[at] = (uint8_t)depth;
	p->tail++;
}

/* The link that a stack of VLAN links ends in. */
static const struct dp_link *bottom(const struct dp_link *link)
{
	while (link->kind == DP_LINK_VLAN)
		link = __atomic_load_n(&link->lower, __ATOMIC_ACQUIRE);
	return link;
}

static void count_tx(struct worker *w, const struct dp_link *out, uint32_t bytes)
{
	struct link_counters *c = &w->area.link[out->tx_index];

	c->tx_packets++;
	c->tx_bytes += bytes;
}

/* A complete frame leaves by @out, whatever kind it is. */
static void leave(struct worker *w, const struct dp_link *out, struct rte_mbuf *m)
{
	const struct dp_link *base, *peer;

	switch (out->tx_kind) {
	case DP_TX_PORT:
		if (__atomic_load_n(&w->tx[out->port_id], __ATOMIC_ACQUIRE) == NULL)
			drop_out(w, out->ns, out, m, DP_DROP_LINK_DOWN);
		else
			tx_enqueue(w, out, out->port_id, m);
		break;
	case DP_TX_PAIR:
		base = bottom(out);
		peer = __atomic_load_n(&base->lower, __ATOMIC_ACQUIRE);
		if (peer == NULL || (peer->tx_flags & DP_LINK_F_UP) == 0) {
			drop_out(w, out->ns, out, m, DP_DROP_LINK_DOWN);
			break;
		}
		count_tx(w, out, m->pkt_len);
		pending_add(w, peer, m, w->cur_depth + 1);
		break;
	case DP_TX_ENCAP:
		encap_xmit(w, out, bottom(out), m);
		break;
	case DP_TX_LOOP:
		count_tx(w, out, m->pkt_len);
		pending_add(w, out, m, w->cur_depth + 1);
		break;
	default:
		count_tx(w, out, m->pkt_len);
		free_later(w, m);
		break;
	}
}

/* Bytes of L3, one inner tag not counted, as Linux's forwarding of frames does. */
static bool fits(const struct rte_mbuf *m, uint32_t have, const struct dp_link *out)
{
	uint32_t l2 = RTE_ETHER_HDR_LEN + have;

	if (m->pkt_len <= l2 + out->tx_mtu)
		return true;
	return parse_is_tag(rte_pktmbuf_mtod(m, const uint8_t *) + l2 - 2) &&
	       m->pkt_len <= l2 + 4 + out->tx_mtu;
}

void tx_link(struct worker *w, const struct dp_link *in, const struct dp_link *out,
	     struct rte_mbuf *m, bool framed)
{
	const struct netns *ns = in != NULL ? in->ns : out->ns;
	uint32_t have = in != NULL ? in->encap_len : 0;

	if (framed)
		have = out->tx_encap;
	if ((out->tx_flags & DP_LINK_F_UP) == 0) {
		drop_out(w, ns, out, m, DP_DROP_LINK_DOWN);
	} else if (m->data_len < RTE_ETHER_HDR_LEN + have) {
		drop_out(w, ns, out, m, DP_DROP_RUNT);
	} else if (!fits(m, have, out)) {
		drop_out(w, ns, out, m, DP_DROP_TX_MTU);
	} else if (!framed && !tags_replace(m, have, out)) {
		drop_out(w, ns, out, m, DP_DROP_NO_MBUF);
	} else {
		leave(w, out, m);
	}
}

void tx_adj(struct worker *w, const struct netns *ns, const struct dp_adj *adj, struct rte_mbuf *m,
	    uint32_t l3)
{
	/* pairs with the release in dp_adj_fill() */
	uint8_t kind = __atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE);

	if (kind != DP_ADJ_REWRITE && kind != DP_ADJ_TUNNEL) {
		drop_packet(w, ns, m,
			    kind == DP_ADJ_DROP ? (enum dp_drop)adj->arg : DP_DROP_NEIGH_FAILED);
		return;
	}
	if (m->pkt_len - l3 > adj->mtu) {
		drop_packet(w, ns, m, DP_DROP_TX_MTU);
		return;
	}
	if (rte_pktmbuf_headroom(m) + l3 < ADJ_HDR) {
		drop_packet(w, ns, m, DP_DROP_NO_MBUF);
		return;
	}
	adj_write(adj, m, l3);
	tx_link(w, NULL, adj->link, m, true);
}
