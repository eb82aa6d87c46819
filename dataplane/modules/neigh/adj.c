/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A neighbour's adjacency: the complete L2 header from the neighbour's and the link's MACs and the
 * link's tags. Workers copy the header as a whole, so while it is written the adjacency is not of
 * the kind that is copied, and a change of a live one goes through a grace-free order: kind away,
 * header, kind back, each released; a worker that read the kind before may send one last frame
 * with either header, never with a mixture that is longer than the header.
 */
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/l3dev.h"
#include "internal.h"

static void put16(uint8_t **p, uint16_t v)
{
	*(*p)++ = (uint8_t)(v >> 8);
	*(*p)++ = (uint8_t)v;
}

/* Right-aligned in hdr[26]; returns its length in bytes */
static uint8_t build(uint8_t hdr[26], const struct neigh *n)
{
	const struct dp_link *link = n->link;
	uint8_t len = (uint8_t)(14 + (link->tag_proto ? 4 : 0) + (link->tag2_proto ? 4 : 0));
	uint8_t *p = hdr + 26 - len;

	memcpy(p, n->mac, 6);
	memcpy(p + 6, link->mac, 6);
	p += 12;
	if (link->tag2_proto) {
		put16(&p, link->tag2_proto);
		put16(&p, link->tag2_vid);
	}
	if (link->tag_proto) {
		put16(&p, link->tag_proto);
		put16(&p, link->tag_vid);
	}
	put16(&p, n->family == AF_INET6 ? 0x86dd : 0x0800);
	return len;
}

static enum dp_adj_kind kind_for(const struct neigh *n)
{
	if (!(n->state &
	      (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)))
		return DP_ADJ_NEIGH;
	if (n->link->kind == DP_LINK_PORT || n->link->kind == DP_LINK_VLAN)
		return DP_ADJ_REWRITE;
	return DP_ADJ_TUNNEL; /* header complete, then the link's own way: pair, VXLAN */
}

void neigh_adj_fill(struct neigh *n)
{
	struct dp_adj *adj = dp_adj_at(n->adj);
	enum dp_adj_kind kind = kind_for(n);

	if (adj->kind != DP_ADJ_DROP && kind == DP_ADJ_NEIGH) {
		__atomic_store_n(&adj->kind, kind, __ATOMIC_RELEASE);
		return;
	}
	adj->family = n->family;
	adj->link = n->link;
	adj->link_index = n->link_index;
	adj->port_id = n->link->port_id;
	adj->mtu = n->link->mtu;
	adj->owner = n;
	if (kind != DP_ADJ_NEIGH)
		adj->hdr_len = build(adj->hdr, n);
	/* pairs with the acquire with which workers read kind */
	__atomic_store_n(&adj->kind, kind, __ATOMIC_RELEASE);
}
