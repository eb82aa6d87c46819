/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cleanup batches that meet registrations half way.
 */
#include <criterion/criterion.h>
#include <time.h>

#include "netns/netns.h"

#define TENANTS 6u

static struct netns *ns[TENANTS];
static unsigned int id = ~0u;
static unsigned int pre_exits, exits, own_exits; /* w:retire or unregistering thread */

static void count_own_exit(struct netns *dead)
{
	(void)dead;
	__atomic_fetch_add(&own_exits, 1, __ATOMIC_SEQ_CST);
}

/* The first one puts everybody, and gives the retire thread time to take them as a batch. */
static void put_all(struct netns *first)
{
	struct timespec calm = { .tv_nsec = 30000000 };

	(void)first;
	if (pre_exits++ != 0)
		return;
	netns_put_many(ns, TENANTS);
	nanosleep(&calm, NULL);
}

static void count_exit(struct netns *dead)
{
	cr_assert_not_null(netns_generic(dead, id));
	exits++;
}

static struct netns_ops stays = { .name = "stays", .exit = count_own_exit };
static struct netns_ops leaves = {
	.name = "leaves",
	.pre_exit = put_all,
	.exit = count_exit,
	.id = &id,
	.size = 64,
};

Test(reclaim, unregistering_exits_tenants_that_a_batch_waits_for)
{
	cr_assert_eq(netns_lib_init(NULL), 0);
	cr_assert_eq(netns_subsys_register(&stays), 0);
	cr_assert_eq(netns_subsys_register(&leaves), 0);
	cr_assert_eq(netns_create_many(NULL, TENANTS, ns), 0);
	cr_assert_eq(netns_subsys_unregister(&leaves), 0);
	cr_assert_eq(pre_exits, TENANTS + 1, "%u", pre_exits);
	cr_assert_eq(exits, TENANTS + 1, "%u", exits);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(own_exits, TENANTS, "%u", own_exits);
	cr_assert_eq(netns_subsys_unregister(&stays), 0);
	cr_assert_eq(own_exits, TENANTS + 1);
	cr_assert_eq(netns_lib_fini(), 0);
}
