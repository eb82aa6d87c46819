/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The datapath's side of adjacencies, and the table's life. See dp_adj.h.
 */
#ifndef DP_ADJ_INTERNAL_H
#define DP_ADJ_INTERNAL_H

#include <string.h>

#include <rte_mbuf.h>

#include "dp_adj.h"

#define ADJ_HDR 26u /* bytes of dp_adj.hdr; a received or made packet has that headroom */

/* The L3 header at @l3 gets @adj's whole L2 header in front. Copies all 26 bytes: no branches. */
static inline void adj_write(const struct dp_adj *adj, struct rte_mbuf *m, uint32_t l3)
{
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *) + l3;
	int32_t grow = (int32_t)adj->hdr_len - (int32_t)l3;

	memcpy(d - ADJ_HDR, adj->hdr, ADJ_HDR);
	m->data_off = (uint16_t)(m->data_off - grow);
	m->data_len = (uint16_t)(m->data_len + grow);
	m->pkt_len = (uint32_t)((int32_t)m->pkt_len + grow);
}

int adj_init(uint32_t max);
void adj_fini(void);

#endif /* DP_ADJ_INTERNAL_H */
