/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters and state by words: tenants, links, lcores, modules, grace periods. Read only, but what
 * belongs to a tenant is told to its owner and to administrators only.
 */
#include <errno.h>
#include <string.h>

#include "dataplane/dp.h"
#include "words.h"

static void drops(FILE *out, const uint64_t *drop)
{
	unsigned int i, n = 0;

	fputs("\"drops\":{", out);
	for (i = 0; i < DP_DROP_REASONS; i++)
		if (drop[i])
			fprintf(out, "%s\"%s\":%llu", n++ ? "," : "", dp_drop_name(i),
				(unsigned long long)drop[i]);
	putc('}', out);
}

static void name_of(FILE *out, struct netns *ns)
{
	char name[NETNS_NAME_MAX + 1];

	if (ns == netns_init_ns())
		strcpy(name, "root");
	else if (netns_name_copy(ns, name, sizeof(name)) != 0)
		*name = 0;
	words_json_string(out, name);
}

static void tenant_stats(FILE *out, struct netns *ns)
{
	struct dp_tenant_stats s;

	memset(&s, 0, sizeof(s));
	dp_tenant_stats(ns, &s);
	fputs("{\"name\":", out);
	name_of(out, ns);
	fprintf(out,
		",\"rx_packets\":%llu,\"rx_bytes\":%llu,\"tx_packets\":%llu,\"tx_bytes\":%llu,"
		"\"made\":%llu,\"queued\":%llu,\"cycles\":%llu,",
		(unsigned long long)s.rx_packets, (unsigned long long)s.rx_bytes,
		(unsigned long long)s.tx_packets, (unsigned long long)s.tx_bytes,
		(unsigned long long)s.made, (unsigned long long)s.queued,
		(unsigned long long)s.cycles);
	drops(out, s.drops);
}

static void links(FILE *out, struct netns *ns)
{
	struct dp_link *link = NULL;
	struct dp_link_stats s;
	bool first = true;

	fputs("\"links\":[", out);
	dp_ctl_lock();
	while ((link = dp_link_next(ns, link))) {
		dp_link_stats(link, &s);
		fprintf(out, "%s{\"ifindex\":%u,\"ifname\":", first ? "" : ",", link->ifindex);
		words_json_string(out, dp_link_name(link));
		fprintf(out,
			",\"up\":%s,\"rx_packets\":%llu,\"rx_bytes\":%llu,\"tx_packets\":%llu,"
			"\"tx_bytes\":%llu,\"rx_drops\":%llu,\"tx_drops\":%llu}",
			__atomic_load_n(&link->flags, __ATOMIC_RELAXED) & DP_LINK_F_UP ? "true"
										       : "false",
			(unsigned long long)s.rx_packets, (unsigned long long)s.rx_bytes,
			(unsigned long long)s.tx_packets, (unsigned long long)s.tx_bytes,
			(unsigned long long)s.rx_drops, (unsigned long long)s.tx_drops);
		first = false;
	}
	dp_ctl_unlock();
	putc(']', out);
}

/* Every module's own word on the tenant */
static void modules(FILE *out, struct netns *ns)
{
	const struct dp_module *m = NULL;
	bool first = true;

	fputs("\"modules\":{", out);
	dp_ctl_lock();
	while ((m = dp_module_next(m))) {
		/* control-only modules have no bit, and are everywhere */
		if (!(ns->features & dp_module_feature(m)) && m->process)
			continue;
		fprintf(out, "%s\"%s\":{", first ? "" : ",", m->name);
		if (m->show)
			m->show(ns, out);
		putc('}', out);
		first = false;
	}
	dp_ctl_unlock();
	putc('}', out);
}

static void quotas(FILE *out, const struct netns *ns)
{
	static const char *const kinds[NETNS_QUOTA_KINDS] = { "bytes", "links", "routes",
							      "neighs" };
	uint64_t limit, used;
	unsigned int k;

	fputs("\"quota\":{", out);
	for (k = 0; k < NETNS_QUOTA_KINDS; k++) {
		if (netns_quota_get(ns, k, &limit, &used) != 0)
			continue;
		fprintf(out, "%s\"%s\":{\"used\":%llu", k ? "," : "", kinds[k],
			(unsigned long long)used);
		if (limit != UINT64_MAX)
			fprintf(out, ",\"limit\":%llu", (unsigned long long)limit);
		putc('}', out);
	}
	putc('}', out);
}

static void show_one(FILE *out, struct netns *ns)
{
	uid_t uid;
	gid_t gid;

	netns_owner(ns, &uid, &gid);
	fputs("{\"name\":", out);
	name_of(out, ns);
	fprintf(out, ",\"cookie\":%llu,\"inum\":%u,\"node\":%u,\"uid\":%u,\"gid\":%u,",
		(unsigned long long)netns_cookie(ns), netns_inum(ns), ns->numa_node, uid, gid);
	quotas(out, ns);
	putc(',', out);
	links(out, ns);
	putc(',', out);
	modules(out, ns);
	putc('}', out);
}

