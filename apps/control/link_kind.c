/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is particular to each kind of link: the attributes that make a VLAN, a VXLAN or a pair, with
 * the kernel's checks, and how a VXLAN link shows them. Under dp_ctl_lock; changes nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static int common(struct nl_req *req, const struct nlattr **tb, struct link_wish *w)
{
	const uint8_t *mac;
	uint32_t mtu;
	int err;

	if (tb[IFLA_IFNAME]) {
		err = link_name_take(req, tb[IFLA_IFNAME], w->name);
		if (err)
			return err;
		w->config.name = w->name;
	}
	if (tb[IFLA_ADDRESS]) {
		mac = mnl_attr_get_payload(tb[IFLA_ADDRESS]);
		if (mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) != 6)
			return nl_refuse(req, -EINVAL, "Invalid link address", tb[IFLA_ADDRESS]);
		if (mac[0] & 1 || memcmp(mac, (const uint8_t[6]){ 0 }, 6) == 0)
			return nl_refuse(req, -EADDRNOTAVAIL, "Invalid link address",
					 tb[IFLA_ADDRESS]);
		memcpy(w->config.mac, mac, 6);
	}
	if (tb[IFLA_MTU]) {
		mtu = mnl_attr_get_u32(tb[IFLA_MTU]);
		if (mtu < 68)
			return nl_refuse(req, -EINVAL, "mtu less than device minimum", NULL);
		if (mtu > 65535)
			return nl_refuse(req, -EINVAL, "mtu greater than device maximum", NULL);
		w->config.mtu = (uint16_t)mtu;
	}
	return 0;
}

static int vlan_data(struct nl_req *req, const struct nlattr *data, struct link_wish *w)
{
	static const struct nl_policy policy[IFLA_VLAN_MAX + 1] = {
		[IFLA_VLAN_ID] = { NL_U16, 0 },
		[IFLA_VLAN_PROTOCOL] = { NL_U16, 0 },
		[IFLA_VLAN_FLAGS] = { NL_EXACT, sizeof(struct ifla_vlan_flags) },
		[IFLA_VLAN_EGRESS_QOS] = { NL_NESTED, 0 },
		[IFLA_VLAN_INGRESS_QOS] = { NL_NESTED, 0 },
	};
	const struct nlattr *tb[IFLA_VLAN_MAX + 1];
	int err;

	if (!data)
		return nl_refuse(req, -EINVAL, "VLAN properties not specified", NULL);
	err = nl_parse_nested(req, data, policy, IFLA_VLAN_MAX, tb);
	if (err)
		return err;
	w->config.vlan_proto = ETH_P_8021Q;
	if (tb[IFLA_VLAN_PROTOCOL])
		w->config.vlan_proto = ntohs(mnl_attr_get_u16(tb[IFLA_VLAN_PROTOCOL]));
	if (w->config.vlan_proto != ETH_P_8021Q && w->config.vlan_proto != ETH_P_8021AD)
		return nl_refuse(req, -EPROTONOSUPPORT, "Invalid VLAN protocol",
				 tb[IFLA_VLAN_PROTOCOL]);
	if (!tb[IFLA_VLAN_ID])
		return nl_refuse(req, -EINVAL, "VLAN id not specified", NULL);
	w->config.vlan_id = mnl_attr_get_u16(tb[IFLA_VLAN_ID]);
	if (w->config.vlan_id >= 4095)
		return nl_refuse(req, -ERANGE, "Invalid VLAN id", tb[IFLA_VLAN_ID]);
	return 0;
}

static bool vlan_taken(const struct link_wish *w)
{
	struct dp_link *parent = w->config.parent, *l = NULL;

	while ((l = dp_link_next(w->config.ns, l)))
		if (l->kind == DP_LINK_VLAN && l->lower == parent &&
		    l->tag_vid == w->config.vlan_id && l->tag_proto == w->config.vlan_proto)
			return true;
	return false;
}

static int vlan_parse(struct nl_req *req, const struct nlattr **tb, const struct nlattr *data,
		      struct link_wish *w)
{
	struct netns *lower_ns = NULL;
	int err;

