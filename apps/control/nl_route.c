/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes as rtnetlink: requests that add and delete. Messages are checked here, routes by the route
 * module. Under dp_ctl_lock.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"
#include "nl_route.h"

/** struct route_wish - a request as the route module takes it */
struct route_wish {
	struct route_config config;
	struct route_nexthop hops[ROUTE_NEXTHOPS_MAX];
};

static const struct nl_policy metrics_policy[RTAX_MAX + 1] = {
	[RTAX_MTU] = { NL_U32, 0 },
};

/* Policies of both families differ in the length of addresses only. */
static void policy_of(uint8_t family, struct nl_policy *policy)
{
	struct nl_policy addr = { NL_EXACT, family == AF_INET ? 4 : 16 };

	memset(policy, 0, sizeof(*policy) * (RTA_MAX + 1));
	policy[RTA_DST] = policy[RTA_SRC] = policy[RTA_GATEWAY] = policy[RTA_PREFSRC] = addr;
	policy[RTA_IIF] = policy[RTA_OIF] = policy[RTA_PRIORITY] = (struct nl_policy){ NL_U32, 0 };
	policy[RTA_TABLE] = policy[RTA_MARK] = policy[RTA_UID] = (struct nl_policy){ NL_U32, 0 };
	policy[RTA_METRICS] = policy[RTA_MULTIPATH] = (struct nl_policy){ NL_NESTED, 0 };
	policy[RTA_PREF] = (struct nl_policy){ NL_U8, 0 };
	policy[RTA_EXPIRES] = (struct nl_policy){ NL_U32, 0 };
	policy[RTA_NH_ID] = (struct nl_policy){ NL_U32, 0 };
	policy[RTA_VIA] = (struct nl_policy){ NL_BINARY, 0 };
}

int route_parse(struct nl_req *req, uint8_t family, const struct nlattr **tb, unsigned int flags)
{
	struct nl_policy policy[RTA_MAX + 1];

	policy_of(family, policy);
	return nl_parse_msg(req, sizeof(struct rtmsg), policy, RTA_MAX, tb, flags);
}

static int take_via(struct nl_req *req, const struct nlattr *attr, struct route_nexthop *hop)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t n = mnl_attr_get_payload_len(attr);

	if (n < sizeof(*via))
		return nl_refuse(req, -EINVAL, "Invalid attribute length for RTA_VIA", attr);
	n -= sizeof(*via);
	if (via->rtvia_family != AF_INET && via->rtvia_family != AF_INET6)
		return nl_refuse(req, -EINVAL, "Unsupported address family in RTA_VIA", attr);
	if (n != (via->rtvia_family == AF_INET ? 4u : 16u))
		return nl_refuse(req, -EINVAL, "Invalid address length for RTA_VIA", attr);
	hop->gateway_family = (uint8_t)via->rtvia_family;
	memcpy(hop->gateway, via->rtvia_addr, n);
	hop->has_gateway = true;
	return 0;
}

static int take_gateway(struct nl_req *req, uint8_t family, const struct nlattr *gateway,
			const struct nlattr *via, struct route_nexthop *hop)
{
	static const uint8_t zero[16];
	size_t n = family == AF_INET ? 4 : 16;

	if (gateway && via)
		return nl_refuse(req, -EINVAL,
				 "Nexthop configuration can not contain both GATEWAY and VIA",
				 NULL);
	if (via && family == AF_INET6)
		return nl_refuse(req, -EINVAL, "IPv6 does not support RTA_VIA attribute", via);
	if (via)
		return take_via(req, via, hop);
	if (!gateway)
		return 0;
	memcpy(hop->gateway, mnl_attr_get_payload(gateway), n);
	hop->gateway_family = family;
	hop->has_gateway = memcmp(hop->gateway, zero, n) != 0;
	return 0;
}

