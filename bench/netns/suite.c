/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suite "netns": the namespace core alone, without DPDK. Targets P1, P5 (core), P7 (empty
 * tenant) and P9.
 */
#include "fixture.h"

#include <stdio.h>

static int run(const struct bench_options *opt, struct report *rep)
{
	int err;

	/* it starts at all: later failures show as missing groups with the library's own text */
	err = fix_start(opt);
	if (err != 0)
		return err;
	err = fix_stop();
	if (err != 0)
		return err;
	bench_netns_memory(opt, rep);
	bench_netns_read(opt, rep);
	bench_netns_churn(opt, rep);
	bench_netns_modules(opt, rep);
	bench_netns_peers(opt, rep);
	bench_netns_grace(opt, rep);
	return 0;
}

const struct bench_suite bench_suite_netns = {
	.name = "netns",
	.about = "the namespace core: slots, tenants, modules, peer ids, grace periods",
	.run = run,
};
