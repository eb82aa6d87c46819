/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quotas as a user sees them: what counts against them, when they refuse, and that what was refused
 * charged nothing.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "support.h"

enum { A, B };

static uint64_t used(const struct netns *ns, enum netns_quota_kind kind)
{
	uint64_t limit = 0, now = 0;

	cr_assert_eq(netns_quota_get(ns, kind, &limit, &now), 0);
	return now;
}

static uint64_t limit_of(const struct netns *ns, enum netns_quota_kind kind)
{
	uint64_t limit = 0, now = 0;

	cr_assert_eq(netns_quota_get(ns, kind, &limit, &now), 0);
	return limit;
}

Test(quota, counts_are_charged_up_to_the_limit_and_given_back)
{
	static const enum netns_quota_kind kinds[] = { NETNS_QUOTA_LINKS, NETNS_QUOTA_ROUTES,
						       NETNS_QUOTA_NEIGHS };
	struct netns *ns, *other;
	unsigned int i;

	lib_up();
	ns = tenant(NULL);
	other = tenant(NULL);
	for (i = 0; i < 3; i++) {
		cr_assert_eq(netns_quota_set(ns, kinds[i], 10), 0);
		cr_assert_eq(limit_of(ns, kinds[i]), 10);
		cr_assert_eq(netns_charge(ns, kinds[i], 7), 0);
		cr_assert_eq(netns_charge(ns, kinds[i], 4), -EDQUOT);
		cr_assert_eq(used(ns, kinds[i]), 7, "a refusal was charged");
		cr_assert_eq(netns_charge(ns, kinds[i], 3), 0, "exactly the limit is refused");
		cr_assert_eq(netns_charge(ns, kinds[i], 1), -EDQUOT);
		netns_uncharge(ns, kinds[i], 5);
		cr_assert_eq(netns_charge(ns, kinds[i], 5), 0);
		netns_uncharge(ns, kinds[i], 10);
		cr_assert_eq(used(ns, kinds[i]), 0);
		cr_assert_eq(used(other, kinds[i]), 0, "another tenant was charged");
	}
	tenant_gone(ns);
	tenant_gone(other);
	lib_down();
}

Test(quota, a_limit_below_the_present_use_stops_growth_only)
{
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 100), 0);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_ROUTES, 50), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 1), -EDQUOT);
	netns_uncharge(ns, NETNS_QUOTA_ROUTES, 51);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 1), 0);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_ROUTES, UINT64_MAX), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 100000), 0, "no limit means none");
	netns_uncharge(ns, NETNS_QUOTA_ROUTES, 100050);
	tenant_gone(ns);
	lib_down();
}

Test(quota, bad_kinds_and_zero_limits_are_refused)
{
	uint64_t limit = 42, now = 43;
	struct netns *root;

	lib_up();
	root = netns_init_ns();
	cr_assert_eq(netns_charge(root, NETNS_QUOTA_KINDS, 1), -EINVAL);
	cr_assert_eq(netns_quota_set(root, NETNS_QUOTA_KINDS, 1), -EINVAL);
	cr_assert_eq(netns_quota_set(root, NETNS_QUOTA_LINKS, 0), -EINVAL);
	cr_assert_eq(netns_quota_get(root, NETNS_QUOTA_KINDS, &limit, &now), -EINVAL);
	cr_assert(limit == 42 && now == 43, "output touched on failure");
	lib_down();
}

Test(quota, huge_charges_do_not_wrap)
{
	struct netns *ns;

	lib_up();
	ns = tenant(NULL);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_LINKS, 10), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, 5), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, UINT64_MAX), -EDQUOT);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, UINT64_MAX - 4), -EDQUOT);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, (uint64_t)UINT32_MAX + 1), -EDQUOT);
	cr_assert_eq(used(ns, NETNS_QUOTA_LINKS), 5);
	netns_uncharge(ns, NETNS_QUOTA_LINKS, 5);
	tenant_gone(ns);
	lib_down();
}

Test(quota, memory_is_zeroed_aligned_charged_and_refused_with_edquot)
{
	struct netns *ns;
	uint64_t before;
	unsigned char *p;
	size_t i;

	lib_up();
	ns = tenant(NULL);
	before = used(ns, NETNS_QUOTA_BYTES);
	p = netns_mem_alloc(ns, 1000);
	cr_assert_not_null(p);
	cr_assert_eq((uintptr_t)p % 64, 0);
	for (i = 0; i < 1000; i++)
		cr_assert_eq(p[i], 0);
	memset(p, 0xff, 1000);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), before + 1024, "%lu",
		     used(ns, NETNS_QUOTA_BYTES) - before);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_BYTES, before + 1024 + 128), 0);
	errno = 0;
	cr_assert_null(netns_mem_alloc(ns, 129));
	cr_assert_eq(errno, EDQUOT, "errno %d", errno);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), before + 1024);
	netns_mem_free(ns, p, 1000);
	netns_mem_free(ns, NULL, 77);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), before);
	p = netns_mem_alloc(ns, 1000);
	cr_assert_not_null(p);
	for (i = 0; i < 1000; i++)
		cr_assert_eq(p[i], 0, "recycled memory is not zeroed");
	netns_mem_free(ns, p, 1000);
	tenant_gone(ns);
	lib_down();
}

