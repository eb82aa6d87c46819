/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tenants by words: making, naming, deleting and listing them. The server holds the reference that
 * made a tenant until somebody deletes it; a deleted one lives on while others hold it, without its
 * name, as in Linux.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

static unsigned int held_id;

/* Every tenant has it from its first moment, however it was made. */
static int add_loopback(struct netns *ns)
{
	struct dp_link_config lo = {
		.kind = DP_LINK_LOOPBACK, .name = "lo", .ns = ns, .ifindex = 1, .mtu = 65535
	};
	int err = 0;

	dp_ctl_lock();
	if (!dp_link_by_ifindex(ns, 1))
		err = dp_link_create(&lo, NULL);
	dp_ctl_unlock();
	return err;
}

/* The slot says: 1 this server holds a reference. Written under held_lock's thread: the control's.
 */
static struct netns_ops held_ops = {
	.name = "control",
	.init = add_loopback,
	.id = &held_id,
	.flags = NETNS_OPS_VALUE,
};

int held_start(void)
{
	return netns_device_register(&held_ops);
}

static bool is_held(struct netns *ns)
{
	return (uintptr_t)netns_generic(ns, held_id) == 1;
}

void held_take(struct netns *ns)
{
	char name[NETNS_NAME_MAX + 1];

	netns_value_set(ns, held_id, 1);
	if (netns_name_copy(ns, name, sizeof(name)) == 0)
		nl_notify_netns("add", name);
}

/* Takes the name and the server's reference away. Return: the tenant was held. */
bool held_drop(struct netns *ns)
{
	char name[NETNS_NAME_MAX + 1];

	if (!is_held(ns))
		return false;
	if (netns_name_copy(ns, name, sizeof(name)) == 0)
		nl_notify_netns("delete", name);
	netns_value_set(ns, held_id, 0);
	netns_name_set(ns, NULL);
	netns_put(ns);
	return true;
}

void held_stop(void)
{
	struct netns *ns, *list[64];
	unsigned int n, i;

	do {
		n = 0;
		netns_reader_online();
		netns_foreach_rcu (ns)
			if (n < 64 && is_held(ns) && netns_tryget(ns))
				list[n++] = ns;
		netns_reader_offline();
		for (i = 0; i < n; i++) {
			held_drop(list[i]);
			netns_put(list[i]);
		}
	} while (n > 0);
	netns_barrier();
	netns_device_unregister(&held_ops);
}

static int quota_of(struct words *w, const char *kind, const char *value,
		    struct netns_config *config)
{
	static const char *const kinds[NETNS_QUOTA_KINDS] = { "bytes", "links", "routes",
							      "neighs" };
	unsigned int k;

	for (k = 0; k < NETNS_QUOTA_KINDS; k++)
		if (strcmp(kind, kinds[k]) == 0)
			return words_u64(w, value, &config->quota[k]);
	return nl_refusef(w->req, -EINVAL, NULL,
			  "\"%.32s\" is no quota: bytes, links, routes or "
			  "neighs",
			  kind);
}

static int add_options(struct words *w, struct netns_config *config)
{
	uint64_t uid, gid;
	unsigned int i;
	int err;

	for (i = 3; i < w->n; i += 3) {
		if (i + 2 >= w->n)
			return nl_refuse(w->req, -EINVAL, "A value is missing", NULL);
		err = words_admin(w);
		if (err)
			return err;
		if (strcmp(w->w[i], "owner") == 0) {
			err = words_u64(w, w->w[i + 1], &uid);
			if (!err)
				err = words_u64(w, w->w[i + 2], &gid);
			if (err)
				return err;
			config->owner_uid = (uid_t)uid;
			config->owner_gid = (gid_t)gid;
		} else {
			err = quota_of(w, w->w[i + 1], w->w[i + 2], config);
			if (err)
				return err;
		}
	}
	return 0;
}

