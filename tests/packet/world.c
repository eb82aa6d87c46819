/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See world.h.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "dataplane/modules/xconnect/xconnect.h"
#include "dataplane/stats.h"
#include "world.h"

static struct rte_mempool *pool; /* the test's own buffers */
static unsigned int lcore;

void world_begin(struct dp_options *o)
{
	static char *argv[] = { "--no-huge", "--no-shconf", "-m", "256", "--no-telemetry" };
	struct dp_options mine = { 0 };
	char text[256];

	if (o == NULL)
		o = &mine;
	cr_assert_eq(dp_eal_init("test", 5, argv, text, sizeof(text)), 0, "%s", text);
	lcore = rte_get_main_lcore();
	o->lcores = &lcore;
	o->n_lcores = 1;
	o->host_polls = true;
	if (o->mbufs == 0)
		o->mbufs = 4096;
	if (o->netns.max_tenants == 0)
		o->netns.max_tenants = 4096;
	o->max_adj = 4096;
	cr_assert_eq(dp_init(o), 0);
	cr_assert_eq(dp_worker_attach(lcore), 0);
	pool = rte_pktmbuf_pool_create("test", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	cr_assert_not_null(pool);
}

void world_end(void)
{
	world_settle();
	dp_ctl_lock();
	cr_expect_eq(conservation_check_tenant(netns_init_ns()), 0);
	dp_ctl_unlock();
	dp_worker_detach();
	cr_expect_eq(rte_mempool_in_use_count(pool), 0, "buffers are lost");
	cr_expect_eq(dp_fini(), 0);
	rte_mempool_free(pool);
}

struct netns *world_tenant(const char *name)
{
	struct netns_config c = { .name = name };
	struct netns *ns;

	cr_assert_eq(netns_create(&c, &ns), 0);
	return ns;
}

void wire_make_queued(struct wire *w, const char *name, unsigned int ring_size)
{
	struct dp_port_config c = { .name = name };
	char ring[32], device[40];
	int port;

	snprintf(w->name, sizeof(w->name), "%s", name);
	snprintf(ring, sizeof(ring), "%s-in", name);
	w->to_dp = rte_ring_create(ring, ring_size, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(ring, sizeof(ring), "%s-out", name);
	w->from_dp = rte_ring_create(ring, ring_size, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	cr_assert(w->to_dp != NULL && w->from_dp != NULL);
	port = rte_eth_from_rings(name, &w->to_dp, 1, &w->from_dp, 1, 0);
	cr_assert_geq(port, 0);
	cr_assert_eq(rte_eth_dev_get_name_by_port((uint16_t)port, device), 0);
	c.devargs = device;
	cr_assert_eq(dp_port_add(&c, &w->link), 0, "%s", c.error);
}

void wire_make(struct wire *w, const char *name)
{
	wire_make_queued(w, name, 1024);
}

struct dp_link *world_link(struct dp_link_config *c)
{
	struct dp_link *l = NULL;
	int err;

	dp_ctl_lock();
	err = dp_link_create(c, &l);
	dp_ctl_unlock();
	cr_assert_eq(err, 0, "%s", c->error);
	return l;
}

struct dp_link *wire_vlan(struct wire *w, struct netns *ns, uint16_t vid, const char *name)
{
	struct dp_link_config c = { .kind = DP_LINK_VLAN,
				    .name = name,
				    .ns = ns,
				    .parent = w->link,
				    .vlan_id = vid,
				    .up = true };

	memcpy(c.mac, MAC_LINK, 6);
	return world_link(&c);
}

void world_xconnect(struct netns *ns, const char *a, const char *b)
{
	char pa[32], pb[32];
	const char *params[] = { pa, pb, NULL }, *error = NULL;
	int err;

	snprintf(pa, sizeof(pa), "a=%s", a);
	snprintf(pb, sizeof(pb), "b=%s", b);
	dp_ctl_lock();
	err = dp_module_enable(ns, "xconnect", params, &error);
	dp_ctl_unlock();
	cr_assert_eq(err, 0, "%s", error);
}

struct rte_mbuf *mbuf_pieces(const struct frame *f, uint32_t piece)
{
	struct rte_mbuf *head = NULL, *m;
	uint32_t at = 0, n;

	do {
		n = RTE_MIN(f->len - at, piece);
		m = rte_pktmbuf_alloc(pool);
		cr_assert_not_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)n), f->b + at, n);
		at += n;
		if (head == NULL)
			head = m;
		else
			cr_assert_eq(rte_pktmbuf_chain(head, m), 0);
	} while (at < f->len);
	return head;
}

