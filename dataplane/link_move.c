/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes that replace a link's object: moving it to another tenant, and its MAC. The new object is
 * complete before one store makes workers find it; the old one goes after a grace period. Control
 * side, under dp_ctl_lock.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "encap/vxlan.h"
#include "link.h"
#include "port.h"

/* Everything that points to @old points to @l: what is stacked on it, the other end, the tunnel. */
static void relink(struct link *l, struct link *old)
{
	struct link *c, **p;

	for (c = l->children; c != NULL; c = c->sibling) {
		c->parent = l;
		/* pairs with the acquire in tx_slow.c */
		__atomic_store_n(&c->pub.lower, &l->pub, __ATOMIC_RELEASE);
	}
	if (l->pub.kind == DP_LINK_VLAN) {
		for (p = &l->parent->children; *p != old; p = &(*p)->sibling)
			;
		*p = l;
	}
	if (l->pub.kind == DP_LINK_PAIR && l->parent != NULL) {
		l->parent->parent = l;
		__atomic_store_n(&l->parent->pub.lower, &l->pub, __ATOMIC_RELEASE);
	}
	if (l->pub.kind == DP_LINK_PORT && l->port != NULL)
		l->port->link = l;
	if (l->pub.kind == DP_LINK_VXLAN)
		vxlan_replaced(l);
	/* the store by which received frames come to the new object; pairs with tag_load() */
	if (l->tags != NULL)
		tag_store(&l->tags->self, tag_entry(&l->pub));
	else if (l->slot != NULL)
		tag_store(l->slot, tag_entry(&l->pub));
}

static void copy(struct link *l, const struct link *old)
{
	struct netns *ns = l->pub.ns;
	struct tenant_links *tenant = l->tenant;

	*l = *old;
	l->pub.ns = ns;
	l->tenant = tenant;
	l->next = l->prev = l->hash_name = l->hash_ifindex = NULL;
}

int dp_link_set_mac(struct dp_link *link, const uint8_t mac[6], struct dp_link **ret_link)
{
	struct link *old = link_of(link), *l;
	int err;

	if ((mac[0] & 1) != 0 || memcmp(mac, (const uint8_t[6]){ 0 }, 6) == 0)
		return -EADDRNOTAVAIL;
	l = link_new(link->ns, &err);
	if (l == NULL)
		return err;
	copy(l, old);
	memcpy(l->pub.mac, mac, 6);
	link_take_out(old);
	link_insert(l);
	relink(l, old);
	link_event(DP_LINK_REPLACED, l, old);
	link_follow_promisc(l, false);
	link_retire_replaced(old);
	if (ret_link != NULL)
		*ret_link = &l->pub;
	return 0;
}

static void carry(struct link *l, const struct link *old)
{
	struct dp_link_stats s;

	/* what workers count on the old index after this is the tenant's, but not the link's */
	dp_link_stats(&old->pub, &s);
	l->carried.rx_packets = s.rx_packets;
	l->carried.rx_bytes = s.rx_bytes;
	l->carried.tx_packets = s.tx_packets;
	l->carried.tx_bytes = s.tx_bytes;
	l->carried_drops.rx = s.rx_drops;
	l->carried_drops.tx = s.tx_drops;
}

int dp_link_move(struct dp_link *link, struct netns *to, const char *new_name,
		 struct dp_link **ret_link)
{
	struct link *old = link_of(link), *l;
	const char *name = new_name != NULL ? new_name : old->name, *error;
	int err;

	if (to == link->ns) {
		if (ret_link != NULL)
			*ret_link = link;
		return new_name != NULL ? dp_link_set_name(link, new_name) : 0;
	}
	if (link->kind == DP_LINK_LOOPBACK)
		return -EINVAL;
	err = link_name_check(to, name, &error);
	if (err != 0)
		return err;
	l = link_new(to, &err);
	if (l == NULL)
		return err;
	copy(l, old);
	memset(l->name, 0, sizeof(l->name));
	memcpy(l->name, name, strlen(name));
	l->pub.l3dev = NULL;
	l->pub.wire = NULL;
	l->pub.index = 0;
	link_flags_store(l, 0);
	if (link_hash_ifindex(to, l->pub.ifindex) != NULL)
		l->pub.ifindex = link_next_ifindex(to);
	err = link_number(l);
	if (err != 0) {
		link_free(l);
		return err;
	}
	carry(l, old);
	old->owns_tags = old->owns_encap = false;
	link_take_out(old);
	link_insert(l);
	relink(l, old);
	link_event(DP_LINK_REPLACED, l, old);
	link_down_children(l);
	link_follow_promisc(l, false);
	link_retire(old);
	if (ret_link != NULL)
		*ret_link = &l->pub;
	return 0;
}
