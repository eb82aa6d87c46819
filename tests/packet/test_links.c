/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every kind of link carries frames: stacked tags, pairs, tunnels; and what happens to them when
 * links are moved, renamed, replaced and deleted.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "dataplane/modules/xconnect/xconnect.h"
#include "world.h"

static struct wire left, right;
static struct netns *blue;

static void begin(void)
{
	world_begin(NULL);
	wire_make(&left, "left");
	wire_make(&right, "right");
	cr_assert_eq(dp_module_register(&xconnect_module, NULL, 0), 0);
	blue = world_tenant("blue");
}

static void end(void)
{
	expect_conserved(blue);
	expect_conserved(netns_init_ns());
	netns_put(blue);
	world_barrier();
	world_end();
}

static void payload(struct frame *f)
{
	frame_udp4(f, 0x0a000001, 0x0a000002, 1, 2, 18);
}

static void tagged(struct frame *f, int outer_proto, int outer, int inner)
{
	frame_macs(f, MAC_LINK, MAC_PEER);
	if (outer >= 0)
		frame_tag(f, (uint16_t)outer_proto, (uint16_t)outer);
	if (inner >= 0)
		frame_tag(f, 0x8100, (uint16_t)inner);
	payload(f);
}

static struct dp_link *vlan(struct dp_link *parent, struct netns *ns, uint16_t proto, uint16_t vid,
			    const char *name)
{
	struct dp_link_config c = { .kind = DP_LINK_VLAN,
				    .name = name,
				    .ns = ns,
				    .parent = parent,
				    .vlan_proto = proto,
				    .vlan_id = vid,
				    .up = true };

	memcpy(c.mac, MAC_LINK, 6);
	return world_link(&c);
}

Test(links, stacked_tags_find_their_link_and_are_replaced)
{
	struct dp_link *service;
	struct frame in, out, single;

	begin();
	service = vlan(left.link, netns_init_ns(), 0x88a8, 100, "service");
	vlan(service, blue, 0, 7, "a");
	vlan(right.link, blue, 0, 9, "b");
	world_xconnect(blue, "a", "b");
	tagged(&in, 0x88a8, 100, 7);
	tagged(&out, 0x8100, 9, -1);
	expect_through(&left, &in, &right, &out);
	expect_through(&right, &out, &left, &in);
	tagged(&in, 0x88a8, 100, 8);
	expect_drop(&left, &in, netns_init_ns(), DP_DROP_UNKNOWN_TAG);
	tagged(&in, 0x88a8, 101, 7);
	expect_drop(&left, &in, netns_init_ns(), DP_DROP_UNKNOWN_TAG);
	tagged(&in, 0x8100, 100, 7);
	expect_drop(&left, &in, netns_init_ns(), DP_DROP_UNKNOWN_TAG);
	tagged(&single, 0x88a8, 100, -1);
	expect_drop(&left, &single, netns_init_ns(), DP_DROP_NO_HANDLER);
	end();
}

Test(links, a_tag_behind_a_links_own_is_payload)
{
	struct frame in, out;

	begin();
	vlan(left.link, blue, 0, 5, "a");
	vlan(right.link, blue, 0, 6, "b");
	world_xconnect(blue, "a", "b");
	tagged(&in, 0x8100, 5, 77);
	tagged(&out, 0x8100, 6, 77);
	expect_through(&left, &in, &right, &out);
	end();
}

Test(links, a_pair_joins_two_tenants_without_a_device)
{
	struct netns *red;
	struct dp_link_config pair = {
		.kind = DP_LINK_PAIR, .name = "to-red", .up = true, .peer_name = "to-blue"
	};
	struct frame in, out;

	begin();
	red = world_tenant("red");
	pair.ns = blue;
	pair.peer_ns = red;
	world_link(&pair);
	vlan(left.link, blue, 0, 5, "a");
	vlan(right.link, red, 0, 6, "b");
	world_xconnect(blue, "a", "to-red");
	world_xconnect(red, "to-blue", "b");
	tagged(&in, 0x8100, 5, -1);
	tagged(&out, 0x8100, 6, -1);
	expect_through(&left, &in, &right, &out);
	expect_through(&right, &out, &left, &in);
	expect_conserved(red);
	/* the other end goes with its tenant */
	netns_put(red);
	world_barrier();
	dp_ctl_lock();
	cr_expect_null(dp_link_find(blue, "to-red"));
	dp_ctl_unlock();
	expect_drop(&left, &in, blue, DP_DROP_NO_HANDLER);
	end();
}

