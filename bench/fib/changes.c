/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes: into small tables of many tenants (P8), into a table of a million routes, and of the
 * short prefixes above it. A reader keeps one CPU busy with lookups meanwhile, so grace periods
 * cost what they cost beside a worker.
 */
#include "tables.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "netns/netns.h"

#define REPEATS 7u
#define TENANTS 10000u
#define LARGE   1000000u

struct traffic {
	struct fib *fib;
	uint32_t n;
	int cpu;
	uint64_t stop;    /* atomic; w:control r:reader */
	uint64_t lookups; /* w:reader; valid after the stop */
	uint64_t cpu_ns;  /* the same; spent on them */
	uint64_t sum;
};

static void *look(void *arg)
{
	struct traffic *traffic = arg;
	uint64_t ref[64], state = 99, t0 = fib_cpu_ns();
	uint32_t dst[64], nh[64], i;

	bench_pin(traffic->cpu);
	if (netns_reader_register("bench-fib"))
		return NULL;
	while (!__atomic_load_n(&traffic->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < 64; i++) {
			uint64_t random = tables_random(&state);

			ref[i] = fib_ref(&traffic->fib[random % traffic->n]);
			dst[i] = (uint32_t)(random >> 32);
		}
		fib4_prefetch_vec(ref, dst, 64);
		fib4_lookup_vec(ref, dst, nh, 64);
		traffic->sum += nh[0];
		traffic->lookups += 64;
		netns_reader_quiescent();
	}
	traffic->cpu_ns = fib_cpu_ns() - t0;
	netns_reader_unregister();
	return NULL;
}

/* A /32 more, a /32 less, tenant after tenant. Return: changes a second; 0: one failed */
static double small_once(struct fib *fib, uint32_t n, uint32_t changes)
{
	uint64_t state = 5, t0 = fib_cpu_ns();
	uint32_t i;

	for (i = 0; i < changes; i += 2) {
		uint64_t random = tables_random(&state);
		struct fib_prefix prefix = fib_prefix4(0xb0000000 | (uint32_t)(random >> 36), 32);
		struct fib *at = &fib[random % n];

		if (fib_insert(at, &prefix, 77) || fib_delete(at, &prefix, NULL))
			return 0;
		if (i % 64 == 0)
			netns_throttle();
	}
	return changes * 1e9 / (double)(fib_cpu_ns() - t0);
}

static double large_once(struct fib *fib, const struct fib_route *route, uint32_t changes)
{
	uint64_t state = 6, t0 = fib_cpu_ns();
	uint32_t i;

	for (i = 0; i < changes; i += 2) {
		const struct fib_route *at = &route[tables_random(&state) % LARGE];

		if (fib_delete(fib, &at->prefix, NULL) || fib_insert(fib, &at->prefix, at->nh))
			return 0;
		if (i % 64 == 0)
			netns_throttle();
	}
	return (double)(fib_cpu_ns() - t0) / changes;
}

/* A prefix of @len above everything: most of a change's work is in what lies below. */
static double short_once(struct fib *fib, unsigned int len, uint32_t r)
{
	uint32_t addr = len ? (100 + r) << 24 & ~0u << (32 - len) : 0;
	struct fib_prefix prefix = fib_prefix4(addr, len);
	uint64_t t0;

	if (fib_replace(fib, &prefix, 5, NULL))
		return 0;
	t0 = fib_cpu_ns();
	if (fib_replace(fib, &prefix, 6, NULL))
		return 0;
	return (double)(fib_cpu_ns() - t0) / 1000;
}

static bool start(struct traffic *traffic, const struct bench_options *opt, struct fib *fib,
		  uint32_t n, pthread_t *ret_thread)
{
	*traffic = (struct traffic){ .fib = fib, .n = n, .cpu = opt->worker_cpu };
	return pthread_create(ret_thread, NULL, look, traffic) == 0;
}

