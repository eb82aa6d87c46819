/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accounting: what each worker counts for links and tenants, without sharing a line with another.
 *
 * Four areas a worker, reserved without memory behind them and filled in by use:
 *   link counters  32 bytes a link index: packets and bytes, rx and tx; prefaulted by control
 *   link drops     16 bytes a link index, touched by drops only
 *   blocks         512 bytes a tenant index: drops by reason and the words below; a page of it
 *                  exists only once a tenant in it dropped, made or kept a packet
 *   cycles         8 bytes a tenant index, sampled
 *
 * Conservation, exact for each worker between two bursts, hence for sums of all workers:
 *   tenant:  rx + made = tx + sum of drops + kept + moved
 *   worker:  the same, summed over tenants; and rx from devices = rx of port links' tenants, tx =
 * tx where rx and tx are those of the tenant's links (a stacked link counts on itself only, not on
 * its parent), plus those of links that left the tenant (GONE words); made: sent by dp_send() and
 * the like; kept: stolen and not yet sent or dropped; moved: left the tenant other than through a
 * link (decapsulated, re-entered elsewhere), the receiving link counts it as rx. A packet over a
 * pair is tx of one end and rx of the other. A frame that has no link counts on the port's own
 * link.
 */
#ifndef DP_ACCOUNT_H
#define DP_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dp_link.h"

/* Words behind the drop reasons in a tenant's block. GONE_*: w:control r:control; others w:worker.
 */
enum account_word {
	ACCOUNT_GONE_RX_PACKETS = 56,
	ACCOUNT_GONE_RX_BYTES,
	ACCOUNT_GONE_TX_PACKETS,
	ACCOUNT_GONE_TX_BYTES,
	ACCOUNT_MADE,
	ACCOUNT_KEPT, /* wraps below zero when one worker keeps and another lets go */
	ACCOUNT_MOVED,
	ACCOUNT_SPARE,
	ACCOUNT_WORDS,
};

static_assert(ACCOUNT_WORDS == 64, "a tenant's block is 512 bytes");

/** struct account_block - one tenant on one worker */
struct account_block {
	uint64_t word[ACCOUNT_WORDS];
} __attribute__((aligned(64)));

/** struct link_counters - one link on one worker; w:worker r:control */
struct link_counters {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};

static_assert(sizeof(struct link_counters) == 32, "two links a line");

/** struct link_drops - one link on one worker; w:worker r:control */
struct link_drops {
	uint64_t rx, tx;
};

/** struct account_area - one worker's areas; bases are const after account_init() */
struct account_area {
	struct link_counters *link;    /* [link index] */
	struct account_block *block;   /* [tenant index] */
	struct link_drops *link_drops; /* [link index] */
	uint64_t *cycles;              /* [tenant index] TSC cycles, sampled */
	uint8_t *touched; /* [tenant index] w:worker sets, control clears when the tenant is gone */
};

extern struct account_area *account_areas; /* [worker index] */
extern unsigned int account_workers;

int account_init(unsigned int workers, uint32_t max_tenants, uint32_t max_links);
void account_fini(void);

/* A link index is about to be used: its counters are zeroed and have pages. Control. */
void account_link_begin(uint32_t index);
/* Sum over workers since account_link_begin(). Any thread. */
void account_link_sum(uint32_t index, struct link_counters *ret_sum);
void account_link_drops(uint32_t index, struct link_drops *ret_sum);
/* @index's link left tenant @ns_index for good: no worker counts on it any more. */
void account_link_gone(uint32_t index, uint32_t ns_index);
/* A tenant's index is free for reuse: no worker counts on it any more. */
void account_tenant_end(uint32_t ns_index);

static inline void account_add(const struct account_area *a, const struct netns *ns,
			       unsigned int word, uint64_t n)
{
	uint64_t *p = &a->block[ns->index].word[word];

	a->touched[ns->index] = 1;
	/* single writer; atomic only so that control may read it at any time */
	__atomic_store_n(p, *p + n, __ATOMIC_RELAXED);
}

static inline uint64_t account_read(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

#endif /* DP_ACCOUNT_H */
