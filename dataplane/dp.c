/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The runtime's life: dp_init() starts everything in order, dp_fini() stops it in reverse; and the
 * watch thread that looks at carriers and, in debug mode, at conservation. Init and control.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "adj.h"
#include "ctl.h"
#include "encap/vxlan.h"
#include "link.h"
#include "log.h"
#include "module.h"
#include "port.h"
#include "stats.h"
#include "telemetry.h"
#include "worker.h"

struct dp_options dp_opts;

static unsigned int lcores[RTE_MAX_LCORE];
static pthread_t alone; /* the worker's thread where the main lcore is the only one */
static bool alone_runs, running;
static pthread_t watcher;
static struct netns_mutex watch_lock = NETNS_MUTEX_INIT;
static pthread_cond_t watch_cond = PTHREAD_COND_INITIALIZER;
static bool watch_stop; /* watch_lock */

static int index_cpu(unsigned int index)
{
	return rte_lcore_to_cpu_id((int)lcores[index]);
}

static int choose_lcores(const struct dp_options *o)
{
	unsigned int lcore, n = 0;

	for (; n < o->n_lcores && o->lcores != NULL; n++) {
		if (n >= RTE_MAX_LCORE || !rte_lcore_is_enabled(o->lcores[n])) {
			LOG_ERR("lcore %u is not enabled: see EAL option -l", o->lcores[n]);
			return -EINVAL;
		}
		lcores[n] = o->lcores[n];
	}
	if (n == 0)
		RTE_LCORE_FOREACH_WORKER (lcore)
			lcores[n++] = lcore;
	if (n == 0)
		lcores[n++] = rte_get_main_lcore();
	return (int)n;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static int choose_options(const struct dp_options *options)
{
	int n;

	memset(&dp_opts, 0, sizeof(dp_opts));
	if (options != NULL)
		dp_opts = *options;
	n = choose_lcores(&dp_opts);
	if (n < 0)
		return n;
	dp_opts.lcores = lcores;
	dp_opts.n_lcores = (unsigned int)n;
	dp_opts.mbufs = or_default(dp_opts.mbufs, 32768 + 8192 * ((unsigned int)n - 1));
	dp_opts.mbuf_size = or_default(dp_opts.mbuf_size, RTE_MBUF_DEFAULT_BUF_SIZE);
	dp_opts.vector = or_default(dp_opts.vector, DP_VEC_MAX);
	if (dp_opts.vector < BURST || dp_opts.vector > DP_VEC_MAX)
		return -EINVAL;
	dp_opts.netns.max_tenants = or_default(dp_opts.netns.max_tenants, (1u << 20) + 1024);
	dp_opts.max_links = or_default(dp_opts.max_links, dp_opts.netns.max_tenants * 2);
	dp_opts.max_adj = or_default(dp_opts.max_adj, 1u << 24);
	dp_opts.netns.max_lcores = or_default(dp_opts.netns.max_lcores, (uint32_t)n);
	if (dp_opts.netns.lcore_cpu == NULL)
		dp_opts.netns.lcore_cpu = index_cpu;
	if (dp_opts.netns.log == NULL)
		dp_opts.netns.log = log_netns;
	return 0;
}

static void *alone_main(void *arg)
{
	worker_main(arg);
	return NULL;
}

static int launch_one(struct worker *w)
{
	int err;

	if (w->pub.lcore != rte_get_main_lcore())
		return rte_eal_remote_launch(worker_main, w, w->pub.lcore);
	err = -pthread_create(&alone, NULL, alone_main, w);
	alone_runs = err == 0;
	return err;
}

static void stop_workers(void)
{
	unsigned int i;

	for (i = 0; i < n_workers; i++) {
		__atomic_store_n(&workers[i]->stop, 1, __ATOMIC_RELAXED);
		idle_wake(workers[i]);
	}
	if (dp_opts.host_polls)
		return;
	for (i = 0; i < n_workers; i++)
		if (workers[i]->pub.lcore != rte_get_main_lcore())
			rte_eal_wait_lcore(workers[i]->pub.lcore);
	if (alone_runs)
		pthread_join(alone, NULL);
	alone_runs = false;
}

static int launch(void)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 };
	unsigned int i;
	int err = 0;

	if (dp_opts.host_polls)
		return 0;
	for (i = 0; i < n_workers && err == 0; i++)
		err = launch_one(workers[i]);
	while (i > 0 && err == 0) {
		/* pairs with the release in worker_main() */
		if (!__atomic_load_n(&workers[i - 1]->started, __ATOMIC_ACQUIRE)) {
			nanosleep(&pause, NULL);
			continue;
		}
		err = workers[--i]->start_error;
	}
	if (err != 0) {
		LOG_ERR("a worker did not start: error %d", err);
		stop_workers();
	}
	return err;
}

