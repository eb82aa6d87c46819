/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making and deleting links: validate, build aside, publish with the classification entry last; and
 * the reverse. Control side, under dp_ctl_lock.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "encap/vxlan.h"
#include "link.h"
#include "port.h"

static const char *const kind_names[] = { "eth", "vlan", "vxlan", "veth", "lo", "dummy" };

static const uint8_t tx_kinds[] = { DP_TX_PORT, DP_TX_PORT, DP_TX_ENCAP,
				    DP_TX_PAIR, DP_TX_LOOP, DP_TX_SINK };

static int choose_name(struct link *l, struct netns *ns, const char *name, const char **ret_error)
{
	struct tenant_links *t = tenant_links(ns);
	uint32_t i;

	if (name != NULL) {
		int err = link_name_check(ns, name, ret_error);

		if (err == 0)
			memcpy(l->name, name, strlen(name));
		return err;
	}
	if (l->pub.kind == DP_LINK_LOOPBACK) {
		memcpy(l->name, "lo", 3);
		return link_name_check(ns, l->name, ret_error);
	}
	/* no more names are taken than there are links, so this ends */
	for (i = 0; i <= t->n; i++) {
		snprintf(l->name, sizeof(l->name), "%s%u", kind_names[l->pub.kind], i);
		if (link_hash_name(ns, l->name) == NULL)
			break;
	}
	return 0;
}

uint32_t link_next_ifindex(const struct netns *ns)
{
	struct tenant_links *t = tenant_links(ns);
	uint32_t ifindex;

	do {
		ifindex = t->next_ifindex++;
		if (t->next_ifindex > INT32_MAX)
			t->next_ifindex = 2;
	} while (link_hash_ifindex(ns, ifindex) != NULL);
	return ifindex;
}

static int choose_ifindex(struct link *l, struct netns *ns, uint32_t ifindex)
{
	if (ifindex == 0 && l->pub.kind == DP_LINK_LOOPBACK)
		ifindex = 1;
	if (ifindex != 0) {
		if (ifindex > INT32_MAX)
			return -ERANGE;
		if (link_hash_ifindex(ns, ifindex) != NULL)
			return -EBUSY;
	} else {
		ifindex = link_next_ifindex(ns);
	}
	l->pub.ifindex = ifindex;
	return 0;
}

static void choose_mac(struct link *l, const uint8_t *mac)
{
	static const uint8_t none[6];

	if (memcmp(mac, none, 6) != 0) {
		memcpy(l->pub.mac, mac, 6);
	} else if (l->pub.kind == DP_LINK_VLAN) {
		memcpy(l->pub.mac, l->parent->pub.mac, 6);
	} else if (l->pub.kind != DP_LINK_LOOPBACK) {
		if (getrandom(l->pub.mac, 6, GRND_NONBLOCK) != 6)
			memcpy(l->pub.mac, &(uint64_t){ netns_now_ns() }, 6);
		l->pub.mac[0] = (uint8_t)((l->pub.mac[0] & 0xfc) | 2);
	}
}

static uint16_t choose_mtu(const struct link *l, const struct dp_link_config *c)
{
	if (c->mtu != 0)
		return c->mtu;
	switch (l->pub.kind) {
	case DP_LINK_VLAN:
		return l->parent->pub.mtu;
	case DP_LINK_LOOPBACK:
		return UINT16_MAX;
	case DP_LINK_VXLAN:
		return c->family == AF_INET6 ? 1430 : 1450;
	default:
		return 1500;
	}
}

/* What all kinds have; @c's kind-specific part is done already. */
static int dress(struct link *l, const struct dp_link_config *c, const char *name,
		 const uint8_t *mac, const char **ret_error)
{
	uint16_t flags = c->up ? DP_LINK_F_UP | DP_LINK_F_RUNNING : 0;
	int err;

	err = choose_name(l, l->pub.ns, name, ret_error);
	if (err != 0)
		return err;
	choose_mac(l, mac);
	l->pub.mtu = l->pub.tx_mtu = choose_mtu(l, c);
	if (l->pub.kind == DP_LINK_VLAN && c->up && !(l->parent->pub.flags & DP_LINK_F_UP)) {
		*ret_error = "the parent link is down";
		return -ENETDOWN;
	}
	link_flags_store(l, flags);
	err = choose_ifindex(l, l->pub.ns, c->ifindex);
	if (err != 0) {
		*ret_error = err == -EBUSY ? "the tenant has a link of this ifindex already"
					   : "ifindex is not within 1 .. 2147483647";
		return err;
	}
	err = link_number(l);
	if (err != 0)
		*ret_error = "no link index is left: dp_options.max_links";
	return err;
}

static int check(const struct dp_link_config *c, const char **ret_error)
{
	if ((unsigned int)c->kind >= DP_LINK_KINDS || c->ns == NULL)
		*ret_error = "no such kind of link, or no tenant";
	else if (c->mtu != 0 && c->mtu < 68)
		*ret_error = "MTU is below 68 bytes";
	else if (c->mac[0] & 1)
		*ret_error = "a multicast MAC cannot be a link's";
	else
		return 0;
	return -EINVAL;
}

