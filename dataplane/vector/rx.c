/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Receiving: several bursts of one or more queues fill a vector, which then runs. Datapath, called
 * once per loop by worker.c.
 */
#include <rte_branch_prediction.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "worker.h"

static void vec_reset(struct dp_vec *v)
{
	v->n = 0;
	v->decided = 0;
	v->features_and = ~0ull;
	v->features_or = 0;
}

/* Bursts of one queue until the vector is full or the queue empty. */
static void fill(struct worker *w, struct dp_vec *v, const struct rxq *q)
{
	uint32_t i, n;

	while (v->n + BURST <= w->vector) {
		n = rte_eth_rx_burst(q->port_id, q->queue, v->pkt + v->n, BURST);
		for (i = 0; i < n; i++)
			rte_prefetch0(rte_pktmbuf_mtod(v->pkt[v->n + i], const void *));
		v->n += n;
		if (n < BURST)
			break;
	}
}

unsigned int rx_round(struct worker *w)
{
	/* pairs with the release in port_publish(): queues are set up before they are polled */
	const struct rxq_list *list = __atomic_load_n(&w->rxqs, __ATOMIC_ACQUIRE);
	struct stat_row *rx = &w->stat[STAT_RX], *cl = &w->stat[STAT_CLASSIFY];
	struct dp_vec *v = &w->vec;
	uint64_t t0, t1, t2 = rte_rdtsc();
	uint32_t i, from, n, total = 0;

	vec_reset(v);
	for (i = 0; i < list->n; i++) {
		from = v->n;
		t0 = t2;
		fill(w, v, &list->q[i]);
		t1 = rte_rdtsc();
		t2 = t1;
		n = v->n - from;
		rx->calls++;
		if (n == 0)
			continue;
		classify(w, v, &list->q[i], from, v->n);
		t2 = rte_rdtsc();
		rx->packets += n;
		rx->cycles += t1 - t0;
		cl->calls++;
		cl->packets += n;
		cl->cycles += t2 - t1;
		total += n;
		if (v->n + BURST > w->vector) {
			pipeline_run(w, v);
			vec_reset(v);
			t2 = rte_rdtsc();
		}
	}
	if (v->n != 0)
		pipeline_run(w, v);
	w->rx_packets += total;
	return total;
}
