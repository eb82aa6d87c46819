/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbours as rtnetlink: RTM_NEWNEIGH, DELNEIGH, GETNEIGH. Under dp_ctl_lock.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static const struct nl_policy policy[NDA_MAX + 1] = {
	[NDA_DST] = { NL_BINARY, 32 },
	[NDA_LLADDR] = { NL_BINARY, 32 },
	[NDA_CACHEINFO] = { NL_EXACT, sizeof(struct nda_cacheinfo) },
	[NDA_PROBES] = { NL_U32, 0 },
	[NDA_VLAN] = { NL_U16, 0 },
	[NDA_IFINDEX] = { NL_U32, 0 },
	[NDA_MASTER] = { NL_U32, 0 },
	[NDA_PROTOCOL] = { NL_U8, 0 },
	[NDA_FLAGS_EXT] = { NL_U32, 0 },
};

static int parse(struct nl_req *req, const struct nlattr **tb, struct neigh_config *c)
{
	const struct ndmsg *m = nl_header(req, sizeof(*m));
	size_t n;
	int err;

	memset(c, 0, sizeof(*c));
	err = nl_parse_msg(req, sizeof(*m), policy, NDA_MAX, tb, 0);
	if (err)
		return err;
	if (!tb[NDA_DST])
		return nl_refuse(req, -EINVAL, "Network address not specified", NULL);
	if (m->ndm_ifindex) {
		c->link = dp_link_by_ifindex(req->ns, (uint32_t)m->ndm_ifindex);
		if (!c->link)
			return -ENODEV;
	}
	if (tb[NDA_LLADDR] && mnl_attr_get_payload_len(tb[NDA_LLADDR]) < 6)
		return nl_refuse(req, -EINVAL, "Invalid link address", NULL);
	if (m->ndm_family != AF_INET && m->ndm_family != AF_INET6)
		return -EAFNOSUPPORT;
	n = m->ndm_family == AF_INET ? 4 : 16;
	if (mnl_attr_get_payload_len(tb[NDA_DST]) < n)
		return nl_refuse(req, -EINVAL, "Invalid network address", NULL);
	memcpy(c->addr, mnl_attr_get_payload(tb[NDA_DST]), n);
	c->family = m->ndm_family;
	c->state = m->ndm_state;
	c->flags = m->ndm_flags;
	if (tb[NDA_LLADDR]) {
		memcpy(c->mac, mnl_attr_get_payload(tb[NDA_LLADDR]), 6);
		c->has_mac = true;
	}
	return 0;
}

int nl_neigh_new(struct nl_req *req)
{
	const struct nlattr *tb[NDA_MAX + 1];
	struct neigh_config c;
	struct neigh_info known;
	int err;

	err = parse(req, tb, &c);
	if (err)
		return err;
	if (c.flags & NTF_PROXY)
		return nl_refuse(req, -EOPNOTSUPP, "Proxy neighbours are not supported", NULL);
	if (!c.link)
		return nl_refuse(req, -EINVAL, "Device not specified", NULL);
	if (!c.state && req->nlh->nlmsg_flags & NLM_F_CREATE && !(c.flags & NTF_USE))
		c.state = NUD_NOARP; /* as the kernel's allow_none: state 0 asks for no checks */
	if (!c.has_mac &&
	    c.state & (NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE |
		       NUD_NOARP) &&
	    neigh_get(c.link, c.family, c.addr, &known) != 0)
		return nl_refuse(req, -EINVAL, "No link layer address given", NULL);
	c.nlm_flags = req->nlh->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE);
	err = neigh_add(&c);
	if (err && c.error)
		req->ext.msg = c.error;
	return err;
}

int nl_neigh_del(struct nl_req *req)
{
	const struct nlattr *tb[NDA_MAX + 1];
	struct neigh_config c;
	int err;

	err = parse(req, tb, &c);
	if (err)
		return err;
	if (!c.link)
		return nl_refuse(req, -EINVAL, "Device not specified", NULL);
	if (c.flags & NTF_PROXY)
		return -ENOENT;
	err = neigh_del(&c);
	if (err && c.error)
		req->ext.msg = c.error;
	return err;
}

