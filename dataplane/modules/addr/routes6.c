/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes that an IPv6 address brings, and what a link coming up brings: its link-local address made
 * from the MAC (EUI-64) and the multicast route. A link going down loses its IPv6 addresses, as in
 * Linux (keep_addr_on_down off).
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/route/route.h"
#include "internal.h"

#define METRIC_CONNECTED 256u

static int change(const struct dp_link *link, bool add, uint8_t type, const uint8_t *dst,
		  uint8_t plen, uint32_t metric)
{
	struct route_nexthop hop = { .link = (struct dp_link *)link, .weight = 1 };
	struct route_config config = {
		.ns = link->ns,
		.family = AF_INET6,
		.plen = plen,
		.type = type,
		.table = type == RTN_UNICAST && dst[0] != 0xff ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
		.scope = RT_SCOPE_UNIVERSE,
		.proto = RTPROT_KERNEL,
		.metric = metric,
		.n_nexthops = 1,
		.nexthops = &hop,
		.by_kernel = true,
		.nlm_flags = NLM_F_CREATE | NLM_F_APPEND,
	};
	int err;

	addr_mask(config.dst, dst, plen);
	err = add ? route_add(&config) : route_del(&config);
	return err == -EEXIST || err == -ESRCH ? 0 : err;
}

/* The subnet-router anycast address: the prefix itself (RFC 4291, 2.6.1), not on /127 and /128 */
static int anycast(const struct addr *a, bool add)
{
	uint8_t prefix[16];

	if (a->plen >= 127)
		return 0;
	addr_mask(prefix, a->peer, a->plen);
	return change(a->link, add, RTN_ANYCAST, prefix, 128, 0);
}

static bool has_prefix(const struct addr *a)
{
	return !(a->flags & IFA_F_NOPREFIXROUTE);
}

/* Does another address of the link bring the same connected prefix? */
static bool prefix_shared(const struct addr *a)
{
	uint8_t want[16], have[16];
	const struct addr *b;

	addr_mask(want, a->peer, a->plen);
	for (b = l3dev_of(a->link)->addrs[1]; b; b = b->next) {
		if (b == a || b->plen != a->plen || !has_prefix(b))
			continue;
		addr_mask(have, b->peer, b->plen);
		if (memcmp(want, have, 16) == 0)
			return true;
	}
	return false;
}

static uint32_t prefix_metric(const struct addr *a)
{
	return a->metric ? a->metric : METRIC_CONNECTED;
}

static bool loopback(const struct addr *a)
{
	return a->link->kind == DP_LINK_LOOPBACK;
}

int addr6_routes_add(struct addr *a)
{
	int err;

	if (!l3dev_is_up(l3dev_of(a->link)))
		return 0;
	err = change(a->link, true, RTN_LOCAL, a->local, 128, 0);
	if (!err && has_prefix(a) && !loopback(a))
		err = change(a->link, true, RTN_UNICAST, a->peer, a->plen, prefix_metric(a));
	if (!err && !loopback(a))
		err = anycast(a, true);
	if (err)
		addr6_routes_del(a);
	return err;
}

void addr6_routes_del(struct addr *a)
{
	change(a->link, false, RTN_LOCAL, a->local, 128, 0);
	if (loopback(a) || prefix_shared(a))
		return;
	if (has_prefix(a))
		change(a->link, false, RTN_UNICAST, a->peer, a->plen, prefix_metric(a));
	anycast(a, false);
}

static void link_local(const struct dp_link *link, uint8_t ret[16])
{
	memset(ret, 0, 16);
	ret[0] = 0xfe;
	ret[1] = 0x80;
	ret[8] = link->mac[0] ^ 2;
	ret[9] = link->mac[1];
	ret[10] = link->mac[2];
	ret[11] = 0xff;
	ret[12] = 0xfe;
	ret[13] = link->mac[3];
	ret[14] = link->mac[4];
	ret[15] = link->mac[5];
}

void addr6_link_up(struct l3dev *dev)
{
	static const uint8_t all_multicast[16] = { 0xff };
	struct addr_config config = { .link = dev->link, .family = AF_INET6, .plen = 64 };
	struct addr *a;

	for (a = dev->addrs[1]; a; a = a->next)
		addr6_routes_add(a);
	if (dev->link->kind == DP_LINK_LOOPBACK) {
		config.plen = 128;
		config.local[15] = 1;
		config.scope = RT_SCOPE_HOST;
		addr_insert(&config, NULL);
		return;
	}
	change(dev->link, true, RTN_UNICAST, all_multicast, 8, METRIC_CONNECTED);
	link_local(dev->link, config.local);
	config.scope = RT_SCOPE_LINK;
	config.proto = 3;           /* IFAPROT_KERNEL_LL */
	addr_insert(&config, NULL); /* -EEXIST: given by hand already */
}

void addr6_link_down(struct l3dev *dev)
{
	static const uint8_t all_multicast[16] = { 0xff };

	while (dev->addrs[1])
		addr_remove(dev->addrs[1]);
	change(dev->link, false, RTN_UNICAST, all_multicast, 8, METRIC_CONNECTED);
}
