/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NUMA topology as the arena sees it: which nodes there are, which of them have memory that this
 * process may use, and on which one a CPU lies. Read once by nodes_init(); const afterwards.
 * Machines without NUMA have node 0 only.
 */
#include <limits.h>
#include <numa.h>
#include <sched.h>

#include "arena_impl.h"

#define CPUS_MAX 4096

static uint8_t cpu_node[CPUS_MAX];
static unsigned int node_count = 1;

static unsigned int nearest(unsigned int node, const struct bitmask *allowed, unsigned int nodes)
{
	unsigned int best = node;
	int best_distance = INT_MAX;

	for (unsigned int n = 0; n < nodes; n++) {
		int distance = numa_distance((int)node, (int)n);

		if (!numa_bitmask_isbitset(allowed, n) || numa_node_size64((int)n, NULL) <= 0)
			continue;
		if (n == node)
			return n;
		if (distance > 0 && distance < best_distance) {
			best = n;
			best_distance = distance;
		}
	}
	return best;
}

/* Return: highest node id + 1; fills where the memory of each node shall come from. */
unsigned int nodes_init(uint8_t home[ARENA_NODES_MAX])
{
	struct bitmask *allowed;
	int cpus;

	home[0] = 0;
	node_count = 1;
	if (numa_available() < 0 || numa_max_node() < 1)
		return node_count;
	node_count = (unsigned int)numa_max_node() + 1;
	if (node_count > ARENA_NODES_MAX)
		node_count = ARENA_NODES_MAX;
	allowed = numa_get_mems_allowed();
	for (unsigned int n = 0; n < node_count; n++)
		home[n] = (uint8_t)(allowed == NULL ? n : nearest(n, allowed, node_count));
	if (allowed != NULL)
		numa_bitmask_free(allowed);
	cpus = numa_num_possible_cpus();
	for (int cpu = 0; cpu < cpus && cpu < CPUS_MAX; cpu++) {
		int node = numa_node_of_cpu(cpu);

		cpu_node[cpu] = node < 0 || node >= (int)node_count ? home[0] : (uint8_t)node;
	}
	return node_count;
}

int node_of_cpu(int cpu)
{
	if (node_count == 1 || cpu < 0 || cpu >= CPUS_MAX)
		return 0;
	return cpu_node[cpu];
}

int node_current(void)
{
	return node_count == 1 ? 0 : node_of_cpu(sched_getcpu());
}
