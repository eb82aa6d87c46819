/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A tenant as an IPv4 router, frame by frame: forwarding, ARP, ICMP, routes and their errors.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "dataplane/modules/addr/addr.h"
#include "dataplane/modules/ip/ip.h"
#include "dataplane/modules/neigh/neigh.h"
#include "dataplane/modules/route/route.h"
#include "world.h"

#define A(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static struct wire left, right;
static struct netns *blue;
static struct dp_link *link_a, *link_b;

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void give(struct dp_link *link, uint32_t addr, uint8_t plen)
{
	struct addr_config c = { .link = link, .family = AF_INET, .plen = plen };

	put32(c.local, addr);
	dp_ctl_lock();
	cr_assert_eq(addr_add(&c, NULL), 0, "%s", c.error);
	dp_ctl_unlock();
}

static void neighbour(struct dp_link *link, uint32_t addr, const uint8_t mac[6])
{
	struct neigh_config c = { .link = link,
				  .family = AF_INET,
				  .has_mac = true,
				  .state = NUD_PERMANENT,
				  .nlm_flags = NLM_F_CREATE };

	put32(c.addr, addr);
	memcpy(c.mac, mac, 6);
	dp_ctl_lock();
	cr_assert_eq(neigh_add(&c), 0, "%s", c.error);
	dp_ctl_unlock();
}

static int route(uint32_t dst, uint8_t plen, uint32_t gateway, uint8_t type)
{
	struct route_nexthop hop = { .has_gateway = true, .gateway_family = AF_INET };
	struct route_config c = { .ns = blue,
				  .family = AF_INET,
				  .plen = plen,
				  .type = type,
				  .table = RT_TABLE_MAIN,
				  .proto = RTPROT_BOOT,
				  .n_nexthops = type == RTN_UNICAST,
				  .nexthops = &hop,
				  .nlm_flags = NLM_F_CREATE | NLM_F_EXCL };
	int err;

	put32(c.dst, dst);
	put32(hop.gateway, gateway);
	dp_ctl_lock();
	err = route_add(&c);
	dp_ctl_unlock();
	return err;
}

/* 10.0.0.1/24 on the left, 10.0.1.1/24 on the right, in VLANs 5 and 7 */
static void begin(void)
{
	world_begin(NULL);
	cr_assert_eq(router_register(), 0);
	wire_make(&left, "left");
	wire_make(&right, "right");
	blue = world_tenant("blue");
	link_a = wire_vlan(&left, blue, 5, "a");
	link_b = wire_vlan(&right, blue, 7, "b");
	give(link_a, A(10, 0, 0, 1), 24);
	give(link_b, A(10, 0, 1, 1), 24);
}

static void end(void)
{
	expect_conserved(blue);
	netns_put(blue);
	world_barrier();
	router_unregister();
	world_end();
}

static void udp(struct frame *f, const uint8_t *dmac, const uint8_t *smac, uint16_t vid,
		uint32_t dst)
{
	frame_macs(f, dmac, smac);
	frame_tag(f, 0x8100, vid);
	frame_udp4(f, A(10, 0, 0, 2), dst, 1000, 2000, 18);
}

static uint8_t *ip_of(struct frame *f)
{
	return f->b + 18;
}

