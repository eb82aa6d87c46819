/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fault injection for tests: makes the n-th allocation of the calling thread (or of any thread)
 * fail. Costs one predictable branch on a read-mostly flag where it is compiled in, which is
 * always: the paths that tests prove are the paths that ship.
 */
#ifndef NETNS_FAULT_H
#define NETNS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The @nth call (1 = next) of fault_alloc() from now on fails, once; 0 switches off. All threads.
 */
void netns_fault_arm(uint64_t nth);
/* Calls seen since arming; lets a test loop until nothing was left to fail. */
uint64_t netns_fault_seen(void);

bool fault_alloc_slow(void);
extern bool fault_armed; /* atomic; w:test r:control */

static inline bool fault_alloc(void)
{
	return __builtin_expect(__atomic_load_n(&fault_armed, __ATOMIC_RELAXED), 0) &&
	       fault_alloc_slow();
}

/* malloc() and friends of libc for control structures, under fault injection. */
void *heap_zalloc(size_t size);
void *heap_realloc(void *ptr, size_t size);
void heap_free(void *ptr);

#endif /* NETNS_FAULT_H */
