/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parse and classify: frame -> tags -> link, with the checks that belong to the link: is it up, is
 * the MAC its own. Datapath; called by rx.c for each stretch of packets of one queue, and by
 * pipeline.c for packets that re-enter.
 *
 * Two ways for received frames. With few links everything is in the near caches: one loop finds
 * the link of a plain 802.1Q frame, anything else takes the long way, one packet at a time. With
 * many links each lookup misses: then the same steps are waves over the whole stretch, each of
 * which prefetches what the next one reads.
 */
#include <rte_branch_prediction.h>
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_prefetch.h>

#include "link.h"
#include "parse.h"
#include "tags.h"
#include "worker.h"

/* Frame and packet @i belong to @link: columns, counters, feature masks. */
static inline __attribute__((always_inline)) void
accept(struct worker *w, struct dp_vec *v, uint32_t i, const struct dp_link *link, const uint8_t *d,
       uint32_t off, uint32_t len, uint64_t *f_and, uint64_t *f_or)
{
	struct link_counters *c = &w->area.link[link->index];
	uint64_t features = __atomic_load_n(&link->features, __ATOMIC_RELAXED);

	v->link[i] = link;
	v->l3_off[i] = (uint8_t)off;
	v->ether_type[i] = load_be16(d + off - 2);
	*f_and &= features;
	*f_or |= features;
	c->rx_packets++;
	c->rx_bytes += len;
}

/* Counted on @link, then dropped by settle() together with the modules' drops. */
static void refuse(struct worker *w, struct dp_vec *v, uint32_t i, const struct dp_link *link,
		   enum dp_drop reason)
{
	struct link_counters *c = &w->area.link[link->index];

	v->link[i] = link;
	c->rx_packets++;
	c->rx_bytes += v->pkt[i]->pkt_len;
	dp_vec_drop(v, i, reason);
}

/* The link's own checks, for a frame whose first 8 bytes are @head. */
static inline bool link_takes(const struct dp_link *link, uint64_t head)
{
	uint64_t word = link_mac_flags(link);
	uint64_t flags = word >> 48;

	return likely(
		(flags & DP_LINK_F_UP) != 0 &&
		((word ^ head) << 16 == 0 || (flags & DP_LINK_F_PROMISC) != 0 || (head & 1) != 0));
}

/* The long way: any tags, several segments, errors. */
static void finish(struct worker *w, struct dp_vec *v, uint32_t i, const struct dp_link *link,
		   int reason, uint64_t *f_and, uint64_t *f_or)
{
	const uint8_t *d = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);

	if (reason < 0 && !link_takes(link, load64(d)))
		reason = link_mac_flags(link) >> 48 & DP_LINK_F_UP ? DP_DROP_WRONG_MAC
								   : DP_DROP_LINK_DOWN;
	if (unlikely(reason >= 0))
		refuse(w, v, i, link, (enum dp_drop)reason);
	else
		accept(w, v, i, link, d, RTE_ETHER_HDR_LEN + link->encap_len, v->pkt[i]->pkt_len,
		       f_and, f_or);
}

static __attribute__((noinline)) void one(struct worker *w, struct dp_vec *v, uint32_t i,
					  const struct dp_tag_table *t, uint64_t *f_and,
					  uint64_t *f_or)
{
	struct parse_result r;
	int reason = parse_frame(v->pkt[i], t, &r);

	finish(w, v, i, r.link, reason, f_and, f_or);
}

static __attribute__((noinline)) void one_reentered(struct worker *w, struct dp_vec *v, uint32_t i,
						    const struct dp_link *link, uint64_t *f_and,
						    uint64_t *f_or)
{
	const struct dp_tag_table *t = __atomic_load_n(&link_of(link)->tags, __ATOMIC_ACQUIRE);
	struct parse_result r = { .link = link };
	int reason = DP_DROP_NO_MBUF;

	/* a stacked link is entered with its tags, like any frame that comes to it */
	if (link->kind == DP_LINK_VLAN ? tags_push(v->pkt[i], link) : true)
		reason = t != NULL && link->kind != DP_LINK_VLAN
				 ? parse_frame(v->pkt[i], t, &r)
				 : parse_plain_link(v->pkt[i], link, &r);
	finish(w, v, i, r.link, reason, f_and, f_or);
}

