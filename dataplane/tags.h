/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Putting tags in front of a frame's EtherType and taking them away, in place. Datapath.
 */
#ifndef DP_TAGS_H
#define DP_TAGS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_mbuf.h>

#include "dp_link.h"

/* Writes @out's tags over as many bytes of tags that stand there already. */
static inline void tags_write(uint8_t *frame, const struct dp_link *out)
{
	uint32_t low = (uint32_t)out->tag_bytes;

	if (out->tx_encap == 4)
		memcpy(frame + 12, &low, 4);
	else if (out->tx_encap == 8)
		memcpy(frame + 12, &out->tag_bytes, 8);
}

/* Replaces the first @have bytes of tags by @want bytes of room. False: no headroom. */
static inline bool tags_resize(struct rte_mbuf *m, uint32_t have, uint32_t want)
{
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *);
	uint8_t macs[12];

	if (have == want)
		return true;
	memcpy(macs, d, sizeof(macs));
	d = (uint8_t *)(have > want ? rte_pktmbuf_adj(m, (uint16_t)(have - want))
				    : rte_pktmbuf_prepend(m, (uint16_t)(want - have)));
	if (d == NULL)
		return false;
	memcpy(d, macs, sizeof(macs));
	return true;
}

/* The frame has @have bytes of tags; afterwards it has @out's. */
static inline bool tags_replace(struct rte_mbuf *m, uint32_t have, const struct dp_link *out)
{
	if (!tags_resize(m, have, out->tx_encap))
		return false;
	tags_write(rte_pktmbuf_mtod(m, uint8_t *), out);
	return true;
}

static inline bool tags_push(struct rte_mbuf *m, const struct dp_link *link)
{
	return tags_replace(m, 0, link);
}

#endif /* DP_TAGS_H */