static void *watch_main(void *arg)
{
	(void)arg;
	netns_mutex_lock(&watch_lock);
	while (!watch_stop) {
		netns_cond_wait(&watch_cond, &watch_lock, 1000000000u);
		if (watch_stop)
			break;
		netns_mutex_unlock(&watch_lock);
		port_poll_carrier();
		if (dp_opts.check_conservation)
			conservation_check();
		netns_mutex_lock(&watch_lock);
	}
	netns_mutex_unlock(&watch_lock);
	return NULL;
}

static void watch_end(void)
{
	netns_mutex_lock(&watch_lock);
	watch_stop = true;
	pthread_cond_signal(&watch_cond);
	netns_mutex_unlock(&watch_lock);
	pthread_join(watcher, NULL);
}

int dp_init(const struct dp_options *options)
{
	int err;

	if (running)
		return -EALREADY;
	err = log_init();
	if (err != 0)
		return err;
	err = choose_options(options);
	if (err != 0)
		return err;
	err = netns_lib_init(&dp_opts.netns);
	if (err != 0)
		return err;
	err = account_init(dp_opts.n_lcores, dp_opts.netns.max_tenants, dp_opts.max_links);
	if (err != 0)
		goto netns;
	err = link_index_init(dp_opts.max_links);
	if (err != 0)
		goto account;
	err = link_hash_init();
	if (err != 0)
		goto index;
	err = adj_init(dp_opts.max_adj);
	if (err != 0)
		goto hash;
	err = tenant_links_init(dp_opts.netns.max_tenants);
	if (err != 0)
		goto adj;
	err = workers_init(lcores, dp_opts.n_lcores);
	if (err != 0)
		goto tenants;
	err = launch();
	if (err != 0)
		goto workers;
	err = vxlan_init();
	if (err != 0)
		goto stop;
	watch_stop = false;
	err = -pthread_create(&watcher, NULL, watch_main, NULL);
	if (err != 0)
		goto vxlan;
	telemetry_init();
	running = true;
	return 0;

vxlan:
	vxlan_fini();
stop:
	stop_workers();
workers:
	workers_fini();
tenants:
	tenant_links_fini();
adj:
	netns_barrier();
	adj_fini();
hash:
	link_hash_fini();
index:
	link_index_fini();
account:
	account_fini();
netns:
	pools_fini();
	netns_lib_fini();
	return err;
}

int dp_fini(void)
{
	struct netns_stats s;

	if (!running)
		return -EINVAL;
	netns_barrier();
	netns_stats(&s);
	if (s.live > 1) {
		LOG_ERR("%lu tenants are still referenced", (unsigned long)s.live - 1);
		return -EBUSY;
	}
	telemetry_fini();
	watch_end();
	root_links_delete();
	modules_fini();
	vxlan_fini();
	ports_fini();
	stop_workers();
	tenant_links_fini();
	netns_barrier();
	workers_fini();
	adj_fini();
	link_hash_fini();
	link_index_fini();
	account_fini();
	pools_fini();
	running = false;
	return netns_lib_fini();
}
