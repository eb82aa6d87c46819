/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses as rtnetlink: RTM_NEWADDR, DELADDR, GETADDR. The rules are the addr module's; this file
 * checks messages and builds them. Under dp_ctl_lock.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "internal.h"

#define IFA_PROTO_ 11
#define IFA_LAST   IFA_PROTO_

static const struct nl_policy policy4[IFA_LAST + 1] = {
	[IFA_LOCAL] = { NL_EXACT, 4 },
	[IFA_ADDRESS] = { NL_EXACT, 4 },
	[IFA_BROADCAST] = { NL_EXACT, 4 },
	[IFA_LABEL] = { NL_STRING, 15 },
	[IFA_CACHEINFO] = { NL_EXACT, sizeof(struct ifa_cacheinfo) },
	[IFA_FLAGS] = { NL_U32, 0 },
	[IFA_RT_PRIORITY] = { NL_U32, 0 },
	[IFA_TARGET_NETNSID] = { NL_S32, 0 },
	[IFA_PROTO_] = { NL_U8, 0 },
};

static const struct nl_policy policy6[IFA_LAST + 1] = {
	[IFA_LOCAL] = { NL_EXACT, 16 },
	[IFA_ADDRESS] = { NL_EXACT, 16 },
	[IFA_CACHEINFO] = { NL_EXACT, sizeof(struct ifa_cacheinfo) },
	[IFA_FLAGS] = { NL_U32, 0 },
	[IFA_RT_PRIORITY] = { NL_U32, 0 },
	[IFA_TARGET_NETNSID] = { NL_S32, 0 },
	[IFA_PROTO_] = { NL_U8, 0 },
};

static int parse(struct nl_req *req, const struct nlattr **tb)
{
	const struct ifaddrmsg *m = nl_header(req, sizeof(*m));

	if (!m)
		return nl_refuse(req, -EINVAL, "Invalid header length", NULL);
	if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
		return -EOPNOTSUPP;
	return nl_parse_msg(req, sizeof(*m), m->ifa_family == AF_INET ? policy4 : policy6, IFA_LAST,
			    tb, 0);
}

static int fill_addresses(struct nl_req *req, const struct nlattr **tb, struct addr_config *c)
{
	size_t n = c->family == AF_INET ? 4 : 16;
	const struct nlattr *local = tb[IFA_LOCAL];

	if (c->family == AF_INET && !local)
		return nl_refuse(req, -EINVAL, "ipv4: Local address is not supplied", NULL);
	if (!local)
		local = tb[IFA_ADDRESS];
	if (!local)
		return -EINVAL;
	memcpy(c->local, mnl_attr_get_payload(local), n);
	if (tb[IFA_ADDRESS]) {
		memcpy(c->peer, mnl_attr_get_payload(tb[IFA_ADDRESS]), n);
		c->has_peer = memcmp(c->peer, c->local, n) != 0;
	}
	if (tb[IFA_BROADCAST] && c->family == AF_INET) {
		memcpy(c->broadcast, mnl_attr_get_payload(tb[IFA_BROADCAST]), 4);
		c->has_broadcast = true;
	}
	return 0;
}

static int fill_lifetime(struct nl_req *req, const struct nlattr *attr, struct addr_config *c)
{
	const struct ifa_cacheinfo *ci;

	if (!attr)
		return 0;
	ci = mnl_attr_get_payload(attr);
	if (!ci->ifa_valid || ci->ifa_prefered > ci->ifa_valid)
		return nl_refuse(req, -EINVAL,
				 c->family == AF_INET ? "ipv4: address lifetime invalid"
						      : "ipv6: address lifetime invalid",
				 attr);
	c->valid_s = ci->ifa_valid;
	c->prefered_s = ci->ifa_prefered;
	return 0;
}

static void take_label(const struct nlattr *attr, struct addr_config *c)
{
	size_t n;

	if (!attr)
		return;
	n = mnl_attr_get_payload_len(attr);
	memcpy(c->label, mnl_attr_get_payload(attr), n < 15 ? n : 15);
	if (strcmp(c->label, dp_link_name(c->link)) == 0)
		memset(c->label, 0, sizeof(c->label)); /* follows the link's name */
}

