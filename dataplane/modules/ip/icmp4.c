/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP: errors about packets that could not go on, and answers to what was addressed to the tenant.
 * What must not be answered, what is quoted, the header fields and the rate limits are Linux's
 * (icmp_send(), RFC 1122, RFC 1812). Datapath.
 */
#include <rte_ether.h>
#include <rte_icmp.h>

#include "icmp.h"
#include "internal.h"

#define ERROR_MAX 576u /* bytes of a whole ICMP error packet */

/** struct icmp4_error - header of an error; network order */
struct icmp4_error {
	uint8_t type, code;
	uint16_t checksum;
	uint32_t param;
} __attribute__((packed)); /* behind a 14-byte Ethernet header nothing is aligned */

static bool unicast(uint32_t be)
{
	uint32_t a = rte_be_to_cpu_32(be);

	return a != 0 && a >> 28 != 14 && a != 0xffffffff && a >> 24 != 127;
}

/* Is @ip itself an ICMP error, about which nobody is told? @len: bytes there */
static bool is_icmp_error(const struct rte_ipv4_hdr *ip, uint32_t len)
{
	uint32_t ihl = (ip->version_ihl & 15u) * 4;
	uint8_t type;

	if (ip->next_proto_id != IPPROTO_ICMP)
		return false;
	if (len <= ihl)
		return true;
	type = ((const uint8_t *)ip)[ihl];
	return !(type == 0 || type == 8 || (type >= 13 && type <= 18)); /* others may be, so are */
}

/* May an error be sent about this packet at all? */
static bool answerable(const struct netns *ns, const struct rte_ipv4_hdr *ip, uint32_t len)
{
	return !(ip->fragment_offset & RTE_BE16(0x1fff)) && unicast(ip->src_addr) &&
	       ip->dst_addr != 0xffffffff && (rte_be_to_cpu_32(ip->dst_addr) >> 28) != 14 &&
	       ip4_route(ns, ip->dst_addr)->kind != DP_ADJ_BROADCAST &&
	       ip4_route(ns, ip->src_addr)->kind != DP_ADJ_BROADCAST && !is_icmp_error(ip, len);
}

static void fill_ip(struct rte_ipv4_hdr *ip, const struct ip_ns *in,
		    const struct rte_ipv4_hdr *about, uint32_t src, uint16_t len)
{
	memset(ip, 0, sizeof(*ip));
	ip->version_ihl = 0x45;
	ip->type_of_service = (uint8_t)((about->type_of_service & 0x1e) | 0xc0);
	ip->total_length = rte_cpu_to_be_16(len);
	ip->packet_id = rte_cpu_to_be_16(
		__atomic_add_fetch(&((struct ip_ns *)(uintptr_t)in)->ip_id, 1, __ATOMIC_RELAXED));
	ip->time_to_live = in->conf.ttl;
	ip->next_proto_id = IPPROTO_ICMP;
	ip->src_addr = src;
	ip->dst_addr = about->src_addr;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
}

/* Copies the first @len bytes of @m at its L3 header. */
static void quote(uint8_t *to, const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	const void *p = rte_pktmbuf_read(m, off, len, to);

	if (p && p != to)
		memcpy(to, p, len);
}

void icmp4_error_at(struct dp_worker *w, const struct dp_link *in_link, const struct rte_mbuf *m,
		    uint32_t off, uint8_t type, uint8_t code, uint32_t param)
{
	const struct rte_ipv4_hdr *about =
		rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, off);
	struct netns *ns = in_link->ns;
	struct ip_ns *in = ip_ns_of(ns);
	uint32_t have = m->pkt_len - off, len, src;
	struct icmp4_error *icmp;
	struct rte_mbuf *e;
	uint8_t *p;

	if (!answerable(ns, about, m->data_len - off))
		return;
	if (ip4_route(ns, about->dst_addr)->kind == DP_ADJ_LOCAL)
		src = about->dst_addr;
	else if (ip4_source_for(ns, about->src_addr, &src))
		return;
	if (!icmp_allowed(w, in, ns, AF_INET, type, (const uint8_t *)&about->src_addr)) {
		return;
	}
	len = RTE_MIN(have, ERROR_MAX - (uint32_t)(sizeof(struct rte_ipv4_hdr) + sizeof(*icmp)));
	p = ip_make(w, (uint32_t)(sizeof(struct rte_ipv4_hdr) + sizeof(*icmp)) + len, &e);
	if (!p)
		return;
	icmp = (struct icmp4_error *)(p + sizeof(struct rte_ipv4_hdr));
	fill_ip((struct rte_ipv4_hdr *)p, in, about, src,
		(uint16_t)(sizeof(struct rte_ipv4_hdr) + sizeof(*icmp) + len));
	icmp->type = type;
	icmp->code = code;
	icmp->checksum = 0;
	icmp->param = rte_cpu_to_be_32(param);
	quote((uint8_t *)(icmp + 1), m, off, len);
	icmp->checksum = (uint16_t)~rte_raw_cksum(icmp, sizeof(*icmp) + len);
	ip4_send(w, ns, e);
}