Test(links, tenants_wired_in_a_ring_drop_what_goes_round)
{
	struct netns *red;
	struct dp_link_config
		one = { .kind = DP_LINK_PAIR, .name = "p1", .up = true, .peer_name = "p1" },
		two = { .kind = DP_LINK_PAIR, .name = "p2", .up = true, .peer_name = "p2" };
	struct dp_link_config in = {
		.kind = DP_LINK_PAIR, .name = "in", .up = true, .peer_name = "out"
	};
	struct dp_link *entry;
	struct frame f;

	begin();
	red = world_tenant("red");
	one.ns = two.ns = blue;
	one.peer_ns = two.peer_ns = red;
	in.ns = in.peer_ns = blue;
	world_link(&one);
	world_link(&two);
	entry = world_link(&in);
	(void)entry;
	world_xconnect(blue, "p1", "p2");
	world_xconnect(red, "p1", "p2");
	/* a frame enters the ring by hand: as if blue had made it */
	frame_macs(&f, MAC_LINK, MAC_PEER);
	payload(&f);
	dp_ctl_lock();
	dp_send(dp_worker_self(), dp_link_find(blue, "p1"), mbuf_of(&f));
	dp_ctl_unlock();
	world_settle();
	cr_expect_eq(drops_of(blue, DP_DROP_LOOP) + drops_of(red, DP_DROP_LOOP), 1);
	expect_conserved(red);
	netns_put(red);
	end();
}

Test(links, a_moved_link_takes_its_frames_along_and_leaves_its_counts)
{
	struct netns *red;
	struct dp_tenant_stats s;
	struct dp_link *a, *moved;
	struct frame f;

	begin();
	red = world_tenant("red");
	a = vlan(left.link, blue, 0, 5, "a");
	tagged(&f, 0x8100, 5, -1);
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	dp_ctl_lock();
	cr_assert_eq(dp_link_move(a, red, "b", &moved), 0);
	cr_expect_null(dp_link_find(blue, "a"));
	cr_expect_eq(dp_link_find(red, "b"), moved);
	dp_ctl_unlock();
	expect_drop(&left, &f, red, DP_DROP_LINK_DOWN);
	dp_ctl_lock();
	cr_assert_eq(dp_link_set_flags(moved, DP_LINK_F_UP, DP_LINK_F_UP), 0);
	dp_ctl_unlock();
	expect_drop(&left, &f, red, DP_DROP_NO_HANDLER);
	world_barrier();
	expect_conserved(blue);
	expect_conserved(red);
	cr_assert_eq(dp_tenant_stats(blue, &s), 0);
	cr_expect_eq(s.rx_packets, 1);
	netns_put(red);
	end();
}

Test(links, another_mac_is_another_object_with_the_same_counts)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x77 };
	struct dp_link_stats s;
	struct dp_link *a, *b;
	struct frame f;

	begin();
	a = vlan(left.link, blue, 0, 5, "a");
	tagged(&f, 0x8100, 5, -1);
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	dp_ctl_lock();
	cr_assert_eq(dp_link_set_mac(a, mac, &b), 0);
	dp_ctl_unlock();
	expect_drop(&left, &f, blue, DP_DROP_WRONG_MAC);
	memcpy(f.b, mac, 6);
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	f.b[0] |= 1; /* a group address is everybody's */
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	dp_link_stats(b, &s);
	cr_expect_eq(s.rx_packets, 4);
	cr_expect_eq(s.rx_drops, 4);
	end();
}

Test(links, handles_of_links_go_stale)
{
	uint64_t handle;
	struct dp_link *a;

	begin();
	a = vlan(left.link, blue, 0, 5, "a");
	handle = dp_link_handle(a);
	cr_expect_eq(dp_link_resolve(handle), a);
	dp_ctl_lock();
	dp_link_delete(a);
	dp_ctl_unlock();
	cr_expect_null(dp_link_resolve(handle));
	world_barrier();
	a = vlan(left.link, blue, 0, 5, "a");
	cr_expect_null(dp_link_resolve(handle));
	cr_expect_null(dp_link_resolve(0));
	cr_expect_null(dp_link_resolve(~0ull));
	end();
}

Test(links, down_spreads_to_what_is_stacked_and_up_too)
{
	struct dp_link *service, *a;
	struct frame f;

	begin();
	service = vlan(left.link, netns_init_ns(), 0x88a8, 100, "service");
	a = vlan(service, blue, 0, 7, "a");
	tagged(&f, 0x88a8, 100, 7);
	dp_ctl_lock();
	cr_expect_eq(dp_link_set_flags(service, DP_LINK_F_UP, 0), 0);
	cr_expect_eq(a->flags & (DP_LINK_F_UP | DP_LINK_F_RUNNING), 0);
	cr_expect_eq(dp_link_set_flags(a, DP_LINK_F_UP, DP_LINK_F_UP), -ENETDOWN);
	dp_ctl_unlock();
	expect_drop(&left, &f, blue, DP_DROP_LINK_DOWN);
	dp_ctl_lock();
	cr_expect_eq(dp_link_set_flags(service, DP_LINK_F_UP, DP_LINK_F_UP), 0);
	cr_expect(a->flags & DP_LINK_F_RUNNING);
	dp_ctl_unlock();
	expect_drop(&left, &f, blue, DP_DROP_NO_HANDLER);
	end();
}

static void refused(struct dp_link_config *c, int want)
{
	dp_ctl_lock();
	cr_expect_eq(dp_link_create(c, NULL), want, "%s", c->error);
	cr_expect_not_null(c->error);
	dp_ctl_unlock();
}

