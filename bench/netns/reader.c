/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader as busy as a worker that forwards: vectors of 64 handles, resolved, each module's slot
 * read, then the quiescent state; about 1 us a loop, pinned to a CPU of its own if there is one.
 */
#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define VECTOR 64u

static unsigned int look(const uint64_t *handles, unsigned int modules, uint64_t *sum)
{
	struct netns *ns[VECTOR];
	unsigned int i, m, failed = 0;

	for (i = 0; i < VECTOR; i++) {
		ns[i] = netns_resolve(handles[i]);
		if (ns[i] == NULL)
			failed++;
		else
			__builtin_prefetch(ns[i]);
	}
	for (i = 0; i < VECTOR; i++) {
		if (ns[i] == NULL)
			continue;
		*sum += netns_handle(ns[i]);
		for (m = 0; m < modules; m++)
			*sum += (uintptr_t)netns_generic(ns[i], fix_id[m]);
	}
	return failed;
}

static void *reader_main(void *arg)
{
	struct fix_reader *r = arg;
	uint64_t handles[VECTOR], seed = 88172645463325252ull, sum = 0, loops = 0, failed = 0;
	struct rusage before, after;
	unsigned int i, modules = fix_modules(); /* stay registered until the reader is stopped */

	bench_pin(r->opt->worker_cpu);
	if (netns_reader_register("bench worker") != 0)
		return NULL;
	for (i = 0; i < VECTOR; i++)
		handles[i] = netns_handle(r->ns[fix_random(&seed) % r->n]);
	getrusage(RUSAGE_THREAD, &before);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		handles[loops % VECTOR] = netns_handle(r->ns[fix_random(&seed) % r->n]);
		failed += look(handles, modules, &sum);
		netns_reader_quiescent();
		__atomic_store_n(&r->loops, ++loops, __ATOMIC_RELEASE);
	}
	getrusage(RUSAGE_THREAD, &after);
	FIX_OPAQUE(sum);
	r->preempted = after.ru_nivcsw - before.ru_nivcsw;
	r->failed = failed;
	r->lookups = loops * VECTOR;
	netns_reader_unregister();
	return NULL;
}

int fix_reader_start(struct fix_reader *r)
{
	pthread_t thread;
	uint64_t give_up = clock_ns() + 2000000000u;
	int err;

	r->stop = 0;
	r->loops = 0;
	r->lookups = 0;
	r->failed = 0;
	err = pthread_create(&thread, NULL, reader_main, r);
	if (err != 0)
		return -err;
	r->thread = (unsigned long)thread;
	while (__atomic_load_n(&r->loops, __ATOMIC_ACQUIRE) == 0 && clock_ns() < give_up)
		sched_yield();
	return 0;
}

bool fix_reader_stop(struct fix_reader *r)
{
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
	pthread_join((pthread_t)r->thread, NULL);
	return r->lookups > 0 && r->failed == 0;
}
