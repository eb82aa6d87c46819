/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 fragments: cutting what is too big for a link (rte_ip_frag). Datapath.
 */
#include <rte_ip_frag.h>

#include "icmp.h"
#include "l4.h"

#define PIECES \
	64 /* 64 KiB at the smallest MTU that is not refused for being absurd: more is dropped */

void frag4_send(struct dp_worker *w, struct netns *ns, const struct dp_adj *adj, uint32_t mtu,
		struct rte_mbuf *m)
{
	struct rte_mbuf *piece[PIECES];
	struct rte_ipv4_hdr *ip;
	int n, k;

	/* each piece's payload is a multiple of 8 bytes */
	mtu = ((mtu - (uint32_t)sizeof(*ip)) & ~7u) + (uint32_t)sizeof(*ip);
	n = rte_ipv4_fragment_packet(m, piece, PIECES, (uint16_t)mtu, w->pool, w->pool);
	if (n < 0) {
		dp_drop_made(w, ns, m, n == -ENOMEM ? DP_DROP_NO_MBUF : DP_DROP_IP_FRAGMENT);
		return;
	}
	for (k = 0; k < n; k++) {
		ip = rte_pktmbuf_mtod(piece[k], struct rte_ipv4_hdr *);
		ip->hdr_checksum = 0;
		ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, (ip->version_ihl & 15u) * 4);
		dp_send_adj(w, adj, piece[k]);
	}
	rte_pktmbuf_free(m);
}