static int config_of(struct nl_req *req, const struct nlattr **tb, struct addr_config *c)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(req->nlh);
	unsigned int bits = m->ifa_family == AF_INET ? 32 : 128;
	int err;

	memset(c, 0, sizeof(*c));
	c->family = m->ifa_family;
	c->plen = m->ifa_prefixlen;
	c->scope = m->ifa_scope;
	c->flags = tb[IFA_FLAGS] ? mnl_attr_get_u32(tb[IFA_FLAGS]) : m->ifa_flags;
	if (tb[IFA_RT_PRIORITY])
		c->metric = mnl_attr_get_u32(tb[IFA_RT_PRIORITY]);
	if (tb[IFA_PROTO_])
		c->proto = mnl_attr_get_u8(tb[IFA_PROTO_]);
	if (m->ifa_prefixlen > bits && req->nlh->nlmsg_type == RTM_NEWADDR)
		return nl_refuse(req, -EINVAL,
				 bits == 32 ? "ipv4: Invalid prefix length"
					    : "ipv6: IPv6 address prefix length larger than 128",
				 NULL);
	err = fill_addresses(req, tb, c);
	if (err)
		return err;
	c->link = dp_link_by_ifindex(req->ns, m->ifa_index);
	if (!c->link)
		return nl_refuse(req, -ENODEV,
				 bits == 32 ? "ipv4: Device not found"
					    : "ipv6: Unable to find the interface",
				 NULL);
	take_label(tb[IFA_LABEL], c);
	return fill_lifetime(req, tb[IFA_CACHEINFO], c);
}

static int finish(struct nl_req *req, int err, const char *text)
{
	if (err && text && !req->ext.msg)
		req->ext.msg = text;
	return err;
}

int nl_addr_new(struct nl_req *req)
{
	const struct nlattr *tb[IFA_LAST + 1];
	struct addr_config c;
	int err;

	err = parse(req, tb);
	if (!err)
		err = config_of(req, tb, &c);
	if (err)
		return err;
	c.replace = req->nlh->nlmsg_flags & NLM_F_REPLACE && !(req->nlh->nlmsg_flags & NLM_F_EXCL);
	err = addr_add(&c, NULL);
	return finish(req, err, c.error);
}

int nl_addr_del(struct nl_req *req)
{
	const struct nlattr *tb[IFA_LAST + 1];
	struct addr_config c;
	int err;

	err = parse(req, tb);
	if (!err)
		err = config_of(req, tb, &c);
	if (err)
		return err;
	if (c.family == AF_INET && !tb[IFA_ADDRESS])
		c.plen = 0; /* any */
	err = addr_del(&c);
	return finish(req, err, c.error);
}

/* ---- building ---- */

static uint32_t hundredths(uint64_t at_ns)
{
	return (uint32_t)(at_ns / 10000000u);
}

static void put_lifetime(struct nlmsghdr *nlh, const struct addr *a)
{
	struct ifa_cacheinfo ci;
	struct timespec now;
	uint64_t age_s;

	clock_gettime(CLOCK_MONOTONIC, &now);
	age_s = ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec - a->updated_ns) /
		1000000000u;
	memset(&ci, 0, sizeof(ci));
	ci.cstamp = hundredths(a->created_ns);
	ci.tstamp = hundredths(a->updated_ns);
	ci.ifa_valid = ci.ifa_prefered = UINT32_MAX;
	if (a->valid_s != UINT32_MAX)
		ci.ifa_valid = a->valid_s > age_s ? a->valid_s - (uint32_t)age_s : 0;
	if (a->prefered_s != UINT32_MAX)
		ci.ifa_prefered = a->prefered_s > age_s ? a->prefered_s - (uint32_t)age_s : 0;
	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(ci), &ci);
}

static void put_addresses(struct nlmsghdr *nlh, const struct addr *a)
{
	static const uint8_t zero[16];

	if (a->family == AF_INET) {
		if (memcmp(a->peer, zero, 4) != 0)
			mnl_attr_put(nlh, IFA_ADDRESS, 4, a->peer);
		if (memcmp(a->local, zero, 4) != 0)
			mnl_attr_put(nlh, IFA_LOCAL, 4, a->local);
		if (a->has_broadcast)
			mnl_attr_put(nlh, IFA_BROADCAST, 4, a->broadcast);
		mnl_attr_put_strz(nlh, IFA_LABEL, *a->label ? a->label : dp_link_name(a->link));
	} else if (memcmp(a->peer, a->local, 16) != 0) {
		mnl_attr_put(nlh, IFA_LOCAL, 16, a->local);
		mnl_attr_put(nlh, IFA_ADDRESS, 16, a->peer);
	} else {
		mnl_attr_put(nlh, IFA_ADDRESS, 16, a->local);
	}
}

void nl_addr_fill(struct nl_out *out, uint16_t type, const struct addr *a, const struct nl_who *who,
		  int target)
{
	struct ifaddrmsg *m;
	struct nlmsghdr *nlh;

	nlh = nl_begin(out, type, who->flags, who->seq, who->port, sizeof(*m));
	m = nl_payload(nlh);
	m->ifa_family = a->family;
	m->ifa_prefixlen = a->plen;
	m->ifa_flags = (uint8_t)a->flags;
	m->ifa_scope = a->scope;
	m->ifa_index = a->link->ifindex;
	if (target >= 0)
		mnl_attr_put_u32(nlh, IFA_TARGET_NETNSID, (uint32_t)target);
	put_addresses(nlh, a);
	if (a->proto)
		mnl_attr_put_u8(nlh, IFA_PROTO_, a->proto);
	mnl_attr_put_u32(nlh, IFA_FLAGS, a->flags);
	if (a->metric)
		mnl_attr_put_u32(nlh, IFA_RT_PRIORITY, a->metric);
	put_lifetime(nlh, a);
	nl_end(out, nlh);
}

