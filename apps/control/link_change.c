/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing links: RTM_NEWLINK, SETLINK and DELLINK as the kernel's rtnetlink takes them. Everything
 * that can be wrong is looked at before the first change. Under dp_ctl_lock.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static int set_flags(struct dp_link *link, uint32_t flags, uint32_t change)
{
	uint16_t mask = 0, want = 0;

	if (change & IFF_UP)
		mask |= DP_LINK_F_UP;
	if (change & IFF_PROMISC)
		mask |= DP_LINK_F_PROMISC;
	if (change & IFF_ALLMULTI)
		mask |= DP_LINK_F_ALLMULTI;
	if (change & IFF_NOARP && link->kind != DP_LINK_DUMMY)
		mask |= DP_LINK_F_NOARP;
	if (flags & IFF_UP)
		want |= DP_LINK_F_UP;
	if (flags & IFF_PROMISC)
		want |= DP_LINK_F_PROMISC;
	if (flags & IFF_ALLMULTI)
		want |= DP_LINK_F_ALLMULTI;
	if (flags & IFF_NOARP)
		want |= DP_LINK_F_NOARP;
	return mask ? dp_link_set_flags(link, mask, want & mask) : 0;
}

static int check_mtu(struct nl_req *req, const struct dp_link *link, const struct nlattr *attr)
{
	uint32_t mtu = mnl_attr_get_u32(attr);
	bool free_min = link->kind == DP_LINK_LOOPBACK || link->kind == DP_LINK_DUMMY ||
			link->kind == DP_LINK_VLAN;

	if ((int32_t)mtu < 0)
		return nl_refuse(req, -EINVAL, "mtu less than device minimum", NULL);
	if (!free_min && mtu < 68)
		return nl_refuse(req, -EINVAL, "mtu less than device minimum", NULL);
	if (link->kind == DP_LINK_VLAN && link->lower && mtu > link->lower->mtu)
		return -ERANGE;
	if (mtu > 65535 && !(link->kind == DP_LINK_LOOPBACK && mtu == 65536))
		return nl_refuse(req, -EINVAL, "mtu greater than device maximum", NULL);
	return 0;
}

/* What the attributes want and the link cannot: before anything is changed. */
static int check_change(struct nl_req *req, struct dp_link *link, const struct nlattr **tb)
{
	char name[DP_LINK_NAME_MAX + 1];
	struct dp_link *other;
	const uint8_t *mac;
	int err;

	if (tb[IFLA_MASTER] && mnl_attr_get_u32(tb[IFLA_MASTER]))
		return -EOPNOTSUPP;
	if (tb[IFLA_ADDRESS]) {
		if (mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) < 6)
			return -EINVAL;
		mac = mnl_attr_get_payload(tb[IFLA_ADDRESS]);
		if (mac[0] & 1 || memcmp(mac, (const uint8_t[6]){ 0 }, 6) == 0)
			return -EADDRNOTAVAIL;
	}
	if (tb[IFLA_MTU]) {
		err = check_mtu(req, link, tb[IFLA_MTU]);
		if (err)
			return err;
	}
	if (tb[IFLA_IFNAME]) {
		err = link_name_take(req, tb[IFLA_IFNAME], name);
		if (err)
			return err;
		other = dp_link_find(link->ns, name);
		if (other && other != link)
			return -EEXIST;
	}
	return 0;
}

static int set_extra(struct dp_link *link, const struct nlattr **tb)
{
	struct link_extra *e;
	size_t n;

	if (!tb[IFLA_TXQLEN] && !tb[IFLA_GROUP] && !tb[IFLA_IFALIAS])
		return 0;
	e = link_extra_make(link);
	if (!e)
		return -ENOMEM;
	if (tb[IFLA_TXQLEN])
		e->txqlen = mnl_attr_get_u32(tb[IFLA_TXQLEN]);
	if (tb[IFLA_GROUP])
		e->group = mnl_attr_get_u32(tb[IFLA_GROUP]);
	if (tb[IFLA_IFALIAS]) {
		n = mnl_attr_get_payload_len(tb[IFLA_IFALIAS]);
		free(e->alias);
		e->alias = NULL;
		n = strnlen(mnl_attr_get_payload(tb[IFLA_IFALIAS]), n);
		if (n)
			e->alias = strndup(mnl_attr_get_payload(tb[IFLA_IFALIAS]), n);
	}
	return 0;
}

static int set_mac(struct dp_link **link, const struct nlattr *attr)
{
	const uint8_t *mac = mnl_attr_get_payload(attr);

	if (memcmp((*link)->mac, mac, 6) == 0)
		return 0;
	return dp_link_set_mac(*link, mac, link);
}

