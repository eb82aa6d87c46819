/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registering and unregistering operations: rules for id and size, replay over live tenants, what
 * is left after failure, and what is refused.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

enum { A, B, C };

static void expect_log(const char *want, const uint64_t *handles, unsigned int n)
{
	const char *got = rec_log(handles, n);

	cr_assert_str_eq(got, want, "got  %s\nwant %s", got, want);
}

static void expect_refused(struct netns_ops *ops, int want)
{
	int ret = netns_subsys_register(ops);

	cr_assert_eq(ret, want, "subsys: %d", ret);
	ret = netns_device_register(ops);
	cr_assert_eq(ret, want, "device: %d", ret);
}

Test(ops_register, id_and_size_go_together)
{
	struct census before;
	unsigned int id = 5;

	lib_up();
	census_take(&before);
	rec_ops(A, 0);
	rec[A].ops.id = &id;
	expect_refused(&rec[A].ops, -EINVAL);
	rec_ops(A, 64);
	rec[A].ops.id = NULL;
	expect_refused(&rec[A].ops, -EINVAL);
	rec_ops(A, 64);
	rec[A].ops.flags = NETNS_OPS_VALUE; /* inline value and size too */
	expect_refused(&rec[A].ops, -EINVAL);
	rec_ops(A, 0);
	rec[A].ops.flags = NETNS_OPS_VALUE; /* value without id */
	expect_refused(&rec[A].ops, -EINVAL);
	rec_ops(A, 0);
	rec[A].ops.flags = 1u << 31; /* unknown flag */
	expect_refused(&rec[A].ops, -EINVAL);
	expect_log("", NULL, 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), -ENOENT);
	census_expect(&before, "after refusals");
	lib_down();
}

Test(ops_register, replay_runs_init_in_every_live_tenant_in_order)
{
	struct netns *ns[3];
	uint64_t h[3];
	unsigned int i;

	lib_up();
	for (i = 0; i < 3; i++) {
		ns[i] = tenant(NULL);
		h[i] = netns_handle(ns[i]);
	}
	cr_assert_eq(netns_subsys_register(rec_ops(A, 40)), 0);
	expect_log("iA0 iA1 iA2 iA3", h, 3);
	for (i = 0; i < 3; i++)
		cr_assert_eq(*(uint64_t *)netns_generic(ns[i], rec[A].id), h[i]);
	rec_clear();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec[A].pre_exits, 4);
	cr_assert_eq(rec[A].exits, 4);
	cr_assert_eq(rec[A].batches, 1, "%u batches", rec[A].batches);
	cr_assert_eq(rec[A].batched, 4);
	cr_assert_eq(rec_faults(), 0);
	netns_put_many(ns, 3);
	lib_down();
}

static unsigned int id_in_init;

static int note_id(struct netns *ns)
{
	id_in_init = rec[A].id;
	return 0;
}

Test(ops_register, the_id_is_valid_inside_init_and_reset_on_leaving)
{
	struct netns_stats s;

	lib_up();
	rec_ops(A, 8);
	rec[A].on_init = note_id;
	id_in_init = ~0u;
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	cr_assert_eq(id_in_init, rec[A].id);
	cr_assert_lt(rec[A].id, NETNS_SLOTS_MAX);
	cr_assert_eq(rec_faults(), 0, "data was not in its slot or not zeroed");
	netns_stats(&s);
	cr_assert_eq(s.slot_ids, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec[A].id, ~0u, "stale id %u", rec[A].id);
	cr_assert_eq(rec[A].exits, 1);
	netns_stats(&s);
	cr_assert_eq(s.slot_ids, 0);
	lib_down();
}

static void expect_register_fails_with(int code)
{
	struct census before;
	struct netns *ns = tenant("blue");
	unsigned int given;
	int ret;

	census_take(&before);
	rec_ops(A, 48);
	rec[A].inits = rec[A].pre_exits = rec[A].exits = rec[A].batches = rec[A].batched = 0;
	rec[A].on_init = note_id;
	rec[A].fail_nth = 2; /* the root succeeds, "blue" fails */
	rec[A].fail_with = code;
	ret = netns_subsys_register(&rec[A].ops);
	given = id_in_init;
	cr_assert_eq(ret, code, "%d instead of %d", ret, code);
	cr_assert_eq(rec[A].inits, 2);
	cr_assert_eq(rec[A].pre_exits, 1);
	cr_assert_eq(rec[A].exits, 1, "%u exits", rec[A].exits);
	cr_assert_eq(rec[A].batched, 1);
	cr_assert_eq(rec[A].id, ~0u, "stale id %u", rec[A].id);
	cr_assert_null(slot_ptr(netns_init_ns(), given));
	cr_assert_null(slot_ptr(ns, given), "dangling slot after a failed init");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), -ENOENT);
	census_expect(&before, "after a failed registration");
	/* the same operations, untouched, can be registered once init agrees */
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	tenant_gone(ns);
	cr_assert_eq(rec_faults(), 0);
}