	w->config.kind = DP_LINK_VLAN;
	err = vlan_data(req, data, w);
	if (err)
		return err;
	if (!tb[IFLA_LINK])
		return nl_refuse(req, -EINVAL, "link not specified", NULL);
	if (tb[IFLA_LINK_NETNSID]) {
		lower_ns = netns_peer_by_id(req->ns, (int)mnl_attr_get_u32(tb[IFLA_LINK_NETNSID]));
		if (!lower_ns)
			return nl_refuse(req, -EINVAL, "Unknown network namespace id", NULL);
		if (!netns_permitted(lower_ns, session_cred(req->s))) {
			netns_put(lower_ns);
			return -EPERM;
		}
	}
	w->config.parent =
		dp_link_by_ifindex(lower_ns ? lower_ns : req->ns, mnl_attr_get_u32(tb[IFLA_LINK]));
	netns_put(lower_ns); /* the parent is safe: dp_ctl_lock */
	if (!w->config.parent)
		return nl_refuse(req, -ENODEV, "link does not exist", tb[IFLA_LINK]);
	if (w->config.parent->kind == DP_LINK_LOOPBACK)
		return nl_refuse(req, -EOPNOTSUPP, "VLANs not supported on device", NULL);
	if (vlan_taken(w))
		return nl_refuse(req, -EEXIST, "VLAN device already exists", NULL);
	if (w->config.mtu > w->config.parent->mtu)
		return -EINVAL;
	return 0;
}

static int pair_peer(struct nl_req *req, const struct nlattr *peer, struct link_wish *w)
{
	const struct nlattr *tb[IFLA_MAX + 1];
	const struct ifinfomsg *m = mnl_attr_get_payload(peer);
	struct link_wish other = { .config = { .ns = w->config.ns } };
	size_t len = mnl_attr_get_payload_len(peer);
	int err;

	if (len < sizeof(*m))
		return -EINVAL;
	err = nl_parse(req, m + 1, len - sizeof(*m), link_policy, IFLA_MAX, tb, 0);
	if (!err)
		err = common(req, tb, &other);
	if (!err)
		err = link_netns(req, tb, &w->peer_ns);
	if (err)
		return err;
	memcpy(w->peer_name, other.name, sizeof(w->peer_name));
	memcpy(w->config.peer_mac, other.config.mac, 6);
	if (other.config.mtu && !w->config.mtu)
		w->config.mtu = other.config.mtu;
	w->peer_flags = m->ifi_flags;
	w->peer_change = m->ifi_change;
	return 0;
}

/* The kernel registers the other end first, so it has the lower number: here it is the first. */
static void pair_swap(struct nl_req *req, struct link_wish *w)
{
	struct netns *main_ns = w->config.ns;
	uint8_t mac[6];

	w->config.ns = w->peer_ns ? w->peer_ns : req->ns;
	w->config.peer_ns = main_ns;
	w->config.name = *w->peer_name ? w->peer_name : NULL;
	w->config.peer_name = *w->name ? w->name : NULL;
	memcpy(mac, w->config.mac, 6);
	memcpy(w->config.mac, w->config.peer_mac, 6);
	memcpy(w->config.peer_mac, mac, 6);
	w->config.ifindex = 0;
}

static int pair_parse(struct nl_req *req, const struct nlattr *data, struct link_wish *w)
{
	static const struct nl_policy policy[VETH_INFO_MAX + 1] = {
		[VETH_INFO_PEER] = { NL_BINARY, 0 },
	};
	const struct nlattr *tb[VETH_INFO_MAX + 1];
	int err;

	w->config.kind = DP_LINK_PAIR;
	if (data) {
		err = nl_parse_nested(req, data, policy, VETH_INFO_MAX, tb);
		if (!err && tb[VETH_INFO_PEER])
			err = pair_peer(req, tb[VETH_INFO_PEER], w);
		if (err)
			return err;
	}
	pair_swap(req, w);
	return 0;
}

static int vxlan_addrs(const struct nlattr **tb, struct link_wish *w)
{
	struct link_extra *v = &w->vxlan;

	v->family = AF_INET;
	if (tb[IFLA_VXLAN_GROUP6] || tb[IFLA_VXLAN_LOCAL6])
		v->family = AF_INET6;
	if ((tb[IFLA_VXLAN_GROUP] || tb[IFLA_VXLAN_LOCAL]) && v->family == AF_INET6)
		return -EINVAL;
	v->has_remote = tb[IFLA_VXLAN_GROUP] || tb[IFLA_VXLAN_GROUP6];
	v->has_local = tb[IFLA_VXLAN_LOCAL] || tb[IFLA_VXLAN_LOCAL6];
	if (tb[IFLA_VXLAN_GROUP])
		memcpy(v->remote, mnl_attr_get_payload(tb[IFLA_VXLAN_GROUP]), 4);
	if (tb[IFLA_VXLAN_GROUP6])
		memcpy(v->remote, mnl_attr_get_payload(tb[IFLA_VXLAN_GROUP6]), 16);
	if (tb[IFLA_VXLAN_LOCAL])
		memcpy(v->local, mnl_attr_get_payload(tb[IFLA_VXLAN_LOCAL]), 4);
	if (tb[IFLA_VXLAN_LOCAL6])
		memcpy(v->local, mnl_attr_get_payload(tb[IFLA_VXLAN_LOCAL6]), 16);
	return 0;
}

