/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Created faster than destroyed must not exhaust memory: the backlog is bounded in objects and in
 * bytes, creation waits a little for it and then says -EAGAIN, and all is well once the reader that
 * held it moves on.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { A, B };

#define BOUND       16u
#define THROTTLE_MS 20u

static void bounded_lib_up(void)
{
	test_options.max_backlog = BOUND;
	if (test_options.throttle_ms == 0)
		test_options.throttle_ms = THROTTLE_MS;
	test_options.watchdog_ms = 30;
	lib_up();
}

/* Creates and puts until refused; how many went through. */
static unsigned int churn_until_refused(unsigned int at_most)
{
	unsigned int n;

	for (n = 0; n < at_most; n++) {
		struct netns *ns = NULL;
		int ret = netns_create(NULL, &ns);

		if (ret == -EAGAIN) {
			cr_assert_null(ns);
			return n;
		}
		cr_assert_eq(ret, 0, "%d", ret);
		netns_put(ns);
	}
	return n;
}

static bool creation_works(void *arg)
{
	struct netns *ns;

	if (netns_create(NULL, &ns) != 0)
		return false;
	netns_put(ns);
	return true;
}

Test(backlog, a_stopped_reader_makes_creation_say_eagain_at_the_bound, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns_stats s;
	unsigned int n;
	uint64_t begin;

	bounded_lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	n = churn_until_refused(BOUND * 10);
	cr_assert_leq(n, BOUND + 2, "%u tenants went through a bound of %u", n, BOUND);
	cr_assert_geq(n, BOUND / 2, "refused after %u already", n);
	netns_stats(&s);
	cr_assert_leq(s.backlog_objects, BOUND + 2);
	cr_assert_eq(s.dying, n);
	cr_assert_geq(s.backlog_objects, n);
	/* refused again, after the wait that was asked for and not much more */
	begin = now_ms();
	cr_assert_eq(churn_until_refused(1), 0);
	cr_assert_geq(now_ms() - begin, THROTTLE_MS - 2, "gave up after %lu ms", now_ms() - begin);
	cr_assert_lt(now_ms() - begin, 2000);
	cr_assert(log_wait("stopped-lcore"), "the watchdog is silent:\n%s", log_text());
	reader_run(&r);
	cr_assert(wait_for(creation_works, NULL, WAIT_MS), "no recovery");
	settle();
	netns_stats(&s);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(s.backlog_objects, 0);
	reader_end(&r);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(backlog, a_batch_is_refused_as_a_whole, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns *ns[4] = { 0 };

	bounded_lib_up();
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	cr_assert_leq(churn_until_refused(BOUND * 10), BOUND + 2);
	cr_assert_eq(netns_create_many(NULL, 4, ns), -EAGAIN);
	cr_assert_null(ns[0]);
	reader_run(&r);
	settle();
	cr_assert_eq(netns_create_many(NULL, 4, ns), 0);
	netns_put_many(ns, 4);
	reader_end(&r);
	lib_down();
}

Test(backlog, refused_creations_leave_nothing, .timeout = 20)
{
	struct netns_config config = { .name = "blue", .owner_uid = 1001 };
	struct reader r = { 0 };
	struct census before;
	struct netns *ns = NULL;

	test_options.max_tenants_per_owner = 1;
	bounded_lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	census_take(&before);
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	while (netns_create(&(struct netns_config){ .owner_uid = 2000 + rec[A].inits }, &ns) == 0)
		netns_put(ns);
	cr_assert_eq(netns_create(&config, &ns), -EAGAIN);
	cr_assert_eq(netns_create(&config, &ns), -EAGAIN);
	reader_run(&r);
	reader_end(&r);
	settle();
	cr_assert_eq(netns_create(&config, &ns), 0, "name or owner's place was eaten");
	tenant_gone(ns);
	census_expect(&before, "after refusals");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static void free_object(struct netns_defer *defer)
{
	free(defer);
}

static void defer_bytes(size_t bytes)
{
	struct netns_defer *d = calloc(1, sizeof(*d));

	cr_assert_not_null(d);
	netns_defer(d, free_object, bytes);
}

Test(backlog, deferred_bytes_are_bounded_too, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns_stats s;
	struct netns *ns = NULL;

	test_options.max_backlog_bytes = 1u << 20;
	bounded_lib_up();
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	defer_bytes(1000);
	netns_stats(&s);
	cr_assert_eq(s.backlog_objects, 1);
	cr_assert_eq(s.backlog_bytes, 1000);
	cr_assert_eq(netns_throttle(), 0, "throttled far below the bound");
	defer_bytes(2u << 20);
	cr_assert_eq(netns_throttle(), -EAGAIN);
	cr_assert_eq(netns_create(NULL, &ns), -EAGAIN, "creation ignores deferred bytes");
	cr_assert_null(ns);
	reader_run(&r);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.backlog_bytes, 0);
	cr_assert_eq(netns_throttle(), 0);
	cr_assert_eq(netns_create(NULL, &ns), 0);
	tenant_gone(ns);
	reader_end(&r);
	lib_down();
}

Test(backlog, what_is_charged_to_the_dying_counts, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns_stats s;
	struct netns *ns[2];
	void *ptr;

	test_options.max_backlog_bytes = 64u << 10;
	bounded_lib_up();
	cr_assert_eq(netns_create_many(NULL, 2, ns), 0);
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	ptr = netns_mem_alloc(ns[0], 128u << 10);
	cr_assert_not_null(ptr);
	netns_mem_free(ns[0], ptr, 128u << 10);
	netns_put(ns[0]);
	netns_stats(&s);
	cr_assert_gt(s.backlog_bytes, 0);
	cr_assert_leq(s.backlog_bytes, 4096);
	cr_assert_eq(netns_throttle(), 0, "throttled by a small tenant");
	/* a leak, so that it is still charged: what a module would free in exit */
	cr_assert_eq(netns_charge(ns[1], NETNS_QUOTA_BYTES, 128u << 10), 0);
	netns_put_many(&ns[1], 1);
	netns_stats(&s);
	cr_assert_gt(s.backlog_bytes, 128u << 10);
	cr_assert_eq(netns_throttle(), -EAGAIN, "a large tenant counts for nothing");
	netns_uncharge(ns[1], NETNS_QUOTA_BYTES, 128u << 10);
	reader_run(&r);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.backlog_bytes, 0);
	cr_assert_eq(netns_throttle(), 0);
	reader_end(&r);
	lib_down();
}