void nl_neigh_fill(struct nl_out *out, uint16_t type, const struct neigh_info *n,
		   const struct nl_who *who)
{
	struct nda_cacheinfo ci = { .ndm_confirmed = n->confirmed_ms / 10,
				    .ndm_used = n->used_ms / 10,
				    .ndm_updated = n->updated_ms / 10,
				    .ndm_refcnt = n->refs };
	struct nlmsghdr *nlh;
	struct ndmsg *m;

	nlh = nl_begin(out, type, who->flags, who->seq, who->port, sizeof(*m));
	m = nl_payload(nlh);
	m->ndm_family = n->family;
	m->ndm_ifindex = (int)n->link->ifindex;
	m->ndm_state = n->state;
	m->ndm_flags = n->flags;
	m->ndm_type = RTN_UNICAST;
	mnl_attr_put(nlh, NDA_DST, n->family == AF_INET ? 4 : 16, n->addr);
	if (n->has_mac)
		mnl_attr_put(nlh, NDA_LLADDR, 6, n->mac);
	mnl_attr_put_u32(nlh, NDA_PROBES, n->probes);
	mnl_attr_put(nlh, NDA_CACHEINFO, sizeof(ci), &ci);
	nl_end(out, nlh);
}

static bool shown(const struct nl_dump *d, const struct neigh_info *n, uint8_t family)
{
	return n->family == family && (!d->ifindex || n->link->ifindex == d->ifindex) &&
	       !d->filter_master;
}

static int family_slice(struct nl_req *req, struct nl_dump *d, uint8_t family)
{
	struct nl_who who = { d->nlh.nlmsg_seq, req->port, NLM_F_MULTI | d->extra_flags };

	for (;;) {
		struct neigh_info at = d->neigh;

		if (!nl_room(req->out))
			return 1;
		if (!neigh_next(d->ns, &at))
			break;
		d->neigh = at;
		if (shown(d, &at, family))
			nl_neigh_fill(req->out, RTM_NEWNEIGH, &at, &who);
	}
	memset(&d->neigh, 0, sizeof(d->neigh));
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

static int dump_filter(struct nl_req *req, struct nl_dump *d, bool *ret_none)
{
	const struct ndmsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[NDA_MAX + 1];
	int err;

	if (!m)
		return nl_refuse(req, -EINVAL, "Invalid header for neighbor dump request", NULL);
	if (m->ndm_pad1 || m->ndm_pad2 || m->ndm_ifindex || m->ndm_state || m->ndm_type)
		return nl_refuse(req, -EINVAL, "Invalid values in header for neighbor dump request",
				 NULL);
	if (m->ndm_flags & ~NTF_PROXY)
		return nl_refuse(req, -EINVAL, "Invalid flags in header for neighbor dump request",
				 NULL);
	*ret_none = m->ndm_flags & NTF_PROXY;
	err = nl_parse_msg(req, sizeof(*m), policy, NDA_MAX, tb, NL_STRICT);
	if (err)
		return err;
	if (tb[NDA_IFINDEX])
		d->ifindex = mnl_attr_get_u32(tb[NDA_IFINDEX]);
	if (tb[NDA_MASTER])
		d->filter_master = mnl_attr_get_u32(tb[NDA_MASTER]);
	if (d->ifindex || d->filter_master)
		d->extra_flags = NLM_F_DUMP_FILTERED;
	return 0;
}

int nl_neigh_dump(struct nl_req *req)
{
	const struct rtgenmsg *g = mnl_nlmsg_get_payload(req->nlh);
	struct nl_dump d = { .slice = slice, .family = g->rtgen_family };
	bool none = false;
	int err = 0;

	if (d.family == AF_BRIDGE)
		return nl_empty_dump(req);
	if (d.family != AF_INET && d.family != AF_INET6)
		d.family = AF_UNSPEC;
	if (req->strict)
		err = dump_filter(req, &d, &none);
	if (err)
		return err;
	if (none)
		return nl_empty_dump(req);
	session_dump(req, &d);
	return 0;
}

int nl_neigh_get(struct nl_req *req)
{
	struct nl_who who = { req->nlh->nlmsg_seq, req->port, 0 };
	const struct nlattr *tb[NDA_MAX + 1];
	struct neigh_config c;
	struct neigh_info info;
	int err;

	err = parse(req, tb, &c);
	if (err == -EINVAL && !tb[NDA_DST])
		return nl_refuse(req, -EINVAL, "Network address not specified", NULL);
	if (err)
		return err;
	if (!c.link)
		return nl_refuse(req, -EINVAL, "No device specified", NULL);
	err = neigh_get(c.link, c.family, c.addr, &info);
	if (err)
		return nl_refuse(req, err, "Neighbour entry not found", NULL);
	nl_neigh_fill(req->out, RTM_NEWNEIGH, &info, &who);
	return 0;
}
