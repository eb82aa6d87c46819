/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 off the fast path, one packet at a time: headers with something unusual, next hops that are
 * not a plain rewrite, packets that end here. The order of checks is Linux's (ip_rcv_core(),
 * ip_route_input_slow(), ip_forward()), so that of two faults the same one counts. Datapath.
 */
#include <netinet/in.h>

#include <rte_ether.h>

#include "dataplane/fib/fib.h"
#include "dataplane/modules/route/group.h"
#include "icmp.h"
#include "ip4_opt.h"
#include "l4.h"
#include "reass.h"

enum { ICMP_UNREACH = 3, ICMP_REDIRECT_TYPE = 5, ICMP_TIME_EXCEEDED = 11, ICMP_PARAM = 12 };
enum { CODE_NET = 0, CODE_HOST = 1, CODE_PROTOCOL = 2, CODE_FRAG_NEEDED = 4, CODE_FILTERED = 13 };

static void error(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint8_t type, uint8_t code,
		  uint32_t param)
{
	const uint8_t *frame = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);

	if (frame[0] & 1) /* link-layer broadcast or multicast */
		return;
	icmp4_error_at(w, v->link[i], v->pkt[i], v->l3_off[i], type, code, param);
}

/* ---- headers ---- */

static int check_lengths(struct dp_vec *v, uint32_t i)
{
	struct rte_mbuf *m = v->pkt[i];
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	uint32_t off = v->l3_off[i], ihl, total;

	if (m->data_len < off + sizeof(*ip))
		return DP_DROP_TRUNCATED;
	if (ip->version_ihl >> 4 != 4)
		return DP_DROP_IP_VERSION;
	ihl = (ip->version_ihl & 15u) * 4;
	if (ihl < sizeof(*ip))
		return DP_DROP_IP_HEADER;
	if (m->data_len < off + ihl)
		return DP_DROP_TRUNCATED;
	if (rte_raw_cksum(ip, ihl) != 0xffff)
		return DP_DROP_IP_CSUM;
	total = rte_be_to_cpu_16(ip->total_length);
	if (total < ihl)
		return DP_DROP_IP_LENGTH;
	if (total + off > m->pkt_len)
		return DP_DROP_TRUNCATED;
	if (total + off < m->pkt_len)
		rte_pktmbuf_trim(m, (uint16_t)(m->pkt_len - total - off));
	return -1;
}

/* 224.0.0.1 is every host's; a tenant subscribes to nothing else of IPv4 */
static void multicast(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t dst)
{
	if (dst == 0xe0000001)
		ip4_local(w, v, i, true);
	else
		dp_vec_drop(v, i, DP_DROP_IP_MULTICAST);
}

/* Is the source one that needs a look at the way back? */
static bool source_is_odd(const struct dp_vec *v, uint32_t i, const struct ip_conf *conf)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);

	return conf->rp_filter || (!conf->accept_local &&
				   ip4_route(v->link[i]->ns, ip->src_addr)->kind == DP_ADJ_LOCAL);
}

/*
 * Source validation beyond the look of the address, once it is known where the packet goes. @out:
 * by which link; NULL: it ends here. True: fine. Without rp_filter only own addresses are refused,
 * but a packet that leaves by the link it came by must have a source that is somewhere.
 */
static bool source_ok(struct dp_vec *v, uint32_t i, const struct ip_conf *conf,
		      const struct dp_adj *out)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	const struct dp_link *link = v->link[i];
	const struct dp_adj *back = ip4_route(link->ns, ip->src_addr);
	bool full =
		conf->rp_filter || (out && out->link_index == link->index && conf->send_redirects);
	uint8_t kind = back->kind;

	if ((kind == DP_ADJ_LOCAL && !conf->accept_local) || (kind == DP_ADJ_BROADCAST && !out) ||
	    (full && (kind == DP_ADJ_BROADCAST || kind == DP_ADJ_REJECT ||
		      (kind == DP_ADJ_DROP && back->arg == DP_DROP_IP_BLACKHOLE)))) {
		dp_vec_drop(v, i, DP_DROP_IP_MARTIAN_SRC);
		return false;
	}
	if (!conf->rp_filter || kind == DP_ADJ_MULTIPATH || kind == DP_ADJ_LOCAL)
		return true;
	if (!back->link || (conf->rp_filter == 1 && back->link_index != link->index)) {
		dp_vec_drop(v, i, DP_DROP_IP_RPF);
		return false;
	}
	return true;
}

