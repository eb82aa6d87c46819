/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 forwarding: the fast loops. Three passes over the vector: check headers and collect
 * destinations; look all of them up; decide. A packet that is not a plain one to be rewritten and
 * sent leaves the loops for ip4_slow.c. Touches the packet's first line or two, the FIB's blob and
 * one adjacency; everything else that it needs lies in the link's line already.
 */
#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_prefetch.h>

#include "dataplane/fib/fib.h"
#include "internal.h"

/** struct batch - the IPv4 packets of a vector whose headers are good */
struct batch {
	uint32_t n;
	uint8_t at[DP_VEC_MAX];   /* place in the vector */
	uint32_t dst[DP_VEC_MAX]; /* host order */
	uint64_t ref[DP_VEC_MAX];
	uint32_t nh[DP_VEC_MAX];
};

/* Sum of the header's ten words is all ones; the loads are those that the fields need anyway. */
static inline bool checksum_ok(const uint8_t *h)
{
	uint64_t a, b;
	uint32_t c;
	uint64_t sum;

	memcpy(&a, h, 8);
	memcpy(&b, h + 8, 8);
	memcpy(&c, h + 16, 4);
	sum = (a & 0xffffffff) + (a >> 32) + (b & 0xffffffff) + (b >> 32) + c;
	sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff || (sum & 0xffff) + (sum >> 16) == 0xffff;
}

/* A source that needs no second look: not 0/8, 127/8, nor 224/3; a destination likewise */
static inline bool plain_addr(uint32_t addr)
{
	uint32_t top = addr >> 24;

	return top - 1u < 223u && top != 127;
}

/* The header is good and the frame ends where the packet does. */
static inline bool plain(const struct dp_vec *v, uint32_t i, const struct rte_ipv4_hdr *ip,
			 uint32_t src, uint32_t dst)
{
	const struct rte_mbuf *m = v->pkt[i];
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t off = v->l3_off[i];

	return likely(ip->version_ihl == 0x45 && m->data_len >= off + sizeof(*ip) &&
		      rte_be_to_cpu_16(ip->total_length) + off == m->pkt_len &&
		      rte_be_to_cpu_16(ip->total_length) >= sizeof(*ip) && (frame[0] & 1) == 0 &&
		      plain_addr(src) && plain_addr(dst) &&
		      (__atomic_load_n(&v->link[i]->flags, __ATOMIC_RELAXED) & DP_LINK_F_PROMISC) ==
			      0 &&
		      (v->link[i]->local_bloom >> (src * 0x9e3779b1u >> 26) & 1) == 0 &&
		      checksum_ok((const uint8_t *)ip));
}

static void collect(struct dp_worker *w, struct dp_vec *v, struct batch *b)
{
	const struct rte_ipv4_hdr *ip;
	uint32_t i, src, dst;

	b->n = 0;
	for (i = 0; i < v->n; i++) {
		if (unlikely(v->ether_type[i] != RTE_ETHER_TYPE_IPV4)) {
			if (v->ether_type[i] == RTE_ETHER_TYPE_ARP)
				arp_process(w, v, i);
			continue;
		}
		ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
		src = rte_be_to_cpu_32(ip->src_addr);
		dst = rte_be_to_cpu_32(ip->dst_addr);
		if (!plain(v, i, ip, src, dst)) {
			if (!ip4_check_slow(w, v, i))
				continue;
			ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
			dst = rte_be_to_cpu_32(ip->dst_addr);
		}
		b->at[b->n] = (uint8_t)i;
		b->dst[b->n] = dst;
		/* pairs with the release in dp_tenant_l3() */
		b->ref[b->n++] = __atomic_load_n(&v->link[i]->l3[0], __ATOMIC_ACQUIRE);
	}
}

static inline void decide(struct dp_worker *w, struct dp_vec *v, uint32_t i,
			  const struct dp_adj *adj)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);

	/* pairs with the release in neigh_adj_fill() */
	if (unlikely(__atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE) != DP_ADJ_REWRITE ||
		     ip->time_to_live <= 1 || rte_be_to_cpu_16(ip->total_length) > adj->mtu ||
		     adj->link_index == v->link[i]->index || ip->version_ihl != 0x45)) {
		ip4_slow(w, v, i, adj);
		return;
	}
	ip4_dec_ttl(ip);
	adj_mark_used(adj);
	dp_vec_tx_adj(v, i, adj);
}

static void ip4_prefetch(struct dp_worker *w, struct dp_vec *v)
{
	uint32_t i;

	/* the parser has the frame's first line; with tags the header may reach into the second */
	for (i = 0; i < v->n; i++)
		rte_prefetch0((const void *)(uintptr_t)(v->link[i]->l3[0] & ~(uint64_t)63));
}

static void ip4_process(struct dp_worker *w, struct dp_vec *v)
{
	struct batch b;
	uint32_t k;

	collect(w, v, &b);
	if (b.n == 0)
		return;
	fib4_prefetch_vec(b.ref, b.dst, b.n);
	fib4_lookup_vec(b.ref, b.dst, b.nh, b.n);
	for (k = 0; k < b.n; k++)
		rte_prefetch0(dp_adj_at(b.nh[k]));
	for (k = 0; k < b.n; k++)
		decide(w, v, b.at[k], dp_adj_at(b.nh[k]));
}

/* what a wire takes is not routed */
static const char *const after[] = { "xconnect", NULL };

const struct dp_module ip4_module = {
	.abi = DP_MODULE_ABI,
	.name = "ip4",
	.summary = "IPv4 forwarding, ARP, ICMP",
	.stage = DP_STAGE_ROUTE,
	.flags = DP_MODULE_EVERY_TENANT,
	.runs_after = after,
	.prefetch = ip4_prefetch,
	.process = ip4_process,
};
