/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena out of memory: by fault injection at each allocation in turn, and for
 * real under a limit of address space. Afterwards everything that was handed
 * out is accounted for, and freed memory serves again. Under AddressSanitizer:
 * freed objects are poison and are not served at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "arena_util.h"
#include "netns/fault.h"

static struct kept_log kept;

/* Allocates in all ways; frees what it got. Return: did every step work? */
static bool all_ways(void)
{
	void *one = NULL, *large = NULL, *clear = NULL, *many[100];
	bool bulk = false;

	one = arena_alloc(-1, 64);
	if (one != NULL)
		large = arena_alloc(-1, 5u << 20);
	if (large != NULL)
		clear = arena_zalloc(-1, 4096);
	if (clear != NULL)
		bulk = arena_alloc_bulk(-1, 256, 100, many) == 0;
	if (bulk)
		arena_free_bulk(many, 100, 256);
	arena_free(clear, 4096);
	arena_free(large, 5u << 20);
	arena_free(one, 64);
	return bulk;
}

Test(arena_faults, each_allocation_fails_in_turn_and_nothing_is_left)
{
	uint64_t nth = 1;

	start_arena(&kept, true, false);
	for (;; nth++) {
		bool done;

		netns_fault_arm(nth);
		done = all_ways();
		cr_assert_eq(done, netns_fault_seen() < nth, "fault %llu", (unsigned long long)nth);
		netns_fault_arm(0);
		cr_assert_eq(used_bytes(), 0);
		if (done)
			break;
	}
	cr_assert_eq(nth, 5, "four calls, one fault each");
	cr_assert_eq(arena_fini(), 0);
}

Test(arena_faults, memory_that_ends_is_an_error_and_comes_back)
{
	static void *ptr[1u << 16];
	struct rlimit limit;
	unsigned int n = 0, again = 0;

	if (NETNS_ASAN)
		cr_skip_test("the shadow of AddressSanitizer does not fit under the limit");
	start_arena(&kept, true, false);
	/* committing counts against this: private writable memory of the process */
	limit.rlim_cur = limit.rlim_max = 96u << 20;
	cr_assert_eq(setrlimit(RLIMIT_DATA, &limit), 0);
	while (n < 1u << 16 && (ptr[n] = arena_alloc(-1, 4096)) != NULL)
		n++;
	cr_assert_gt(n, 1000);
	cr_assert_lt(n, 1u << 16, "the limit had no effect");
	cr_assert_eq(used_bytes(), (uint64_t)n * 4096);
	cr_assert_null(arena_alloc(-1, 64u << 20));
	cr_assert_eq(used_bytes(), (uint64_t)n * 4096);
	for (unsigned int i = 0; i < n; i++)
		arena_free(ptr[i], 4096);
	while (again < n && (ptr[again] = arena_alloc(-1, 4096)) != NULL)
		again++;
	cr_assert_eq(again, n, "freed memory does not serve again");
	cr_assert_eq(arena_alloc_bulk(-1, 4096, (1u << 16) - n, ptr + n), -ENOMEM);
	cr_assert_eq(used_bytes(), (uint64_t)n * 4096, "a failed bulk call kept something");
	arena_free_bulk(ptr, n, 4096);
	cr_assert_eq(arena_fini(), 0);
}

Test(arena_faults, freed_objects_are_poison_and_rest_for_a_while)
{
	char *ptr, *other[100];

	if (!NETNS_ASAN)
		cr_skip_test("only with AddressSanitizer");
	start_arena(&kept, true, false);
	ptr = arena_alloc(-1, 100);
	cr_assert_not_null(ptr);
	cr_assert_not(asan_is_poisoned(ptr));
	cr_assert_not(asan_is_poisoned(ptr + 99));
	cr_assert(asan_is_poisoned(ptr + 100), "what lies behind the object can be used");
	arena_free(ptr, 100);
	cr_assert(asan_is_poisoned(ptr));
	for (unsigned int i = 0; i < 100; i++) {
		other[i] = arena_alloc(-1, 100);
		cr_assert_neq(other[i], ptr, "served again at once");
	}
	cr_assert(asan_is_poisoned(ptr));
	for (unsigned int i = 0; i < 100; i++)
		arena_free(other[i], 100);
	cr_assert_eq(arena_fini(), 0);
}
