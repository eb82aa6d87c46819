/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What `ip` asks for on its way and a tenant answers as a kernel namespace would: the three default
 * rules, forwarding settings, link statistics, and dumps of things that are never there.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/ip/ip.h"
#include "internal.h"

static int empty_slice(struct nl_req *req, struct nl_dump *d)
{
	(void)req;
	(void)d;
	return 0;
}

int nl_empty_dump(struct nl_req *req)
{
	struct nl_dump d = { .slice = empty_slice };

	session_dump(req, &d);
	return 0;
}

static void rule_fill(struct nl_req *req, const struct nl_dump *d, uint8_t family,
		      uint32_t priority, uint8_t table)
{
	struct fib_rule_hdr *h;
	struct nlmsghdr *nlh;

	nlh = nl_begin(req->out, RTM_NEWRULE, NLM_F_MULTI, d->nlh.nlmsg_seq, req->port, sizeof(*h));
	h = nl_payload(nlh);
	h->family = family;
	h->table = table;
	h->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(nlh, FRA_TABLE, table);
	mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, ~0u);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, RTPROT_KERNEL);
	if (priority)
		mnl_attr_put_u32(nlh, FRA_PRIORITY, priority);
	nl_end(req->out, nlh);
}

static int rule_slice(struct nl_req *req, struct nl_dump *d)
{
	if (d->family != AF_INET6) {
		rule_fill(req, d, AF_INET, 0, RT_TABLE_LOCAL);
		rule_fill(req, d, AF_INET, 32766, RT_TABLE_MAIN);
		rule_fill(req, d, AF_INET, 32767, RT_TABLE_DEFAULT);
	}
	if (d->family != AF_INET) {
		rule_fill(req, d, AF_INET6, 0, RT_TABLE_LOCAL);
		rule_fill(req, d, AF_INET6, 32766, RT_TABLE_MAIN);
	}
	return 0;
}

int nl_rule_dump(struct nl_req *req)
{
	const struct rtgenmsg *g = mnl_nlmsg_get_payload(req->nlh);
	struct nl_dump d = { .slice = rule_slice, .family = g->rtgen_family };

	if (d.family != AF_INET && d.family != AF_INET6 && d.family != AF_UNSPEC)
		return -EAFNOSUPPORT;
	session_dump(req, &d);
	return 0;
}

static void netconf_fill(struct nl_req *req, const struct nlmsghdr *of, uint16_t flags,
			 uint8_t family, int ifindex)
{
	struct ip_conf conf;
	struct nlmsghdr *nlh;
	struct netconfmsg *m;

	memset(&conf, 0, sizeof(conf));
	ip_conf_get(req->ns, &conf);
	nlh = nl_begin(req->out, RTM_NEWNETCONF, flags, of->nlmsg_seq, req->port, sizeof(*m));
	m = nl_payload(nlh);
	m->ncm_family = family;
	mnl_attr_put_u32(nlh, NETCONFA_IFINDEX, (uint32_t)ifindex);
	mnl_attr_put_u32(nlh, NETCONFA_FORWARDING,
			 family == AF_INET ? conf.forwarding4 : conf.forwarding6);
	if (family == AF_INET)
		mnl_attr_put_u32(nlh, NETCONFA_RP_FILTER, conf.rp_filter);
	mnl_attr_put_u32(nlh, NETCONFA_MC_FORWARDING, 0);
	mnl_attr_put_u32(nlh, NETCONFA_PROXY_NEIGH, 0);
	mnl_attr_put_u32(nlh, NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, 0);
	nl_end(req->out, nlh);
}

static void netconf_all(struct nl_req *req, const struct nl_dump *d, uint8_t family)
{
	struct dp_link *link = NULL;

	while ((link = dp_link_next(d->ns, link)) && req->out->len < NL_OUT_SIZE - 4096)
		netconf_fill(req, &d->nlh, NLM_F_MULTI, family, (int)link->ifindex);
	netconf_fill(req, &d->nlh, NLM_F_MULTI, family, NETCONFA_IFINDEX_ALL);
	netconf_fill(req, &d->nlh, NLM_F_MULTI, family, NETCONFA_IFINDEX_DEFAULT);
}

static int netconf_slice(struct nl_req *req, struct nl_dump *d)
{
	netconf_all(req, d, d->family == AF_INET6 ? AF_INET6 : AF_INET);
	return 0;
}

int nl_netconf_dump(struct nl_req *req)
{
	const struct rtgenmsg *g = mnl_nlmsg_get_payload(req->nlh);
	struct nl_dump d = { .slice = netconf_slice, .family = g->rtgen_family };

	session_dump(req, &d);
	return 0;
}

int nl_netconf_get(struct nl_req *req)
{
	static const struct nl_policy policy[NETCONFA_MAX + 1] = {
		[NETCONFA_IFINDEX] = { NL_U32, 0 },
	};
	const struct netconfmsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[NETCONFA_MAX + 1];
	int err, ifindex;

	err = nl_parse_msg(req, sizeof(*m), policy, NETCONFA_MAX, tb, 0);
	if (err)
		return err;
	if (m->ncm_family != AF_INET && m->ncm_family != AF_INET6)
		return -EAFNOSUPPORT;
	if (!tb[NETCONFA_IFINDEX])
		return -EINVAL;
	ifindex = (int)mnl_attr_get_u32(tb[NETCONFA_IFINDEX]);
	if (ifindex > 0 && !dp_link_by_ifindex(req->ns, (uint32_t)ifindex))
		return -EINVAL;
	netconf_fill(req, req->nlh, 0, m->ncm_family, ifindex);
	return 0;
}

static int stats_slice(struct nl_req *req, struct nl_dump *d)
{
	struct dp_link *link = NULL;
	struct rtnl_link_stats64 s64;
	struct dp_link_stats s;
	struct if_stats_msg *m;
	struct nlmsghdr *nlh;

	while ((link = dp_link_next(d->ns, link))) {
		if (link->ifindex <= d->at_ifindex)
			continue;
		if (!nl_room(req->out))
			return 1;
		d->at_ifindex = link->ifindex;
		nlh = nl_begin(req->out, RTM_NEWSTATS, NLM_F_MULTI, d->nlh.nlmsg_seq, req->port,
			       sizeof(*m));
		m = nl_payload(nlh);
		m->ifindex = link->ifindex;
		m->filter_mask = d->ext_mask;
		if (d->ext_mask & IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)) {
			dp_link_stats(link, &s);
			memset(&s64, 0, sizeof(s64));
			s64.rx_packets = s.rx_packets;
			s64.rx_bytes = s.rx_bytes;
			s64.tx_packets = s.tx_packets;
			s64.tx_bytes = s.tx_bytes;
			s64.rx_dropped = s.rx_drops;
			s64.tx_dropped = s.tx_drops;
			mnl_attr_put(nlh, IFLA_STATS_LINK_64, sizeof(s64), &s64);
		}
		nl_end(req->out, nlh);
	}
	return 0;
}

int nl_stats_dump(struct nl_req *req)
{
	const struct if_stats_msg *m = nl_header(req, sizeof(*m));
	struct nl_dump d = { .slice = stats_slice };

	if (!m || !m->filter_mask)
		return nl_refuse(req, -EINVAL, "Filter mask must be set for stats dump", NULL);
	d.ext_mask = m->filter_mask;
	session_dump(req, &d);
	return 0;
}
