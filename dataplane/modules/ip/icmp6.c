/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv6: errors about packets that could not go on, and echo. What must not be answered, how much
 * is quoted and the rate limits are Linux's (icmp6_send(), RFC 4443). Datapath.
 */
#include <netinet/in.h>

#include "dataplane/modules/neigh/nd.h"
#include "icmp.h"
#include "ip6_ext.h"

#define ERROR_MAX 1280u /* bytes of a whole error packet */

enum { TOO_BIG = 2, PARAM = 4, ECHO_REQUEST = 128, ECHO_REPLY = 129 };

/** struct icmp6_hdr - network order */
struct icmp6_hdr {
	uint8_t type, code;
	uint16_t checksum;
	uint32_t param;
} __attribute__((packed)); /* behind a 14-byte Ethernet header nothing is aligned */

static bool answerable(const struct rte_mbuf *m, uint32_t off, uint8_t type, uint8_t code)
{
	static const uint8_t zero[16];
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *), *h = frame + off;
	bool group = h[24] == 0xff || (off >= 14 && frame[0] & 1);
	uint32_t at;

	if (h[8] == 0xff || memcmp(h + 8, zero, 16) == 0)
		return false;
	if (group && type != TOO_BIG && !(type == PARAM && code == 2))
		return false;
	if (ip6_skip(h, m->data_len - off, &at) != IPPROTO_ICMPV6)
		return true;
	if (m->data_len <= off + at) /* a fragment need not have the type */
		return h[6] == IPPROTO_FRAGMENT;
	return h[at] & 0x80;
}

static void fill_ip(struct rte_ipv6_hdr *ip, const struct ip_ns *in, const uint8_t *src,
		    const uint8_t *dst, uint32_t len)
{
	ip->vtc_flow = rte_cpu_to_be_32(6u << 28);
	ip->payload_len = rte_cpu_to_be_16((uint16_t)len);
	ip->proto = IPPROTO_ICMPV6;
	ip->hop_limits = in->conf.ttl;
	memcpy(&ip->src_addr, src, 16);
	memcpy(&ip->dst_addr, dst, 16);
}

/* Of the link that the packet came by, as traceroute wants to see it; else of the way back */
static int error_source(const struct dp_link *in_link, const uint8_t *to, uint8_t *src)
{
	if (addr_select(in_link, AF_INET6, to, src) == 0 &&
	    (ip6_is_link_local(to) || !ip6_is_link_local(src)))
		return 0;
	return ip6_source_for(in_link->ns, in_link, to, src);
}

void icmp6_error_at(struct dp_worker *w, const struct dp_link *in_link, const struct rte_mbuf *m,
		    uint32_t off, uint8_t type, uint8_t code, uint32_t param)
{
	const uint8_t *h = rte_pktmbuf_mtod_offset(m, const uint8_t *, off);
	struct netns *ns = in_link->ns;
	struct ip_ns *in = ip_ns_of(ns);
	struct icmp6_hdr *icmp;
	struct rte_ipv6_hdr *ip;
	struct rte_mbuf *e;
	uint8_t src[16];
	uint32_t len;
	const void *p;

	if (!answerable(m, off, type, code))
		return;
	if (h[24] != 0xff && ip6_route(ns, h + 24)->kind == DP_ADJ_LOCAL)
		memcpy(src, h + 24, 16);
	else if (error_source(in_link, h + 8, src))
		return;
	if (type != TOO_BIG && !icmp_allowed(w, in, ns, AF_INET6, type, h + 8))
		return;
	len = RTE_MIN(m->pkt_len - off, ERROR_MAX - (uint32_t)(sizeof(*ip) + sizeof(*icmp)));
	ip = (struct rte_ipv6_hdr *)ip_make(w, (uint32_t)(sizeof(*ip) + sizeof(*icmp)) + len, &e);
	if (!ip)
		return;
	icmp = (struct icmp6_hdr *)(ip + 1);
	fill_ip(ip, in, src, h + 8, (uint32_t)sizeof(*icmp) + len);
	icmp->type = type;
	icmp->code = code;
	icmp->checksum = 0;
	icmp->param = rte_cpu_to_be_32(param);
	p = rte_pktmbuf_read(m, off, len, icmp + 1);
	if (p && p != icmp + 1)
		memcpy(icmp + 1, p, len);
	icmp->checksum = rte_ipv6_udptcp_cksum(ip, icmp);
	ip6_send(w, ns, in_link, e);
}

