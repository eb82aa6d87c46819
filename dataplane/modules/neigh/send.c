/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the neighbour thread back to a worker: requests that it made, and the packets that waited.
 * A parcel is filled here, posted, used by the worker between two bursts, marked done, and freed
 * here again, so that workers never allocate or free it. Under neigh_lock but for the worker's
 * part.
 *
 * Nothing in a parcel is a pointer that could go stale: tenant by handle, link by index and
 * generation, adjacency by index and generation; what does not resolve is a counted drop.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/dp.h"
#include "internal.h"

/** struct parcel - packets for one link or adjacency, or to be dropped */
struct parcel {
	struct parcel *next; /* of all that are posted */
	uint64_t ns_handle;
	uint32_t link_index, link_generation;
	uint32_t adj, adj_generation; /* adj 0: whole frames for the link */
	uint32_t n;
	uint8_t drop; /* enum dp_drop, where is_drop */
	bool is_drop;
	bool unreach; /* tell the senders: host unreachable */
	bool done;    /* atomic; w:worker r:neigh thread */
	struct rte_mbuf *m[];
};

static struct parcel *posted;             /* guarded by neigh_lock */
static neigh_unreachable_fn *unreachable; /* w:init r:worker */

void neigh_unreachable_set(neigh_unreachable_fn *fn)
{
	unreachable = fn;
}

static void deliver_one(struct dp_worker *w, const struct parcel *p, struct rte_mbuf *m)
{
	struct netns *ns = netns_resolve(p->ns_handle);
	const struct dp_link *link;
	const struct dp_adj *adj;

	if (p->is_drop || !ns) {
		link = ns && p->unreach ? dp_link_by_index(p->link_index, p->link_generation)
					: NULL;
		if (link && link->ns == ns && unreachable)
			unreachable(w, link, m);
		dp_drop_stolen(w, p->ns_handle, m, ns ? p->drop : DP_DROP_STALE_HANDLE);
		return;
	}
	if (p->adj == 0) {
		link = dp_link_by_index(p->link_index, p->link_generation);
		if (link && link->ns == ns)
			dp_send(w, link, m);
		else
			rte_pktmbuf_free(m);
		return;
	}
	adj = dp_adj_at(p->adj);
	if (__atomic_load_n(&adj->generation, __ATOMIC_ACQUIRE) != p->adj_generation) {
		dp_drop_stolen(w, p->ns_handle, m, DP_DROP_STALE_HANDLE);
		return;
	}
	dp_count_unsteal(w, ns);
	dp_send_adj(w, adj, m);
}

static void deliver(struct dp_worker *w, void *arg)
{
	struct parcel *p = arg;
	uint32_t i;

	for (i = 0; i < p->n; i++)
		deliver_one(w, p, p->m[i]);
	/* pairs with the acquire in neigh_reap_posted() */
	__atomic_store_n(&p->done, true, __ATOMIC_RELEASE);
}

static struct parcel *parcel_new(uint64_t ns_handle, uint32_t n)
{
	struct parcel *p = calloc(1, sizeof(*p) + n * sizeof(p->m[0]));

	if (p)
		p->ns_handle = ns_handle;
	return p;
}

/* The worker's queue is full: nothing waits for it, the packets are dropped uncounted but freed. */
static void post(struct parcel *p)
{
	uint32_t i;

	if (dp_worker_post(0, deliver, p) == 0) {
		p->next = posted;
		posted = p;
		return;
	}
	for (i = 0; i < p->n; i++)
		rte_pktmbuf_free(p->m[i]);
	free(p);
}

void neigh_reap_posted(void)
{
	struct parcel **at = &posted, *p;

	while ((p = *at)) {
		if (!__atomic_load_n(&p->done, __ATOMIC_ACQUIRE)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		free(p);
	}
}

void neigh_send_frame(const struct dp_link *link, struct rte_mbuf *m)
{
	struct parcel *p = parcel_new(link->ns->handle, 1);

	if (!p) {
		rte_pktmbuf_free(m);
		return;
	}
	p->link_index = link->index;
	p->link_generation = link->generation;
	p->m[p->n++] = m;
	post(p);
}

void neigh_drop_packet(uint64_t ns_handle, struct rte_mbuf *m, enum dp_drop reason)
{
	struct parcel *p = parcel_new(ns_handle, 1);

	if (!p) {
		rte_pktmbuf_free(m);
		return;
	}
	p->is_drop = true;
	p->drop = (uint8_t)reason;
	p->m[p->n++] = m;
	post(p);
}

void neigh_enqueue(struct neigh *n, struct rte_mbuf *m)
{
	if (!n->queue) {
		n->queue = parcel_new(n->ns->handle, NEIGH_QUEUE_MAX);
		if (!n->queue) {
			rte_pktmbuf_free(m);
			return;
		}
	}
	if (n->queue->n == NEIGH_QUEUE_MAX) { /* the oldest goes, as in Linux */
		neigh_drop_packet(n->ns->handle, n->queue->m[0], DP_DROP_NEIGH_QUEUE);
		memmove(&n->queue->m[0], &n->queue->m[1],
			(NEIGH_QUEUE_MAX - 1) * sizeof(n->queue->m[0]));
		n->queue->n--;
	}
	n->queue->m[n->queue->n++] = m;
	if (dp_adj_at(n->adj)->kind != DP_ADJ_NEIGH)
		neigh_send_queue(n); /* it became known while the packet was on its way here */
}

void neigh_send_queue(struct neigh *n)
{
	struct parcel *p = n->queue;

	if (!p)
		return;
	n->queue = NULL;
	p->adj = n->adj;
	p->adj_generation = __atomic_load_n(&dp_adj_at(n->adj)->generation, __ATOMIC_RELAXED);
	post(p);
}

void neigh_drop_queue(struct neigh *n, bool answer)
{
	struct parcel *p = n->queue;

	if (!p)
		return;
	n->queue = NULL;
	p->is_drop = true;
	p->drop = DP_DROP_NEIGH_FAILED;
	p->unreach = answer;
	p->link_index = n->link_index;
	p->link_generation = n->link->generation;
	post(p);
}