static bool stop(struct traffic *traffic, pthread_t thread)
{
	__atomic_store_n(&traffic->stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	return traffic->lookups > 0;
}

/* ns a lookup of the reader while it is quiet, or while 100 changes come each millisecond. */
static double disturbed_once(const struct bench_options *opt, struct fib *fib, bool changes)
{
	uint64_t until = clock_ns() + (uint64_t)(300e6 * opt->scale), at = clock_ns();
	struct traffic traffic;
	pthread_t thread;

	if (!start(&traffic, opt, fib, TENANTS, &thread))
		return 0;
	for (; at < until; at += 1000000) {
		struct timespec wake = { (time_t)(at / 1000000000), (long)(at % 1000000000) };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
		if (changes && small_once(fib, TENANTS, 100) == 0)
			until = 0;
	}
	if (!stop(&traffic, thread) || until == 0)
		return 0;
	return (double)traffic.cpu_ns / (double)traffic.lookups;
}

static void disturbed(const struct bench_options *opt, struct report *rep, const char *group,
		      struct fib *fib, bool ok)
{
	struct stat_set quiet = { 0 }, busy = { 0 };
	unsigned int i;

	for (i = 0; i < REPEATS && !bench_stopped(); i++) {
		stat_add(&quiet, disturbed_once(opt, fib, false));
		stat_add(&busy, disturbed_once(opt, fib, true));
		ok &= quiet.v[i] > 0 && busy.v[i] > 0;
	}
	report_add(rep, group, "a lookup beside no changes", &quiet, "ns", ok, NULL);
	report_add(rep, group, "a lookup beside 100,000 changes a second", &busy, "ns", ok, NULL);
	report_target(rep, "FIB-4", "lookups beside 100,000 changes/s, of the quiet rate", false,
		      0.97, stat_ratio(&quiet, &busy), ok);
}

static void small_changes(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "changes of 10 routes' tables, lookups at the same time";
	uint32_t i, changes = (uint32_t)(1000000 * opt->scale) & ~1u;
	struct fib *fib = calloc(TENANTS, sizeof(*fib));
	struct fib_op op[TABLES_OF_TENANT];
	struct stat_set set = { 0 };
	struct traffic traffic;
	pthread_t thread;
	bool ok = fib != NULL;

	if (!bench_group(opt, group))
		goto out;
	for (i = 0; ok && i < TENANTS; i++) {
		tables_tenant(FIB_IPV4, i, op);
		fib_init(&fib[i], FIB_IPV4, &fib_host_arena, NULL);
		ok = fib_batch(&fib[i], op, TABLES_OF_TENANT, NULL) == 0;
	}
	if (ok && start(&traffic, opt, fib, TENANTS, &thread)) {
		for (i = 0; i < REPEATS && !bench_stopped(); i++) {
			stat_add(&set, small_once(fib, TENANTS, changes));
			ok &= set.v[i] > 0;
		}
		ok &= stop(&traffic, thread);
	}
	report_add(rep, group, "insert and delete a /32", &set, "1/s", ok, NULL);
	report_target(rep, "P8", "changes of small tables by the library, 1/s", false, 1e6,
		      stat_median(&set), ok);
	if (ok)
		disturbed(opt, rep, group, fib, ok);
	for (i = 0; fib && i < TENANTS; i++) {
		if (fib[i].host)
			fib_fini(&fib[i]);
	}
out:
	free(fib);
}

static void large_changes(const struct bench_options *opt, struct report *rep)
{
	static const char group[] = "changes of a table of 1M routes, lookups at the same time";
	uint32_t i, k, changes = (uint32_t)(200000 * opt->scale) & ~1u;
	static const unsigned int lens[] = { 16, 8, 1, 0 };
	struct stat_set set = { 0 }, shorts[4] = { 0 };
	struct fib_route *route = NULL;
	struct fib fib = { 0 };
	struct traffic traffic;
	pthread_t thread;
	bool ok;

	if (!bench_group(opt, group))
		return;
	route = tables_bgp(FIB_IPV4, LARGE, 200);
	fib_init(&fib, FIB_IPV4, &fib_host_arena, NULL);
	ok = route != NULL;
	for (i = 0; ok && i < LARGE; i++) {
		ok = fib_insert(&fib, &route[i].prefix, route[i].nh) == 0;
		if (i % 64 == 0)
			netns_throttle();
	}
	if (ok && start(&traffic, opt, &fib, 1, &thread)) {
		for (i = 0; i < REPEATS && !bench_stopped(); i++) {
			stat_add(&set, large_once(&fib, route, changes));
			ok &= set.v[i] > 0;
			for (k = 0; k < 4; k++) {
				stat_add(&shorts[k], short_once(&fib, lens[k], i));
				ok &= shorts[k].v[i] > 0;
			}
		}
		ok &= stop(&traffic, thread);
	}
	report_add(rep, group, "delete and insert a route", &set, "ns", ok, "a change");
	report_add(rep, group, "replace a /16", &shorts[0], "us", ok, NULL);
	report_add(rep, group, "replace a /8", &shorts[1], "us", ok, NULL);
	report_add(rep, group, "replace a /1", &shorts[2], "us", ok, NULL);
	report_add(rep, group, "replace the default route", &shorts[3], "us", ok, NULL);
	fib_fini(&fib);
	free(route);
}

void bench_fib_changes(const struct bench_options *opt, struct report *rep)
{
	small_changes(opt, rep);
	if (!opt->quick)
		large_changes(opt, rep);
}