/* Whether a packet may be looked up by its addresses. Return: -1, a drop, or -2: it is for all */
static int check_addrs(const struct ip_conf *conf, uint32_t src, uint32_t dst)
{
	if (src >> 28 == 14 || src == 0xffffffff)
		return DP_DROP_IP_MARTIAN_SRC;
	if (dst == 0xffffffff || (src == 0 && dst == 0))
		return -2;
	if (src == 0)
		return DP_DROP_IP_MARTIAN_SRC;
	if (dst == 0)
		return DP_DROP_IP_MARTIAN_DST;
	if (dst >> 24 == 127 && !conf->route_localnet)
		return DP_DROP_IP_MARTIAN_DST;
	if (src >> 24 == 127 && !conf->route_localnet)
		return DP_DROP_IP_MARTIAN_SRC;
	return -1;
}

bool ip4_check_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i)
{
	const struct ip_conf *conf = &ip_ns_of(v->link[i]->ns)->conf;
	const uint8_t *frame = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);
	int reason = ip_for_another(v, i) ? DP_DROP_WRONG_MAC : check_lengths(v, i);
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	uint32_t src, dst;

	if (reason >= 0) {
		dp_vec_drop(v, i, (enum dp_drop)reason);
		return false;
	}
	src = rte_be_to_cpu_32(ip->src_addr);
	dst = rte_be_to_cpu_32(ip->dst_addr);
	if (dst >> 28 == 14) {
		if (src >> 28 == 14 || src == 0xffffffff || src >> 24 == 127)
			dp_vec_drop(v, i, DP_DROP_IP_MARTIAN_SRC);
		else if (src == 0 || source_ok(v, i, conf, NULL))
			multicast(w, v, i, dst);
		return false;
	}
	reason = check_addrs(conf, src, dst);
	if (reason >= 0)
		dp_vec_drop(v, i, (enum dp_drop)reason);
	else if (reason == -2 && (src == 0 || source_ok(v, i, conf, NULL)))
		ip4_local(w, v, i, true);
	else if (reason == -1 && !(frame[0] & 1) && conf->forwarding4 && !source_is_odd(v, i, conf))
		return true;
	else if (reason == -1)
		ip4_slow(w, v, i, ip4_route(v->link[i]->ns, ip->dst_addr));
	return false;
}

/* ---- next hops ---- */

/*
 * Options are read once it is known that the packet is not a martian, and before anything is
 * answered. @local: it ends here. True: go on.
 */
static bool options_ok(struct dp_worker *w, struct dp_vec *v, uint32_t i, bool local,
		       struct ip4_opts *ret)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	const struct dp_link *link = v->link[i];
	uint32_t here = ip->dst_addr, bad;

	memset(ret, 0, sizeof(*ret));
	if (ip->version_ihl == 0x45)
		return true;
	if (!local && ip4_source_for(link->ns, ip->src_addr, &here) &&
	    addr_select(link, AF_INET, (const uint8_t *)&ip->src_addr, (uint8_t *)&here))
		here = 0;
	bad = ip4_opt_read(v, i, here, ret);
	if (bad)
		error(w, v, i, ICMP_PARAM, 0, bad << 24);
	if (bad || (ret->srr && !ip_ns_of(link->ns)->conf.accept_source_route)) {
		dp_vec_drop(v, i, DP_DROP_IP_OPTIONS);
		return false;
	}
	return true;
}

/* The packet leaves the vector with its next hop still unknown; the neighbour thread has it. */
static void resolve(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	struct rte_mbuf *m = v->pkt[i];
	uint8_t next[16];

	if (adj->kind == DP_ADJ_GLEAN)
		memcpy(next, &ip->dst_addr, 4);
	else
		neigh_address(adj, next);
	rte_pktmbuf_adj(m, v->l3_off[i]);
	dp_vec_steal(v, i);
	neigh_resolve(w, adj->link, AF_INET, next, m);
}