struct rte_mbuf *mbuf_of(const struct frame *f)
{
	return mbuf_pieces(f, RTE_MBUF_DEFAULT_DATAROOM);
}

void wire_put_mbuf(struct wire *w, struct rte_mbuf *m)
{
	cr_assert_eq(rte_ring_enqueue(w->to_dp, m), 0);
}

void wire_put(struct wire *w, const struct frame *f)
{
	wire_put_mbuf(w, mbuf_of(f));
}

void world_settle(void)
{
	unsigned int quiet = 0;

	while (quiet < 3)
		quiet = dp_worker_poll() == 0 ? quiet + 1 : 0;
}

void world_barrier(void)
{
	netns_reader_offline();
	cr_assert_eq(netns_barrier(), 0);
	netns_reader_online();
}

bool wire_get(struct wire *w, struct frame *f)
{
	struct rte_mbuf *m, *seg;
	void *p = NULL;

	if (rte_ring_dequeue(w->from_dp, &p) != 0 || p == NULL)
		return false;
	m = p;
	f->len = 0;
	for (seg = m; seg != NULL; seg = seg->next)
		frame_bytes(f, rte_pktmbuf_mtod(seg, void *), seg->data_len);
	cr_expect_eq(f->len, m->pkt_len);
	rte_pktmbuf_free(m);
	return true;
}

void expect_through(struct wire *in, const struct frame *f, struct wire *out,
		    const struct frame *want)
{
	struct frame got;

	wire_put(in, f);
	world_settle();
	cr_assert(wire_get(out, &got), "nothing came out");
	cr_expect_eq(got.len, want->len, "%u bytes instead of %u", got.len, want->len);
	cr_expect_arr_eq(got.b, want->b, want->len);
	cr_expect_not(wire_get(out, &got), "more came out");
}

uint64_t drops_of(struct netns *ns, enum dp_drop reason)
{
	struct dp_tenant_stats s;

	cr_assert_eq(dp_tenant_stats(ns, &s), 0);
	return s.drops[reason];
}

void expect_conserved(struct netns *ns)
{
	struct dp_tenant_stats s;
	uint64_t out;
	unsigned int i;

	cr_assert_eq(dp_tenant_stats(ns, &s), 0);
	out = s.tx_packets + s.queued + s.moved;
	for (i = 0; i < DP_DROP_REASONS; i++)
		out += s.drops[i];
	cr_expect_eq(s.rx_packets + s.made, out, "%lu + %lu in, %lu out", s.rx_packets, s.made,
		     out);
}

void expect_drop(struct wire *in, const struct frame *f, struct netns *ns, enum dp_drop reason)
{
	struct dp_tenant_stats before, after;

	cr_assert_eq(dp_tenant_stats(ns, &before), 0);
	wire_put(in, f);
	world_settle();
	cr_assert_eq(dp_tenant_stats(ns, &after), 0);
	cr_expect_eq(after.drops[reason], before.drops[reason] + 1, "no drop %s",
		     dp_drop_name(reason));
	cr_expect_eq(after.rx_packets, before.rx_packets + 1);
	cr_expect_eq(after.tx_packets, before.tx_packets);
	expect_conserved(ns);
}
