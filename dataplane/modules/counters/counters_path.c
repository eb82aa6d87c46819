/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datapath of module counters: two words of one line a packet.
 */
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "counters.h"
#include "dataplane/dp_worker.h"

static inline struct counters *block(const struct dp_worker *w, const struct netns *ns)
{
	return (struct counters *)w->module_data[counters_bit] + ns->index;
}

void counters_prefetch(struct dp_worker *w, struct dp_vec *v)
{
	uint32_t i;

	for (i = 0; i < v->n; i++)
		rte_prefetch0(block(w, v->link[i]->ns));
}

void counters_process(struct dp_worker *w, struct dp_vec *v)
{
	struct counters *c;
	uint32_t i, len;

	for (i = 0; i < v->n; i++) {
		c = block(w, v->link[i]->ns);
		len = v->pkt[i]->pkt_len;
		switch (v->ether_type[i]) {
		case RTE_ETHER_TYPE_IPV4:
			c->ip4++;
			break;
		case RTE_ETHER_TYPE_IPV6:
			c->ip6++;
			break;
		case RTE_ETHER_TYPE_ARP:
			c->arp++;
			break;
		default:
			c->other++;
			break;
		}
		c->tiny += len <= 64;
		c->small += len > 64 && len < 512;
		c->large += len >= 512 && len <= 1518;
		c->jumbo += len > 1518;
	}
}
