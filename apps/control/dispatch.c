/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a request's type to its handler, with what holds for all: permission to change, one dump at
 * a time, the acknowledgement. Handlers run under dp_ctl_lock unless their row says otherwise.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

struct row {
	int (*doit)(struct nl_req *req);
	int (*dump)(struct nl_req *req);
	bool unlocked; /* takes dp_ctl_lock itself */
};

#define AT(type) [(type)-RTM_BASE]

static const struct row rows[] = {
	AT(RTM_NEWLINK) = { nl_link_new, NULL, false },
	AT(RTM_DELLINK) = { nl_link_del, NULL, false },
	AT(RTM_GETLINK) = { nl_link_get, nl_link_dump, false },
	AT(RTM_SETLINK) = { nl_link_set, NULL, false },
	AT(RTM_NEWADDR) = { nl_addr_new, NULL, false },
	AT(RTM_DELADDR) = { nl_addr_del, NULL, false },
	AT(RTM_GETADDR) = { nl_addr_get, nl_addr_dump, false },
	AT(RTM_NEWROUTE) = { nl_route_new, NULL, false },
	AT(RTM_DELROUTE) = { nl_route_del, NULL, false },
	AT(RTM_GETROUTE) = { nl_route_get, nl_route_dump, false },
	AT(RTM_NEWNEIGH) = { nl_neigh_new, NULL, false },
	AT(RTM_DELNEIGH) = { nl_neigh_del, NULL, false },
	AT(RTM_GETNEIGH) = { nl_neigh_get, nl_neigh_dump, false },
	AT(RTM_GETRULE) = { NULL, nl_rule_dump, false },
	AT(RTM_GETQDISC) = { NULL, nl_empty_dump, false },
	AT(RTM_GETNEIGHTBL) = { NULL, nl_empty_dump, false },
	AT(RTM_GETADDRLABEL) = { NULL, nl_empty_dump, false },
	AT(RTM_GETNETCONF) = { nl_netconf_get, nl_netconf_dump, false },
	AT(RTM_GETMULTICAST) = { NULL, nl_empty_dump, false },
	AT(RTM_GETNEXTHOP) = { NULL, nl_empty_dump, false },
	AT(RTM_NEWNSID) = { nl_nsid_new, NULL, true },
	AT(RTM_GETNSID) = { nl_nsid_get, nl_nsid_dump, true },
	AT(RTM_GETSTATS) = { NULL, nl_stats_dump, false },
	AT(RTM_NEWLINKPROP) = { linkprop_change, NULL, false },
	AT(RTM_DELLINKPROP) = { linkprop_change, NULL, false },
};

static int run(struct nl_req *req, int (*fn)(struct nl_req *req), bool unlocked)
{
	int err;

	if (unlocked)
		return fn(req);
	dp_ctl_lock();
	err = fn(req);
	dp_ctl_unlock();
	return err;
}

static int may_change(struct nl_req *req)
{
	return netns_permitted(req->ns, session_cred(req->s)) ? 0 : -EPERM;
}

int nl_handle(struct nl_req *req)
{
	unsigned int type = req->nlh->nlmsg_type;
	const struct row *row;
	bool answered = false;
	int err;

	if (type >= NSP_HELLO) {
		err = nsp_handle(req, &answered);
		return answered ? 1 : err;
	}
	if (type < RTM_BASE || type - RTM_BASE >= sizeof(rows) / sizeof(rows[0]))
		return -EOPNOTSUPP;
	if (mnl_nlmsg_get_payload_len(req->nlh) < sizeof(struct rtgenmsg))
		return 0;
	row = &rows[type - RTM_BASE];
	if ((type & 3) != 2) { /* not a GET */
		err = may_change(req);
		if (err)
			return err;
	} else if (req->nlh->nlmsg_flags & NLM_F_DUMP) {
		if (!row->dump)
			return -EOPNOTSUPP;
		if (session_dumping(req->s))
			return -EBUSY;
		err = run(req, row->dump, row->unlocked);
		return err ? err : 1;
	}
	if (!row->doit)
		return -EOPNOTSUPP;
	return run(req, row->doit, row->unlocked);
}

static void put_ext(struct nlmsghdr *nlh, const struct nl_req *req, int err)
{
	size_t start = 0;

	if (req->ext.msg)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, req->ext.msg);
	if (err && req->ext.bad)
		start = (size_t)((const char *)req->ext.bad - (const char *)req->nlh);
	if (start && start < req->nlh->nlmsg_len)
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, (uint32_t)start);
	if (req->ext.msg || start)
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
}

void nl_ack(struct nl_req *req, int err, bool capped, bool extended)
{
	struct nlmsgerr *e;
	struct nlmsghdr *nlh;
	size_t extra = 0;

	if (err && !capped)
		extra = req->nlh->nlmsg_len - NLMSG_HDRLEN;
	if (extra > 32768) /* what the request said is known to who said it */
		extra = 0;
	nlh = nl_begin(req->out, NLMSG_ERROR, extra || (err && !capped) ? 0 : NLM_F_CAPPED,
		       req->nlh->nlmsg_seq, req->port, sizeof(*e) + MNL_ALIGN(extra));
	e = nl_payload(nlh);
	e->error = err;
	memcpy(&e->msg, req->nlh, sizeof(e->msg));
	if (extra)
		memcpy(e + 1, req->nlh + 1, extra);
	if (extended)
		put_ext(nlh, req, err);
	nl_end(req->out, nlh);
}

void nl_done(struct nl_out *out, const struct nl_req *req, const struct nl_dump *d, int err)
{
	struct nlmsghdr *nlh;
	int32_t *code;

	nlh = nl_begin(out, NLMSG_DONE, NLM_F_MULTI | d->extra_flags, req->nlh->nlmsg_seq,
		       req->port, sizeof(*code));
	code = nl_payload(nlh);
	*code = err;
	if (req->ext.msg) {
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, req->ext.msg);
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	}
	nl_end(out, nlh);
}
