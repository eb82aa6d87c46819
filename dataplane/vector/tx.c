/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Settling a vector: carries out the verdicts that a module gave, then closes the gaps, so that the
 * next module sees only packets that continue. Sending is fast for links on a port; everything else
 * (pairs, tunnels, errors) goes through tx_slow.c. Datapath, called by run.c.
 */
#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "adj.h"
#include "parse.h"
#include "tags.h"
#include "worker.h"

static inline __attribute__((always_inline)) void put(struct worker *w, struct tx_buf *b,
						      const struct dp_link *out, struct rte_mbuf *m)
{
	uint32_t n = b->n;

	if (n == 0 && !b->listed) {
		b->listed = true;
		w->dirty[w->n_dirty++] = b;
	}
	b->pkt[n] = m;
	b->out[n] = out;
	b->n = n + 1;
	if (unlikely(n + 1 == TX_BUF))
		tx_flush_one(w, b);
}

/* DP_TX of one packet. */
static inline __attribute__((always_inline)) void send_one(struct worker *w, struct dp_vec *v,
							   uint32_t i)
{
	const struct dp_link *out = v->out[i], *in = v->link[i];
	struct rte_mbuf *m = v->pkt[i];
	struct link_counters *c;
	struct tx_buf *b;

	b = __atomic_load_n(&w->tx[out->port_id], __ATOMIC_ACQUIRE);
	if (unlikely((out->tx_flags & DP_LINK_F_UP) == 0 || out->tx_kind != DP_TX_PORT ||
		     in->encap_len != out->tx_encap || m->pkt_len - v->l3_off[i] > out->tx_mtu ||
		     b == NULL)) {
		w->cur_depth = v->depth[i];
		tx_link(w, in, out, m, false);
		return;
	}
	tags_write(rte_pktmbuf_mtod(m, uint8_t *), out);
	c = &w->area.link[out->tx_index];
	c->tx_packets++;
	c->tx_bytes += m->pkt_len;
	put(w, b, out, m);
}

/* DP_TX_ADJ of one packet: the adjacency's line is all that is read. */
static inline __attribute__((always_inline)) void send_adj(struct worker *w, struct dp_vec *v,
							   uint32_t i)
{
	const struct dp_adj *adj = v->adj[i];
	struct rte_mbuf *m = v->pkt[i];
	struct link_counters *c;
	uint32_t l3 = v->l3_off[i];
	struct tx_buf *b;

	b = __atomic_load_n(&w->tx[adj->port_id], __ATOMIC_ACQUIRE);
	if (unlikely(adj->kind != DP_ADJ_REWRITE || b == NULL || m->pkt_len - l3 > adj->mtu)) {
		w->cur_depth = v->depth[i];
		tx_adj(w, v->link[i]->ns, adj, m, l3);
		return;
	}
	adj_write(adj, m, l3);
	c = &w->area.link[adj->link_index];
	c->tx_packets++;
	c->tx_bytes += m->pkt_len;
	put(w, b, adj->link, m);
}

void tx_enqueue(struct worker *w, const struct dp_link *out, uint16_t port_id, struct rte_mbuf *m)
{
	struct link_counters *c = &w->area.link[out->tx_index];

	c->tx_packets++;
	c->tx_bytes += m->pkt_len;
	put(w, w->tx[port_id], out, m);
}

static inline bool all_tx(const struct dp_vec *v)
{
	uint8_t other = 0;
	uint32_t i;

	if (v->decided != v->n)
		return false;
	for (i = 0; i < v->n; i++)
		other |= v->verdict[i] ^ DP_TX;
	return other == 0;
}

static inline void move(struct dp_vec *v, uint32_t to, uint32_t from)
{
	v->pkt[to] = v->pkt[from];
	v->link[to] = v->link[from];
	v->adj[to] = v->adj[from];
	v->ether_type[to] = v->ether_type[from];
	v->l3_off[to] = v->l3_off[from];
	v->depth[to] = v->depth[from];
}

static void prefetch_counters(const struct worker *w, const struct dp_vec *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++) {
		if (v->verdict[i] == DP_TX)
			rte_prefetch0(&w->area.link[v->out[i]->tx_index]);
		else if (v->verdict[i] == DP_TX_ADJ)
			rte_prefetch0(&w->area.link[v->adj[i]->link_index]);
	}
}

static inline void one(struct worker *w, struct dp_vec *v, uint32_t i)
{
	switch (v->verdict[i]) {
	case DP_TX:
		send_one(w, v, i);
		break;
	case DP_TX_ADJ:
		send_adj(w, v, i);
		break;
	case DP_REENTER:
		account_add(&w->area, v->link[i]->ns, ACCOUNT_MOVED, 1);
		pending_add(w, v->out[i], v->pkt[i], v->depth[i] + 1u);
		break;
	case DP_STOLEN:
		account_add(&w->area, v->link[i]->ns, ACCOUNT_KEPT, 1);
		break;
	default:
		drop_in(w, v->link[i], v->pkt[i], (enum dp_drop)v->arg[i]);
		break;
	}
}

void settle(struct worker *w, struct dp_vec *v)
{
	uint32_t i, keep = 0;

	if (w->waves)
		prefetch_counters(w, v);
	if (likely(all_tx(v))) {
		for (i = 0; i < v->n; i++)
			send_one(w, v, i);
	} else {
		for (i = 0; i < v->n; i++) {
			if (v->verdict[i] != DP_CONTINUE)
				one(w, v, i);
			else
				move(v, keep++, i);
		}
	}
	memset(v->verdict, DP_CONTINUE, v->n);
	v->n = keep;
	v->decided = 0;
}

void tx_flush_one(struct worker *w, struct tx_buf *b)
{
	struct link_counters *c;
	uint32_t i, sent;

	if (unlikely(b->lock != NULL)) {
		rte_spinlock_lock(b->lock);
		sent = rte_eth_tx_burst(b->port_id, b->queue, b->pkt, (uint16_t)b->n);
		rte_spinlock_unlock(b->lock);
	} else {
		sent = rte_eth_tx_burst(b->port_id, b->queue, b->pkt, (uint16_t)b->n);
	}
	w->tx_packets += sent;
	for (i = sent; unlikely(i < b->n); i++) {
		c = &w->area.link[b->out[i]->tx_index];
		c->tx_packets--;
		c->tx_bytes -= b->pkt[i]->pkt_len;
		drop_out(w, b->out[i]->ns, b->out[i], b->pkt[i], DP_DROP_TX_FULL);
	}
	b->n = 0;
}

void tx_flush(struct worker *w)
{
	uint32_t i;

	for (i = 0; i < w->n_dirty; i++) {
		w->dirty[i]->listed = false;
		if (w->dirty[i]->n != 0)
			tx_flush_one(w, w->dirty[i]);
	}
	w->n_dirty = 0;
}
