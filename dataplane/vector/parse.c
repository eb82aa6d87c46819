/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The complete parser of Ethernet headers and tags, one frame at a time: runts, several segments,
 * priority tags, 802.1ad, stacked tags, 802.3 lengths. Called by classify.c for frames that its
 * loops do not take. Datapath; input is hostile.
 */
#include "parse.h"

bool parse_pull(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *seg;
	uint32_t n;

	if (len > m->pkt_len)
		len = m->pkt_len;
	if (m->data_len >= len)
		return true;
	if (!RTE_MBUF_DIRECT(m) || rte_mbuf_refcnt_read(m) != 1 ||
	    (uint32_t)rte_pktmbuf_tailroom(m) < len - m->data_len)
		return false;
	while (m->data_len < len && (seg = m->next) != NULL) {
		n = RTE_MIN(len - m->data_len, (uint32_t)seg->data_len);
		memcpy(rte_pktmbuf_mtod_offset(m, char *, m->data_len),
		       rte_pktmbuf_mtod(seg, const char *), n);
		m->data_len = (uint16_t)(m->data_len + n);
		seg->data_off = (uint16_t)(seg->data_off + n);
		seg->data_len = (uint16_t)(seg->data_len - n);
		if (seg->data_len != 0)
			continue;
		m->next = seg->next;
		m->nb_segs--;
		seg->next = NULL;
		seg->nb_segs = 1;
		rte_pktmbuf_free_seg(seg);
	}
	return m->data_len >= len;
}

/* A priority tag (VLAN 0) says nothing about the link: takes it out, the MACs move up. */
static uint8_t *untag(struct rte_mbuf *m, uint32_t off)
{
	uint8_t *d = rte_pktmbuf_mtod(m, uint8_t *);

	memmove(d + 4, d, off);
	return (uint8_t *)rte_pktmbuf_adj(m, 4);
}

/* What stands behind the last tag at @off: an EtherType, or a length that must fit. */
static int check_type(const struct rte_mbuf *m, const uint8_t *d, uint32_t off)
{
	uint16_t type = load_be16(d + off);

	if (type < ETHER_TYPE_MIN && (uint32_t)type + off + 2 > m->pkt_len)
		return DP_DROP_TRUNCATED;
	return -1;
}

static int begin(struct rte_mbuf *m)
{
	if (m->pkt_len < RTE_ETHER_HDR_LEN)
		return DP_DROP_RUNT;
	if (m->nb_segs > 1 && !parse_pull(m, PULL_BYTES))
		return DP_DROP_NO_MBUF;
	return -1;
}

int parse_plain_link(struct rte_mbuf *m, const struct dp_link *link, struct parse_result *r)
{
	int reason = begin(m);

	r->link = link;
	if (reason >= 0)
		return reason;
	return check_type(m, rte_pktmbuf_mtod(m, const uint8_t *), 12);
}

int parse_frame(struct rte_mbuf *m, const struct dp_tag_table *t, struct parse_result *r)
{
	const uint64_t *slot;
	uint64_t entry;
	uint32_t off = 12;
	uint8_t *d;
	int reason;

	r->link = tag_entry_as_link(tag_load(&t->self));
	reason = begin(m);
	if (reason >= 0)
		return reason;
	d = rte_pktmbuf_mtod(m, uint8_t *);
	while (parse_is_tag(d + off)) {
		if (off + 6 > m->data_len)
			return DP_DROP_TRUNCATED;
		slot = parse_slot(t, d + off);
		entry = slot != NULL ? tag_load(slot) : 0;
		if (entry == 0 && (load_be16(d + off + 2) & 0xfff) == 0) {
			d = untag(m, off);
			continue;
		}
		if (entry == 0)
			return DP_DROP_UNKNOWN_TAG;
		off += 4;
		if ((entry & TAG_TABLE) == 0) {
			r->link = tag_entry_as_link(entry);
			break;
		}
		t = tag_entry_as_table(entry);
		r->link = tag_entry_as_link(tag_load(&t->self));
	}
	return check_type(m, d, off);
}
