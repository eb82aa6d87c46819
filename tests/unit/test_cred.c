/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who is permitted: the owner's uid, its group unless that is 0, administrators, nobody else.
 */
#include <criterion/criterion.h>

#include "support.h"

static bool may(const struct netns *ns, uid_t uid, gid_t gid)
{
	struct netns_cred cred = { uid, gid };

	return netns_permitted(ns, &cred);
}

static struct netns *owned_by(uid_t uid, gid_t gid)
{
	struct netns_config config = { .owner_uid = uid,
				       .owner_gid = gid,
				       .flags = NETNS_CONFIG_OWNER };
	struct netns *ns = NULL;

	cr_assert_eq(netns_create(&config, &ns), 0);
	return ns;
}

Test(cred, the_owner_and_its_group_are_permitted)
{
	struct netns *ns;

	test_options.admin_uid = 999;
	lib_up();
	ns = owned_by(1001, 2001);
	cr_assert(may(ns, 1001, 5));
	cr_assert(may(ns, 1001, 0));
	cr_assert(may(ns, 1002, 2001));
	cr_assert_not(may(ns, 1002, 2002));
	cr_assert_not(may(ns, 2001, 1001), "a uid is no gid");
	cr_assert_not(may(ns, 1002, 0));
	tenant_gone(ns);
	lib_down();
}

Test(cred, administrators_are_permitted_everywhere)
{
	struct netns *ns;

	test_options.admin_uid = 999;
	lib_up();
	ns = owned_by(1001, 2001);
	cr_assert(may(ns, 0, 77));
	cr_assert(may(ns, 999, 77));
	cr_assert(may(netns_init_ns(), 0, 77));
	cr_assert(may(netns_init_ns(), 999, 77));
	cr_assert_not(may(ns, 998, 999));
	tenant_gone(ns);
	lib_down();
}

Test(cred, group_zero_and_no_id_open_nothing)
{
	struct netns *ns, *none;

	test_options.admin_uid = 999;
	lib_up();
	ns = owned_by(1001, 0);
	none = owned_by((uid_t)-1, (gid_t)-1);
	cr_assert_not(may(ns, 1002, 0));
	cr_assert(may(ns, 1001, 0));
	cr_assert_not(may(none, (uid_t)-1, (gid_t)-1));
	cr_assert(may(none, 0, 0));
	tenant_gone(none);
	tenant_gone(ns);
	lib_down();
}

Test(cred, a_new_owner_takes_over)
{
	struct netns *ns;
	uid_t uid = 1;
	gid_t gid = 1;

	test_options.admin_uid = 999;
	lib_up();
	ns = owned_by(1001, 2001);
	cr_assert_eq(netns_set_owner(ns, 1002, 2002), 0);
	netns_owner(ns, &uid, &gid);
	cr_assert(uid == 1002 && gid == 2002);
	cr_assert(may(ns, 1002, 1));
	cr_assert(may(ns, 1, 2002));
	cr_assert_not(may(ns, 1001, 2001));
	cr_assert_eq(netns_set_owner(ns, (uid_t)-1, 3), -EINVAL);
	cr_assert_eq(netns_set_owner(ns, 3, (gid_t)-1), -EINVAL);
	netns_owner(ns, &uid, &gid);
	cr_assert(uid == 1002 && gid == 2002, "a failure changes nothing");
	netns_hold(ns);
	netns_put(ns);
	cr_assert_eq(netns_set_owner(ns, 3, 3), -ENOENT);
	netns_drop(ns);
	settle();
	lib_down();
}

Test(cred, a_tenant_counts_for_its_present_owner)
{
	struct netns *a, *b, *c;
	struct netns_config config = { .owner_uid = 1001, .owner_gid = 2001 };

	test_options.max_tenants_per_owner = 2;
	lib_up();
	a = owned_by(1001, 2001);
	b = owned_by(1001, 2001);
	cr_assert_eq(netns_create(&config, &c), -ENOSPC);
	cr_assert_eq(netns_set_owner(a, 1001, 2002), 0, "it is counted already");
	cr_assert_eq(netns_set_owner(a, 1002, 2002), 0);
	cr_assert_eq(netns_create(&config, &c), 0);
	cr_assert_eq(netns_set_owner(a, 1001, 2001), -ENOSPC);
	cr_assert(may(a, 1002, 1));
	tenant_gone(b);
	cr_assert_eq(netns_set_owner(a, 1001, 2001), 0);
	tenant_gone(a);
	tenant_gone(c);
	lib_down();
}
