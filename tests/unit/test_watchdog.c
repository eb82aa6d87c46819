/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The watchdog names who is slow: a reader that holds a grace period, an exit that does not end, a
 * tenant that does not die. And it names nobody else.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

enum { A };

static int do_synchronize(void *arg)
{
	netns_synchronize();
	return 0;
}

Test(watchdog, a_reader_that_holds_a_grace_period_is_named, .timeout = 20)
{
	struct reader slow = { 0 }, good = { 0 }, away = { 0 };
	struct call c;

	test_options.watchdog_ms = 30;
	lib_up();
	reader_start(&good, "good-lcore");
	reader_start(&away, "away-lcore");
	reader_start(&slow, "slow-lcore");
	reader_away(&away);
	reader_hold(&slow);
	call_start(&c, do_synchronize, NULL);
	cr_assert(log_wait("slow-lcore"), "the log is:\n%s", log_text());
	cr_assert_eq(log_count("good-lcore"), 0, "%s", log_text());
	cr_assert_eq(log_count("away-lcore"), 0, "%s", log_text());
	reader_run(&slow);
	cr_assert_eq(call_join(&c), 0);
	reader_end(&slow);
	reader_end(&away);
	reader_end(&good);
	lib_down();
}

Test(watchdog, a_reader_that_holds_nothing_up_is_not_named, .timeout = 20)
{
	struct reader r = { 0 };
	uint32_t never = 0;

	test_options.watchdog_ms = 10;
	lib_up();
	reader_start(&r, "idle-lcore");
	reader_hold(&r); /* online, but nobody waits for a grace period */
	cr_assert_not(wait_u32(&never, 1, 100));
	cr_assert_eq(log_count("idle-lcore"), 0, "%s", log_text());
	reader_run(&r);
	reader_end(&r);
	lib_down();
}

static uint32_t may_end;

static void stuck(struct netns *ns)
{
	wait_u32(&may_end, 1, WAIT_MS);
}

static void stuck_batch(struct netns_batch *batch)
{
	wait_u32(&may_end, 1, WAIT_MS);
}

static void expect_named(void)
{
	netns_put(tenant("slow-tenant"));
	cr_assert(log_wait("rec-0"), "the operation is not named:\n%s", log_text());
	set_u32(&may_end, 1);
	settle();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static void start_with_a(void)
{
	test_options.watchdog_ms = 30;
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
}

Test(watchdog, a_stuck_exit_is_named, .timeout = 20)
{
	start_with_a();
	rec[A].on_exit = stuck;
	expect_named();
}

Test(watchdog, a_stuck_pre_exit_is_named, .timeout = 20)
{
	start_with_a();
	rec[A].on_pre_exit = stuck;
	expect_named();
}

Test(watchdog, a_stuck_exit_batch_is_named, .timeout = 20)
{
	start_with_a();
	rec[A].on_batch = stuck_batch;
	expect_named();
}

static int unregister_a(void *arg)
{
	return netns_subsys_unregister(&rec[A].ops);
}

Test(watchdog, a_stuck_exit_of_unregistering_is_named, .timeout = 20)
{
	struct call c;

	start_with_a();
	rec[A].on_exit = stuck;
	call_start(&c, unregister_a, NULL);
	cr_assert(log_wait("rec-0"), "the log is:\n%s", log_text());
	set_u32(&may_end, 1);
	cr_assert_eq(call_join(&c), 0);
	lib_down();
}

Test(watchdog, a_tenant_that_stays_dying_is_reported, .timeout = 20)
{
	struct netns *ns, *quick;

	test_options.watchdog_ms = 20;
	test_options.dying_ms = 60;
	lib_up();
	ns = tenant("undead");
	quick = tenant("quick");
	netns_hold(ns);
	netns_put(ns);
	tenant_gone(quick);
	cr_assert(log_wait("undead"), "the log is:\n%s", log_text());
	cr_assert_eq(log_count("quick"), 0, "%s", log_text());
	netns_drop(ns);
	lib_down();
}

Test(watchdog, a_tenant_that_stays_dying_is_reported_with_its_holders, .timeout = 20)
{
	struct netns_ref ref = { 0 };
	struct netns *ns;

	test_options.watchdog_ms = 20;
	test_options.dying_ms = 60;
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	rec[A].on_exit = stuck;
	ns = tenant("undead");
	cr_assert(netns_get_as(ns, &ref, "the-holder"));
	netns_hold(ns);
	netns_put(ns);
	netns_put_ref(&ref);
	cr_assert(log_wait("undead"), "the log is:\n%s", log_text());
	set_u32(&may_end, 1);
	netns_drop(ns);
	settle();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}
