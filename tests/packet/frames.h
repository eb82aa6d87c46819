/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames built byte by byte for packet tests. A frame grows at its end; nothing is checked, so that
 * bad ones can be built too.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdint.h>

/** struct frame - bytes of one frame */
struct frame {
	uint32_t len; /* bytes */
	uint8_t b[9600];
};

#define MAC_LINK  ((const uint8_t[6]){ 0x02, 0, 0, 0, 0, 0x01 })
#define MAC_PEER  ((const uint8_t[6]){ 0x02, 0, 0, 0, 0, 0x02 })
#define MAC_OTHER ((const uint8_t[6]){ 0x02, 0, 0, 0, 0, 0x03 })

void frame_bytes(struct frame *f, const void *bytes, uint32_t len);
void frame_be16(struct frame *f, uint16_t v);
void frame_be32(struct frame *f, uint32_t v);
/* Two MACs; the EtherType or tags come next. Clears @f. */
void frame_macs(struct frame *f, const uint8_t dst[6], const uint8_t src[6]);
void frame_tag(struct frame *f, uint16_t proto, uint16_t tci);
/* EtherType 0x0800, IPv4 and UDP headers with good checksum, @payload bytes of pattern. */
void frame_udp4(struct frame *f, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport,
		uint32_t payload);
void frame_pad(struct frame *f, uint32_t len);
/* VXLAN header behind what frame_udp4() built without payload, then the inner frame. Fixes lengths.
 */
void frame_vxlan(struct frame *f, uint32_t vni, const struct frame *inner);
uint16_t frame_csum(const void *bytes, uint32_t len);

#endif /* FRAMES_H */
