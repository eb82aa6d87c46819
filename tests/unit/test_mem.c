/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory charged to a tenant, and quotas: rounding, limits that hold exactly
 * when threads race, errors that leave no charge. The tenant is a bare struct:
 * nothing else of it takes part.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "arena_util.h"
#include "netns/fault.h"

#define THREADS 4

static struct kept_log kept;
static struct tenant tenant;

static struct netns *start(uint64_t limit)
{
	start_arena(&kept, true, false);
	memset(&tenant, 0, sizeof(tenant));
	tenant.bytes_limit = limit;
	for (unsigned int i = 0; i < NETNS_QUOTA_KINDS; i++)
		tenant.count_limit[i] = UINT32_MAX;
	return &tenant.pub;
}

static uint64_t used(struct netns *ns, enum netns_quota_kind kind)
{
	uint64_t limit, now = 0;

	cr_assert_eq(netns_quota_get(ns, kind, &limit, &now), 0);
	return now;
}

Test(mem, allocations_are_zeroed_charged_and_given_back)
{
	struct netns *ns = start(UINT64_MAX);

	for (size_t size = 1; size < 9000; size += 101) {
		unsigned char *ptr = netns_mem_alloc(ns, size);

		cr_assert_not_null(ptr);
		cr_assert_eq((uintptr_t)ptr % 64, 0);
		cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), (size + 63) / 64 * 64);
		for (size_t i = 0; i < size; i++)
			cr_assert(ptr[i] == 0);
		memset(ptr, 0xff, size);
		netns_mem_free(ns, ptr, size);
		cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 0);
	}
	netns_mem_free(ns, NULL, 64);
	cr_assert_eq(arena_fini(), 0);
}

Test(mem, the_limit_is_met_exactly)
{
	struct netns *ns = start(1024);
	void *ptr = netns_mem_alloc(ns, 1000);

	cr_assert_not_null(ptr);
	errno = 0;
	cr_assert_null(netns_mem_alloc(ns, 1));
	cr_assert_eq(errno, EDQUOT);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 1024);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_BYTES, 512), 0);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 1024, "stops growth only");
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_BYTES, 1), -EDQUOT);
	netns_mem_free(ns, ptr, 1000);
	ptr = netns_mem_alloc(ns, 512);
	cr_assert_not_null(ptr);
	netns_mem_free(ns, ptr, 512);
	cr_assert_eq(arena_fini(), 0);
}

Test(mem, no_memory_and_bad_sizes_leave_no_charge)
{
	struct netns *ns = start(UINT64_MAX);

	netns_fault_arm(1);
	errno = 0;
	cr_assert_null(netns_mem_alloc(ns, 64));
	cr_assert_eq(errno, ENOMEM);
	netns_fault_arm(0);
	errno = 0;
	cr_assert_null(netns_mem_alloc(ns, 0));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(netns_mem_alloc(ns, SIZE_MAX));
	cr_assert_eq(errno, ENOMEM);
	errno = 0;
	cr_assert_null(netns_mem_alloc(ns, SIZE_MAX - 4096));
	cr_assert_eq(errno, ENOMEM);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(mem, counts_have_their_own_limits)
{
	struct netns *ns = start(UINT64_MAX);
	uint64_t limit = 0, now = 99;

	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_ROUTES, 10), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 7), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 4), -EDQUOT);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_ROUTES, 3), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, 1000), 0);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, UINT32_MAX), -EDQUOT);
	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, UINT64_MAX), -EDQUOT);
	cr_assert_eq(netns_quota_get(ns, NETNS_QUOTA_ROUTES, &limit, &now), 0);
	cr_assert_eq(limit, 10);
	cr_assert_eq(now, 10);
	netns_uncharge(ns, NETNS_QUOTA_ROUTES, 10);
	netns_uncharge(ns, NETNS_QUOTA_LINKS, 1000);
	cr_assert_eq(used(ns, NETNS_QUOTA_LINKS), 0);
	cr_assert_eq(used(ns, NETNS_QUOTA_ROUTES), 0);
	cr_assert_eq(arena_fini(), 0);
}

