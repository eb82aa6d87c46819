/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the route module share: a tenant's routing state, next-hop groups, and the
 * checks of a request. Control side, dp_ctl_lock held, unless said otherwise.
 */
#ifndef ROUTE_INTERNAL_H
#define ROUTE_INTERNAL_H

#include "dataplane/fib/fib.h"
#include "group.h"
#include "rib.h"
#include "route.h"

/** struct route_ns - one tenant's routes; the route module's slot */
struct route_ns {
	struct fib fib[2]; /* workers see only the refs, through the links */
	struct rib rib[2]; /* IPv4, IPv6 */
	struct route_group *groups;
	struct netns *ns;
};

/* NULL: the tenant has no router. */
struct route_ns *route_ns_of(struct netns *ns);

/* Adjacencies that all tenants share, made with the module. */
enum route_fixed {
	ROUTE_FIXED_LOCAL,
	ROUTE_FIXED_ANYCAST,
	ROUTE_FIXED_BROADCAST,
	ROUTE_FIXED_BLACKHOLE,
	ROUTE_FIXED_UNREACHABLE,
	ROUTE_FIXED_PROHIBIT,
	ROUTE_FIXED_KINDS,
};
int route_fixed_init(void);
void route_fixed_fini(void);
uint32_t route_fixed_adj(enum route_fixed kind);

/* check.c: fills in what the request left open (links, scopes); text of what is wrong in error. */
int route_check(struct route_ns *rn, struct route_config *config, struct route_nexthop *nexthops);

/* nexthop.c: the adjacency for a checked route, referenced; and giving it back. */
int route_adj_get(struct route_ns *rn, const struct route_config *config,
		  const struct route_nexthop *nexthops, uint32_t *ret_adj);
void route_adj_put(struct route_ns *rn, const struct route *route);

/* find.c: longest match with at least @scope, by way of @oif (NULL: any). */
const struct route *route_match(struct route_ns *rn, uint8_t family, const uint8_t *dst,
				const struct dp_link *oif, uint8_t min_scope);

/* route.c: takes @r out; the FIB may need memory to forget, then all stays as it was. */
int route_remove(struct route_ns *rn, struct route *r);
int route_rebuild(struct route_ns *rn, struct route *r);
void route_free_all(struct route_ns *rn);

/* events.c */
void route_notify(enum route_event event, struct netns *ns, const struct route *route);

/* links.c: follows links going down, away, or being replaced */
void route_links_init(void);
void route_links_fini(void);

static inline unsigned int route_family(uint8_t family)
{
	return family == 10 /* AF_INET6 */;
}

static inline unsigned int route_addr_bits(uint8_t family)
{
	return family == 10 ? 128 : 32;
}

#endif /* ROUTE_INTERNAL_H */
