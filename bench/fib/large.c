/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One table, from 1000 to a million routes as in BGP: lookups at random within the routes, bytes a
 * route, and the same table in DPDK's libraries.
 */
#include "lookups.h"

#include "netns/netns.h"

#include <stdlib.h>

#define LOOKUPS   (1u << 20)
#define NEXT_HOPS 200u

static bool build(struct fib *fib, enum fib_family family, const struct fib_route *route,
		  uint32_t n, double *ret_ns)
{
	uint64_t t0 = fib_cpu_ns();
	uint32_t i;

	fib_init(fib, family, &fib_host_arena, NULL);
	for (i = 0; i < n; i++) {
		if (fib_insert(fib, &route[i].prefix, route[i].nh))
			return false;
		if (i % 64 == 0)
			netns_throttle();
	}
	*ret_ns = (double)(fib_cpu_ns() - t0) / n;
	return true;
}

static void choose(struct bench_lookups *look, const struct fib *fib, const struct fib_route *route,
		   uint32_t n)
{
	uint64_t state = 815;
	uint32_t i;

	for (i = 0; i < look->n; i++) {
		const struct fib_prefix *in = &route[tables_random(&state) % n].prefix;
		struct fib_addr dst = tables_within(in, &state);

		look->ref[i] = fib_ref(fib);
		if (look->family == FIB_IPV4)
			look->dst4[i] = (uint32_t)(dst.hi >> 32);
		else
			look->dst6[i] = dst;
	}
}

static void large(const struct bench_options *opt, struct report *rep, enum fib_family family,
		  uint32_t n, const char *group, bool target)
{
	struct bench_lookups look = { 0 };
	struct fib_route *route = NULL;
	struct fib_usage usage;
	double ns, insert_ns;
	struct fib fib = { 0 };
	bool ok;

	if (!bench_group(opt, group))
		return;
	route = tables_bgp(family, n, NEXT_HOPS);
	ok = route && lookups_alloc(&look, family, LOOKUPS) &&
	     build(&fib, family, route, n, &insert_ns);
	if (!ok) {
		report_value(rep, group, "lookup", 0, "ns", false, "out of memory");
		goto out;
	}
	choose(&look, &fib, route, n);
	ns = lookups_report(opt, rep, group, &look, false, &ok);
	fib_usage(&fib, &usage);
	report_value(rep, group, "forwarding form, a route", (double)usage.fib_bytes / n, "bytes",
		     ok, NULL);
	report_value(rep, group, "RIB, a route", (double)usage.rib_bytes / n, "bytes", ok, NULL);
	report_value(rep, group, "inserting one by one", insert_ns, "ns", ok, "a route");
	if (target) {
		report_target(rep, "FIB-2", "1M IPv4 routes at random, ns a lookup", true, 40, ns,
			      ok);
		report_target(rep, "FIB-3", "1M IPv4 routes, bytes a route beside the RIB", true,
			      12, (double)usage.fib_bytes / n, ok);
	}
	bench_fib_dpdk(opt, rep, group, &look, route, n);
out:
	if (fib.host)
		fib_fini(&fib);
	lookups_free(&look);
	free(route);
}

void bench_fib_large(const struct bench_options *opt, struct report *rep)
{
	large(opt, rep, FIB_IPV4, 1000, "IPv4, one table of 1000 routes as in BGP", false);
	large(opt, rep, FIB_IPV4, 100000, "IPv4, one table of 100k routes as in BGP", false);
	if (!opt->quick)
		large(opt, rep, FIB_IPV4, 1000000, "IPv4, one table of 1M routes as in BGP", true);
	large(opt, rep, FIB_IPV6, 1000, "IPv6, one table of 1000 routes as in BGP", false);
	if (!opt->quick)
		large(opt, rep, FIB_IPV6, 200000, "IPv6, one table of 200k routes as in BGP",
		      false);
}
