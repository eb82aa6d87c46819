/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tenant under test, as a program: a runtime polled by hand, driven by lines.
 *
 *   link NAME MAC MTU        a link of the tenant on a ring port of its own
 *   addr, route, neigh, conf, mtu, up ...   see tenant_config.c
 *   frame LINK HEX           arrives on the link; "out LINK HEX" for each that comes out, "done"
 *   poll MS N                the same without a frame: until N came out, at most MS ms
 *   drops                    counters of drops that are not zero, "done"
 *   quit
 *
 * Others answer "ok" or "err ERRNO TEXT". Frames are untagged here; the link's VLAN tag is put on
 * and taken off on the way. Ends with status 1 if buffers are lost.
 */
#include "tenant.h"

#include <errno.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "dataplane/modules/ip/ip.h"
#include "netns/rcu.h"

#define TAG       4u /* bytes */
#define FIRST_VID 100u
#define FRAME_MAX 9600u

struct netns *tenant_ns;
struct wire wires[WIRES_MAX];
unsigned int n_wires;

static struct rte_mempool *pool; /* frames that come in */
static unsigned int lcore;

struct wire *wire_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < n_wires; i++)
		if (strcmp(wires[i].name, name) == 0)
			return &wires[i];
	return NULL;
}

static int port_make(struct wire *w, const char **ret_error)
{
	struct dp_port_config c = { .name = w->name, .mtu = 9000 };
	char ring[32], device[RTE_ETH_NAME_MAX_LEN];
	int port, err;

	snprintf(ring, sizeof(ring), "%s-in", w->name);
	w->to_dp = rte_ring_create(ring, 1024, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(ring, sizeof(ring), "%s-out", w->name);
	w->from_dp = rte_ring_create(ring, 1024, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (!w->to_dp || !w->from_dp)
		return -ENOMEM;
	port = rte_eth_from_rings(w->name, &w->to_dp, 1, &w->from_dp, 1, 0);
	if (port < 0 || rte_eth_dev_get_name_by_port((uint16_t)port, device))
		return -ENODEV;
	c.devargs = device;
	err = dp_port_add(&c, &w->port);
	if (err == -EINVAL || err == -ENOTSUP) { /* a driver without MTU */
		c.mtu = 0;
		err = dp_port_add(&c, &w->port);
	}
	*ret_error = c.error;
	return err;
}

int wire_make(const char *name, const uint8_t mac[6], uint16_t mtu, const char **ret_error)
{
	struct dp_link_config c = { .kind = DP_LINK_VLAN,
				    .name = name,
				    .ns = tenant_ns,
				    .vlan_id = (uint16_t)(FIRST_VID + n_wires),
				    .mtu = mtu,
				    .up = true };
	struct wire *w = &wires[n_wires];
	int err;

	if (n_wires == WIRES_MAX)
		return -ENOSPC;
	snprintf(w->name, sizeof(w->name), "%s", name);
	err = port_make(w, ret_error);
	if (err)
		return err;
	memcpy(c.mac, mac, 6);
	c.parent = w->port;
	dp_ctl_lock();
	err = dp_link_create(&c, &w->link);
	dp_ctl_unlock();
	*ret_error = c.error;
	if (!err)
		n_wires++;
	return err;
}

/* ---- frames ---- */

static struct rte_mbuf *mbuf_of(const uint8_t *bytes, uint32_t len)
{
	struct rte_mbuf *head = NULL, *m;
	uint32_t at = 0, n;

	do {
		n = RTE_MIN(len - at, (uint32_t)RTE_MBUF_DEFAULT_DATAROOM);
		m = rte_pktmbuf_alloc(pool);
		if (!m)
			exit(2);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), bytes + at, n);
		at += n;
		if (!head)
			head = m;
		else if (rte_pktmbuf_chain(head, m))
			exit(2);
	} while (at < len);
	return head;
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The frame with the link's tag behind its MACs; what is too short for that stays as it is. */
static void arrive(struct wire *w, const char *hex)
{
	uint8_t b[FRAME_MAX + TAG];
	uint32_t n = 0, vid = FIRST_VID + (uint32_t)(w - wires);

	while (hex[0] && hex[1] && n < FRAME_MAX) {
		if (n == 12) {
			memcpy(b + n, (uint8_t[TAG]){ 0x81, 0, (uint8_t)(vid >> 8), (uint8_t)vid },
			       TAG);
			n += TAG;
		}
		b[n++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex += 2;
	}
	if (rte_ring_enqueue(w->to_dp, mbuf_of(b, n)))
		exit(2);
}

static void print_frame(const struct wire *w, struct rte_mbuf *m)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * FRAME_MAX + 1];
	struct rte_mbuf *seg;
	uint32_t at = 0, n = 0, i;

	for (seg = m; seg; seg = seg->next) {
		const uint8_t *p = rte_pktmbuf_mtod(seg, const uint8_t *);

		for (i = 0; i < seg->data_len; i++, at++) {
			if (at >= 12 && at < 12 + TAG)
				continue; /* the tag */
			text[n++] = digits[p[i] >> 4];
			text[n++] = digits[p[i] & 15];
		}
	}
	text[n] = 0;
	printf("out %s %s\n", w->name, text);
}