static int move(struct nl_req *req, struct dp_link **link, const struct nlattr **tb)
{
	struct netns *to;
	char name[DP_LINK_NAME_MAX + 1];
	int err;

	err = link_netns(req, tb, &to);
	if (err || !to)
		return err;
	if (to != (*link)->ns && (*link)->kind == DP_LINK_LOOPBACK) {
		err = nl_refuse(req, -EINVAL, "The interface netns is immutable", NULL);
	} else if (to != (*link)->ns) {
		if (tb[IFLA_IFNAME])
			err = link_name_take(req, tb[IFLA_IFNAME], name);
		if (!err)
			err = dp_link_move(*link, to, tb[IFLA_IFNAME] ? name : NULL, link);
		if (err == -EEXIST)
			nl_refuse(req, err,
				  "An interface with the same name exists in the target netns",
				  NULL);
	}
	netns_put(to);
	return err;
}

int link_change(struct nl_req *req, struct dp_link *link, const struct nlattr **tb, uint32_t flags,
		uint32_t change)
{
	char name[DP_LINK_NAME_MAX + 1];
	bool named = tb[IFLA_IFNAME] &&
		     !(tb[IFLA_NET_NS_PID] || tb[IFLA_NET_NS_FD] || tb[IFLA_TARGET_NETNSID]);
	int err;

	err = check_change(req, link, tb);
	if (!err)
		err = move(req, &link, tb);
	if (!err && tb[IFLA_ADDRESS])
		err = set_mac(&link, tb[IFLA_ADDRESS]);
	if (!err && tb[IFLA_MTU]) {
		uint32_t mtu = mnl_attr_get_u32(tb[IFLA_MTU]);

		err = dp_link_set_mtu(link, mtu > 65535 ? 65535 : mtu);
	}
	if (!err && named) {
		link_name_take(req, tb[IFLA_IFNAME], name);
		if (strcmp(name, dp_link_name(link)) != 0)
			err = dp_link_set_name(link, name);
	}
	if (!err)
		err = set_extra(link, tb);
	if (!err)
		err = set_flags(link, flags, change);
	return err;
}

/* As the kernel: without a mask only flags that are set count, all of them then. */
static uint32_t change_mask(const struct ifinfomsg *m)
{
	return m->ifi_flags || m->ifi_change ? (m->ifi_change ? m->ifi_change : ~0u) : 0;
}

static int parse_info(struct nl_req *req, const struct nlattr *info, char kind[16],
		      const struct nlattr **ret_data)
{
	static const struct nl_policy policy[IFLA_INFO_MAX + 1] = {
		[IFLA_INFO_KIND] = { NL_STRING, 0 },
		[IFLA_INFO_DATA] = { NL_NESTED, 0 },
	};
	const struct nlattr *tb[IFLA_INFO_MAX + 1];
	int err;
	size_t n;

	*kind = 0;
	*ret_data = NULL;
	if (!info)
		return 0;
	err = nl_parse_nested(req, info, policy, IFLA_INFO_MAX, tb);
	if (err)
		return err;
	if (tb[IFLA_INFO_KIND]) {
		n = mnl_attr_get_payload_len(tb[IFLA_INFO_KIND]);
		memcpy(kind, mnl_attr_get_payload(tb[IFLA_INFO_KIND]), n < 15 ? n : 15);
		kind[n < 15 ? n : 15] = 0;
	}
	*ret_data = tb[IFLA_INFO_DATA];
	return 0;
}

static int create_in(struct nl_req *req, const struct ifinfomsg *m, const struct nlattr **tb,
		     const char *kind, const struct nlattr *data, struct netns *ns)
{
	struct link_wish wish = { .config = { .ns = ns, .ifindex = (uint32_t)m->ifi_index } };
	struct dp_link *link;
	struct link_extra *e;
	int err;

	err = link_kind_parse(req, tb, kind, data, &wish);
	if (!err)
		err = dp_link_create(&wish.config, &link);
	if (err) {
		if (wish.config.error && !req->ext.msg && err != -EEXIST)
			nl_refuse(req, err, wish.config.error, NULL);
		goto put;
	}
	if (wish.config.kind == DP_LINK_PAIR) {
		/* the kernel numbers the other end first, so it was made as the first */
		if (wish.peer_change)
			set_flags(link, wish.peer_flags, wish.peer_change);
		link = (struct dp_link *)(uintptr_t)link->lower;
	}
	if (wish.config.kind == DP_LINK_VXLAN) {
		e = link_extra_make(link);
		if (e) {
			wish.vxlan.txqlen = e->txqlen;
			*e = wish.vxlan;
		}
	}
	err = set_extra(link, tb);
	if (!err)
		err = set_flags(link, m->ifi_flags, change_mask(m));
	if (err)
		dp_link_delete(link);
put:
	netns_put(wish.peer_ns);
	return err;
}

