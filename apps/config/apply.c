/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making what a checked configuration says: ports, then tenant by tenant links, addresses,
 * neighbours, routes and modules. What was made is remembered; any failure takes all of it away.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config.h"
#include "dataplane/dp.h"
#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "text.h"

/** made - what config_apply() made and config_unapply() takes away; one configuration a process */
static struct {
	struct netns **tenants;
	uint32_t n_tenants;
	char (*ports)[DP_LINK_NAME_MAX + 1];
	uint32_t n_ports;
} made;

/** struct applying - one application under way */
struct applying {
	const char *path;
	const struct config *config;
	struct config_error *error;
	uint32_t tenant; /* being made */
};

static int failed(struct applying *a, const char *place, int err, const char *what, const char *why)
{
	unsigned int line = config_line(a->path, place);

	snprintf(a->error->text, sizeof(a->error->text), "%s:%u: %s: %s", a->path, line, what,
		 why ? why : strerror(-err));
	return err;
}

static int make_port(struct applying *a, uint32_t i)
{
	const struct config_port *p = &a->config->ports[i];
	struct dp_port_config c = { .name = p->name,
				    .devargs = p->device,
				    .rx_queues = p->rx_queues,
				    .tx_queues = p->tx_queues,
				    .mtu = p->mtu,
				    .promisc = p->promiscuous,
				    .lcores = p->workers,
				    .n_lcores = p->workers_count };
	struct dp_link *link;
	char place[64];
	int err = dp_port_add(&c, &link);

	if (err) {
		snprintf(place, sizeof(place), "ports[%u].device", i);
		return failed(a, place, err, p->name, c.error);
	}
	snprintf(made.ports[made.n_ports++], sizeof(made.ports[0]), "%s", p->name);
	return 0;
}

static int make_addresses(struct applying *a, const struct config_link *l, struct dp_link *link,
			  const char *at)
{
	char place[128];
	uint32_t i;
	int err;

	for (i = 0; i < l->addresses_count; i++) {
		struct addr_config c = { .link = link };

		text_prefix(l->addresses[i], &c.family, c.local, &c.plen);
		err = addr_add(&c, NULL);
		if (err) {
			snprintf(place, sizeof(place), "%s.addresses[%u]", at, i);
			return failed(a, place, err, l->addresses[i], c.error);
		}
	}
	return 0;
}

static void fill_addresses(struct dp_link_config *c, const struct config_link *l)
{
	uint8_t plen;

	if (l->local)
		text_prefix(l->local, &c->family, c->local, &plen);
	if (l->remote)
		text_prefix(l->remote, &c->family, c->remote, &plen);
}

static struct netns *tenant_named(const struct applying *a, const char *name)
{
	uint32_t i;

	for (i = 0; i < made.n_tenants; i++)
		if (strcmp(a->config->tenants[i].name, name) == 0)
			return made.tenants[i];
	return NULL;
}

static int make_link(struct applying *a, uint32_t k)
{
	const struct config_link *l = &a->config->tenants[a->tenant].links[k];
	struct netns *ns = made.tenants[a->tenant];
	struct dp_link_config c = { .name = l->name,
				    .ns = ns,
				    .mtu = (uint16_t)l->mtu,
				    .up = !l->down,
				    .peer_name = l->peer };
	struct dp_link *link;
	uint8_t kind = 0;
	char at[64];
	int err;

	snprintf(at, sizeof(at), "tenants[%u].links[%u]", a->tenant, k);
	text_link_kind(l->kind, &kind);
	c.kind = kind;
	text_tag_proto(l->proto, &c.vlan_proto);
	if (l->mac)
		text_mac(l->mac, c.mac);
	if (l->vlan)
		c.vlan_id = (uint16_t)*l->vlan;
	if (l->vni)
		c.vni = (uint32_t)*l->vni;
	if (l->parent) {
		c.parent = dp_link_find(ns, l->parent);
		if (!c.parent)
			c.parent = dp_link_find(netns_init_ns(), l->parent);
	}
	if (l->peer_tenant) {
		c.peer_ns = tenant_named(a, l->peer_tenant);
		if (!c.peer_ns)
			return failed(a, at, -ENOENT, l->peer_tenant,
				      "no such tenant before this one");
	}
	fill_addresses(&c, l);
	err = dp_link_create(&c, &link);
	if (err)
		return failed(a, at, err, l->name, c.error);
	return make_addresses(a, l, link, at);
}

static int make_neighbour(struct applying *a, uint32_t k)
{
	const struct config_neighbour *n = &a->config->tenants[a->tenant].neighbours[k];
	struct neigh_config c = { .link = dp_link_find(made.tenants[a->tenant], n->link),
				  .has_mac = true,
				  .state = NUD_PERMANENT,
				  .nlm_flags = NLM_F_CREATE };
	char at[64];
	uint8_t plen;
	int err;

	snprintf(at, sizeof(at), "tenants[%u].neighbours[%u]", a->tenant, k);
	if (!c.link)
		return failed(a, at, -ENODEV, n->link, "no such link in the tenant");
	if (!text_prefix(n->address, &c.family, c.addr, &plen) || !text_mac(n->mac, c.mac))
		return failed(a, at, -EINVAL, n->address, "expected an address and a MAC");
	err = neigh_add(&c);
	return err ? failed(a, at, err, n->address, c.error) : 0;
}

