/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quarantine under AddressSanitizer; see quarantine.h. A ring of the last objects freed, bounded
 * in number and bytes, under one lock: such builds are for tests and need not be fast.
 */
#include "arena_impl.h"
#include "asan.h"
#include "quarantine.h"
#include "tenant.h"

#if NETNS_ASAN

#define OBJECTS_MAX 8192u
#define BYTES_MAX   (8u << 20)

static struct arena_lock lock;
static struct {
	void *ptr;
	size_t size;
} ring[OBJECTS_MAX] TS_GUARDED_BY(lock);
static unsigned int first TS_GUARDED_BY(lock), count TS_GUARDED_BY(lock);
static size_t bytes TS_GUARDED_BY(lock);

/* Takes the oldest one out, if there is any, and there are too many or all shall go. */
static bool pop(bool all, void **ret_ptr, size_t *ret_size)
{
	bool found;

	arena_lock(&lock);
	found = count > 0 && (all || count == OBJECTS_MAX || bytes > BYTES_MAX);
	if (found) {
		*ret_ptr = ring[first].ptr;
		*ret_size = ring[first].size;
		bytes -= ring[first].size;
		first = (first + 1) % OBJECTS_MAX;
		count--;
	}
	arena_unlock(&lock);
	return found;
}

void quarantine_put(void *ptr, size_t size)
{
	void *old;
	size_t old_size;

	if (asan_is_poisoned(ptr))
		netns_bug("arena: %p (%zu bytes) is freed twice", ptr, size);
	asan_poison(ptr, size);
	while (pop(false, &old, &old_size))
		arena_release(old, old_size);
	arena_lock(&lock);
	if (count < OBJECTS_MAX) {
		ring[(first + count) % OBJECTS_MAX].ptr = ptr;
		ring[(first + count) % OBJECTS_MAX].size = size;
		bytes += size;
		count++;
		ptr = NULL;
	}
	arena_unlock(&lock);
	if (ptr != NULL) /* other threads filled it meanwhile */
		arena_release(ptr, size);
}

bool quarantine_drain(void)
{
	bool any = false;
	void *ptr;
	size_t size;

	while (pop(true, &ptr, &size)) {
		arena_release(ptr, size);
		any = true;
	}
	return any;
}

#else

void quarantine_put(void *ptr, size_t size)
{
	(void)ptr;
	(void)size;
}

bool quarantine_drain(void)
{
	return false;
}

#endif
