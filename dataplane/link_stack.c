/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stacking: VLAN links on a parent, 802.1Q or 802.1ad, two deep at most. Finds the table entry of
 * the tag and computes the bytes of all tags on the wire. Control side, under dp_ctl_lock.
 */
#include <errno.h>

#include <rte_byteorder.h>

#include "link.h"

#define TAGS_MAX 8u /* bytes */

void children_add(struct link *parent, struct link *child)
{
	child->parent = parent;
	child->sibling = parent->children;
	parent->children = child;
}

void children_del(struct link *child)
{
	struct link **p;

	if (child->pub.kind != DP_LINK_VLAN || child->parent == NULL)
		return;
	for (p = &child->parent->children; *p != child; p = &(*p)->sibling)
		;
	*p = child->sibling;
}

/* The parent gets a table for what is stacked on it; workers find the parent through it too. */
static int parent_table(struct link *parent)
{
	struct dp_tag_table *t;

	if (parent->tags != NULL)
		return 0;
	t = tag_table_new((int)parent->pub.ns->numa_node, &parent->pub);
	if (t == NULL)
		return -ENOMEM;
	parent->owns_tags = true;
	/* pairs with the acquire in one_reentered() */
	__atomic_store_n(&parent->tags, t, __ATOMIC_RELEASE);
	if (parent->slot != NULL)
		tag_store(parent->slot, tag_entry_table(t));
	return 0;
}

static int check(const struct link *parent, struct dp_link_config *c)
{
	c->error = NULL;
	if (parent == NULL)
		c->error = "a VLAN link needs a parent link";
	else if (c->vlan_proto != 0x8100 && c->vlan_proto != 0x88a8)
		c->error = "VLAN protocol is neither 802.1Q nor 802.1ad";
	else if (parent->pub.encap_len + 4u > TAGS_MAX)
		c->error = "at most two tags can be stacked";
	else if (parent->pub.kind == DP_LINK_LOOPBACK)
		c->error = "nothing can be stacked on loopback";
	if (c->error != NULL)
		return parent == NULL ? -ENODEV : -EINVAL;
	if (c->vlan_id > 4094) {
		c->error = "VLAN id is not within 0 .. 4094";
		return -ERANGE;
	}
	if (c->mtu > parent->pub.mtu) {
		c->error = "MTU is larger than the parent's";
		return -ERANGE;
	}
	return 0;
}

int vlan_prepare(struct link *l, struct dp_link_config *c)
{
	struct link *parent = c->parent != NULL ? link_of(c->parent) : NULL;
	uint64_t tag;
	int err;

	if (c->vlan_proto == 0)
		c->vlan_proto = 0x8100;
	err = check(parent, c);
	if (err != 0)
		return err;
	if (parent_table(parent) != 0)
		return -ENOMEM;
	l->slot = tag_table_slot(parent->tags, c->vlan_proto, c->vlan_id);
	if (l->slot == NULL)
		return -ENOMEM;
	if (*l->slot != 0) {
		c->error = "the parent has a link with this tag already";
		return -EEXIST;
	}
	tag = rte_cpu_to_be_16(c->vlan_proto) | (uint64_t)rte_cpu_to_be_16(c->vlan_id) << 16;
	l->pub.lower = &parent->pub;
	l->pub.tag_proto = c->vlan_proto;
	l->pub.tag_vid = c->vlan_id;
	l->pub.tag2_proto = parent->pub.tag_proto;
	l->pub.tag2_vid = parent->pub.tag_vid;
	l->pub.tag_bytes = parent->pub.tag_bytes | tag << (8 * parent->pub.encap_len);
	l->pub.encap_len = l->pub.tx_encap = (uint8_t)(parent->pub.encap_len + 4);
	l->pub.port_id = parent->pub.port_id;
	l->pub.tx_kind = parent->pub.tx_kind;
	l->parent = parent;
	return 0;
}
