/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 forwarding: the fast loops, built as ip4.c's are. What is not a plain packet to be rewritten
 * and sent leaves them for ip6_slow.c. Datapath.
 */
#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_prefetch.h>

#include "dataplane/fib/fib.h"
#include "internal.h"

/** struct batch - the IPv6 packets of a vector whose headers are good */
struct batch {
	uint32_t n;
	uint8_t at[DP_VEC_MAX]; /* place in the vector */
	struct fib_addr dst[DP_VEC_MAX];
	uint64_t ref[DP_VEC_MAX];
	uint32_t nh[DP_VEC_MAX];
};

/* A global unicast address (2000::/3) or a unique local one (fc00::/7) needs no second look. */
static inline bool plain_addr(uint64_t hi)
{
	return hi >> 61 == 1 || hi >> 57 == 0x7e;
}

static inline uint64_t upper(const uint8_t *addr)
{
	uint64_t x;

	memcpy(&x, addr, sizeof(x));
	return rte_be_to_cpu_64(x);
}

static inline bool plain(const struct dp_vec *v, uint32_t i, const uint8_t *h)
{
	const struct rte_mbuf *m = v->pkt[i];
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)h;
	uint32_t off = v->l3_off[i] + (uint32_t)sizeof(*ip);

	return likely(m->data_len >= off && h[0] >> 4 == 6 && ip->proto != 0 &&
		      rte_be_to_cpu_16(ip->payload_len) + off == m->pkt_len &&
		      (rte_pktmbuf_mtod(m, const uint8_t *)[0] & 1) == 0 &&
		      (__atomic_load_n(&v->link[i]->flags, __ATOMIC_RELAXED) & DP_LINK_F_PROMISC) ==
			      0 &&
		      v->link[i]->local_bloom != ADDR_CAREFUL && plain_addr(upper(h + 8)) &&
		      plain_addr(upper(h + 24)));
}

static void collect(struct dp_worker *w, struct dp_vec *v, struct batch *b)
{
	const uint8_t *h;
	uint32_t i;

	b->n = 0;
	for (i = 0; i < v->n; i++) {
		if (v->ether_type[i] != RTE_ETHER_TYPE_IPV6)
			continue;
		h = ip_header(v, i);
		if (!plain(v, i, h)) {
			if (!ip6_check_slow(w, v, i))
				continue;
			h = ip_header(v, i);
		}
		b->at[b->n] = (uint8_t)i;
		b->dst[b->n] = fib_addr6(h + 24);
		/* pairs with the release in dp_tenant_l3() */
		b->ref[b->n++] = __atomic_load_n(&v->link[i]->l3[1], __ATOMIC_ACQUIRE);
	}
}

static inline void decide(struct dp_worker *w, struct dp_vec *v, uint32_t i,
			  const struct dp_adj *adj)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)ip_header(v, i);

	/* pairs with the release in neigh_adj_fill() */
	if (unlikely(__atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE) != DP_ADJ_REWRITE ||
		     ip->hop_limits <= 1 || v->pkt[i]->pkt_len - v->l3_off[i] > adj->mtu ||
		     adj->link_index == v->link[i]->index)) {
		ip6_slow(w, v, i, adj);
		return;
	}
	ip->hop_limits--;
	adj_mark_used(adj);
	dp_vec_tx_adj(v, i, adj);
}

static void ip6_process(struct dp_worker *w, struct dp_vec *v)
{
	struct batch b;
	uint32_t k;

	collect(w, v, &b);
	if (b.n == 0)
		return;
	fib6_prefetch_vec(b.ref, b.dst, b.n);
	fib6_lookup_vec(b.ref, b.dst, b.nh, b.n);
	for (k = 0; k < b.n; k++)
		rte_prefetch0(dp_adj_at(b.nh[k]));
	for (k = 0; k < b.n; k++)
		decide(w, v, b.at[k], dp_adj_at(b.nh[k]));
}

static const char *const after[] = { "ip4", NULL };

const struct dp_module ip6_module = {
	.abi = DP_MODULE_ABI,
	.name = "ip6",
	.summary = "IPv6 forwarding, neighbour discovery, ICMPv6",
	.stage = DP_STAGE_ROUTE,
	.flags = DP_MODULE_EVERY_TENANT,
	.runs_after = after,
	.process = ip6_process,
};
