/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does a configuration make sense as a whole? Everything that can be known without touching the
 * runtime, so that applying fails only for what the machine says. Changes nothing.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config.h"
#include "dataplane/dp_link.h"
#include "text.h"

/** struct checking - one check under way */
struct checking {
	const char *path;
	const struct config *config;
	struct config_error *error;
};

/* Writes "FILE:LINE: ..." for the value at @place. Return: -EINVAL */
static __attribute__((format(printf, 3, 4))) int wrong(struct checking *c, const char *place,
						       const char *fmt, ...)
{
	unsigned int line = config_line(c->path, place);
	va_list args;
	int n;

	n = line ? snprintf(c->error->text, sizeof(c->error->text), "%s:%u: ", c->path, line)
		 : snprintf(c->error->text, sizeof(c->error->text), "%s: %s: ", c->path, place);
	va_start(args, fmt);
	vsnprintf(c->error->text + n, sizeof(c->error->text) - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

static bool link_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= DP_LINK_NAME_MAX && !strchr(name, '/') && !strchr(name, ' ') &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int check_ports(struct checking *c)
{
	const struct config *f = c->config;
	char place[96];
	uint32_t i, k;

	for (i = 0; i < f->ports_count; i++) {
		const struct config_port *p = &f->ports[i];

		snprintf(place, sizeof(place), "ports[%u].name", i);
		if (!link_name_ok(p->name))
			return wrong(c, place,
				     "'%s' is no name for a port: expected 1 to 15 bytes "
				     "without '/' or space",
				     p->name);
		for (k = 0; k < i; k++)
			if (strcmp(f->ports[k].name, p->name) == 0)
				return wrong(c, place, "there is a port '%s' already", p->name);
		snprintf(place, sizeof(place), "ports[%u].mtu", i);
		if (p->mtu && (p->mtu < 68 || p->mtu > 9600))
			return wrong(c, place, "MTU %u: expected 68 to 9600 bytes", p->mtu);
	}
	return 0;
}

static const struct config_link *own_link(const struct config_tenant *t, const char *name,
					  uint32_t before)
{
	uint32_t i;

	for (i = 0; i < before && i < t->links_count; i++)
		if (strcmp(t->links[i].name, name) == 0)
			return &t->links[i];
	return NULL;
}

static bool is_port(const struct config *f, const char *name)
{
	uint32_t i;

	for (i = 0; i < f->ports_count; i++)
		if (strcmp(f->ports[i].name, name) == 0)
			return true;
	return false;
}

static int check_addresses(struct checking *c, const struct config_link *l, const char *at)
{
	uint8_t family, addr[16], plen;
	char place[128];
	uint32_t i;

	for (i = 0; i < l->addresses_count; i++) {
		snprintf(place, sizeof(place), "%s.addresses[%u]", at, i);
		if (!text_prefix(l->addresses[i], &family, addr, &plen))
			return wrong(c, place,
				     "'%s' is no address: expected one such as "
				     "10.0.0.1/24 or fd00::1/64",
				     l->addresses[i]);
	}
	return 0;
}

static int check_vlan(struct checking *c, const struct config_tenant *t, uint32_t k, const char *at)
{
	const struct config_link *l = &t->links[k];
	char place[128];
	uint16_t proto;

	snprintf(place, sizeof(place), "%s.name", at);
	if (!l->parent || !l->vlan)
		return wrong(c, place, "VLAN link '%s' needs 'parent' and 'vlan'", l->name);
	snprintf(place, sizeof(place), "%s.parent", at);
	if (!own_link(t, l->parent, k) && !is_port(c->config, l->parent))
		return wrong(c, place, "no port and no earlier link of the tenant is called '%s'",
			     l->parent);
	snprintf(place, sizeof(place), "%s.vlan", at);
	if (*l->vlan < 0 || *l->vlan > 4094)
		return wrong(c, place, "VLAN %d: expected 0 to 4094", *l->vlan);
	snprintf(place, sizeof(place), "%s.proto", at);
	if (!text_tag_proto(l->proto, &proto))
		return wrong(c, place, "'%s': expected 802.1Q or 802.1ad", l->proto);
	return 0;
}

static int check_link(struct checking *c, const struct config_tenant *t, uint32_t k, const char *at)
{
	const struct config_link *l = &t->links[k];
	char place[128];
	uint8_t kind, mac[6];

	snprintf(place, sizeof(place), "%s.name", at);
	if (!link_name_ok(l->name))
		return wrong(c, place,
			     "'%s' is no name for a link: expected 1 to 15 bytes without "
			     "'/' or space",
			     l->name);
	if (own_link(t, l->name, k))
		return wrong(c, place, "the tenant has a link '%s' already", l->name);
	snprintf(place, sizeof(place), "%s.kind", at);
	if (!text_link_kind(l->kind, &kind))
		return wrong(c, place,
			     "'%s' is no kind of link: expected vlan, vxlan, veth or dummy",
			     l->kind);
	snprintf(place, sizeof(place), "%s.mac", at);
	if (l->mac && (!text_mac(l->mac, mac) || mac[0] & 1))
		return wrong(c, place,
			     "'%s' is no MAC of a link: expected one such as "
			     "02:00:00:00:00:01",
			     l->mac);
	if (kind == DP_LINK_VLAN && check_vlan(c, t, k, at))
		return -EINVAL;
	snprintf(place, sizeof(place), "%s.vni", at);
	if (kind == DP_LINK_VXLAN && (!l->vni || *l->vni < 0 || *l->vni > 0xffffff))
		return wrong(c, l->vni ? place : at, "VXLAN link '%s' needs 'vni' of 0 to 16777215",
			     l->name);
	return check_addresses(c, l, at);
}

static int check_routes(struct checking *c, const struct config_tenant *t, uint32_t i)
{
	uint8_t family, family2, addr[16], plen, type;
	char place[128];
	uint32_t k;

	for (k = 0; k < t->routes_count; k++) {
		const struct config_route *r = &t->routes[k];

		snprintf(place, sizeof(place), "tenants[%u].routes[%u].to", i, k);
		if (!text_prefix(r->to, &family, addr, &plen))
			return wrong(c, place,
				     "'%s' is no destination: expected one such as "
				     "10.0.0.0/8 or default",
				     r->to);
		snprintf(place, sizeof(place), "tenants[%u].routes[%u].via", i, k);
		if (r->via && (!text_prefix(r->via, &family2, addr, &plen) || plen < 32))
			return wrong(c, place, "'%s' is no gateway: expected an address", r->via);
		snprintf(place, sizeof(place), "tenants[%u].routes[%u].type", i, k);
		if (!text_route_type(r->type, &type))
			return wrong(c, place,
				     "'%s': expected unicast, blackhole, unreachable or "
				     "prohibit",
				     r->type);
	}
	return 0;
}

static int check_tenant(struct checking *c, uint32_t i)
{
	const struct config_tenant *t = &c->config->tenants[i];
	char place[96];
	uint32_t k;

	snprintf(place, sizeof(place), "tenants[%u].name", i);
	if (strlen(t->name) == 0 || strlen(t->name) > NETNS_NAME_MAX || strchr(t->name, '/') ||
	    strcmp(t->name, ".") == 0 || strcmp(t->name, "..") == 0)
		return wrong(c, place,
			     "'%s' is no name for a tenant: expected 1 to 255 bytes "
			     "without '/', not . or ..",
			     t->name);
	for (k = 0; k < t->links_count; k++) {
		snprintf(place, sizeof(place), "tenants[%u].links[%u]", i, k);
		if (check_link(c, t, k, place))
			return -EINVAL;
	}
	return check_routes(c, t, i);
}

/** struct named - a tenant's name or a tag, and whose it is, for finding equal ones by sorting */
struct named {
	char key[320];
	uint32_t tenant, link;
};

static int by_key(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (int)x->tenant - (int)y->tenant;
}

static int check_names(struct checking *c)
{
	const struct config *f = c->config;
	struct named *n = calloc(f->tenants_count + 1, sizeof(*n));
	char place[96];
	uint32_t i;
	int err = 0;

	if (!n)
		return -ENOMEM;
	for (i = 0; i < f->tenants_count; i++) {
		snprintf(n[i].key, sizeof(n[i].key), "%s", f->tenants[i].name);
		n[i].tenant = i;
	}
	qsort(n, f->tenants_count, sizeof(*n), by_key);
	for (i = 1; i < f->tenants_count && !err; i++) {
		if (strcmp(n[i - 1].key, n[i].key) != 0)
			continue;
		snprintf(place, sizeof(place), "tenants[%u].name", n[i].tenant);
		err = wrong(c, place, "there is a tenant '%s' already", n[i].key);
	}
	free(n);
	return err;
}

/* Two links with the same tag on the same port */
static int check_tags(struct checking *c)
{
	const struct config *f = c->config;
	uint32_t total = 0, count = 0, i, k;
	struct named *n;
	char place[96];
	int err = 0;

	for (i = 0; i < f->tenants_count; i++)
		total += f->tenants[i].links_count;
	n = calloc(total + 1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	for (i = 0; i < f->tenants_count; i++)
		for (k = 0; k < f->tenants[i].links_count; k++) {
			const struct config_link *l = &f->tenants[i].links[k];

			if (strcasecmp(l->kind, "vlan") != 0 ||
			    own_link(&f->tenants[i], l->parent, k))
				continue;
			snprintf(n[count].key, sizeof(n[count].key), "VLAN %d (%s) of %s", *l->vlan,
				 l->proto ? l->proto : "802.1Q", l->parent);
			n[count].tenant = i;
			n[count++].link = k;
		}
	qsort(n, count, sizeof(*n), by_key);
	for (i = 1; i < count && !err; i++) {
		if (strcmp(n[i - 1].key, n[i].key) != 0)
			continue;
		snprintf(place, sizeof(place), "tenants[%u].links[%u].vlan", n[i].tenant,
			 n[i].link);
		err = wrong(c, place, "%s belongs to tenant '%s' already", n[i].key,
			    f->tenants[n[i - 1].tenant].name);
	}
	free(n);
	return err;
}

int config_check(const char *path, const struct config *config, struct config_error *error)
{
	struct checking c = { path, config, error };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint32_t i;
	int err;

	if (config->workers > (uint32_t)cpus)
		return wrong(&c, "workers", "%u workers, but this machine has %ld CPUs",
			     config->workers, cpus);
	if (config->idle && strcmp(config->idle, "adaptive") && strcmp(config->idle, "poll") &&
	    strcmp(config->idle, "sleep"))
		return wrong(&c, "idle", "'%s': expected adaptive, poll or sleep", config->idle);
	err = check_ports(&c);
	for (i = 0; i < config->tenants_count && !err; i++)
		err = check_tenant(&c, i);
	if (!err)
		err = check_names(&c);
	return err ? err : check_tags(&c);
}