int words_netns_add(struct words *w)
{
	const struct netns_cred *cred = session_cred(w->req->s);
	struct netns_config config = { .owner_uid = cred->uid,
				       .owner_gid = cred->gid,
				       .flags = NETNS_CONFIG_OWNER };
	struct netns *ns;
	int err;

	if (w->n < 3)
		return nl_refuse(w->req, -EINVAL, "A name is missing", NULL);
	config.name = w->w[2];
	err = add_options(w, &config);
	if (!err)
		err = control_netns_create(&config, &ns);
	if (err == -EEXIST)
		nl_refusef(w->req, err, NULL, "A tenant is called \"%.64s\" already", w->w[2]);
	if (err == -EINVAL && !w->req->ext.msg)
		nl_refuse(w->req, err,
			  "A name has 1 to 255 bytes, no \"/\", and is not \".\" or \"..\"", NULL);
	if (err == -ENOSPC)
		nl_refuse(w->req, err, "The limit of tenants is reached", NULL);
	if (err == -EAGAIN)
		nl_refuse(w->req, err, "Too many tenants wait for being freed: try again", NULL);
	return err;
}

int words_netns_del(struct words *w)
{
	struct netns *ns;
	int err;

	if (w->n < 3)
		return nl_refuse(w->req, -EINVAL, "A name is missing", NULL);
	err = words_netns_own(w, w->w[2], &ns);
	if (err)
		return err;
	if (ns == netns_init_ns())
		err = nl_refuse(w->req, -EBUSY, "The root tenant stays", NULL);
	else if (!held_drop(ns))
		err = netns_name_set(ns, NULL);
	netns_put(ns);
	return err;
}

static void list_one(FILE *out, struct netns *ns, struct netns *view)
{
	char name[NETNS_NAME_MAX + 1];
	int id = netns_peer_id(view, ns);
	uid_t uid;
	gid_t gid;

	netns_owner(ns, &uid, &gid);
	fputs("{\"name\":", out);
	if (ns == netns_init_ns())
		strcpy(name, "root");
	else if (netns_name_copy(ns, name, sizeof(name)) != 0)
		*name = 0;
	words_json_string(out, name);
	if (id >= 0)
		fprintf(out, ",\"id\":%d", id);
	fprintf(out, ",\"cookie\":%llu,\"inum\":%u,\"uid\":%u,\"gid\":%u",
		(unsigned long long)netns_cookie(ns), netns_inum(ns), uid, gid);
	if (!*name && ns != netns_init_ns())
		fputs(",\"deleted\":true", out);
	putc('}', out);
}

/* A slice of the list: d->at is the first index to look at. */
static int list_slice(struct nl_req *req, struct nl_dump *d)
{
	struct netns *view = session_netns(req->s), *ns = NULL;
	size_t len = 0, n = 0;
	struct nlmsghdr *nlh;
	char *text = NULL;
	FILE *out = open_memstream(&text, &len);
	int more = 0;

	if (!out) {
		netns_put(view);
		return -ENOMEM;
	}
	if (!d->done_first)
		putc('[', out);
	if (d->at)
		ns = netns_by_index((uint32_t)d->at_ifindex);
	netns_foreach_rcu (ns) {
		if (d->at && ns->index <= d->at_ifindex)
			continue;
		if (n++ == 100) {
			more = 1;
			break;
		}
		if (!netns_tryget(ns))
			continue;
		if (d->done_first)
			putc(',', out);
		list_one(out, ns, view);
		d->at = 1;
		d->at_ifindex = ns->index;
		d->done_first = true;
		netns_put(ns);
	}
	if (!more)
		fputs(d->done_first ? "]" : "[]", out);
	fclose(out);
	netns_put(view);
	nlh = nl_begin(req->out, NSP_TEXT, NLM_F_MULTI, d->nlh.nlmsg_seq, req->port, len);
	memcpy(nl_payload(nlh), text, len);
	nlh->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len);
	nl_end(req->out, nlh);
	free(text);
	return more;
}

int words_netns_list(struct words *w)
{
	struct nl_dump d = { .slice = list_slice };

	session_dump(w->req, &d);
	w->answered = true;
	return 0;
}

