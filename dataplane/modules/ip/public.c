/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What other modules may ask of IP on a worker: an ICMP error about a packet.
 */
#include "icmp.h"

void icmp_error(struct dp_worker *w, const struct dp_link *in, const struct rte_mbuf *m,
		uint8_t family, uint8_t type, uint8_t code, uint32_t param)
{
	if (family == AF_INET6)
		icmp6_error_at(w, in, m, 0, type, code, param);
	else
		icmp4_error_at(w, in, m, 0, type, code, param);
}

/* The neighbour did not answer: the sender of a packet that waited for it hears of it. */
void ip_neigh_unreachable(struct dp_worker *w, const struct dp_link *link, const struct rte_mbuf *m)
{
	const uint8_t *h = rte_pktmbuf_mtod(m, const uint8_t *);

	if (h[0] >> 4 == 6)
		icmp6_error_at(w, link, m, 0, 1, 3, 0);
	else
		icmp4_error_at(w, link, m, 0, 3, 1, 0);
}