/* ---- addressed to the tenant ---- */

/* The packet in the vector goes back where it came from, as one that the tenant makes: no options
 */
static void turn_round(struct dp_worker *w, struct dp_vec *v, uint32_t i)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	uint32_t extra = (ip->version_ihl & 15u) * 4 - (uint32_t)sizeof(*ip), src = ip->dst_addr;
	struct netns *ns = v->link[i]->ns;
	struct ip_ns *in = ip_ns_of(ns);
	struct rte_mbuf *m = v->pkt[i];

	if (extra)
		memmove((uint8_t *)ip + extra, ip, sizeof(*ip));
	rte_pktmbuf_adj(m, (uint16_t)(v->l3_off[i] + extra));
	ip = rte_pktmbuf_mtod(m, struct rte_ipv4_hdr *);
	ip->version_ihl = 0x45;
	ip->total_length = rte_cpu_to_be_16((uint16_t)(rte_be_to_cpu_16(ip->total_length) - extra));
	ip->dst_addr = ip->src_addr;
	ip->src_addr = src;
	ip->time_to_live = in->conf.ttl;
	ip->fragment_offset = 0;
	ip->packet_id = rte_cpu_to_be_16(__atomic_add_fetch(&in->ip_id, 1, __ATOMIC_RELAXED));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, sizeof(*ip));
	dp_vec_steal(v, i);
	dp_count_drop(w, ns, DP_DROP_LOCAL_CONSUMED);
	ip4_send(w, ns, m);
}

static void echo(struct dp_worker *w, struct dp_vec *v, uint32_t i, struct rte_icmp_hdr *icmp)
{
	uint32_t sum = (uint32_t)(uint16_t)~icmp->icmp_cksum + 0xffffu - 8u; /* type 8 becomes 0 */

	icmp->icmp_type = 0;
	sum = (sum & 0xffff) + (sum >> 16);
	icmp->icmp_cksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	turn_round(w, v, i);
}

#define TIMESTAMP_LEN 20u /* bytes of the answer, however long the question is */

static void timestamp(struct dp_worker *w, struct dp_vec *v, uint32_t i, struct rte_icmp_hdr *icmp,
		      uint32_t len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	uint32_t now;
	struct rte_mbuf *m = v->pkt[i];

	if (len < sizeof(*icmp) + sizeof(now) || m->nb_segs != 1 ||
	    (len < TIMESTAMP_LEN && !rte_pktmbuf_append(m, (uint16_t)(TIMESTAMP_LEN - len)))) {
		dp_vec_drop(v, i, DP_DROP_L4_HEADER);
		return;
	}
	if (len > TIMESTAMP_LEN)
		rte_pktmbuf_trim(m, (uint16_t)(len - TIMESTAMP_LEN));
	now = rte_cpu_to_be_32(icmp_ms_since_midnight());
	icmp->icmp_type = 14;
	icmp->icmp_code = 0;
	memcpy((uint8_t *)(icmp + 1) + 4, &now, sizeof(now)); /* received, then sent */
	memcpy((uint8_t *)(icmp + 1) + 8, &now, sizeof(now));
	icmp->icmp_cksum = 0;
	icmp->icmp_cksum = (uint16_t)~rte_raw_cksum(icmp, TIMESTAMP_LEN);
	ip->total_length =
		rte_cpu_to_be_16((uint16_t)((ip->version_ihl & 15u) * 4 + TIMESTAMP_LEN));
	turn_round(w, v, i);
}

void icmp4_receive(struct dp_worker *w, struct dp_vec *v, uint32_t i, bool broadcast)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	uint32_t ihl = (ip->version_ihl & 15u) * 4;
	uint32_t len = rte_be_to_cpu_16(ip->total_length) - ihl;
	struct rte_icmp_hdr *icmp = (struct rte_icmp_hdr *)((uint8_t *)ip + ihl);
	const struct ip_ns *in = ip_ns_of(v->link[i]->ns);
	uint16_t sum;

	if (len < sizeof(*icmp) || v->pkt[i]->data_len < v->l3_off[i] + ihl + sizeof(*icmp) ||
	    rte_raw_cksum_mbuf(v->pkt[i], v->l3_off[i] + ihl, len, &sum) || sum != 0xffff) {
		dp_vec_drop(v, i, DP_DROP_L4_HEADER);
		return;
	}
	if (broadcast && (icmp->icmp_type == 8 || icmp->icmp_type == 13) &&
	    in->conf.icmp_echo_ignore_broadcasts) {
		dp_vec_drop(v, i, DP_DROP_ICMP_IGNORED);
	} else if (icmp->icmp_type == 8 && !in->conf.icmp_echo_ignore_all) {
		if (broadcast)
			ip4_set_source(v, i);
		echo(w, v, i, icmp);
	} else if (icmp->icmp_type == 13) {
		timestamp(w, v, i, icmp, len);
	} else {
		dp_vec_drop(v, i, DP_DROP_ICMP_IGNORED);
	}
}