Test(backlog, renaming_does_not_outrun_a_stopped_reader, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns_stats s;
	struct netns *ns;
	unsigned int i;
	int ret = 0;

	test_options.max_backlog_bytes = 4096;
	bounded_lib_up();
	ns = tenant("a");
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	for (i = 0; i < 1000 && ret == 0; i++)
		ret = netns_name_set(ns, i % 2 != 0 ? "a" : "b");
	cr_assert_eq(ret, -EAGAIN, "%d after %u names", ret, i);
	netns_stats(&s);
	cr_assert_leq(s.backlog_bytes, 4096 + 512);
	reader_run(&r);
	settle();
	cr_assert_eq(netns_name_set(ns, "c"), 0);
	tenant_gone(ns);
	reader_end(&r);
	lib_down();
}

Test(backlog, memory_stays_bounded_while_a_reader_is_stopped, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns_stats first, last;
	unsigned int round;

	bounded_lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 4096)), 0);
	reader_start(&r, "stopped-lcore");
	reader_hold(&r);
	churn_until_refused(BOUND * 10);
	netns_stats(&first);
	for (round = 0; round < 5; round++)
		cr_assert_eq(churn_until_refused(1), 0);
	netns_stats(&last);
	cr_assert_eq(last.arena_bytes_used, first.arena_bytes_used);
	cr_assert_eq(last.dying, first.dying);
	reader_run(&r);
	reader_end(&r);
	settle();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(backlog, back_pressure_alone_keeps_churn_going_when_readers_run, .timeout = 20)
{
	struct reader r = { 0 };
	struct netns_stats s;
	unsigned int i, refused = 0;
	uint64_t worst = 0;

	test_options.throttle_ms = 1000;
	bounded_lib_up();
	reader_start(&r, "running");
	for (i = 0; i < 1000; i++) {
		struct netns *ns;

		if (netns_create(NULL, &ns) == 0)
			netns_put(ns);
		else
			refused++;
		netns_stats(&s);
		if (s.backlog_objects > worst)
			worst = s.backlog_objects;
	}
	cr_assert_leq(worst, BOUND + 2, "backlog grew to %lu", worst);
	cr_assert_lt(refused, 20, "%u refused", refused);
	reader_end(&r);
	lib_down();
}

static uint32_t exit_may_end;

static void stuck_exit(struct netns *ns)
{
	wait_u32(&exit_may_end, 1, WAIT_MS);
}

Test(backlog, a_stuck_exit_fills_the_backlog_up_to_the_bound_and_no_further, .timeout = 20)
{
	struct netns_stats s;
	unsigned int n;

	bounded_lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	rec[A].on_exit = stuck_exit;
	netns_put(tenant(NULL));
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	n = churn_until_refused(BOUND * 10);
	cr_assert_leq(n, BOUND + 2, "%u", n);
	netns_stats(&s);
	cr_assert_leq(s.dying, BOUND + 3);
	set_u32(&exit_may_end, 1);
	cr_assert(wait_for(creation_works, NULL, WAIT_MS), "no recovery");
	settle();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}
