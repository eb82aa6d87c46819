/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decapsulation: of an underlay's packets those that are for one of its end points, checked like
 * any local UDP, leave as re-entering frames of their VXLAN link. Everything else goes on to the
 * underlay's other modules. Datapath; input is hostile.
 */
#include <sys/socket.h>

#include <rte_branch_prediction.h>
#include <rte_ip.h>
#include <rte_prefetch.h>
#include <rte_udp.h>
#include <rte_vxlan.h>

#include "parse.h"
#include "vxlan.h"

#define NOT_OURS  (-1)
#define UDP_PROTO 17u

/** struct outer - what the outer headers said */
struct outer {
	uint32_t udp;    /* bytes from the frame's start to the UDP header */
	uint32_t end;    /* bytes from the frame's start to the end of the IP packet */
	uint32_t pseudo; /* sum of the pseudo header, host order */
	const struct vxlan_end *to;
};

static const struct vxlan_end *find(const struct vxlan_ends *ends, uint8_t family,
				    const uint8_t *dst, uint16_t port)
{
	size_t len = family == AF_INET ? 4 : 16;
	uint32_t i;

	for (i = 0; i < ends->n; i++)
		if (ends->end[i]->port == port && ends->end[i]->family == family &&
		    memcmp(ends->end[i]->local, dst, len) == 0)
			return ends->end[i];
	return NULL;
}

static int parse4(const struct rte_mbuf *m, uint32_t l3, const struct vxlan_ends *ends,
		  struct outer *o)
{
	const struct rte_ipv4_hdr *ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l3);
	uint32_t ihl, total;

	if (m->data_len < l3 + sizeof(*ip) || ip->next_proto_id != UDP_PROTO)
		return NOT_OURS;
	ihl = rte_ipv4_hdr_len(ip);
	total = rte_be_to_cpu_16(ip->total_length);
	o->udp = l3 + ihl;
	o->end = l3 + total;
	/* fragments and bad headers are for whoever handles IP here */
	if (ip->version_ihl >> 4 != 4 || ihl < 20 || m->data_len < o->udp + 8 ||
	    (ip->fragment_offset & RTE_BE16(0x3fff)) != 0 || o->end > m->pkt_len)
		return NOT_OURS;
	o->to = find(ends, AF_INET, (const uint8_t *)&ip->dst_addr,
		     load16(rte_pktmbuf_mtod_offset(m, const uint8_t *, o->udp + 2)));
	if (o->to == NULL)
		return NOT_OURS;
	if ((m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) != RTE_MBUF_F_RX_IP_CKSUM_GOOD &&
	    rte_raw_cksum(ip, ihl) != 0xffff)
		return DP_DROP_OUTER_CSUM;
	if (total < ihl + 16)
		return DP_DROP_VXLAN_HEADER;
	o->pseudo = rte_ipv4_phdr_cksum(ip, 0);
	return DP_DROP_REASONS;
}

static int parse6(const struct rte_mbuf *m, uint32_t l3, const struct vxlan_ends *ends,
		  struct outer *o)
{
	const struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod_offset(m, const struct rte_ipv6_hdr *, l3);
	uint32_t payload;

	if (m->data_len < l3 + sizeof(*ip) + 8 || ip->proto != UDP_PROTO ||
	    rte_pktmbuf_mtod_offset(m, const uint8_t *, l3)[0] >> 4 != 6)
		return NOT_OURS;
	payload = rte_be_to_cpu_16(ip->payload_len);
	o->udp = l3 + (uint32_t)sizeof(*ip);
	o->end = o->udp + payload;
	if (o->end > m->pkt_len)
		return NOT_OURS;
	o->to = find(ends, AF_INET6, rte_pktmbuf_mtod_offset(m, const uint8_t *, l3 + 24),
		     load16(rte_pktmbuf_mtod_offset(m, const uint8_t *, o->udp + 2)));
	if (o->to == NULL)
		return NOT_OURS;
	if (payload < 16)
		return DP_DROP_VXLAN_HEADER;
	o->pseudo = rte_ipv6_phdr_cksum(ip, 0);
	return DP_DROP_REASONS;
}

