/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Peer ids as rtnetlink: RTM_NEWNSID, GETNSID and its dump, row by row of SEMANTICS 5. Takes no
 * lock: the namespace core has its own.
 */
#include <errno.h>
#include <linux/net_namespace.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static const struct nl_policy policy[NETNSA_MAX + 1] = {
	[NETNSA_NSID] = { NL_EXACT, 4 },         [NETNSA_PID] = { NL_EXACT, 4 },
	[NETNSA_FD] = { NL_EXACT, 4 },           [NETNSA_TARGET_NSID] = { NL_EXACT, 4 },
	[NETNSA_CURRENT_NSID] = { NL_EXACT, 4 },
};

static int parse(struct nl_req *req, const struct nlattr **tb)
{
	const struct nlattr *a;
	int err;

	err = nl_parse_msg(req, sizeof(struct rtgenmsg), policy, NETNSA_MAX, tb, NL_STRICT);
	if (err)
		return -EINVAL;
	mnl_attr_for_each(a, req->nlh, MNL_ALIGN(sizeof(struct rtgenmsg))) if (
		mnl_attr_get_payload_len(a) !=
		4) return nl_refuse(req, -EINVAL, "Attribute must be four bytes long", a);
	return 0;
}

/* The peer that PID, FD or (@ns's) NSID names; PID wins. */
static int peer_of(struct nl_req *req, struct netns *ns, const struct nlattr **tb, bool by_id,
		   struct netns **ret_peer)
{
	const struct nlattr *bad;
	int err, fd;

	if (tb[NETNSA_PID]) {
		bad = tb[NETNSA_PID];
		err = netns_find_by_pid((pid_t)mnl_attr_get_u32(bad), ret_peer);
	} else if (tb[NETNSA_FD]) {
		bad = tb[NETNSA_FD];
		fd = session_fd(req->s, mnl_attr_get_u32(bad));
		err = fd < 0 ? -EBADF : netns_find_by_fd(fd, ret_peer);
	} else if (by_id && tb[NETNSA_NSID]) {
		bad = tb[NETNSA_NSID];
		*ret_peer = netns_peer_by_id(ns, (int)mnl_attr_get_u32(bad));
		err = *ret_peer ? 0 : -ENOENT;
	} else {
		return nl_refuse(req, -EINVAL, "Peer netns reference is missing", NULL);
	}
	return err ? nl_refuse(req, err, "Peer netns reference is invalid", bad) : 0;
}

int nl_nsid_new(struct nl_req *req)
{
	const struct nlattr *tb[NETNSA_MAX + 1];
	struct netns *peer;
	int err, id;

	err = parse(req, tb);
	if (err)
		return err;
	if (!tb[NETNSA_NSID])
		return nl_refuse(req, -EINVAL, "nsid is missing", NULL);
	id = (int)mnl_attr_get_u32(tb[NETNSA_NSID]);
	err = peer_of(req, req->ns, tb, false, &peer);
	if (err)
		return err;
	if (netns_peer_id(req->ns, peer) >= 0) {
		err = nl_refuse(req, -EEXIST, "Peer netns already has a nsid assigned", NULL);
	} else {
		err = netns_peer_id_alloc(req->ns, peer, id, NULL);
		if (err == -EEXIST || err == -ENOSPC)
			err = nl_refuse(req, -EEXIST, "The specified nsid is already used",
					tb[NETNSA_NSID]);
	}
	netns_put(peer);
	return err;
}

static void fill(struct nl_out *out, const struct nl_who *who, int id, bool has_current,
		 int current)
{
	struct nlmsghdr *nlh;

	nlh = nl_begin(out, RTM_NEWNSID, who->flags, who->seq, who->port, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)id);
	if (has_current)
		mnl_attr_put_u32(nlh, NETNSA_CURRENT_NSID, (uint32_t)current);
	nl_end(out, nlh);
}

static int target_of(struct nl_req *req, const struct nlattr *attr, struct netns **ret_ns)
{
	struct netns *ns = netns_peer_by_id(req->ns, (int)mnl_attr_get_u32(attr));

	if (!ns)
		return nl_refuse(req, -EINVAL, "Target netns reference is invalid", attr);
	if (!netns_permitted(ns, session_cred(req->s))) {
		netns_put(ns);
		return nl_refuse(req, -EACCES, "Target netns reference is invalid", attr);
	}
	*ret_ns = ns;
	return 0;
}

int nl_nsid_get(struct nl_req *req)
{
	struct nl_who who = { req->nlh->nlmsg_seq, req->port, 0 };
	const struct nlattr *tb[NETNSA_MAX + 1];
	struct netns *target = NULL, *peer;
	int err;

	err = parse(req, tb);
	if (err)
		return err;
	err = peer_of(req, req->ns, tb, true, &peer);
	if (err)
		return err;
	if (tb[NETNSA_TARGET_NSID])
		err = target_of(req, tb[NETNSA_TARGET_NSID], &target);
	if (!err)
		fill(req->out, &who, netns_peer_id(target ? target : req->ns, peer), target != NULL,
		     netns_peer_id(req->ns, peer));
	netns_put(target);
	netns_put(peer);
	return err;
}

static int slice(struct nl_req *req, struct nl_dump *d)
{
	struct nl_who who = { d->nlh.nlmsg_seq, req->port, NLM_F_MULTI };
	struct netns *here = session_netns(req->s), *peer;
	int more = 0, id;

	while (!more && (peer = netns_peer_next(d->ns, (int)d->at, &id))) {
		fill(req->out, &who, id, d->has_target,
		     d->has_target ? netns_peer_id(here, peer) : 0);
		netns_put(peer);
		d->at = (uint64_t)id;
		more = !nl_room(req->out);
	}
	netns_put(here);
	return more;
}

int nl_nsid_dump(struct nl_req *req)
{
	struct nl_dump d = { .slice = slice, .at = (uint64_t)-1 };
	const struct nlattr *tb[NETNSA_MAX + 1];
	int err;

	err = parse(req, tb);
	if (err)
		return err;
	if (req->strict && (tb[NETNSA_NSID] || tb[NETNSA_PID] || tb[NETNSA_FD]))
		return nl_refuse(req, -EINVAL, "Unsupported attribute in dump request",
				 tb[NETNSA_NSID]);
	if (tb[NETNSA_TARGET_NSID]) {
		err = target_of(req, tb[NETNSA_TARGET_NSID], &d.ns);
		if (err)
			return err;
		d.has_target = 1;
	}
	session_dump(req, &d);
	if (d.ns)
		netns_put(d.ns);
	return 0;
}
