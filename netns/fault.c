/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection: counts allocations of all threads once a test has armed it, and fails one of
 * them. Called by every allocation of the library; see fault.h. Also libc's heap under injection,
 * for control structures that are no tenant's memory.
 */
#include <stdlib.h>

#include "fault.h"

bool fault_armed;

static uint64_t seen;   /* atomic; calls since arming */
static uint64_t target; /* atomic; number of the call that fails */

void netns_fault_arm(uint64_t nth)
{
	__atomic_store_n(&fault_armed, false, __ATOMIC_RELAXED);
	__atomic_store_n(&target, nth, __ATOMIC_RELAXED);
	if (nth == 0)
		return; /* what was seen can still be asked for */
	__atomic_store_n(&seen, 0, __ATOMIC_RELAXED);
	/* pairs with the acquire in fault_alloc_slow(): whoever sees the flag sees the target */
	__atomic_store_n(&fault_armed, true, __ATOMIC_RELEASE);
}

uint64_t netns_fault_seen(void)
{
	return __atomic_load_n(&seen, __ATOMIC_RELAXED);
}

bool fault_alloc_slow(void)
{
	uint64_t nth;

	if (!__atomic_load_n(&fault_armed, __ATOMIC_ACQUIRE))
		return false;
	/* each number is drawn once, so exactly one caller fails */
	nth = __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
	return nth == __atomic_load_n(&target, __ATOMIC_RELAXED);
}

void *heap_zalloc(size_t size)
{
	return fault_alloc() ? NULL : calloc(1, size);
}

void *heap_realloc(void *ptr, size_t size)
{
	return fault_alloc() ? NULL : realloc(ptr, size);
}

void heap_free(void *ptr)
{
	free(ptr);
}
