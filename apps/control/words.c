/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of our own: a session's hello, its groups and options, descriptors, and the commands
 * that come as words. See control.h for their layout.
 */
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command {
	const char *first, *second; /* second: NULL: none */
	int (*fn)(struct words *w);
} commands[] = {
	{ "netns", "add", words_netns_add },
	{ "netns", "del", words_netns_del },
	{ "netns", "list", words_netns_list },
	{ "netns", "set", words_netns_set },
	{ "netns", "list-id", words_netns_list_id },
	{ "netns", "identify", words_netns_identify },
	{ "netns", "pids", words_netns_pids },
	{ "netns", "attach", words_netns_attach },
	{ "show", NULL, words_show },
	{ "stats", NULL, words_stats },
	{ "runtime", NULL, words_runtime },
	{ "rcu", NULL, words_rcu },
	{ "quota", NULL, words_quota },
	{ "owner", NULL, words_owner },
	{ "lcore", "list", words_lcore_list },
	{ "port", "add", words_port_add },
	{ "port", "del", words_port_del },
	{ "port", "list", words_port_list },
	{ "module", "list", words_module_list },
};

void words_json_string(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

int words_u64(struct words *w, const char *word, uint64_t *ret_value)
{
	char *end;

	errno = 0;
	if (word && *word >= '0' && *word <= '9') {
		*ret_value = strtoull(word, &end, 0);
		if (!errno && !*end)
			return 0;
	}
	return nl_refusef(w->req, -EINVAL, NULL, "\"%s\" is no number", word ? word : "");
}

int words_netns(struct words *w, const char *name, struct netns **ret_ns)
{
	if (!*name || strcmp(name, "root") == 0) {
		*ret_ns = netns_get(netns_init_ns());
		return 0;
	}
	*ret_ns = netns_find_by_name(name);
	if (*ret_ns)
		return 0;
	return nl_refusef(w->req, -ENOENT, NULL, "No tenant is called \"%.64s\"", name);
}

int words_netns_own(struct words *w, const char *name, struct netns **ret_ns)
{
	int err = words_netns(w, name, ret_ns);

	if (err)
		return err;
	if (netns_permitted(*ret_ns, session_cred(w->req->s)))
		return 0;
	netns_put(*ret_ns);
	return nl_refusef(
		w->req, -EPERM, NULL,
		"Tenant \"%.64s\" is not yours: its owner or an administrator may do this", name);
}

int words_admin(struct words *w)
{
	if (session_admin(w->req->s))
		return 0;
	return nl_refuse(w->req, -EPERM, "Only an administrator may do this", NULL);
}

/* Splits the payload; the words stay where they are. */
static int split(struct words *w, const struct nlmsghdr *nlh)
{
	const char *p = mnl_nlmsg_get_payload(nlh);
	size_t left = mnl_nlmsg_get_payload_len(nlh), n;

	while (left) {
		n = strnlen(p, left);
		if (n == left)
			return nl_refuse(w->req, -EINVAL, "A word has no end", NULL);
		if (w->n == WORDS_MAX)
			return nl_refuse(w->req, -E2BIG, "Too many words", NULL);
		w->w[w->n++] = p;
		p += n + 1;
		left -= n + 1;
	}
	return 0;
}

static const struct command *find(const struct words *w)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (w->n > 0 && strcmp(w->w[0], c->first) == 0 &&
		    (!c->second || (w->n > 1 && strcmp(w->w[1], c->second) == 0)))
			return c;
	}
	return NULL;
}

static int words_handle(struct nl_req *req, bool *ret_answered)
{
	struct words w = { .req = req };
	const struct command *c;
	struct nl_dump none = { .slice = NULL };
	char *text = NULL;
	size_t len = 0;
	int err;

	err = split(&w, req->nlh);
	if (err)
		return err;
	c = find(&w);
	if (!c)
		return nl_refuse(req, -EOPNOTSUPP, "No such command", NULL);
	w.out = open_memstream(&text, &len);
	if (!w.out)
		return -ENOMEM;
	err = c->fn(&w);
	if (fclose(w.out) != 0 && !err)
		err = -ENOMEM;
	if (!err && !w.answered) {
		if (len)
			session_send_text(req, text, len);
		req->out->len = 0;
		nl_done(req->out, req, &none, 0);
	}
	*ret_answered = !err;
	free(text);
	return err;
}

static int hello(struct nl_req *req)
{
	const struct nsp_hello *h = nl_header(req, sizeof(*h));
	size_t n = mnl_nlmsg_get_payload_len(req->nlh) - sizeof(*h);
	struct words w = { .req = req };
	char name[NETNS_NAME_MAX + 1];
	struct netns *ns;
	int err;

	if (!h)
		return -EINVAL;
	if (h->port)
		session_set_port(req->s, h->port);
	n = strnlen(h->name, n);
	if (n == 0)
		return 0;
	if (n > NETNS_NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, h->name, n);
	name[n] = 0;
	err = words_netns(&w, name, &ns);
	if (err)
		return err;
	err = netns_session_enter(session_ns(req->s), session_cred(req->s), ns);
	if (err == -EPERM)
		nl_refusef(req, err, NULL, "Tenant \"%.64s\" is not yours to enter", name);
	netns_put(ns);
	return err;
}

static int group(struct nl_req *req)
{
	const struct nsp_group *g = nl_header(req, sizeof(*g));

	if (!g || !g->group)
		return -EINVAL;
	if (g->group > NL_GROUPS_MAX) /* a group that never speaks */
		return 0;
	session_group(req->s, g->group, g->join);
	return 0;
}

static int option(struct nl_req *req)
{
	const struct nsp_option *o = nl_header(req, sizeof(*o));

	if (!o)
		return -EINVAL;
	session_option(req->s, o->option, o->value);
	return 0;
}

static int getfd(struct nl_req *req)
{
	size_t n = mnl_nlmsg_get_payload_len(req->nlh);
	const char *name = mnl_nlmsg_get_payload(req->nlh);
	struct words w = { .req = req };
	struct nlmsghdr *nlh;
	struct netns *ns;
	int err, fd;

	if (!n || strnlen(name, n) == n)
		return -EINVAL;
	err = words_netns(&w, name, &ns);
	if (err)
		return err;
	fd = netns_open_fd(ns);
	netns_put(ns);
	if (fd < 0)
		return fd;
	nlh = nl_begin(req->out, NSP_TEXT, 0, req->nlh->nlmsg_seq, req->port, 4);
	nl_end(req->out, nlh);
	session_send(req->s, req->out, fd);
	req->out->len = 0;
	close(fd);
	return 0;
}

int nsp_handle(struct nl_req *req, bool *ret_answered)
{
	switch (req->nlh->nlmsg_type) {
	case NSP_HELLO:
		return hello(req);
	case NSP_GROUPS:
		return group(req);
	case NSP_OPTION:
		return option(req);
	case NSP_GETFD:
		return getfd(req);
	case NSP_WORDS:
		if (session_dumping(req->s))
			return -EBUSY;
		return words_handle(req, ret_answered);
	default:
		return -EOPNOTSUPP;
	}
}
