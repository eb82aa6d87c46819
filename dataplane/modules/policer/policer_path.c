/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datapath of module policer: tokens from the worker's cache, and from the tenant's meter when that
 * is empty.
 */
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/dp_worker.h"
#include "policer.h"

#define TRIES 16u

static inline struct policer_cache *cache_of(const struct dp_worker *w, const struct netns *ns)
{
	return (struct policer_cache *)w->module_data[policer_bit] + ns->index;
}

void policer_prefetch(struct dp_worker *w, struct dp_vec *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		rte_prefetch0(cache_of(w, v->link[i]->ns));
}

/* Tokens of one meter: a chunk, or just what is needed; 0: none. */
static uint64_t refill(struct policer_rate *r, uint64_t now, uint64_t need)
{
	uint64_t chunk = need > r->chunk ? need : r->chunk;

	if (rte_meter_srtcm_color_blind_check(&r->meter, &r->profile, now, (uint32_t)chunk) ==
	    RTE_COLOR_GREEN)
		return chunk;
	if (chunk != need && rte_meter_srtcm_color_blind_check(&r->meter, &r->profile, now,
							       (uint32_t)need) == RTE_COLOR_GREEN)
		return need;
	return 0;
}

/* A worker that meets another one at the meter goes on after a few tries, on credit. */
static bool take_lock(struct policer *p)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++)
		if (rte_spinlock_trylock(&p->lock))
			return true;
	return false;
}

static bool more(struct policer *p, struct policer_cache *c, uint64_t now, uint32_t len)
{
	if (!take_lock(p))
		return c->bytes > -(int64_t)p->bytes.chunk &&
		       c->packets > -(int64_t)p->packets.chunk;
	if (p->bytes.rate != 0 && c->bytes < (int64_t)len)
		c->bytes += (int64_t)refill(&p->bytes, now, (uint64_t)((int64_t)len - c->bytes));
	if (p->packets.rate != 0 && c->packets < 1)
		c->packets += (int64_t)refill(&p->packets, now, (uint64_t)(1 - c->packets));
	rte_spinlock_unlock(&p->lock);
	return (p->bytes.rate == 0 || c->bytes >= (int64_t)len) &&
	       (p->packets.rate == 0 || c->packets >= 1);
}

void policer_process(struct dp_worker *w, struct dp_vec *v)
{
	struct policer_cache *c;
	struct policer *p;
	uint32_t i, len;

	for (i = 0; i < v->n; i++) {
		p = policer_of(v->link[i]->ns);
		if (p == NULL)
			continue;
		c = cache_of(w, v->link[i]->ns);
		len = v->pkt[i]->pkt_len;
		if (((p->bytes.rate != 0 && c->bytes < (int64_t)len) ||
		     (p->packets.rate != 0 && c->packets < 1)) &&
		    !more(p, c, w->now_tsc, len)) {
			dp_vec_drop(v, i, DP_DROP_POLICER);
			continue;
		}
		if (p->bytes.rate != 0)
			c->bytes -= len;
		if (p->packets.rate != 0)
			c->packets--;
	}
}