static int pair_end(struct dp_link_config *c, struct link *l, struct link **ret_peer)
{
	struct netns *ns = c->peer_ns != NULL ? c->peer_ns : c->ns;
	struct dp_link_config other = {
		.kind = DP_LINK_PAIR, .ns = ns, .mtu = c->mtu, .up = c->up
	};
	struct link *p;
	int err;

	if (c->peer_name != NULL && ns == c->ns && strcmp(c->peer_name, l->name) == 0) {
		c->error = "both ends of a pair would have one name";
		return -EEXIST;
	}
	p = link_new(ns, &err);
	if (p == NULL)
		return err;
	p->pub.kind = DP_LINK_PAIR;
	p->pub.tx_kind = DP_TX_PAIR;
	err = dress(p, &other, c->peer_name, c->peer_mac, &c->error);
	if (err != 0) {
		link_free(p);
		return err;
	}
	p->parent = l;
	p->pub.lower = &l->pub;
	l->parent = p;
	l->pub.lower = &p->pub;
	*ret_peer = p;
	return 0;
}

/* The kind's own part, before the common one: nothing is visible to workers yet. */
static int prepare(struct link *l, struct dp_link_config *c)
{
	l->pub.kind = (uint8_t)c->kind;
	l->pub.tx_kind = tx_kinds[c->kind];
	switch (c->kind) {
	case DP_LINK_PORT:
		return port_link_prepare(l, c);
	case DP_LINK_VLAN:
		return vlan_prepare(l, c);
	case DP_LINK_VXLAN:
		return vxlan_prepare(l, c);
	default:
		return 0;
	}
}

static void publish(struct link *l)
{
	link_insert(l);
	if (l->pub.kind == DP_LINK_VLAN)
		children_add(l->parent, l);
	link_event(DP_LINK_NEW, l, NULL);
	link_follow_promisc(l, false);
	/* the last step: from here on workers find it */
	if (l->slot != NULL)
		tag_store(l->slot, tag_entry(&l->pub));
}

int dp_link_create(struct dp_link_config *c, struct dp_link **ret_link)
{
	struct link *l, *peer = NULL;
	int err;

	c->error = NULL;
	err = check(c, &c->error);
	if (err != 0)
		return err;
	l = link_new(c->ns, &err);
	if (l == NULL) {
		c->error = err == -EDQUOT ? "the tenant's quota is used up" : "out of memory";
		return err;
	}
	err = prepare(l, c);
	if (err == 0)
		err = dress(l, c, c->name, c->mac, &c->error);
	if (err == 0 && c->kind == DP_LINK_PAIR)
		err = pair_end(c, l, &peer);
	if (err != 0) {
		vxlan_unprepare(l);
		link_free(l);
		return err;
	}
	c->error = NULL;
	publish(l);
	if (peer != NULL)
		publish(peer);
	if (ret_link != NULL)
		*ret_link = &l->pub;
	return 0;
}

static void delete_one(struct link *l)
{
	while (l->children != NULL)
		dp_link_delete(&l->children->pub);
	if (l->slot != NULL)
		tag_store(l->slot, 0);
	link_follow_promisc(l, true);
	children_del(l);
	link_event(DP_LINK_DELETED, l, NULL);
	link_take_out(l);
	if (l->pub.kind == DP_LINK_VXLAN)
		vxlan_gone(l);
	link_retire(l);
}

int dp_link_delete(struct dp_link *link)
{
	struct link *l = link_of(link), *peer = NULL;

	if (l->pub.kind == DP_LINK_PORT && !l->port->leaving)
		return -EOPNOTSUPP; /* dp_port_del() */
	if (l->pub.kind == DP_LINK_PAIR && l->parent != NULL) {
		peer = l->parent;
		peer->parent = NULL;
		l->parent = NULL;
		/* relaxed: workers that miss it send to an end that is there until they are done */
		__atomic_store_n(&peer->pub.lower, NULL, __ATOMIC_RELAXED);
		__atomic_store_n(&l->pub.lower, NULL, __ATOMIC_RELAXED);
	}
	delete_one(l);
	if (peer != NULL)
		delete_one(peer);
	return 0;
}

struct dp_link *dp_link_find(struct netns *ns, const char *name)
{
	struct link *l = link_hash_name(ns, name);

	return l != NULL ? &l->pub : NULL;
}

struct dp_link *dp_link_by_ifindex(struct netns *ns, uint32_t ifindex)
{
	struct link *l = link_hash_ifindex(ns, ifindex);

	return l != NULL ? &l->pub : NULL;
}

struct dp_link *dp_link_next(struct netns *ns, struct dp_link *after)
{
	struct link *l = after != NULL ? link_of(after)->next : tenant_links(ns)->first;

	return l != NULL ? &l->pub : NULL;
}

void dp_link_stats(const struct dp_link *link, struct dp_link_stats *s)
{
	const struct link *l = link_of(link);
	struct link_counters sum;
	struct link_drops drops;

	account_link_sum(link->index, &sum);
	account_link_drops(link->index, &drops);
	s->rx_packets = sum.rx_packets + l->carried.rx_packets;
	s->rx_bytes = sum.rx_bytes + l->carried.rx_bytes;
	s->tx_packets = sum.tx_packets + l->carried.tx_packets;
	s->tx_bytes = sum.tx_bytes + l->carried.tx_bytes;
	s->rx_drops = drops.rx + l->carried_drops.rx;
	s->tx_drops = drops.tx + l->carried_drops.tx;
}
