/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 off the fast path, one packet at a time, with Linux's order of checks (ip6_rcv_core(),
 * ip6_forward()). Datapath.
 */
#include <netinet/in.h>

#include <rte_ether.h>

#include "icmp.h"
#include "ip6_ext.h"
#include "l4.h"
#include "reass.h"

#define MTU_MIN 1280u

enum { UNREACH = 1, TOO_BIG = 2, TIME_EXCEEDED = 3, PARAM = 4 };
enum { NO_ROUTE = 0, PROHIBITED = 1, BEYOND_SCOPE = 2, PORT = 4 };

static const uint8_t loopback[16] = { [15] = 1 };

static void error(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint8_t type, uint8_t code,
		  uint32_t param)
{
	icmp6_error_at(w, v->link[i], v->pkt[i], v->l3_off[i], type, code, param);
}

static int check_header(struct dp_vec *v, uint32_t i)
{
	struct rte_mbuf *m = v->pkt[i];
	const uint8_t *h = ip_header(v, i), *src = h + 8, *dst = h + 24;
	uint32_t off = v->l3_off[i] + (uint32_t)sizeof(struct rte_ipv6_hdr), len;

	if (m->data_len < off)
		return DP_DROP_TRUNCATED;
	if (h[0] >> 4 != 6)
		return DP_DROP_IP_VERSION;
	len = rte_be_to_cpu_16(((const struct rte_ipv6_hdr *)h)->payload_len);
	if (len + off > m->pkt_len)
		return DP_DROP_TRUNCATED;
	if (memcmp(src, loopback, 16) == 0 || src[0] == 0xff)
		return DP_DROP_IP_MARTIAN_SRC;
	if (memcmp(dst, loopback, 16) == 0 || (dst[0] == 0xff && (dst[1] & 0xf) <= 1))
		return DP_DROP_IP_MARTIAN_DST;
	if (len + off < m->pkt_len)
		rte_pktmbuf_trim(m, (uint16_t)(m->pkt_len - len - off));
	return -1;
}

static bool is_zero(const uint8_t *a)
{
	static const uint8_t zero[16];

	return memcmp(a, zero, sizeof(zero)) == 0;
}

/* Groups of every router's link, and those of its own addresses */
static bool subscribed(const struct dp_link *link, const uint8_t *group)
{
	static const uint8_t all[15] = { 0xff, 0x02 };

	if (memcmp(group, all, sizeof(all)) == 0 && (group[15] == 1 || group[15] == 2))
		return true;
	return addr_solicited(link, group);
}

/* Link-local destinations: own, on the link, or nowhere */
static void link_local(struct dp_worker *w, struct dp_vec *v, uint32_t i, const uint8_t *dst)
{
	static const uint8_t zero[16];
	const struct l3dev *dev = l3dev_of(v->link[i]);
	bool on_link = memcmp(dst + 2, zero, 6) == 0 && dst[1] == 0x80;

	if (addr_has(v->link[i], AF_INET6, dst) || (on_link && memcmp(dst + 8, zero, 8) == 0))
		ip6_local(w, v, i);
	else
		ip6_slow(w, v, i, dp_adj_at(on_link && dev ? dev->glean[1] : 0));
}

bool ip6_check_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i)
{
	int reason = ip_for_another(v, i) ? DP_DROP_WRONG_MAC : check_header(v, i);
	const uint8_t *h = ip_header(v, i), *dst = h + 24;

	if (reason >= 0) {
		dp_vec_drop(v, i, (enum dp_drop)reason);
		return false;
	}
	if (h[6] == IPPROTO_HOPOPTS && ip6_options(w, v, i, sizeof(struct rte_ipv6_hdr), true) == 0)
		return false;
	if (dst[0] == 0xff) {
		if (subscribed(v->link[i], dst))
			ip6_local(w, v, i);
		else
			dp_vec_drop(v, i, DP_DROP_IP_MULTICAST);
		return false;
	}
	if (ip6_is_link_local(dst)) {
		link_local(w, v, i, dst);
		return false;
	}
	/* the fast loop's decision knows nothing of these */
	if (rte_pktmbuf_mtod(v->pkt[i], const uint8_t *)[0] & 1 || ip6_is_link_local(h + 8) ||
	    is_zero(h + 8) || v->link[i]->local_bloom == ADDR_CAREFUL) {
		ip6_slow(w, v, i, ip6_route(v->link[i]->ns, dst));
		return false;
	}
	return true;
}

static void resolve(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	struct rte_mbuf *m = v->pkt[i];
	uint8_t next[16];

	if (adj->kind == DP_ADJ_GLEAN)
		memcpy(next, ip_header(v, i) + 24, 16);
	else
		neigh_address(adj, next);
	rte_pktmbuf_adj(m, v->l3_off[i]);
	dp_vec_steal(v, i);
	neigh_resolve(w, adj->link, AF_INET6, next, m);
}

