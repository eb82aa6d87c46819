/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many tenants with ten routes each, looked up at random: the tables of one vector are all
 * different ones, so lines of memory are what counts.
 */
#include "lookups.h"

#include <stdlib.h>

#define LOOKUPS (1u << 20)

static bool build(struct fib *fib, enum fib_family family, uint32_t n, struct fib_usage *ret_sum)
{
	struct fib_op op[TABLES_OF_TENANT];
	struct fib_usage usage;
	uint32_t i;

	for (i = 0; i < n; i++) {
		tables_tenant(family, i, op);
		fib_init(&fib[i], family, &fib_host_arena, NULL);
		if (fib_batch(&fib[i], op, TABLES_OF_TENANT, NULL))
			return false;
		fib_usage(&fib[i], &usage);
		ret_sum->fib_bytes += usage.fib_bytes;
		ret_sum->rib_bytes += usage.rib_bytes;
	}
	return true;
}

/* Half of the destinations in the tenant's own routes, half anywhere. */
static void choose(struct bench_lookups *look, const struct fib *fib, uint32_t n)
{
	struct fib_op op[TABLES_OF_TENANT];
	uint64_t state = 4711;
	uint32_t i;

	for (i = 0; i < look->n; i++) {
		uint32_t tenant = (uint32_t)(tables_random(&state) % n);
		struct fib_addr dst;

		tables_tenant(look->family, tenant, op);
		dst = tables_within(&op[tables_random(&state) % TABLES_OF_TENANT].route.prefix,
				    &state);
		look->ref[i] = fib_ref(&fib[tenant]);
		if (look->family == FIB_IPV4)
			look->dst4[i] = (uint32_t)(dst.hi >> 32);
		else
			look->dst6[i] = dst;
	}
}

static void tenants(const struct bench_options *opt, struct report *rep, enum fib_family family,
		    uint32_t n, const char *group, bool target)
{
	struct fib *fib = calloc(n, sizeof(*fib));
	struct bench_lookups look = { 0 };
	struct fib_usage usage = { 0 };
	double ns;
	bool ok;

	if (!bench_group(opt, group) || fib == NULL)
		goto out;
	ok = lookups_alloc(&look, family, LOOKUPS) && build(fib, family, n, &usage);
	if (!ok) {
		report_value(rep, group, "lookup", 0, "ns", false, "out of memory");
		goto free_tables;
	}
	choose(&look, fib, n);
	ns = lookups_report(opt, rep, group, &look, n > 1, &ok);
	report_value(rep, group, "forwarding form of a tenant", (double)usage.fib_bytes / n,
		     "bytes", ok, NULL);
	report_value(rep, group, "RIB of a tenant", (double)usage.rib_bytes / n + sizeof(*fib),
		     "bytes", ok, "struct fib included");
	if (target)
		report_target(rep, "FIB-1", "1M tenants x 10 IPv4 routes at random, ns a lookup",
			      true, 12, ns, ok);
free_tables:
	while (n-- > 0) {
		if (fib[n].host)
			fib_fini(&fib[n]);
	}
out:
	lookups_free(&look);
	free(fib);
}

void bench_fib_tenants(const struct bench_options *opt, struct report *rep)
{
	tenants(opt, rep, FIB_IPV4, 1, "IPv4, one tenant with 10 routes", false);
	tenants(opt, rep, FIB_IPV4, 1000, "IPv4, 1000 tenants with 10 routes, at random", false);
	if (!opt->quick)
		tenants(opt, rep, FIB_IPV4, 1000000, "IPv4, 1M tenants with 10 routes, at random",
			true);
	tenants(opt, rep, FIB_IPV6, 1000, "IPv6, 1000 tenants with 10 routes, at random", false);
	if (!opt->quick)
		tenants(opt, rep, FIB_IPV6, 1000000, "IPv6, 1M tenants with 10 routes, at random",
			false);
}