static unsigned int leave(void)
{
	unsigned int i, n = 0;
	void *m;

	for (i = 0; i < n_wires; i++)
		while (rte_ring_dequeue(wires[i].from_dp, &m) == 0) {
			print_frame(&wires[i], m);
			rte_pktmbuf_free(m);
			n++;
		}
	return n;
}

static unsigned int settle(void)
{
	unsigned int quiet = 0;

	while (quiet < 3)
		quiet = dp_worker_poll() == 0 ? quiet + 1 : 0;
	return leave();
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

/* For what other threads (the neighbours') or time bring about */
static void poll_for(unsigned int ms, unsigned int frames)
{
	uint64_t end = now_ms() + ms;
	struct timespec ts = { 0, 200000 };
	unsigned int n = settle();

	while (n < frames && now_ms() < end) {
		netns_reader_offline();
		nanosleep(&ts, NULL);
		netns_reader_online();
		n += settle();
	}
}

static void print_drops(void)
{
	struct dp_tenant_stats s;
	unsigned int i;

	if (dp_tenant_stats(tenant_ns, &s))
		return;
	for (i = 0; i < DP_DROP_REASONS; i++)
		if (s.drops[i])
			printf("drop %s %lu\n", dp_drop_name((enum dp_drop)i), s.drops[i]);
}

/* ---- lines ---- */

static int do_link(char **word, unsigned int n, const char **ret_error)
{
	struct ether_addr mac;

	if (n < 4 || !ether_aton_r(word[2], &mac))
		return -EINVAL;
	return wire_make(word[1], (const uint8_t *)&mac, (uint16_t)atoi(word[3]), ret_error);
}

static bool do_traffic(char **word, unsigned int n)
{
	struct wire *w;

	if (strcmp(word[0], "frame") == 0 && n == 3) {
		w = wire_find(word[1]);
		if (!w)
			return false;
		arrive(w, word[2]);
		settle();
	} else if (strcmp(word[0], "poll") == 0 && n == 3) {
		poll_for((unsigned int)atoi(word[1]), (unsigned int)atoi(word[2]));
	} else if (strcmp(word[0], "drops") == 0) {
		print_drops();
	} else {
		return false;
	}
	puts("done");
	return true;
}

static void obey(char *line)
{
	char *word[WORDS_MAX], *save = NULL;
	const char *text = NULL;
	unsigned int n = 0;
	int err;

	for (line = strtok_r(line, " \n", &save); line && n < WORDS_MAX;
	     line = strtok_r(NULL, " \n", &save))
		word[n++] = line;
	if (n == 0 || do_traffic(word, n))
		return;
	err = strcmp(word[0], "link") == 0 ? do_link(word, n, &text) : configure(word, n, &text);
	if (err)
		printf("err %d %s\n", -err, text ? text : "");
	else
		puts("ok");
}

static int begin(void)
{
	static char *argv[] = { "--no-huge", "--no-shconf", "-m", "256", "--no-telemetry" };
	struct netns_config c = { .name = "blue" };
	struct dp_options o = { .lcores = &lcore,
				.n_lcores = 1,
				.host_polls = true,
				.mbufs = 8191,
				.max_adj = 65536,
				.netns.max_tenants = 1024 };
	char text[256];

	if (dp_eal_init("tenant", 5, argv, text, sizeof(text)))
		return -1;
	lcore = rte_get_main_lcore();
	if (dp_init(&o) || dp_worker_attach(lcore) || router_register())
		return -1;
	pool = rte_pktmbuf_pool_create("wire", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	return pool ? netns_create(&c, &tenant_ns) : -1;
}

static int end(void)
{
	unsigned int lost;

	settle();
	netns_put(tenant_ns);
	netns_reader_offline();
	netns_barrier();
	netns_reader_online();
	router_unregister();
	settle();
	dp_worker_detach();
	lost = rte_mempool_in_use_count(pool);
	if (lost)
		fprintf(stderr, "tenant: %u buffers are lost\n", lost);
	return dp_fini() || lost;
}

static bool next_line(char **line, size_t *room)
{
	bool more;

	netns_reader_offline(); /* while it waits */
	more = getline(line, room, stdin) > 0 && strcmp(*line, "quit\n") != 0;
	netns_reader_online();
	return more;
}

int main(void)
{
	size_t room = 0;
	char *line = NULL;

	if (begin()) {
		fprintf(stderr, "tenant: cannot start\n");
		return 77;
	}
	puts("ready");
	fflush(stdout);
	while (next_line(&line, &room)) {
		obey(line);
		fflush(stdout);
	}
	free(line);
	return end();
}
