/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables and destinations for the suite "fib", the same in every run: tenants with ten routes as an
 * operator would give them, and large tables shaped as the Internet's are.
 */
#ifndef BENCH_FIB_TABLES_H
#define BENCH_FIB_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/suite.h"
#include "dataplane/fib/fib.h"

#define TABLES_OF_TENANT 10u /* routes */

/*
 * CPU time of the calling thread: what is measured here is one thread's work of milliseconds at
 * least, and another program on the same CPU shall not count as ours.
 */
static inline uint64_t fib_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* xorshift64* */
uint64_t tables_random(uint64_t *state);

/*
 * Ten routes of tenant @i: default, two links with a connected, a local and a broadcast route,
 * three more; their next hops are five, two of them the same for all tenants, as in the router's
 * modules.
 */
void tables_tenant(enum fib_family family, uint32_t i, struct fib_op op[TABLES_OF_TENANT]);

/*
 * @n different prefixes with lengths as in a BGP table (IPv4: 60 % /24, then /22, /23, /20, /21,
 * /16 and 1 % longer than /24; IPv6: /48, /32, /44, /40), in runs of neighbours as allocations are;
 * @next_hops different next hops. Return: an array of @n, or NULL
 */
struct fib_route *tables_bgp(enum fib_family family, uint32_t n, uint32_t next_hops);

/* A random address within @prefix. */
struct fib_addr tables_within(const struct fib_prefix *prefix, uint64_t *state);

/* Groups of the suite, in the order of the report. */
void bench_fib_tenants(const struct bench_options *opt, struct report *rep);
void bench_fib_large(const struct bench_options *opt, struct report *rep);
void bench_fib_changes(const struct bench_options *opt, struct report *rep);

/* The same table in DPDK's own libraries, rte_lpm, rte_fib and rte_fib6. */
struct bench_lookups {
	enum fib_family family;
	uint32_t n; /* lookups, a multiple of 128 */
	uint64_t *ref;
	uint32_t *dst4;
	struct fib_addr *dst6;
	uint32_t *nh;      /* what the lookups found last */
	uint64_t expected; /* sum of next hops */
};
void bench_fib_dpdk(const struct bench_options *opt, struct report *rep, const char *group,
		    const struct bench_lookups *look, const struct fib_route *route, uint32_t n);

#endif /* BENCH_FIB_TABLES_H */
