/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting and stopping the library, again and again, and what stopping reports when it is early.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

enum { A };

Test(lib, starts_and_stops_many_times)
{
	struct netns *ns;
	struct netns_stats s;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		lib_up();
		netns_stats(&s);
		cr_assert_eq(s.live, 1);
		cr_assert_eq(s.dying, 0);
		cr_assert_eq(s.created - s.destroyed, s.live, "counters of a former life");
		cr_assert_eq(s.slot_ids, 0);
		ns = tenant("blue");
		cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
		cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
		netns_put(ns); /* stopping waits for what is dying */
		lib_down();
	}
}

Test(lib, starting_twice_is_refused)
{
	lib_up();
	cr_assert_eq(netns_lib_init(&test_options), -EALREADY);
	cr_assert_eq(netns_lib_init(NULL), -EALREADY);
	tenant_gone(tenant(NULL));
	lib_down();
}

Test(lib, stopping_what_does_not_run_is_refused)
{
	cr_assert_eq(netns_lib_fini(), -EINVAL);
	lib_up();
	lib_down();
	cr_assert_eq(netns_lib_fini(), -EINVAL);
}

static void ask_what_does_not_run(void)
{
	struct netns_cred cred = { .uid = 1, .gid = 1 };
	struct netns_session *session = NULL;
	struct netns *ns = NULL;
	int end[2];

	cr_assert_eq(pipe(end), 0);
	cr_assert_null(netns_find_by_name("a"));
	cr_assert_null(netns_find_by_cookie(1));
	cr_assert_null(netns_find_by_inum(~0u));
	cr_assert_eq(netns_find_by_fd(end[0], &ns), -EINVAL);
	cr_assert_eq(netns_find_by_pid(getpid(), &ns), -ESRCH);
	cr_assert_eq(netns_session_open(getpid(), &cred, &session), -EINVAL);
	cr_assert_eq(netns_create(NULL, &ns), -EINVAL);
	cr_assert_null(ns);
	cr_assert_null(session);
	close(end[0]);
	close(end[1]);
}

Test(lib, lookups_find_nothing_while_it_does_not_run)
{
	ask_what_does_not_run();
	lib_up();
	lib_down();
	ask_what_does_not_run();
}

Test(lib, a_reader_that_may_not_stop_it_stays_online)
{
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_reader_register("me"), 0);
	ns = tenant(NULL);
	cr_assert_eq(netns_lib_fini(), -EBUSY);
	cr_assert(netns_reader_is_online());
	netns_put(ns);
	lib_down();
}

Test(lib, defaults_do)
{
	struct netns *ns;

	cr_assert_eq(netns_lib_init(NULL), 0);
	ns = tenant("blue");
	tenant_gone(ns);
	cr_assert_eq(netns_lib_fini(), 0);
}

static void expect_busy_naming(const char *what)
{
	int ret = netns_lib_fini();

	cr_assert_eq(ret, -EBUSY, "%d", ret);
	cr_assert_gt(log_count(what), 0, "the report does not name %s:\n%s", what, log_text());
}

Test(lib, stopping_with_a_tenant_held_is_refused_and_names_it)
{
	struct netns *ns;

	lib_up();
	ns = tenant("blue-leak");
	expect_busy_naming("blue-leak");
	/* it keeps running */
	cr_assert(netns_is_alive(ns));
	tenant_gone(tenant("red"));
	tenant_gone(ns);
	lib_down();
}

Test(lib, stopping_with_a_passive_count_held_is_refused_and_names_it)
{
	struct netns *ns;

	lib_up();
	ns = tenant("pale-leak");
	netns_hold(ns);
	netns_put(ns);
	expect_busy_naming("pale-leak");
	netns_drop(ns);
	lib_down();
}

Test(lib, stopping_with_operations_registered_is_refused_and_names_them)
{
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	expect_busy_naming("rec-0");
	cr_assert_eq(rec[A].exits, 0);
	tenant_gone(tenant(NULL));
	cr_assert_eq(rec[A].exits, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(lib, stopping_with_a_reader_registered_is_refused_and_names_it)
{
	struct reader r = { 0 };

	lib_up();
	reader_start(&r, "lcore-seven");
	expect_busy_naming("lcore-seven");
	tenant_gone(tenant(NULL));
	reader_end(&r);
	lib_down();
}

Test(lib, every_held_tenant_is_listed)
{
	struct netns *ns[3];

	lib_up();
	ns[0] = tenant("leak-one");
	ns[1] = tenant("leak-two");
	ns[2] = tenant("leak-three");
	expect_busy_naming("leak-one");
	cr_assert_gt(log_count("leak-two"), 0, "%s", log_text());
	cr_assert_gt(log_count("leak-three"), 0, "%s", log_text());
	netns_put_many(ns, 3);
	lib_down();
}

static uint32_t freed;

static void free_object(struct netns_defer *defer)
{
	free(defer);
	__atomic_fetch_add(&freed, 1, __ATOMIC_SEQ_CST);
}

Test(lib, stopping_runs_what_was_deferred)
{
	struct netns_defer *d = calloc(1, sizeof(*d));

	lib_up();
	cr_assert_not_null(d);
	netns_defer(d, free_object, sizeof(*d));
	lib_down();
	cr_assert_eq(freed, 1);
}

Test(lib, holders_of_a_tenant_are_reported)
{
	struct netns_ref ref = { 0 };
	struct netns *ns;
	char *text = NULL;
	size_t len = 0;
	FILE *out;

	lib_up();
	ns = tenant("watched");
	cr_assert(netns_get_as(ns, &ref, "test-holder"));
	out = open_memstream(&text, &len);
	cr_assert_not_null(out);
	netns_report_refs(ns, out);
	fclose(out);
	cr_assert_not_null(strstr(text, "watched"), "%s", text);
	if (strstr(netns_version(), "+ref_tracker")) {
		cr_assert_not_null(strstr(text, "test-holder"), "%s", text);
		cr_assert_not_null(strstr(text, "test_lib.c"), "%s", text);
	}
	free(text);
	netns_put_ref(&ref);
	tenant_gone(ns);
	lib_down();
}

Test(lib, the_version_says_what_was_built)
{
	const char *version = netns_version();
	bool debug = false;

#ifdef NETNS_DEBUG_CHECKS
	debug = true;
#endif
	cr_assert(version[0] >= '0' && version[0] <= '9', "%s", version);
	cr_assert_not_null(strchr(version, '.'), "%s", version);
	cr_assert_eq(strstr(version, "+debug_checks") != NULL, debug, "%s", version);
}

Test(lib, nothing_is_logged_as_wrong_when_all_is_well)
{
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	tenant_gone(tenant("blue"));
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
	cr_assert_eq(log_count("leak"), 0, "%s", log_text());
	cr_assert_eq(log_count("blue"), 0, "%s", log_text());
	cr_assert_eq(log_count("rec-0"), 0, "%s", log_text());
}
