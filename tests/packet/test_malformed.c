/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that a hostile or broken sender makes: each is dropped with its own reason, counted once,
 * and what is merely unusual passes.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "dataplane/modules/xconnect/xconnect.h"
#include "world.h"

static struct wire left, right;
static struct netns *blue, *root;

static void begin(void)
{
	world_begin(NULL);
	root = netns_init_ns();
	wire_make(&left, "left");
	wire_make(&right, "right");
	cr_assert_eq(dp_module_register(&xconnect_module, NULL, 0), 0);
	blue = world_tenant("blue");
	wire_vlan(&left, blue, 5, "a");
	wire_vlan(&right, blue, 6, "b");
	world_xconnect(blue, "a", "b");
}

static void end(void)
{
	expect_conserved(blue);
	expect_conserved(root);
	netns_put(blue);
	world_barrier();
	world_end();
}

static void tagged(struct frame *f, uint16_t proto, uint16_t tci)
{
	frame_macs(f, MAC_LINK, MAC_PEER);
	frame_tag(f, proto, tci);
	frame_udp4(f, 0x0a000001, 0x0a000002, 1, 2, 18);
}

Test(malformed, shorter_than_an_ethernet_header_is_a_runt)
{
	struct frame f;
	uint32_t len;

	begin();
	tagged(&f, 0x8100, 5);
	for (len = 1; len < 14; len++) {
		f.len = len;
		expect_drop(&left, &f, root, DP_DROP_RUNT);
	}
	end();
}

Test(malformed, a_tag_cut_off_is_truncated)
{
	struct frame f;
	uint32_t len;

	begin();
	tagged(&f, 0x8100, 5);
	for (len = 14; len < 18; len++) {
		f.len = len;
		expect_drop(&left, &f, root, DP_DROP_TRUNCATED);
	}
	end();
}

Test(malformed, an_inner_tag_cut_off_is_truncated)
{
	struct dp_link_config c = {
		.kind = DP_LINK_VLAN, .name = "s", .vlan_proto = 0x88a8, .vlan_id = 9, .up = true
	};
	struct frame f;
	uint32_t len;

	begin();
	memcpy(c.mac, MAC_LINK, 6);
	c.ns = root;
	c.parent = left.link;
	c.parent = world_link(&c);
	c.vlan_proto = 0;
	c.ns = blue;
	c.name = "t";
	world_link(&c);
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x88a8, 9);
	frame_tag(&f, 0x8100, 9);
	frame_be16(&f, 0x0800);
	for (len = 18; len < 22; len++) {
		f.len = len;
		expect_drop(&left, &f, root, DP_DROP_TRUNCATED);
	}
	f.len = 22;
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	end();
}

Test(malformed, an_8023_length_past_the_end_is_truncated)
{
	struct frame f;

	begin();
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x8100, 5);
	frame_be16(&f, 100);
	frame_pad(&f, 64);
	expect_drop(&left, &f, blue, DP_DROP_TRUNCATED);
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_be16(&f, 51);
	frame_pad(&f, 64);
	expect_drop(&left, &f, root, DP_DROP_TRUNCATED);
	end();
}

Test(malformed, an_8023_length_that_fits_passes)
{
	struct frame in, out;

	begin();
	frame_macs(&in, MAC_LINK, MAC_PEER);
	frame_tag(&in, 0x8100, 5);
	frame_be16(&in, 40);
	frame_pad(&in, 64);
	out = in;
	out.b[15] = 6;
	expect_through(&left, &in, &right, &out);
	end();
}

Test(malformed, untagged_unknown_and_reserved_tags)
{
	struct frame f;

	begin();
	frame_macs(&f, left.link->mac, MAC_PEER);
	frame_udp4(&f, 1, 2, 1, 2, 18);
	expect_drop(&left, &f, root, DP_DROP_UNTAGGED);
	tagged(&f, 0x8100, 6);
	expect_drop(&left, &f, root, DP_DROP_UNKNOWN_TAG);
	tagged(&f, 0x8100, 4095);
	expect_drop(&left, &f, root, DP_DROP_UNKNOWN_TAG);
	tagged(&f, 0x88a8, 5);
	expect_drop(&left, &f, root, DP_DROP_UNKNOWN_TAG);
	/* priority and drop-eligible bits are no part of the tag's number */
	tagged(&f, 0x8100, 0xf000 | 5);
	wire_put(&left, &f);
	world_settle();
	cr_expect_eq(rte_ring_count(right.from_dp), 1);
	wire_get(&right, &f);
	end();
}

