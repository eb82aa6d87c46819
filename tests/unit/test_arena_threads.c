/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena in many threads: objects freed by others, threads that end with full
 * magazines, all sizes at once. Each object carries who owns it and what was
 * written into it, so that one given out twice is seen.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "arena_util.h"

#define THREADS  4
#define CELLS    512
#define EXCHANGE 100000

static struct kept_log kept;
static uint64_t cells[CELLS]; /* atomic; objects in passing between threads, or 0 */

struct passed {
	uint64_t size, tag;
};

static struct passed *make(uint64_t *state)
{
	uint64_t kind = next_random(state) % 100;
	uint64_t size = sizeof(struct passed) + next_random(state) % (kind < 98 ? 1000 : 60000);
	struct passed *p = arena_alloc(-1, size);

	if (p == NULL)
		return NULL;
	p->size = size;
	p->tag = size * 0x9e3779b97f4a7c15ull;
	if (size >= sizeof(*p) + 8)
		((char *)p)[size - 1] = 0x55;
	return p;
}

/* Return: was it whole? */
static bool drop(struct passed *p)
{
	uint64_t size = p->size;
	bool whole = p->tag == size * 0x9e3779b97f4a7c15ull &&
		     (size < sizeof(*p) + 8 || ((char *)p)[size - 1] == 0x55);

	p->tag = 0;
	arena_free(p, size);
	return whole;
}

static void *exchange(void *arg)
{
	uint64_t state = (uintptr_t)arg * 7919 + 1;
	uintptr_t bad = 0;

	for (unsigned int i = 0; i < EXCHANGE; i++) {
		struct passed *mine = make(&state), *theirs;
		uint64_t *cell = &cells[next_random(&state) % CELLS];

		if (mine == NULL)
			return (void *)UINTPTR_MAX;
		/* release: the contents go with it; acquire: so do theirs */
		theirs = (void *)(uintptr_t)__atomic_exchange_n(cell, (uintptr_t)mine,
								__ATOMIC_ACQ_REL);
		if (theirs != NULL)
			bad += !drop(theirs);
	}
	return (void *)bad;
}

Test(arena_threads, objects_freed_by_other_threads_come_back_whole)
{
	pthread_t thread[THREADS];

	start_arena(&kept, true, false);
	for (uintptr_t i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, exchange, (void *)i), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *bad;

		cr_assert_eq(pthread_join(thread[i], &bad), 0);
		cr_assert_eq((uintptr_t)bad, 0);
	}
	for (unsigned int i = 0; i < CELLS; i++)
		if (cells[i] != 0)
			cr_assert(drop((void *)(uintptr_t)cells[i]));
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

static void *bulks(void *arg)
{
	void *ptr[200];
	uint64_t state = (uintptr_t)arg * 104729 + 1;
	uintptr_t bad = 0;

	for (unsigned int round = 0; round < 3000; round++) {
		unsigned int n = 1 + (unsigned int)(next_random(&state) % 200);
		size_t size = 64 * (1 + next_random(&state) % 8);

		if (arena_alloc_bulk(-1, size, n, ptr) != 0)
			return (void *)UINTPTR_MAX;
		for (unsigned int i = 0; i < n; i++)
			*(uint64_t *)ptr[i] = ((uint64_t)(uintptr_t)arg << 32) | i;
		for (unsigned int i = 0; i < n; i++)
			bad += *(uint64_t *)ptr[i] != (((uint64_t)(uintptr_t)arg << 32) | i);
		arena_free_bulk(ptr, n, size);
	}
	return (void *)bad;
}

Test(arena_threads, bulk_calls_of_many_threads_never_share_an_object)
{
	pthread_t thread[THREADS];

	start_arena(&kept, true, false);
	for (uintptr_t i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, bulks, (void *)i), 0);
	for (unsigned int i = 0; i < THREADS; i++) {
		void *bad;

		cr_assert_eq(pthread_join(thread[i], &bad), 0);
		cr_assert_eq((uintptr_t)bad, 0);
	}
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

static void *fill_magazines(void *arg)
{
	void *ptr[64];

	for (size_t size = 64; size <= 32768; size *= 2) {
		for (unsigned int i = 0; i < 64; i++)
			ptr[i] = arena_alloc(-1, size);
		for (unsigned int i = 0; i < 64; i++)
			arena_free(ptr[i], size);
	}
	return arg;
}

Test(arena_threads, magazines_of_threads_that_end_are_not_lost)
{
	uint64_t after_few = 0;

	start_arena(&kept, true, false);
	for (unsigned int i = 0; i < 200; i++) {
		pthread_t thread;

		cr_assert_eq(pthread_create(&thread, NULL, fill_magazines, NULL), 0);
		cr_assert_eq(pthread_join(thread, NULL), 0);
		if (i == 9)
			after_few = reserved_bytes();
	}
	cr_assert_leq(reserved_bytes(), after_few, "each thread keeps some for ever");
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}

static void *outlive(void *arg)
{
	pthread_barrier_t *barrier = arg;
	void *ptr = arena_alloc(-1, 640);

	arena_free(ptr, 640);
	pthread_barrier_wait(barrier); /* main ends the arena and starts it anew */
	pthread_barrier_wait(barrier);
	ptr = arena_alloc(-1, 640);
	if (ptr != NULL)
		memset(ptr, 1, 640);
	arena_free(ptr, 640);
	return ptr;
}

Test(arena_threads, a_thread_outlives_the_arena_and_uses_the_next_one)
{
	pthread_barrier_t barrier;
	pthread_t thread;
	void *ptr;

	start_arena(&kept, true, false);
	cr_assert_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
	cr_assert_eq(pthread_create(&thread, NULL, outlive, &barrier), 0);
	pthread_barrier_wait(&barrier);
	cr_assert_eq(arena_fini(), 0);
	start_arena(&kept, true, false);
	pthread_barrier_wait(&barrier);
	cr_assert_eq(pthread_join(thread, &ptr), 0);
	cr_assert_not_null(ptr);
	cr_assert_eq(used_bytes(), 0);
	cr_assert_eq(arena_fini(), 0);
}
