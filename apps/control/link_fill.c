/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A link as RTM_NEWLINK: what a kernel's rtnl_fill_ifinfo() says of the same device. Under
 * dp_ctl_lock, from any thread that holds it.
 */
#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

#define OPER_UNKNOWN        0u
#define OPER_DOWN           2u
#define OPER_LOWERLAYERDOWN 3u
#define OPER_UP             6u
#define IFLA_TSO_MAX_SIZE_  59
#define IFLA_TSO_MAX_SEGS_  60
#define IFLA_GRO_MAX_SIZE_  58
#define IFLA_ALLMULTI_      61

static uint16_t flags_of(const struct dp_link *link)
{
	return __atomic_load_n(&link->flags, __ATOMIC_RELAXED);
}

static bool lower_ok(const struct dp_link *link)
{
	return flags_of(link) & DP_LINK_F_RUNNING || link->kind == DP_LINK_LOOPBACK ||
	       link->kind == DP_LINK_DUMMY || link->kind == DP_LINK_VXLAN;
}

static uint32_t oper_of(const struct dp_link *link)
{
	if (!(flags_of(link) & DP_LINK_F_UP))
		return OPER_DOWN;
	if (link->kind == DP_LINK_LOOPBACK || link->kind == DP_LINK_DUMMY ||
	    link->kind == DP_LINK_VXLAN)
		return OPER_UNKNOWN;
	if (lower_ok(link))
		return OPER_UP;
	return link->kind == DP_LINK_PORT ? OPER_DOWN : OPER_LOWERLAYERDOWN;
}

uint32_t link_flags(const struct dp_link *link)
{
	uint16_t f = flags_of(link);
	uint32_t ret = 0;

	switch (link->kind) {
	case DP_LINK_LOOPBACK:
		ret = IFF_LOOPBACK;
		break;
	case DP_LINK_DUMMY:
		ret = IFF_BROADCAST | IFF_NOARP;
		break;
	default:
		ret = IFF_BROADCAST | IFF_MULTICAST;
	}
	if (f & DP_LINK_F_NOARP)
		ret |= IFF_NOARP;
	if (f & DP_LINK_F_PROMISC)
		ret |= IFF_PROMISC;
	if (f & DP_LINK_F_ALLMULTI)
		ret |= IFF_ALLMULTI;
	if (f & DP_LINK_F_UP) {
		ret |= IFF_UP;
		if (lower_ok(link))
			ret |= IFF_RUNNING | IFF_LOWER_UP;
	}
	return ret;
}

static const char *kind_name(const struct dp_link *link)
{
	switch (link->kind) {
	case DP_LINK_VLAN:
		return "vlan";
	case DP_LINK_VXLAN:
		return "vxlan";
	case DP_LINK_PAIR:
		return "veth";
	case DP_LINK_DUMMY:
		return "dummy";
	default:
		return NULL;
	}
}

static void put_lower(struct nlmsghdr *nlh, const struct dp_link *link)
{
	const struct dp_link *lower = link->lower;
	int id;

	if (!lower || (link->kind != DP_LINK_VLAN && link->kind != DP_LINK_PAIR))
		return;
	if (lower->ns != link->ns || lower->ifindex != link->ifindex)
		mnl_attr_put_u32(nlh, IFLA_LINK, lower->ifindex);
	if (lower->ns == link->ns)
		return;
	id = netns_peer_id(link->ns, lower->ns);
	if (id < 0 && netns_peer_id_alloc(link->ns, lower->ns, -1, &id) != 0)
		return;
	mnl_attr_put_u32(nlh, IFLA_LINK_NETNSID, (uint32_t)id);
}