int words_netns_set(struct words *w)
{
	struct netns *peer;
	uint64_t id = 0;
	int err, reqid = -1;

	if (w->n < 4)
		return nl_refuse(w->req, -EINVAL, "Expected: netns set NAME NSID", NULL);
	if (!netns_permitted(w->req->ns, session_cred(w->req->s)))
		return -EPERM;
	if (strcmp(w->w[3], "auto") != 0) {
		err = words_u64(w, w->w[3], &id);
		if (err)
			return err;
		if (id > INT32_MAX)
			return nl_refuse(w->req, -EINVAL, "An nsid is below 2147483648", NULL);
		reqid = (int)id;
	}
	err = words_netns(w, w->w[2], &peer);
	if (err)
		return err;
	err = netns_peer_id_alloc(w->req->ns, peer, reqid, NULL);
	if (err == -EEXIST)
		nl_refuse(w->req, err,
			  netns_peer_id(w->req->ns, peer) >= 0
				  ? "Peer netns already has a nsid assigned"
				  : "The specified nsid is already used",
			  NULL);
	netns_put(peer);
	return err;
}

int words_netns_list_id(struct words *w)
{
	char name[NETNS_NAME_MAX + 1];
	struct netns *peer;
	int id = -1;
	bool first = true;

	putc('[', w->out);
	while ((peer = netns_peer_next(w->req->ns, id, &id))) {
		fprintf(w->out, "%s{\"nsid\":%d", first ? "" : ",", id);
		first = false;
		if (netns_name_copy(peer, name, sizeof(name)) == 0) {
			fputs(",\"name\":", w->out);
			words_json_string(w->out, name);
		}
		putc('}', w->out);
		netns_put(peer);
	}
	putc(']', w->out);
	return 0;
}

int words_netns_identify(struct words *w)
{
	char name[NETNS_NAME_MAX + 1];
	uint64_t pid = (uint64_t)session_pid(w->req->s);
	struct netns *ns;
	int err;

	if (w->n > 2) {
		err = words_u64(w, w->w[2], &pid);
		if (err)
			return err;
	}
	err = netns_find_by_pid((pid_t)pid, &ns);
	if (err)
		return nl_refusef(w->req, err, NULL, "Process %llu has no session here",
				  (unsigned long long)pid);
	if (netns_name_copy(ns, name, sizeof(name)) != 0)
		*name = 0;
	fputs("[{\"name\":", w->out);
	words_json_string(w->out, name);
	fputs("}]", w->out);
	netns_put(ns);
	return 0;
}

struct pids {
	FILE *out;
	bool any;
};

static void one_pid(pid_t pid, void *arg)
{
	struct pids *p = arg;

	fprintf(p->out, "%s%d", p->any ? "," : "", (int)pid);
	p->any = true;
}

int words_netns_pids(struct words *w)
{
	struct pids p = { .out = w->out };
	struct netns *ns;
	int err;

	if (w->n < 3)
		return nl_refuse(w->req, -EINVAL, "A name is missing", NULL);
	err = words_netns_own(w, w->w[2], &ns);
	if (err)
		return err;
	putc('[', w->out);
	netns_session_pids(ns, one_pid, &p);
	putc(']', w->out);
	netns_put(ns);
	return 0;
}

int words_netns_attach(struct words *w)
{
	struct netns *ns;
	uint64_t pid;
	int err;

	if (w->n < 4)
		return nl_refuse(w->req, -EINVAL, "Expected: netns attach NAME PID", NULL);
	err = words_u64(w, w->w[3], &pid);
	if (err)
		return err;
	err = netns_find_by_pid((pid_t)pid, &ns);
	if (err)
		return nl_refusef(w->req, err, NULL, "Process %llu has no session here",
				  (unsigned long long)pid);
	if (!netns_permitted(ns, session_cred(w->req->s)))
		err = -EPERM;
	else if (ns == netns_init_ns() || netns_name_copy(ns, (char[256]){ 0 }, 256) == 0)
		err = nl_refuse(w->req, -EEXIST, "The tenant of that process has a name", NULL);
	else
		err = netns_name_set(ns, w->w[2]);
	if (!err) { /* with its name it is kept again */
		netns_get(ns);
		held_take(ns);
	}
	netns_put(ns);
	return err;
}
