/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets in are packets out, drops, and what is kept: also when devices are full, buffers run out,
 * tenants go while their packets wait, and indexes are used again.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "dataplane/modules/counters/counters.h"
#include "dataplane/modules/policer/policer.h"
#include "dataplane/modules/xconnect/xconnect.h"
#include "world.h"

static struct wire left, right;
static struct netns *blue;

static void begin(unsigned int ring)
{
	world_begin(NULL);
	wire_make(&left, "left");
	wire_make_queued(&right, "right", ring);
	cr_assert_eq(dp_module_register(&xconnect_module, NULL, 0), 0);
	blue = world_tenant("blue");
	wire_vlan(&left, blue, 5, "a");
	wire_vlan(&right, blue, 6, "b");
}

static void end(void)
{
	struct frame f;

	while (wire_get(&right, &f))
		;
	expect_conserved(netns_init_ns());
	if (blue != NULL) {
		expect_conserved(blue);
		netns_put(blue);
	}
	world_barrier();
	world_end();
}

static void udp(struct frame *f)
{
	frame_macs(f, MAC_LINK, MAC_PEER);
	frame_tag(f, 0x8100, 5);
	frame_udp4(f, 0x0a000001, 0x0a000002, 1, 2, 18);
}

static void put_many(unsigned int n)
{
	struct frame f;

	udp(&f);
	while (n-- > 0)
		wire_put(&left, &f);
	world_settle();
}

Test(account, what_a_full_device_refuses_is_a_drop)
{
	struct dp_tenant_stats s;
	struct dp_link_stats l;

	begin(64);
	world_xconnect(blue, "a", "b");
	put_many(500);
	cr_assert_eq(dp_tenant_stats(blue, &s), 0);
	cr_expect_eq(s.rx_packets, 500);
	cr_expect_eq(s.tx_packets, 63);
	cr_expect_eq(s.tx_bytes, 63 * 64);
	cr_expect_eq(s.drops[DP_DROP_TX_FULL], 437);
	dp_ctl_lock();
	dp_link_stats(dp_link_find(blue, "b"), &l);
	dp_ctl_unlock();
	cr_expect_eq(l.tx_packets, 63);
	cr_expect_eq(l.tx_drops, 437);
	end();
}

Test(account, a_new_tenant_at_an_old_index_begins_at_zero)
{
	struct dp_tenant_stats s;
	struct netns *red;
	uint32_t index;

	begin(1024);
	put_many(10); /* nobody handles them: drops */
	cr_expect_eq(drops_of(blue, DP_DROP_NO_HANDLER), 10);
	index = blue->index;
	netns_put(blue);
	blue = NULL;
	world_barrier();
	red = world_tenant("red");
	cr_expect_eq(red->index, index, "the index was not reused: nothing was tested");
	cr_assert_eq(dp_tenant_stats(red, &s), 0);
	cr_expect_eq(s.drops[DP_DROP_NO_HANDLER] + s.rx_packets + s.cycles, 0);
	netns_put(red);
	end();
}

/* --- a module that keeps packets ---------------------------------------------------------------
 */

static struct rte_mbuf *kept[256];
static uint64_t kept_by[256];
static unsigned int n_kept;

static void keep(struct dp_worker *w, struct dp_vec *v)
{
	uint32_t i;

	(void)w;
	for (i = 0; i < v->n; i++) {
		kept[n_kept] = v->pkt[i];
		kept_by[n_kept++] = netns_handle(v->link[i]->ns);
		dp_vec_steal(v, i);
	}
}

static const struct dp_module keeper = {
	.abi = DP_MODULE_ABI, .name = "keeper", .stage = DP_STAGE_ROUTE, .process = keep
};

static void enable(const char *name)
{
	dp_ctl_lock();
	cr_assert_eq(dp_module_enable(blue, name, NULL, NULL), 0);
	dp_ctl_unlock();
}

