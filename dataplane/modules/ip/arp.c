/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ARP as received: validity as Linux checks it, answers for the tenant's own addresses made in the
 * same buffer, and notes to the neighbour thread about who said what. Datapath; never waits.
 */
#include <rte_arp.h>
#include <rte_ether.h>

#include "dataplane/fib/fib.h"
#include "internal.h"

#define HRD_IEEE802 6 /* Linux takes it on Ethernet too */

static bool valid(const struct dp_vec *v, uint32_t i, const struct rte_arp_hdr *arp)
{
	return v->pkt[i]->data_len >= v->l3_off[i] + sizeof(*arp) &&
	       (arp->arp_hardware == RTE_BE16(RTE_ARP_HRD_ETHER) ||
		arp->arp_hardware == RTE_BE16(HRD_IEEE802)) &&
	       arp->arp_protocol == RTE_BE16(RTE_ETHER_TYPE_IPV4) && arp->arp_hlen == 6 &&
	       arp->arp_plen == 4;
}

static bool is_local(const struct dp_link *link, uint32_t addr)
{
	uint64_t ref = __atomic_load_n(&link->l3[0], __ATOMIC_ACQUIRE);

	return dp_adj_at(fib4_lookup(ref, rte_be_to_cpu_32(addr)))->kind == DP_ADJ_LOCAL;
}

/* An address that a packet might come from */
static bool sender_fits(uint32_t sip)
{
	uint32_t host = rte_be_to_cpu_32(sip);

	return host != 0 && host >> 24 != 127 && host >> 28 != 14 && host != ~0u;
}

static void tell(struct dp_worker *w, const struct dp_link *link, const struct rte_arp_hdr *arp,
		 bool confirms, bool creates)
{
	struct neigh_heard heard = {
		.family = AF_INET, .confirms = confirms, .creates = creates, .overrides = true
	};

	memcpy(heard.addr, &arp->arp_data.arp_sip, 4);
	memcpy(heard.mac, &arp->arp_data.arp_sha, 6);
	neigh_heard(w, link, &heard);
}

/* Turns the request in the vector's own buffer into the answer and sends it back, tags and all. */
static void answer(struct dp_vec *v, uint32_t i)
{
	const struct dp_link *link = v->link[i];
	struct rte_mbuf *m = v->pkt[i];
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
	struct rte_arp_hdr *arp = (struct rte_arp_hdr *)ip_header(v, i);
	struct rte_arp_ipv4 *d = &arp->arp_data;
	uint32_t tip = d->arp_tip, len = v->l3_off[i] + (uint32_t)sizeof(*arp);

	if (m->pkt_len > len && m->nb_segs == 1)
		m->pkt_len = m->data_len = (uint16_t)len; /* no padding, as Linux */
	arp->arp_hardware = RTE_BE16(RTE_ARP_HRD_ETHER);
	arp->arp_opcode = RTE_BE16(RTE_ARP_OP_REPLY);
	d->arp_tip = d->arp_sip;
	d->arp_sip = tip;
	d->arp_tha = d->arp_sha;
	memcpy(&d->arp_sha, link->mac, 6);
	memcpy(&eth->dst_addr, &d->arp_tha, 6);
	memcpy(&eth->src_addr, link->mac, 6);
	dp_vec_tx(v, i, link);
}

static void request(struct dp_worker *w, struct dp_vec *v, uint32_t i,
		    const struct rte_arp_hdr *arp)
{
	const struct dp_link *link = v->link[i];
	uint32_t sip = arp->arp_data.arp_sip, tip = arp->arp_data.arp_tip;

	if (!is_local(link, tip)) {
		/* gratuitous, or an update of one that we know already */
		tell(w, link, arp, false, false);
		dp_vec_drop(v, i, DP_DROP_ARP_IGNORED);
		return;
	}
	if (sip == 0) { /* duplicate address detection: answered, never learned */
		answer(v, i);
		return;
	}
	if (!sender_fits(sip) || is_local(link, sip)) {
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
		return;
	}
	tell(w, link, arp, false, true);
	answer(v, i);
}

void arp_process(struct dp_worker *w, struct dp_vec *v, uint32_t i)
{
	const struct rte_arp_hdr *arp = (const struct rte_arp_hdr *)ip_header(v, i);
	const uint8_t *frame = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);
	const struct dp_link *link = v->link[i];
	uint32_t tip;

	if (!valid(v, i, arp) || arp->arp_data.arp_sha.addr_bytes[0] & 1) {
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
		return;
	}
	tip = rte_be_to_cpu_32(arp->arp_data.arp_tip);
	if (tip >> 28 == 14 || tip >> 24 == 127) {
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
		return;
	}
	if (arp->arp_opcode == RTE_BE16(RTE_ARP_OP_REQUEST)) {
		request(w, v, i, arp);
		return;
	}
	if (arp->arp_opcode != RTE_BE16(RTE_ARP_OP_REPLY) || !sender_fits(arp->arp_data.arp_sip) ||
	    is_local(link, arp->arp_data.arp_sip)) {
		dp_vec_drop(v, i, DP_DROP_ARP_INVALID);
		return;
	}
	/* only an answer sent to us alone proves that we can reach the sender */
	tell(w, link, arp, (frame[0] & 1) == 0, false);
	dp_vec_drop(v, i, DP_DROP_LOCAL_CONSUMED);
}
