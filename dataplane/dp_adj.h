/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adjacency: all that a worker needs to send a routed packet to one next hop, in one cache line:
 * the complete L2 header with its tags, the link and the port. Built by the neighbour module, found
 * by the FIB's 32-bit next-hop index at dp_adj_base + index, so that it is reached without another
 * dependent load.
 */
#ifndef DP_ADJ_H
#define DP_ADJ_H

#include <assert.h>
#include <stdint.h>

struct dp_link;

enum dp_adj_kind {
	DP_ADJ_DROP = 0, /* arg: enum dp_drop */
	DP_ADJ_REWRITE,  /* header complete: the fast path */
	DP_ADJ_GLEAN,    /* on-link, neighbour unknown: resolve the packet's destination */
	DP_ADJ_NEIGH,    /* via a gateway whose address is not resolved yet */
	DP_ADJ_LOCAL,    /* the tenant's own address */
	DP_ADJ_BROADCAST,
	DP_ADJ_MULTIPATH, /* choose one of group members by flow hash */
	DP_ADJ_REJECT,    /* arg: 0 unreachable, 1 prohibit; answered with ICMP */
	DP_ADJ_TUNNEL, /* header complete, then the link's own way (link->tx_kind not DP_TX_PORT) */
};

/** struct dp_adj - one line; replaced by copy under RCU, except kind and header, see neigh */
struct dp_adj {
	uint8_t hdr[26]; /* right-aligned: the last hdr_len bytes are dst, src, tags, EtherType */
	uint8_t hdr_len; /* bytes: 14, 18 or 22 */
	uint8_t kind;    /* enum dp_adj_kind */
	uint8_t arg;
	uint8_t family;
	uint16_t mtu;     /* bytes of L3 */
	uint16_t port_id; /* DPDK port */
	uint16_t pad;
	uint32_t link_index;        /* out link: counters */
	const struct dp_link *link; /* out link */
	void *owner;                /* the neighbour, group or next hop behind it */
	uint32_t used; /* the worker saw traffic: set to 1, cleared by the neighbour's timer */
	uint32_t generation;
} __attribute__((aligned(64)));

static_assert(sizeof(struct dp_adj) == 64, "an adjacency is one cache line");

extern struct dp_adj *dp_adj_base; /* one reservation of virtual memory; const after dp_init() */

static inline struct dp_adj *dp_adj_at(uint32_t index)
{
	return &dp_adj_base[index];
}

/**
 * dp_adj_fill() - complete an adjacency: header, link, counters, port; its kind with release, last
 * @dst:        MAC of the next hop
 * @ether_type: of the payload, host order
 *
 * Kind becomes DP_ADJ_REWRITE, or DP_ADJ_TUNNEL for links that do not leave by a port; mtu is the
 * link's unless it is set already.
 * Context: control (dp_ctl_lock held), or the worker that learned @dst; @link is not stale
 */
void dp_adj_fill(struct dp_adj *adj, const struct dp_link *link, const uint8_t dst[6],
		 uint16_t ether_type);

/* Control. Index 0 is never given out: it drops with no-route. -ENOMEM: none left. */
int dp_adj_alloc(uint32_t *ret_index);
/* The index is reused after a grace period. */
void dp_adj_free(uint32_t index);

#endif /* DP_ADJ_H */
