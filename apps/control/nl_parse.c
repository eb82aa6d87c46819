/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading attributes by policy tables, and building messages. Requests are hostile: nothing is read
 * before its length was checked. Errors carry the attribute's place.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

int nl_refuse(struct nl_req *req, int err, const char *text, const struct nlattr *bad)
{
	req->ext.msg = text;
	req->ext.bad = bad;
	return err;
}

int nl_refusef(struct nl_req *req, int err, const struct nlattr *bad, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(req->ext.text, sizeof(req->ext.text), fmt, ap);
	va_end(ap);
	return nl_refuse(req, err, req->ext.text, bad);
}

const void *nl_header(const struct nl_req *req, size_t size)
{
	if (mnl_nlmsg_get_payload_len(req->nlh) < size)
		return NULL;
	return mnl_nlmsg_get_payload(req->nlh);
}

static unsigned int min_len(const struct nl_policy *p)
{
	switch (p->kind) {
	case NL_U8:
		return 1;
	case NL_U16:
		return 2;
	case NL_U32:
	case NL_S32:
		return 4;
	case NL_U64:
		return 8;
	case NL_STRING:
		return 1;
	case NL_EXACT:
		return p->len;
	default:
		return 0;
	}
}

/* A string may lack its final 0, but must not be longer than the policy says. */
static bool string_ok(const struct nl_policy *p, const struct nlattr *a)
{
	size_t n = mnl_attr_get_payload_len(a);
	const char *s = mnl_attr_get_payload(a);

	if (n > 0 && s[n - 1] == 0)
		n--;
	return p->len == 0 || n <= p->len;
}

static int check(struct nl_req *req, const struct nl_policy *p, const struct nlattr *a)
{
	size_t n = mnl_attr_get_payload_len(a);

	if (p->kind == NL_ANY)
		return 0;
	if (n < min_len(p))
		return nl_refuse(req, p->kind == NL_STRING ? -EINVAL : -ERANGE,
				 "Attribute failed policy validation", a);
	if (p->kind == NL_STRING && !string_ok(p, a))
		return nl_refuse(req, -ERANGE, "Attribute failed policy validation", a);
	if (p->kind == NL_BINARY && p->len && n > p->len)
		return nl_refuse(req, -ERANGE, "Attribute failed policy validation", a);
	if (p->kind == NL_FLAG && n > 0)
		return nl_refuse(req, -ERANGE, "Attribute failed policy validation", a);
	if (p->kind == NL_NESTED && n > 0 && n < sizeof(struct nlattr))
		return nl_refuse(req, -EINVAL, "Attribute failed policy validation", a);
	return 0;
}

int nl_parse(struct nl_req *req, const void *attrs, size_t len, const struct nl_policy *policy,
	     unsigned int max, const struct nlattr **tb, unsigned int flags)
{
	const struct nlattr *a = attrs;
	unsigned int type;
	int err;

	memset(tb, 0, sizeof(*tb) * (max + 1));
	while (len > 0 && mnl_attr_ok(a, (int)len)) {
		size_t step = MNL_ALIGN(a->nla_len);

		type = mnl_attr_get_type(a);
		if (type > max || type == 0) {
			if (flags & NL_STRICT)
				return nl_refuse(req, -EINVAL, "Unknown attribute type", a);
		} else {
			err = check(req, &policy[type], a);
			if (err)
				return err;
			tb[type] = a;
		}
		len -= step < len ? step : len;
		a = mnl_attr_next(a);
	}
	if (len > 0 && flags & NL_STRICT)
		return nl_refuse(req, -EINVAL, "bytes leftover after parsing attributes", NULL);
	return 0;
}

int nl_parse_msg(struct nl_req *req, size_t hdr, const struct nl_policy *policy, unsigned int max,
		 const struct nlattr **tb, unsigned int flags)
{
	size_t len = mnl_nlmsg_get_payload_len(req->nlh), skip = MNL_ALIGN(hdr);

	memset(tb, 0, sizeof(*tb) * (max + 1));
	if (len < hdr)
		return nl_refuse(req, -EINVAL, "Invalid header length", NULL);
	if (len <= skip)
		return 0;
	return nl_parse(req, (const char *)mnl_nlmsg_get_payload(req->nlh) + skip, len - skip,
			policy, max, tb, flags);
}

int nl_parse_nested(struct nl_req *req, const struct nlattr *nest, const struct nl_policy *policy,
		    unsigned int max, const struct nlattr **tb)
{
	return nl_parse(req, mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), policy,
			max, tb, 0);
}

struct nlmsghdr *nl_begin(struct nl_out *out, uint16_t type, uint16_t flags, uint32_t seq,
			  uint32_t port, size_t hdr_len)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(out->buf + out->len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = seq;
	nlh->nlmsg_pid = port;
	if (hdr_len)
		mnl_nlmsg_put_extra_header(nlh, hdr_len);
	return nlh;
}

void nl_end(struct nl_out *out, struct nlmsghdr *nlh)
{
	out->len += MNL_ALIGN(nlh->nlmsg_len);
}

bool nl_room(const struct nl_out *out)
{
	return out->len < NL_SLICE;
}

struct nlattr *nl_nest(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	nest->nla_type = type; /* programs compare it as it is */
	return nest;
}
