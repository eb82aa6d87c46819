/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a checked route to the adjacency that the FIB will name: fixed ones for routes that end here
 * or nowhere, the neighbour's for a gateway, the link's own for on-link destinations, a group for
 * several. Control side, dp_ctl_lock held.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/l3dev.h"
#include "dataplane/modules/neigh/neigh.h"
#include "internal.h"

static uint32_t fixed[ROUTE_FIXED_KINDS]; /* w:init r:control; adjacency indexes */

static void fixed_fill(struct dp_adj *adj, enum route_fixed which)
{
	static const struct {
		uint8_t kind, arg;
	} what[ROUTE_FIXED_KINDS] = {
		[ROUTE_FIXED_LOCAL] = { DP_ADJ_LOCAL, 0 },
		[ROUTE_FIXED_ANYCAST] = { DP_ADJ_LOCAL, ROUTE_ADJ_ANYCAST },
		[ROUTE_FIXED_BROADCAST] = { DP_ADJ_BROADCAST, 0 },
		[ROUTE_FIXED_BLACKHOLE] = { DP_ADJ_DROP, DP_DROP_IP_BLACKHOLE },
		[ROUTE_FIXED_UNREACHABLE] = { DP_ADJ_REJECT, 0 },
		[ROUTE_FIXED_PROHIBIT] = { DP_ADJ_REJECT, 1 },
	};

	adj->arg = what[which].arg;
	__atomic_store_n(&adj->kind, what[which].kind, __ATOMIC_RELEASE);
}

int route_fixed_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ROUTE_FIXED_KINDS; i++) {
		err = dp_adj_alloc(&fixed[i]);
		if (err) {
			route_fixed_fini();
			return err;
		}
		fixed_fill(dp_adj_at(fixed[i]), i);
	}
	return 0;
}

void route_fixed_fini(void)
{
	unsigned int i;

	for (i = 0; i < ROUTE_FIXED_KINDS; i++) {
		if (fixed[i])
			dp_adj_free(fixed[i]);
		fixed[i] = 0;
	}
}

uint32_t route_fixed_adj(enum route_fixed kind)
{
	return fixed[kind];
}

/* One next hop's adjacency, referenced where it is a neighbour's */
static int hop_get(const struct route_nexthop *hop, uint8_t family, uint32_t *ret_adj)
{
	if (hop->has_gateway)
		return neigh_adj(hop->link, hop->gateway_family, hop->gateway, ret_adj);
	*ret_adj = l3dev_of(hop->link)->glean[l3_family(family)];
	return *ret_adj ? 0 : -ENODEV;
}

/* Gives back what group_adj() or hop_get() took for the first @n. */
static void hops_put(const struct route_nexthop *hops, uint32_t n, uint32_t total)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (hops[i].has_gateway && !(total > 1 && hops[i].flags & RTNH_F_DEAD))
			neigh_release(hops[i].link, hops[i].gateway_family, hops[i].gateway);
}

static int group_adj(struct route_ns *rn, const struct route_config *config,
		     const struct route_nexthop *hops, uint32_t *ret_adj)
{
	struct route_member members[ROUTE_NEXTHOPS_MAX];
	struct route_group *group;
	uint32_t i, n = 0;
	int err;

	for (i = 0; i < config->n_nexthops; i++) {
		if (hops[i].flags & RTNH_F_DEAD && config->n_nexthops > 1)
			continue;
		err = hop_get(&hops[i], config->family, &members[n].adj);
		if (err) {
			hops_put(hops, i, config->n_nexthops);
			return err;
		}
		members[n].weight = hops[i].weight;
		members[n++].upper_bound = 0;
	}
	if (n == 0) {
		*ret_adj = fixed[ROUTE_FIXED_UNREACHABLE];
		return 0;
	}
	err = route_group_get(rn, members, n, config->mtu, &group);
	if (err) /* also when an equal group holds references of its own */
		hops_put(hops, config->n_nexthops, config->n_nexthops);
	if (err && err != -EALREADY)
		return err;
	*ret_adj = group->adj;
	return 0;
}

int route_adj_get(struct route_ns *rn, const struct route_config *config,
		  const struct route_nexthop *nexthops, uint32_t *ret_adj)
{
	switch (config->type) {
	case RTN_LOCAL:
		*ret_adj = fixed[ROUTE_FIXED_LOCAL];
		return 0;
	case RTN_ANYCAST:
		*ret_adj = fixed[ROUTE_FIXED_ANYCAST];
		return 0;
	case RTN_BROADCAST:
		*ret_adj = fixed[ROUTE_FIXED_BROADCAST];
		return 0;
	case RTN_BLACKHOLE:
		*ret_adj = fixed[ROUTE_FIXED_BLACKHOLE];
		return 0;
	case RTN_PROHIBIT:
		*ret_adj = fixed[ROUTE_FIXED_PROHIBIT];
		return 0;
	case RTN_UNREACHABLE:
		*ret_adj = fixed[ROUTE_FIXED_UNREACHABLE];
		return 0;
	case RTN_UNICAST:
		if (config->n_nexthops == 1 && config->mtu == 0)
			return hop_get(&nexthops[0], config->family, ret_adj);
		return group_adj(rn, config, nexthops, ret_adj);
	default:
		return -EINVAL;
	}
}

void route_adj_put(struct route_ns *rn, const struct route *route)
{
	const struct dp_adj *adj = dp_adj_at(route->adj);

	if (route->type != RTN_UNICAST)
		return;
	if (adj->kind == DP_ADJ_MULTIPATH && !route_group_put(rn, adj->owner))
		return;
	hops_put(route->nexthop, route->n_nexthops, route->n_nexthops);
}
