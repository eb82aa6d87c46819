/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading links: RTM_GETLINK for one and for all, how a request names a link or a namespace, and
 * alternative names. Under dp_ctl_lock.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

const struct nl_policy link_policy[IFLA_MAX + 1] = {
	[IFLA_ADDRESS] = { NL_BINARY, 32 },
	[IFLA_BROADCAST] = { NL_BINARY, 32 },
	[IFLA_IFNAME] = { NL_STRING, DP_LINK_NAME_MAX },
	[IFLA_MTU] = { NL_U32, 0 },
	[IFLA_LINK] = { NL_U32, 0 },
	[IFLA_MASTER] = { NL_U32, 0 },
	[IFLA_TXQLEN] = { NL_U32, 0 },
	[IFLA_OPERSTATE] = { NL_U8, 0 },
	[IFLA_LINKMODE] = { NL_U8, 0 },
	[IFLA_LINKINFO] = { NL_NESTED, 0 },
	[IFLA_NET_NS_PID] = { NL_U32, 0 },
	[IFLA_IFALIAS] = { NL_STRING, 255 },
	[IFLA_NET_NS_FD] = { NL_U32, 0 },
	[IFLA_EXT_MASK] = { NL_U32, 0 },
	[IFLA_GROUP] = { NL_U32, 0 },
	[IFLA_NUM_TX_QUEUES] = { NL_U32, 0 },
	[IFLA_NUM_RX_QUEUES] = { NL_U32, 0 },
	[IFLA_LINK_NETNSID] = { NL_S32, 0 },
	[IFLA_TARGET_NETNSID] = { NL_S32, 0 },
	[IFLA_PROP_LIST] = { NL_NESTED, 0 },
	[IFLA_ALT_IFNAME] = { NL_STRING, 127 },
};

/* The kernel keeps strings without their final 0, if they had one. */
static const char *text_of(const struct nlattr *a, char *buf, size_t size)
{
	size_t n = mnl_attr_get_payload_len(a);

	if (n > size - 1)
		n = size - 1;
	memcpy(buf, mnl_attr_get_payload(a), n);
	buf[n] = 0;
	return buf;
}

int link_name_take(struct nl_req *req, const struct nlattr *attr, char *name)
{
	const char *c;

	text_of(attr, name, DP_LINK_NAME_MAX + 1);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	for (c = name; *c; c++)
		if (*c == '/' || *c == ':' || *c == ' ' || (*c >= '\t' && *c <= '\r'))
			return -EINVAL;
	return 0;
}

struct dp_link *link_find(struct nl_req *req, uint32_t ifindex, const struct nlattr *name,
			  const struct nlattr *altname, int *ret_err)
{
	struct dp_link *link = NULL;
	char buf[128];

	*ret_err = -EINVAL;
	if (!ifindex && !name && !altname)
		return NULL;
	*ret_err = -ENODEV;
	if (ifindex)
		return dp_link_by_ifindex(req->ns, ifindex);
	text_of(name ? name : altname, buf, sizeof(buf));
	if (strlen(buf) <= DP_LINK_NAME_MAX)
		link = dp_link_find(req->ns, buf);
	return link ? link : link_by_altname(req->ns, buf);
}

int nl_target(struct nl_req *req, const struct nlattr *attr, struct netns **ret_ns)
{
	int id = (int)mnl_attr_get_u32(attr);
	struct netns *ns = id < 0 ? NULL : netns_peer_by_id(req->ns, id);

	if (!ns)
		return nl_refuse(req, -EINVAL, "Invalid target network namespace id", attr);
	if (!netns_permitted(ns, session_cred(req->s))) {
		netns_put(ns);
		return nl_refuse(req, -EACCES, "Invalid target network namespace id", attr);
	}
	*ret_ns = ns;
	return 0;
}

