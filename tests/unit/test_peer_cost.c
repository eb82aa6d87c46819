/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What peer ids cost does not follow the number of tenants: neither a lookup in either direction,
 * nor the cleanup of a dying tenant. Each figure is the best of many rounds, and what follows the
 * number would be a thousand times slower, so bounds of ten times hold on a busy machine.
 */
#include <criterion/criterion.h>

#include <time.h>

#include "netns/tenant.h"
#include "support.h"

enum { FEW = 16, MANY = 20000, ROUNDS = 200, LOOKUPS = 64, TIMES = 10 };

static struct netns *others[MANY];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Best time of one round of @fn, ns. */
static uint64_t best(void (*fn)(unsigned int n), unsigned int n)
{
	uint64_t begin, took, least = UINT64_MAX;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		begin = now_ns();
		fn(n);
		took = now_ns() - begin;
		if (took < least)
			least = took;
	}
	return least;
}

/* More tenants, up to @n: each has an id in the root, and the root has one in each. */
static void fill_up_to(unsigned int n)
{
	static unsigned int have;

	for (; have < n; have++) {
		others[have] = tenant(NULL);
		cr_assert_eq(netns_peer_id_alloc(netns_init_ns(), others[have], (int)have, NULL),
			     0);
		cr_assert_eq(netns_peer_id_alloc(others[have], netns_init_ns(), -1, NULL), 0);
	}
}

static void look_up_ids(unsigned int n)
{
	unsigned int i, found = 0;

	for (i = n - FEW; i < n - FEW + LOOKUPS; i++)
		found += netns_peer_id(netns_init_ns(), others[i % n]) == (int)(i % n);
	cr_assert_eq(found, LOOKUPS);
}

static void look_up_peers(unsigned int n)
{
	unsigned int i, found = 0;
	struct netns *ns;

	for (i = n - FEW; i < n - FEW + LOOKUPS; i++) {
		ns = netns_peer_by_id(netns_init_ns(), (int)(i % n));
		found += ns == others[i % n];
		netns_put(ns);
	}
	cr_assert_eq(found, LOOKUPS);
}

static struct netns *dying;
static uint64_t least_cleanup;

/* The cleanup of 2 * FEW links alone, without the grace period and the threads around it. */
static void clean_up(unsigned int n)
{
	uint64_t begin, took;
	unsigned int i;

	for (i = n - FEW; i < n; i++) {
		cr_assert_eq(netns_peer_id_alloc(dying, others[i], -1, NULL), 0);
		cr_assert_eq(netns_peer_id_alloc(others[i], dying, -1, NULL), 0);
	}
	begin = now_ns();
	peer_cleanup_batch(tenant_of(dying));
	took = now_ns() - begin;
	if (took < least_cleanup)
		least_cleanup = took;
	cr_assert_eq(netns_peer_id(others[n - 1], dying), NETNS_PEER_ID_NONE);
}

static uint64_t best_cleanup(unsigned int n)
{
	least_cleanup = UINT64_MAX;
	(void)best(clean_up, n);
	return least_cleanup;
}

Test(peer_cost, lookups_do_not_follow_the_number_of_ids)
{
	uint64_t ids, peers;

	test_options.max_tenants = 2 * MANY;
	lib_up();
	fill_up_to(FEW);
	ids = best(look_up_ids, FEW);
	peers = best(look_up_peers, FEW);
	fill_up_to(MANY);
	cr_assert_lt(best(look_up_ids, MANY), TIMES * ids);
	cr_assert_lt(best(look_up_peers, MANY), TIMES * peers);
	netns_put_many(others, MANY);
	settle();
	lib_down();
}

Test(peer_cost, cleanup_follows_the_links_and_not_the_tenants)
{
	uint64_t few, many;

	test_options.max_tenants = 2 * MANY;
	lib_up();
	dying = tenant("dying");
	fill_up_to(FEW);
	few = best_cleanup(FEW);
	fill_up_to(MANY);
	many = best_cleanup(MANY);
	cr_assert_lt(many, TIMES * few, "%lu ns, %lu ns with few", many, few);
	netns_put_many(others, MANY);
	tenant_gone(dying);
	lib_down();
}
