/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suite "fib": longest-prefix match by itself, without ports and packets. Targets of the FIB
 * and P8.
 */
#include "tables.h"

#include "netns/netns.h"

static int run(const struct bench_options *opt, struct report *rep)
{
	int err, end;

	err = netns_lib_init(NULL);
	if (err)
		return err;
	bench_pin(opt->control_cpu);
	bench_fib_tenants(opt, rep);
	bench_fib_large(opt, rep);
	bench_fib_changes(opt, rep);
	err = netns_barrier();
	end = netns_lib_fini();
	return err ? err : end;
}

const struct bench_suite bench_suite_fib = {
	.name = "fib",
	.about = "longest-prefix match: tenants, large tables, changes; against rte_lpm, rte_fib",
	.run = run,
};
