/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK telemetry commands /nsplane/...: what dpdk-telemetry.py shows of tenants, workers, modules,
 * ports, links and RCU. Callbacks run in EAL's telemetry threads, as control threads; they answer
 * with an error before dp_init() and after dp_fini(). Names are of [A-Za-z0-9_/], as telemetry
 * wants them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "link.h"
#include "module.h"
#include "port.h"
#include "telemetry.h"

#define PAGE 200u /* entries of one answer */

#ifdef HAVE_TEL_UINT
#define add_uint rte_tel_data_add_dict_uint
#else
#define add_uint rte_tel_data_add_dict_u64
#endif

static struct netns_mutex lock = NETNS_MUTEX_INIT;
static bool up; /* lock: held by callbacks while they look */

static const char *key(const char *name, char out[64])
{
	unsigned int i;

	for (i = 0; name[i] != 0 && i < 63; i++)
		out[i] = (char)(isalnum((unsigned char)name[i]) ? name[i] : '_');
	out[i] = 0;
	return out;
}

static const char *tenant_name(const struct netns *ns, char out[64])
{
	const char *name = netns_name(ns);

	if (name == NULL && (ns->flags & NETNS_F_ROOT) != 0)
		return "root";
	if (name != NULL)
		snprintf(out, 64, "%.63s", name);
	else
		snprintf(out, 64, "#%u", ns->index);
	return out;
}

/* By name, "root", or "#index"; referenced. */
static struct netns *tenant_find(const char *name)
{
	struct netns *ns;
	bool token;

	if (name == NULL)
		return NULL;
	ns = netns_find_by_name(name);
	if (ns != NULL)
		return ns;
	token = rcu_enter();
	if (strcmp(name, "root") == 0)
		ns = netns_init_ns();
	else if (name[0] == '#')
		ns = netns_by_index((uint32_t)strtoul(name + 1, NULL, 10));
	if (ns != NULL && !netns_tryget(ns))
		ns = NULL;
	rcu_leave(token);
	return ns;
}

/* Names of tenants; the parameter is the index to begin with. */
static int tenants(const char *cmd, const char *params, struct rte_tel_data *d)
{
	uint32_t from = params != NULL ? (uint32_t)strtoul(params, NULL, 10) : 0, n = 0;
	struct netns *ns;
	char name[64];
	bool token;

	(void)cmd;
	rte_tel_data_start_array(d, RTE_TEL_STRING_VAL);
	token = rcu_enter();
	netns_foreach_rcu (ns)
		if (ns->index >= from && n++ < PAGE)
			rte_tel_data_add_array_string(d, tenant_name(ns, name));
	rcu_leave(token);
	return 0;
}

static int tenant(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct netns *ns = tenant_find(params);
	struct dp_tenant_stats s;
	struct rte_tel_data *drops;
	char name[64];
	unsigned int i;

	(void)cmd;
	if (ns == NULL)
		return -ENOENT;
	dp_tenant_stats(ns, &s);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "name", tenant_name(ns, name));
	add_uint(d, "index", ns->index);
	add_uint(d, "links", tenant_links(ns)->n);
	add_uint(d, "rx_packets", s.rx_packets);
	add_uint(d, "rx_bytes", s.rx_bytes);
	add_uint(d, "tx_packets", s.tx_packets);
	add_uint(d, "tx_bytes", s.tx_bytes);
	add_uint(d, "made", s.made);
	add_uint(d, "queued", s.queued);
	add_uint(d, "moved", s.moved);
	add_uint(d, "cycles", s.cycles);
	drops = rte_tel_data_alloc();
	if (drops != NULL) {
		rte_tel_data_start_dict(drops);
		for (i = 0; i < DP_DROP_REASONS; i++)
			if (s.drops[i] != 0)
				add_uint(drops, key(dp_drop_name(i), name), s.drops[i]);
		rte_tel_data_add_dict_container(d, "drops", drops, 0);
	}
	netns_put(ns);
	return 0;
}

