/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Next-hop groups: several next hops with weights, or one with a route's own MTU. Equal groups of a
 * tenant are one object. Workers reach a group as the owner of an adjacency of kind
 * DP_ADJ_MULTIPATH and pick a member by flow hash, the way Linux does (hash threshold): a flow
 * moves only when the group itself changes.
 */
#ifndef ROUTE_GROUP_H
#define ROUTE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp_adj.h"
#include "netns/netns.h"

struct route_ns;

/** struct route_member - one next hop of a group */
struct route_member {
	uint32_t adj;
	uint32_t upper_bound; /* of 31-bit hashes that choose it, inclusive */
	uint16_t weight;
};

/**
 * struct route_group - n, mtu and member[] are immutable and read by workers
 * Lifetime: freed one grace period after the last route let go of it
 */
struct route_group {
	uint32_t n;
	uint32_t mtu; /* bytes of L3; 0: the member's */
	uint32_t adj; /* its own adjacency; control, as all below */
	uint32_t refs;
	struct route_group *next; /* of the tenant */
	struct netns *ns;         /* who is charged */
	struct netns_defer defer;
	struct route_member member[];
};

/* Member for a flow hash (32 bits, well mixed). Worker; wait-free. */
static inline uint32_t route_group_pick(const struct route_group *g, uint32_t hash)
{
	uint32_t i;

	for (i = 0; i + 1 < g->n; i++)
		if (hash >> 1 <= g->member[i].upper_bound)
			break;
	return g->member[i].adj;
}

/*
 * The tenant's group with these members and MTU. Return 0: made, and the caller's reference to each
 * member now belongs to it; -EALREADY: there was an equal one, the caller keeps its references.
 * Context: control. Errors: -ENOMEM, -EDQUOT
 */
int route_group_get(struct route_ns *rn, const struct route_member *members, uint32_t n,
		    uint32_t mtu, struct route_group **ret_group);
/* True when that was the last reference; the group's adjacency is then freed, members are not. */
bool route_group_put(struct route_ns *rn, struct route_group *group);

#endif /* ROUTE_GROUP_H */
