/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection itself: exactly the chosen call fails, once, in whichever
 * thread it happens; the heap under injection; nothing fails when it is off.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "netns/fault.h"

#define THREADS 4
#define CALLS   20000

Test(fault, fails_exactly_the_chosen_call)
{
	for (uint64_t nth = 1; nth <= 10; nth++) {
		netns_fault_arm(nth);
		for (uint64_t i = 1; i <= 20; i++)
			cr_assert_eq(fault_alloc(), i == nth);
		cr_assert_eq(netns_fault_seen(), 20);
	}
	netns_fault_arm(0);
	cr_assert_eq(netns_fault_seen(), 20, "can be asked for after switching off");
}

Test(fault, is_off_from_the_start_and_after_switching_off)
{
	for (unsigned int i = 0; i < 100; i++)
		cr_assert_not(fault_alloc());
	cr_assert_eq(netns_fault_seen(), 0);
	netns_fault_arm(3);
	netns_fault_arm(0);
	for (unsigned int i = 0; i < 100; i++)
		cr_assert_not(fault_alloc());
	cr_assert_eq(netns_fault_seen(), 0);
}

Test(fault, heap_fails_and_keeps_the_old_block)
{
	char *block = heap_zalloc(16), *larger;

	cr_assert_not_null(block);
	for (unsigned int i = 0; i < 16; i++)
		cr_assert_eq(block[i], 0);
	strcpy(block, "kept");
	netns_fault_arm(1);
	larger = heap_realloc(block, 4096);
	cr_assert_null(larger);
	cr_assert_str_eq(block, "kept");
	larger = heap_realloc(block, 4096);
	cr_assert_not_null(larger);
	cr_assert_str_eq(larger, "kept");
	netns_fault_arm(2);
	block = heap_zalloc(8);
	cr_assert_not_null(block);
	cr_assert_null(heap_zalloc(8));
	netns_fault_arm(0);
	heap_free(block);
	heap_free(larger);
	heap_free(NULL);
}

static void *call(void *arg)
{
	uintptr_t failed = 0;

	(void)arg;
	for (unsigned int i = 0; i < CALLS; i++)
		failed += fault_alloc();
	return (void *)failed;
}

Test(fault, one_call_fails_among_all_threads)
{
	pthread_t thread[THREADS];
	uintptr_t failed = 0;

	netns_fault_arm(CALLS);
	for (unsigned int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, call, NULL), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *result;

		cr_assert_eq(pthread_join(thread[i], &result), 0);
		failed += (uintptr_t)result;
	}
	cr_assert_eq(failed, 1);
	cr_assert_eq(netns_fault_seen(), (uint64_t)THREADS * CALLS);
	netns_fault_arm(0);
}
