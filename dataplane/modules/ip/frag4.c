/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 fragments: cutting what is too big for a link. Plain headers are cut by rte_ip_frag, whose
 * pieces refer to the packet's own bytes; headers with options are copied, because later pieces
 * keep the header's length and have no-operations in place of options that are not to be copied,
 * as Linux does it. Datapath.
 */
#include <rte_ip_frag.h>

#include "icmp.h"
#include "l4.h"

/* 64 KiB at an MTU that leaves 1 KiB; more is dropped */
#define PIECES 64

/* of a packet's flags and offset, what its pieces take over */
#define KEPT   (RTE_IPV4_HDR_MF_FLAG | RTE_IPV4_HDR_OFFSET_MASK)

/* A piece leaves by @adj; NULL: as anything that the tenant makes */
static void send_piece(struct dp_worker *w, struct netns *ns, const struct dp_adj *adj,
		       struct rte_mbuf *m)
{
	struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv4_hdr *);

	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, (ip->version_ihl & 15u) * 4);
	if (adj)
		dp_send_adj(w, adj, m);
	else
		ip4_send(w, ns, m);
}

/* Pieces behind the first: options without the copied flag become no-operations. */
static void blank_options(uint8_t *h, uint32_t ihl)
{
	uint32_t at = sizeof(struct rte_ipv4_hdr), len;

	while (at < ihl && h[at] != 0) {
		len = h[at] == 1 ? 1 : h[at + 1];
		if (len == 0 || at + len > ihl)
			return;
		if (!(h[at] & 0x80))
			memset(h + at, 1, len);
		at += len;
	}
}

static void cut_copying(struct dp_worker *w, struct netns *ns, const struct dp_adj *adj,
			uint32_t mtu, struct rte_mbuf *m)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod(m, const struct rte_ipv4_hdr *);
	uint32_t ihl = (ip->version_ihl & 15u) * 4, left = m->pkt_len - ihl, at = 0, n;
	uint16_t off = rte_be_to_cpu_16(ip->fragment_offset) & KEPT;
	struct rte_mbuf *piece;
	const void *data;
	uint8_t *p;

	for (; left; at += n, left -= n) {
		n = RTE_MIN(left, (mtu - ihl) & ~7u);
		p = ip_make(w, ihl + n, &piece);
		if (!p)
			return;
		memcpy(p, ip, ihl);
		data = rte_pktmbuf_read(m, ihl + at, n, p + ihl);
		if (data && data != p + ihl)
			memcpy(p + ihl, data, n);
		if (at && (off & RTE_IPV4_HDR_OFFSET_MASK) == 0)
			blank_options(p, ihl);
		((struct rte_ipv4_hdr *)p)->total_length = rte_cpu_to_be_16((uint16_t)(ihl + n));
		((struct rte_ipv4_hdr *)p)->fragment_offset = rte_cpu_to_be_16(
			(uint16_t)(off + at / 8) | (left > n ? RTE_IPV4_HDR_MF_FLAG : 0));
		send_piece(w, ns, adj, piece);
	}
}

void frag4_send(struct dp_worker *w, struct netns *ns, const struct dp_adj *adj, uint32_t mtu,
		struct rte_mbuf *m)
{
	const uint32_t fixed = sizeof(struct rte_ipv4_hdr);
	struct rte_mbuf *piece[PIECES];
	int n, k;

	if (*rte_pktmbuf_mtod(m, uint8_t *) != 0x45) {
		cut_copying(w, ns, adj, mtu, m);
		rte_pktmbuf_free(m);
		return;
	}
	rte_pktmbuf_mtod(m, struct rte_ipv4_hdr *)->fragment_offset &= RTE_BE16(KEPT);
	/* each piece's payload is a multiple of 8 bytes */
	n = rte_ipv4_fragment_packet(m, piece, PIECES, (uint16_t)(((mtu - fixed) & ~7u) + fixed),
				     w->pool, w->pool);
	if (n < 0) {
		dp_drop_made(w, ns, m, n == -ENOMEM ? DP_DROP_NO_MBUF : DP_DROP_IP_FRAGMENT);
		return;
	}
	for (k = 0; k < n; k++)
		send_piece(w, ns, adj, piece[k]);
	rte_pktmbuf_free(m);
}