static int vxlan_parse(struct nl_req *req, const struct nlattr *data, struct link_wish *w)
{
	static const struct nl_policy policy[IFLA_VXLAN_MAX + 1] = {
		[IFLA_VXLAN_ID] = { NL_U32, 0 },        [IFLA_VXLAN_GROUP] = { NL_EXACT, 4 },
		[IFLA_VXLAN_GROUP6] = { NL_EXACT, 16 }, [IFLA_VXLAN_LOCAL] = { NL_EXACT, 4 },
		[IFLA_VXLAN_LOCAL6] = { NL_EXACT, 16 }, [IFLA_VXLAN_TTL] = { NL_U8, 0 },
		[IFLA_VXLAN_PORT] = { NL_U16, 0 },
	};
	const struct nlattr *tb[IFLA_VXLAN_MAX + 1];
	int err;

	w->config.kind = DP_LINK_VXLAN;
	if (!data)
		return nl_refuse(req, -EINVAL,
				 "Required attributes not provided to perform the "
				 "operation",
				 NULL);
	err = nl_parse_nested(req, data, policy, IFLA_VXLAN_MAX, tb);
	if (!err)
		err = vxlan_addrs(tb, w);
	if (err)
		return err;
	w->vxlan.vni = tb[IFLA_VXLAN_ID] ? mnl_attr_get_u32(tb[IFLA_VXLAN_ID]) : 0;
	if (w->vxlan.vni >= 1u << 24)
		return nl_refuse(req, -ERANGE, "VXLAN ID must be lower than 16777216",
				 tb[IFLA_VXLAN_ID]);
	w->vxlan.port = tb[IFLA_VXLAN_PORT] ? ntohs(mnl_attr_get_u16(tb[IFLA_VXLAN_PORT])) : 8472;
	w->vxlan.ttl = tb[IFLA_VXLAN_TTL] ? mnl_attr_get_u8(tb[IFLA_VXLAN_TTL]) : 0;
	w->config.vni = w->vxlan.vni;
	w->config.underlay = req->ns;
	w->config.family = w->vxlan.family;
	memcpy(w->config.local, w->vxlan.local, 16);
	memcpy(w->config.remote, w->vxlan.remote, 16);
	w->config.dst_port = w->vxlan.port;
	w->config.ttl = w->vxlan.ttl;
	return 0;
}

int link_kind_parse(struct nl_req *req, const struct nlattr **tb, const char *kind,
		    const struct nlattr *data, struct link_wish *w)
{
	int err = common(req, tb, w);

	if (err)
		return err;
	if (strcmp(kind, "dummy") == 0) {
		w->config.kind = DP_LINK_DUMMY;
		return 0;
	}
	if (strcmp(kind, "vlan") == 0)
		return vlan_parse(req, tb, data, w);
	if (strcmp(kind, "veth") == 0)
		return pair_parse(req, data, w);
	if (strcmp(kind, "vxlan") == 0)
		return vxlan_parse(req, data, w);
	return nl_refuse(req, -EOPNOTSUPP, "Unknown device type", NULL);
}

void link_fill_vxlan(struct nlmsghdr *nlh, const struct dp_link *link)
{
	const struct link_extra *v = link_extra(link);
	struct nlattr *data;
	bool six;

	if (!v)
		return;
	six = v->family == AF_INET6;
	data = nl_nest(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u32(nlh, IFLA_VXLAN_ID, v->vni);
	if (v->has_remote)
		mnl_attr_put(nlh, six ? IFLA_VXLAN_GROUP6 : IFLA_VXLAN_GROUP, six ? 16 : 4,
			     v->remote);
	if (v->has_local)
		mnl_attr_put(nlh, six ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, six ? 16 : 4,
			     v->local);
	mnl_attr_put_u8(nlh, IFLA_VXLAN_TTL, v->ttl);
	mnl_attr_put_u8(nlh, IFLA_VXLAN_TOS, 0);
	mnl_attr_put_u8(nlh, IFLA_VXLAN_LEARNING, 1);
	mnl_attr_put_u16(nlh, IFLA_VXLAN_PORT, htons(v->port));
	mnl_attr_nest_end(nlh, data);
}
