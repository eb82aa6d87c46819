/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting the runtime for measurements, and forwarding for a while. See world.h.
 */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "dataplane/modules/ip/ip.h"
#include "dataplane/modules/xconnect/xconnect.h"
#include "pcap.h"

static const uint8_t src_mac[6] = { 0x02, 0, 0, 0, 0, 0x01 };

int world_start(unsigned int tenants)
{
	static unsigned int lcore;
	static bool eal_runs; /* once a process */
	struct dp_options options = { .netns = { .max_tenants = tenants + 64 },
				      .lcores = &lcore,
				      .n_lcores = 1,
				      .host_polls = true,
				      .idle = DP_IDLE_POLL,
				      .max_links = tenants * 2 + 64,
				      .mbufs = 32768 };
	char text[256];
	int err;

	if (!eal_runs) {
		err = dp_eal_init("nsplane-bench", 0, NULL, text, sizeof(text));
		if (err)
			return err;
		fprintf(stderr, "%s\n", text);
		eal_runs = true;
	}
	lcore = rte_get_main_lcore();
	err = dp_init(&options);
	if (err)
		return err;
	err = dp_module_register(&xconnect_module, NULL, 0);
	if (!err)
		err = router_register();
	return err ? err : dp_worker_attach(lcore);
}

void world_stop(void)
{
	dp_worker_detach();
	router_unregister();
	dp_module_unregister(&xconnect_module);
	dp_fini();
}

static int port(const char *name, const char *devargs, struct dp_link **ret_link)
{
	struct dp_port_config config = { .name = name, .devargs = devargs, .promisc = true };
	int err = dp_port_add(&config, ret_link);

	if (err)
		fprintf(stderr, "port %s (%s): %s\n", name, devargs,
			config.error ? config.error : strerror(-err));
	return err;
}

int world_open(struct world *w, const struct frame_mix *mix)
{
	static unsigned int number; /* DPDK keeps names of devices a while */
	char devargs[128];
	int err;

	memset(w, 0, sizeof(*w));
	snprintf(w->pcap, sizeof(w->pcap), "/tmp/nsplane-bench-%d.pcap", getpid());
	err = pcap_write(w->pcap, mix, src_mac);
	if (err)
		return err;
	number++;
	snprintf(devargs, sizeof(devargs), "net_pcap_s%u,rx_pcap=%s,infinite_rx=1", number,
		 w->pcap);
	err = port("src", devargs, &w->src);
	if (err)
		return err;
	snprintf(devargs, sizeof(devargs), "net_null_s%u,no-rx=1", number);
	return port("sink", devargs, &w->sink);
}

int world_close(struct world *w)
{
	struct netns_stats stats;

	dp_port_del("src");
	dp_port_del("sink");
	if (w->tenants)
		netns_put_many(w->ns, w->tenants);
	free(w->ns);
	unlink(w->pcap);
	netns_reader_offline();
	netns_barrier();
	netns_reader_online();
	netns_stats(&stats);
	if (stats.live == 1 && stats.dying == 0)
		return 0;
	fprintf(stderr, "%llu tenants live, %llu dying after the measurement\n",
		(unsigned long long)stats.live, (unsigned long long)stats.dying);
	return -EBUSY;
}

static uint64_t sent_by(const struct world *w)
{
	struct rte_eth_stats stats;

	memset(&stats, 0, sizeof(stats));
	rte_eth_stats_get(w->sink->port_id, &stats);
	return stats.opackets;
}

static bool conserved(const struct world *w)
{
	struct dp_tenant_stats s;
	uint64_t drops;
	unsigned int i, r;

	for (i = 0; i < w->tenants; i++) {
		dp_tenant_stats(w->ns[i], &s);
		for (drops = 0, r = 0; r < DP_DROP_REASONS; r++)
			drops += s.drops[r];
		if (s.rx_packets + s.made != s.tx_packets + drops + s.queued + s.moved || drops)
			return false;
	}
	return true;
}

void world_run(struct world *w, unsigned int ms, struct run_result *ret)
{
	uint64_t begin = clock_ns(), end = begin + (uint64_t)ms * 1000000u, now,
		 before = sent_by(w);
	unsigned int i;

	ret->packets = 0;
	do {
		for (i = 0; i < 64; i++)
			ret->packets += dp_worker_poll();
		now = clock_ns();
	} while (now < end);
	ret->ns = (double)(now - begin) / (double)ret->packets;
	ret->sent = sent_by(w) - before;
	ret->conserved = ret->sent == ret->packets && conserved(w);
}

void world_run_io(struct world *w, unsigned int ms, unsigned int burst, struct run_result *ret)
{
	uint64_t begin = clock_ns(), end = begin + (uint64_t)ms * 1000000u, now,
		 before = sent_by(w);
	uint16_t in = w->src->port_id, out = w->sink->port_id, n, k;
	struct rte_mbuf *m[128];
	unsigned int i;

	ret->packets = 0;
	do {
		for (i = 0; i < 64; i++) {
			n = rte_eth_rx_burst(in, 0, m, (uint16_t)burst);
			k = rte_eth_tx_burst(out, 0, m, n);
			if (k < n)
				rte_pktmbuf_free_bulk(&m[k], n - k);
			ret->packets += n;
		}
		now = clock_ns();
	} while (now < end);
	ret->ns = (double)(now - begin) / (double)ret->packets;
	ret->sent = sent_by(w) - before;
	ret->conserved = ret->sent == ret->packets;
}
