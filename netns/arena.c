/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The callers' side of the arena: picks a node and a size class, obeys fault injection, and hands
 * on to magazines (cache.c) or, for large pieces, to runs of units (region.c). See arena.h for who
 * may call what, arena_impl.h for the layout and the order of locks, docs/adr/0002-arena.md for
 * why.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena_impl.h"
#include "asan.h"
#include "fault.h"
#include "quarantine.h"
#include "tenant.h"

#define SPINS  128u  /* before yielding */
#define YIELDS 1024u /* before sleeping, in case the holder runs at a lower priority */

struct arena arena;

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void arena_lock_slow(struct arena_lock *lock)
{
	const struct timespec nap = { .tv_nsec = 50000 };

	for (unsigned int i = 0;; i++) {
		/* acquire pairs with the release in arena_unlock() */
		if (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED) == 0 &&
		    __atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) == 0)
			return;
		if (i < SPINS)
			cpu_relax();
		else if (i < SPINS + YIELDS)
			sched_yield();
		else
			nanosleep(&nap, NULL);
	}
}

int arena_init(const struct netns_options *options)
{
	int err;

	if (arena.base != NULL)
		return -EALREADY;
	pages_init(options);
	arena.nodes = nodes_init(arena.home);
	err = cache_init();
	if (err != 0)
		return err;
	arena.bins = aligned_alloc(sizeof(struct arena_bin),
				   arena.nodes * ARENA_CLASSES * sizeof(struct arena_bin));
	if (arena.bins == NULL)
		return -ENOMEM;
	slab_init();
	err = region_init();
	if (err != 0)
		goto free_bins;
	return 0;
free_bins:
	free(arena.bins);
	arena.bins = NULL;
	return err;
}

uint64_t arena_fini(void)
{
	uint64_t left;

	if (arena.base == NULL)
		return 0;
	quarantine_drain();
	cache_fini();
	left = slab_report();
	region_fini();
	free(arena.bins);
	arena.bins = NULL;
	return left;
}

/* The node whose memory is meant by @node, or NODE_NONE. */
static inline unsigned int node_pick(int node)
{
	if (node < 0)
		node = node_current();
	return (unsigned int)node < arena.nodes ? arena.home[node] : NODE_NONE;
}

static void *run_alloc(unsigned int node, size_t size)
{
	uint32_t units, head;

	if (size > (size_t)arena.chunks << CHUNK_SHIFT)
		return NULL;
	units = units_of(size);
	head = region_take(node, units);
	if (head == NIL)
		return NULL;
	arena.units[head].head = head;
	arena.units[head].units = units;
	arena.units[head].kind = UNIT_RUN;
	cache_count((int64_t)units << UNIT_SHIFT);
	return unit_addr(head);
}

static void run_free(void *ptr, size_t size)
{
	unsigned int node = owner_node(ptr);
	uint32_t units = units_of(size), head = unit_of(ptr);

	if (ptr != unit_addr(head) || arena.units[head].head != head ||
	    arena.units[head].kind != UNIT_RUN || arena.units[head].units != units)
		netns_bug("arena: %p is freed as %zu bytes, which it is not", ptr, size);
	arena.units[head].kind = UNIT_FREE;
	cache_count(-((int64_t)units << UNIT_SHIFT));
	if (pool_give(head, units))
		region_shrink(node);
}

static inline void *try_alloc(unsigned int node, size_t size)
{
	return size <= ARENA_CLASS_MAX ? cache_take(node, class_of(size)) : run_alloc(node, size);
}

void *arena_alloc(int node, size_t size)
{
	unsigned int from = node_pick(node);
	void *ptr;

	if (fault_alloc() || from == NODE_NONE || size == 0)
		return NULL;
	ptr = try_alloc(from, size);
	if (NETNS_ASAN && ptr == NULL && quarantine_drain())
		ptr = try_alloc(from, size);
	if (__builtin_expect(ptr == NULL, 0))
		return NULL;
	asan_unpoison(ptr, size);
	return ptr;
}

void *arena_zalloc(int node, size_t size)
{
	void *ptr = arena_alloc(node, size);

	return ptr == NULL ? NULL : memset(ptr, 0, size);
}

static inline void release(void *ptr, size_t size)
{
	if (__builtin_expect(size <= ARENA_CLASS_MAX, 1))
		cache_give(class_of(size), ptr);
	else
		run_free(ptr, size);
}

/* Bytes that an object of @size takes; for what is in quarantine: that is free already. */
static int64_t footprint(size_t size)
{
	return size <= ARENA_CLASS_MAX ? (int64_t)arena.classes[class_of(size)].size
				       : (int64_t)units_of(size) << UNIT_SHIFT;
}

void arena_release(void *ptr, size_t size)
{
	cache_count(footprint(size));
	release(ptr, size);
}

static void confine(void *ptr, size_t size)
{
	cache_count(-footprint(size));
	quarantine_put(ptr, size);
}

void arena_free(void *ptr, size_t size)
{
	if (__builtin_expect(ptr == NULL, 0))
		return;
	if (NETNS_ASAN)
		confine(ptr, size);
	else
		release(ptr, size);
}

static unsigned int try_bulk(unsigned int node, size_t size, unsigned int n, void **ret_ptr)
{
	unsigned int got = 0;

	if (size <= ARENA_CLASS_MAX)
		return cache_take_bulk(node, class_of(size), n, ret_ptr);
	while (got < n && (ret_ptr[got] = run_alloc(node, size)) != NULL)
		got++;
	return got;
}

static void release_bulk(void *const *ptr, unsigned int n, size_t size)
{
	if (size <= ARENA_CLASS_MAX) {
		cache_give_bulk(class_of(size), ptr, n);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		run_free(ptr[i], size);
}

int arena_alloc_bulk(int node, size_t size, unsigned int n, void **ret_ptr)
{
	unsigned int from = node_pick(node), got;

	if (fault_alloc() || from == NODE_NONE || size == 0)
		return -ENOMEM;
	got = try_bulk(from, size, n, ret_ptr);
	if (NETNS_ASAN && got < n && quarantine_drain())
		got += try_bulk(from, size, n - got, ret_ptr + got);
	if (got < n) {
		release_bulk(ret_ptr, got, size);
		return -ENOMEM;
	}
	for (unsigned int i = 0; NETNS_ASAN && i < n; i++)
		asan_unpoison(ret_ptr[i], size);
	return 0;
}

void arena_free_bulk(void *const *ptr, unsigned int n, size_t size)
{
	if (!NETNS_ASAN) {
		release_bulk(ptr, n, size);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		confine(ptr[i], size);
}

void arena_trim(void)
{
	region_trim();
}

void arena_foreign(const void *ptr)
{
	netns_bug("arena: %p is freed, which is not the arena's", ptr);
}

int arena_node_of(const void *ptr)
{
	unsigned int node = node_at(ptr);

	return node == NODE_NONE ? -EFAULT : (int)node;
}

void arena_usage(struct arena_usage *ret_usage)
{
	ret_usage->used = cache_used();
	ret_usage->reserved = __atomic_load_n(&arena.reserved, __ATOMIC_RELAXED);
	ret_usage->pages = pages_kind();
	ret_usage->nodes = arena.nodes;
}