static void put_linkinfo(struct nlmsghdr *nlh, const struct dp_link *link)
{
	const char *kind = kind_name(link);
	struct ifla_vlan_flags vf = { .flags = 1, .mask = ~0u };
	struct nlattr *nest, *data;

	if (!kind)
		return;
	nest = nl_nest(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	if (link->kind == DP_LINK_VLAN) {
		data = nl_nest(nlh, IFLA_INFO_DATA);
		mnl_attr_put_u16(nlh, IFLA_VLAN_PROTOCOL, htons(link->tag_proto));
		mnl_attr_put_u16(nlh, IFLA_VLAN_ID, link->tag_vid);
		mnl_attr_put(nlh, IFLA_VLAN_FLAGS, sizeof(vf), &vf);
		mnl_attr_nest_end(nlh, data);
	} else if (link->kind == DP_LINK_VXLAN) {
		link_fill_vxlan(nlh, link);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_stats(struct nlmsghdr *nlh, const struct dp_link *link)
{
	struct rtnl_link_stats64 s64;
	struct rtnl_link_stats s32;
	struct dp_link_stats s;

	dp_link_stats(link, &s);
	memset(&s64, 0, sizeof(s64));
	s64.rx_packets = s.rx_packets;
	s64.rx_bytes = s.rx_bytes;
	s64.tx_packets = s.tx_packets;
	s64.tx_bytes = s.tx_bytes;
	s64.rx_dropped = s.rx_drops;
	s64.tx_dropped = s.tx_drops;
	mnl_attr_put(nlh, IFLA_STATS64, sizeof(s64), &s64);
	memset(&s32, 0, sizeof(s32));
	s32.rx_packets = (uint32_t)s.rx_packets;
	s32.rx_bytes = (uint32_t)s.rx_bytes;
	s32.tx_packets = (uint32_t)s.tx_packets;
	s32.tx_bytes = (uint32_t)s.tx_bytes;
	s32.rx_dropped = (uint32_t)s.rx_drops;
	s32.tx_dropped = (uint32_t)s.tx_drops;
	mnl_attr_put(nlh, IFLA_STATS, sizeof(s32), &s32);
}

/* What `ip -d link` shows of an interface's IPv6 side */
static void put_af_spec(struct nlmsghdr *nlh, const struct dp_link *link)
{
	struct nlattr *nest = nl_nest(nlh, IFLA_AF_SPEC), *inet6;

	inet6 = nl_nest(nlh, AF_INET6);
	mnl_attr_put_u32(nlh, IFLA_INET6_FLAGS,
			 flags_of(link) & DP_LINK_F_UP ? 0x80000000u /* IF_READY */ : 0);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_EUI64);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, nest);
}

static void put_limits(struct nlmsghdr *nlh, const struct dp_link *link)
{
	uint32_t min_mtu = 68, max_mtu = 65535;

	if (link->kind == DP_LINK_LOOPBACK || link->kind == DP_LINK_DUMMY)
		min_mtu = max_mtu = 0;
	else if (link->kind == DP_LINK_VLAN)
		min_mtu = 0;
	mnl_attr_put_u32(nlh, IFLA_MIN_MTU, min_mtu);
	mnl_attr_put_u32(nlh, IFLA_MAX_MTU, max_mtu);
	mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(nlh, IFLA_GSO_MAX_SEGS, 65535);
	mnl_attr_put_u32(nlh, IFLA_GSO_MAX_SIZE, 65536);
	mnl_attr_put_u32(nlh, IFLA_GRO_MAX_SIZE_, 65536);
	mnl_attr_put_u32(nlh, IFLA_TSO_MAX_SIZE_, 65536);
	mnl_attr_put_u32(nlh, IFLA_TSO_MAX_SEGS_, 65535);
	mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 1);
}

static void put_address(struct nlmsghdr *nlh, const struct dp_link *link)
{
	static const uint8_t zero[6], ones[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	bool lo = link->kind == DP_LINK_LOOPBACK;

	mnl_attr_put(nlh, IFLA_ADDRESS, 6, lo ? zero : link->mac);
	mnl_attr_put(nlh, IFLA_BROADCAST, 6, lo ? zero : ones);
}

static void put_extra(struct nlmsghdr *nlh, const struct link_extra *e)
{
	struct nlattr *nest;
	unsigned int i;

	if (e && e->alias)
		mnl_attr_put_strz(nlh, IFLA_IFALIAS, e->alias);
	if (!e || !e->n_altnames)
		return;
	nest = mnl_attr_nest_start(nlh, IFLA_PROP_LIST);
	for (i = 0; i < e->n_altnames; i++)
		mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, e->altnames[i]);
	mnl_attr_nest_end(nlh, nest);
}

void link_fill(struct nl_out *out, uint16_t type, struct dp_link *link, const struct nl_who *who,
	       uint32_t ext_mask, uint32_t change, int target)
{
	const struct link_extra *e = link_extra(link);
	uint32_t flags = link_flags(link);
	struct nlmsghdr *nlh;
	struct ifinfomsg *m;

	nlh = nl_begin(out, type, who->flags, who->seq, who->port, sizeof(*m));
	m = nl_payload(nlh);
	m->ifi_type = link->kind == DP_LINK_LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	m->ifi_index = (int)link->ifindex;
	m->ifi_flags = flags;
	m->ifi_change = change;
	if (target >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)target);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, dp_link_name(link));
	mnl_attr_put_u32(nlh, IFLA_TXQLEN, e ? e->txqlen : 1000);
	mnl_attr_put_u8(nlh, IFLA_OPERSTATE, (uint8_t)oper_of(link));
	mnl_attr_put_u8(nlh, IFLA_LINKMODE, 0);
	mnl_attr_put_u32(nlh, IFLA_MTU,
			 link->kind == DP_LINK_LOOPBACK && link->mtu == 65535 ? 65536 : link->mtu);
	mnl_attr_put_u32(nlh, IFLA_GROUP, e ? e->group : 0);
	mnl_attr_put_u32(nlh, IFLA_PROMISCUITY, !!(flags & IFF_PROMISC));
	mnl_attr_put_u32(nlh, IFLA_ALLMULTI_, !!(flags & IFF_ALLMULTI));
	put_limits(nlh, link);
	mnl_attr_put_u8(nlh, IFLA_CARRIER, lower_ok(link));
	mnl_attr_put_strz(nlh, IFLA_QDISC, e && e->was_up ? "noqueue" : "noop");
	put_extra(nlh, e);
	put_address(nlh, link);
	if (!(ext_mask & RTEXT_FILTER_SKIP_STATS))
		put_stats(nlh, link);
	put_lower(nlh, link);
	put_linkinfo(nlh, link);
	put_af_spec(nlh, link);
	nl_end(out, nlh);
}
