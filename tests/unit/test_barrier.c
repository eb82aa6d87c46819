/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netns_barrier(): everything retired or deferred before the call is freed when it returns, what
 * callbacks retire in turn included; and who may not call it.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { A };

Test(barrier, waits_until_everything_retired_before_is_freed)
{
	struct census before;
	struct netns *ns[50];

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 256)), 0);
	census_take(&before);
	cr_assert_eq(netns_create_many(NULL, 50, ns), 0);
	netns_put_many(ns, 50);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(rec[A].exits, 50);
	census_expect(&before, "after the barrier");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static int do_barrier(void *arg)
{
	return netns_barrier();
}

static uint32_t exit_may_end;

static void slow_exit(struct netns *ns)
{
	wait_u32(&exit_may_end, 1, WAIT_MS);
}

Test(barrier, waits_for_an_exit_that_is_slow)
{
	struct call c;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	rec[A].on_exit = slow_exit;
	netns_put(tenant(NULL));
	call_start(&c, do_barrier, NULL);
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	cr_assert_not(wait_u32(&c.done, 1, CALM_MS), "the barrier did not wait for exit");
	set_u32(&exit_may_end, 1);
	cr_assert_eq(call_join(&c), 0);
	cr_assert_eq(rec[A].batches, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(barrier, with_nothing_to_wait_for_returns)
{
	unsigned int i;

	lib_up();
	for (i = 0; i < 100; i++)
		cr_assert_eq(netns_barrier(), 0);
	lib_down();
}

#define CHAIN 6u

static struct netns *chain[CHAIN];
static uint32_t chain_next;

/* Makes each link slow, so that a barrier that ends too early meets the rest of the chain. */
static void linger(void)
{
	static const uint32_t never;

	wait_u32(&never, 1, 3);
}

static void put_next(struct netns *ns)
{
	uint32_t i = __atomic_add_fetch(&chain_next, 1, __ATOMIC_SEQ_CST);

	if (i < CHAIN)
		netns_put(chain[i]);
	linger();
}

/* CVE-2024-56658: what a callback posts must not outlive the barrier that covers the callback. */
static void chain_is_gone_after_one_barrier(void)
{
	struct netns_stats s;

	cr_assert_eq(netns_create_many(NULL, CHAIN, chain), 0);
	netns_put(chain[0]);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(rec[A].exits, CHAIN, "%u of %u exits", rec[A].exits, CHAIN);
	netns_stats(&s);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(s.live, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static void register_a(void)
{
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
}

Test(barrier, covers_tenants_that_exit_callbacks_put)
{
	register_a();
	rec[A].on_exit = put_next;
	chain_is_gone_after_one_barrier();
}

Test(barrier, covers_tenants_that_pre_exit_callbacks_put)
{
	register_a();
	rec[A].on_pre_exit = put_next;
	chain_is_gone_after_one_barrier();
}

struct link {
	struct netns_defer defer;
	unsigned int left;
};

static uint32_t freed;

static void free_link(struct netns_defer *defer)
{
	struct link *l = (struct link *)(void *)defer;

	if (l->left > 0) {
		struct link *next = calloc(1, sizeof(*next));

		if (next) {
			next->left = l->left - 1;
			netns_defer(&next->defer, free_link, sizeof(*next));
		}
	}
	free(l);
	linger();
	__atomic_fetch_add(&freed, 1, __ATOMIC_SEQ_CST);
}

static void defer_links(unsigned int n)
{
	struct link *l = calloc(1, sizeof(*l));

	cr_assert_not_null(l);
	l->left = n - 1;
	netns_defer(&l->defer, free_link, sizeof(*l));
}

Test(barrier, covers_deferred_frees_that_deferred_frees_post)
{
	struct netns_stats s;

	lib_up();
	defer_links(CHAIN);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(freed, CHAIN, "%u of %u freed", freed, CHAIN);
	netns_stats(&s);
	cr_assert_eq(s.backlog_objects, 0);
	cr_assert_eq(s.backlog_bytes, 0);
	lib_down();
}

static void defer_in_exit(struct netns *ns)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l) {
		l->left = 2;
		netns_defer(&l->defer, free_link, sizeof(*l));
	}
}

Test(barrier, covers_deferred_frees_that_exit_callbacks_post)
{
	register_a();
	rec[A].on_exit = defer_in_exit;
	netns_put(tenant(NULL));
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(freed, 3, "%u of 3 freed", freed);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(freed, 6, "%u of 6 freed", freed); /* the root left too */
	lib_down();
}

static int results[5];

static int barrier_in_init(struct netns *ns)
{
	results[0] = netns_barrier();
	return 0;
}

static void barrier_in_pre_exit(struct netns *ns)
{
	results[1] = netns_barrier();
}

static void barrier_in_exit(struct netns *ns)
{
	results[2] = netns_barrier();
}

static void barrier_in_batch(struct netns_batch *batch)
{
	results[3] = netns_barrier();
}

static void barrier_in_defer(struct netns_defer *defer)
{
	results[4] = netns_barrier();
	free(defer);
}

Test(barrier, from_any_callback_is_refused, .timeout = 20)
{
	static const char *const where[] = { "init", "pre_exit", "exit", "exit_batch", "defer" };
	struct netns_defer *d = calloc(1, sizeof(*d));
	unsigned int i;

	register_a();
	rec[A].on_init = barrier_in_init;
	rec[A].on_pre_exit = barrier_in_pre_exit;
	rec[A].on_exit = barrier_in_exit;
	rec[A].on_batch = barrier_in_batch;
	cr_assert_not_null(d);
	netns_defer(d, barrier_in_defer, sizeof(*d));
	tenant_gone(tenant(NULL));
	for (i = 0; i < 5; i++) {
		cr_assert_eq(results[i], -EDEADLK, "%s: %d", where[i], results[i]);
		results[i] = 0;
	}
	/* the callbacks of unregistering run in this very thread */
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	for (i = 1; i < 4; i++)
		cr_assert_eq(results[i], -EDEADLK, "%s of unregistering: %d", where[i], results[i]);
	lib_down();
}

Test(barrier, from_an_offline_reader_works_and_leaves_it_offline)
{
	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	netns_reader_offline();
	netns_put(tenant(NULL));
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_not(netns_reader_is_online());
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

#ifndef NETNS_DEBUG_CHECKS
Test(barrier, from_an_online_reader_is_refused)
{
	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	cr_assert_eq(netns_barrier(), -EDEADLK);
	cr_assert(netns_reader_is_online());
	netns_reader_offline();
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}
#endif

Test(barrier, two_at_once_both_return)
{
	struct call c[2];
	unsigned int i;

	register_a();
	for (i = 0; i < 20; i++) {
		netns_put(tenant(NULL));
		call_start(&c[0], do_barrier, NULL);
		call_start(&c[1], do_barrier, NULL);
		cr_assert_eq(call_join(&c[0]), 0);
		cr_assert_eq(call_join(&c[1]), 0);
		cr_assert_eq(rec[A].exits, i + 1);
	}
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}
