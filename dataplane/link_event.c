/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telling others of changes in links, and changes that keep the object: name, MTU, flags. Up and
 * down spread to stacked links, carrier spreads from ports and pairs, as in Linux. Control side,
 * under dp_ctl_lock.
 */
#include <errno.h>
#include <string.h>

#include "link.h"
#include "port.h"

static struct dp_link_listener *listeners;

void dp_link_listen(struct dp_link_listener *l)
{
	l->next = listeners;
	listeners = l;
}

void dp_link_unlisten(struct dp_link_listener *l)
{
	struct dp_link_listener **p;

	for (p = &listeners; *p != NULL; p = &(*p)->next) {
		if (*p == l) {
			*p = l->next;
			return;
		}
	}
}

void link_event(enum dp_link_event event, struct link *l, struct link *old)
{
	struct dp_link_listener *p, *next;

	for (p = listeners; p != NULL; p = next) {
		next = p->next;
		p->fn(p, event, &l->pub, old != NULL ? &old->pub : NULL);
	}
}

void link_flags_store(struct link *l, uint16_t flags)
{
	/* workers read them alone or with the MAC as one word; nothing else hangs on them */
	__atomic_store_n(&l->pub.flags, flags, __ATOMIC_RELAXED);
	__atomic_store_n(&l->pub.tx_flags, flags, __ATOMIC_RELAXED);
}

/* Is there a carrier below? */
static bool carrier(const struct link *l)
{
	switch (l->pub.kind) {
	case DP_LINK_PORT:
		return l->port == NULL || l->port->carrier;
	case DP_LINK_VLAN:
		return (l->parent->pub.flags & DP_LINK_F_RUNNING) != 0;
	case DP_LINK_PAIR:
		return l->parent != NULL && (l->parent->pub.flags & DP_LINK_F_UP) != 0;
	default:
		return true;
	}
}

static void changed(struct link *l, uint16_t flags)
{
	struct link *c;
	bool up = (flags & DP_LINK_F_UP) != 0, was_up = (l->pub.flags & DP_LINK_F_UP) != 0;

	flags &= (uint16_t)~DP_LINK_F_RUNNING;
	if (up && carrier(l))
		flags |= DP_LINK_F_RUNNING;
	if (flags == l->pub.flags)
		return;
	link_flags_store(l, flags);
	link_event(DP_LINK_CHANGED, l, NULL);
	for (c = l->children; c != NULL; c = c->sibling)
		changed(c, up == was_up ? c->pub.flags
			   : up         ? c->pub.flags | DP_LINK_F_UP
					: (uint16_t)(c->pub.flags & ~DP_LINK_F_UP));
	if (l->pub.kind == DP_LINK_PAIR && up != was_up && l->parent != NULL)
		changed(l->parent, l->parent->pub.flags);
}

void link_carrier(struct link *l)
{
	changed(l, l->pub.flags);
}

void link_down_children(struct link *l)
{
	struct link *c;

	for (c = l->children; c != NULL; c = c->sibling)
		changed(c, (uint16_t)(c->pub.flags & ~DP_LINK_F_UP));
	if (l->pub.kind == DP_LINK_PAIR && l->parent != NULL)
		changed(l->parent, l->parent->pub.flags);
}

/* Frames for MACs that are not the port's reach it only in promiscuous mode. */
static void follow_promisc(struct link *l)
{
	struct link *base = l;
	bool want;

	while (base->pub.kind == DP_LINK_VLAN)
		base = base->parent;
	if (base->pub.kind != DP_LINK_PORT || base->port == NULL)
		return;
	want = (l->pub.flags & DP_LINK_F_PROMISC) != 0 ||
	       memcmp(l->pub.mac, base->port->mac, sizeof(l->pub.mac)) != 0;
	if (want == l->promisc_port)
		return;
	l->promisc_port = want;
	port_promisc(base->port, want ? 1 : -1);
}

void link_follow_promisc(struct link *l, bool gone)
{
	struct link *base = l;

	if (!gone) {
		follow_promisc(l);
		return;
	}
	while (base->pub.kind == DP_LINK_VLAN)
		base = base->parent;
	if (l->promisc_port && base->port != NULL)
		port_promisc(base->port, -1);
	l->promisc_port = false;
}

int dp_link_set_flags(struct dp_link *link, uint16_t mask, uint16_t flags)
{
	struct link *l = link_of(link);
	uint16_t to;

	mask &= DP_LINK_F_UP | DP_LINK_F_PROMISC | DP_LINK_F_ALLMULTI | DP_LINK_F_NOARP;
	to = (uint16_t)((l->pub.flags & ~mask) | (flags & mask));
	if ((to & DP_LINK_F_UP) && l->pub.kind == DP_LINK_VLAN &&
	    !(l->parent->pub.flags & DP_LINK_F_UP))
		return -ENETDOWN;
	changed(l, to);
	follow_promisc(l);
	return 0;
}

int dp_link_set_mtu(struct dp_link *link, uint32_t mtu)
{
	struct link *l = link_of(link), *c;
	int err;

	if (mtu < 68 || mtu > UINT16_MAX)
		return -EINVAL;
	if (l->pub.kind == DP_LINK_VLAN && mtu > l->parent->pub.mtu)
		return -ERANGE;
	if (l->pub.kind == DP_LINK_PORT && l->port != NULL) {
		err = port_set_mtu(l->port, (uint16_t)mtu);
		if (err != 0)
			return err;
	}
	__atomic_store_n(&l->pub.mtu, (uint16_t)mtu, __ATOMIC_RELAXED);
	__atomic_store_n(&l->pub.tx_mtu, (uint16_t)mtu, __ATOMIC_RELAXED);
	link_event(DP_LINK_CHANGED, l, NULL);
	for (c = l->children; c != NULL; c = c->sibling)
		if (c->pub.mtu > mtu)
			dp_link_set_mtu(&c->pub, mtu);
	return 0;
}

int dp_link_set_name(struct dp_link *link, const char *name)
{
	struct link *l = link_of(link);
	const char *error;
	int err;

	if (strcmp(l->name, name) == 0)
		return 0;
	err = link_name_check(l->pub.ns, name, &error);
	if (err != 0)
		return err;
	link_hash_del(l);
	memset(l->name, 0, sizeof(l->name));
	memcpy(l->name, name, strlen(name));
	link_hash_add(l);
	link_event(DP_LINK_CHANGED, l, NULL);
	return 0;
}
