/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VXLAN links: validation, the outer header to be, and the static way out for underlays that route
 * nothing. Control side, under dp_ctl_lock.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "netns/fault.h"
#include "vxlan.h"

static struct vxlan *vxlan_of(const struct link *l)
{
	return l->pub.encap;
}

/* --- the static way out -------------------------------------------------------------------------
 */

static struct vxlan *with_via; /* list of those that have one, by via_next */

static void via_clear(struct vxlan *vx)
{
	uint32_t adj = vx->via_adj;

	__atomic_store_n(&vx->via_adj, 0, __ATOMIC_RELAXED);
	if (adj != 0)
		dp_adj_free(adj);
	vx->via = NULL;
}

static int via_set(struct vxlan *vx, struct dp_link *via)
{
	uint32_t adj;
	int err = dp_adj_alloc(&adj);

	if (err != 0)
		return err;
	dp_adj_fill(dp_adj_at(adj), via, vx->via_mac,
		    vx->family == AF_INET ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	via_clear(vx);
	vx->via = via;
	/* pairs with the acquire in to_underlay(): the adjacency is complete */
	__atomic_store_n(&vx->via_adj, adj, __ATOMIC_RELEASE);
	return 0;
}

static void on_link(struct dp_link_listener *l, enum dp_link_event event, struct dp_link *link,
		    struct dp_link *old)
{
	struct vxlan *vx;

	(void)l;
	for (vx = with_via; vx != NULL; vx = vx->via_next) {
		if (vx->via == NULL)
			continue;
		if (event == DP_LINK_DELETED && vx->via == link)
			via_clear(vx);
		else if (event == DP_LINK_REPLACED && vx->via == old &&
			 (link->ns != old->ns || via_set(vx, link) != 0))
			via_clear(vx);
	}
}

static struct dp_link_listener listener = { .fn = on_link };

/* --- links --------------------------------------------------------------------------------------
 */

static int check(struct dp_link_config *c)
{
	static const uint8_t none[16];
	size_t len = c->family == AF_INET ? 4 : 16;

	if (c->vni >= 1u << 24)
		c->error = "VNI is not within 0 .. 16777215";
	else if (c->family != AF_INET && c->family != AF_INET6)
		c->error = "VXLAN needs a local address of IPv4 or IPv6";
	else if (memcmp(c->local, none, len) == 0)
		c->error = "VXLAN needs a local address";
	else if (memcmp(c->remote, none, len) == 0)
		c->error = "VXLAN needs a remote address";
	else if (c->via != NULL && c->via->ns != c->underlay)
		c->error = "the way out is not a link of the underlay";
	else
		return 0;
	return c->vni >= 1u << 24 ? -ERANGE : -EINVAL;
}

static void build4(struct vxlan *vx, const struct dp_link_config *c)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)vx->outer;

	ip->version_ihl = 0x45;
	ip->time_to_live = c->ttl;
	ip->next_proto_id = 17;
	memcpy(&ip->src_addr, c->local, 4);
	memcpy(&ip->dst_addr, c->remote, 4);
}

static void build6(struct vxlan *vx, const struct dp_link_config *c)
{
	uint8_t *ip = vx->outer;

	ip[0] = 0x60;
	ip[6] = 17;
	ip[7] = c->ttl;
	memcpy(ip + 8, c->local, 16);
	memcpy(ip + 24, c->remote, 16);
}

static void build(struct vxlan *vx, const struct dp_link_config *c)
{
	uint8_t *udp, *vh;

	vx->outer_len = c->family == AF_INET ? 36 : 56;
	if (c->family == AF_INET)
		build4(vx, c);
	else
		build6(vx, c);
	udp = vx->outer + vx->outer_len - 16;
	udp[2] = (uint8_t)(c->dst_port >> 8);
	udp[3] = (uint8_t)c->dst_port;
	vh = udp + 8;
	vh[0] = 8;
	vh[4] = (uint8_t)(c->vni >> 16);
	vh[5] = (uint8_t)(c->vni >> 8);
	vh[6] = (uint8_t)c->vni;
}

int vxlan_prepare(struct link *l, struct dp_link_config *c)
{
	struct vxlan *vx;
	int err;

	if (c->underlay == NULL)
		c->underlay = netns_init_ns();
	if (c->dst_port == 0)
		c->dst_port = 4789;
	if (c->ttl == 0)
		c->ttl = 64;
	err = check(c);
	if (err != 0)
		return err;
	vx = netns_arena_alloc((int)l->pub.ns->numa_node, sizeof(*vx));
	if (vx == NULL)
		return -ENOMEM;
	memset(vx, 0, sizeof(*vx));
	vx->encap.xmit = vxlan_xmit;
	vx->vni = c->vni;
	vx->family = c->family;
	vx->link = l;
	build(vx, c);
	err = vxlan_end_get(c->underlay, c, &vx->end);
	if (err != 0) {
		netns_arena_free(vx, sizeof(*vx));
		return err;
	}
	vx->next = vx->end->first;
	vx->end->first = vx;
	l->pub.encap = vx;
	l->owns_encap = true;
	l->slot = vxlan_slot(vx->end, c->vni);
	if (l->slot == NULL)
		return -ENOMEM;
	if (*l->slot != 0) {
		c->error = "the underlay has a link with this VNI, address and port already";
		l->slot = NULL;
		return -EEXIST;
	}
	if (c->via == NULL)
		return 0;
	vx->has_via = true;
	memcpy(vx->via_mac, c->via_mac, 6);
	vx->via_next = with_via;
	with_via = vx;
	return via_set(vx, c->via);
}

void vxlan_gone(struct link *l)
{
	struct vxlan *vx = vxlan_of(l), **p;

	for (p = &vx->end->first; *p != vx; p = &(*p)->next)
		;
	*p = vx->next;
	vxlan_end_put(vx->end);
	for (p = &with_via; *p != NULL; p = &(*p)->via_next) {
		if (*p == vx) {
			*p = vx->via_next;
			break;
		}
	}
	via_clear(vx);
}

void vxlan_free(struct link *l)
{
	netns_arena_free(vxlan_of(l), sizeof(struct vxlan));
}

void vxlan_unprepare(struct link *l)
{
	if (l->pub.kind != DP_LINK_VXLAN || vxlan_of(l) == NULL)
		return;
	vxlan_gone(l);
	vxlan_free(l);
}

void vxlan_replaced(struct link *l)
{
	vxlan_of(l)->link = l;
}

int vxlan_init(void)
{
	int err = dp_module_register(&vxlan_module, NULL, 0);

	if (err == 0) {
		dp_ctl_lock();
		dp_link_listen(&listener);
		dp_ctl_unlock();
	}
	return err;
}

void vxlan_fini(void)
{
	dp_ctl_lock();
	dp_link_unlisten(&listener);
	dp_ctl_unlock();
	dp_module_unregister(&vxlan_module);
}
