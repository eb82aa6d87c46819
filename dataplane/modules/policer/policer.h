/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Module "policer": a limit on what a tenant may bring in, in packets and bits a second. One meter
 * (rte_meter) a tenant, from which each worker takes tokens in chunks into a cache of its own, so
 * that the shared line is touched once in many packets. What exceeds the rate is dropped.
 * Parameters: "packets=N", "bits=N" (a second, with k, M, G), "burst=MS" (default 10).
 */
#ifndef POLICER_H
#define POLICER_H

#include <stdint.h>

#include <rte_meter.h>
#include <rte_spinlock.h>

#include "dataplane/dp_module.h"

/** struct policer_rate - one kind of tokens: bytes, or packets */
struct policer_rate {
	struct rte_meter_srtcm meter; /* lock */
	struct rte_meter_srtcm_profile profile;
	uint64_t rate, burst, chunk; /* a second, at most, a worker takes at once; 0: no limit */
};

/** struct policer - a tenant's meters; const but for the meters' state */
struct policer {
	rte_spinlock_t lock; /* among workers; held for a few dozen cycles, never waited for long */
	struct policer_rate bytes __attribute__((aligned(64)));
	struct policer_rate packets;
};

/** struct policer_cache - a tenant's tokens on one worker; w:worker */
struct policer_cache {
	int64_t bytes, packets; /* may be owed: below zero by less than a chunk */
};

extern const struct dp_module policer_module;
extern unsigned int policer_id, policer_bit;

static inline struct policer *policer_of(const struct netns *ns)
{
	return (struct policer *)(uintptr_t)netns_value(ns, policer_id);
}

/* policer_path.c */
void policer_prefetch(struct dp_worker *w, struct dp_vec *v);
void policer_process(struct dp_worker *w, struct dp_vec *v);

#endif /* POLICER_H */
