/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 extension headers: options of hop-by-hop and destination headers, whose unknown kinds say
 * themselves what is to be done, and routing headers, of which a tenant follows none. As Linux's
 * ip6_parse_tlv() and ipv6_rthdr_rcv() behave. Datapath.
 */
#include "ip6_ext.h"

#include <netinet/in.h>

#include "icmp.h"

enum { PARAM_PROBLEM = 4, PARAM_FIELD = 0, PARAM_OPTION = 2 };
enum { OPT_PAD1 = 0, OPT_PADN = 1, OPT_ALERT = 5, OPT_CALIPSO = 7, OPT_JUMBO = 0xc2 };
enum { RH_RPL = 3, RH_SEGMENTS = 4 };

#define OPTIONS_MAX 8u /* that are not padding, in one header */
#define PAD_MAX     7u /* bytes in a row */

static void problem(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint8_t code, uint32_t at)
{
	icmp6_error_at(w, v->link[i], v->pkt[i], v->l3_off[i], PARAM_PROBLEM, code, at);
}

/* An option that nobody here knows. True: step over it. */
static bool unknown(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at)
{
	const uint8_t *h = ip_header(v, i);
	uint8_t action = h[at] >> 6;

	if (action == 0)
		return true;
	if (action == 2 || (action == 3 && h[24] != 0xff))
		problem(w, v, i, PARAM_OPTION, at);
	return false;
}

static bool zero(const uint8_t *p, uint32_t n)
{
	while (n && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

/* A jumbogram that is none, or does not need to be one */
static bool jumbo(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at)
{
	const uint8_t *h = ip_header(v, i);
	uint32_t len;

	if (h[at + 1] != 4 || (at & 3) != 2)
		return false;
	memcpy(&len, h + at + 2, sizeof(len));
	if (rte_be_to_cpu_32(len) <= 65535)
		problem(w, v, i, PARAM_FIELD, at + 2);
	else if (((const struct rte_ipv6_hdr *)h)->payload_len)
		problem(w, v, i, PARAM_FIELD, at);
	return false;
}

static bool option_ok(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at, bool hops)
{
	const uint8_t *h = ip_header(v, i);

	if (hops && h[at] == OPT_ALERT)
		return h[at + 1] == 2;
	if (hops && h[at] == OPT_JUMBO)
		return jumbo(w, v, i, at);
	return unknown(w, v, i, at);
}

/* Options from @at to @end. True: go on. */
static bool options_ok(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at, uint32_t end,
		       bool hops)
{
	const uint8_t *h = ip_header(v, i);
	uint32_t pad = 0, n = 0, len;

	for (; at < end; at += len) {
		if (h[at] == OPT_PAD1) {
			len = 1;
			if (++pad > PAD_MAX)
				return false;
			continue;
		}
		if (at + 2 > end)
			return false;
		len = h[at + 1] + 2u;
		if (at + len > end)
			return false;
		if (h[at] == OPT_PADN) {
			pad += len;
			if (pad > PAD_MAX || !zero(h + at + 2, len - 2))
				return false;
			continue;
		}
		if (++n > OPTIONS_MAX || !option_ok(w, v, i, at, hops))
			return false;
		pad = 0;
	}
	return true;
}

/* Bytes of the header at @at, or 0: it is not all there */
static uint32_t header_len(const struct dp_vec *v, uint32_t i, uint32_t at)
{
	uint32_t have = v->pkt[i]->data_len - v->l3_off[i], len;

	if (at + 8 > have)
		return 0;
	len = (ip_header(v, i)[at + 1] + 1u) * 8;
	return at + len > have ? 0 : len;
}

static uint32_t refuse(struct dp_vec *v, uint32_t i)
{
	dp_vec_drop(v, i, DP_DROP_IP_OPTIONS);
	return 0;
}

uint32_t ip6_options(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at, bool hops)
{
	uint32_t len = header_len(v, i, at);

	if (len == 0 || !options_ok(w, v, i, at + 2, at + len, hops))
		return refuse(v, i);
	return len;
}

uint32_t ip6_routing(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at)
{
	bool group = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *)[0] & 1;
	const uint8_t *h = ip_header(v, i);
	uint32_t len = header_len(v, i, at);

	if (len == 0 || group || h[24] == 0xff || h[at + 2] == RH_RPL || h[at + 2] == RH_SEGMENTS)
		return refuse(v, i);
	if (h[at + 3] == 0)
		return len; /* it has been everywhere */
	problem(w, v, i, PARAM_FIELD, at + 2);
	return refuse(v, i);
}

uint8_t ip6_skip(const uint8_t *h, uint32_t have, uint32_t *ret_at)
{
	uint32_t at = sizeof(struct rte_ipv6_hdr);
	uint8_t proto = h[6];

	while (at + 4 <= have && (proto == IPPROTO_HOPOPTS || proto == IPPROTO_DSTOPTS ||
				  proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT)) {
		if (proto == IPPROTO_FRAGMENT) {
			if ((h[at + 2] << 8 | h[at + 3]) & 0xfff8)
				break; /* what follows is not in this fragment */
			proto = h[at];
			at += 8;
			continue;
		}
		proto = h[at];
		at += (h[at + 1] + 1u) * 8;
	}
	*ret_at = at;
	return proto;
}