Test(account, kept_packets_come_back_or_are_dropped)
{
	struct dp_tenant_stats s;
	unsigned int i;

	begin(1024);
	cr_assert_eq(dp_module_register(&keeper, NULL, 0), 0);
	enable("keeper");
	put_many(20);
	cr_assert_eq(dp_tenant_stats(blue, &s), 0);
	cr_expect_eq(s.queued, 20);
	expect_conserved(blue);
	dp_ctl_lock();
	for (i = 0; i < 10; i++) {
		/* the frame has its tag still, which dp_send() does not know: take it off */
		memmove(rte_pktmbuf_mtod(kept[i], char *) + 4, rte_pktmbuf_mtod(kept[i], char *),
			12);
		rte_pktmbuf_adj(kept[i], 4);
		dp_count_unsteal(dp_worker_self(), blue);
		dp_send(dp_worker_self(), dp_link_find(blue, "b"), kept[i]);
	}
	dp_ctl_unlock();
	for (; i < 20; i++)
		dp_drop_stolen(dp_worker_self(), kept_by[i], kept[i], DP_DROP_NEIGH_FAILED);
	world_settle();
	cr_assert_eq(dp_tenant_stats(blue, &s), 0);
	cr_expect_eq(s.queued, 0);
	cr_expect_eq(s.made, 0);
	cr_expect_eq(s.tx_packets, 10);
	cr_expect_eq(s.drops[DP_DROP_NEIGH_FAILED], 10);
	end();
}

Test(account, a_stale_handle_over_a_ring_is_a_counted_drop)
{
	struct netns *red;
	unsigned int i;

	begin(1024);
	cr_assert_eq(dp_module_register(&keeper, NULL, 0), 0);
	enable("keeper");
	put_many(20);
	netns_put(blue);
	blue = NULL;
	world_barrier();
	red = world_tenant("red"); /* at the same index, with another generation */
	for (i = 0; i < 20; i++)
		dp_drop_stolen(dp_worker_self(), kept_by[i], kept[i], DP_DROP_NEIGH_FAILED);
	world_settle();
	cr_expect_eq(drops_of(netns_init_ns(), DP_DROP_STALE_HANDLE), 20);
	cr_expect_eq(drops_of(red, DP_DROP_NEIGH_FAILED), 0);
	expect_conserved(red);
	netns_put(red);
	end();
}

Test(account, exhausted_buffers_recover)
{
	struct rte_mbuf *all[4096], *m;
	struct dp_worker *w;
	unsigned int n = 0;
	struct frame f;

	begin(1024);
	world_xconnect(blue, "a", "b");
	w = dp_worker_self();
	while (n < 4096 && (m = rte_pktmbuf_alloc(w->pool)) != NULL)
		all[n++] = m;
	cr_expect_lt(n, 4097u);
	cr_expect_null(rte_pktmbuf_alloc(w->pool));
	put_many(10); /* of the test's own buffers: forwarding needs none */
	cr_expect_eq(rte_ring_count(right.from_dp), 10);
	rte_pktmbuf_free_bulk(all, n);
	while (wire_get(&right, &f))
		;
	put_many(10);
	cr_expect_eq(rte_ring_count(right.from_dp), 10);
	end();
}

Test(account, the_policer_lets_its_burst_through_and_no_more)
{
	static const char *const rate[] = { "packets=1000", "burst=100", NULL };
	static const char *const bad[] = { "packets=lots", NULL };
	struct dp_tenant_stats s;
	const char *error;

	begin(1024);
	world_xconnect(blue, "a", "b");
	cr_assert_eq(dp_module_register(&policer_module, NULL, 0), 0);
	dp_ctl_lock();
	cr_expect_lt(dp_module_enable(blue, "policer", bad, &error), 0);
	cr_expect_not_null(strstr(error, "packets=N"));
	cr_assert_eq(dp_module_enable(blue, "policer", rate, &error), 0);
	dp_ctl_unlock();
	put_many(600);
	cr_assert_eq(dp_tenant_stats(blue, &s), 0);
	/* the test may be slow: every ms gives one packet more */
	cr_expect_geq(s.tx_packets, 100);
	cr_expect_lt(s.tx_packets, 400);
	cr_expect_eq(s.tx_packets + s.drops[DP_DROP_POLICER], 600);
	dp_ctl_lock();
	cr_expect_eq(dp_module_disable(blue, "policer"), 0);
	dp_ctl_unlock();
	end();
}

Test(account, the_counters_module_knows_protocols_and_sizes)
{
	struct counters c;
	struct frame f;

	begin(1024);
	world_xconnect(blue, "a", "b");
	cr_assert_eq(dp_module_register(&counters_module, NULL, 0), 0);
	enable("counters");
	put_many(10);
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x8100, 5);
	frame_be16(&f, 0x0806);
	frame_pad(&f, 600);
	wire_put(&left, &f);
	world_settle();
	counters_get(blue, &c);
	cr_expect_eq(c.ip4, 10);
	cr_expect_eq(c.arp, 1);
	cr_expect_eq(c.tiny, 10);
	cr_expect_eq(c.large, 1);
	cr_expect_eq(c.ip6 + c.other + c.small + c.jumbo, 0);
	end();
}
