/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nsplane-demo: three tenants with the same addresses and routes, reached by VLAN, QinQ and VXLAN,
 * fed from a pcap file, while a bare net_null port adds load that belongs to nobody. First every
 * tenant's output goes into a pcap file of its own; then the same frames run without end, with a
 * live table. Stops by itself. Needs no privileges, no hugepages and no network card.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>

#include "dataplane/dp.h"
#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/ip/ip.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "frames.h"
#include "table.h"

static const char *const names[DEMO_WRAPS] = { "blue", "red", "green" };
static const uint8_t port_mac[6] = { 0x02, 0, 0, 0, 0, 0x01 };
static const uint8_t link_mac[6] = { 0x02, 0, 0, 0, 0, 0x10 };

static struct netns *tenants[DEMO_WRAPS];
static sig_atomic_t stop; /* w:signal handler r:main */

static int said(int err, const char *what, const char *why)
{
	if (err)
		fprintf(stderr, "nsplane-demo: %s: %s\n", what, why ? why : strerror(-err));
	return err;
}

static int port(const char *name, const char *devargs, struct dp_link **ret_link)
{
	struct dp_port_config c = { .name = name, .devargs = devargs, .promisc = true };

	return said(dp_port_add(&c, ret_link), devargs, c.error);
}

static int vlan(struct netns *ns, struct dp_link *parent, uint16_t proto, unsigned int id,
		const char *name, const uint8_t *mac, struct dp_link **ret_link)
{
	struct dp_link_config c = { .kind = DP_LINK_VLAN,
				    .name = name,
				    .ns = ns,
				    .parent = parent,
				    .vlan_proto = proto,
				    .vlan_id = (uint16_t)id,
				    .up = true };

	memcpy(c.mac, mac, 6);
	return said(dp_link_create(&c, ret_link), name, c.error);
}

static int vxlan(struct netns *ns, struct dp_link **ret_link)
{
	struct dp_link_config c = { .kind = DP_LINK_VXLAN,
				    .name = "in",
				    .ns = ns,
				    .vni = DEMO_VNI,
				    .underlay = netns_init_ns(),
				    .family = AF_INET,
				    .up = true,
				    .remote = { 192, 0, 2, 2 } };

	memcpy(c.local, DEMO_VTEP, 4);
	memcpy(c.mac, link_mac, 6);
	return said(dp_link_create(&c, ret_link), "vxlan", c.error);
}

static int address(struct dp_link *link, const uint8_t a[4])
{
	struct addr_config c = { .link = link, .family = AF_INET, .plen = 24 };

	memcpy(c.local, a, 4);
	return said(addr_add(&c, NULL), "address", c.error);
}

static int routes(struct netns *ns, struct dp_link *out)
{
	struct neigh_config n = { .link = out,
				  .family = AF_INET,
				  .addr = { 10, 1, 0, 2 },
				  .has_mac = true,
				  .mac = { 0x02, 0, 0, 0, 1, 2 },
				  .state = NUD_PERMANENT,
				  .nlm_flags = NLM_F_CREATE };
	struct route_nexthop hop = { .has_gateway = true,
				     .gateway_family = AF_INET,
				     .gateway = { 10, 1, 0, 2 } };
	struct route_config r = { .ns = ns,
				  .family = AF_INET,
				  .dst = { 192, 168 },
				  .plen = 16,
				  .type = RTN_UNICAST,
				  .table = RT_TABLE_MAIN,
				  .n_nexthops = 1,
				  .nexthops = &hop,
				  .nlm_flags = NLM_F_CREATE };
	struct route_config hole = { .ns = ns,
				     .family = AF_INET,
				     .dst = { 172, 16 },
				     .plen = 12,
				     .type = RTN_BLACKHOLE,
				     .table = RT_TABLE_MAIN,
				     .nlm_flags = NLM_F_CREATE };
	int err = said(neigh_add(&n), "neighbour", n.error);

	if (!err)
		err = said(route_add(&r), "route", r.error);
	return err ? err : said(route_add(&hole), "blackhole route", hole.error);
}

static int wrap(struct netns *ns, enum demo_wrap how, struct dp_link *access,
		struct dp_link **ret_in)
{
	struct dp_link *outer;
	int err;

	if (how == DEMO_VLAN)
		return vlan(ns, access, 0x8100, DEMO_VLAN_ID, "in", port_mac, ret_in);
	if (how == DEMO_VXLAN)
		return vxlan(ns, ret_in);
	err = vlan(netns_init_ns(), access, 0x88a8, DEMO_OUTER_ID, "outer", port_mac, &outer);
	return err ? err : vlan(ns, outer, 0x8100, DEMO_INNER_ID, "in", port_mac, ret_in);
}

/* Every tenant: 10.0.0.1 where frames come in, 10.1.0.1 on its own link of the uplink port */
static int tenant(enum demo_wrap how, struct dp_link *access, struct dp_link *uplink)
{
	const struct netns_config config = { .name = names[how] };
	struct dp_link *in, *out;
	int err = said(netns_create(&config, &tenants[how]), names[how], NULL);

	if (err)
		return err;
	dp_ctl_lock();
	err = wrap(tenants[how], how, access, &in);
	if (!err)
		err = vlan(tenants[how], uplink, 0x8100, 200 + how, "out", link_mac, &out);
	if (!err)
		err = address(in, (const uint8_t[4]){ 10, 0, 0, 1 });
	if (!err)
		err = address(out, (const uint8_t[4]){ 10, 1, 0, 1 });
	if (!err)
		err = routes(tenants[how], out);
	dp_ctl_unlock();
	return err;
}