int link_netns(struct nl_req *req, const struct nlattr **tb, struct netns **ret_ns)
{
	struct netns *ns = NULL;
	int err = 0, fd;

	*ret_ns = NULL;
	if (!!tb[IFLA_NET_NS_PID] + !!tb[IFLA_NET_NS_FD] + !!tb[IFLA_TARGET_NETNSID] > 1)
		return nl_refuse(req, -EINVAL, "multiple netns identifying attributes specified",
				 NULL);
	if (tb[IFLA_NET_NS_PID]) {
		err = netns_find_by_pid((pid_t)mnl_attr_get_u32(tb[IFLA_NET_NS_PID]), &ns);
	} else if (tb[IFLA_NET_NS_FD]) {
		fd = session_fd(req->s, mnl_attr_get_u32(tb[IFLA_NET_NS_FD]));
		err = fd < 0 ? -EBADF : netns_find_by_fd(fd, &ns);
	} else if (tb[IFLA_TARGET_NETNSID]) {
		ns = netns_peer_by_id(req->ns, (int)mnl_attr_get_u32(tb[IFLA_TARGET_NETNSID]));
		err = ns ? 0 : -EINVAL;
	}
	if (err || !ns)
		return err;
	if (!netns_permitted(ns, session_cred(req->s))) {
		netns_put(ns);
		return -EPERM;
	}
	*ret_ns = ns;
	return 0;
}

int nl_link_get(struct nl_req *req)
{
	const struct ifinfomsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[IFLA_MAX + 1];
	struct netns *here = req->ns, *there = NULL;
	struct nl_who who = { req->nlh->nlmsg_seq, req->port, 0 };
	struct dp_link *link;
	int err, target = -1;

	err = nl_parse_msg(req, sizeof(*m), link_policy, IFLA_MAX, tb, 0);
	if (err)
		return err;
	if (req->strict && (m->ifi_type || m->ifi_flags || m->ifi_change))
		return nl_refuse(req, -EINVAL, "Invalid values in header for get link request",
				 NULL);
	if (tb[IFLA_TARGET_NETNSID]) {
		err = nl_target(req, tb[IFLA_TARGET_NETNSID], &there);
		if (err)
			return err;
		target = (int)mnl_attr_get_u32(tb[IFLA_TARGET_NETNSID]);
		req->ns = there;
	}
	link = m->ifi_index < 0 ? NULL
				: link_find(req, (uint32_t)m->ifi_index, tb[IFLA_IFNAME],
					    tb[IFLA_ALT_IFNAME], &err);
	req->ns = here;
	if (link) {
		err = 0;
		link_fill(req->out, RTM_NEWLINK, link, &who,
			  tb[IFLA_EXT_MASK] ? mnl_attr_get_u32(tb[IFLA_EXT_MASK]) : 0, 0, target);
	}
	netns_put(there);
	return err;
}

static const char *kind_of(const struct dp_link *link)
{
	static const char *const names[] = { "", "vlan", "vxlan", "veth", "", "dummy" };

	return names[link->kind];
}

/* First link with an ifindex above the cursor's */
static struct dp_link *after(struct netns *ns, uint32_t ifindex)
{
	struct dp_link *link = ifindex ? dp_link_by_ifindex(ns, ifindex) : NULL;

	if (link)
		return dp_link_next(ns, link);
	for (link = dp_link_next(ns, NULL); link && link->ifindex <= ifindex;)
		link = dp_link_next(ns, link);
	return link;
}

static int link_slice(struct nl_req *req, struct nl_dump *d)
{
	struct nl_who who = { d->nlh.nlmsg_seq, req->port, NLM_F_MULTI | d->extra_flags };
	struct dp_link *link;

	for (link = after(d->ns, d->at_ifindex); link; link = dp_link_next(d->ns, link)) {
		if (!nl_room(req->out))
			return 1;
		d->at_ifindex = link->ifindex;
		if (d->filter_master || (*d->kind && strcmp(d->kind, kind_of(link)) != 0))
			continue;
		link_fill(req->out, RTM_NEWLINK, link, &who, d->ext_mask, 0,
			  d->has_target ? d->target : -1);
	}
	return 0;
}

static void dump_kind(struct nl_req *req, const struct nlattr *info, struct nl_dump *d)
{
	static const struct nl_policy policy[IFLA_INFO_MAX + 1] = {
		[IFLA_INFO_KIND] = { NL_STRING, 0 },
	};
	const struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (nl_parse_nested(req, info, policy, IFLA_INFO_MAX, tb) == 0 && tb[IFLA_INFO_KIND]) {
		text_of(tb[IFLA_INFO_KIND], d->kind, sizeof(d->kind));
		d->extra_flags = NLM_F_DUMP_FILTERED;
	}
}

