/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks per tenant and lcore: stride, zeroing, placement, memory that follows
 * the highest index used and not the highest possible one, running out of
 * memory at each step.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "arena_util.h"
#include "netns/fault.h"
#include "netns/lcore.h"

static struct kept_log kept;

Test(lcore, stride_is_a_multiple_of_8_or_of_64)
{
	static const size_t sizes[][2] = { { 1, 8 },   { 8, 8 },    { 9, 16 },     { 63, 64 },
					   { 64, 64 }, { 65, 128 }, { 1000, 1024 } };

	start_arena(&kept, true, false);
	for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct netns_ops ops = { .lcore_size = sizes[i][0] };
		const struct netns_lcore_area *area;

		cr_assert_eq(lcore_area_create(&ops), 0);
		area = netns_lcore_area(&ops);
		cr_assert_not_null(area);
		cr_assert_eq(area->stride, sizes[i][1]);
		cr_assert_eq(area->lcores, netns_opts.max_lcores);
		lcore_area_destroy(&ops);
		cr_assert_null(netns_lcore_area(&ops));
	}
	cr_assert_eq(arena_fini(), 0);
}

Test(lcore, modules_without_blocks_have_no_area)
{
	struct netns_ops ops = { .size = 64 };

	start_arena(&kept, true, false);
	cr_assert_eq(lcore_area_create(&ops), 0);
	cr_assert_null(netns_lcore_area(&ops));
	cr_assert_eq(lcore_area_prepare(&ops, 5), 0);
	lcore_area_destroy(&ops);
	ops.lcore_size = SIZE_MAX;
	cr_assert_eq(lcore_area_create(&ops), -EINVAL);
	cr_assert_eq(arena_fini(), 0);
}

Test(lcore, blocks_are_zeroed_for_each_new_owner_and_apart)
{
	struct netns_ops ops = { .lcore_size = 72 };
	const struct netns_lcore_area *area;
	const uint32_t n = 5000;

	start_arena(&kept, true, false);
	cr_assert_eq(lcore_area_create(&ops), 0);
	area = netns_lcore_area(&ops);
	for (unsigned int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < n; i++) {
			cr_assert_eq(lcore_area_prepare(&ops, i), 0);
			for (unsigned int lcore = 0; lcore < area->lcores; lcore++) {
				const char *block = netns_lcore(area, lcore, i);

				cr_assert(block[0] == 0 && block[71] == 0);
				memset(netns_lcore(area, lcore, i), (int)(i + lcore) | 1, 72);
			}
		}
		for (uint32_t i = 0; i < n; i++)
			for (unsigned int lcore = 0; lcore < area->lcores; lcore++) {
				const char *block = netns_lcore(area, lcore, i);

				cr_assert(block[0] == (char)((i + lcore) | 1));
				cr_assert(block[71] == (char)((i + lcore) | 1));
			}
	}
	lcore_area_destroy(&ops);
	cr_assert_eq(arena_fini(), 0);
}

Test(lcore, memory_follows_the_highest_index)
{
	struct netns_ops ops = { .lcore_size = 64 }; /* 64 MiB a lcore, if all were there */
	uint64_t before, few, many;

	if (NETNS_ASAN)
		cr_skip_test("AddressSanitizer's shadow counts too");
	start_arena(&kept, true, false);
	before = resident_bytes();
	cr_assert_eq(lcore_area_create(&ops), 0);
	cr_assert_leq(resident_bytes() - before, 1u << 20);
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(lcore_area_prepare(&ops, i), 0);
	few = resident_bytes() - before;
	cr_assert_leq(few, 2 * (4u << 20));
	for (uint32_t i = 1000; i < 400000; i++)
		cr_assert_eq(lcore_area_prepare(&ops, i), 0);
	many = resident_bytes() - before;
	cr_assert_geq(many, 2 * 400000 * 64ull * 9 / 10);
	cr_assert_leq(many, 2 * 400000 * 64ull + (8u << 20));
	lcore_area_destroy(&ops);
	cr_assert_leq(resident_bytes() - before, 1u << 20);
	cr_assert_eq(arena_fini(), 0);
}