static int take_link(struct nl_req *req, uint32_t ifindex, struct route_nexthop *hop)
{
	if (!ifindex)
		return 0;
	hop->link = dp_link_by_ifindex(req->ns, ifindex);
	if (hop->link)
		return 0;
	return -ENODEV;
}

/* One of several next hops */
static int take_hop(struct nl_req *req, uint8_t family, const struct rtnexthop *rtnh,
		    struct route_nexthop *hop)
{
	struct nl_policy policy[RTA_MAX + 1];
	const struct nlattr *tb[RTA_MAX + 1];
	int err;

	policy_of(family, policy);
	err = nl_parse(req, RTNH_DATA(rtnh), rtnh->rtnh_len - sizeof(*rtnh), policy, RTA_MAX, tb,
		       0);
	if (!err)
		err = take_gateway(req, family, tb[RTA_GATEWAY], tb[RTA_VIA], hop);
	if (!err)
		err = take_link(req, (uint32_t)rtnh->rtnh_ifindex, hop);
	hop->flags = rtnh->rtnh_flags;
	hop->weight = (uint16_t)(rtnh->rtnh_hops + 1);
	return err;
}

static int take_multipath(struct nl_req *req, uint8_t family, const struct nlattr *attr,
			  struct route_wish *w)
{
	const struct rtnexthop *rtnh = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);
	uint32_t n = 0;
	int err;

	while (left >= sizeof(*rtnh) && rtnh->rtnh_len >= sizeof(*rtnh) && rtnh->rtnh_len <= left) {
		size_t step = RTNH_ALIGN(rtnh->rtnh_len);

		if (n == ROUTE_NEXTHOPS_MAX)
			return nl_refuse(req, -EINVAL, "More nexthops than a route can have (64)",
					 attr);
		err = take_hop(req, family, rtnh, &w->hops[n++]);
		if (err)
			return err;
		left -= step < left ? step : left;
		rtnh = RTNH_NEXT(rtnh);
	}
	if (left || !n)
		return nl_refuse(req, -EINVAL,
				 "Invalid nexthop configuration - extra data after nexthops", attr);
	w->config.n_nexthops = n;
	return 0;
}

static int take_hops(struct nl_req *req, const struct rtmsg *m, const struct nlattr **tb,
		     struct route_wish *w)
{
	struct route_nexthop *hop = &w->hops[0];
	int err;

	w->config.nexthops = w->hops;
	if (tb[RTA_NH_ID])
		return nl_refuse(req, -EINVAL, "Nexthop id does not exist", tb[RTA_NH_ID]);
	if (tb[RTA_MULTIPATH])
		return take_multipath(req, m->rtm_family, tb[RTA_MULTIPATH], w);
	err = take_gateway(req, m->rtm_family, tb[RTA_GATEWAY], tb[RTA_VIA], hop);
	if (!err && tb[RTA_OIF])
		err = take_link(req, mnl_attr_get_u32(tb[RTA_OIF]), hop);
	hop->flags = (uint8_t)m->rtm_flags;
	hop->weight = 1;
	w->config.n_nexthops = hop->link || hop->has_gateway;
	return err;
}

static int take_metrics(struct nl_req *req, const struct nlattr *attr, struct route_config *c)
{
	const struct nlattr *tb[RTAX_MAX + 1];
	int err = nl_parse_nested(req, attr, metrics_policy, RTAX_MAX, tb);

	if (err)
		return err;
	if (tb[RTAX_MTU])
		c->mtu = mnl_attr_get_u32(tb[RTAX_MTU]);
	if (c->mtu > 65535 - 15)
		c->mtu = 65535 - 15;
	return 0;
}

static int check_header(struct nl_req *req, const struct rtmsg *m)
{
	unsigned int bits = m->rtm_family == AF_INET ? 32 : 128;

	if (m->rtm_dst_len > bits)
		return nl_refuse(req, -EINVAL,
				 bits == 32 ? "Invalid prefix length" : "Invalid dst length", NULL);
	if (m->rtm_family == AF_INET6 && m->rtm_src_len)
		return nl_refuse(req, -EINVAL,
				 "Specifying source address requires IPV6_SUBTREES "
				 "to be enabled",
				 NULL);
	if (m->rtm_type > RTN_MAX)
		return nl_refuse(req, -EINVAL, "Invalid route type", NULL);
	return 0;
}