/*
 * Where the answer to an echo request comes from. One that was sent to more than us is answered
 * with an address that it has by the link that the answer takes, which must be the request's.
 */
static bool echo_source(const struct dp_vec *v, uint32_t i, const uint8_t *to, uint8_t *src)
{
	const struct dp_link *link = v->link[i];
	const struct dp_adj *adj;
	uint32_t mtu = 0;

	if (src[0] != 0xff && !ip6_is_anycast(v, i))
		return true;
	if (!ip6_is_link_local(to)) {
		adj = ip_adj_choose(ip6_route(link->ns, to), 0, &mtu);
		if (!adj->link || adj->link->index != link->index)
			return false;
	}
	return addr_select(link, AF_INET6, to, src) == 0;
}

/* The answer goes without the request's extension headers. */
static void echo(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)ip_header(v, i);
	const struct dp_link *link = v->link[i];
	uint32_t skipped = at - (uint32_t)sizeof(*ip);
	struct rte_mbuf *m = v->pkt[i];
	struct icmp6_hdr *icmp;
	uint8_t src[16], dst[16];
	uint16_t sum;

	memcpy(dst, &ip->src_addr, 16);
	memcpy(src, &ip->dst_addr, 16);
	if (!echo_source(v, i, dst, src)) {
		dp_vec_drop(v, i, DP_DROP_ICMP_IGNORED);
		return;
	}
	ip->vtc_flow &= RTE_BE32(0xfff00000); /* traffic class stays, the flow label does not */
	ip->payload_len = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->payload_len) - skipped));
	ip->proto = IPPROTO_ICMPV6;
	ip->hop_limits = ip_ns_of(link->ns)->conf.ttl;
	memcpy(&ip->src_addr, src, 16);
	memcpy(&ip->dst_addr, dst, 16);
	if (skipped)
		memmove((uint8_t *)ip + skipped, ip, sizeof(*ip));
	rte_pktmbuf_adj(m, (uint16_t)(v->l3_off[i] + skipped));
	ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);
	icmp = (struct icmp6_hdr *)(ip + 1);
	icmp->type = ECHO_REPLY;
	icmp->checksum = 0;
	if (rte_raw_cksum_mbuf(m, sizeof(*ip), m->pkt_len - (uint32_t)sizeof(*ip), &sum) == 0)
		icmp->checksum = (uint16_t)~__rte_raw_cksum_reduce((uint32_t)sum +
								   rte_ipv6_phdr_cksum(ip, 0));
	dp_vec_steal(v, i);
	dp_count_drop(w, link->ns, DP_DROP_LOCAL_CONSUMED);
	ip6_send(w, link->ns, link, m);
}

static bool sound(const struct dp_vec *v, uint32_t i, uint32_t at)
{
	const struct rte_ipv6_hdr *ip = (const struct rte_ipv6_hdr *)ip_header(v, i);
	uint32_t skipped = at - (uint32_t)sizeof(*ip);
	uint32_t len = rte_be_to_cpu_16(ip->payload_len) - skipped;
	struct rte_ipv6_hdr pseudo = *ip;
	uint16_t sum;

	if (rte_be_to_cpu_16(ip->payload_len) < skipped + sizeof(struct icmp6_hdr) ||
	    v->pkt[i]->data_len < v->l3_off[i] + at + sizeof(struct icmp6_hdr) ||
	    rte_raw_cksum_mbuf(v->pkt[i], v->l3_off[i] + at, len, &sum))
		return false;
	pseudo.proto = IPPROTO_ICMPV6;
	pseudo.payload_len = rte_cpu_to_be_16((uint16_t)len);
	return __rte_raw_cksum_reduce((uint32_t)sum + rte_ipv6_phdr_cksum(&pseudo, 0)) == 0xffff;
}

void icmp6_receive(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at)
{
	const uint8_t *icmp = ip_header(v, i) + at;

	if (!sound(v, i, at)) {
		dp_vec_drop(v, i, DP_DROP_L4_HEADER);
	} else if (icmp[0] == ND_SOLICIT || icmp[0] == ND_ADVERT) {
		nd_process(w, v, i, at);
	} else if (icmp[0] == ECHO_REQUEST &&
		   !ip_ns_of(v->link[i]->ns)->conf.icmp_echo_ignore_all) {
		echo(w, v, i, at);
	} else {
		dp_vec_drop(v, i, DP_DROP_ICMP_IGNORED);
	}
}
