/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The vector: what modules work on. Up to 128 packets of any mix of tenants in columns, filled from
 * several rx bursts so that one stage has dozens of cache misses in flight at once.
 *
 * A module reads pkt, link and the L3 columns, and either leaves a packet alone (it continues) or
 * gives it a verdict with one of the functions below. After each module the pipeline takes out what
 * has a verdict, so every module sees only packets that still continue.
 *
 * What the parser guarantees: the frame begins with its Ethernet header, still has the tags of its
 * input link (link->encap_len bytes of them), l3_off and ether_type stand behind those; the first
 * min(packet, 128) bytes are in one segment; the mbuf is not shared.
 */
#ifndef DP_VEC_H
#define DP_VEC_H

#include <stdint.h>

#include "dp_drop.h"
#include "dp_link.h"

struct rte_mbuf;
struct dp_adj;

#define DP_VEC_MAX 128u /* packets */

enum dp_verdict {
	DP_CONTINUE = 0,
	DP_DROP,    /* arg: enum dp_drop */
	DP_TX,      /* out set; tags of the input link (its encap_len bytes) give way to out's */
	DP_TX_ADJ,  /* adj set; the L3 header is at l3_off; all in front of it is replaced by adj's
		     */
	DP_REENTER, /* link changed (decapsulated, or through a pair): run the pipeline again */
	DP_STOLEN,  /* the module took the mbuf; it accounts for it with dp_count_*() later */
};

/** struct dp_vec - packets under way through the stages of one worker; never shared */
struct dp_vec {
	uint32_t n;            /* packets, <= DP_VEC_MAX */
	uint32_t decided;      /* packets with a verdict other than DP_CONTINUE */
	uint64_t features_and; /* of the tenants in the vector */
	uint64_t features_or;
	struct rte_mbuf *pkt[DP_VEC_MAX];
	const struct dp_link *link[DP_VEC_MAX]; /* input link; its ns is the tenant */
	const struct dp_adj *adj[DP_VEC_MAX];   /* set by a route module; undefined before */
	const struct dp_link *out[DP_VEC_MAX];  /* with DP_TX */
	uint8_t verdict[DP_VEC_MAX];            /* enum dp_verdict */
	uint8_t arg[DP_VEC_MAX];                /* with DP_DROP: enum dp_drop */
	uint16_t ether_type[DP_VEC_MAX];        /* host order, innermost, from the parser */
	uint8_t l3_off[DP_VEC_MAX];             /* bytes from the frame's start to its payload */
	uint8_t depth[DP_VEC_MAX];              /* re-entries so far */
};

static inline void dp_vec_drop(struct dp_vec *v, uint32_t i, enum dp_drop reason)
{
	v->verdict[i] = DP_DROP;
	v->arg[i] = (uint8_t)reason;
	v->decided++;
}

/* Send through @out, which puts its own tags or tunnel header where the input link's tags were. */
static inline void dp_vec_tx(struct dp_vec *v, uint32_t i, const struct dp_link *out)
{
	v->verdict[i] = DP_TX;
	v->out[i] = out;
	v->decided++;
}

/* Send by @adj, whose header replaces all in front of the L3 header. */
static inline void dp_vec_tx_adj(struct dp_vec *v, uint32_t i, const struct dp_adj *adj)
{
	v->verdict[i] = DP_TX_ADJ;
	v->adj[i] = adj;
	v->decided++;
}

/* The mbuf now belongs to the module, which must count it out, see dp_count_*() in dp_worker.h. */
static inline void dp_vec_steal(struct dp_vec *v, uint32_t i)
{
	v->verdict[i] = DP_STOLEN;
	v->decided++;
}

/* Give the frame to @link as if it had just arrived there; the frame begins at its Ethernet header.
 */
static inline void dp_vec_reenter(struct dp_vec *v, uint32_t i, const struct dp_link *link)
{
	v->verdict[i] = DP_REENTER;
	v->out[i] = link;
	v->decided++;
}

#endif /* DP_VEC_H */
