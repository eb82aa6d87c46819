/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Retire threads: help for one that is stuck, and barriers among callbacks that push more.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { A };

static uint32_t stuck, may_end, others;
static uint64_t stuck_handle;

/* Stuck for one tenant only. */
static void exit_or_stick(struct netns *ns)
{
	if (netns_handle(ns) != stuck_handle) {
		__atomic_fetch_add(&others, 1, __ATOMIC_SEQ_CST);
		return;
	}
	set_u32(&stuck, 1);
	wait_u32(&may_end, 1, 2 * WAIT_MS);
}

static void stick(void)
{
	struct netns *ns;

	test_options.watchdog_ms = 50;
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	rec[A].on_exit = exit_or_stick;
	ns = tenant("stuck");
	stuck_handle = netns_handle(ns);
	netns_put(ns);
	cr_assert(wait_u32(&stuck, 1, WAIT_MS));
}

static void unstick(void)
{
	set_u32(&may_end, 1);
	settle();
	cr_assert_eq(rec_faults(), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(retire, tenants_behind_a_stuck_exit_are_freed_by_another_thread, .timeout = 20)
{
	struct netns *ns[20];

	stick();
	cr_assert_eq(netns_create_many(NULL, 20, ns), 0);
	netns_put_many(ns, 20);
	cr_assert(wait_u32(&others, 20, WAIT_MS), "%u exited\n%s", get_u32(&others), log_text());
	/* and again, when the helper sleeps */
	cr_assert_eq(netns_create_many(NULL, 20, ns), 0);
	netns_put_many(ns, 20);
	cr_assert(wait_u32(&others, 40, WAIT_MS), "%u exited\n%s", get_u32(&others), log_text());
	unstick();
}

/* By now the helper sleeps, and what would wake it has been used up by the other thread. */
Test(retire, a_second_stuck_exit_is_helped_past_too, .timeout = 20)
{
	struct netns *ns, *other;

	stick();
	netns_put(tenant(NULL));
	cr_assert(wait_u32(&others, 1, WAIT_MS), "%s", log_text());
	set_u32(&may_end, 1);
	settle();
	set_u32(&may_end, 0);
	set_u32(&stuck, 0);
	ns = tenant("stuck again");
	other = tenant(NULL);
	stuck_handle = netns_handle(ns);
	netns_put(ns);
	cr_assert(wait_u32(&stuck, 1, WAIT_MS));
	netns_put(other);
	cr_assert(wait_u32(&others, 2, WAIT_MS), "%u exited\n%s", get_u32(&others), log_text());
	unstick();
}

struct counted {
	struct netns_defer defer;
	uint32_t *runs;
};

static void count_run(struct netns_defer *defer)
{
	struct counted *c = (struct counted *)defer;

	__atomic_fetch_add(c->runs, 1, __ATOMIC_SEQ_CST);
	free(c);
}

Test(retire, deferred_frees_behind_a_stuck_exit_run, .timeout = 20)
{
	static uint32_t runs;
	struct counted *c = calloc(1, sizeof(*c));

	stick();
	c->runs = &runs;
	netns_defer(&c->defer, count_run, sizeof(*c));
	cr_assert(wait_u32(&runs, 1, WAIT_MS), "%s", log_text());
	unstick();
}

/* Each exit defers something, as most modules do: every batch pushes more for the next. */
static void exit_and_defer(struct netns *ns)
{
	static uint32_t runs;
	struct counted *c = calloc(1, sizeof(*c));

	(void)ns;
	c->runs = &runs;
	netns_defer(&c->defer, count_run, sizeof(*c));
}

static uint32_t stop_churn;

static int churn(void *arg)
{
	struct netns *ns[4];

	(void)arg;
	while (!get_u32(&stop_churn))
		if (netns_create_many(NULL, 4, ns) == 0)
			netns_put_many(ns, 4);
	return 0;
}

Test(retire, a_barrier_ends_while_others_keep_retiring, .timeout = 20)
{
	struct call c;
	unsigned int i;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	rec[A].on_exit = exit_and_defer;
	call_start(&c, churn, NULL);
	for (i = 0; i < 50; i++)
		settle();
	set_u32(&stop_churn, 1);
	cr_assert_eq(call_join(&c), 0);
	settle();
	cr_assert_eq(rec[A].inits, rec[A].exits + 1, "%u %u", rec[A].inits, rec[A].exits);
	rec[A].on_exit = NULL;
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(retire, the_tenant_limit_waits_for_dying_ones, .timeout = 20)
{
	struct netns *ns[8];
	unsigned int i;

	test_options.max_tenants = 9;
	test_options.throttle_ms = WAIT_MS;
	lib_up();
	for (i = 0; i < 200; i++) {
		cr_assert_eq(netns_create_many(NULL, 8, ns), 0, "round %u", i);
		netns_put_many(ns, 8);
	}
	settle();
	cr_assert_eq(netns_create_many(NULL, 8, ns), 0);
	/* nobody is dying: no wait, as nothing would come of it */
	cr_assert_eq(netns_create(NULL, ns), -ENOSPC);
	netns_put_many(ns, 8);
	lib_down();
}

Test(retire, a_put_too_many_of_the_root_does_not_retire_it)
{
	if (debug_build())
		return; /* aborts there */
	lib_up();
	netns_put(netns_init_ns());
	cr_assert(log_wait("root namespace"));
	cr_assert(netns_is_alive(netns_init_ns()));
	lib_down();
}
