/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The router's own part of a link: its addresses and the adjacencies that belong to it. One for
 * each link of a tenant that has the router; link->l3dev points to it. Control side (dp_ctl_lock)
 * but for the adjacencies, which workers reach through the FIB.
 *
 * Lifetime: made when the link appears in the tenant, or the router is enabled there; freed after
 * a grace period when the link leaves it.
 */
#ifndef L3DEV_H
#define L3DEV_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp_link.h"

struct addr;
struct addr_view;

/** struct l3dev - one link's router state; 128 bytes */
struct l3dev {
	struct netns_defer defer; /* freeing it */
	struct dp_link *link;     /* the present object; follows DP_LINK_REPLACED */
	struct netns *ns;
	struct l3dev *next;    /* of the tenant, by ifindex */
	struct addr *addrs[2]; /* IPv4, IPv6, in Linux's order */
	uint32_t glean[2];     /* adjacency: on-link destinations, by family; 0: none */
	uint32_t n_addrs;
	uint32_t n_neighs;
	struct addr_view *view; /* w:control (release) r:worker (acquire); RCU; NULL: none */
	bool was_up;
	bool was_running;
};

/* Index of a family in per-family arrays. */
static inline unsigned int l3_family(uint8_t family)
{
	return family == 10 /* AF_INET6 */;
}

static inline struct l3dev *l3dev_of(const struct dp_link *link)
{
	return link->l3dev;
}

/* Walk of a tenant's, NULL begins. Context: control. */
struct l3dev *l3dev_next(struct netns *ns, struct l3dev *after);

#endif /* L3DEV_H */