/* UDP's length and checksum. IPv4 may leave the checksum out, IPv6 must not. */
static int check_udp(const struct rte_mbuf *m, const struct outer *o)
{
	const struct rte_udp_hdr *udp =
		rte_pktmbuf_mtod_offset(m, const struct rte_udp_hdr *, o->udp);
	uint32_t len = rte_be_to_cpu_16(udp->dgram_len), sum;
	uint16_t raw;

	if (len < 16 || o->udp + len != o->end)
		return DP_DROP_VXLAN_HEADER;
	if (udp->dgram_cksum == 0)
		return o->to->family == AF_INET ? DP_DROP_REASONS : DP_DROP_OUTER_CSUM;
	if ((m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return DP_DROP_REASONS;
	if (rte_raw_cksum_mbuf(m, o->udp, len, &raw) != 0)
		return DP_DROP_VXLAN_HEADER;
	sum = raw + o->pseudo;
	sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff ? DP_DROP_REASONS : DP_DROP_OUTER_CSUM;
}

/* Where the packet's VNI has its entry. Return: DP_DROP_REASONS found, else why not. */
static int locate(const struct dp_vec *v, uint32_t i, struct outer *o, const uint64_t **ret_slot)
{
	const struct vxlan_ends *ends = vxlan_ends(v->link[i]->ns);
	const struct rte_mbuf *m = v->pkt[i];
	const uint64_t *inner;
	const uint8_t *vx;
	uint32_t vni;
	int ret;

	if (ends == NULL)
		return NOT_OURS;
	if (v->ether_type[i] == RTE_ETHER_TYPE_IPV4)
		ret = parse4(m, v->l3_off[i], ends, o);
	else if (v->ether_type[i] == RTE_ETHER_TYPE_IPV6)
		ret = parse6(m, v->l3_off[i], ends, o);
	else
		return NOT_OURS;
	if (ret == DP_DROP_REASONS)
		ret = check_udp(m, o);
	if (ret != DP_DROP_REASONS)
		return ret;
	vx = rte_pktmbuf_mtod_offset(m, const uint8_t *, o->udp + 8);
	/* the I flag and nothing else: reserved bits are zero, as Linux insists on */
	if (m->data_len < o->udp + 16 || vx[0] != 8 || (vx[1] | vx[2] | vx[3] | vx[7]) != 0)
		return DP_DROP_VXLAN_HEADER;
	vni = (uint32_t)vx[4] << 16 | (uint32_t)vx[5] << 8 | vx[6];
	/* pairs with the release in vxlan_slot() */
	inner = __atomic_load_n(&o->to->vni[vni >> 12], __ATOMIC_ACQUIRE);
	if (inner == NULL)
		return DP_DROP_UNKNOWN_VNI;
	*ret_slot = &inner[vni & 0xfff];
	return DP_DROP_REASONS;
}

/* Outer headers and padding go; the hardware's word on checksums was about the outer ones. */
static void strip(struct rte_mbuf *m, const struct outer *o)
{
	if (o->end < m->pkt_len)
		rte_pktmbuf_trim(m, (uint16_t)RTE_MIN(m->pkt_len - o->end,
						      (uint32_t)rte_pktmbuf_lastseg(m)->data_len));
	rte_pktmbuf_adj(m, (uint16_t)(o->udp + 16));
	m->ol_flags &= ~(RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
	m->packet_type = 0;
}

void vxlan_decap(struct dp_worker *w, struct dp_vec *v)
{
	const uint64_t *slot[DP_VEC_MAX];
	struct outer outer[DP_VEC_MAX];
	uint64_t entry;
	uint32_t i;
	int ret;

	(void)w;
	for (i = 0; i < v->n; i++) {
		slot[i] = NULL;
		ret = locate(v, i, &outer[i], &slot[i]);
		if (likely(ret == DP_DROP_REASONS))
			rte_prefetch0(slot[i]);
		else if (ret != NOT_OURS)
			dp_vec_drop(v, i, (enum dp_drop)ret);
	}
	for (i = 0; i < v->n; i++) {
		if (slot[i] == NULL)
			continue;
		entry = tag_load(slot[i]);
		if (unlikely(entry == 0)) {
			dp_vec_drop(v, i, DP_DROP_UNKNOWN_VNI);
			continue;
		}
		strip(v->pkt[i], &outer[i]);
		dp_vec_reenter(v, i, tag_entry_as_link(entry));
	}
}
