/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one control lock. Everything that control threads change in links, ports and modules is
 * changed under it; workers never take it. Lock order, outermost first: module registration lock
 * (module.c) -> netns' phase -> this lock -> accounting lock (account.c), adjacency lock (adj.c),
 * post locks (post.c).
 */
#include "ctl.h"
#include "dp_link.h"
#include "output.h"

struct netns_mutex ctl_mutex = NETNS_MUTEX_INIT;

void dp_ctl_lock(void) TS_NO_ANALYSIS
{
	netns_mutex_lock(&ctl_mutex);
}

void dp_ctl_unlock(void) TS_NO_ANALYSIS
{
	netns_mutex_unlock(&ctl_mutex);
}

void dp_output_set(dp_output_fn *fn)
{
	/* pairs with the acquire in output_hook() */
	__atomic_store_n(&output_fn, fn, __ATOMIC_RELEASE);
	netns_synchronize();
}
