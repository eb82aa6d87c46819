/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who excludes whom: setups and cleanups of different tenants run in parallel, registering excludes
 * both, and one stuck exit stops no creation, not even with a registration waiting for it.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

enum { A, B };

static uint32_t may_end, inside, peak;

/* Waits until @want are inside at once; records how many it met. */
static void meet(uint32_t want)
{
	uint32_t n;

	__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST);
	wait_u32(&inside, want, 2000);
	n = get_u32(&inside);
	if (n > get_u32(&peak))
		set_u32(&peak, n);
}

static int meet_in_init(struct netns *ns)
{
	meet(2);
	return 0;
}

static void meet_in_exit(struct netns *ns)
{
	meet(2);
}

static void stuck_exit(struct netns *ns)
{
	wait_u32(&may_end, 1, WAIT_MS);
}

static int stuck_init(struct netns *ns)
{
	wait_u32(&may_end, 1, WAIT_MS);
	return 0;
}

static int create_one(void *arg)
{
	return netns_create(NULL, arg);
}

static int register_b(void *arg)
{
	return netns_subsys_register(&rec[B].ops);
}

static void start_with_a(void)
{
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
}

static void leave(void)
{
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec_faults(), 0);
	lib_down();
}

Test(phases, two_setups_run_in_parallel, .timeout = 20)
{
	struct netns *ns[2] = { 0 };
	struct call c[2];

	start_with_a();
	rec[A].on_init = meet_in_init;
	call_start(&c[0], create_one, &ns[0]);
	call_start(&c[1], create_one, &ns[1]);
	cr_assert_eq(call_join(&c[0]), 0);
	cr_assert_eq(call_join(&c[1]), 0);
	cr_assert_eq(peak, 2, "inits of different tenants exclude each other");
	netns_put_many(ns, 2);
	settle();
	leave();
}

Test(phases, a_setup_and_a_cleanup_run_in_parallel, .timeout = 20)
{
	struct netns *ns = NULL;
	struct call c;

	start_with_a();
	rec[A].on_init = NULL;
	ns = tenant(NULL);
	rec[A].on_exit = meet_in_exit;
	rec[A].on_init = meet_in_init;
	netns_put(ns);
	call_start(&c, create_one, &ns);
	cr_assert_eq(call_join(&c), 0);
	settle();
	cr_assert_eq(peak, 2, "setup and cleanup exclude each other");
	rec[A].on_exit = NULL;
	tenant_gone(ns);
	leave();
}

Test(phases, a_stuck_exit_does_not_stop_creation_and_is_named, .timeout = 20)
{
	struct netns *ns[20];
	unsigned int i;

	test_options.watchdog_ms = 30;
	start_with_a();
	rec[A].on_exit = stuck_exit;
	netns_put(tenant("stuck-tenant"));
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	for (i = 0; i < 20; i++)
		ns[i] = tenant(NULL);
	cr_assert_not(get_u32(&may_end));
	cr_assert(log_wait("rec-0"), "the stuck operation is not named:\n%s", log_text());
	cr_assert(log_wait("stuck-tenant"), "nor is its tenant:\n%s", log_text());
	set_u32(&may_end, 1);
	netns_put_many(ns, 20);
	settle();
	leave();
}

Test(phases, a_stuck_exit_with_a_registration_waiting_does_not_stop_creation, .timeout = 20)
{
	struct netns *ns = NULL;
	struct call reg, create;

	start_with_a();
	rec[A].on_exit = stuck_exit;
	netns_put(tenant(NULL));
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	rec_ops(B, 8);
	call_start(&reg, register_b, NULL);
	cr_assert_not(wait_u32(&reg.done, 1, CALM_MS), "registered while an exit was running");
	call_start(&create, create_one, &ns);
	cr_assert(wait_u32(&create.done, 1, WAIT_MS - 1000), "creation waits behind it");
	cr_assert_eq(call_join(&create), 0);
	set_u32(&may_end, 1);
	cr_assert_eq(call_join(&reg), 0);
	cr_assert_not_null(netns_generic(ns, rec[B].id), "the tenant made meanwhile was missed");
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	leave();
}

Test(phases, registering_waits_for_a_running_init, .timeout = 20)
{
	struct netns *ns = NULL;
	struct call reg, create;

	start_with_a();
	rec[A].on_init = stuck_init;
	rec_ops(B, 8);
	call_start(&create, create_one, &ns);
	cr_assert(wait_u32(&rec[A].inits, 2, WAIT_MS));
	call_start(&reg, register_b, NULL);
	cr_assert_not(wait_u32(&reg.done, 1, CALM_MS), "registered while an init was running");
	cr_assert_eq(rec[B].inits, 0);
	set_u32(&may_end, 1);
	cr_assert_eq(call_join(&create), 0);
	cr_assert_eq(call_join(&reg), 0);
	cr_assert_eq(rec[B].inits, 2, "%u", rec[B].inits);
	cr_assert_not_null(netns_generic(ns, rec[B].id));
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	leave();
}

Test(phases, lookups_and_statistics_never_wait_for_a_stuck_exit, .timeout = 20)
{
	struct netns *ns, *found;
	struct netns_stats s;

	start_with_a();
	ns = tenant("blue");
	rec[A].on_exit = stuck_exit;
	netns_put(tenant(NULL));
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	found = netns_find_by_name("blue");
	cr_assert_eq(found, ns);
	netns_put(found);
	netns_stats(&s);
	cr_assert_eq(s.dying, 1);
	cr_assert_eq(s.live, 2);
	netns_synchronize();
	cr_assert_eq(netns_name_set(ns, "green"), 0);
	set_u32(&may_end, 1);
	tenant_gone(ns);
	leave();
}

static void get_and_put_in_callback(struct netns *ns)
{
	struct netns *root = netns_init_ns();

	if (!netns_tryget(root))
		__atomic_fetch_add(&rec[A].faults, 1, __ATOMIC_SEQ_CST);
	else
		netns_put(root);
	if (netns_tryget(ns)) /* the dying one itself never comes back */
		__atomic_fetch_add(&rec[A].faults, 1, __ATOMIC_SEQ_CST);
}

Test(phases, callbacks_may_get_and_put_but_not_revive, .timeout = 20)
{
	start_with_a();
	rec[A].on_pre_exit = get_and_put_in_callback;
	rec[A].on_exit = get_and_put_in_callback;
	tenant_gone(tenant(NULL));
	cr_assert_eq(rec[A].exits, 1);
	rec[A].on_pre_exit = NULL; /* the root is alive when A leaves it */
	rec[A].on_exit = NULL;
	leave();
}
