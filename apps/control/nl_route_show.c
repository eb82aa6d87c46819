/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Routes shown: as RTM_NEWROUTE, in dumps, and as the answer to "which way would a packet go".
 * Under dp_ctl_lock.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_route.h"

static size_t addr_len(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static void put_gateway(struct nlmsghdr *nlh, uint8_t family, const struct route_nexthop *hop)
{
	char buf[sizeof(struct rtvia) + 16];
	struct rtvia *via = (struct rtvia *)buf;
	size_t n = addr_len(hop->gateway_family);

	if (!hop->has_gateway)
		return;
	if (hop->gateway_family == family) {
		mnl_attr_put(nlh, RTA_GATEWAY, n, hop->gateway);
		return;
	}
	via->rtvia_family = hop->gateway_family;
	memcpy(via->rtvia_addr, hop->gateway, n);
	mnl_attr_put(nlh, RTA_VIA, sizeof(*via) + n, via);
}

static void put_multipath(struct nlmsghdr *nlh, const struct route *r)
{
	struct nlattr *nest = nl_nest(nlh, RTA_MULTIPATH);
	uint32_t i;

	for (i = 0; i < r->n_nexthops; i++) {
		const struct route_nexthop *hop = &r->nexthop[i];
		struct rtnexthop *rtnh =
			(struct rtnexthop *)((char *)nlh + MNL_ALIGN(nlh->nlmsg_len));

		memset(rtnh, 0, sizeof(*rtnh));
		rtnh->rtnh_flags = hop->flags;
		rtnh->rtnh_hops = (unsigned char)(hop->weight - 1);
		rtnh->rtnh_ifindex = hop->link ? (int)hop->link->ifindex : 0;
		nlh->nlmsg_len = (uint32_t)(MNL_ALIGN(nlh->nlmsg_len) + sizeof(*rtnh));
		put_gateway(nlh, r->family, hop);
		rtnh->rtnh_len = (unsigned short)((char *)nlh + nlh->nlmsg_len - (char *)rtnh);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_metrics(struct nlmsghdr *nlh, const struct route *r)
{
	struct nlattr *nest;

	if (!r->mtu)
		return;
	nest = nl_nest(nlh, RTA_METRICS);
	mnl_attr_put_u32(nlh, RTAX_MTU, r->mtu);
	mnl_attr_nest_end(nlh, nest);
}

/* IPv6 routes that go nowhere are shown on the loopback link, as the kernel keeps them. */
static bool on_loopback(const struct route *r)
{
	return r->family == AF_INET6 && !r->n_nexthops;
}

static void put_single(struct nlmsghdr *nlh, const struct route *r)
{
	if (r->n_nexthops) {
		put_gateway(nlh, r->family, &r->nexthop[0]);
		if (r->nexthop[0].link)
			mnl_attr_put_u32(nlh, RTA_OIF, r->nexthop[0].link->ifindex);
	} else if (on_loopback(r)) {
		mnl_attr_put_u32(nlh, RTA_OIF, 1);
	}
}

static void put_tail6(struct nlmsghdr *nlh, int error)
{
	struct rta_cacheinfo ci = { .rta_error = (uint32_t)error };

	mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(ci), &ci);
	mnl_attr_put_u8(nlh, RTA_PREF, 0);
}

/* The route that a link's IPv6 brings for multicast; the FIB knows it as any other. */
static bool multicast6(const struct route *r)
{
	return r->family == AF_INET6 && r->dst[0] == 0xff && r->plen == 8 &&
	       r->table == RT_TABLE_LOCAL && r->proto == RTPROT_KERNEL;
}

void nl_route_fill(struct nl_out *out, uint16_t type, const struct route *r,
		   const struct nl_who *who)
{
	struct nlmsghdr *nlh;
	struct rtmsg *m;

	nlh = nl_begin(out, type, who->flags, who->seq, who->port, sizeof(*m));
	m = nl_payload(nlh);
	m->rtm_family = r->family;
	m->rtm_dst_len = r->plen;
	m->rtm_tos = r->tos;
	m->rtm_table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_COMPAT;
	m->rtm_type = multicast6(r) ? RTN_MULTICAST : r->type;
	m->rtm_scope = r->scope;
	m->rtm_protocol = r->proto;
	mnl_attr_put_u32(nlh, RTA_TABLE, r->table);
	if (r->plen)
		mnl_attr_put(nlh, RTA_DST, addr_len(r->family), r->dst);
	if (r->metric || r->family == AF_INET6)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, r->metric);
	put_metrics(nlh, r);
	if (r->has_prefsrc)
		mnl_attr_put(nlh, RTA_PREFSRC, addr_len(r->family), r->prefsrc);
	if (r->n_nexthops == 1)
		m->rtm_flags = r->nexthop[0].flags;
	if (r->n_nexthops > 1)
		put_multipath(nlh, r);
	else
		put_single(nlh, r);
	if (r->family == AF_INET6)
		put_tail6(nlh, 0);
	nl_end(out, nlh);
}

/* ---- dumps ---- */

static bool shown(const struct nl_dump *d, const struct route *r)
{
	uint32_t i;

	if ((d->filter_proto && r->proto != d->filter_proto) ||
	    (d->filter_type && r->type != d->filter_type))
		return false;
	if (!d->ifindex)
		return true;
	for (i = 0; i < r->n_nexthops; i++)
		if (r->nexthop[i].link && r->nexthop[i].link->ifindex == d->ifindex)
			return true;
	return on_loopback(r) && d->ifindex == 1;
}

/* One family's routes of one table. Return: 1 no more room. */
static int table_slice(struct nl_req *req, struct nl_dump *d, uint8_t family, uint32_t table)
{
	struct nl_who who = { d->nlh.nlmsg_seq, req->port, NLM_F_MULTI | d->extra_flags };
	const struct route *r;
	unsigned int looked = 0;

	d->route.family = family;
	for (;;) {
		if (!nl_room(req->out) || looked++ > 4096)
			return 1;
		r = route_next(d->ns, &d->route);
		if (!r)
			break;
		if (r->table == table && shown(d, r))
			nl_route_fill(req->out, RTM_NEWROUTE, r, &who);
	}
	memset(&d->route, 0, sizeof(d->route));
	return 0;
}

/* As the kernel lists them: IPv4 before IPv6, table main before local */
static const struct {
	uint8_t family;
	uint32_t table;
} passes[] = {
	{ AF_INET, RT_TABLE_MAIN },
	{ AF_INET, RT_TABLE_LOCAL },
	{ AF_INET6, RT_TABLE_MAIN },
	{ AF_INET6, RT_TABLE_LOCAL },
};

static int slice(struct nl_req *req, struct nl_dump *d)
{
	for (; d->at < sizeof(passes) / sizeof(passes[0]); d->at++) {
		if (d->family && d->family != passes[d->at].family)
			continue;
		if (d->table && d->table != passes[d->at].table)
			continue;
		if (table_slice(req, d, passes[d->at].family, passes[d->at].table))
			return 1;
	}
	return 0;
}

static int check_filter(struct nl_req *req, const struct rtmsg *m)
{
	if (!m)
		return nl_refuse(req, -EINVAL, "Invalid header for FIB dump request", NULL);
	if (m->rtm_dst_len || m->rtm_src_len || m->rtm_tos || m->rtm_scope)
		return nl_refuse(req, -EINVAL, "Invalid values in header for FIB dump request",
				 NULL);
	if (m->rtm_flags & ~(RTM_F_CLONED | RTM_F_PREFIX))
		return nl_refuse(req, -EINVAL, "Invalid flags for FIB dump request", NULL);
	return 0;
}

static int dump_filter(struct nl_req *req, const struct rtmsg *m, struct nl_dump *d)
{
	const struct nlattr *tb[RTA_MAX + 1];
	int err = check_filter(req, m);

	if (!err)
		err = route_parse(req, d->family, tb, NL_STRICT);
	if (err)
		return err;
	d->filter_proto = m->rtm_protocol;
	d->filter_type = m->rtm_type;
	d->table = tb[RTA_TABLE] ? mnl_attr_get_u32(tb[RTA_TABLE]) : m->rtm_table;
	if (tb[RTA_OIF]) {
		d->ifindex = mnl_attr_get_u32(tb[RTA_OIF]);
		if (!dp_link_by_ifindex(req->ns, d->ifindex))
			return -ENODEV;
	}
	if (d->filter_proto || d->filter_type || d->table || d->ifindex)
		d->extra_flags = NLM_F_DUMP_FILTERED;
	if (d->table && d->table != RT_TABLE_MAIN && d->table != RT_TABLE_LOCAL && d->family)
		return nl_refuse(req, -ENOENT,
				 d->family == AF_INET ? "ipv4: FIB table does not exist"
						      : "FIB table does not exist",
				 NULL);
	return 0;
}

int nl_route_dump(struct nl_req *req)
{
	const struct rtmsg *m = nl_header(req, sizeof(*m));
	const struct rtgenmsg *g = mnl_nlmsg_get_payload(req->nlh);
	struct nl_dump d = { .slice = slice, .family = g->rtgen_family };
	int err = 0;

	if (d.family == 128 || d.family == 129 || d.family == AF_MPLS) /* multicast routes, MPLS */
		return nl_empty_dump(req);
	if (d.family != AF_INET && d.family != AF_INET6)
		d.family = AF_UNSPEC;
	if (req->strict)
		err = dump_filter(req, m, &d);
	else if (m && m->rtm_flags & RTM_F_CLONED)
		d.at = sizeof(passes); /* nothing is cached */
	if (err)
		return err;
	if (m && m->rtm_flags & RTM_F_CLONED)
		d.at = sizeof(passes);
	session_dump(req, &d);
	return 0;
}

/* ---- lookups ---- */

/** struct asked - one "route get" */
struct asked {
	uint8_t family;
	uint8_t dst[16], src[16];
	bool has_src;
	struct dp_link *oif;
	const struct route *route;
	const struct route_nexthop *hop;
	uint32_t flags, uid;
	bool has_uid;
};

static int take_asked(struct nl_req *req, const struct rtmsg *m, const struct nlattr **tb,
		      struct asked *a)
{
	size_t n = addr_len(m->rtm_family);

	a->family = m->rtm_family;
	a->flags = m->rtm_flags;
	if (tb[RTA_DST])
		memcpy(a->dst, mnl_attr_get_payload(tb[RTA_DST]), n);
	if (tb[RTA_SRC]) {
		memcpy(a->src, mnl_attr_get_payload(tb[RTA_SRC]), n);
		a->has_src = true;
	}
	a->has_uid = true;
	a->uid = tb[RTA_UID] ? mnl_attr_get_u32(tb[RTA_UID]) : session_cred(req->s)->uid;
	if (!tb[RTA_OIF] || !mnl_attr_get_u32(tb[RTA_OIF]))
		return 0;
	a->oif = dp_link_by_ifindex(req->ns, mnl_attr_get_u32(tb[RTA_OIF]));
	return a->oif ? 0 : -ENODEV;
}

static void put_source(struct nlmsghdr *nlh, const struct asked *a)
{
	const uint8_t *towards =
		a->hop && a->hop->has_gateway && a->hop->gateway_family == a->family
			? a->hop->gateway
			: a->dst;
	uint8_t src[16];

	if (a->has_src && a->family == AF_INET)
		return;
	if (a->route->has_prefsrc)
		memcpy(src, a->route->prefsrc, 16);
	else if (!a->hop || !a->hop->link ||
		 addr_select(a->hop->link, a->family, towards, src) != 0)
		return;
	mnl_attr_put(nlh, RTA_PREFSRC, addr_len(a->family), src);
}

static void put_cache4(struct nlmsghdr *nlh)
{
	struct rta_cacheinfo ci;

	memset(&ci, 0, sizeof(ci));
	mnl_attr_put(nlh, RTA_CACHEINFO, sizeof(ci), &ci);
}

static void asked_fill(struct nl_req *req, const struct asked *a)
{
	const struct route *r = a->route;
	bool local = r->type == RTN_LOCAL, six = a->family == AF_INET6;
	struct nlmsghdr *nlh;
	struct rtmsg *m;

	nlh = nl_begin(req->out, RTM_NEWROUTE, 0, req->nlh->nlmsg_seq, req->port, sizeof(*m));
	m = nl_payload(nlh);
	m->rtm_family = a->family;
	m->rtm_dst_len = six ? 128 : 32;
	m->rtm_type = r->type;
	m->rtm_table = a->flags & RTM_F_LOOKUP_TABLE || six ? (uint8_t)r->table : RT_TABLE_MAIN;
	m->rtm_protocol = six ? r->proto : RTPROT_UNSPEC;
	m->rtm_flags = six ? 0 : RTM_F_CLONED;
	if (local && !six)
		m->rtm_flags |= 0x80000000u; /* RTCF_LOCAL */
	if (r->type == RTN_BROADCAST && !six)
		m->rtm_flags |= 0x90000000u; /* RTCF_LOCAL | RTCF_BROADCAST */
	mnl_attr_put(nlh, RTA_DST, addr_len(a->family), a->dst);
	if (six || a->has_src) {
		m->rtm_src_len = six ? 128 : 32;
		mnl_attr_put(nlh, RTA_SRC, addr_len(a->family), a->src);
	}
	mnl_attr_put_u32(nlh, RTA_TABLE, m->rtm_table);
	if (a->hop)
		put_gateway(nlh, a->family, a->hop);
	mnl_attr_put_u32(nlh, RTA_OIF,
			 local && !six            ? 1
			 : a->hop && a->hop->link ? a->hop->link->ifindex
						  : 1);
	put_source(nlh, a);
	put_metrics(nlh, r);
	if (six)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, r->metric);
	else if (a->has_uid)
		mnl_attr_put_u32(nlh, RTA_UID, a->uid);
	if (six)
		put_tail6(nlh, 0);
	else
		put_cache4(nlh);
	nl_end(req->out, nlh);
}

int nl_route_get(struct nl_req *req)
{
	const struct rtmsg *m = nl_header(req, sizeof(*m));
	struct nl_who who = { req->nlh->nlmsg_seq, req->port, 0 };
	const struct nlattr *tb[RTA_MAX + 1];
	struct asked a = { .family = 0 };
	unsigned int hop = 0;
	int err;

	if (!m)
		return nl_refuse(req, -EINVAL, "ipv4: Invalid header for route get request", NULL);
	if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
		return -EOPNOTSUPP;
	err = route_parse(req, m->rtm_family, tb, 0);
	if (!err)
		err = take_asked(req, m, tb, &a);
	if (err)
		return err;
	err = route_lookup(req->ns, a.family, a.dst, a.oif, &a.route, &hop);
	if (err)
		return err;
	if (a.route->n_nexthops)
		a.hop = &a.route->nexthop[hop];
	if (a.flags & RTM_F_FIB_MATCH)
		nl_route_fill(req->out, RTM_NEWROUTE, a.route, &who);
	else
		asked_fill(req, &a);
	return 0;
}
