/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of tenants' lives, changed once a batch where there is one. Relaxed: they are read for
 * reports and bounds only, and order nothing.
 */
#ifndef NETNS_STATS_H
#define NETNS_STATS_H

#include <stdint.h>

struct core_stats {
	/* w:creators */
	uint64_t reserved __attribute__((aligned(64))); /* tenants, setup and dying included */
	uint64_t created;
	/* w:whoever puts the last reference */
	uint64_t retired __attribute__((aligned(64)));
	/* w:retire threads */
	uint64_t reclaimed __attribute__((aligned(64))); /* their cleanup is complete */
	uint64_t destroyed;                              /* their memory is free */
	uint64_t leaked;
	uint64_t stale_handles; /* w:lookups that miss */
} __attribute__((aligned(64)));

extern struct core_stats stats;

static inline void stats_add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static inline uint64_t stats_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Counts @n tenants to be, or none. Errors: -ENOSPC beyond netns_options.max_tenants */
int stats_reserve(uint64_t n);
void stats_unreserve(uint64_t n);
void stats_reset(void);

#endif /* NETNS_STATS_H */
