/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the IP modules share: a tenant's knobs and limits, the slow paths behind the
 * fast loops, helpers for headers. Datapath unless said otherwise.
 */
#ifndef IP_INTERNAL_H
#define IP_INTERNAL_H

#include <string.h>
#include <sys/socket.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_mbuf.h>

#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/addr/l3dev.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "ip.h"

/** struct ip_ns - one tenant's knobs and ICMP budget; the slot of module "ip" */
struct ip_ns {
	struct ip_conf conf; /* w:control r:worker; each field alone */
	uint64_t icmp_ns;    /* atomic; token bucket of all errors: time of the next free token */
	uint16_t ip_id;      /* atomic */
};

struct ip_ns *ip_ns_of(const struct netns *ns);

/* ---- IPv4 ---- */

/* A header that the fast loop did not like. True: it is fine, go on with the lookup. */
bool ip4_check_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i);
/* Anything but a plain rewrite; gives the verdict. @adj: what the FIB said. */
void ip4_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj);
/* Addressed to the tenant itself. */
void ip4_local(struct dp_worker *w, struct dp_vec *v, uint32_t i, bool broadcast);
void arp_process(struct dp_worker *w, struct dp_vec *v, uint32_t i);

/* output4.c */
const struct dp_adj *ip4_route(const struct netns *ns, uint32_t dst); /* @dst: network order */
/* Made by the tenant, at its L3 header; takes the mbuf, counts it. */
void ip4_send(struct dp_worker *w, struct netns *ns, struct rte_mbuf *m);
/* Source that the tenant would use towards @dst; network order. 0, or -1: none. */
int ip4_source_for(const struct netns *ns, uint32_t dst, uint32_t *ret_src);
/* A group's member for the flow; @mtu: smallest of what was met. */
const struct dp_adj *ip_adj_choose(const struct dp_adj *adj, uint32_t hash, uint32_t *mtu);
/* The neighbour behind an on-link adjacency, if it has an entry */
const struct dp_adj *ip_adj_glean(const struct dp_adj *adj, uint8_t family, const uint8_t *dst);
bool ip_adj_sendable(const struct dp_adj *adj);
/* The answer to a broadcast comes from an address of the link. */
void ip4_set_source(struct dp_vec *v, uint32_t i);

/*
 * frag4.c: sends @m (at its L3 header, made by the tenant) in pieces of at most @mtu bytes by @adj;
 * NULL: by route
 */
void frag4_send(struct dp_worker *w, struct netns *ns, const struct dp_adj *adj, uint32_t mtu,
		struct rte_mbuf *m);

/* ---- IPv6 ---- */
/* Made by the tenant, at its L3 header; @link: out by this one (link-local), NULL: by route. */
void ip6_send(struct dp_worker *w, struct netns *ns, const struct dp_link *link,
	      struct rte_mbuf *m);
bool ip6_check_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i);
void ip6_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj);
void ip6_local(struct dp_worker *w, struct dp_vec *v, uint32_t i);
/* @at: where the ICMPv6 header lies behind the IPv6 header's begin, bytes */
void nd_process(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at);
const struct dp_adj *ip6_route(const struct netns *ns, const uint8_t *dst);
bool ip6_is_link_local(const uint8_t *a);
/* Is packet @i's destination, which is local, a subnet's anycast address? */
bool ip6_is_anycast(const struct dp_vec *v, uint32_t i);
int ip6_source_for(const struct netns *ns, const struct dp_link *link, const uint8_t *dst,
		   uint8_t *ret_src);
void ip_neigh_unreachable(struct dp_worker *w, const struct dp_link *link,
			  const struct rte_mbuf *m);
/* Behind dp_output(): both families. */
void ip_output(struct dp_worker *w, struct netns *ns, uint16_t ether_type, struct rte_mbuf *m);

/* Flow hash of the addresses, as Linux's default multipath policy (layer 3) takes. */
static inline uint32_t ip_flow_hash(const uint8_t *src, const uint8_t *dst, unsigned int bytes)
{
	uint64_t h = 0x9e3779b97f4a7c15u, a;
	unsigned int i;

	for (i = 0; i < bytes; i += 4) {
		uint32_t s, d;

		memcpy(&s, src + i, 4);
		memcpy(&d, dst + i, 4);
		a = (uint64_t)s << 32 | d;
		h = (h ^ a) * 0xbf58476d1ce4e5b9u;
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32);
}

/* A promiscuous link took a frame for somebody else: IP does not, as in Linux (PACKET_OTHERHOST) */
static inline bool ip_for_another(const struct dp_vec *v, uint32_t i)
{
	const uint8_t *frame = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);

	return (__atomic_load_n(&v->link[i]->flags, __ATOMIC_RELAXED) & DP_LINK_F_PROMISC) &&
	       !(frame[0] & 1) && memcmp(frame, v->link[i]->mac, 6) != 0;
}

/* A buffer of @len bytes for a packet that the tenant makes; NULL: none left, or too small ones */
static inline uint8_t *ip_make(struct dp_worker *w, uint32_t len, struct rte_mbuf **ret_m)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);
	char *p = m ? rte_pktmbuf_append(m, (uint16_t)len) : NULL;

	if (m && !p)
		rte_pktmbuf_free(m);
	*ret_m = m;
	return (uint8_t *)p;
}

static inline uint8_t *ip_header(const struct dp_vec *v, uint32_t i)
{
	return rte_pktmbuf_mtod_offset(v->pkt[i], uint8_t *, v->l3_off[i]);
}

/* One less, with the header checksum following (RFC 1624). */
static inline void ip4_dec_ttl(struct rte_ipv4_hdr *ip)
{
	uint32_t sum = (uint32_t)ip->hdr_checksum + RTE_BE16(0x0100);

	ip->hdr_checksum = (uint16_t)(sum + (sum >= 0xffff));
	ip->time_to_live--;
}

static inline void adj_mark_used(const struct dp_adj *adj)
{
	struct dp_adj *a = (struct dp_adj *)(uintptr_t)adj;

	/* read first: the line stays shared between workers while the flag is set */
	if (__atomic_load_n(&a->used, __ATOMIC_RELAXED) == 0)
		__atomic_store_n(&a->used, 1, __ATOMIC_RELAXED);
}

#endif /* IP_INTERNAL_H */
