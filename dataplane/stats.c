/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading what workers count: sums for tenants, rows of a worker, and the debug check that nothing
 * is lost. See account.h for what must hold. Control side.
 */
#include <errno.h>
#include <string.h>

#include "ctl.h"
#include "link.h"
#include "log.h"
#include "module.h"
#include "stats.h"
#include "worker.h"

#define CHECK_AT_ONCE 256u /* tenants a second */

static void add_counters(struct link_counters *sum, const struct link_counters *c)
{
	sum->rx_packets += account_read(&c->rx_packets);
	sum->rx_bytes += account_read(&c->rx_bytes);
	sum->tx_packets += account_read(&c->tx_packets);
	sum->tx_bytes += account_read(&c->tx_bytes);
}

/* One worker's counts of @t's links, those that are going and those that have gone. Both locks. */
static void tenant_links_sum(const struct tenant_links *t, const struct account_area *a,
			     struct link_counters *sum)
{
	const uint64_t *word = a->block[t->ns->index].word;
	const struct link *l;

	for (l = t->first; l != NULL; l = l->next)
		add_counters(sum, &a->link[l->pub.index]);
	for (l = t->dying; l != NULL; l = l->next)
		add_counters(sum, &a->link[l->pub.index]);
	if (a->touched[t->ns->index] == 0)
		return;
	sum->rx_packets += word[ACCOUNT_GONE_RX_PACKETS];
	sum->rx_bytes += word[ACCOUNT_GONE_RX_BYTES];
	sum->tx_packets += word[ACCOUNT_GONE_TX_PACKETS];
	sum->tx_bytes += word[ACCOUNT_GONE_TX_BYTES];
}

int dp_tenant_stats(struct netns *ns, struct dp_tenant_stats *s)
{
	struct tenant_links *t = tenant_links(ns);
	struct link_counters sum = { 0 };
	const struct account_area *a;
	const uint64_t *word;
	unsigned int i, k;

	if (t == NULL)
		return -ENOENT;
	memset(s, 0, sizeof(*s));
	dp_ctl_lock();
	netns_mutex_lock(&account_lock);
	for (i = 0; i < account_workers; i++) {
		a = &account_areas[i];
		tenant_links_sum(t, a, &sum);
		s->cycles += account_read(&a->cycles[ns->index]);
		if (a->touched[ns->index] == 0)
			continue;
		word = a->block[ns->index].word;
		for (k = 0; k < DP_DROP_REASONS; k++)
			s->drops[k] += account_read(&word[k]);
		s->made += account_read(&word[ACCOUNT_MADE]);
		s->queued += account_read(&word[ACCOUNT_KEPT]);
		s->moved += account_read(&word[ACCOUNT_MOVED]);
	}
	netns_mutex_unlock(&account_lock);
	dp_ctl_unlock();
	s->rx_packets = sum.rx_packets;
	s->rx_bytes = sum.rx_bytes;
	s->tx_packets = sum.tx_packets;
	s->tx_bytes = sum.tx_bytes;
	return 0;
}

static unsigned int stat_row(struct dp_worker_stats *s, unsigned int n, const char *name,
			     const struct stat_row *row)
{
	s->module[n].name = name;
	s->module[n].calls = account_read(&row->calls);
	s->module[n].packets = account_read(&row->packets);
	s->module[n].cycles = account_read(&row->cycles);
	return n + 1;
}

int dp_worker_stats(unsigned int worker, struct dp_worker_stats *s)
{
	const struct worker *w;
	unsigned int i, n = 0;
	struct module *m;

	if (worker >= n_workers)
		return -ENOENT;
	w = workers[worker];
	memset(s, 0, sizeof(*s));
	s->loops = account_read(&w->loops);
	s->vectors = account_read(&w->vectors);
	s->rx_packets = account_read(&w->rx_packets);
	s->tx_packets = account_read(&w->tx_packets);
	s->drops = account_read(&w->drops);
	s->busy_cycles = account_read(&w->busy_cycles);
	s->idle_cycles = account_read(&w->idle_cycles);
	n = stat_row(s, n, "rx", &w->stat[STAT_RX]);
	n = stat_row(s, n, "classify", &w->stat[STAT_CLASSIFY]);
	dp_ctl_lock();
	for (i = 0; (m = module_at(i)) != NULL; i++)
		n = stat_row(s, n, m->desc->name, &w->stat[m->bit]);
	dp_ctl_unlock();
	stat_row(s, n, "tx", &w->stat[STAT_TX]);
	return 0;
}

uint64_t conservation_failures;

/** struct check - one tenant's equation on each worker */
struct check {
	const struct tenant_links *t;
	unsigned int wrong; /* workers; atomic */
};

/* On the worker, between two bursts: its own counts are settled and stand still. */
static int check_here(struct dp_worker *pub, void *arg)
{
	struct check *c = arg;
	const struct account_area *a = &worker_of(pub)->area;
	const uint64_t *word = a->block[c->t->ns->index].word;
	struct link_counters sum = { 0 };
	uint64_t in, out = 0;
	unsigned int i;

	tenant_links_sum(c->t, a, &sum);
	in = sum.rx_packets;
	if (a->touched[c->t->ns->index] != 0) {
		in += word[ACCOUNT_MADE];
		for (i = 0; i < DP_DROP_REASONS; i++)
			out += word[i];
		out += word[ACCOUNT_KEPT] + word[ACCOUNT_MOVED];
	}
	out += sum.tx_packets;
	if (in != out)
		__atomic_fetch_add(&c->wrong, 1, __ATOMIC_RELAXED);
	return 0;
}

unsigned int conservation_check_tenant(const struct netns *ns)
{
	struct check c = { .t = tenant_links(ns) };

	netns_mutex_lock(&account_lock);
	dp_workers_run(check_here, &c);
	netns_mutex_unlock(&account_lock);
	if (c.wrong != 0)
		LOG_ERR("tenant %s: packets in are not packets out and drops, on %u workers",
			netns_name(ns) != NULL ? netns_name(ns) : "?", c.wrong);
	return c.wrong;
}

/** struct check_turn - which tenants have their turn */
struct check_turn {
	uint32_t from; /* tenant index */
	unsigned int left;
};

static void check_some(struct netns *ns, void *arg)
{
	struct check_turn *turn = arg;

	if (turn->left == 0 || ns->index < turn->from)
		return;
	turn->left--;
	turn->from = ns->index + 1;
	conservation_failures += conservation_check_tenant(ns);
}

void conservation_check(void)
{
	static uint32_t from; /* only the watch thread is here */
	struct check_turn turn = { .from = from, .left = CHECK_AT_ONCE };

	tenants_each(check_some, &turn, 0, 0);
	from = turn.left == 0 ? turn.from : 0;
}
