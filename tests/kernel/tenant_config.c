/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines that configure the tenant under test: addresses, routes, neighbours, knobs, link state.
 * They follow ip(8) closely, so that one description serves the kernel and the tenant.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/ether.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/ip/ip.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "tenant.h"

/* Address with optional prefix length; family by its look. False: neither IPv4 nor IPv6. */
static bool parse_addr(const char *text, uint8_t addr[16], uint8_t *family, uint8_t *plen)
{
	char copy[64], *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash = 0;
	memset(addr, 0, 16);
	*family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	if (plen)
		*plen = (uint8_t)(slash ? atoi(slash + 1) : *family == AF_INET6 ? 128 : 32);
	return inet_pton(*family, copy, addr) == 1;
}

static struct dp_link *link_named(const char *name)
{
	struct wire *w = wire_find(name);

	return w ? w->link : NULL;
}

/* addr add|del LINK ADDR/PLEN [brd A] [peer A/PLEN] [scope N] [noprefixroute] */
static int do_addr(char **word, unsigned int n, const char **ret_error)
{
	struct addr_config c = { .link = link_named(word[2]) };
	uint8_t family, brd[16];
	unsigned int i;
	int err;

	if (!c.link || !parse_addr(word[3], c.local, &c.family, &c.plen))
		return -ENODEV;
	for (i = 4; i < n; i++) {
		if (strcmp(word[i], "noprefixroute") == 0) {
			c.flags |= IFA_F_NOPREFIXROUTE;
		} else if (strcmp(word[i], "brd") == 0 && i + 1 < n) {
			parse_addr(word[++i], brd, &family, NULL);
			memcpy(c.broadcast, brd, 4);
			c.has_broadcast = true;
		} else if (strcmp(word[i], "peer") == 0 && i + 1 < n) {
			parse_addr(word[++i], c.peer, &family, &c.plen);
			c.has_peer = true;
		} else if (strcmp(word[i], "scope") == 0 && i + 1 < n) {
			c.scope = (uint8_t)atoi(word[++i]);
		}
	}
	err = strcmp(word[1], "add") == 0 ? addr_add(&c, NULL) : addr_del(&c);
	*ret_error = c.error;
	return err;
}

static const struct {
	const char *name;
	uint8_t type;
} route_types[] = {
	{ "unicast", RTN_UNICAST },         { "local", RTN_LOCAL },
	{ "broadcast", RTN_BROADCAST },     { "blackhole", RTN_BLACKHOLE },
	{ "unreachable", RTN_UNREACHABLE }, { "prohibit", RTN_PROHIBIT },
};

static uint8_t route_type(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(route_types) / sizeof(route_types[0]); i++)
		if (strcmp(route_types[i].name, name) == 0)
			return route_types[i].type;
	return RTN_UNICAST;
}

/* The words behind the destination. Return: number of next hops */
static unsigned int parse_route(char **word, unsigned int n, struct route_config *c,
				struct route_nexthop *hop)
{
	unsigned int i, k = 0;
	uint8_t family;

	for (i = 3; i < n; i++) {
		if (strcmp(word[i], "nexthop") == 0) {
			k += hop[k].link || hop[k].has_gateway;
		} else if (strcmp(word[i], "onlink") == 0) {
			hop[k].flags |= RTNH_F_ONLINK;
		} else if (i + 1 == n) {
			break;
		} else if (strcmp(word[i], "via") == 0) {
			hop[k].has_gateway =
				parse_addr(word[++i], hop[k].gateway, &hop[k].gateway_family, NULL);
		} else if (strcmp(word[i], "dev") == 0) {
			hop[k].link = link_named(word[++i]);
		} else if (strcmp(word[i], "weight") == 0) {
			hop[k].weight = (uint16_t)atoi(word[++i]);
		} else if (strcmp(word[i], "metric") == 0) {
			c->metric = (uint32_t)atoi(word[++i]);
		} else if (strcmp(word[i], "mtu") == 0) {
			c->mtu = (uint32_t)atoi(word[++i]);
		} else if (strcmp(word[i], "src") == 0) {
			c->has_prefsrc = parse_addr(word[++i], c->prefsrc, &family, NULL);
		}
	}
	return k + (hop[k].link || hop[k].has_gateway);
}