Test(mem, wrong_kinds_and_limits_change_nothing)
{
	const enum netns_quota_kind bad = NETNS_QUOTA_KINDS;
	struct netns *ns = start(UINT64_MAX);
	uint64_t limit = 1, now = 2;

	cr_assert_eq(netns_charge(ns, bad, 1), -EINVAL);
	cr_assert_eq(netns_quota_set(ns, bad, 1), -EINVAL);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_BYTES, 0), -EINVAL);
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_LINKS, 0), -EINVAL);
	cr_assert_eq(netns_quota_get(ns, bad, &limit, &now), -EINVAL);
	cr_assert(limit == 1 && now == 2, "outputs of a failed call were written");
	for (unsigned int kind = 0; kind < NETNS_QUOTA_KINDS; kind++) {
		cr_assert_eq(netns_quota_get(ns, kind, &limit, &now), 0);
		cr_assert_eq(limit, UINT64_MAX);
	}
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_LINKS, 1ull << 40), 0);
	cr_assert_eq(netns_quota_get(ns, NETNS_QUOTA_LINKS, &limit, &now), 0);
	cr_assert_eq(limit, UINT64_MAX, "more than can be counted is no limit");
	cr_assert_eq(arena_fini(), 0);
}

Test(mem, giving_back_more_than_was_charged_aborts, .signal = SIGABRT)
{
	struct netns *ns = start(UINT64_MAX);

	cr_assert_eq(netns_charge(ns, NETNS_QUOTA_LINKS, 1), 0);
	netns_uncharge(ns, NETNS_QUOTA_LINKS, 2);
}

Test(mem, without_a_tenant_nothing_is_charged)
{
	struct netns *ns = start(64);
	void *ptr;

	ptr = netns_arena_alloc(-1, 1u << 20);
	cr_assert_not_null(ptr);
	netns_arena_free(ptr, 1u << 20);
	netns_fault_arm(1);
	errno = 0;
	cr_assert_null(netns_arena_alloc(-1, 64));
	cr_assert_eq(errno, ENOMEM);
	netns_fault_arm(0);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 0);
	cr_assert_eq(arena_fini(), 0);
}

static uint64_t highest; /* atomic; most bytes seen charged at once */

/* Charges until refused, notes how much is used, gives back. */
static void *race(void *arg)
{
	struct netns *ns = arg;
	uintptr_t refused = 0;

	for (unsigned int round = 0; round < 20000; round++) {
		void *ptr = netns_mem_alloc(ns, 64);
		uint64_t now = used(ns, NETNS_QUOTA_BYTES), before;

		before = __atomic_load_n(&highest, __ATOMIC_RELAXED);
		while (now > before &&
		       !__atomic_compare_exchange_n(&highest, &before, now, true, __ATOMIC_RELAXED,
						    __ATOMIC_RELAXED))
			;
		refused += ptr == NULL;
		netns_mem_free(ns, ptr, 64);
	}
	return (void *)refused;
}

Test(mem, racing_threads_never_pass_the_limit_nor_fail_below_it)
{
	struct netns *ns = start(3 * 64); /* for four threads, one object each */
	pthread_t thread[THREADS];
	uintptr_t refused = 0;

	for (unsigned int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, race, ns), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *result;

		cr_assert_eq(pthread_join(thread[i], &result), 0);
		refused += (uintptr_t)result;
	}
	cr_assert_leq(highest, 3 * 64);
	cr_assert_geq(highest, 64);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 0);

	/* room for all of them: nobody may be refused */
	cr_assert_eq(netns_quota_set(ns, NETNS_QUOTA_BYTES, THREADS * 64), 0);
	refused = 0;
	for (unsigned int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, race, ns), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *result;

		cr_assert_eq(pthread_join(thread[i], &result), 0);
		refused += (uintptr_t)result;
	}
	cr_assert_eq(refused, 0);
	cr_assert_eq(used(ns, NETNS_QUOTA_BYTES), 0);
	cr_assert_eq(arena_fini(), 0);
}
