/* SPDX-License-Identifier: BSD-3-Clause */
/* netns_stats(): each field follows what happens. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { A };

Test(stats, live_dying_created_and_destroyed_follow_the_tenants)
{
	struct netns_stats s0, s;
	struct netns *ns[4];

	lib_up();
	netns_stats(&s0);
	cr_assert_eq(s0.live, 1, "the root is live");
	cr_assert_eq(netns_create_many(NULL, 4, ns), 0);
	netns_stats(&s);
	cr_assert_eq(s.live, 5);
	cr_assert_eq(s.created, s0.created + 4);
	cr_assert_eq(s.destroyed, s0.destroyed);
	netns_hold(ns[0]);
	netns_put_many(ns, 4);
	netns_stats(&s);
	cr_assert_eq(s.live, 1);
	cr_assert_geq(s.dying, 1);
	cr_assert_leq(s.dying, 4);
	netns_drop(ns[0]);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(s.destroyed, s0.destroyed + 4);
	cr_assert_eq(s.leaked, 0);
	lib_down();
}

Test(stats, a_failed_creation_was_never_live)
{
	struct netns_stats s0, s;
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	netns_stats(&s0);
	rec[A].fail_nth = 1;
	rec[A].fail_with = -EIO;
	cr_assert_eq(netns_create(NULL, &ns), -EIO);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.live, s0.live);
	cr_assert_eq(s.created - s.destroyed, s0.created - s0.destroyed);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static void free_object(struct netns_defer *defer)
{
	free(defer);
}

static bool reader_is_told(void *arg)
{
	struct netns_stats *s = arg;

	netns_stats(s);
	return s->longest_reader_ns >= 20000000u && s->backlog_age_ns >= 20000000u &&
	       s->gp_current_ns >= 20000000u;
}

Test(stats, the_backlog_and_the_reader_that_holds_it_are_told, .timeout = 20)
{
	struct netns_defer *d[2] = { calloc(1, sizeof(*d[0])), calloc(1, sizeof(*d[1])) };
	struct reader slow = { 0 }, good = { 0 };
	struct netns_stats s;

	cr_assert(d[0] && d[1]);
	lib_up();
	reader_start(&good, "good-lcore");
	reader_start(&slow, "slow-lcore");
	reader_hold(&slow);
	netns_defer(d[0], free_object, 700);
	netns_defer(d[1], free_object, 42);
	netns_put(tenant(NULL));
	cr_assert(wait_for(reader_is_told, &s, WAIT_MS), "reader %lu ns, oldest %lu, gp %lu",
		  s.longest_reader_ns, s.backlog_age_ns, s.gp_current_ns);
	cr_assert_str_eq(s.longest_reader, "slow-lcore");
	cr_assert_eq(s.backlog_objects, 3);
	cr_assert_geq(s.backlog_bytes, 742);
	cr_assert_eq(s.dying, 1);
	cr_assert_eq(s.readers, 2);
	reader_run(&slow);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.backlog_objects, 0);
	cr_assert_eq(s.backlog_bytes, 0);
	cr_assert_eq(s.backlog_age_ns, 0);
	cr_assert_geq(s.gp_max_ns, 20000000u);
	reader_end(&slow);
	reader_end(&good);
	lib_down();
}

Test(stats, a_long_reader_name_is_cut_at_31_bytes, .timeout = 20)
{
	struct reader slow = { 0 };
	struct netns_stats s;

	lib_up();
	reader_start(&slow, "0123456789012345678901234567890123456789");
	reader_hold(&slow);
	netns_put(tenant(NULL));
	cr_assert(wait_for(reader_is_told, &s, WAIT_MS));
	cr_assert_str_eq(s.longest_reader, "0123456789012345678901234567890");
	reader_run(&slow);
	reader_end(&slow);
	lib_down();
}

Test(stats, grace_periods_are_counted_and_timed)
{
	struct netns_stats s0, s;

	lib_up();
	netns_stats(&s0);
	netns_synchronize();
	netns_synchronize();
	netns_stats(&s);
	cr_assert_geq(s.grace_periods, s0.grace_periods + 2);
	cr_assert_leq(s.gp_last_ns, s.gp_max_ns);
	cr_assert_gt(s.gp_max_ns, 0);
	lib_down();
}

Test(stats, stale_handles_are_counted)
{
	struct netns_stats s0, s;
	struct netns *ns;
	uint64_t cookie;
	uint32_t inum;

	lib_up();
	ns = tenant(NULL);
	cookie = netns_cookie(ns);
	inum = netns_inum(ns);
	netns_stats(&s0);
	netns_put(netns_find_by_cookie(cookie));
	netns_put(netns_find_by_inum(inum));
	netns_stats(&s);
	cr_assert_eq(s.stale_handles, s0.stale_handles, "a hit was counted as a miss");
	tenant_gone(ns);
	cr_assert_null(netns_find_by_cookie(cookie));
	cr_assert_null(netns_find_by_inum(inum));
	netns_stats(&s);
	cr_assert_eq(s.stale_handles, s0.stale_handles + 2);
	lib_down();
}

Test(stats, arena_bytes_follow_tenants_and_module_data)
{
	struct netns_stats s0, s1, s;
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 1024)), 0);
	netns_stats(&s0);
	cr_assert_geq(s0.arena_bytes_reserved, s0.arena_bytes_used);
	ns = tenant(NULL);
	netns_stats(&s1);
	cr_assert_geq(s1.arena_bytes_used - s0.arena_bytes_used, sizeof(struct netns) + 1024);
	cr_assert_leq(s1.arena_bytes_used - s0.arena_bytes_used, 1024 + 512,
		      "an empty tenant takes %lu bytes",
		      s1.arena_bytes_used - s0.arena_bytes_used - 1024);
	tenant_gone(ns);
	netns_stats(&s);
	cr_assert_eq(s.arena_bytes_used, s0.arena_bytes_used);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(stats, slot_ids_and_readers_follow)
{
	struct netns_stats s;
	struct reader r = { 0 };

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 0)), 0);
	netns_stats(&s);
	cr_assert_eq(s.slot_ids, 0, "operations without data take no slot");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	netns_stats(&s);
	cr_assert_eq(s.slot_ids, 1);
	cr_assert_eq(s.readers, 0);
	reader_start(&r, "one");
	netns_stats(&s);
	cr_assert_eq(s.readers, 1);
	reader_end(&r);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	netns_stats(&s);
	cr_assert_eq(s.slot_ids, 0);
	cr_assert_eq(s.readers, 0);
	lib_down();
}