static int make_route(struct applying *a, uint32_t k)
{
	const struct config_route *r = &a->config->tenants[a->tenant].routes[k];
	struct route_nexthop hop = { .weight = 1 };
	struct route_config c = { .ns = made.tenants[a->tenant],
				  .table = RT_TABLE_MAIN,
				  .proto = RTPROT_STATIC,
				  .metric = r->metric,
				  .nexthops = &hop,
				  .n_nexthops = r->via || r->link ? 1 : 0,
				  .nlm_flags = NLM_F_CREATE | NLM_F_EXCL };
	char at[64];
	uint8_t plen;
	int err;

	snprintf(at, sizeof(at), "tenants[%u].routes[%u]", a->tenant, k);
	text_prefix(r->to, &c.family, c.dst, &c.plen);
	text_route_type(r->type, &c.type);
	if (r->via) {
		hop.has_gateway = true;
		text_prefix(r->via, &hop.gateway_family, hop.gateway, &plen);
		if (strcmp(r->to, "default") == 0)
			c.family = hop.gateway_family;
	}
	if (r->link) {
		hop.link = dp_link_find(c.ns, r->link);
		if (!hop.link)
			return failed(a, at, -ENODEV, r->link, "no such link in the tenant");
		if (!r->via && c.family == AF_INET)
			c.scope = RT_SCOPE_LINK;
	}
	err = route_add(&c);
	return err ? failed(a, at, err, r->to, c.error) : 0;
}

static int make_module(struct applying *a, uint32_t k)
{
	const struct config_module *m = &a->config->tenants[a->tenant].modules[k];
	const char **params = calloc(m->params_count + 1, sizeof(*params));
	const char *why = NULL;
	char at[64];
	uint32_t i;
	int err;

	if (!params)
		return -ENOMEM;
	for (i = 0; i < m->params_count; i++)
		params[i] = m->params[i];
	err = dp_module_enable(made.tenants[a->tenant], m->name, params, &why);
	free(params);
	snprintf(at, sizeof(at), "tenants[%u].modules[%u]", a->tenant, k);
	return err ? failed(a, at, err, m->name, why) : 0;
}

static int make_tenant(struct applying *a, uint32_t i)
{
	const struct config_tenant *t = &a->config->tenants[i];
	struct netns_config c = { .name = t->name };
	char at[64];
	uint32_t k;
	int err;

	if (t->owner) {
		c.owner_uid = t->owner->uid;
		c.owner_gid = t->owner->gid;
		c.flags |= NETNS_CONFIG_OWNER;
	}
	if (t->quota) {
		c.quota[NETNS_QUOTA_BYTES] = t->quota->bytes;
		c.quota[NETNS_QUOTA_LINKS] = t->quota->links;
		c.quota[NETNS_QUOTA_ROUTES] = t->quota->routes;
		c.quota[NETNS_QUOTA_NEIGHS] = t->quota->neighbours;
	}
	snprintf(at, sizeof(at), "tenants[%u].name", i);
	err = netns_create(&c, &made.tenants[i]);
	if (err)
		return failed(a, at, err, t->name, NULL);
	made.n_tenants = i + 1;
	a->tenant = i;
	dp_ctl_lock();
	for (k = 0; k < t->links_count && !err; k++)
		err = make_link(a, k);
	for (k = 0; k < t->neighbours_count && !err; k++)
		err = make_neighbour(a, k);
	for (k = 0; k < t->routes_count && !err; k++)
		err = make_route(a, k);
	for (k = 0; k < t->modules_count && !err; k++)
		err = make_module(a, k);
	dp_ctl_unlock();
	return err;
}

int config_apply(const char *path, const struct config *config, void (*progress)(double),
		 struct config_error *error)
{
	struct applying a = { .path = path, .config = config, .error = error };
	uint32_t i;
	int err = 0;

	made.tenants = calloc(config->tenants_count + 1, sizeof(*made.tenants));
	made.ports = calloc(config->ports_count + 1, sizeof(*made.ports));
	if (!made.tenants || !made.ports)
		err = -ENOMEM;
	for (i = 0; i < config->ports_count && !err; i++)
		err = make_port(&a, i);
	for (i = 0; i < config->tenants_count && !err; i++) {
		err = make_tenant(&a, i);
		if (progress && i % 1000 == 999)
			progress((double)(i + 1) / config->tenants_count);
	}
	if (err == -ENOMEM && !error->text[0])
		snprintf(error->text, sizeof(error->text), "%s: out of memory", path);
	if (err)
		config_unapply();
	return err;
}

void config_unapply(void)
{
	netns_put_many(made.tenants, made.n_tenants);
	netns_barrier();
	while (made.n_ports)
		dp_port_del(made.ports[--made.n_ports]);
	free(made.tenants);
	free(made.ports);
	memset(&made, 0, sizeof(made));
}