static void forward(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj,
		    uint32_t mtu)
{
	struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)ip_header(v, i);
	const uint8_t *h = (const uint8_t *)ip;
	const struct dp_adj *hop;

	if (rte_pktmbuf_mtod(v->pkt[i], const uint8_t *)[0] & 1) {
		dp_vec_drop(v, i, DP_DROP_IP_NOT_FORWARDED);
		return;
	}
	if (ip->hop_limits <= 1) {
		error(w, v, i, TIME_EXCEEDED, 0, 0);
		dp_vec_drop(v, i, DP_DROP_IP_TTL);
		return;
	}
	if (adj->link_index != v->link[i]->index && (ip6_is_link_local(h + 8) || is_zero(h + 8))) {
		if (ip6_is_link_local(h + 8))
			error(w, v, i, UNREACH, BEYOND_SCOPE, 0);
		dp_vec_drop(v, i, DP_DROP_IP_NOT_FORWARDED);
		return;
	}
	mtu = RTE_MAX(mtu, MTU_MIN);
	if (v->pkt[i]->pkt_len - v->l3_off[i] > mtu) {
		/* a route's own MTU is met later on the way than the link's: what is quoted tells
		 */
		if (mtu < adj->mtu)
			ip->hop_limits--;
		error(w, v, i, TOO_BIG, 0, mtu);
		dp_vec_drop(v, i, DP_DROP_IP_DF);
		return;
	}
	ip->hop_limits--;
	hop = ip_adj_glean(adj, AF_INET6, h + 24);
	if (!ip_adj_sendable(hop)) {
		resolve(w, v, i, hop);
		return;
	}
	adj_mark_used(hop);
	dp_vec_tx_adj(v, i, hop);
}

static void reject(struct dp_worker *w, struct dp_vec *v, uint32_t i, bool prohibit)
{
	error(w, v, i, UNREACH, prohibit ? PROHIBITED : NO_ROUTE, 0);
	dp_vec_drop(v, i, prohibit ? DP_DROP_IP_PROHIBIT : DP_DROP_IP_UNREACHABLE);
}

void ip6_slow(struct dp_worker *w, struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	uint8_t kind = __atomic_load_n(&adj->kind, __ATOMIC_ACQUIRE);
	const uint8_t *h = ip_header(v, i);
	uint32_t mtu = 0;

	if (kind == DP_ADJ_LOCAL) {
		ip6_local(w, v, i);
	} else if (!ip_ns_of(v->link[i]->ns)->conf.forwarding6) {
		dp_vec_drop(v, i, DP_DROP_IP_NOT_FORWARDED);
	} else if (kind == DP_ADJ_DROP && adj->arg == DP_DROP_IP_BLACKHOLE) {
		dp_vec_drop(v, i, DP_DROP_IP_BLACKHOLE);
	} else if (kind == DP_ADJ_DROP) {
		error(w, v, i, UNREACH, NO_ROUTE, 0);
		dp_vec_drop(v, i, DP_DROP_IP_NO_ROUTE);
	} else if (kind == DP_ADJ_REJECT) {
		reject(w, v, i, adj->arg == 1);
	} else {
		adj = ip_adj_choose(adj, ip_flow_hash(h + 8, h + 24, 16), &mtu);
		if (adj->kind == DP_ADJ_REJECT)
			reject(w, v, i, adj->arg == 1);
		else
			forward(w, v, i, adj, mtu);
	}
}

/* ---- the tenant itself ---- */

/* Not answered to groups: in the packet, or in the frame */
static bool to_one(const struct dp_vec *v, uint32_t i)
{
	return ip_header(v, i)[24] != 0xff &&
	       !(rte_pktmbuf_mtod(v->pkt[i], const uint8_t *)[0] & 1);
}

/* What the last header in the chain names; @at: where it begins, @named_at: where it is named */
static void deliver(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint8_t proto, uint32_t at,
		    uint32_t named_at)
{
	switch (proto) {
	case IPPROTO_ICMPV6:
		icmp6_receive(w, v, i, at);
		return;
	case IPPROTO_UDP:
		if (!l4_udp_ok(v, i, AF_INET6, at)) {
			dp_vec_drop(v, i, DP_DROP_L4_HEADER);
			return;
		}
		if (ip_header(v, i)[24] != 0xff)
			error(w, v, i, UNREACH, PORT, 0);
		break;
	case IPPROTO_TCP:
		if (to_one(v, i) && !ip6_is_anycast(v, i))
			l4_tcp_reset(w, v, i, AF_INET6, at);
		if (v->verdict[i] != DP_CONTINUE)
			return;
		break;
	case IPPROTO_NONE:
	case IPPROTO_PIM: /* Linux takes it for its multicast routing */
		break;
	default:
		error(w, v, i, PARAM, 1, named_at);
	}
	dp_vec_drop(v, i, DP_DROP_L4_NO_PORT);
}

/* A fragment that is the whole packet */
static bool is_atomic(const struct dp_vec *v, uint32_t i, uint32_t at)
{
	const uint8_t *f = ip_header(v, i) + at;

	return v->pkt[i]->data_len >= v->l3_off[i] + at + 8u && ((f[2] << 8 | f[3]) & 0xfff9) == 0;
}

void ip6_local(struct dp_worker *w, struct dp_vec *v, uint32_t i)
{
	uint32_t at = sizeof(struct rte_ipv6_hdr), named_at = 6, len;
	bool whole = false; /* it was put together here */
	uint8_t proto;

	for (;;) {
		proto = ip_header(v, i)[named_at];
		if (proto == IPPROTO_HOPOPTS && named_at == 6) /* ip6_check_slow() read it */
			len = (ip_header(v, i)[at + 1] + 1u) * 8;
		else if (proto == IPPROTO_DSTOPTS)
			len = ip6_options(w, v, i, at, false);
		else if (proto == IPPROTO_ROUTING)
			len = ip6_routing(w, v, i, at);
		else if (proto != IPPROTO_FRAGMENT)
			break;
		else if (whole) { /* fragments of a fragment */
			error(w, v, i, PARAM, 0, at);
			dp_vec_drop(v, i, DP_DROP_IP_FRAGMENT);
			return;
		} else if (is_atomic(v, i, at))
			len = 8;
		else if ((whole = reass6(w, v, i, at, named_at)))
			continue; /* without the fragment header */
		else
			return;
		if (len == 0)
			return;
		named_at = at;
		at += len;
	}
	deliver(w, v, i, proto, at, named_at);
}
