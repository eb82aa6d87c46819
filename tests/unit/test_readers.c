/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers: registering, their states, deferred frees, and that control functions called by a reader
 * take it offline where they wait, so that nobody waits for somebody who waits for him.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { A, B };

Test(readers, register_once_and_unregister_once)
{
	struct netns_stats s;

	lib_up();
	cr_assert_eq(netns_reader_unregister(), -ENOENT);
	cr_assert_not(netns_reader_is_online());
	cr_assert_eq(netns_reader_register("me"), 0);
	cr_assert(netns_reader_is_online());
	cr_assert_eq(netns_reader_register("me again"), -EEXIST);
	netns_stats(&s);
	cr_assert_eq(s.readers, 1);
	cr_assert_eq(netns_reader_unregister(), 0);
	cr_assert_eq(netns_reader_unregister(), -ENOENT);
	cr_assert_not(netns_reader_is_online());
	netns_stats(&s);
	cr_assert_eq(s.readers, 0);
	cr_assert_eq(netns_reader_register(NULL), 0, "may come back, without a name");
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

Test(readers, online_and_offline_are_told_apart)
{
	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	netns_reader_quiescent();
	cr_assert(netns_reader_is_online());
	netns_reader_offline();
	cr_assert_not(netns_reader_is_online());
	netns_reader_online();
	cr_assert(netns_reader_is_online());
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

Test(readers, an_offline_reader_may_leave)
{
	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	netns_reader_offline();
	cr_assert_eq(netns_reader_unregister(), 0);
	netns_synchronize();
	lib_down();
}

static int do_synchronize(void *arg)
{
	netns_synchronize();
	return 0;
}

Test(readers, synchronize_waits_for_online_readers_only)
{
	struct reader busy = { 0 }, away = { 0 };
	struct call c;

	lib_up();
	reader_start(&busy, "busy");
	reader_start(&away, "away");
	reader_away(&away);
	call_start(&c, do_synchronize, NULL);
	cr_assert_eq(call_join(&c), 0, "an offline reader or a running one blocks");
	reader_hold(&busy);
	call_start(&c, do_synchronize, NULL);
	cr_assert_not(wait_u32(&c.done, 1, CALM_MS), "did not wait for the online reader");
	reader_run(&busy);
	cr_assert_eq(call_join(&c), 0);
	reader_end(&away);
	reader_end(&busy);
	lib_down();
}

Test(readers, synchronize_called_by_an_online_reader_does_not_wait_for_itself, .timeout = 20)
{
	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	netns_synchronize();
	cr_assert(netns_reader_is_online(), "not put back online");
	netns_reader_offline();
	netns_synchronize();
	cr_assert_not(netns_reader_is_online(), "left online");
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

struct object {
	struct netns_defer defer;
	uint32_t *freed;
	pthread_t *by;
};

static void free_object(struct netns_defer *defer)
{
	struct object *o = (struct object *)(void *)defer;

	*o->by = pthread_self();
	__atomic_fetch_add(o->freed, 1, __ATOMIC_SEQ_CST);
	free(o);
}

Test(readers, a_deferred_free_waits_for_readers_and_runs_in_the_retire_thread)
{
	uint32_t freed = 0;
	pthread_t by = pthread_self();
	struct reader r = { 0 };
	struct object *o = calloc(1, sizeof(*o));

	lib_up();
	cr_assert_not_null(o);
	o->freed = &freed;
	o->by = &by;
	reader_start(&r, "slow");
	reader_hold(&r);
	netns_defer(&o->defer, free_object, sizeof(*o));
	cr_assert_not(wait_u32(&freed, 1, CALM_MS), "freed under an online reader");
	reader_run(&r);
	cr_assert(wait_u32(&freed, 1, WAIT_MS), "never freed without a barrier");
	cr_assert_not(pthread_equal(by, pthread_self()));
	reader_end(&r);
	lib_down();
}

Test(readers, an_online_reader_may_defer_in_any_amount)
{
	enum { N = 1000 };
	uint32_t freed = 0;
	pthread_t by;
	unsigned int i;

	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	for (i = 0; i < N; i++) {
		struct object *o = calloc(1, sizeof(*o));

		cr_assert_not_null(o);
		o->freed = &freed;
		o->by = &by;
		netns_defer(&o->defer, free_object, sizeof(*o));
	}
	cr_assert_eq(get_u32(&freed), 0, "freed while their reader was online");
	netns_reader_offline();
	settle();
	cr_assert_eq(freed, N);
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

/* Every call that waits, from an online and from an offline reader: it returns, and the state is
 * as it was. */
static void control_calls(bool online)
{
	struct netns *ns[3];

	cr_assert_eq(netns_create_many(NULL, 3, ns), 0);
	cr_assert_eq(netns_reader_is_online(), online, "create");
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	cr_assert_eq(netns_reader_is_online(), online, "register");
	rec_ops(B, 64);
	rec[B].fail_nth = 2;
	rec[B].fail_with = -EIO;
	cr_assert_eq(netns_subsys_register(&rec[B].ops), -EIO);
	cr_assert_eq(netns_reader_is_online(), online, "failed register");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(netns_reader_is_online(), online, "unregister");
	cr_assert_eq(netns_name_set(ns[0], online ? "on" : "off"), 0);
	cr_assert_eq(netns_throttle(), 0);
	netns_put_many(ns, 3);
	cr_assert_eq(netns_reader_is_online(), online, "put");
}

Test(readers, control_functions_put_a_reader_back_as_it_was, .timeout = 20)
{
	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	control_calls(true);
	netns_reader_offline();
	control_calls(false);
	settle();
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}

static uint32_t in_pre_exit, may_leave;

static void linger(struct netns *ns)
{
	set_u32(&in_pre_exit, 1);
	wait_u32(&may_leave, 1, WAIT_MS);
}

static int unregister_a(void *arg)
{
	return netns_subsys_unregister(&rec[A].ops);
}

static int register_b_as_online_reader(void *arg)
{
	int ret = netns_reader_register("online-and-blocked");

	if (ret != 0)
		return ret;
	set_u32(arg, 1);
	ret = netns_subsys_register(&rec[B].ops);
	if (ret == 0 && !netns_reader_is_online())
		ret = -EPROTO;
	netns_reader_unregister();
	return ret;
}

/* A holds the lock and will wait for a grace period; online reader B waits for that lock. */
Test(readers, an_online_reader_blocked_on_a_lock_does_not_hold_the_grace_period, .timeout = 20)
{
	struct call a, b;
	uint32_t started = 0;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	rec_ops(B, 64);
	rec[A].on_pre_exit = linger;
	call_start(&a, unregister_a, NULL);
	cr_assert(wait_u32(&in_pre_exit, 1, WAIT_MS));
	call_start(&b, register_b_as_online_reader, &started);
	cr_assert(wait_u32(&started, 1, WAIT_MS));
	cr_assert_not(wait_u32(&b.done, 1, CALM_MS), "registered inside another's unregistering");
	set_u32(&may_leave, 1);
	cr_assert_eq(call_join(&a), 0);
	cr_assert_eq(call_join(&b), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	lib_down();
}

Test(readers, a_pointer_found_online_stays_readable_until_the_quiescent_state, .timeout = 20)
{
	struct netns *ns, *found;
	uint64_t handle;
	uint32_t i;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	ns = tenant("blue");
	handle = netns_handle(ns);
	cr_assert_eq(netns_reader_register("me"), 0);
	found = netns_resolve(handle);
	cr_assert_eq(found, ns);
	netns_put(ns);
	cr_assert(wait_u32(&rec[A].pre_exits, 1, WAIT_MS));
	for (i = 0; i < 200; i++) {
		const uint64_t *data = netns_generic(found, rec[A].id);

		cr_assert_eq(netns_handle(found), handle);
		cr_assert_not_null(data);
		cr_assert_eq(*data, handle);
	}
	cr_assert_eq(rec[A].exits, 0, "exit ran under the reader");
	netns_reader_offline();
	settle();
	cr_assert_eq(rec[A].exits, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(netns_reader_unregister(), 0);
	lib_down();
}