/* Our address on the link that the packet leaves by */
static void options_forward(struct dp_vec *v, uint32_t i, const struct dp_adj *adj,
			    const struct ip4_opts *opts)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	uint8_t next[16], out[16] = { 0 };
	uint32_t addr;

	if (!opts->changed)
		return;
	memcpy(next, &ip->dst_addr, 4);
	if (adj->kind != DP_ADJ_GLEAN && adj->family == AF_INET)
		neigh_address(adj, next);
	addr_select(adj->link, AF_INET, next, out);
	memcpy(&addr, out, 4);
	ip4_opt_forward((uint8_t *)ip, opts, addr);
}

/* Too big for the next hop: in pieces, or an ICMP error. Takes the packet out of the vector. */
static void too_big(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *hop,
		    uint32_t mtu, const struct ip4_opts *opts)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	struct netns *ns = v->link[i]->ns;
	struct rte_mbuf *m = v->pkt[i];

	if (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG)) {
		error(w, v, i, ICMP_UNREACH, CODE_FRAG_NEEDED, mtu);
		dp_vec_drop(v, i, DP_DROP_IP_DF);
		return;
	}
	ip4_dec_ttl(ip);
	options_forward(v, i, hop, opts);
	rte_pktmbuf_adj(m, v->l3_off[i]);
	dp_vec_steal(v, i);
	dp_count_drop(w, ns, DP_DROP_LOCAL_CONSUMED); /* its pieces are made anew */
	frag4_send(w, ns, ip_adj_sendable(hop) ? hop : NULL, mtu, m);
}

/* It goes out where it came in: the sender may be told of a better way (RFC 1812, 5.2.7.2). */
static void redirect(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	const struct dp_adj *back;
	uint32_t gateway;
	uint8_t next[16];

	if (!ip_ns_of(v->link[i]->ns)->conf.send_redirects ||
	    ip->fragment_offset & RTE_BE16(0x1fff))
		return;
	back = ip4_route(v->link[i]->ns, ip->src_addr);
	if (back->kind != DP_ADJ_GLEAN || back->link_index != v->link[i]->index)
		return; /* not a direct neighbour */
	if (adj->kind == DP_ADJ_GLEAN)
		memcpy(next, &ip->dst_addr, 4);
	else
		neigh_address(adj, next);
	memcpy(&gateway, next, 4);
	if (icmp_redirect_allowed(w, v->link[i]->ns, AF_INET, (const uint8_t *)&ip->src_addr))
		error(w, v, i, ICMP_REDIRECT_TYPE, 1, rte_be_to_cpu_32(gateway));
}

static void forward(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj,
		    uint32_t mtu, const struct ip4_opts *opts)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	const uint8_t *frame = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);
	const struct dp_adj *hop = ip_adj_glean(adj, AF_INET, (const uint8_t *)&ip->dst_addr);

	if (frame[0] & 1) {
		dp_vec_drop(v, i, DP_DROP_IP_NOT_FORWARDED);
		return;
	}
	if (ip->time_to_live <= 1) {
		error(w, v, i, ICMP_TIME_EXCEEDED, 0, 0);
		dp_vec_drop(v, i, DP_DROP_IP_TTL);
		return;
	}
	if (rte_be_to_cpu_16(ip->total_length) > mtu) {
		too_big(w, v, i, hop, mtu, opts);
		return;
	}
	ip4_dec_ttl(ip);
	if (adj->link_index == v->link[i]->index)
		redirect(w, v, i, hop);
	options_forward(v, i, hop, opts);
	if (ip_adj_sendable(hop)) {
		adj_mark_used(hop);
		dp_vec_tx_adj(v, i, hop);
		return;
	}
	resolve(w, v, i, hop);
}

static void reject(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	bool prohibit = adj->arg == 1;

	error(w, v, i, ICMP_UNREACH, prohibit ? CODE_FILTERED : CODE_HOST, 0);
	dp_vec_drop(v, i, prohibit ? DP_DROP_IP_PROHIBIT : DP_DROP_IP_UNREACHABLE);
}

