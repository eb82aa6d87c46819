/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In which order operations run: subsystems before devices, exit in exactly the reverse order,
 * operation by operation over a batch, pre_exit before the grace period and exit after it.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

enum { A, B, C, D };

static void expect_log(const char *want, const uint64_t *handles, unsigned int n)
{
	const char *got = rec_log(handles, n);

	cr_assert_str_eq(got, want, "got  %s\nwant %s", got, want);
}

static void leave_all(unsigned int n)
{
	while (n-- > 0)
		cr_assert_eq(netns_subsys_unregister(&rec[n].ops), 0);
	cr_assert_eq(rec_faults(), 0);
	lib_down();
}

Test(ops_order, subsystems_run_before_devices_and_exit_after_them)
{
	uint64_t h;
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_device_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	cr_assert_eq(netns_device_register(rec_ops(C, 16)), 0);
	rec_clear();
	ns = tenant(NULL);
	h = netns_handle(ns);
	expect_log("iA1 iB1 iC1", &h, 1);
	tenant_gone(ns);
	expect_log("iA1 iB1 iC1 pC1 pB1 pA1 xC1 bC1 xB1 bB1 xA1 bA1", &h, 1);
	leave_all(3);
}

Test(ops_order, a_late_subsystem_inits_last_in_old_tenants_and_before_devices_in_new_ones)
{
	struct netns *ns[2];
	uint64_t h[2];

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	cr_assert_eq(netns_device_register(rec_ops(B, 8)), 0);
	rec_clear();
	ns[0] = tenant(NULL);
	h[0] = netns_handle(ns[0]);
	cr_assert_eq(netns_subsys_register(rec_ops(C, 8)), 0);
	ns[1] = tenant(NULL);
	h[1] = netns_handle(ns[1]);
	expect_log("iA1 iB1 iC0 iC1 iA2 iC2 iB2", h, 2);
	rec_clear();
	/* the old one leaves in list order too, not in the order of its own setup */
	tenant_gone(ns[0]);
	expect_log("pB1 pC1 pA1 xB1 bB1 xC1 bC1 xA1 bA1", h, 2);
	rec_clear();
	tenant_gone(ns[1]);
	expect_log("pB2 pC2 pA2 xB2 bB1 xC2 bC1 xA2 bA1", h, 2);
	leave_all(3);
}

Test(ops_order, several_late_subsystems_keep_their_order)
{
	struct netns *ns;
	uint64_t h;

	lib_up();
	cr_assert_eq(netns_device_register(rec_ops(D, 0)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(A, 0)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(C, 0)), 0);
	rec_clear();
	ns = tenant(NULL);
	h = netns_handle(ns);
	expect_log("iA1 iB1 iC1 iD1", &h, 1);
	tenant_gone(ns);
	leave_all(4);
}

Test(ops_order, the_mark_moves_to_the_next_device_when_the_first_leaves)
{
	struct netns *ns;
	uint64_t h;

	lib_up();
	cr_assert_eq(netns_device_register(rec_ops(A, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_device_unregister(&rec[A].ops), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(C, 0)), 0);
	rec_clear();
	ns = tenant(NULL);
	h = netns_handle(ns);
	expect_log("iC1 iB1", &h, 1);
	tenant_gone(ns);
	cr_assert_eq(netns_device_unregister(&rec[B].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[C].ops), 0);
	lib_down();
}

Test(ops_order, after_the_only_device_left_the_next_one_becomes_first)
{
	struct netns *ns;
	uint64_t h;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(D, 0)), 0);
	cr_assert_eq(netns_device_unregister(&rec[D].ops), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(D, 0)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(C, 0)), 0);
	rec_clear();
	ns = tenant(NULL);
	h = netns_handle(ns);
	expect_log("iA1 iB1 iC1 iD1", &h, 1);
	tenant_gone(ns);
	leave_all(4);
}