/* The root tenant ends the tunnel: the port has the MAC and the address that outer frames go to. */
static int underlay(struct dp_link **access)
{
	int err;

	dp_ctl_lock();
	err = said(dp_link_set_mac(*access, port_mac, access), "MAC of the port", NULL);
	if (!err)
		err = dp_link_set_flags(*access, DP_LINK_F_UP, DP_LINK_F_UP);
	if (!err)
		err = address(*access, DEMO_VTEP);
	dp_ctl_unlock();
	return err;
}

static int build(const char *source, const char *sink, bool load)
{
	struct dp_link *access, *uplink, *noise;
	unsigned int i;
	int err = port("access", source, &access);

	if (!err)
		err = port("uplink", sink, &uplink);
	if (!err)
		err = underlay(&access);
	for (i = 0; i < DEMO_WRAPS && !err; i++)
		err = tenant(i, access, uplink);
	if (!err && load)
		err = port("noise", "net_null_noise,size=60", &noise);
	return err;
}

static void take_down(bool load)
{
	unsigned int i;

	for (i = 0; i < DEMO_WRAPS; i++) {
		if (tenants[i])
			netns_put(tenants[i]);
		tenants[i] = NULL;
	}
	netns_barrier();
	if (load)
		dp_port_del("noise");
	dp_port_del("uplink");
	dp_port_del("access");
}

static void on_signal(int sig)
{
	(void)sig;
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

/* Live table each half second for @seconds. False: counts did not add up. */
static bool watch(double seconds)
{
	struct timespec pause = { 0, 500000000 };
	struct demo_table table = { .names = names, .tenants = tenants, .n = DEMO_WRAPS };
	double t;

	table_begin(&table);
	for (t = 0; t < seconds && !stop; t += 0.5) {
		nanosleep(&pause, NULL);
		table_print(&table);
	}
	return table_end(&table);
}

/* One finite pass of the file through one tenant's eyes: its packets as a pcap file */
static int record(const char *dir, const char *frames)
{
	char source[512], sink[512];
	struct timespec pause = { 0, 20000000 };
	struct dp_tenant_stats s;
	uint64_t seen = 1, before = 0;
	int err;

	snprintf(source, sizeof(source), "net_pcap_file,rx_pcap=%s", frames);
	snprintf(sink, sizeof(sink), "net_pcap_out,tx_pcap=%s/output.pcap", dir);
	err = build(source, sink, false);
	while (!err && seen != before && !stop) {
		nanosleep(&pause, NULL);
		before = seen;
		dp_tenant_stats(tenants[0], &s);
		seen = s.rx_packets;
	}
	take_down(false);
	return err ? err : table_split(dir, names, DEMO_WRAPS);
}

static int run(const char *dir, double seconds)
{
	char frames[400], source[512];
	int err;
	bool good;

	snprintf(frames, sizeof(frames), "%s/frames.pcap", dir);
	err = said(demo_frames_write(frames, port_mac), frames, NULL);
	if (!err)
		err = record(dir, frames);
	if (err)
		return err;
	snprintf(source, sizeof(source), "net_pcap_load,rx_pcap=%s,infinite_rx=1", frames);
	err = build(source, "net_null_sink,no-rx=1", true);
	good = !err && watch(seconds);
	take_down(true);
	if (!err && !good)
		err = -EPROTO;
	return err;
}

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: nsplane-demo [--seconds N] [--dir DIRECTORY] [-- EAL-ARGUMENTS]\n"
		"\n"
		"Three tenants with the same addresses route frames that come by VLAN, QinQ and\n"
		"VXLAN; a live table shows rates and drops by reason. DIRECTORY (default: a new\n"
		"one in /tmp) gets the frames that went in and a pcap file of each tenant's "
		"output.\n");
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "seconds", required_argument, NULL, 's' },
					       { "dir", required_argument, NULL, 'd' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	char made[] = "/tmp/nsplane-demo-XXXXXX", text[256] = "";
	struct dp_options options = { .netns = { .max_tenants = 1024 } };
	const char *dir = NULL;
	double seconds = 8;
	int c, err;

	while ((c = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (c == 's')
			seconds = atof(optarg);
		else if (c == 'd')
			dir = optarg;
		else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (dir ? mkdir(dir, 0755) && errno != EEXIST : !(dir = mkdtemp(made)))
		return said(-errno, dir ? dir : made, NULL) != 0;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	err = said(dp_eal_init("nsplane-demo", argc - optind, argv + optind, text, sizeof(text)),
		   "EAL", text[0] ? text : NULL);
	if (err)
		return 1;
	printf("%s\n", text);
	err = said(dp_init(&options), "runtime", NULL);
	if (!err)
		err = said(router_register(), "router", NULL);
	if (!err)
		err = run(dir, seconds);
	router_unregister();
	dp_fini();
	rte_eal_cleanup();
	if (!err)
		printf("%s/frames.pcap went in; each tenant's output: %s/{blue,red,green}.pcap\n",
		       dir, dir);
	return err ? 1 : 0;
}