/* By the next hop that the flow is given */
static void choose(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	const struct ip_conf *conf = &ip_ns_of(v->link[i]->ns)->conf;
	struct ip4_opts opts;
	uint32_t mtu = 0;

	adj = ip_adj_choose(
		adj,
		ip_flow_hash((const uint8_t *)&ip->src_addr, (const uint8_t *)&ip->dst_addr, 4),
		&mtu);
	if (adj->kind != DP_ADJ_REJECT && !source_ok(v, i, conf, adj))
		return;
	if (!options_ok(w, v, i, false, &opts))
		return;
	if (adj->kind == DP_ADJ_REJECT)
		reject(w, v, i, adj);
	else
		forward(w, v, i, adj, mtu, &opts);
}

void ip4_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	const struct ip_conf *conf = &ip_ns_of(v->link[i]->ns)->conf;
	uint8_t kind = __atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE);
	struct ip4_opts opts;

	if (kind == DP_ADJ_LOCAL || kind == DP_ADJ_BROADCAST) {
		if (source_ok(v, i, conf, NULL))
			ip4_local(w, v, i, kind == DP_ADJ_BROADCAST);
	} else if (!conf->forwarding4) {
		dp_vec_drop(v, i, DP_DROP_IP_NOT_FORWARDED);
	} else if (kind != DP_ADJ_DROP && kind != DP_ADJ_REJECT) {
		choose(w, v, i, adj);
	} else if (!options_ok(w, v, i, false, &opts)) {
		return;
	} else if (kind == DP_ADJ_REJECT) {
		reject(w, v, i, adj);
	} else if (adj->arg == DP_DROP_IP_BLACKHOLE) {
		dp_vec_drop(v, i, DP_DROP_IP_BLACKHOLE);
	} else {
		error(w, v, i, ICMP_UNREACH, CODE_NET, 0);
		dp_vec_drop(v, i, DP_DROP_IP_NO_ROUTE);
	}
}

/* ---- the tenant itself ---- */

void ip4_set_source(struct dp_vec *v, uint32_t i)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)ip_header(v, i);
	uint8_t src[16];

	if (addr_select(v->link[i], AF_INET, (const uint8_t *)&ip->src_addr, src) == 0)
		memcpy(&ip->dst_addr, src,
		       4); /* it becomes the source when the packet turns round */
}

void ip4_local(struct dp_worker *w, struct dp_vec *v, uint32_t i, bool broadcast)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
	bool group = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *)[0] & 1;
	struct ip4_opts opts;

	if (!options_ok(w, v, i, !broadcast, &opts))
		return;
	if (ip->fragment_offset & RTE_BE16(0x3fff)) {
		if (!reass4(w, v, i))
			return;
		ip = (const struct rte_ipv4_hdr *)ip_header(v, i);
		group = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *)[0] & 1;
	}
	switch (ip->next_proto_id) {
	case IPPROTO_ICMP:
		icmp4_receive(w, v, i, broadcast);
		return;
	case IPPROTO_UDP:
		if (!l4_udp_ok(v, i, AF_INET, (ip->version_ihl & 15u) * 4)) {
			dp_vec_drop(v, i, DP_DROP_L4_HEADER);
			return;
		}
		if (!broadcast)
			error(w, v, i, ICMP_UNREACH, 3, 0);
		break;
	case IPPROTO_TCP:
		if (!broadcast && !group) /* to us alone, in the frame too */
			l4_tcp_reset(w, v, i, AF_INET, (ip->version_ihl & 15u) * 4);
		if (v->verdict[i] != DP_CONTINUE)
			return;
		break;
	case IPPROTO_IGMP: /* taken, though nobody subscribes to anything */
	case IPPROTO_PIM:
		break;
	default:
		if (!broadcast)
			error(w, v, i, ICMP_UNREACH, CODE_PROTOCOL, 0);
	}
	dp_vec_drop(v, i, DP_DROP_L4_NO_PORT);
}
