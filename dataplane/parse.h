/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parsing of a frame's tags: the inline steps that the fast loops of classify.c are made of, and
 * the complete parser for everything that is not plain. The parser trusts nothing but the mbuf's
 * own lengths; tests/fuzz/fuzz_parse.c feeds it.
 */
#ifndef DP_PARSE_H
#define DP_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include "dp_drop.h"
#include "tag_table.h"

#define ETHER_TYPE_MIN 0x600 /* below it the field is an 802.3 length */
#define PULL_BYTES     128u  /* bytes of a frame that modules find in one piece */

static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN, "MAC and flags are compared as one word");
static_assert(offsetof(struct dp_link, mac) % 8 == 0, "MAC and flags are one aligned word");
static_assert(offsetof(struct dp_link, flags) == offsetof(struct dp_link, mac) + 6, "and adjacent");

static inline uint16_t load16(const void *p)
{
	uint16_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static inline uint64_t load64(const void *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static inline uint16_t load_be16(const void *p)
{
	return rte_be_to_cpu_16(load16(p));
}

/* MAC in the low 48 bits as in a frame's first 8 bytes, DP_LINK_F_* above. One load. */
static inline uint64_t link_mac_flags(const struct dp_link *link)
{
	return __atomic_load_n((const uint64_t *)(const void *)link->mac, __ATOMIC_RELAXED);
}

/* One piece, and long enough for one tag. */
static inline bool parse_is_plain(const struct rte_mbuf *m)
{
	return m->nb_segs == 1 && m->data_len >= RTE_ETHER_HDR_LEN + 4;
}

static inline bool parse_is_plain_qinq(const struct rte_mbuf *m)
{
	return m->data_len >= RTE_ETHER_HDR_LEN + 8;
}

static inline bool parse_is_tag(const uint8_t *type)
{
	return load16(type) == RTE_BE16(RTE_ETHER_TYPE_VLAN) ||
	       load16(type) == RTE_BE16(RTE_ETHER_TYPE_QINQ);
}

/* Entry for what stands at @type: a tag, or the payload's type. NULL: not a plain case. */
static inline const uint64_t *parse_slot(const struct dp_tag_table *t, const uint8_t *type)
{
	const uint64_t *ad;

	if (load16(type) == RTE_BE16(RTE_ETHER_TYPE_VLAN))
		return &t->q[load_be16(type + 2) & 0xfff];
	if (load16(type) == RTE_BE16(RTE_ETHER_TYPE_QINQ)) {
		/* pairs with the release in tag_table_slot() */
		ad = __atomic_load_n(&t->ad, __ATOMIC_ACQUIRE);
		return ad != NULL ? &ad[load_be16(type + 2) & 0xfff] : NULL;
	}
	return &t->self;
}

/**
 * struct parse_result - where a frame belongs
 * @link: its link; after an error the one to count it on
 */
struct parse_result {
	const struct dp_link *link;
};

/**
 * parse_frame() - find the link of any frame
 * @m: begins at the Ethernet header; a priority tag is removed, scattered headers are gathered
 * @t: tables of the port or link that it came by
 * Context: worker; RCU reader online; never blocks
 * Return:  -1, or the enum dp_drop why not
 */
int parse_frame(struct rte_mbuf *m, const struct dp_tag_table *t, struct parse_result *r);

/* The same for a frame on a link that nothing is stacked on: lengths only. */
int parse_plain_link(struct rte_mbuf *m, const struct dp_link *link, struct parse_result *r);

/* Makes the first @len bytes one piece, as far as the packet has them. False: no room. */
bool parse_pull(struct rte_mbuf *m, uint32_t len);

#endif /* DP_PARSE_H */
