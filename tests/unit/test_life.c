/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a tenant: creation and its limits, names, counts, and that it is visible neither
 * before every init succeeded nor after its last reference went. Lookups are in test_lookup.c.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

enum { A, B };

Test(life, defaults_give_a_nameless_tenant_of_the_callers_owner)
{
	struct netns_config zero = { 0 };
	struct netns *a, *b;
	uid_t uid = 12345;
	gid_t gid = 12345;

	lib_up();
	cr_assert_eq(netns_create(NULL, &a), 0);
	cr_assert_eq(netns_create(&zero, &b), 0);
	cr_assert_null(netns_name(a));
	cr_assert_null(netns_name(b));
	netns_owner(a, &uid, &gid);
	cr_assert(uid == geteuid() && gid == getegid(), "%u %u", uid, gid);
	netns_owner(b, &uid, &gid);
	cr_assert(uid == geteuid() && gid == getegid(), "%u %u", uid, gid);
	cr_assert_neq(netns_handle(a), netns_handle(b));
	cr_assert_neq(netns_cookie(a), netns_cookie(b));
	cr_assert_neq(netns_inum(a), netns_inum(b));
	cr_assert_neq(a->index, b->index);
	cr_assert_eq(a->flags & NETNS_F_ROOT, 0);
	tenant_gone(a);
	tenant_gone(b);
	lib_down();
}

Test(life, owner_and_node_are_taken_from_the_config)
{
	struct netns_config config = { .owner_uid = 1001, .owner_gid = 1002 };
	struct netns *ns, *none = NULL;
	uid_t uid = 0;
	gid_t gid = 0;

	lib_up();
	cr_assert_eq(netns_create(&config, &ns), 0);
	netns_owner(ns, &uid, &gid);
	cr_assert(uid == 1001 && gid == 1002, "%u %u", uid, gid);
	tenant_gone(ns);
	config = (struct netns_config){ .flags = NETNS_CONFIG_OWNER | NETNS_CONFIG_NODE };
	cr_assert_eq(netns_create(&config, &ns), 0);
	netns_owner(ns, &uid, &gid);
	cr_assert(uid == 0 && gid == 0, "%u %u", uid, gid);
	cr_assert_eq(ns->numa_node, 0);
	tenant_gone(ns);
	config = (struct netns_config){ .numa_node = -1 };
	cr_assert_eq(netns_create(&config, &ns), 0, "any node");
	tenant_gone(ns);
	config = (struct netns_config){ .numa_node = 100000 };
	cr_assert_eq(netns_create(&config, &none), -EINVAL, "a node that is not there");
	cr_assert_null(none);
	lib_down();
}

Test(life, bad_names_are_refused)
{
	static char longest[NETNS_NAME_MAX + 2];
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "/a", "a/", longest };
	struct census before;
	struct netns_config config = { 0 };
	struct netns *ns = NULL;
	unsigned int i;

	lib_up();
	memset(longest, 'x', NETNS_NAME_MAX + 1);
	census_take(&before);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		config.name = bad[i];
		cr_assert_eq(netns_create(&config, &ns), -EINVAL, "name '%s'", bad[i]);
		cr_assert_null(ns);
		cr_assert_eq(netns_name_set(netns_init_ns(), bad[i]), -EINVAL, "'%s'", bad[i]);
		cr_assert_null(netns_find_by_name(bad[i]));
	}
	census_expect(&before, "after bad names");
	lib_down();
}

Test(life, odd_but_good_names_are_taken_and_copied)
{
	static char longest[NETNS_NAME_MAX + 1];
	static const char *const good[] = { "a",         "...",      ".a",      "..a",  " ",
					    "tab\there", "\xc3\xa4", "a.b-c_d", longest };
	unsigned int i;

	lib_up();
	memset(longest, 'x', NETNS_NAME_MAX);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char mine[NETNS_NAME_MAX + 1];
		struct netns *ns, *found;

		snprintf(mine, sizeof(mine), "%s", good[i]);
		ns = tenant(mine);
		memset(mine, '#', sizeof(mine) - 1);
		cr_assert_str_eq(netns_name(ns), good[i]);
		found = netns_find_by_name(good[i]);
		cr_assert_eq(found, ns, "'%s'", good[i]);
		netns_put(found);
		tenant_gone(ns);
		cr_assert_null(netns_find_by_name(good[i]));
	}
	lib_down();
}

