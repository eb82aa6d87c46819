/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * References that name their holder. What needs the records is skipped in builds without
 * ref_tracker; the rest holds in both.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#ifdef NETNS_REF_TRACKER
#define NEEDS_TRACKER()
#else
#define NEEDS_TRACKER() cr_skip_test("built without ref_tracker")
#endif

/* What netns_report_refs() writes; to be freed. */
static char *report(struct netns *ns)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_not_null(out);
	netns_report_refs(ns, out);
	fclose(out);
	return text;
}

static bool reports(struct netns *ns, const char *needle)
{
	char *text = report(ns);
	bool found = strstr(text, needle) != NULL;

	free(text);
	return found;
}

Test(ref, a_tracked_reference_keeps_the_tenant_until_it_is_put)
{
	struct netns_ref ref, more;
	struct netns *ns;

	lib_up();
	ns = tenant("ns");
	cr_assert(netns_get_as(ns, &ref, "a test"));
	cr_assert(ref.ns == ns);
	cr_assert(netns_get_as(ns, &more, "a test"));
	netns_hold(ns);
	netns_put(ns);
	cr_assert(netns_is_alive(ns));
	netns_put_ref(&ref);
	cr_assert_null(ref.ns);
	cr_assert(netns_is_alive(ns));
	netns_put_ref(&more);
	cr_assert_not(netns_is_alive(ns));
	cr_assert_not(netns_get_as(ns, &ref, "late"));
	cr_assert_null(ref.ns);
	netns_drop(ns);
	settle();
	cr_assert_eq(log_count("put"), 0, "%s", log_text());
	lib_down();
}

Test(ref, the_report_tells_the_counts)
{
	struct netns *ns;

	lib_up();
	ns = tenant("blue");
	cr_assert(reports(ns, "tenant blue"));
	cr_assert(reports(ns, "1 active, 1 passive"));
	netns_get(ns);
	netns_hold(ns);
	cr_assert(reports(ns, "2 active, 2 passive"));
	netns_put(ns);
	netns_drop(ns);
	tenant_gone(ns);
	lib_down();
}

Test(ref, the_report_names_holders_and_their_places)
{
	struct netns_ref ref[40];
	struct netns *ns;
	char place[64], *text, *at;
	int i, lines = 0;

	NEEDS_TRACKER();
	lib_up();
	ns = tenant("ns");
	snprintf(place, sizeof(place), "%s:%d", "test_ref.c", __LINE__ + 1);
	cr_assert(netns_get_as(ns, &ref[0], "the flow table"));
	for (i = 1; i < 40; i++)
		cr_assert(netns_get_as(ns, &ref[i], "a timer"));
	text = report(ns);
	cr_assert(strstr(text, "\"the flow table\""), "%s", text);
	cr_assert(strstr(text, place), "%s lacks %s", text, place);
	for (at = text; (at = strstr(at, "\"a timer\"")) != NULL; at++)
		lines++;
	cr_assert_eq(lines, 39);
	cr_assert(strstr(text, "40 tracked, 1 untracked"), "%s", text);
	free(text);
	netns_put_ref(&ref[0]);
	cr_assert_not(reports(ns, "the flow table"));
	for (i = 1; i < 40; i++)
		netns_put_ref(&ref[i]);
	cr_assert_not(reports(ns, "held by"));
	tenant_gone(ns);
	lib_down();
}

Test(ref, a_second_put_is_reported_and_puts_nothing)
{
	struct netns_ref ref, copy;
	struct netns *ns;

	NEEDS_TRACKER();
	lib_up();
	ns = tenant("ns");
	cr_assert(netns_get_as(ns, &ref, "careless"));
	copy = ref;
	netns_put_ref(&ref);
	cr_assert_eq(log_count("careless"), 0);
	netns_put_ref(&copy);
	cr_assert_eq(log_count("\"careless\""), 1, "%s", log_text());
	cr_assert_eq(log_count("was put already"), 1, "%s", log_text());
	netns_put_ref(&ref);
	cr_assert_eq(log_count("was put already"), 2, "%s", log_text());
	cr_assert(netns_is_alive(ns));
	cr_assert(reports(ns, "1 active"));
	tenant_gone(ns);
	lib_down();
}

Test(ref, a_foreign_reference_is_reported_and_puts_nothing)
{
	struct netns_ref ref, swapped, made_up = { NULL, NULL };
	struct netns *ns, *other;

	NEEDS_TRACKER();
	lib_up();
	ns = tenant("ns");
	other = tenant("other");
	cr_assert(netns_get_as(ns, &ref, "honest"));
	swapped = ref;
	swapped.ns = other;
	netns_put_ref(&swapped);
	cr_assert_eq(log_count("another tenant's"), 1, "%s", log_text());
	netns_put_ref(&made_up);
	made_up.ns = other;
	netns_put_ref(&made_up);
	made_up.track = (void *)(uintptr_t)0x5a5a5a5a;
	netns_put_ref(&made_up);
	cr_assert_eq(log_count("is not held"), 3, "%s", log_text());
	cr_assert(netns_is_alive(other));
	netns_put_ref(&ref);
	cr_assert_eq(log_count("netns_put_ref"), 4, "%s", log_text());
	tenant_gone(other);
	tenant_gone(ns);
	lib_down();
}

Test(ref, a_reference_that_somebody_else_put_is_reported_at_the_end)
{
	struct netns_ref ref;
	struct netns *ns;

	NEEDS_TRACKER();
	lib_up();
	ns = tenant("ns");
	cr_assert(netns_get_as(ns, &ref, "the victim"));
	netns_put(ns);
	netns_put(ns);
	settle();
	cr_assert_eq(log_count("\"the victim\""), 1, "%s", log_text());
	cr_assert_eq(log_count("never put"), 1, "%s", log_text());
	netns_put_ref(&ref);
	cr_assert_eq(log_count("is not held"), 1, "%s", log_text());
	lib_down();
}

static int take_and_put(void *arg)
{
	struct netns_ref ref[8];
	int i, turn;

	for (turn = 0; turn < 2000; turn++) {
		for (i = 0; i < 8; i++) {
			if (!netns_get_as(arg, &ref[i], "thread"))
				return -1;
		}
		for (i = 0; i < 8; i++)
			netns_put_ref(&ref[i]);
	}
	return 0;
}

Test(ref, threads_may_take_and_put_at_once)
{
	struct call thread[3];
	struct netns *ns;
	int i;

	lib_up();
	ns = tenant("ns");
	for (i = 0; i < 3; i++)
		call_start(&thread[i], take_and_put, ns);
	for (i = 0; i < 3; i++)
		cr_assert_eq(call_join(&thread[i]), 0);
	cr_assert(reports(ns, "1 active"));
	cr_assert_eq(log_count("put"), 0, "%s", log_text());
	tenant_gone(ns);
	lib_down();
}
