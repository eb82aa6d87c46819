/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Adding, deleting, finding and choosing addresses; who hears of them. See addr.h.
 */
#include "addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static struct addr_listener *listeners; /* guarded by dp_ctl_lock */

void addr_listen(struct addr_listener *l)
{
	dp_ctl_lock();
	l->next = listeners;
	listeners = l;
	dp_ctl_unlock();
}

void addr_unlisten(struct addr_listener *l)
{
	struct addr_listener **at = &listeners;

	dp_ctl_lock();
	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
	dp_ctl_unlock();
}

void addr_notify(enum addr_event event, const struct addr *a)
{
	struct addr_listener *l, *next;

	for (l = listeners; l; l = next) {
		next = l->next;
		l->fn(l, event, a);
	}
}

static int routes_add(struct addr *a)
{
	return a->family == AF_INET6 ? addr6_routes_add(a) : addr4_routes_add(a);
}

static void routes_del(struct addr *a)
{
	if (a->family == AF_INET6)
		addr6_routes_del(a);
	else
		addr4_routes_del(a);
}

uint8_t addr_scope6(const uint8_t *a)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return RT_SCOPE_LINK;
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0xc0)
		return RT_SCOPE_SITE;
	return memcmp(a, loopback, 16) == 0 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

/* IPv4: primaries before secondaries, each in order of arrival; IPv6: wider scopes first, as Linux
 */
static void list_insert(struct l3dev *dev, struct addr *a)
{
	struct addr **at = &dev->addrs[l3_family(a->family)];

	if (a->family == AF_INET6) {
		while (*at && (*at)->scope < a->scope)
			at = &(*at)->next;
	} else {
		while (*at && ((a->flags & IFA_F_SECONDARY) || !((*at)->flags & IFA_F_SECONDARY)))
			at = &(*at)->next;
	}
	a->next = *at;
	*at = a;
	dev->n_addrs++;
}

static struct addr *find(const struct l3dev *dev, const struct addr_config *c)
{
	struct addr *a;

	for (a = dev->addrs[l3_family(c->family)]; a; a = a->next)
		if (memcmp(a->local, c->local, addr_bytes(c->family)) == 0 &&
		    (c->family == AF_INET6 || a->plen == c->plen))
			return a;
	return NULL;
}

static int refuse(struct addr_config *config, int err, const char *text)
{
	config->error = text;
	return err;
}

static int check(struct addr_config *c)
{
	static const uint8_t zero[16];

	c->error = NULL;
	if (!l3dev_of(c->link))
		return refuse(c, -EAFNOSUPPORT, "The namespace of the device has no router");
	if (c->family != AF_INET && c->family != AF_INET6)
		return refuse(c, -EAFNOSUPPORT, "Addresses are IPv4 or IPv6");
	if (c->plen > addr_bytes(c->family) * 8)
		return refuse(c, -EINVAL,
			      c->family == AF_INET
				      ? "ipv4: Invalid prefix length"
				      : "ipv6: IPv6 address prefix length larger than 128");
	if (c->family == AF_INET6 && c->local[0] == 0xff && !(c->flags & IFA_F_MCAUTOJOIN))
		return refuse(
			c, -EADDRNOTAVAIL,
			"ipv6: Cannot assign multicast address without \"IFA_F_MCAUTOJOIN\" flag");
	if (c->family == AF_INET6 && memcmp(c->local, zero, 16) == 0)
		return refuse(c, -EADDRNOTAVAIL, "ipv6: Invalid address");
	if (c->valid_s && c->prefered_s > c->valid_s)
		return refuse(c, -EINVAL, "Preferred lifetime is longer than the valid one");
	return 0;
}

static void fill(struct addr *a, const struct addr_config *c)
{
	a->link = c->link;
	a->family = c->family;
	a->plen = c->plen;
	a->proto = c->proto;
	a->flags = c->flags & ~(uint32_t)(IFA_F_SECONDARY | IFA_F_TENTATIVE);
	a->scope = c->family == AF_INET6 ? addr_scope6(c->local) : c->scope;
	a->metric = c->metric;
	a->valid_s = c->valid_s ? c->valid_s : UINT32_MAX;
	a->prefered_s = c->prefered_s ? c->prefered_s : UINT32_MAX;
	if (a->valid_s == UINT32_MAX)
		a->flags |= IFA_F_PERMANENT;
	memcpy(a->local, c->local, sizeof(a->local));
	memcpy(a->peer, c->has_peer ? c->peer : c->local, sizeof(a->peer));
	a->has_broadcast = c->has_broadcast;
	memcpy(a->broadcast, c->broadcast, sizeof(a->broadcast));
	memcpy(a->label, c->label, sizeof(a->label));
}