Test(ops_register, a_negative_init_undoes_and_is_returned)
{
	lib_up();
	expect_register_fails_with(-EIO);
	lib_down();
}

Test(ops_register, a_positive_init_is_failure_too)
{
	lib_up();
	expect_register_fails_with(1);
	expect_register_fails_with(4711);
	lib_down();
}

Test(ops_register, exactly_those_initialised_are_undone)
{
	struct netns *ns[4];
	uint64_t h[4];
	unsigned int i;
	const char *log;

	lib_up();
	for (i = 0; i < 4; i++) {
		ns[i] = tenant(NULL);
		h[i] = netns_handle(ns[i]);
	}
	rec_ops(A, 8);
	rec[A].fail_nth = 4; /* root, 1 and 2 succeed; 3 fails; 4 is never asked */
	rec[A].fail_with = -EPROTO;
	cr_assert_eq(netns_device_register(&rec[A].ops), -EPROTO);
	log = rec_log(h, 4);
	cr_assert_eq(strncmp(log, "iA0 iA1 iA2 iA3 ", 16), 0, "%s", log);
	for (i = 0; i < 3; i++) {
		const char pre[] = { 'p', 'A', (char)('0' + i), 0 };
		const char out[] = { 'x', 'A', (char)('0' + i), 0 };

		cr_assert_not_null(strstr(log, pre), "%s has no %s", log, pre);
		cr_assert_not_null(strstr(log, out), "%s has no %s", log, out);
	}
	cr_assert_null(strstr(log, "xA3"), "the failing tenant's own exit ran: %s", log);
	cr_assert_null(strstr(log, "pA3"), "the failing tenant's own pre_exit ran: %s", log);
	cr_assert_null(strstr(log, "A4"), "%s", log);
	cr_assert_not_null(strstr(log, "bA3"), "exit_batch not over three: %s", log);
	netns_put_many(ns, 4);
	settle();
	cr_assert_null(strstr(rec_log(h, 4), "A4"), "a failed registration stays in the list");
	cr_assert_eq(rec_faults(), 0);
	lib_down();
}

Test(ops_register, twice_is_refused_and_the_first_stays)
{
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	cr_assert_eq(netns_subsys_register(&rec[A].ops), -EEXIST);
	cr_assert_eq(netns_device_register(&rec[A].ops), -EEXIST);
	cr_assert_eq(rec[A].inits, 1);
	ns = tenant(NULL);
	cr_assert_eq(rec[A].inits, 2);
	cr_assert_not_null(netns_generic(ns, rec[A].id));
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(ops_register, unregistering_what_is_not_registered_is_refused)
{
	lib_up();
	rec_ops(A, 8);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), -ENOENT);
	cr_assert_eq(netns_device_unregister(&rec[A].ops), -ENOENT);
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), -ENOENT);
	cr_assert_eq(rec[A].exits, 1);
	lib_down();
}

Test(ops_register, either_call_unregisters_either_kind)
{
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	cr_assert_eq(netns_device_register(rec_ops(B, 8)), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	cr_assert_eq(netns_device_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec[A].exits + rec[B].exits, 2);
	lib_down();
}

static int from_inside[4];

static void try_everything(void)
{
	from_inside[0] = netns_subsys_register(&rec[B].ops);
	from_inside[1] = netns_device_register(&rec[B].ops);
	from_inside[2] = netns_subsys_unregister(&rec[A].ops);
	from_inside[3] = netns_device_unregister(&rec[A].ops);
}

static int try_in_init(struct netns *ns)
{
	try_everything();
	return 0;
}

static void try_in_exit(struct netns *ns)
{
	try_everything();
}

static void try_in_batch(struct netns_batch *batch)
{
	try_everything();
}

static void expect_deadlk(const char *where)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		cr_assert_eq(from_inside[i], -EDEADLK, "%s, call %u: %d", where, i, from_inside[i]);
		from_inside[i] = 0;
	}
}