Test(malformed, a_priority_tag_is_no_vlan)
{
	struct frame f;

	begin();
	frame_macs(&f, left.link->mac, MAC_PEER);
	frame_tag(&f, 0x8100, 0xe000);
	frame_udp4(&f, 1, 2, 1, 2, 18);
	expect_drop(&left, &f, root, DP_DROP_UNTAGGED);
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x8100, 0);
	frame_tag(&f, 0x8100, 0);
	frame_tag(&f, 0x8100, 5);
	frame_udp4(&f, 1, 2, 1, 2, 18);
	wire_put(&left, &f);
	world_settle();
	cr_assert(wire_get(&right, &f));
	cr_expect_eq(f.len, 64);
	cr_expect_eq(f.b[15], 6);
	/* nothing but priority tags to the end */
	frame_macs(&f, MAC_LINK, MAC_PEER);
	while (f.len < 128)
		frame_tag(&f, 0x8100, 0);
	expect_drop(&left, &f, root, DP_DROP_TRUNCATED);
	end();
}

Test(malformed, another_mac_is_wrong_unless_promiscuous)
{
	struct dp_link *c;
	struct frame f;

	begin();
	c = wire_vlan(&left, blue, 7, "c");
	tagged(&f, 0x8100, 7);
	memcpy(f.b, MAC_OTHER, 6);
	expect_drop(&left, &f, blue, DP_DROP_WRONG_MAC);
	dp_ctl_lock();
	dp_link_set_flags(c, DP_LINK_F_PROMISC, DP_LINK_F_PROMISC);
	dp_ctl_unlock();
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	dp_ctl_lock();
	dp_link_set_flags(c, DP_LINK_F_PROMISC | DP_LINK_F_UP, 0);
	dp_ctl_unlock();
	expect_drop(&left, &f, blue, DP_DROP_LINK_DOWN);
	end();
}

Test(malformed, several_segments_pass_whole)
{
	struct frame in, out;
	uint32_t piece;

	begin();
	frame_macs(&in, MAC_LINK, MAC_PEER);
	frame_tag(&in, 0x8100, 5);
	frame_udp4(&in, 0x0a000001, 0x0a000002, 1, 2, 1000);
	for (piece = 10; piece < 700; piece += 17) {
		wire_put_mbuf(&left, mbuf_pieces(&in, piece));
		world_settle();
		cr_assert(wire_get(&right, &out));
		cr_expect_eq(out.len, in.len);
		out.b[15] = 5;
		cr_expect_arr_eq(out.b, in.b, in.len);
	}
	end();
}

Test(malformed, more_than_the_links_mtu_is_not_sent)
{
	struct frame f, out;

	begin();
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x8100, 5);
	frame_udp4(&f, 1, 2, 1, 2, 1472);
	out = f;
	out.b[15] = 6;
	expect_through(&left, &f, &right, &out); /* 1500 bytes of IP */
	frame_pad(&f, f.len + 1);
	expect_drop(&left, &f, blue, DP_DROP_TX_MTU);
	/* one more tag is not counted, as Linux forwards */
	frame_macs(&f, MAC_LINK, MAC_PEER);
	frame_tag(&f, 0x8100, 5);
	frame_tag(&f, 0x8100, 99);
	frame_udp4(&f, 1, 2, 1, 2, 1472);
	out = f;
	out.b[15] = 6;
	expect_through(&left, &f, &right, &out);
	frame_pad(&f, f.len + 1);
	expect_drop(&left, &f, blue, DP_DROP_TX_MTU);
	end();
}

Test(malformed, random_bytes_are_all_accounted_for)
{
	unsigned int i, k, seed = 12345;
	struct dp_tenant_stats a, b;
	struct frame f;

	begin();
	for (i = 0; i < 20000; i++) {
		f.len = 1 + (uint32_t)rand_r(&seed) % 120;
		for (k = 0; k < f.len; k++)
			f.b[k] = (uint8_t)rand_r(&seed);
		if (f.len > 16 && i % 2) {
			memcpy(f.b, MAC_LINK, 6);
			f.b[12] = 0x81;
			f.b[13] = 0;
			f.b[14] = 0;
			f.b[15] = (uint8_t)(i % 8);
		}
		wire_put(&left, &f);
		if (i % 64 == 0)
			world_settle();
		while (rte_ring_count(right.from_dp) > 0)
			wire_get(&right, &f);
	}
	world_settle();
	while (wire_get(&right, &f))
		;
	cr_assert_eq(dp_tenant_stats(blue, &a), 0);
	cr_assert_eq(dp_tenant_stats(root, &b), 0);
	cr_expect_eq(a.rx_packets + b.rx_packets, 20000);
	end();
}