/* route add|del|replace [TYPE] PREFIX [metric N] [mtu N] [src A] [nexthop] [via A] [dev L] ... */
static int do_route(char **word, unsigned int n, const char **ret_error)
{
	struct route_nexthop hop[ROUTE_NEXTHOPS_MAX] = { 0 };
	struct route_config c = { .ns = tenant_ns,
				  .table = RT_TABLE_MAIN,
				  .type = RTN_UNICAST,
				  .proto = RTPROT_BOOT,
				  .nexthops = hop,
				  .nlm_flags = NLM_F_CREATE | NLM_F_EXCL };
	int err;

	if (!strpbrk(word[2], "0123456789") && n > 3) {
		c.type = route_type(word[2]);
		word++;
		n--;
	}
	if (!parse_addr(word[2], c.dst, &c.family, &c.plen))
		return -EINVAL;
	c.n_nexthops = parse_route(word, n, &c, hop);
	if (c.family == AF_INET && c.n_nexthops && !hop[0].has_gateway)
		c.scope = RT_SCOPE_LINK;
	if (c.family == AF_INET6 && !c.metric)
		c.metric = 1024;
	if (strcmp(word[1 - (c.type != RTN_UNICAST)], "del") == 0) {
		err = route_del(&c);
	} else {
		if (strcmp(word[1 - (c.type != RTN_UNICAST)], "replace") == 0)
			c.nlm_flags = NLM_F_CREATE | NLM_F_REPLACE;
		err = route_add(&c);
	}
	*ret_error = c.error;
	return err;
}

/* neigh add|del LINK ADDR [MAC] */
static int do_neigh(char **word, unsigned int n, const char **ret_error)
{
	struct neigh_config c = { .link = link_named(word[2]),
				  .state = NUD_PERMANENT,
				  .nlm_flags = NLM_F_CREATE | NLM_F_REPLACE };
	struct ether_addr mac;
	int err;

	if (!c.link || !parse_addr(word[3], c.addr, &c.family, NULL))
		return -ENODEV;
	if (n > 4 && ether_aton_r(word[4], &mac)) {
		c.has_mac = true;
		memcpy(c.mac, &mac, 6);
	}
	err = strcmp(word[1], "add") == 0 ? neigh_add(&c) : neigh_del(&c);
	*ret_error = c.error;
	return err;
}

#define KNOB(field)                                                                           \
	{                                                                                     \
#field, offsetof(struct ip_conf, field), sizeof(((struct ip_conf *)0)->field) \
	}
static const struct {
	const char *name;
	size_t offset, size;
} knobs[] = {
	KNOB(forwarding4),
	KNOB(forwarding6),
	KNOB(rp_filter),
	KNOB(accept_local),
	KNOB(route_localnet),
	KNOB(accept_source_route),
	KNOB(icmp_echo_ignore_all),
	KNOB(icmp_echo_ignore_broadcasts),
	KNOB(send_redirects),
	KNOB(ttl),
	KNOB(icmp_ratelimit_ms),
	KNOB(icmp_ratemask),
	KNOB(icmp_msgs_per_sec),
	KNOB(icmp_msgs_burst),
};

/* conf KNOB VALUE */
static int do_conf(char **word, unsigned int n, const char **ret_error)
{
	struct ip_conf conf;
	unsigned int i;
	uint32_t value = (uint32_t)strtoul(word[2], NULL, 0);
	uint8_t *at;

	ip_conf_get(tenant_ns, &conf);
	for (i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		if (strcmp(knobs[i].name, word[1]) != 0)
			continue;
		at = (uint8_t *)&conf + knobs[i].offset;
		if (knobs[i].size == 1)
			*at = (uint8_t)value;
		else
			memcpy(at, &value, sizeof(value));
		return ip_conf_set(tenant_ns, &conf);
	}
	*ret_error = "no such knob";
	return -EINVAL;
}

/* mtu LINK N, up LINK 0|1 */
static int do_link(char **word, unsigned int n, const char **ret_error)
{
	struct dp_link *link = link_named(word[1]);

	if (!link)
		return -ENODEV;
	if (strcmp(word[0], "mtu") == 0)
		return dp_link_set_mtu(link, (uint32_t)atoi(word[2]));
	return dp_link_set_flags(link, DP_LINK_F_UP, atoi(word[2]) ? DP_LINK_F_UP : 0);
}

int configure(char **word, unsigned int n, const char **ret_error)
{
	static const struct {
		const char *name;
		unsigned int words;
		int (*fn)(char **word, unsigned int n, const char **ret_error);
	} commands[] = { { "addr", 4, do_addr }, { "route", 3, do_route }, { "neigh", 4, do_neigh },
			 { "conf", 3, do_conf }, { "mtu", 3, do_link },    { "up", 3, do_link } };
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, word[0]) != 0)
			continue;
		if (n < commands[i].words)
			return -EINVAL;
		dp_ctl_lock();
		err = commands[i].fn(word, n, ret_error);
		dp_ctl_unlock();
		return err;
	}
	return -ENOSYS;
}