int words_show(struct words *w)
{
	struct netns *ns;
	int err;

	if (w->n > 1)
		err = words_netns_own(w, w->w[1], &ns);
	else
		err = (ns = netns_get(w->req->ns), 0);
	if (err)
		return err;
	putc('[', w->out);
	show_one(w->out, ns);
	putc(']', w->out);
	netns_put(ns);
	return 0;
}

static int stats_all(struct words *w)
{
	const struct netns_cred *cred = session_cred(w->req->s);
	struct netns *ns;
	unsigned int n = 0;

	netns_foreach_rcu (ns) {
		if (!netns_permitted(ns, cred))
			continue;
		if (n++)
			putc(',', w->out);
		tenant_stats(w->out, ns);
		putc('}', w->out);
	}
	return 0;
}

int words_stats(struct words *w)
{
	struct netns *ns;
	int err;

	putc('[', w->out);
	if (w->n > 1) {
		err = words_netns_own(w, w->w[1], &ns);
		if (err)
			return err;
		tenant_stats(w->out, ns);
		putc(',', w->out);
		links(w->out, ns);
		putc('}', w->out);
		netns_put(ns);
	} else {
		stats_all(w);
	}
	putc(']', w->out);
	return 0;
}

static void worker(FILE *out, unsigned int i, const struct dp_worker_stats *s, bool with_modules)
{
	unsigned int m;

	fprintf(out,
		"{\"worker\":%u,\"loops\":%llu,\"vectors\":%llu,\"rx_packets\":%llu,"
		"\"tx_packets\":%llu,\"drops\":%llu,\"busy_cycles\":%llu,\"idle_cycles\":%llu",
		i, (unsigned long long)s->loops, (unsigned long long)s->vectors,
		(unsigned long long)s->rx_packets, (unsigned long long)s->tx_packets,
		(unsigned long long)s->drops, (unsigned long long)s->busy_cycles,
		(unsigned long long)s->idle_cycles);
	fputs(with_modules ? ",\"modules\":[" : "", out);
	for (m = 0; with_modules && m < 72 && s->module[m].name; m++)
		fprintf(out, "%s{\"name\":\"%s\",\"calls\":%llu,\"packets\":%llu,\"cycles\":%llu}",
			m ? "," : "", s->module[m].name, (unsigned long long)s->module[m].calls,
			(unsigned long long)s->module[m].packets,
			(unsigned long long)s->module[m].cycles);
	fputs(with_modules ? "]}" : "}", out);
}

static int workers(struct words *w, bool with_modules)
{
	static struct dp_worker_stats s; /* large; control thread only */
	unsigned int i;

	putc('[', w->out);
	for (i = 0; i < dp_worker_count(); i++) {
		memset(&s, 0, sizeof(s));
		if (dp_worker_stats(i, &s) != 0)
			continue;
		fputs(i ? "," : "", w->out);
		worker(w->out, i, &s, with_modules);
	}
	putc(']', w->out);
	return 0;
}

int words_runtime(struct words *w)
{
	return workers(w, true);
}

int words_lcore_list(struct words *w)
{
	return workers(w, false);
}

int words_rcu(struct words *w)
{
	struct netns_stats s;

	netns_stats(&s);
	fprintf(w->out,
		"{\"live\":%llu,\"dying\":%llu,\"created\":%llu,\"destroyed\":%llu,"
		"\"backlog_objects\":%llu,\"backlog_bytes\":%llu,\"backlog_age_ns\":%llu,",
		(unsigned long long)s.live, (unsigned long long)s.dying,
		(unsigned long long)s.created, (unsigned long long)s.destroyed,
		(unsigned long long)s.backlog_objects, (unsigned long long)s.backlog_bytes,
		(unsigned long long)s.backlog_age_ns);
	fprintf(w->out,
		"\"grace_periods\":%llu,\"gp_last_ns\":%llu,\"gp_max_ns\":%llu,"
		"\"gp_current_ns\":%llu,\"longest_reader\":",
		(unsigned long long)s.grace_periods, (unsigned long long)s.gp_last_ns,
		(unsigned long long)s.gp_max_ns, (unsigned long long)s.gp_current_ns);
	words_json_string(w->out, s.longest_reader);
	fprintf(w->out,
		",\"longest_reader_ns\":%llu,\"readers\":%u,\"slot_ids\":%u,"
		"\"arena_bytes_used\":%llu,\"arena_bytes_reserved\":%llu,\"leaked\":%llu}",
		(unsigned long long)s.longest_reader_ns, s.readers, s.slot_ids,
		(unsigned long long)s.arena_bytes_used, (unsigned long long)s.arena_bytes_reserved,
		(unsigned long long)s.leaked);
	return 0;
}