/* What a router does to the header: TTL one less, checksum made anew */
static void age(struct frame *f)
{
	uint8_t *ip = ip_of(f);
	uint16_t sum;

	ip[8]--;
	ip[10] = ip[11] = 0;
	sum = frame_csum(ip, 20);
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

Test(router, forwards_to_an_on_link_neighbour_with_ttl_and_macs_rewritten)
{
	struct frame in, want;

	begin();
	neighbour(link_b, A(10, 0, 1, 2), MAC_OTHER);
	udp(&in, MAC_LINK, MAC_PEER, 5, A(10, 0, 1, 2));
	udp(&want, MAC_OTHER, MAC_LINK, 7, A(10, 0, 1, 2));
	age(&want);
	expect_through(&left, &in, &right, &want);
	end();
}

Test(router, forwards_through_a_gateway)
{
	struct frame in, want;

	begin();
	neighbour(link_b, A(10, 0, 1, 9), MAC_OTHER);
	cr_assert_eq(route(A(192, 168, 0, 0), 16, A(10, 0, 1, 9), RTN_UNICAST), 0);
	udp(&in, MAC_LINK, MAC_PEER, 5, A(192, 168, 77, 1));
	udp(&want, MAC_OTHER, MAC_LINK, 7, A(192, 168, 77, 1));
	age(&want);
	expect_through(&left, &in, &right, &want);
	end();
}

static void arp(struct frame *f, uint16_t vid, uint16_t op, const uint8_t *dmac,
		const uint8_t *smac, uint32_t sip, const uint8_t *tha, uint32_t tip)
{
	static const uint8_t head[6] = { 0, 1, 8, 0, 6, 4 };

	frame_macs(f, dmac, smac);
	frame_tag(f, 0x8100, vid);
	frame_be16(f, 0x0806);
	frame_bytes(f, head, sizeof(head));
	frame_be16(f, op);
	frame_bytes(f, smac, 6);
	frame_be32(f, sip);
	frame_bytes(f, tha, 6);
	frame_be32(f, tip);
}

static const uint8_t nobody[6], everybody[6] = { 255, 255, 255, 255, 255, 255 };

Test(router, answers_arp_for_its_own_address)
{
	struct frame in, want;

	begin();
	arp(&in, 5, 1, everybody, MAC_PEER, A(10, 0, 0, 2), nobody, A(10, 0, 0, 1));
	arp(&want, 5, 2, MAC_PEER, MAC_LINK, A(10, 0, 0, 1), MAC_PEER, A(10, 0, 0, 2));
	expect_through(&left, &in, &left, &want);
	end();
}

/* Polls until @out has a frame; the neighbour thread needs a moment. False after a second. */
static bool await(struct wire *out, struct frame *f)
{
	struct timespec pause = { 0, 1000000 };
	int i;

	for (i = 0; i < 1000; i++) {
		world_settle();
		if (wire_get(out, f))
			return true;
		netns_reader_offline();
		nanosleep(&pause, NULL);
		netns_reader_online();
	}
	return false;
}

Test(router, asks_for_an_unknown_neighbour_and_sends_what_waited)
{
	struct frame in, want, got;

	begin();
	udp(&in, MAC_LINK, MAC_PEER, 5, A(10, 0, 1, 2));
	wire_put(&left, &in);
	cr_assert(await(&right, &got), "no ARP request");
	arp(&want, 7, 1, everybody, MAC_LINK, A(10, 0, 1, 1), nobody, A(10, 0, 1, 2));
	cr_expect_eq(got.len, want.len);
	cr_expect_arr_eq(got.b, want.b, want.len);
	arp(&in, 7, 2, MAC_LINK, MAC_OTHER, A(10, 0, 1, 2), MAC_LINK, A(10, 0, 1, 1));
	wire_put(&right, &in);
	cr_assert(await(&right, &got), "the packet did not leave");
	udp(&want, MAC_OTHER, MAC_LINK, 7, A(10, 0, 1, 2));
	age(&want);
	cr_expect_eq(got.len, want.len);
	cr_expect_arr_eq(got.b, want.b, want.len);
	end();
}

Test(router, says_time_exceeded_when_the_ttl_is_used_up)
{
	struct frame in, got;
	uint8_t *ip;

	begin();
	neighbour(link_a, A(10, 0, 0, 2), MAC_PEER);
	neighbour(link_b, A(10, 0, 1, 2), MAC_OTHER);
	udp(&in, MAC_LINK, MAC_PEER, 5, A(10, 0, 1, 2));
	ip_of(&in)[8] = 2;
	age(&in);
	wire_put(&left, &in);
	world_settle();
	cr_assert(wire_get(&left, &got));
	ip = ip_of(&got);
	cr_expect_eq(ip[9], 1);
	cr_expect_eq(ip[20], 11);
	cr_expect_arr_eq(ip + 28, ip_of(&in), 28, "quotes the packet");
	cr_expect_eq(frame_csum(ip, 20), 0);
	cr_expect_eq(drops_of(blue, DP_DROP_IP_TTL), 1);
	end();
}

Test(router, rejects_as_routes_say)
{
	struct frame in;

	begin();
	cr_assert_eq(route(A(172, 16, 0, 0), 12, 0, RTN_BLACKHOLE), 0);
	cr_assert_eq(route(A(172, 16, 0, 0), 12, 0, RTN_BLACKHOLE), -EEXIST);
	cr_assert_eq(route(A(172, 32, 0, 0), 12, A(99, 0, 0, 1), RTN_UNICAST), -ENETUNREACH);
	cr_assert_eq(route(A(172, 32, 0, 1), 12, 0, RTN_BLACKHOLE), -EINVAL);
	udp(&in, MAC_LINK, MAC_PEER, 5, A(172, 16, 0, 1));
	expect_drop(&left, &in, blue, DP_DROP_IP_BLACKHOLE);
	end();
}
