/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tenants of the pipeline suites: links, wires, routers. Any failure is said and returned.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "world.h"

static int said(int err, const char *what, const char *why)
{
	if (err)
		fprintf(stderr, "%s: %s\n", what, why ? why : strerror(-err));
	return err;
}

static int vlan(struct netns *ns, struct dp_link *parent, unsigned int vid, const char *name)
{
	struct dp_link_config c = { .kind = DP_LINK_VLAN,
				    .name = name,
				    .ns = ns,
				    .parent = parent,
				    .vlan_id = (uint16_t)vid,
				    .up = true,
				    .mac = { 0x02, 0, 0, 0, 0, 0x01 } };
	struct dp_link *link;

	return said(dp_link_create(&c, &link), "VLAN link", c.error);
}

int world_tenants(struct world *w, unsigned int n)
{
	unsigned int i;
	int err;

	w->ns = calloc(n, sizeof(*w->ns));
	if (!w->ns)
		return -ENOMEM;
	err = netns_create_many(NULL, n, w->ns);
	if (err)
		return said(err, "tenants", NULL);
	w->tenants = n;
	dp_ctl_lock();
	for (i = 0; i < n && !err; i++) {
		err = vlan(w->ns[i], w->src, i + 1, "in");
		if (!err)
			err = vlan(w->ns[i], w->sink, i + 1, "out");
	}
	dp_ctl_unlock();
	return err;
}

int world_xconnect(struct world *w)
{
	static const char *const params[] = { "a=in", "b=out", NULL };
	const char *error = NULL;
	unsigned int i;
	int err = 0;

	dp_ctl_lock();
	for (i = 0; i < w->tenants && !err; i++)
		err = said(dp_module_enable(w->ns[i], "xconnect", params, &error), "xconnect",
			   error);
	dp_ctl_unlock();
	return err;
}

static int address(struct dp_link *link, uint8_t third)
{
	struct addr_config c = {
		.link = link, .family = AF_INET, .plen = 24, .local = { 10, third, 0, 1 }
	};

	return said(addr_add(&c, NULL), "address", c.error);
}

static int neighbour(struct dp_link *link, uint8_t last)
{
	struct neigh_config c = { .link = link,
				  .family = AF_INET,
				  .addr = { 10, 1, 0, last },
				  .has_mac = true,
				  .mac = { 0x02, 0, 0, 0, 1, last },
				  .state = NUD_PERMANENT,
				  .nlm_flags = NLM_F_CREATE };

	return said(neigh_add(&c), "neighbour", c.error);
}

static int route(struct netns *ns, uint8_t third, uint8_t last)
{
	struct route_nexthop hop = { .has_gateway = true,
				     .gateway_family = AF_INET,
				     .gateway = { 10, 1, 0, last } };
	struct route_config c = { .ns = ns,
				  .family = AF_INET,
				  .dst = { 192, 168, third },
				  .plen = 18,
				  .type = RTN_UNICAST,
				  .table = RT_TABLE_MAIN,
				  .proto = RTPROT_STATIC,
				  .n_nexthops = 1,
				  .nexthops = &hop,
				  .nlm_flags = NLM_F_CREATE | NLM_F_EXCL };

	return said(route_add(&c), "route", c.error);
}

static int router(struct netns *ns)
{
	struct dp_link *in = dp_link_find(ns, "in"), *out = dp_link_find(ns, "out");
	unsigned int k;
	int err = address(in, 0);

	if (!err)
		err = address(out, 1);
	for (k = 0; k < 4 && !err; k++) {
		err = neighbour(out, (uint8_t)(2 + k));
		if (!err)
			err = route(ns, (uint8_t)(k * 64), (uint8_t)(2 + k));
	}
	return err;
}

int world_routers(struct world *w)
{
	unsigned int i;
	int err = 0;

	dp_ctl_lock();
	for (i = 0; i < w->tenants && !err; i++)
		err = router(w->ns[i]);
	dp_ctl_unlock();
	return err;
}
