/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a route request one that Linux would take? The same errors with the same meaning, and a text.
 * Fills in what was left open: the link behind a gateway, scopes, weights. Changes nothing else.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/addr/l3dev.h"
#include "internal.h"

static int refuse(struct route_config *config, int err, const char *text)
{
	config->error = text;
	return err;
}

static bool host_bits(const uint8_t *dst, unsigned int plen, unsigned int bits)
{
	unsigned int i;

	for (i = plen; i < bits; i++)
		if (dst[i / 8] & (0x80 >> (i % 8)))
			return true;
	return false;
}

static bool unicast(uint8_t family, const uint8_t *a)
{
	static const uint8_t zero[16];

	if (family == AF_INET6)
		return a[0] != 0xff && memcmp(a, zero, 16) != 0;
	return a[0] != 0 && a[0] < 224 && a[0] != 127;
}

static bool link_local6(const uint8_t *a)
{
	return a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
}

static bool is_up(const struct dp_link *link)
{
	return __atomic_load_n(&link->flags, __ATOMIC_RELAXED) & DP_LINK_F_UP;
}

/* A gateway must be on-link: reachable through a route of narrower scope. */
static int check_gateway(struct route_ns *rn, struct route_config *config,
			 struct route_nexthop *hop)
{
	uint8_t family = hop->gateway_family;
	const struct route *via;
	uint8_t min_scope = 0;

	if (!unicast(family, hop->gateway))
		return refuse(config, -EINVAL,
			      family == AF_INET ? "Nexthop has invalid gateway"
						: "Invalid gateway address");
	if (hop->flags & RTNH_F_ONLINK) {
		if (config->scope >= RT_SCOPE_LINK && config->family == AF_INET)
			return refuse(config, -EINVAL, "Nexthop has invalid scope");
		if (!hop->link)
			return refuse(config, -ENODEV, "Nexthop device required for onlink");
		if (!is_up(hop->link))
			return refuse(config, -ENETDOWN, "Nexthop device is not up");
		return 0;
	}
	if (family == AF_INET6 && link_local6(hop->gateway)) {
		if (!hop->link)
			return refuse(config, -EINVAL, "Device required for a link-local gateway");
		return is_up(hop->link) ? 0 : refuse(config, -ENETDOWN, "Nexthop device is not up");
	}
	if (family == AF_INET) /* at least LINK, as fib_check_nh does */
		min_scope = config->scope + 1 > RT_SCOPE_LINK ? config->scope + 1 : RT_SCOPE_LINK;
	if (addr_is_local(rn->ns, family, hop->gateway))
		return refuse(config, -EINVAL,
			      family == AF_INET ? "Nexthop has invalid gateway"
						: "Gateway can not be a local address");
	via = route_match(rn, family, hop->gateway, hop->link, min_scope);
	if (!via)
		return refuse(config, family == AF_INET ? -ENETUNREACH : -EHOSTUNREACH,
			      "Nexthop has invalid gateway");
	if (via->type != RTN_UNICAST || via->n_nexthops == 0 || via->nexthop[0].has_gateway)
		return refuse(config, family == AF_INET ? -EINVAL : -EHOSTUNREACH,
			      "Nexthop has invalid gateway");
	if (!hop->link)
		hop->link = via->nexthop[0].link;
	return is_up(hop->link) ? 0 : refuse(config, -ENETDOWN, "Nexthop device is not up");
}

static int check_hop(struct route_ns *rn, struct route_config *config, struct route_nexthop *hop)
{
	if (hop->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN))
		return refuse(config, -EINVAL,
			      "Invalid flags for nexthop - can not contain DEAD or LINKDOWN");
	if (hop->weight == 0)
		hop->weight = 1;
	if (hop->link && (hop->link->ns != rn->ns || !l3dev_of(hop->link)))
		return refuse(config, -ENODEV, "Device of the nexthop is not in this namespace");
	if (hop->has_gateway)
		return check_gateway(rn, config, hop);
	if (!hop->link)
		return refuse(config, -ENODEV, "Nexthop needs a gateway or a device");
	if (hop->flags & RTNH_F_ONLINK)
		return refuse(config, -EINVAL,
			      "Invalid flags for nexthop - PERVASIVE and ONLINK can not be set");
	if (!is_up(hop->link))
		return refuse(config, -ENETDOWN, "Device for nexthop is not up");
	return 0;
}

/* Routes that end here or nowhere name no next hop; the kernel's own are taken as they come. */
static int check_special(struct route_config *config)
{
	if (config->type == RTN_LOCAL || config->type == RTN_BROADCAST ||
	    config->type == RTN_ANYCAST) {
		if (config->n_nexthops > 1)
			return refuse(config, -EINVAL,
				      "Route with host scope can not have multiple nexthops");
		if (config->n_nexthops == 1 && config->nexthops[0].has_gateway)
			return refuse(config, -EINVAL,
				      "Route with host scope can not have a gateway");
		if (config->n_nexthops == 0 || !config->nexthops[0].link)
			return refuse(config, -ENODEV, "Route with host scope needs a device");
		return 0;
	}
	if (config->family == AF_INET && config->n_nexthops)
		return refuse(
			config, -EINVAL,
			"Gateway, device and multipath can not be specified for this route type");
	return 0;
}

int route_check(struct route_ns *rn, struct route_config *config, struct route_nexthop *nexthops)
{
	unsigned int bits = route_addr_bits(config->family);
	uint32_t i;
	int err;

	if (config->plen > bits)
		return refuse(config, -EINVAL, "Invalid prefix length");
	if (host_bits(config->dst, config->plen, bits))
		return refuse(config, -EINVAL, "Invalid prefix for given prefix length");
	if (config->table != RT_TABLE_MAIN && config->table != RT_TABLE_LOCAL)
		return refuse(config, -EOPNOTSUPP, "Only the tables main and local are there");
	if (config->tos)
		return refuse(config, -EOPNOTSUPP, "Routes by TOS are not supported");
	if (config->n_nexthops > ROUTE_NEXTHOPS_MAX)
		return refuse(config, -EINVAL, "More nexthops than a route can have (64)");
	if (config->scope > RT_SCOPE_HOST)
		return refuse(config, -EINVAL, "Invalid scope");
	for (i = 0; i < config->n_nexthops; i++)
		nexthops[i] = config->nexthops[i];
	if (config->type == 0 || config->type > RTN_PROHIBIT || config->type == RTN_MULTICAST)
		return refuse(config, -EINVAL, "Invalid route type");
	if (config->type != RTN_UNICAST)
		return check_special(config);
	if (config->family == AF_INET && config->scope == RT_SCOPE_HOST)
		return refuse(config, -EINVAL, "Invalid scope");
	if (config->n_nexthops == 0)
		return refuse(config, -ENODEV, "Route needs a gateway or a device");
	for (i = 0; i < config->n_nexthops && !config->by_kernel; i++) {
		err = check_hop(rn, config, &nexthops[i]);
		if (err)
			return err;
	}
	if (config->has_prefsrc && !config->by_kernel &&
	    !addr_is_local(rn->ns, config->family, config->prefsrc))
		return refuse(config, -EINVAL,
			      config->family == AF_INET ? "Invalid prefsrc address"
							: "Invalid source address");
	return 0;
}