/* Few links: one loop. */
static void near(struct worker *w, struct dp_vec *v, const struct dp_tag_table *t, uint32_t from,
		 uint32_t to)
{
	uint64_t f_and = v->features_and, f_or = v->features_or, entry;
	const struct dp_link *link;
	const struct rte_mbuf *m;
	const uint8_t *d;
	uint32_t i;

	for (i = from; i < to; i++) {
		m = v->pkt[i];
		d = rte_pktmbuf_mtod(m, const uint8_t *);
		if (unlikely(!parse_is_plain(m) ||
			     load16(d + 12) != RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
			     load_be16(d + 16) < ETHER_TYPE_MIN))
			goto long_way;
		entry = tag_load(&t->q[load_be16(d + 14) & 0xfff]);
		if (unlikely(entry == 0 || (entry & TAG_TABLE) != 0))
			goto long_way;
		link = tag_entry_as_link(entry);
		if (unlikely(!link_takes(link, load64(d))))
			goto long_way;
		accept(w, v, i, link, d, RTE_ETHER_HDR_LEN + 4, m->data_len, &f_and, &f_or);
		continue;
	long_way:
		one(w, v, i, t, &f_and, &f_or);
	}
	v->features_and = f_and;
	v->features_or = f_or;
}

/* Many links: waves. @slot: where each packet's entry lies; NULL: it takes the long way. */
static uint32_t wave_slots(struct dp_vec *v, const struct dp_tag_table *t, uint32_t from,
			   uint32_t to, const uint64_t **slot)
{
	const struct dp_tag_table *inner;
	const struct rte_mbuf *m;
	const uint8_t *d;
	uint64_t entry;
	uint32_t i, two = 0;

	for (i = from; i < to; i++) {
		m = v->pkt[i];
		d = rte_pktmbuf_mtod(m, const uint8_t *);
		slot[i] = NULL;
		if (likely(parse_is_plain(m)))
			slot[i] = parse_slot(t, d + 12);
		if (slot[i] != NULL)
			rte_prefetch0(slot[i]);
	}
	for (i = from; i < to; i++) {
		if (slot[i] == NULL)
			continue;
		entry = tag_load(slot[i]);
		if (entry & TAG_TABLE) {
			d = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);
			inner = tag_entry_as_table(entry);
			slot[i] = parse_is_plain_qinq(v->pkt[i]) ? parse_slot(inner, d + 16) : NULL;
			if (slot[i] != NULL)
				rte_prefetch0(slot[i]);
			two++;
		} else {
			rte_prefetch0(tag_entry_as_link(entry));
		}
	}
	return two;
}

static void far(struct worker *w, struct dp_vec *v, const struct dp_tag_table *t, uint32_t from,
		uint32_t to)
{
	uint64_t f_and = v->features_and, f_or = v->features_or, entry;
	const uint64_t *slot[DP_VEC_MAX];
	const struct dp_link *link;
	const uint8_t *d;
	uint32_t i;

	if (wave_slots(v, t, from, to, slot) != 0)
		for (i = from; i < to; i++)
			if (slot[i] != NULL)
				rte_prefetch0(tag_entry_as_link(tag_load(slot[i])));
	for (i = from; i < to; i++) {
		entry = slot[i] != NULL ? tag_load(slot[i]) : 0;
		link = (entry & TAG_TABLE) == 0 ? tag_entry_as_link(entry) : NULL;
		v->link[i] = link;
		if (likely(link != NULL))
			rte_prefetch0(&w->area.link[link->index]);
	}
	for (i = from; i < to; i++) {
		link = v->link[i];
		d = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);
		if (likely(link != NULL && link_takes(link, load64(d)) &&
			   load_be16(d + 12 + link->encap_len) >= ETHER_TYPE_MIN))
			accept(w, v, i, link, d, RTE_ETHER_HDR_LEN + link->encap_len,
			       v->pkt[i]->data_len, &f_and, &f_or);
		else
			one(w, v, i, t, &f_and, &f_or);
	}
	v->features_and = f_and;
	v->features_or = f_or;
}

void classify(struct worker *w, struct dp_vec *v, const struct rxq *q, uint32_t from, uint32_t to)
{
	if (w->waves)
		far(w, v, q->tags, from, to);
	else
		near(w, v, q->tags, from, to);
}

void classify_reentered(struct worker *w, struct dp_vec *v)
{
	uint64_t f_and = v->features_and, f_or = v->features_or;
	const struct dp_link *link;
	const uint8_t *d;
	uint32_t i;

	for (i = 0; i < v->n; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(v->pkt[i], const void *));
		rte_prefetch0(v->link[i]);
	}
	for (i = 0; i < v->n; i++)
		rte_prefetch0(&w->area.link[v->link[i]->index]);
	for (i = 0; i < v->n; i++) {
		link = v->link[i];
		d = rte_pktmbuf_mtod(v->pkt[i], const uint8_t *);
		if (likely(parse_is_plain(v->pkt[i]) && link->encap_len == 0 &&
			   !parse_is_tag(d + 12) && load_be16(d + 12) >= ETHER_TYPE_MIN &&
			   link_takes(link, load64(d))))
			accept(w, v, i, link, d, RTE_ETHER_HDR_LEN, v->pkt[i]->data_len, &f_and,
			       &f_or);
		else
			one_reentered(w, v, i, link, &f_and, &f_or);
	}
	v->features_and = f_and;
	v->features_or = f_or;
}