Test(ops_order, a_device_in_the_middle_leaves_without_moving_the_mark)
{
	struct netns *ns;
	uint64_t h;

	lib_up();
	cr_assert_eq(netns_device_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(C, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(D, 0)), 0);
	cr_assert_eq(netns_device_unregister(&rec[C].ops), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(A, 0)), 0);
	rec_clear();
	ns = tenant(NULL);
	h = netns_handle(ns);
	expect_log("iA1 iB1 iD1", &h, 1);
	tenant_gone(ns);
	cr_assert_eq(netns_device_unregister(&rec[B].ops), 0);
	cr_assert_eq(netns_device_unregister(&rec[D].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

/* Each event of the batch, in the order op-major demands, whatever the order of tenants. */
static void expect_op_major(const char *log, unsigned int tenants, unsigned int ops)
{
	static const char phases[] = "pxb";
	const char *p = log;
	unsigned int op, n;

	for (op = ops; op-- > 0;)
		for (n = 0; n < tenants; n++, p += 4)
			cr_assert(p[0] == phases[0] && p[1] == 'A' + (char)op, "at %s", p);
	for (op = ops; op-- > 0;) {
		for (n = 0; n < tenants; n++, p += 4)
			cr_assert(p[0] == phases[1] && p[1] == 'A' + (char)op, "at %s", p);
		cr_assert(p[0] == phases[2] && p[1] == 'A' + (char)op, "at %s", p);
		cr_assert_eq(p[2], '0' + (char)tenants, "exit_batch counts %c", p[2]);
		p += p[3] ? 4 : 3;
	}
	cr_assert_eq(*p, '\0', "more events: %s", p);
}

Test(ops_order, exit_runs_operation_by_operation_over_the_whole_batch)
{
	struct netns *ns[5];

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 32)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(C, 200)), 0);
	cr_assert_eq(netns_create_many(NULL, 5, ns), 0);
	rec_clear();
	netns_put_many(ns, 5);
	settle();
	expect_op_major(rec_log(NULL, 0), 5, 3);
	leave_all(3);
}

static void look_at_later_data(struct netns *ns)
{
	const uint64_t *data = netns_generic(ns, rec[B].id);

	if (rec[B].exits == 0 || data == NULL || *data != netns_handle(ns))
		__atomic_fetch_add(&rec[A].faults, 1, __ATOMIC_SEQ_CST);
}

static void look_at_later_data_of_all(struct netns_batch *batch)
{
	struct netns *ns;

	netns_batch_foreach (batch, ns)
		look_at_later_data(ns);
}

Test(ops_order, data_is_freed_only_after_all_operations_have_exited)
{
	struct netns *ns[3];

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(B, 8)), 0);
	rec[A].on_exit = look_at_later_data;
	rec[A].on_batch = look_at_later_data_of_all;
	cr_assert_eq(netns_create_many(NULL, 3, ns), 0);
	netns_put_many(ns, 3);
	settle();
	cr_assert_eq(rec[A].exits, 3);
	cr_assert_eq(rec_faults(), 0);
	rec[A].on_exit = NULL; /* unregistering B takes its data away before A exits */
	rec[A].on_batch = NULL;
	leave_all(2);
}

static uint32_t reader_left, exits_too_early;

static void exit_must_follow_reader(struct netns *ns)
{
	if (!get_u32(&reader_left))
		__atomic_fetch_add(&exits_too_early, 1, __ATOMIC_SEQ_CST);
}

Test(ops_order, a_grace_period_lies_between_pre_exit_and_exit)
{
	struct reader r = { 0 };
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	rec[A].on_exit = exit_must_follow_reader;
	ns = tenant("blue");
	reader_start(&r, "slow");
	reader_hold(&r);
	netns_put(ns);
	cr_assert(wait_u32(&rec[A].pre_exits, 1, WAIT_MS), "pre_exit waits for readers");
	cr_assert_not(wait_u32(&rec[A].exits, 1, CALM_MS), "exit did not wait for the reader");
	set_u32(&reader_left, 1);
	reader_run(&r);
	settle();
	cr_assert_eq(rec[A].exits, 1);
	cr_assert_eq(exits_too_early, 0);
	reader_end(&r);
	leave_all(1);
}

Test(ops_order, callbacks_that_are_not_given_are_left_out)
{
	static struct netns_ops bare;
	static unsigned int id;
	struct netns *ns;

	lib_up();
	bare.id = &id;
	bare.size = 24;
	cr_assert_eq(netns_subsys_register(&bare), 0);
	ns = tenant(NULL);
	cr_assert_not_null(netns_generic(ns, id));
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&bare), 0);
	lib_down();
}
