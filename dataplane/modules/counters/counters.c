/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control side of module counters.
 */
#include <errno.h>
#include <string.h>

#include "counters.h"
#include "dataplane/dp_worker.h"

unsigned int counters_bit;

static struct netns_ops ops = {
	.name = "counters",
	.lcore_size = sizeof(struct counters),
};

static int lcore_init(struct dp_worker *w)
{
	const struct netns_lcore_area *area = netns_lcore_area(&ops);

	if (area == NULL || area->stride != sizeof(struct counters) || w->index >= area->lcores)
		return -EINVAL;
	counters_bit = (unsigned int)__builtin_ctzll(dp_module_feature(&counters_module));
	w->module_data[counters_bit] = area->base[w->index];
	return 0;
}

void counters_get(const struct netns *ns, struct counters *sum)
{
	const struct netns_lcore_area *area = netns_lcore_area(&ops);
	const uint64_t *from;
	uint64_t *to = (uint64_t *)sum;
	unsigned int i, k;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; area != NULL && i < area->lcores; i++) {
		from = netns_lcore(area, i, ns->index);
		for (k = 0; k < sizeof(*sum) / sizeof(*to); k++)
			to[k] += __atomic_load_n(&from[k], __ATOMIC_RELAXED);
	}
}

static void show(struct netns *ns, FILE *out)
{
	struct counters c;

	counters_get(ns, &c);
	fprintf(out,
		"\"ip4\":%lu,\"ip6\":%lu,\"arp\":%lu,\"other\":%lu,"
		"\"to64\":%lu,\"to511\":%lu,\"to1518\":%lu,\"above\":%lu",
		c.ip4, c.ip6, c.arp, c.other, c.tiny, c.small, c.large, c.jumbo);
}

const struct dp_module counters_module = {
	.abi = DP_MODULE_ABI,
	.name = "counters",
	.summary = "counts a tenant's packets by protocol and size",
	.stage = DP_STAGE_INGRESS,
	.pernet = &ops,
	.lcore_init = lcore_init,
	.prefetch = counters_prefetch,
	.process = counters_process,
	.show = show,
};
