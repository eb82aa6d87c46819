/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only administrators change: quotas, owners, ports, modules. Everybody may look at their own.
 */
#include <errno.h>
#include <string.h>

#include "dataplane/dp.h"
#include "words.h"

static int quota_kind(struct words *w, const char *word, enum netns_quota_kind *ret_kind)
{
	static const char *const kinds[NETNS_QUOTA_KINDS] = { "bytes", "links", "routes",
							      "neighs" };
	unsigned int k;

	for (k = 0; k < NETNS_QUOTA_KINDS; k++)
		if (strcmp(word, kinds[k]) == 0) {
			*ret_kind = k;
			return 0;
		}
	return nl_refusef(w->req, -EINVAL, NULL,
			  "\"%.32s\" is no quota: bytes, links, routes or neighs", word);
}

int words_quota(struct words *w)
{
	enum netns_quota_kind kind = NETNS_QUOTA_BYTES;
	uint64_t limit = UINT64_MAX;
	struct netns *ns;
	unsigned int i;
	int err;

	if (w->n < 4 || w->n % 2)
		return nl_refuse(w->req, -EINVAL, "Expected: quota NAME KIND LIMIT ...", NULL);
	err = words_admin(w);
	if (!err)
		err = words_netns(w, w->w[1], &ns);
	if (err)
		return err;
	for (i = 2; i + 1 < w->n && !err; i += 2) { /* all are looked at before one is set */
		err = quota_kind(w, w->w[i], &kind);
		if (!err && strcmp(w->w[i + 1], "none") != 0)
			err = words_u64(w, w->w[i + 1], &limit);
		if (!err && limit == 0)
			err = nl_refuse(w->req, -EINVAL, "A limit is above 0, or \"none\"", NULL);
	}
	for (i = 2; i + 1 < w->n && !err; i += 2) {
		limit = UINT64_MAX;
		err = quota_kind(w, w->w[i], &kind);
		if (!err && strcmp(w->w[i + 1], "none") != 0)
			err = words_u64(w, w->w[i + 1], &limit);
		if (!err)
			err = netns_quota_set(ns, kind, limit);
	}
	netns_put(ns);
	return err;
}

int words_owner(struct words *w)
{
	uint64_t uid, gid;
	struct netns *ns;
	int err;

	if (w->n < 4)
		return nl_refuse(w->req, -EINVAL, "Expected: owner NAME UID GID", NULL);
	err = words_admin(w);
	if (!err)
		err = words_u64(w, w->w[2], &uid);
	if (!err)
		err = words_u64(w, w->w[3], &gid);
	if (!err && (uid >= UINT32_MAX || gid >= UINT32_MAX))
		err = nl_refuse(w->req, -EINVAL, "Ids are below 4294967295", NULL);
	if (!err)
		err = words_netns(w, w->w[1], &ns);
	if (err)
		return err;
	err = netns_set_owner(ns, (uid_t)uid, (gid_t)gid);
	netns_put(ns);
	return err;
}

int words_port_add(struct words *w)
{
	struct dp_port_config config = { .promisc = false };
	struct dp_link *link;
	uint64_t n;
	unsigned int i;
	int err = words_admin(w);

	if (err)
		return err;
	if (w->n < 4)
		return nl_refuse(w->req, -EINVAL, "Expected: port add NAME DEVARGS ...", NULL);
	config.name = w->w[2];
	config.devargs = w->w[3];
	for (i = 4; i + 1 < w->n; i += 2) {
		err = words_u64(w, w->w[i + 1], &n);
		if (err)
			return err;
		if (strcmp(w->w[i], "rxq") == 0)
			config.rx_queues = (unsigned int)n;
		else if (strcmp(w->w[i], "txq") == 0)
			config.tx_queues = (unsigned int)n;
		else if (strcmp(w->w[i], "rxd") == 0)
			config.rxd = (unsigned int)n;
		else if (strcmp(w->w[i], "txd") == 0)
			config.txd = (unsigned int)n;
		else if (strcmp(w->w[i], "mtu") == 0)
			config.mtu = (unsigned int)n;
		else
			return nl_refusef(w->req, -EINVAL, NULL, "\"%.32s\" is no option of a port",
					  w->w[i]);
	}
	err = dp_port_add(&config, &link);
	if (err && config.error)
		nl_refuse(w->req, err, config.error, NULL);
	return err;
}

int words_port_del(struct words *w)
{
	int err = words_admin(w);

	if (err)
		return err;
	if (w->n < 3)
		return nl_refuse(w->req, -EINVAL, "A port's name is missing", NULL);
	err = dp_port_del(w->w[2]);
	if (err == -ENODEV || err == -ENOENT)
		nl_refusef(w->req, err, NULL, "No port is called \"%.32s\"", w->w[2]);
	return err;
}

int words_port_list(struct words *w)
{
	struct dp_link *link = NULL;
	struct dp_link_stats s;
	unsigned int n = 0;

	putc('[', w->out);
	dp_ctl_lock();
	while ((link = dp_link_next(netns_init_ns(), link))) {
		if (link->kind != DP_LINK_PORT)
			continue;
		dp_link_stats(link, &s);
		fputs(n++ ? ",{\"name\":" : "{\"name\":", w->out);
		words_json_string(w->out, dp_link_name(link));
		fprintf(w->out,
			",\"port\":%u,\"up\":%s,\"mtu\":%u,\"address\":"
			"\"%02x:%02x:%02x:%02x:%02x:%02x\",\"rx_packets\":%llu,"
			"\"tx_packets\":%llu}",
			link->port_id,
			__atomic_load_n(&link->flags, __ATOMIC_RELAXED) & DP_LINK_F_UP ? "true"
										       : "false",
			link->mtu, link->mac[0], link->mac[1], link->mac[2], link->mac[3],
			link->mac[4], link->mac[5], (unsigned long long)s.rx_packets,
			(unsigned long long)s.tx_packets);
	}
	dp_ctl_unlock();
	putc(']', w->out);
	return 0;
}

int words_module_list(struct words *w)
{
	static const char *const stages[] = { "ingress", "route", "egress", "rewrite" };
	const struct dp_module *m = NULL;
	unsigned int n = 0;

	putc('[', w->out);
	dp_ctl_lock();
	while ((m = dp_module_next(m))) {
		fprintf(w->out, "%s{\"name\":\"%s\",\"stage\":\"%s\",\"summary\":", n++ ? "," : "",
			m->name, m->stage < DP_STAGES ? stages[m->stage] : "");
		words_json_string(w->out, m->summary ? m->summary : "");
		putc('}', w->out);
	}
	dp_ctl_unlock();
	putc(']', w->out);
	return 0;
}