Test(quota, module_data_counts_and_a_tenant_over_its_quota_is_not_made)
{
	struct netns_config config = { .name = "small", .quota = { [NETNS_QUOTA_BYTES] = 4096 } };
	struct census before;
	struct netns *ns = NULL;

	lib_up();
	cr_assert_eq(netns_subsys_register(rec_ops(A, 64)), 0);
	census_take(&before);
	cr_assert_eq(netns_create(&config, &ns), 0);
	cr_assert_geq(used(ns, NETNS_QUOTA_BYTES), 64);
	cr_assert_eq(limit_of(ns, NETNS_QUOTA_BYTES), 4096);
	/* a module that this tenant cannot afford is not registered, here and anywhere */
	cr_assert_eq(netns_subsys_register(rec_ops(B, 8192)), -EDQUOT);
	cr_assert_eq(rec[B].id, ~0u);
	cr_assert_eq(rec[B].inits, rec[B].exits);
	tenant_gone(ns);
	census_expect(&before, "after a refused registration");
	cr_assert_eq(netns_subsys_register(rec_ops(B, 8192)), 0);
	ns = NULL;
	cr_assert_eq(netns_create(&config, &ns), -EDQUOT);
	cr_assert_null(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[B].ops), 0);
	census_expect(&before, "after a refused tenant");
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	lib_down();
}

Test(quota, unregistering_gives_the_bytes_back)
{
	struct netns *ns;
	uint64_t before;

	lib_up();
	ns = tenant(NULL);
	before = used(ns, NETNS_QUOTA_BYTES);
	cr_assert_eq(netns_subsys_register(rec_ops(A, 200)), 0);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), before + 256);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	settle();
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), before);
	tenant_gone(ns);
	lib_down();
}

Test(quota, config_and_options_set_the_limits)
{
	struct netns_config config = { .quota = { [NETNS_QUOTA_ROUTES] = 5 } };
	struct netns *ns = NULL;

	test_options.quota_bytes = 100000;
	lib_up();
	cr_assert_eq(netns_create(&config, &ns), 0);
	cr_assert_eq(limit_of(ns, NETNS_QUOTA_BYTES), 100000, "default of the options");
	cr_assert_eq(limit_of(ns, NETNS_QUOTA_ROUTES), 5);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 6), -EDQUOT);
	cr_assert_eq(limit_of(ns, NETNS_QUOTA_LINKS), UINT64_MAX);
	tenant_gone(ns);
	ns = NULL;
	config.flags = NETNS_CONFIG_QUOTA; /* so zeros are meant, and refused */
	cr_assert_eq(netns_create(&config, &ns), -EINVAL);
	cr_assert_null(ns);
	lib_down();
}

static uint32_t lcore_dirty;

static int dirty_every_lcore(struct netns *ns)
{
	const struct netns_lcore_area *area = netns_lcore_area(&rec[A].ops);
	unsigned int i;

	for (i = 0; i < area->lcores; i++) {
		uint64_t *block = netns_lcore(area, i, ns->index);

		if (block[0] != 0 || block[12] != 0)
			__atomic_fetch_add(&lcore_dirty, 1, __ATOMIC_SEQ_CST);
		block[0] = block[12] = netns_handle(ns);
	}
	return 0;
}

Test(quota, lcore_blocks_are_zeroed_for_each_owner_of_an_index, .timeout = 20)
{
	const struct netns_lcore_area *area;
	struct netns *ns;
	unsigned int i;

	test_options.max_tenants = 8;
	test_options.max_lcores = 3;
	lib_up();
	rec_ops(A, 0);
	rec[A].ops.lcore_size = 100;
	rec[A].on_init = dirty_every_lcore;
	cr_assert_eq(netns_subsys_register(&rec[A].ops), 0);
	area = netns_lcore_area(&rec[A].ops);
	cr_assert_not_null(area);
	cr_assert_eq(area->lcores, 3);
	cr_assert_geq(area->stride, 100);
	cr_assert_eq(area->stride % 64, 0);
	for (i = 0; i < 30; i++)
		tenant_gone(tenant(NULL));
	cr_assert_eq(rec[A].inits, 31);
	cr_assert_eq(lcore_dirty, 0, "%u blocks not zeroed", lcore_dirty);
	ns = tenant(NULL);
	cr_assert_eq(*(uint64_t *)netns_lcore(area, 2, ns->index), netns_handle(ns));
	tenant_gone(ns);
	cr_assert_eq(netns_subsys_unregister(&rec[A].ops), 0);
	cr_assert_null(netns_lcore_area(&rec[A].ops));
	lib_down();
}