static int workers_cmd(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct dp_worker_stats s;
	struct rte_tel_data *c;
	unsigned int i;
	char name[64];

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	for (i = 0; i < dp_worker_count() && i < PAGE; i++) {
		c = rte_tel_data_alloc();
		if (c == NULL || dp_worker_stats(i, &s) != 0)
			return -ENOMEM;
		rte_tel_data_start_dict(c);
		add_uint(c, "lcore", workers[i]->pub.lcore);
		add_uint(c, "loops", s.loops);
		add_uint(c, "vectors", s.vectors);
		add_uint(c, "rx_packets", s.rx_packets);
		add_uint(c, "tx_packets", s.tx_packets);
		add_uint(c, "drops", s.drops);
		add_uint(c, "busy_cycles", s.busy_cycles);
		add_uint(c, "idle_cycles", s.idle_cycles);
		snprintf(name, sizeof(name), "worker_%u", i);
		rte_tel_data_add_dict_container(d, name, c, 0);
	}
	return 0;
}

/* Calls, packets and cycles of each module, summed over workers, in order of running. */
static int modules(const char *cmd, const char *params, struct rte_tel_data *d)
{
	static struct dp_worker_stats s; /* lock */
	uint64_t calls, packets, cycles;
	struct rte_tel_data *c;
	unsigned int i, k;
	char name[64];

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	for (k = 0; dp_worker_stats(0, &s) == 0 && s.module[k].name != NULL; k++) {
		calls = packets = cycles = 0;
		key(s.module[k].name, name);
		for (i = 0; i < dp_worker_count(); i++) {
			dp_worker_stats(i, &s);
			calls += s.module[k].calls;
			packets += s.module[k].packets;
			cycles += s.module[k].cycles;
		}
		c = rte_tel_data_alloc();
		if (c == NULL)
			return -ENOMEM;
		rte_tel_data_start_dict(c);
		add_uint(c, "calls", calls);
		add_uint(c, "packets", packets);
		add_uint(c, "cycles", cycles);
		add_uint(c, "cycles_a_packet", packets != 0 ? cycles / packets : 0);
		add_uint(c, "packets_a_call", calls != 0 ? packets / calls : 0);
		rte_tel_data_add_dict_container(d, name, c, 0);
	}
	return 0;
}

static int rcu(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct netns_stats s;

	(void)cmd;
	(void)params;
	netns_stats(&s);
	rte_tel_data_start_dict(d);
	add_uint(d, "live", s.live);
	add_uint(d, "dying", s.dying);
	add_uint(d, "created", s.created);
	add_uint(d, "destroyed", s.destroyed);
	add_uint(d, "backlog_objects", s.backlog_objects);
	add_uint(d, "backlog_bytes", s.backlog_bytes);
	add_uint(d, "backlog_age_ns", s.backlog_age_ns);
	add_uint(d, "grace_periods", s.grace_periods);
	add_uint(d, "gp_last_ns", s.gp_last_ns);
	add_uint(d, "gp_max_ns", s.gp_max_ns);
	add_uint(d, "gp_current_ns", s.gp_current_ns);
	add_uint(d, "longest_reader_ns", s.longest_reader_ns);
	rte_tel_data_add_dict_string(d, "longest_reader", s.longest_reader);
	add_uint(d, "readers", s.readers);
	add_uint(d, "stale_handles", s.stale_handles);
	return 0;
}

static int link_dict(struct rte_tel_data *d, const struct dp_link *l)
{
	struct rte_tel_data *c = rte_tel_data_alloc();
	struct dp_link_stats s;
	char name[64];

	if (c == NULL)
		return -ENOMEM;
	dp_link_stats(l, &s);
	rte_tel_data_start_dict(c);
	rte_tel_data_add_dict_string(c, "name", dp_link_name(l));
	add_uint(c, "ifindex", l->ifindex);
	add_uint(c, "up", (l->flags & DP_LINK_F_UP) != 0);
	add_uint(c, "running", (l->flags & DP_LINK_F_RUNNING) != 0);
	add_uint(c, "mtu", l->mtu);
	add_uint(c, "rx_packets", s.rx_packets);
	add_uint(c, "rx_bytes", s.rx_bytes);
	add_uint(c, "tx_packets", s.tx_packets);
	add_uint(c, "tx_bytes", s.tx_bytes);
	add_uint(c, "rx_drops", s.rx_drops);
	add_uint(c, "tx_drops", s.tx_drops);
	rte_tel_data_add_dict_container(d, key(dp_link_name(l), name), c, 0);
	return 0;
}

