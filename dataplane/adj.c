/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The adjacency table: one reservation of address space, filled in by use. Freed indexes wait for a
 * grace period in a list of their own, in batches that need no memory, so freeing cannot fail.
 * Control side. Lock: adj_lock, innermost.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "adj.h"
#include "dp_drop.h"
#include "dp_link.h"
#include "netns/fault.h"
#include "netns/rcu.h"

struct dp_adj *dp_adj_base;

static struct netns_mutex adj_lock = NETNS_MUTEX_INIT;
static uint32_t *next_free; /* list links, beside the table: readers may still use the entry */
static uint32_t adj_max, adj_used;   /* entries; adj_used: first one never given out */
static uint32_t ready, fresh, waits; /* heads of lists: reusable, just freed, in a grace period */
static bool in_flight;
static struct netns_defer adj_defer;

static void *reserve(size_t bytes)
{
	void *p;

	if (fault_alloc())
		return NULL;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		 -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

int adj_init(uint32_t max)
{
	dp_adj_base = reserve((size_t)max * sizeof(*dp_adj_base));
	next_free = reserve((size_t)max * sizeof(*next_free));
	adj_max = max;
	adj_used = 1; /* 0 drops with no-route */
	ready = fresh = waits = 0;
	if (dp_adj_base == NULL || next_free == NULL) {
		adj_fini();
		return -ENOMEM;
	}
	madvise(dp_adj_base, (size_t)max * sizeof(*dp_adj_base), MADV_HUGEPAGE);
	dp_adj_base[0].kind = DP_ADJ_DROP;
	dp_adj_base[0].arg = DP_DROP_IP_NO_ROUTE;
	return 0;
}

void adj_fini(void)
{
	if (dp_adj_base != NULL)
		munmap(dp_adj_base, (size_t)adj_max * sizeof(*dp_adj_base));
	if (next_free != NULL)
		munmap(next_free, (size_t)adj_max * sizeof(*next_free));
	dp_adj_base = NULL;
	next_free = NULL;
}

int dp_adj_alloc(uint32_t *ret_index)
{
	uint32_t index = 0, generation;
	struct dp_adj *adj;

	netns_mutex_lock(&adj_lock);
	if (ready != 0) {
		index = ready;
		ready = next_free[index];
	} else if (adj_used < adj_max) {
		index = adj_used++;
	}
	netns_mutex_unlock(&adj_lock);
	if (index == 0)
		return -ENOMEM;
	adj = &dp_adj_base[index];
	generation = adj->generation + 1;
	memset(adj, 0, sizeof(*adj));
	adj->generation = generation;
	*ret_index = index;
	return 0;
}

static void batch_done(struct netns_defer *defer);

/* With adj_lock held: what is in the fresh list starts to wait. */
static void batch_start(void)
{
	if (in_flight || fresh == 0)
		return;
	waits = fresh;
	fresh = 0;
	in_flight = true;
	netns_defer(&adj_defer, batch_done, 0);
}

static void batch_done(struct netns_defer *defer)
{
	uint32_t last;

	(void)defer;
	netns_mutex_lock(&adj_lock);
	for (last = waits; next_free[last] != 0; last = next_free[last])
		;
	next_free[last] = ready;
	ready = waits;
	in_flight = false;
	batch_start();
	netns_mutex_unlock(&adj_lock);
}

void dp_adj_free(uint32_t index)
{
	netns_mutex_lock(&adj_lock);
	next_free[index] = fresh;
	fresh = index;
	batch_start();
	netns_mutex_unlock(&adj_lock);
}

void dp_adj_fill(struct dp_adj *adj, const struct dp_link *link, const uint8_t dst[6],
		 uint16_t ether_type)
{
	uint8_t *end = adj->hdr + ADJ_HDR, kind;

	end[-2] = (uint8_t)(ether_type >> 8);
	end[-1] = (uint8_t)ether_type;
	end -= 2 + link->tx_encap;
	memcpy(end, &link->tag_bytes, link->tx_encap);
	memcpy(end - 6, link->mac, 6);
	memcpy(end - 12, dst, 6);
	adj->hdr_len = (uint8_t)(14 + link->tx_encap);
	adj->port_id = link->port_id;
	adj->link_index = link->index;
	adj->link = link;
	if (adj->mtu == 0)
		adj->mtu = link->mtu;
	kind = link->tx_kind == DP_TX_PORT ? DP_ADJ_REWRITE : DP_ADJ_TUNNEL;
	/* pairs with the acquire (or the dependency through the FIB) of who reads kind */
	__atomic_store_n(&adj->kind, kind, __ATOMIC_RELEASE);
}