static int create(struct nl_req *req, const struct ifinfomsg *m, const struct nlattr **tb,
		  const char *kind, const struct nlattr *data)
{
	struct netns *to;
	int err;

	if (!*kind)
		return nl_refuse(req, -EOPNOTSUPP, "Unknown device type", NULL);
	err = link_netns(req, tb, &to);
	if (err)
		return err;
	err = create_in(req, m, tb, kind, data, to ? to : req->ns);
	netns_put(to);
	return err;
}

static int group_change(struct nl_req *req, const struct nlattr **tb, const struct ifinfomsg *m)
{
	uint32_t group = mnl_attr_get_u32(tb[IFLA_GROUP]);
	struct dp_link *link = NULL;
	struct link_extra *e;
	int err = 0;

	while (!err && (link = dp_link_next(req->ns, link))) {
		e = link_extra(link);
		if ((e ? e->group : 0) == group)
			err = set_flags(link, m->ifi_flags, change_mask(m));
	}
	return err;
}

static bool same_kind(const struct dp_link *link, const char *kind)
{
	static const char *const names[] = { NULL, "vlan", "vxlan", "veth", NULL, "dummy" };

	return names[link->kind] && strcmp(names[link->kind], kind) == 0;
}

int nl_link_new(struct nl_req *req)
{
	const struct ifinfomsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[IFLA_MAX + 1], *data;
	uint16_t flags = req->nlh->nlmsg_flags;
	struct dp_link *link = NULL;
	char kind[16];
	int err;

	err = nl_parse_msg(req, sizeof(*m), link_policy, IFLA_MAX, tb, 0);
	if (!err)
		err = parse_info(req, tb[IFLA_LINKINFO], kind, &data);
	if (err)
		return err;
	if (m->ifi_index < 0)
		return nl_refuse(req, -EINVAL, "ifindex can't be negative", NULL);
	if (m->ifi_index || tb[IFLA_IFNAME] || tb[IFLA_ALT_IFNAME])
		link = link_find(req, (uint32_t)m->ifi_index, tb[IFLA_IFNAME], tb[IFLA_ALT_IFNAME],
				 &err);
	if (link && flags & NLM_F_EXCL)
		return -EEXIST;
	if (link && flags & NLM_F_REPLACE)
		return -EOPNOTSUPP;
	if (link && *kind && (!same_kind(link, kind) || data))
		return -EOPNOTSUPP;
	if (link)
		return link_change(req, link, tb, m->ifi_flags, change_mask(m));
	if (flags & NLM_F_CREATE)
		return create(req, m, tb, kind, data);
	if (!m->ifi_index && tb[IFLA_GROUP])
		return group_change(req, tb, m);
	return -ENODEV;
}

int nl_link_set(struct nl_req *req)
{
	const struct ifinfomsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[IFLA_MAX + 1];
	struct dp_link *link;
	int err;

	err = nl_parse_msg(req, sizeof(*m), link_policy, IFLA_MAX, tb, 0);
	if (err)
		return err;
	link = m->ifi_index < 0 ? NULL
				: link_find(req, (uint32_t)m->ifi_index, tb[IFLA_IFNAME],
					    tb[IFLA_ALT_IFNAME], &err);
	return link ? link_change(req, link, tb, m->ifi_flags, change_mask(m)) : err;
}

static int delete_group(struct nl_req *req, uint32_t group)
{
	struct dp_link *link, *next;
	struct link_extra *e;
	bool found = false;

	if (!group)
		return -EPERM;
	for (link = dp_link_next(req->ns, NULL); link; link = next) {
		next = dp_link_next(req->ns, link);
		e = link_extra(link);
		if (!e || e->group != group)
			continue;
		if (link->kind == DP_LINK_LOOPBACK || link->kind == DP_LINK_PORT)
			return -EOPNOTSUPP;
		found = true;
		dp_link_delete(link);
		next = dp_link_next(req->ns, NULL); /* what was stacked on it went too */
	}
	return found ? 0 : -ENODEV;
}

int nl_link_del(struct nl_req *req)
{
	const struct ifinfomsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[IFLA_MAX + 1];
	struct dp_link *link;
	int err;

	err = nl_parse_msg(req, sizeof(*m), link_policy, IFLA_MAX, tb, 0);
	if (err)
		return err;
	if (!m->ifi_index && !tb[IFLA_IFNAME] && !tb[IFLA_ALT_IFNAME] && tb[IFLA_GROUP])
		return delete_group(req, mnl_attr_get_u32(tb[IFLA_GROUP]));
	link = m->ifi_index < 0 ? NULL
				: link_find(req, (uint32_t)m->ifi_index, tb[IFLA_IFNAME],
					    tb[IFLA_ALT_IFNAME], &err);
	if (!link)
		return err;
	if (link->kind == DP_LINK_LOOPBACK || link->kind == DP_LINK_PORT)
		return -EOPNOTSUPP;
	return dp_link_delete(link);
}