Test(life, a_name_that_is_taken_is_refused_until_it_is_free)
{
	struct netns_config config = { .name = "blue" };
	struct netns *ns, *other = NULL;

	lib_up();
	ns = tenant("blue");
	cr_assert_eq(netns_create(&config, &other), -EEXIST);
	cr_assert_null(other);
	tenant_gone(tenant("blue2"));
	tenant_gone(tenant("blu"));
	tenant_gone(ns);
	tenant_gone(tenant("blue"));
	lib_down();
}

Test(life, renaming_moves_the_name)
{
	struct netns *a, *b, *found;

	lib_up();
	a = tenant("a");
	b = tenant(NULL);
	cr_assert_eq(netns_name_set(b, "a"), -EEXIST);
	cr_assert_null(netns_name(b));
	cr_assert_eq(netns_name_set(a, "c"), 0);
	cr_assert_str_eq(netns_name(a), "c");
	cr_assert_null(netns_find_by_name("a"));
	cr_assert_eq(netns_name_set(b, "a"), 0);
	found = netns_find_by_name("a");
	cr_assert_eq(found, b);
	netns_put(found);
	cr_assert_eq(netns_name_set(a, NULL), 0);
	cr_assert_null(netns_name(a));
	cr_assert_null(netns_find_by_name("c"));
	netns_hold(b);
	tenant_gone(b);
	cr_assert_eq(netns_name_set(b, "late"), -ENOENT);
	netns_drop(b);
	tenant_gone(a);
	lib_down();
}

static uint32_t exit_may_end;

static void stuck_exit(struct netns *ns)
{
	wait_u32(&exit_may_end, 1, WAIT_MS);
}

static void fill_up(struct netns_config *config, struct netns **ns, unsigned int want)
{
	unsigned int n = 0;
	int ret;

	while ((ret = netns_create(config, &ns[n])) == 0)
		cr_assert_leq(++n, want, "the limit does not hold");
	cr_assert_eq(ret, -ENOSPC, "%d", ret);
	cr_assert_eq(n, want, "%u tenants, not %u", n, want);
}

/* The dying count: destroying must not be a way around the limit. */
static void limit_counts_the_dying(struct netns_config *config, unsigned int want)
{
	struct netns *ns[10], *more = NULL;

	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	fill_up(config, ns, want);
	rec[A].on_exit = stuck_exit;
	netns_put(ns[0]);
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS));
	cr_assert_eq(netns_create(config, &more), -ENOSPC, "the dying one is not counted");
	set_u32(&exit_may_end, 1);
	settle();
	cr_assert_eq(netns_create(config, &ns[0]), 0, "its place is not given back");
	cr_assert_eq(netns_create(config, &more), -ENOSPC);
	cr_assert_null(more);
	netns_put_many(ns, want);
	settle();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
}

Test(life, the_tenant_limit_counts_the_root_and_the_dying)
{
	test_options.max_tenants = 8;
	lib_up();
	limit_counts_the_dying(NULL, 7);
	lib_down();
}

Test(life, the_owner_limit_counts_the_dying_of_that_owner_only)
{
	struct netns_config config = { .owner_uid = 1001 }, other = { .owner_uid = 1002 };
	struct netns *ns[2];

	test_options.max_tenants_per_owner = 3;
	lib_up();
	cr_assert_eq(netns_create(&other, &ns[0]), 0);
	limit_counts_the_dying(&config, 3);
	cr_assert_eq(netns_create(&other, &ns[1]), 0);
	netns_put_many(ns, 2);
	lib_down();
}

Test(life, batches_of_several_owners_give_each_its_places_back)
{
	struct netns_config config[6] = { 0 };
	struct netns *ns[6];
	unsigned int i;

	test_options.max_tenants_per_owner = 2;
	lib_up();
	for (i = 0; i < 6; i++)
		config[i].owner_uid = 1001 + i % 3;
	for (i = 0; i < 3; i++) {
		cr_assert_eq(netns_create_many(config, 6, ns), 0, "round %u", i);
		netns_put_many(ns, 6);
		settle();
	}
	lib_down();
}

