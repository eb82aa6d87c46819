/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour discovery messages on the wire (RFC 4861): solicitation and advertisement with one
 * link-layer address option, and their numbers.
 */
#ifndef ND_H
#define ND_H

#include <stdint.h>

enum { ND_SOLICIT = 135, ND_ADVERT = 136 };
enum { ND_OPT_SOURCE_MAC = 1, ND_OPT_TARGET_MAC = 2 };
enum { ND_ROUTER = 0x80, ND_SOLICITED = 0x40, ND_OVERRIDE = 0x20 }; /* first byte of flags */

/** struct nd_msg - ICMPv6 header, target and one option; 32 bytes, network order */
struct nd_msg {
	uint8_t type, code;
	uint16_t checksum;
	uint8_t flags[4];
	uint8_t target[16];
	uint8_t option_type, option_len; /* length in units of 8 bytes */
	uint8_t mac[6];
} __attribute__((packed));

#endif /* ND_H */
