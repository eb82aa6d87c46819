/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lookups while the table changes, on the real arena and the real grace periods; and quotas.
 *
 * Host routes stay while everything around and above them changes, so whatever piece a reader is
 * in, old or new, it has to find them. Freed pieces are poisoned where ASan is on.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "fib_util.h"
#include "netns/netns.h"

#define HOSTS   64u /* routes that stay */
#define READERS 2u
#define VECTOR  64u

struct shared {
	struct fib fib;
	struct fib_addr host[HOSTS];
	uint64_t stop;  /* atomic; w:writer r:readers */
	uint64_t loops; /* atomic; w:readers r:writer */
	uint64_t wrong; /* atomic; w:readers r:writer */
};

static uint32_t host_nh(unsigned int i)
{
	return 1000000 + i;
}

static void look_once(struct shared *shared, uint64_t *state)
{
	struct fib_addr dst[VECTOR];
	uint32_t dst4[VECTOR], nh[VECTOR];
	unsigned int i, which[VECTOR];
	uint64_t ref[VECTOR], wrong = 0;

	for (i = 0; i < VECTOR; i++) {
		which[i] = fib_util_random(state) % HOSTS;
		dst[i] = shared->host[which[i]];
		dst4[i] = (uint32_t)(dst[i].hi >> 32);
		ref[i] = fib_ref(&shared->fib);
	}
	if (shared->fib.family == FIB_IPV4) {
		fib4_prefetch_vec(ref, dst4, VECTOR);
		fib4_lookup_vec(ref, dst4, nh, VECTOR);
	} else {
		fib6_prefetch_vec(ref, dst, VECTOR);
		fib6_lookup_vec(ref, dst, nh, VECTOR);
	}
	for (i = 0; i < VECTOR; i++)
		wrong += nh[i] != host_nh(which[i]);
	__atomic_fetch_add(&shared->wrong, wrong, __ATOMIC_RELAXED);
	__atomic_fetch_add(&shared->loops, 1, __ATOMIC_RELAXED);
}

static void *reader(void *arg)
{
	struct shared *shared = arg;
	uint64_t state = (uintptr_t)&state | 1;

	if (netns_reader_register("fib-test"))
		return arg;
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		look_once(shared, &state);
		netns_reader_quiescent();
	}
	netns_reader_unregister();
	return NULL;
}

/* @routes come and go around the hosts, some of them above them, while readers look. */
static void churn(enum fib_family family, unsigned int routes, unsigned int changes,
		  unsigned int spread)
{
	static struct shared shared;
	unsigned int i, max = family == FIB_IPV4 ? 32 : 128;
	struct fib_prefix *prefix = calloc(routes, sizeof(*prefix));
	pthread_t thread[READERS];
	uint64_t state = 77;
	void *failed;

	cr_assert_not_null(prefix);
	cr_assert_eq(netns_lib_init(NULL), 0);
	cr_assert_eq(fib_init(&shared.fib, family, &fib_host_arena, NULL), 0);
	for (i = 0; i < HOSTS; i++) {
		struct fib_prefix host = fib_util_prefix(family, &state, spread);

		host.addr = fib_util_near(family, &state, &host);
		host.addr.lo = family == FIB_IPV4 ? 0 : host.addr.lo;
		host.len = (uint8_t)max;
		shared.host[i] = host.addr;
		if (fib_insert(&shared.fib, &host, host_nh(i)) == -EEXIST)
			shared.host[i--].hi = 0;
	}
	for (i = 0; i < routes; i++) {
		prefix[i] = fib_util_prefix(family, &state, spread);
		if (prefix[i].len == max) /* those are the hosts' */
			prefix[i] = (struct fib_prefix){ fib_util_mask(prefix[i].addr, max - 1),
							 (uint8_t)(max - 1) };
		cr_assert_eq(fib_replace(&shared.fib, &prefix[i], 1 + i % 1000, NULL), 0);
	}
	for (i = 0; i < READERS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, reader, &shared), 0);
	for (i = 0; i < changes; i++) {
		const struct fib_prefix *at = &prefix[fib_util_random(&state) % routes];

		/* the second half takes more away, so that the table changes its form */
		if (fib_util_random(&state) % 4 < (i < changes / 2 ? 1 : 3))
			fib_delete(&shared.fib, at, NULL);
		else
			cr_assert_eq(fib_replace(&shared.fib, at, 1 + i % 1000, NULL), 0);
		if (i % 64 == 0)
			netns_throttle();
	}
	while (__atomic_load_n(&shared.loops, __ATOMIC_RELAXED) < 100)
		sched_yield();
	__atomic_store_n(&shared.stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < READERS; i++) {
		cr_assert_eq(pthread_join(thread[i], &failed), 0);
		cr_assert_null(failed);
	}
	cr_assert_eq(shared.wrong, 0, "%lu of %lu wrong", shared.wrong, shared.loops * VECTOR);
	fib_fini(&shared.fib);
	free(prefix);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(netns_lib_fini(), 0);
}

Test(test_fib_threads, hosts_are_found_in_a_small_ipv4_table_that_changes)
{
	churn(FIB_IPV4, 60, 30000, 32);
}

Test(test_fib_threads, hosts_are_found_in_a_large_ipv4_table_that_changes)
{
	churn(FIB_IPV4, 40000, 30000, 32);
}

Test(test_fib_threads, hosts_are_found_in_an_ipv6_table_that_changes)
{
	churn(FIB_IPV6, 3000, 20000, 16);
}

Test(test_fib_threads, a_quota_ends_growth_and_all_is_given_back)
{
	struct netns_config config = { .flags = NETNS_CONFIG_QUOTA };
	uint64_t limit, before, used;
	struct fib_addr dst = { 0, 0 };
	struct netns *ns;
	struct fib fib;
	unsigned int i;
	int err = 0;

	cr_assert_eq(netns_lib_init(NULL), 0);
	for (i = 0; i < NETNS_QUOTA_KINDS; i++)
		config.quota[i] = 100000;
	cr_assert_eq(netns_create(&config, &ns), 0);
	cr_assert_eq(netns_quota_get(ns, NETNS_QUOTA_BYTES, &limit, &before), 0);
	cr_assert_eq(fib_init(&fib, FIB_IPV4, &fib_host_netns, ns), 0);
	for (i = 0; !err; i++) {
		struct fib_prefix prefix = fib_prefix4(i << 10, 24);

		cr_assert_lt(i, 100000);
		err = fib_insert(&fib, &prefix, 1 + i);
	}
	cr_assert_eq(err, -EDQUOT);
	cr_assert_gt(i, 1000, "only %u routes", i);
	cr_assert_eq(fib.routes, i - 1);
	for (dst.hi = 0; dst.hi < i; dst.hi++)
		cr_assert_eq(fib4_lookup(fib_ref(&fib), (uint32_t)dst.hi << 10),
			     dst.hi < i - 1 ? dst.hi + 1 : FIB_NH_NONE);
	fib_fini(&fib);
	cr_assert_eq(netns_quota_get(ns, NETNS_QUOTA_BYTES, &limit, &used), 0);
	cr_assert_eq(used, before, "%lu bytes still charged", used - before);
	netns_put(ns);
	cr_assert_eq(netns_barrier(), 0);
	cr_assert_eq(netns_lib_fini(), 0);
}
