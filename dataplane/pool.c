/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packet buffers: one mempool a socket, made at first use. Control side, under dp_ctl_lock.
 */
#include <stdio.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "ctl.h"
#include "log.h"
#include "netns/fault.h"
#include "port.h"

#define CACHE 512u /* buffers a worker keeps; the most that DPDK allows */

static struct rte_mempool *pools[RTE_MAX_NUMA_NODES];

struct rte_mempool *pool_of(int socket)
{
	unsigned int cache = dp_opts.mbufs >= 4 * CACHE ? CACHE : dp_opts.mbufs / 8;
	char name[RTE_MEMPOOL_NAMESIZE];

	if (socket < 0 || socket >= RTE_MAX_NUMA_NODES)
		socket = 0;
	if (pools[socket] != NULL)
		return pools[socket];
	if (fault_alloc())
		return NULL;
	snprintf(name, sizeof(name), "nsplane-%d", socket);
	pools[socket] = rte_pktmbuf_pool_create(name, dp_opts.mbufs, cache, 0,
						(uint16_t)dp_opts.mbuf_size, socket);
	if (pools[socket] == NULL)
		LOG_ERR("no memory for %u packet buffers of %u bytes on node %d (%s): give EAL "
			"more "
			"with -m MEGABYTES, or ask for fewer",
			dp_opts.mbufs, dp_opts.mbuf_size, socket, rte_strerror(rte_errno));
	return pools[socket];
}

void pools_fini(void)
{
	unsigned int i;

	for (i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		rte_mempool_free(pools[i]);
		pools[i] = NULL;
	}
}