/* Links of the tenant that the parameter names; without one, of the root. */
static int links(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct netns *ns = tenant_find(params != NULL && params[0] != 0 ? params : "root");
	struct dp_link *l;
	unsigned int n = 0;
	int err = 0;

	(void)cmd;
	if (ns == NULL)
		return -ENOENT;
	rte_tel_data_start_dict(d);
	dp_ctl_lock();
	for (l = dp_link_next(ns, NULL); l != NULL && n++ < PAGE && err == 0;
	     l = dp_link_next(ns, l))
		err = link_dict(d, l);
	dp_ctl_unlock();
	netns_put(ns);
	return err;
}

static int ports_cmd(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct rte_tel_data *c;
	struct dp_port *p;
	unsigned int i;
	int err = 0;
	char name[64];

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	dp_ctl_lock();
	for (i = 0; i < RTE_MAX_ETHPORTS && err == 0; i++) {
		p = ports[i];
		if (p == NULL)
			continue;
		c = rte_tel_data_alloc();
		if (c == NULL) {
			err = -ENOMEM;
			continue;
		}
		rte_tel_data_start_dict(c);
		rte_tel_data_add_dict_string(c, "device", p->device);
		rte_tel_data_add_dict_string(c, "link", p->link->name);
		add_uint(c, "port_id", p->port_id);
		add_uint(c, "rx_queues", p->rx_queues);
		add_uint(c, "tx_queues", p->tx_queues);
		add_uint(c, "carrier", p->carrier);
		add_uint(c, "promisc", p->promisc > 0);
		rte_tel_data_add_dict_container(d, key(p->device, name), c, 0);
	}
	dp_ctl_unlock();
	return err;
}

/** struct command - one of them */
static const struct command {
	const char *name, *help;
	telemetry_cb fn;
} commands[] = {
	{ "/nsplane/tenants", "Names of tenants. Parameter: index to begin with", tenants },
	{ "/nsplane/tenant", "Packets and drops of a tenant. Parameter: name, root or #index",
	  tenant },
	{ "/nsplane/workers", "Workers: packets, drops, cycles busy and idle", workers_cmd },
	{ "/nsplane/modules", "Modules in order of running: calls, packets, cycles", modules },
	{ "/nsplane/rcu", "Grace periods and what waits for them", rcu },
	{ "/nsplane/links", "Links of a tenant. Parameter: name, root or #index", links },
	{ "/nsplane/ports", "Ports and their devices", ports_cmd },
};

static int any(const char *cmd, const char *params, struct rte_tel_data *d)
{
	unsigned int i;
	int err = -ENODEV;

	netns_mutex_lock(&lock);
	for (i = 0; up && i < RTE_DIM(commands); i++)
		if (strcmp(cmd, commands[i].name) == 0)
			err = commands[i].fn(cmd, params, d);
	netns_mutex_unlock(&lock);
	return err;
}

void telemetry_init(void)
{
	static bool registered; /* commands cannot be taken back */
	unsigned int i;

	netns_mutex_lock(&lock);
	for (i = 0; !registered && i < RTE_DIM(commands); i++)
		rte_telemetry_register_cmd(commands[i].name, any, commands[i].help);
	registered = true;
	up = true;
	netns_mutex_unlock(&lock);
}

void telemetry_fini(void)
{
	netns_mutex_lock(&lock);
	up = false;
	netns_mutex_unlock(&lock);
}
