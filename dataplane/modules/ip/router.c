/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The router as a whole: its modules in the order in which they build on each other. Undone in
 * reverse.
 */
#include <stddef.h>

#include "dataplane/modules/addr/addr.h"
#include "internal.h"
#include "reass.h"

static int no_begin(void)
{
	return 0;
}

static int addr_begin_int(void)
{
	addr_begin();
	return 0;
}

static void no_end(void)
{
}

/* begin runs before the module is registered, end after it is gone */
static const struct part {
	int (*begin)(void);
	void (*end)(void);
	const struct dp_module *module;
} parts[] = {
	{ neigh_begin, neigh_end, &neigh_module },  { route_begin, route_end, &route_module },
	{ addr_begin_int, addr_end, &addr_module }, { no_begin, no_end, &ip_module },
	{ no_begin, no_end, &ip4_module },          { no_begin, no_end, &ip6_module },
};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

static void undo(size_t n)
{
	while (n-- > 0) {
		dp_module_unregister(parts[n].module);
		parts[n].end();
	}
}

int router_register(void)
{
	size_t i;
	int err;

	neigh_unreachable_set(ip_neigh_unreachable);
	for (i = 0; i < N_PARTS; i++) {
		err = parts[i].begin();
		if (err)
			goto failed;
		err = dp_module_register(parts[i].module, NULL, 0);
		if (err) {
			parts[i].end();
			goto failed;
		}
	}
	err = dp_worker_tick(reass_tick, 1000);
	if (err)
		goto failed;
	dp_output_set(ip_output);
	return 0;

failed:
	undo(i);
	return err;
}

int router_unregister(void)
{
	dp_output_set(NULL);
	dp_worker_untick(reass_tick);
	undo(N_PARTS);
	return 0;
}
