/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one undo routine as failed setups and failed registrations see it: exactly what was
 * initialised exits, in reverse order, after a grace period, and nothing is left.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

enum { A, B, C, D };

static void three_ops(void)
{
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	cr_assert_eq(netns_subsys_register(rec_ops(B, 0)), 0);
	cr_assert_eq(netns_device_register(rec_ops(C, 128)), 0);
	rec_clear();
}

static void leave(void)
{
	cr_assert_eq(netns_device_unregister(&rec[C].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec_faults(), 0);
	lib_down();
}

static void create_fails(unsigned int op, int code, const char *want_log)
{
	struct netns *const none = (struct netns *)(uintptr_t)64;
	struct netns_config config = { .name = "blue" };
	struct netns *ns = none;
	struct census before;
	int ret;

	census_take(&before);
	rec_clear();
	rec[op].fail_nth = 1;
	rec[op].fail_with = code;
	ret = netns_create(&config, &ns);
	cr_assert_eq(ret, code, "%d instead of %d", ret, code);
	cr_assert_eq(ns, none, "output touched on failure");
	settle();
	cr_assert_str_eq(rec_log(NULL, 0), want_log, "got  %s\nwant %s", rec_log(NULL, 0),
			 want_log);
	cr_assert_null(netns_find_by_name("blue"));
	census_expect(&before, "after a failed creation");
}

Test(ops_undo, a_failed_create_undoes_what_was_done_in_reverse)
{
	three_ops();
	create_fails(A, -EIO, "iA?");
	create_fails(B, -EIO, "iA? iB? pA? xA? bA1");
	create_fails(C, -EIO, "iA? iB? iC? pB? pA? xB? bB1 xA? bA1");
	leave();
}

Test(ops_undo, a_positive_init_fails_create_as_it_fails_register)
{
	three_ops();
	create_fails(A, 1, "iA?");
	create_fails(C, 77, "iA? iB? iC? pB? pA? xB? bB1 xA? bA1");
	leave();
}

Test(ops_undo, the_name_is_free_again_after_a_failed_create)
{
	struct netns *ns;

	three_ops();
	create_fails(C, -ENOBUFS, "iA? iB? iC? pB? pA? xB? bB1 xA? bA1");
	ns = tenant("blue");
	tenant_gone(ns);
	leave();
}

static struct netns *held;
static void *data_of_failing;

static int hold_self(struct netns *ns)
{
	netns_hold(ns);
	held = ns;
	return 0;
}

static int see_data_then_fail(struct netns *ns)
{
	data_of_failing = netns_generic(ns, rec[C].id);
	return -EIO;
}

Test(ops_undo, no_slot_dangles_after_a_failed_create)
{
	struct netns_stats s;
	struct netns *ns;

	three_ops();
	rec[A].on_init = hold_self; /* so that the slots can be looked at afterwards */
	rec[C].on_init = see_data_then_fail;
	cr_assert_eq(netns_create(NULL, &ns), -EIO);
	cr_assert_not_null(data_of_failing, "data was not in its slot when init ran");
	cr_assert_eq(rec[C].exits, 0, "the failing operation's own exit ran");
	cr_assert_null(slot_ptr(held, rec[C].id), "the failing operation's slot dangles");
	cr_assert_null(slot_ptr(held, rec[A].id), "an undone operation's slot dangles");
	cr_assert_not(netns_is_alive(held));
	cr_assert_not(netns_tryget(held), "a tenant that was never born is revived");
	netns_drop(held);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(s.live, 1);
	rec[A].on_init = NULL;
	rec[C].on_init = NULL;
	leave();
}

static uint32_t reader_left, too_early;

static void note_early_exit(struct netns *ns)
{
	if (!get_u32(&reader_left))
		__atomic_fetch_add(&too_early, 1, __ATOMIC_SEQ_CST);
}

static int register_b(void *arg)
{
	return netns_subsys_register(&rec[B].ops);
}

/* A reader may have found the data through a live tenant, so undo waits for it. */
Test(ops_undo, a_failed_registration_waits_for_readers_before_exit)
{
	struct netns *ns;
	struct reader r = { 0 };
	struct call c;

	lib_up();
	ns = tenant(NULL);
	rec_ops(B, 64);
	rec[B].fail_nth = 2;
	rec[B].fail_with = -EIO;
	rec[B].on_exit = note_early_exit;
	reader_start(&r, "slow");
	reader_hold(&r);
	call_start(&c, register_b, NULL);
	cr_assert(wait_u32(&rec[B].pre_exits, 1, WAIT_MS), "pre_exit waits for readers");
	cr_assert_not(wait_u32(&c.done, 1, CALM_MS), "undone without a grace period");
	set_u32(&reader_left, 1);
	reader_run(&r);
	cr_assert_eq(call_join(&c), -EIO);
	cr_assert_eq(rec[B].exits, 1);
	cr_assert_eq(too_early, 0, "exit ran while a reader could see the data");
	reader_end(&r);
	tenant_gone(ns);
	lib_down();
}

static int unregister_a(void *arg)
{
	return netns_subsys_unregister(&rec[A].ops);
}

Test(ops_undo, unregistering_waits_for_readers_before_exit)
{
	struct reader r = { 0 };
	struct call c;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	rec[A].on_exit = note_early_exit;
	reader_start(&r, "slow");
	reader_hold(&r);
	call_start(&c, unregister_a, NULL);
	cr_assert(wait_u32(&rec[A].pre_exits, 1, WAIT_MS), "pre_exit waits for readers");
	cr_assert_not(wait_u32(&c.done, 1, CALM_MS), "unregistered without a grace period");
	set_u32(&reader_left, 1);
	reader_run(&r);
	cr_assert_eq(call_join(&c), 0);
	cr_assert_eq(rec[A].exits, 1);
	cr_assert_eq(too_early, 0, "exit ran while a reader could see the data");
	reader_end(&r);
	lib_down();
}

/*
 * The reader that finds the data in the last moment, while exit runs, may use it until its next
 * quiescent state: the slot is cleared first, and the memory goes after another grace period.
 */
static struct reader late;
static uint64_t *late_data;
static uint32_t late_order, late_has;

static void late_round(void *arg)
{
	if (!get_u32(&late_order) || get_u32(&late_has))
		return;
	late_data = slot_ptr(netns_init_ns(), rec[A].id);
	set_u32(&late_has, 1);
	/* no quiescent state until the test lets it go */
	wait_u32(&late_order, 2, WAIT_MS);
	if (late_data != NULL && *late_data != netns_handle(netns_init_ns()))
		set_u32(&late_has, 3); /* changed under the reader */
}

static void let_reader_look(struct netns_batch *batch)
{
	set_u32(&late_order, 1);
	wait_u32(&late_has, 1, WAIT_MS);
}

Test(ops_undo, data_found_while_exit_runs_lives_until_the_readers_quiescent_state)
{
	struct call c;
	unsigned int id;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	id = rec[A].id;
	rec[A].on_batch = let_reader_look;
	late.each = late_round;
	reader_start(&late, "late");
	call_start(&c, unregister_a, NULL);
	cr_assert(wait_u32(&late_has, 1, WAIT_MS));
	cr_assert_not_null(late_data, "exit_batch could not reach its data");
	cr_assert_not(wait_u32(&c.done, 1, CALM_MS), "the data was freed under the reader");
	cr_assert_null(slot_ptr(netns_init_ns(), id), "the slot is not cleared before the wait");
	set_u32(&late_order, 2);
	cr_assert_eq(call_join(&c), 0);
	cr_assert_eq(get_u32(&late_has), 1, "the data changed under the reader");
	reader_end(&late);
	lib_down();
}

static uint64_t periods(void)
{
	struct netns_stats s;

	netns_stats(&s);
	return s.grace_periods;
}

static uint64_t periods_at_exit;

static void count_at_exit(struct netns *ns)
{
	(void)ns;
	periods_at_exit = periods();
}

/* A reader that met the value of an id, or a block, while exit ran must not meet the next owner's.
 */
Test(ops_undo, ids_of_values_and_blocks_wait_for_readers_after_exit)
{
	unsigned int id = ~0u;
	struct netns_ops value = {
		.name = "value", .exit = count_at_exit, .id = &id, .flags = NETNS_OPS_VALUE
	};
	struct netns_ops blocks = { .name = "blocks", .exit = count_at_exit, .lcore_size = 64 };

	lib_up();
	cr_assert_eq(netns_subsys_register(&value), 0);
	netns_value_set(netns_init_ns(), id, 7);
	cr_assert_eq(netns_subsys_unregister(&value), 0);
	cr_assert_gt(periods(), periods_at_exit, "the id is free without a grace period");
	cr_assert_eq(netns_subsys_register(&blocks), 0);
	cr_assert_eq(netns_subsys_unregister(&blocks), 0);
	cr_assert_gt(periods(), periods_at_exit, "so are the blocks");
	lib_down();
}

Test(ops_undo, tenants_that_live_keep_their_data_when_a_registration_fails)
{
	struct netns *ns;
	void *data;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	ns = tenant(NULL);
	data = netns_generic(ns, rec[A].id);
	cr_assert_not_null(data);
	rec_ops(B, 64);
	rec[B].fail_nth = 2;
	rec[B].fail_with = -EIO;
	cr_assert_eq(netns_subsys_register(&rec[B].ops), -EIO);
	cr_assert_eq(netns_generic(ns, rec[A].id), data);
	cr_assert_eq(*(uint64_t *)data, netns_handle(ns));
	cr_assert_eq(rec[A].exits, 0);
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_eq(rec_faults(), 0);
	lib_down();
}
