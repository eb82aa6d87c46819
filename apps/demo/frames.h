/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that the demo's source sends: the same IPv4 packets for three tenants, told apart only by
 * how they are wrapped.
 */
#ifndef DEMO_FRAMES_H
#define DEMO_FRAMES_H

#include <stdint.h>
#include <stdio.h>

enum demo_wrap { DEMO_VLAN, DEMO_QINQ, DEMO_VXLAN, DEMO_WRAPS };

#define DEMO_VLAN_ID  10u
#define DEMO_OUTER_ID 100u
#define DEMO_INNER_ID 20u
#define DEMO_VNI      5000u
#define DEMO_VTEP     ((const uint8_t[4]){ 192, 0, 2, 1 })

/**
 * demo_frames_write() - a pcap file of frames for all three tenants, and some that nobody wants
 * @mac: of the port that receives them
 * Errors: -errno of the file
 */
int demo_frames_write(const char *path, const uint8_t mac[6]);

#endif /* DEMO_FRAMES_H */
