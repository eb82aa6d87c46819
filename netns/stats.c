/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics: the counters of stats.h, the tenant limit, and netns_stats(), which gathers from the
 * RCU domain, the retire threads, the arena and the operations. Any thread.
 */
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "limbo.h"
#include "ops.h"
#include "rcu.h"
#include "stats.h"
#include "tenant.h"

struct core_stats stats;

int stats_reserve(uint64_t n)
{
	uint64_t old = stats_get(&stats.reserved), max = netns_opts.max_tenants;

	do {
		if (n > max || old > max - n)
			return -ENOSPC;
	} while (!__atomic_compare_exchange_n(&stats.reserved, &old, old + n, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

void stats_unreserve(uint64_t n)
{
	__atomic_fetch_sub(&stats.reserved, n, __ATOMIC_RELAXED);
}

void stats_reset(void)
{
	memset(&stats, 0, sizeof(stats));
	rcu_usage_reset();
}

static void fill_rcu(struct netns_stats *ret)
{
	struct rcu_usage rcu;

	rcu_usage(&rcu);
	ret->grace_periods = rcu.grace_periods;
	ret->gp_last_ns = rcu.gp_last_ns;
	ret->gp_max_ns = rcu.gp_max_ns;
	ret->gp_current_ns = rcu.gp_current_ns;
	ret->readers = rcu.readers;
	if (rcu.slowest[0] == 0)
		return;
	ret->longest_reader_ns = rcu.gp_current_ns;
	memcpy(ret->longest_reader, rcu.slowest, sizeof(ret->longest_reader));
}

void netns_stats(struct netns_stats *ret_stats)
{
	struct arena_usage arena;

	memset(ret_stats, 0, sizeof(*ret_stats));
	/* the later stages of a life first, so that no difference comes out negative */
	ret_stats->destroyed = stats_get(&stats.destroyed);
	ret_stats->dying = stats_get(&stats.retired) - ret_stats->destroyed;
	ret_stats->created = stats_get(&stats.created);
	ret_stats->live = ret_stats->created - ret_stats->destroyed - ret_stats->dying;
	ret_stats->stale_handles = stats_get(&stats.stale_handles);
	ret_stats->leaked = stats_get(&stats.leaked);
	limbo_usage(&ret_stats->backlog_objects, &ret_stats->backlog_bytes,
		    &ret_stats->backlog_age_ns);
	fill_rcu(ret_stats);
	arena_usage(&arena);
	ret_stats->arena_bytes_used = arena.used;
	ret_stats->arena_bytes_reserved = arena.reserved;
	ret_stats->slot_ids = ops_slot_ids();
}