Test(lcore, the_last_index_has_a_block)
{
	struct netns_ops ops = { .lcore_size = 200 };
	char *block;

	start_arena(&kept, true, false);
	cr_assert_eq(lcore_area_create(&ops), 0);
	cr_assert_eq(lcore_area_prepare(&ops, netns_opts.max_tenants - 1), 0);
	block = netns_lcore(netns_lcore_area(&ops), netns_opts.max_lcores - 1,
			    netns_opts.max_tenants - 1);
	block[199] = 1;
	lcore_area_destroy(&ops);
	cr_assert_eq(arena_fini(), 0);
}

Test(lcore, few_tenants_and_many_lcores_take_little)
{
	struct netns_ops ops = { .lcore_size = 64 };
	uint64_t before;

	if (NETNS_ASAN)
		cr_skip_test("AddressSanitizer's shadow counts too");
	start_arena(&kept, true, false);
	netns_opts.max_lcores = 128;
	before = resident_bytes();
	cr_assert_eq(lcore_area_create(&ops), 0);
	for (uint32_t i = 0; i < 100; i++)
		cr_assert_eq(lcore_area_prepare(&ops, i), 0);
	cr_assert_leq(resident_bytes() - before, 128 * 4 * 4096ull);
	lcore_area_destroy(&ops);
	cr_assert_eq(arena_fini(), 0);
}

static int no_such_cpu(unsigned int lcore)
{
	return lcore == 0 ? -1 : 1 << 20;
}

Test(lcore, placement_asks_where_a_lcore_runs)
{
	struct netns_ops ops = { .lcore_size = 64 };

	start_arena(&kept, true, false);
	netns_opts.lcore_cpu = no_such_cpu; /* answers that make no sense do no harm */
	cr_assert_eq(lcore_area_create(&ops), 0);
	cr_assert_eq(lcore_area_prepare(&ops, 0), 0);
	lcore_area_destroy(&ops);
	cr_assert_eq(arena_fini(), 0);
}

Test(lcore, each_step_fails_in_turn_and_nothing_is_left)
{
	uint64_t nth;
	bool done = false;

	start_arena(&kept, true, false);
	for (nth = 1; !done; nth++) {
		struct netns_ops ops = { .lcore_size = 640 };
		int err;

		netns_fault_arm(nth);
		err = lcore_area_create(&ops);
		if (err == 0)
			err = lcore_area_prepare(&ops, 20000);
		else
			cr_assert_null(netns_lcore_area(&ops));
		done = netns_fault_seen() < nth;
		cr_assert_eq(err, done ? 0 : -ENOMEM);
		netns_fault_arm(0);
		if (netns_lcore_area(&ops) != NULL)
			cr_assert_eq(lcore_area_prepare(&ops, 20000), 0, "works after the fault");
		lcore_area_destroy(&ops);
	}
	cr_assert_gt(nth, 2 * netns_opts.max_lcores);
	cr_assert_eq(arena_fini(), 0);
}

static struct netns_ops shared = { .lcore_size = 128 };

static void *prepare_many(void *arg)
{
	uint32_t first = (uint32_t)(uintptr_t)arg;
	uintptr_t bad = 0;

	for (uint32_t i = first; i < 100000; i += 4) {
		uint64_t *block;

		if (lcore_area_prepare(&shared, i) != 0)
			return (void *)UINTPTR_MAX;
		block = netns_lcore(netns_lcore_area(&shared), 1, i);
		bad += *block != 0;
		*block = i + 1;
	}
	return (void *)bad;
}

Test(lcore, threads_prepare_different_tenants_at_once)
{
	pthread_t thread[4];

	start_arena(&kept, true, false);
	cr_assert_eq(lcore_area_create(&shared), 0);
	for (uintptr_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, prepare_many, (void *)i), 0);
	for (unsigned int i = 0; i < 4; i++) {
		void *bad;

		cr_assert_eq(pthread_join(thread[i], &bad), 0);
		cr_assert_eq((uintptr_t)bad, 0);
	}
	for (uint32_t i = 0; i < 100000; i++)
		cr_assert(*(uint64_t *)netns_lcore(netns_lcore_area(&shared), 1, i) == i + 1);
	lcore_area_destroy(&shared);
	cr_assert_eq(arena_fini(), 0);
}