int nl_link_dump(struct nl_req *req)
{
	const struct ifinfomsg *m = nl_header(req, sizeof(*m));
	struct nl_dump d = { .slice = link_slice };
	const struct nlattr *tb[IFLA_MAX + 1];
	int err;

	if (!m) { /* old programs send only the family */
		if (req->strict)
			return nl_refuse(req, -EINVAL, "Invalid header for link dump", NULL);
		session_dump(req, &d);
		return 0;
	}
	if (req->strict && (m->ifi_type || m->ifi_flags || m->ifi_change))
		return nl_refuse(req, -EINVAL, "Invalid values in header for link dump request",
				 NULL);
	if (req->strict && m->ifi_index)
		return nl_refuse(req, -EINVAL,
				 "Filter by device index not supported for link dumps", NULL);
	err = nl_parse_msg(req, sizeof(*m), link_policy, IFLA_MAX, tb, req->strict ? NL_STRICT : 0);
	if (err)
		return err;
	if (tb[IFLA_EXT_MASK])
		d.ext_mask = mnl_attr_get_u32(tb[IFLA_EXT_MASK]);
	if (tb[IFLA_MASTER]) {
		d.filter_master = mnl_attr_get_u32(tb[IFLA_MASTER]);
		d.extra_flags = NLM_F_DUMP_FILTERED;
	}
	if (tb[IFLA_LINKINFO])
		dump_kind(req, tb[IFLA_LINKINFO], &d);
	if (tb[IFLA_TARGET_NETNSID]) {
		err = nl_target(req, tb[IFLA_TARGET_NETNSID], &d.ns);
		if (err)
			return err;
		d.has_target = 1;
		d.target = (int)mnl_attr_get_u32(tb[IFLA_TARGET_NETNSID]);
	}
	session_dump(req, &d);
	if (d.has_target)
		netns_put(d.ns); /* the dump took its own */
	return 0;
}

/* ---- alternative names ---- */

static int altname_add(struct nl_req *req, struct dp_link *link, const char *name)
{
	struct link_extra *e;
	char **names, *copy;

	if ((strlen(name) <= DP_LINK_NAME_MAX && dp_link_find(link->ns, name)) ||
	    link_by_altname(link->ns, name))
		return -EEXIST;
	e = link_extra_make(link);
	if (!e)
		return -ENOMEM;
	if (e->n_altnames >= 32)
		return nl_refuse(req, -ENOSPC, "A link has at most 32 alternative names", NULL);
	names = realloc(e->altnames, (e->n_altnames + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	e->altnames = names;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	names[e->n_altnames++] = copy;
	return 0;
}

static int altname_del(struct dp_link *link, const char *name)
{
	struct link_extra *e = link_extra(link);
	unsigned int i;

	for (i = 0; e && i < e->n_altnames; i++) {
		if (strcmp(e->altnames[i], name) != 0)
			continue;
		free(e->altnames[i]);
		memmove(&e->altnames[i], &e->altnames[i + 1],
			(e->n_altnames - i - 1) * sizeof(*e->altnames));
		e->n_altnames--;
		return 0;
	}
	return -ENOENT;
}

int linkprop_change(struct nl_req *req)
{
	const struct ifinfomsg *m = nl_header(req, sizeof(*m));
	const struct nlattr *tb[IFLA_MAX + 1], *a;
	bool add = req->nlh->nlmsg_type == RTM_NEWLINKPROP;
	struct dp_link *link;
	char name[128];
	int err;

	err = nl_parse_msg(req, sizeof(*m), link_policy, IFLA_MAX, tb, NL_STRICT);
	if (err)
		return err;
	link = link_find(req, (uint32_t)m->ifi_index, tb[IFLA_IFNAME], tb[IFLA_ALT_IFNAME], &err);
	if (!link)
		return err;
	if (!tb[IFLA_PROP_LIST])
		return 0;
	mnl_attr_for_each_nested(a, tb[IFLA_PROP_LIST])
	{
		if (mnl_attr_get_type(a) != IFLA_ALT_IFNAME)
			return -EOPNOTSUPP;
		if (mnl_attr_get_payload_len(a) < 1 || mnl_attr_get_payload_len(a) > 128)
			return -EINVAL;
		text_of(a, name, sizeof(name));
		err = add ? altname_add(req, link, name) : altname_del(link, name);
		if (err)
			return err;
	}
	return 0;
}