int addr_insert(struct addr_config *config, struct addr **ret_addr)
{
	struct l3dev *dev = l3dev_of(config->link);
	struct addr *a;
	int err;

	if (find(dev, config))
		return -EEXIST;
	a = netns_mem_alloc(dev->ns, sizeof(*a));
	if (!a)
		return -ENOMEM;
	fill(a, config);
	if (a->family == AF_INET && addr4_primary(dev, a))
		a->flags |= IFA_F_SECONDARY;
	list_insert(dev, a);
	err = addr_view_update(dev);
	if (!err)
		err = routes_add(a);
	if (err) {
		addr_remove(a);
		return err;
	}
	addr_notify(ADDR_NEW, a);
	if (ret_addr)
		*ret_addr = a;
	return 0;
}

static int addr_replace(struct addr *a, const struct addr_config *c)
{
	routes_del(a);
	a->metric = c->metric;
	a->flags = (a->flags & IFA_F_SECONDARY) | (c->flags & ~(uint32_t)IFA_F_SECONDARY);
	a->valid_s = c->valid_s ? c->valid_s : UINT32_MAX;
	a->prefered_s = c->prefered_s ? c->prefered_s : UINT32_MAX;
	if (a->valid_s == UINT32_MAX)
		a->flags |= IFA_F_PERMANENT;
	addr_notify(ADDR_NEW, a);
	return routes_add(a);
}

int addr_add(struct addr_config *config, struct addr **ret_addr)
{
	static const uint8_t zero[16];
	struct addr *a;
	int err = check(config);

	if (err)
		return err;
	if (config->family == AF_INET && memcmp(config->local, zero, 4) == 0)
		return 0; /* Linux takes it and forgets it */
	a = find(l3dev_of(config->link), config);
	if (a && config->replace) {
		if (ret_addr)
			*ret_addr = a;
		return addr_replace(a, config);
	}
	err = addr_insert(config, ret_addr);
	if (err == -EEXIST)
		config->error = config->family == AF_INET ? "ipv4: Address already assigned"
							  : "ipv6: address already assigned";
	return err;
}

static void unlink_addr(struct addr *a)
{
	struct l3dev *dev = l3dev_of(a->link);
	struct addr **at = &dev->addrs[l3_family(a->family)];

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	dev->n_addrs--;
}

/* Without promotion the secondaries of a subnet go with its primary, as in Linux by default. */
static void remove_secondaries(struct addr *primary)
{
	struct l3dev *dev = l3dev_of(primary->link);
	struct addr *a, *next;

	for (a = dev->addrs[0]; a; a = next) {
		next = a->next;
		if (a->flags & IFA_F_SECONDARY && addr4_primary(dev, a) == primary)
			addr_remove(a);
	}
}

void addr_remove(struct addr *a)
{
	struct netns *ns = l3dev_of(a->link)->ns;

	if (a->family == AF_INET && !(a->flags & IFA_F_SECONDARY))
		remove_secondaries(a);
	routes_del(a);
	unlink_addr(a);
	addr_view_update(
		l3dev_of(a->link)); /* out of memory: the old view answers a while longer */
	addr_notify(ADDR_DEL, a);
	netns_mem_free(ns, a, sizeof(*a));
}

int addr_del(struct addr_config *config)
{
	struct addr *a;
	int err = check(config);

	if (err)
		return err;
	for (a = l3dev_of(config->link)->addrs[l3_family(config->family)]; a; a = a->next)
		if (memcmp(a->local, config->local, addr_bytes(config->family)) == 0 &&
		    (!config->plen || a->plen == config->plen))
			break;
	if (!a) {
		config->error = config->family == AF_INET ? "ipv4: Address not found"
							  : "ipv6: address not found";
		return -EADDRNOTAVAIL;
	}
	addr_remove(a);
	return 0;
}

struct addr *addr_next(struct dp_link *link, uint8_t family, struct addr *after)
{
	struct l3dev *dev = l3dev_of(link);

	if (!dev)
		return NULL;
	if (!after)
		return family == AF_INET6 || (family == 0 && !dev->addrs[0]) ? dev->addrs[1]
									     : dev->addrs[0];
	if (!after->next && after->family == AF_INET && family == 0)
		return dev->addrs[1];
	return after->next;
}

struct addr *addr_is_local(struct netns *ns, uint8_t family, const uint8_t *dst)
{
	struct l3dev *dev = NULL;
	struct addr *a;

	while ((dev = l3dev_next(ns, dev)))
		for (a = dev->addrs[l3_family(family)]; a; a = a->next)
			if (memcmp(a->local, dst, addr_bytes(family)) == 0)
				return a;
	return NULL;
}