static struct dp_link *first_from(struct netns *ns, uint32_t ifindex)
{
	struct dp_link *link = dp_link_by_ifindex(ns, ifindex);

	for (link = link ? link : dp_link_next(ns, NULL); link && link->ifindex < ifindex;)
		link = dp_link_next(ns, link);
	return link;
}

/* All addresses of one link from the d->at-th on. Return: 1 no more room. */
static int link_addrs(struct nl_req *req, struct nl_dump *d, struct dp_link *link, uint8_t family)
{
	struct nl_who who = { d->nlh.nlmsg_seq, req->port, NLM_F_MULTI | d->extra_flags };
	struct addr *a = NULL;
	uint64_t n = 0;

	while ((a = addr_next(link, family, a))) {
		if (n++ < d->at)
			continue;
		if (!nl_room(req->out))
			return 1;
		nl_addr_fill(req->out, RTM_NEWADDR, a, &who, d->has_target ? d->target : -1);
		d->at++;
	}
	d->at = 0;
	return 0;
}

static int family_slice(struct nl_req *req, struct nl_dump *d, uint8_t family)
{
	struct dp_link *link;

	for (link = first_from(d->ns, d->at_ifindex); link; link = dp_link_next(d->ns, link)) {
		if (link->ifindex != d->at_ifindex)
			d->at = 0;
		d->at_ifindex = link->ifindex;
		if (d->ifindex && link->ifindex != d->ifindex)
			continue;
		if (link_addrs(req, d, link, family))
			return 1;
	}
	d->at_ifindex = 0;
	d->at = 0;
	return 0;
}

static int slice(struct nl_req *req, struct nl_dump *d)
{
	if (d->family != AF_INET6 && !d->done_first) {
		if (family_slice(req, d, AF_INET))
			return 1;
		d->done_first = true;
	}
	return d->family == AF_INET ? 0 : family_slice(req, d, AF_INET6);
}

static int dump_filter(struct nl_req *req, struct nl_dump *d)
{
	const struct ifaddrmsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[IFA_LAST + 1];
	int err;

	if (!m)
		return nl_refuse(req, -EINVAL, "ipv4: Invalid header for address dump request",
				 NULL);
	if (m->ifa_prefixlen || m->ifa_flags || m->ifa_scope)
		return nl_refuse(req, -EINVAL,
				 "ipv4: Invalid values in header for address dump request", NULL);
	err = nl_parse_msg(req, sizeof(*m), m->ifa_family == AF_INET6 ? policy6 : policy4, IFA_LAST,
			   tb, NL_STRICT);
	if (err)
		return err;
	if (m->ifa_index) {
		d->ifindex = m->ifa_index;
		d->extra_flags = NLM_F_DUMP_FILTERED;
		if (!dp_link_by_ifindex(req->ns, d->ifindex) && !tb[IFA_TARGET_NETNSID])
			return -ENODEV;
	}
	if (!tb[IFA_TARGET_NETNSID])
		return 0;
	d->has_target = 1;
	d->target = (int)mnl_attr_get_u32(tb[IFA_TARGET_NETNSID]);
	return nl_target(req, tb[IFA_TARGET_NETNSID], &d->ns);
}

int nl_addr_dump(struct nl_req *req)
{
	const struct rtgenmsg *g = mnl_nlmsg_get_payload(req->nlh);
	struct nl_dump d = { .slice = slice, .family = g->rtgen_family };
	int err = 0;

	if (d.family != AF_INET && d.family != AF_INET6 && d.family != AF_UNSPEC)
		d.family = AF_UNSPEC; /* unknown families get what PF_UNSPEC gets */
	if (req->strict)
		err = dump_filter(req, &d);
	if (err)
		return err;
	session_dump(req, &d);
	if (d.ns)
		netns_put(d.ns);
	return 0;
}

int nl_addr_get(struct nl_req *req)
{
	const struct nlattr *tb[IFA_LAST + 1];
	const struct ifaddrmsg *m;
	struct nl_who who = { req->nlh->nlmsg_seq, req->port, 0 };
	const struct nlattr *want;
	struct addr *a;
	int err;

	err = parse(req, tb);
	if (err)
		return err;
	m = mnl_nlmsg_get_payload(req->nlh);
	if (m->ifa_family != AF_INET6) /* Linux answers for IPv6 only */
		return -EOPNOTSUPP;
	want = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (!want)
		return -EINVAL;
	a = addr_is_local(req->ns, AF_INET6, mnl_attr_get_payload(want));
	if (!a || (m->ifa_index && a->link->ifindex != m->ifa_index))
		return -EADDRNOTAVAIL;
	nl_addr_fill(req->out, RTM_NEWADDR, a, &who, -1);
	return 0;
}