Test(links, bad_wishes_are_refused_with_a_text)
{
	struct dp_link_config c = { .kind = DP_LINK_VLAN, .name = "a" };
	struct dp_link *s, *t;

	begin();
	c.ns = blue;
	refused(&c, -ENODEV);
	c.parent = left.link;
	c.vlan_id = 4095;
	refused(&c, -ERANGE);
	c.vlan_id = 5;
	c.vlan_proto = 0x9100;
	refused(&c, -EINVAL);
	c.vlan_proto = 0;
	c.name = "";
	refused(&c, -EINVAL);
	c.name = "a/b";
	refused(&c, -EINVAL);
	c.name = "much-too-long-a-name";
	refused(&c, -EINVAL);
	c.name = "a";
	c.mtu = 9000;
	refused(&c, -ERANGE);
	c.mtu = 0;
	world_link(&c);
	c.vlan_id = 6;
	refused(&c, -EEXIST); /* name */
	c.name = "b";
	c.vlan_id = 5;
	refused(&c, -EEXIST); /* tag */
	s = vlan(left.link, blue, 0x88a8, 1, "s");
	t = vlan(s, blue, 0, 1, "t");
	c.parent = t;
	refused(&c, -EINVAL); /* three tags */
	c.kind = DP_LINK_PORT;
	refused(&c, -EOPNOTSUPP);
	dp_ctl_lock();
	cr_expect_eq(dp_link_delete(left.link), -EOPNOTSUPP);
	dp_ctl_unlock();
	end();
}

static struct dp_link_config vxlan_config(uint32_t vni)
{
	struct dp_link_config c = { .kind = DP_LINK_VXLAN,
				    .name = "vx",
				    .ns = blue,
				    .vni = vni,
				    .family = AF_INET,
				    .up = true,
				    .via = left.link };

	inet_pton(AF_INET, "192.0.2.1", c.local);
	inet_pton(AF_INET, "192.0.2.2", c.remote);
	memcpy(c.mac, MAC_LINK, 6);
	memcpy(c.via_mac, MAC_PEER, 6);
	return c;
}

static void outer(struct frame *f, uint32_t vni, const struct frame *inner)
{
	frame_macs(f, left.link->mac, MAC_PEER);
	frame_udp4(f, 0xc0000202, 0xc0000201, 40000, 4789, 0);
	frame_vxlan(f, vni, inner);
}

Test(links, vxlan_takes_frames_out_and_puts_them_in)
{
	struct dp_link_config c;
	struct frame in, inner, tag, got;

	begin();
	c = vxlan_config(0xabcdef);
	world_link(&c);
	vlan(right.link, blue, 0, 6, "b");
	world_xconnect(blue, "vx", "b");
	tagged(&inner, 0, -1, -1);
	tagged(&tag, 0x8100, 6, -1);
	outer(&in, 0xabcdef, &inner);
	expect_through(&left, &in, &right, &tag);
	/* and back */
	wire_put(&right, &tag);
	world_settle();
	cr_assert(wire_get(&left, &got));
	cr_expect_eq(got.len, 50 + inner.len);
	cr_expect_arr_eq(got.b, MAC_PEER, 6);
	cr_expect_eq(frame_csum(got.b + 14, 20), 0);
	cr_expect_eq(got.b[22], 64);
	cr_expect_eq(got.b[36] << 8 | got.b[37], 4789);
	cr_expect_eq(got.b[40] | got.b[41], 0);
	cr_expect_arr_eq(got.b + 42, "\x08\0\0\0\xab\xcd\xef\0", 8);
	cr_expect_arr_eq(got.b + 50, inner.b, inner.len);
	expect_conserved(netns_init_ns());
	expect_conserved(blue);
	end();
}

Test(links, vxlan_drops_bad_outer_headers_each_with_its_reason)
{
	struct netns *root;
	struct dp_link_config c;
	struct frame f, inner;

	begin();
	root = netns_init_ns();
	c = vxlan_config(1);
	world_link(&c);
	tagged(&inner, 0, -1, -1);
	outer(&f, 2, &inner);
	expect_drop(&left, &f, root, DP_DROP_UNKNOWN_VNI);
	outer(&f, 0x1001, &inner);
	expect_drop(&left, &f, root, DP_DROP_UNKNOWN_VNI);
	outer(&f, 1, &inner);
	f.b[42] = 0;
	expect_drop(&left, &f, root, DP_DROP_VXLAN_HEADER);
	outer(&f, 1, &inner);
	f.b[24] ^= 1;
	expect_drop(&left, &f, root, DP_DROP_OUTER_CSUM);
	outer(&f, 1, &inner);
	f.b[40] = 0x12;
	expect_drop(&left, &f, root, DP_DROP_OUTER_CSUM);
	outer(&f, 1, &inner);
	f.b[39]++;
	expect_drop(&left, &f, root, DP_DROP_VXLAN_HEADER);
	outer(&f, 1, &inner);
	f.b[37]++; /* another UDP port: not ours, and nobody else wants it */
	expect_drop(&left, &f, root, DP_DROP_NO_HANDLER);
	inner.len = 10;
	outer(&f, 1, &inner);
	wire_put(&left, &f);
	world_settle();
	cr_expect_eq(drops_of(blue, DP_DROP_RUNT), 1);
	end();
}