Test(ops_register, from_inside_a_callback_is_refused, .timeout = 20)
{
	struct netns *ns;

	lib_up();
	rec_ops(A, 8);
	rec_ops(B, 8);
	rec[A].on_init = try_in_init;
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	expect_deadlk("init of a registration");
	ns = tenant(NULL);
	expect_deadlk("init of a tenant");
	rec[A].on_init = NULL;
	rec[A].on_pre_exit = try_in_exit;
	tenant_gone(ns);
	expect_deadlk("pre_exit");
	rec[A].on_pre_exit = NULL;
	rec[A].on_exit = try_in_exit;
	tenant_gone(tenant(NULL));
	expect_deadlk("exit");
	rec[A].on_exit = NULL;
	rec[A].on_batch = try_in_batch;
	tenant_gone(tenant(NULL));
	expect_deadlk("exit_batch");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	expect_deadlk("exit_batch of unregistering");
	cr_assert_eq(rec[B].inits, 0);
	lib_down();
}

Test(ops_register, ids_end_at_the_maximum, .timeout = 60)
{
	static struct netns_ops ops[NETNS_SLOTS_MAX + 1];
	static unsigned int id[NETNS_SLOTS_MAX + 1];
	unsigned int i;
	struct netns *ns;

	lib_up();
	for (i = 0; i <= NETNS_SLOTS_MAX; i++) {
		ops[i].id = &id[i];
		ops[i].flags = NETNS_OPS_VALUE;
		id[i] = 7;
		if (i < NETNS_SLOTS_MAX)
			cr_assert_eq(netns_subsys_register(&ops[i]), 0, "id %u", i);
	}
	cr_assert_eq(netns_subsys_register(&ops[i - 1]), -ENOSPC);
	cr_assert_eq(id[i - 1], ~0u, "stale id %u", id[i - 1]);
	ns = tenant(NULL);
	netns_value_set(ns, id[NETNS_SLOTS_MAX - 1], 99);
	cr_assert_eq(netns_value(ns, id[NETNS_SLOTS_MAX - 1]), 99);
	/* one leaves, one finds room */
	cr_assert_eq(netns_subsys_unregister(&ops[3]), 0);
	cr_assert_eq(netns_subsys_register(&ops[NETNS_SLOTS_MAX]), 0);
	cr_assert_eq(netns_subsys_unregister(&ops[NETNS_SLOTS_MAX]), 0);
	tenant_gone(ns);
	for (i = 0; i < NETNS_SLOTS_MAX; i++)
		if (i != 3)
			cr_assert_eq(netns_subsys_unregister(&ops[i]), 0);
	lib_down();
}

#define CHURN 4u

static uint32_t stop_churn;

static int churn(void *arg)
{
	struct netns *ns[CHURN];
	int ret = 0;

	while (!get_u32(&stop_churn) && ret == 0) {
		ret = netns_create_many(NULL, CHURN, ns);
		if (ret == 0)
			netns_put_many(ns, CHURN);
		if (ret == -EAGAIN)
			ret = 0;
	}
	return ret;
}

Test(ops_register, registering_while_tenants_come_and_go_loses_none, .timeout = 30)
{
	struct netns *stay;
	struct call c;
	unsigned int round;
	int ret;

	test_options.max_backlog = 1000; /* so that the dying do not reach the tenant limit */
	lib_up();
	stay = tenant("stay");
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	call_start(&c, churn, NULL);
	for (round = 0; round < 30; round++) {
		cr_assert_eq(netns_subsys_register(rec_ops(B, 72)), 0);
		cr_assert_not_null(netns_generic(stay, rec[B].id));
		cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	}
	set_u32(&stop_churn, 1);
	ret = call_join(&c);
	cr_assert_eq(ret, 0, "creation failed with %d", ret);
	settle();
	cr_assert_eq(rec[B].inits, rec[B].exits, "%u inits, %u exits", rec[B].inits, rec[B].exits);
	cr_assert_eq(rec[A].inits, rec[A].exits + 2);
	cr_assert_eq(rec_faults(), 0);
	tenant_gone(stay);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}
