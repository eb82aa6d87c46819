/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The namespace core under everything at once: readers walk, resolve and read slots, while others
 * create and destroy, register and unregister, give peer ids, open descriptors, rename, set
 * quotas, defer and wait. In the end everything must be gone.
 */
#include <stdio.h>

#include "common.h"
#include "netns/netns.h"
#include "object.h"
#include "roles.h"

#define CREATORS   3u
#define REGISTRARS 2u

static void check_empty(void)
{
	struct netns_stats st;
	unsigned int i;

	CHECK(netns_barrier() == 0, "the last barrier");
	netns_stats(&st);
	CHECK(st.live == 1 && st.dying == 0, "%llu live, %llu dying in the end",
	      (unsigned long long)st.live, (unsigned long long)st.dying);
	CHECK(st.backlog_objects == 0 && st.backlog_bytes == 0, "a backlog of %llu is left",
	      (unsigned long long)st.backlog_objects);
	CHECK(st.slot_ids == OBJECT_FILLERS, "%u slot ids are left", st.slot_ids);
	CHECK(st.readers == 0, "%u readers are left", st.readers);
	CHECK(st.leaked == 0, "%llu tenants were leaked", (unsigned long long)st.leaked);
	CHECK(st.created == st.destroyed + 1, "%llu created, %llu destroyed",
	      (unsigned long long)st.created, (unsigned long long)st.destroyed);
	for (i = 0; i < HANDLES; i++)
		CHECK(netns_find_by_cookie(handles[i]) == NULL ||
			      handles[i] == netns_handle(netns_init_ns()),
		      "a dead tenant is found");
	printf("  %llu tenants created, %llu creations refused, %llu grace periods\n",
	       (unsigned long long)st.created, (unsigned long long)refused,
	       (unsigned long long)st.grace_periods);
}

int main(int argc, char **argv)
{
	struct netns_options options = {
		.max_tenants = 4096,
		.max_lcores = OBJECT_LCORES,
		.max_backlog = 2000,
		.log = torture_log,
		.dying_ms = 60000,
		.watchdog_ms = 20000,
	};
	unsigned int i;

	torture_begin(argc, argv, "torture-netns", 5, 3);
	CHECK(torture.threads <= OBJECT_LCORES, "one lcore a reader: --threads is 1 to %u",
	      OBJECT_LCORES);
	CHECK(netns_lib_init(&options) == 0, "the library does not start");
	object_setup();
	__atomic_store_n(&object_fail_one_in, 20000, __ATOMIC_RELAXED);
	for (i = 0; i < torture.threads; i++)
		torture_start(role_reader, "reader", i);
	for (i = 0; i < CREATORS; i++)
		torture_start(role_creator, "creator", i);
	for (i = 0; i < REGISTRARS; i++)
		torture_start(role_registrar, "registrar", i);
	torture_start(role_peers, "peers", 0);
	torture_start(role_peers, "peers", 1);
	torture_start(role_waiter, "waiter", 0);
	torture_join();
	check_empty();
	object_check_end();
	CHECK(netns_lib_fini() == 0, "the library does not stop");
	return torture_end();
}
