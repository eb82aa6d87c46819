/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes that an IPv4 address brings, as Linux's fib_add_ifaddr() and fib_del_ifaddr() behave: a
 * local one at once; while the link is up also its broadcast addresses and, for a primary address,
 * the connected subnet. Several addresses may want the same route: it stays while one does.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/route/route.h"
#include "internal.h"

#define WANTS_MAX 4

/** struct want - one route that an address brings */
struct want {
	uint8_t type, plen;
	uint8_t dst[16];
	uint32_t metric;
};

static uint32_t as_u32(const uint8_t *a)
{
	return (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
}

static void put_u32(uint8_t *a, uint32_t v)
{
	memset(a, 0, 16);
	a[0] = (uint8_t)(v >> 24);
	a[1] = (uint8_t)(v >> 16);
	a[2] = (uint8_t)(v >> 8);
	a[3] = (uint8_t)v;
}

static uint32_t mask_of(unsigned int plen)
{
	return plen ? ~0u << (32 - plen) : 0;
}

struct addr *addr4_primary(const struct l3dev *dev, const struct addr *like)
{
	uint32_t mask = mask_of(like->plen);
	struct addr *a;

	for (a = dev->addrs[0]; a; a = a->next)
		if (a != like && !(a->flags & IFA_F_SECONDARY) && a->plen == like->plen &&
		    ((as_u32(a->peer) ^ as_u32(like->peer)) & mask) == 0)
			return a;
	return NULL;
}

static unsigned int wants_of(const struct addr *a, struct want want[WANTS_MAX])
{
	uint32_t addr = as_u32(a->local), mask = mask_of(a->plen);
	uint32_t prefix = as_u32(a->peer) & mask;
	unsigned int n = 0;

	want[n].type = RTN_LOCAL;
	want[n].plen = 32;
	want[n].metric = 0;
	put_u32(want[n++].dst, addr);
	if (!l3dev_is_up(l3dev_of(a->link)))
		return n;
	if (a->has_broadcast && as_u32(a->broadcast) != ~0u) {
		want[n].type = RTN_BROADCAST;
		want[n].plen = 32;
		want[n].metric = 0;
		put_u32(want[n++].dst, as_u32(a->broadcast));
	}
	if (prefix >> 24 == 0 || a->flags & IFA_F_SECONDARY || (prefix == addr && a->plen == 32))
		return n;
	if (!(a->flags & IFA_F_NOPREFIXROUTE)) {
		want[n].type = a->link->kind == DP_LINK_LOOPBACK ? RTN_LOCAL : RTN_UNICAST;
		want[n].plen = a->plen;
		want[n].metric = a->metric;
		put_u32(want[n++].dst, prefix);
	}
	if (a->plen < 31) {
		want[n].type = RTN_BROADCAST;
		want[n].plen = 32;
		want[n].metric = 0;
		put_u32(want[n++].dst, prefix | ~mask);
	}
	return n;
}

static void fill(struct route_config *config, struct route_nexthop *hop, const struct addr *a,
		 const struct want *want)
{
	const struct addr *primary = a;

	if (a->flags & IFA_F_SECONDARY) {
		primary = addr4_primary(l3dev_of(a->link), a);
		if (!primary)
			primary = a;
	}
	memset(config, 0, sizeof(*config));
	memset(hop, 0, sizeof(*hop));
	hop->link = a->link;
	hop->weight = 1;
	config->ns = a->link->ns;
	config->family = AF_INET;
	memcpy(config->dst, want->dst, sizeof(config->dst));
	config->plen = want->plen;
	config->type = want->type;
	config->table = want->type == RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL;
	config->scope = want->type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK;
	config->proto = RTPROT_KERNEL;
	config->metric = want->metric;
	config->has_prefsrc = true;
	memcpy(config->prefsrc, primary->local, sizeof(config->prefsrc));
	config->n_nexthops = 1;
	config->nexthops = hop;
	config->by_kernel = true;
	config->nlm_flags = NLM_F_CREATE | NLM_F_APPEND;
}

int addr4_routes_add(struct addr *a)
{
	struct want want[WANTS_MAX];
	unsigned int n = wants_of(a, want), i;
	int err = 0;

	for (i = 0; i < n; i++) {
		struct route_config config;
		struct route_nexthop hop;

		fill(&config, &hop, a, &want[i]);
		err = route_add(&config);
		if (err && err != -EEXIST)
			break;
		err = 0;
	}
	if (err)
		addr4_routes_del(a);
	return err;
}

static bool same_want(const struct want *a, const struct want *b)
{
	return a->type == b->type && a->plen == b->plen && memcmp(a->dst, b->dst, 4) == 0;
}

/* Does another address of the link bring this route too? */
static bool wanted_by_others(const struct addr *a, const struct want *want)
{
	struct want other[WANTS_MAX];
	unsigned int n, i;
	struct addr *b;

	for (b = l3dev_of(a->link)->addrs[0]; b; b = b->next) {
		if (b == a)
			continue;
		n = wants_of(b, other);
		for (i = 0; i < n; i++)
			if (same_want(&other[i], want))
				return true;
	}
	return false;
}

void addr4_routes_del(struct addr *a)
{
	struct want want[WANTS_MAX];
	unsigned int n = wants_of(a, want), i;

	for (i = 0; i < n; i++) {
		struct route_config config;
		struct route_nexthop hop;

		if (wanted_by_others(a, &want[i]))
			continue;
		fill(&config, &hop, a, &want[i]);
		config.has_prefsrc = false;
		route_del(&config); /* -ESRCH: the link took it along, or somebody deleted it */
	}
}
