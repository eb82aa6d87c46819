/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes of a tenant: what Linux's tables main and local hold. The RIB keeps every route with its
 * metric; the best one for each prefix goes into the compact FIB, whose handle the tenant's links
 * carry (dp_tenant_l3()). Next hops are shared objects that end in adjacencies.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp_adj.h"
#include "dataplane/dp_link.h"

#define ROUTE_NEXTHOPS_MAX 64u
#define ROUTE_ADJ_ANYCAST  1u /* arg of a DP_ADJ_LOCAL adjacency */

struct route_nexthop {
	struct dp_link *link; /* NULL: found through the gateway */
	bool has_gateway;
	uint8_t gateway_family; /* AF_INET6 gateways for IPv4 routes (RTA_VIA) are legal */
	uint8_t gateway[16];
	uint8_t flags;   /* RTNH_F_ONLINK, RTNH_F_DEAD, RTNH_F_LINKDOWN */
	uint16_t weight; /* 1 .. 256 */
};

/* Numbers as in rtnetlink: RTN_*, RT_TABLE_*, RTPROT_*, RT_SCOPE_*. */
struct route_config {
	struct netns *ns;
	uint8_t family;
	uint8_t dst[16];
	uint8_t plen; /* bits */
	uint8_t type; /* RTN_UNICAST, _LOCAL, _BROADCAST, _BLACKHOLE, _UNREACHABLE, _PROHIBIT,
			 _ANYCAST */
	uint8_t scope, proto, tos;
	uint32_t table;  /* RT_TABLE_MAIN, _LOCAL; others: -EOPNOTSUPP */
	uint32_t metric; /* RTA_PRIORITY; IPv6 default 1024 */
	bool has_prefsrc;
	uint8_t prefsrc[16];
	uint32_t mtu; /* RTAX_MTU; 0: none */
	uint32_t n_nexthops;
	const struct route_nexthop *nexthops;
	uint32_t nlm_flags; /* NLM_F_CREATE, _EXCL, _REPLACE, _APPEND */
	bool by_kernel;     /* made for an address: no next-hop checks */
	const char *error;  /* out: static text */
};

/** struct route - one route; control only, dp_ctl_lock held; immutable once inserted */
struct route {
	struct route *next; /* same prefix, in order of preference */
	uint8_t family, plen, type, scope, proto, tos, flags, has_prefsrc;
	uint32_t table, metric, mtu;
	uint8_t dst[16], prefsrc[16];
	uint32_t adj; /* next-hop index in the FIB */
	bool hidden;  /* on its way out */
	uint32_t n_nexthops;
	struct route_nexthop nexthop[];
};

/* Context: control, dp_ctl_lock held. Errors as Linux gives them for the same request. */
int route_add(struct route_config *config);
int route_del(struct route_config *config);
/* Several at once, one FIB build per tenant; all or none. @ret_failed: index of the bad one. */
int route_add_many(struct route_config *config, unsigned int n, unsigned int *ret_failed);

/* What a packet would do: the matching route and chosen next hop. -ENETUNREACH, -EHOSTUNREACH,
 * -EACCES, -EINVAL */
int route_lookup(struct netns *ns, uint8_t family, const uint8_t *dst, struct dp_link *oif,
		 const struct route **ret_route, unsigned int *ret_nexthop);

/** struct route_cursor - a dump's place; survives any change in between */
struct route_cursor {
	uint8_t family, started, plen, tos;
	uint32_t table, metric;
	uint8_t dst[16];
	uint32_t seen; /* of the same prefix and metric */
};
/* Next route after @cursor in order of (family, table, prefix, metric); NULL at the end. */
const struct route *route_next(struct netns *ns, struct route_cursor *cursor);
/* The tenant's FIB ref, for lookups without a link. Worker or control; wait-free. */
uint64_t route_fib_ref(const struct netns *ns, uint8_t family);
uint64_t route_count(struct netns *ns, uint8_t family);

enum route_event { ROUTE_NEW, ROUTE_REPLACED, ROUTE_DEL };
struct route_listener {
	void (*fn)(struct route_listener *l, enum route_event event, struct netns *ns,
		   const struct route *route);
	struct route_listener *next;
};
void route_listen(struct route_listener *l);
void route_unlisten(struct route_listener *l);

extern const struct dp_module route_module;
/* Around the module's registration: shared adjacencies, link listener. Context: init. -ENOMEM */
int route_begin(void);
void route_end(void);

#endif /* ROUTE_H */