static int wish_of(struct nl_req *req, const struct rtmsg *m, const struct nlattr **tb,
		   struct route_wish *w)
{
	struct route_config *c = &w->config;
	size_t n = m->rtm_family == AF_INET ? 4 : 16;
	int err = check_header(req, m);

	if (err)
		return err;
	c->ns = req->ns;
	c->family = m->rtm_family;
	c->plen = m->rtm_dst_len;
	c->type = m->rtm_type;
	c->scope = m->rtm_scope;
	c->proto = m->rtm_protocol;
	c->tos = m->rtm_tos;
	c->nlm_flags =
		req->nlh->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE | NLM_F_APPEND);
	c->table = tb[RTA_TABLE] ? mnl_attr_get_u32(tb[RTA_TABLE]) : m->rtm_table;
	if (tb[RTA_DST])
		memcpy(c->dst, mnl_attr_get_payload(tb[RTA_DST]), n);
	if (tb[RTA_PRIORITY])
		c->metric = mnl_attr_get_u32(tb[RTA_PRIORITY]);
	if (tb[RTA_PREFSRC]) {
		c->has_prefsrc = true;
		memcpy(c->prefsrc, mnl_attr_get_payload(tb[RTA_PREFSRC]), n);
	}
	if (tb[RTA_METRICS]) {
		err = take_metrics(req, tb[RTA_METRICS], c);
		if (err)
			return err;
	}
	return take_hops(req, m, tb, w);
}

static const struct rtmsg *route_header(struct nl_req *req, const struct nlattr **tb, int *ret_err)
{
	const struct rtmsg *m = nl_header(req, sizeof(*m));

	*ret_err = -EINVAL;
	if (!m)
		return NULL;
	*ret_err = -EOPNOTSUPP;
	if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
		return NULL;
	*ret_err = route_parse(req, m->rtm_family, tb, 0);
	return *ret_err ? NULL : m;
}

static int finish(struct nl_req *req, const struct route_config *c, int err)
{
	if (err && c->error && !req->ext.msg)
		req->ext.msg = c->error;
	return err;
}

int nl_route_new(struct nl_req *req)
{
	struct route_wish w = { .config = { 0 } };
	const struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *m;
	int err;

	m = route_header(req, tb, &err);
	if (!m)
		return err;
	err = wish_of(req, m, tb, &w);
	if (err)
		return err;
	if (!w.config.table)
		w.config.table = RT_TABLE_MAIN;
	if (m->rtm_family == AF_INET6) {
		w.config.scope = RT_SCOPE_UNIVERSE;
		if (!w.config.type)
			w.config.type = RTN_UNICAST;
		if (!w.config.proto)
			w.config.proto = RTPROT_BOOT;
	}
	return finish(req, &w.config, route_add(&w.config));
}

int nl_route_del(struct nl_req *req)
{
	struct route_wish w = { .config = { 0 } };
	const struct nlattr *tb[RTA_MAX + 1];
	const struct rtmsg *m;
	int err;

	m = route_header(req, tb, &err);
	if (!m)
		return err;
	err = wish_of(req, m, tb, &w);
	if (err)
		return err;
	if (!w.config.table)
		w.config.table = RT_TABLE_MAIN;
	if (w.config.table != RT_TABLE_MAIN && w.config.table != RT_TABLE_LOCAL) {
		if (m->rtm_family == AF_INET)
			return nl_refuse(req, -ESRCH, "ipv4: FIB table does not exist", NULL);
		return nl_refuse(req, -ESRCH, "FIB table does not exist", NULL);
	}
	return finish(req, &w.config, route_del(&w.config));
}