Test(life, failed_creations_do_not_eat_the_limit)
{
	struct netns *ns[4], *none;
	unsigned int i;

	test_options.max_tenants = 4;
	test_options.max_tenants_per_owner = 3;
	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	for (i = 0; i < 20; i++) {
		rec[A].fail_nth = 1;
		rec[A].fail_with = -EIO;
		cr_assert_eq(netns_create(NULL, &none), -EIO, "attempt %u", i);
		settle();
	}
	fill_up(NULL, ns, 3);
	netns_put_many(ns, 3);
	settle();
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static int refuse_from_init;

static int create_in_init(struct netns *ns)
{
	struct netns *inner;

	refuse_from_init = netns_create(NULL, &inner);
	return 0;
}

Test(life, creating_from_inside_init_is_refused, .timeout = 20)
{
	struct netns *ns;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 0)), 0);
	rec[A].on_init = create_in_init;
	ns = tenant(NULL);
	cr_assert_eq(refuse_from_init, -EDEADLK, "%d", refuse_from_init);
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(life, get_and_put_balance_and_the_last_put_retires)
{
	struct netns *ns;
	unsigned int i;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	ns = tenant(NULL);
	for (i = 0; i < 5; i++)
		cr_assert_eq(netns_get(ns), ns);
	cr_assert(netns_tryget(ns));
	for (i = 0; i < 6; i++)
		netns_put(ns);
	settle();
	cr_assert(netns_is_alive(ns));
	cr_assert_eq(rec[A].exits, 0);
	netns_put(NULL);
	tenant_gone(ns);
	cr_assert_eq(rec[A].exits, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(life, tryget_fails_once_the_count_was_zero)
{
	struct netns *ns;
	struct netns_stats s;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	ns = tenant("blue");
	netns_hold(ns);
	netns_put(ns);
	cr_assert_not(netns_tryget(ns));
	cr_assert_not(netns_is_alive(ns));
	cr_assert_not(netns_tryget(ns), "a failed tryget raised the count");
	cr_assert_eq(netns_open_fd(ns), -ENOENT);
	cr_assert(wait_u32(&rec[A].exits, 1, WAIT_MS), "a passive count keeps the tenant");
	netns_stats(&s);
	cr_assert_eq(s.dying, 1, "the memory went in spite of the passive count");
	cr_assert_neq(netns_handle(ns), 0);
	cr_assert_str_eq(netns_name(ns), "blue");
	netns_drop(ns);
	settle();
	netns_stats(&s);
	cr_assert_eq(s.dying, 0);
	cr_assert_eq(s.live, 1);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

static uint32_t gets, wins;
static struct netns *contended;

static int try_often(void *arg)
{
	while (netns_tryget(contended)) {
		__atomic_fetch_add(&wins, 1, __ATOMIC_SEQ_CST);
		netns_put(contended);
	}
	__atomic_fetch_add(&gets, 1, __ATOMIC_SEQ_CST);
	return 0;
}

Test(life, racing_trygets_retire_exactly_once)
{
	struct call c[2];

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 8)), 0);
	contended = tenant(NULL);
	netns_hold(contended);
	call_start(&c[0], try_often, NULL);
	call_start(&c[1], try_often, NULL);
	cr_assert(wait_u32(&wins, 1000, WAIT_MS));
	netns_put(contended);
	cr_assert_eq(call_join(&c[0]), 0);
	cr_assert_eq(call_join(&c[1]), 0);
	netns_drop(contended);
	settle();
	cr_assert_eq(rec[A].exits, 1, "%u exits", rec[A].exits);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(life, the_root_is_always_there)
{
	struct netns *root, *again;

	lib_up();
	root = netns_init_ns();
	cr_assert_not_null(root);
	cr_assert(root->flags & NETNS_F_ROOT);
	cr_assert(netns_is_alive(root));
	cr_assert_neq(netns_handle(root), 0);
	cr_assert(netns_tryget(root));
	netns_put(root);
	settle();
	cr_assert(netns_is_alive(root));
	again = netns_find_by_cookie(netns_cookie(root));
	cr_assert_eq(again, root);
	netns_put(again);
	lib_down();
}
