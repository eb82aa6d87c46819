/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first way through: port, VLAN link, xconnect, port. Frames over rings, and from a pcap file.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/modules/xconnect/xconnect.h"
#include "world.h"

static void udp(struct frame *f, int vid)
{
	frame_macs(f, MAC_LINK, MAC_PEER);
	if (vid >= 0)
		frame_tag(f, 0x8100, (uint16_t)vid);
	frame_udp4(f, 0x0a000001, 0x0a000002, 1, 2, 18);
}

Test(forward, a_frame_goes_from_vlan_to_vlan_with_its_tag_replaced)
{
	struct wire left, right;
	struct netns *blue;
	struct frame in, out;

	world_begin(NULL);
	wire_make(&left, "left");
	wire_make(&right, "right");
	cr_assert_eq(dp_module_register(&xconnect_module, NULL, 0), 0);
	blue = world_tenant("blue");
	wire_vlan(&left, blue, 5, "a");
	wire_vlan(&right, blue, 7, "b");
	world_xconnect(blue, "a", "b");
	udp(&in, 5);
	udp(&out, 7);
	expect_through(&left, &in, &right, &out);
	expect_through(&right, &out, &left, &in);
	expect_conserved(blue);
	cr_expect_eq(dp_module_unregister(&xconnect_module), 0);
	expect_drop(&left, &in, blue, DP_DROP_NO_HANDLER);
	netns_put(blue);
	world_barrier();
	expect_drop(&left, &in, netns_init_ns(), DP_DROP_UNKNOWN_TAG);
	world_end();
}

static void write_pcap(const char *path, unsigned int frames)
{
	uint32_t head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 }, rec[4] = { 0 };
	struct frame f;
	FILE *file = fopen(path, "w");
	unsigned int i;

	cr_assert_not_null(file);
	fwrite(head, sizeof(head), 1, file);
	for (i = 0; i < frames; i++) {
		udp(&f, (int)(1 + i % 2));
		rec[2] = rec[3] = f.len;
		fwrite(rec, sizeof(rec), 1, file);
		fwrite(f.b, f.len, 1, file);
	}
	fclose(file);
}

Test(forward, frames_of_a_pcap_file_reach_their_tenants)
{
	char path[] = "/tmp/nsplane-test-XXXXXX", devargs[128];
	struct dp_port_config c = { .name = "pcap", .devargs = devargs };
	struct dp_tenant_stats s;
	struct netns *blue;
	struct wire right, left;

	close(mkstemp(path));
	write_pcap(path, 100);
	world_begin(NULL);
	snprintf(devargs, sizeof(devargs), "net_pcap0,rx_pcap=%s", path);
	cr_assert_eq(dp_port_add(&c, &left.link), 0, "%s", c.error);
	wire_make(&right, "right");
	cr_assert_eq(dp_module_register(&xconnect_module, NULL, 0), 0);
	blue = world_tenant("blue");
	wire_vlan(&left, blue, 1, "a");
	wire_vlan(&right, blue, 9, "b");
	world_xconnect(blue, "a", "b");
	world_settle();
	cr_assert_eq(dp_tenant_stats(blue, &s), 0);
	cr_expect_eq(s.rx_packets, 50);
	cr_expect_eq(s.tx_packets, 50);
	cr_expect_eq(drops_of(netns_init_ns(), DP_DROP_UNKNOWN_TAG), 50);
	cr_expect_eq(rte_ring_count(right.from_dp), 50);
	expect_conserved(blue);
	for (struct frame f; wire_get(&right, &f);)
		cr_expect_eq(f.b[15], 9);
	netns_put(blue);
	cr_expect_eq(dp_port_del("pcap"), 0);
	world_end();
	unlink(path);
}
