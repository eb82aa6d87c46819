/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport headers addressed to a tenant, which has no sockets: datagrams are checked so that only
 * sound ones are answered with "port unreachable", and TCP segments get the reset that a host
 * without a listener sends (RFC 9293, 3.10.7.1). Datapath.
 */
#include <netinet/in.h>

#include <rte_tcp.h>
#include <rte_udp.h>

#include "l4.h"

/* Bytes of the transport header and what it carries */
static uint32_t l4_length(const struct dp_vec *v, uint32_t i, uint8_t family, uint32_t at)
{
	const uint8_t *h = ip_header(v, i);

	if (family == AF_INET6)
		return rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)h)->payload_len) +
		       (uint32_t)sizeof(struct rte_ipv6_hdr) - at;
	return rte_be_to_cpu_16(((const struct rte_ipv4_hdr *)h)->total_length) - at;
}

static bool checksum_ok(const struct dp_vec *v, uint32_t i, uint8_t family, uint8_t proto,
			uint32_t at, uint32_t len)
{
	const uint8_t *h = ip_header(v, i);
	struct rte_ipv6_hdr six;
	struct rte_ipv4_hdr four;
	uint16_t sum, pseudo;

	if (rte_raw_cksum_mbuf(v->pkt[i], v->l3_off[i] + at, len, &sum))
		return false;
	if (family == AF_INET6) {
		memcpy(&six, h, sizeof(six));
		six.proto = proto;
		six.payload_len = rte_cpu_to_be_16((uint16_t)len);
		pseudo = rte_ipv6_phdr_cksum(&six, 0);
	} else {
		memcpy(&four, h, sizeof(four));
		four.version_ihl = 0x45;
		four.total_length = rte_cpu_to_be_16((uint16_t)(len + sizeof(four)));
		pseudo = rte_ipv4_phdr_cksum(&four, 0);
	}
	return __rte_raw_cksum_reduce((uint32_t)sum + pseudo) == 0xffff;
}

bool l4_udp_ok(const struct dp_vec *v, uint32_t i, uint8_t family, uint32_t at)
{
	uint32_t len = l4_length(v, i, family, at), off = v->l3_off[i] + at, ulen;
	const struct rte_udp_hdr *udp;
	struct rte_mbuf *m = v->pkt[i];

	if (len < sizeof(*udp) || m->data_len < off + sizeof(*udp))
		return false;
	udp = rte_pktmbuf_mtod_offset(m, const struct rte_udp_hdr *, off);
	ulen = rte_be_to_cpu_16(udp->dgram_len);
	if (ulen == 0 && family == AF_INET6)
		ulen = len; /* a jumbogram's */
	if (ulen < sizeof(*udp) || ulen > len)
		return false;
	if (udp->dgram_cksum == 0 ? family == AF_INET6
				  : !checksum_ok(v, i, family, IPPROTO_UDP, at, ulen))
		return false;
	if (m->nb_segs == 1 && ulen < len)
		rte_pktmbuf_trim(m, (uint16_t)(len - ulen));
	return true;
}

/* The segment's own numbers become the reset's (RFC 9293: as if it came to a closed port). */
static void fill_reset(struct rte_tcp_hdr *out, const struct rte_tcp_hdr *in, uint32_t in_len)
{
	uint32_t data = in_len - (in->data_off >> 4) * 4u;
	struct rte_tcp_hdr r = { .src_port = in->dst_port,
				 .dst_port = in->src_port,
				 .data_off = 5 << 4,
				 .tcp_flags = RTE_TCP_RST_FLAG };

	if (in->tcp_flags & RTE_TCP_ACK_FLAG) {
		r.sent_seq = in->recv_ack;
	} else {
		data += !!(in->tcp_flags & RTE_TCP_SYN_FLAG) + !!(in->tcp_flags & RTE_TCP_FIN_FLAG);
		r.recv_ack = rte_cpu_to_be_32(rte_be_to_cpu_32(in->sent_seq) + data);
		r.tcp_flags |= RTE_TCP_ACK_FLAG;
	}
	*out = r;
}

static void reset4(struct dp_worker *w, struct netns *ns, const struct rte_ipv4_hdr *about,
		   const struct rte_tcp_hdr *in, uint32_t len)
{
	struct rte_ipv4_hdr *ip;
	struct rte_tcp_hdr *tcp;
	struct rte_mbuf *m;

	ip = (struct rte_ipv4_hdr *)ip_make(w, sizeof(*ip) + sizeof(*tcp), &m);
	if (!ip)
		return;
	tcp = (struct rte_tcp_hdr *)(ip + 1);
	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = 0x45;
	ip->type_of_service = about->type_of_service & 0xfc; /* not the ECN bits */
	ip->total_length = rte_cpu_to_be_16(sizeof(*ip) + sizeof(*tcp));
	ip->fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
	ip->time_to_live = ip_ns_of(ns)->conf.ttl;
	ip->next_proto_id = IPPROTO_TCP;
	ip->src_addr = about->dst_addr;
	ip->dst_addr = about->src_addr;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	fill_reset(tcp, in, len);
	tcp->cksum = rte_ipv4_udptcp_cksum(ip, tcp);
	ip4_send(w, ns, m);
}

static void reset6(struct dp_worker *w, const struct dp_link *link,
		   const struct rte_ipv6_hdr *about, const struct rte_tcp_hdr *in, uint32_t len)
{
	struct rte_ipv6_hdr *ip;
	struct rte_tcp_hdr *tcp;
	struct rte_mbuf *m;

	ip = (struct rte_ipv6_hdr *)ip_make(w, sizeof(*ip) + sizeof(*tcp), &m);
	if (!ip)
		return;
	tcp = (struct rte_tcp_hdr *)(ip + 1);
	memset(ip, 0, sizeof(*ip));
	ip->vtc_flow = about->vtc_flow & RTE_BE32(0xffc00000); /* neither ECN nor label */
	ip->payload_len = rte_cpu_to_be_16(sizeof(*tcp));
	ip->proto = IPPROTO_TCP;
	ip->hop_limits = ip_ns_of(link->ns)->conf.ttl;
	memcpy(&ip->src_addr, &about->dst_addr, 16);
	memcpy(&ip->dst_addr, &about->src_addr, 16);
	fill_reset(tcp, in, len);
	tcp->cksum = rte_ipv6_udptcp_cksum(ip, tcp);
	ip6_send(w, link->ns, link, m);
}

void l4_tcp_reset(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint8_t family, uint32_t at)
{
	uint32_t len = l4_length(v, i, family, at), off = v->l3_off[i] + at;
	const struct dp_link *link = v->link[i];
	const struct rte_tcp_hdr *tcp;

	if (len < sizeof(*tcp) || v->pkt[i]->data_len < off + sizeof(*tcp))
		goto bad;
	tcp = rte_pktmbuf_mtod_offset(v->pkt[i], const struct rte_tcp_hdr *, off);
	if ((tcp->data_off >> 4) * 4u < sizeof(*tcp) || (tcp->data_off >> 4) * 4u > len ||
	    !checksum_ok(v, i, family, IPPROTO_TCP, at, len))
		goto bad;
	if (tcp->tcp_flags & RTE_TCP_RST_FLAG)
		return;
	if (family == AF_INET6)
		reset6(w, link, (const struct rte_ipv6_hdr *)ip_header(v, i), tcp, len);
	else
		reset4(w, link->ns, (const struct rte_ipv4_hdr *)ip_header(v, i), tcp, len);
	return;
bad:
	dp_vec_drop(v, i, DP_DROP_L4_HEADER);
}
