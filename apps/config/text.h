/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values as people write them: prefixes, MACs, kinds. Each returns false for what it does not
 * understand, and leaves outputs alone then.
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* "10.0.0.1/24", "fd00::1" (then the full length); network order, bits */
bool text_prefix(const char *text, uint8_t *ret_family, uint8_t ret_addr[16], uint8_t *ret_plen);
/* "02:00:00:00:00:01" */
bool text_mac(const char *text, uint8_t ret_mac[6]);
/* enum dp_link_kind of "vlan", "vxlan", "veth", "dummy" */
bool text_link_kind(const char *text, uint8_t *ret_kind);
/* 0x8100 of NULL and "802.1Q", 0x88a8 of "802.1ad" */
bool text_tag_proto(const char *text, uint16_t *ret_proto);
/* RTN_* of NULL, "unicast", "blackhole", "unreachable", "prohibit" */
bool text_route_type(const char *text, uint8_t *ret_type);

#endif /* CONFIG_TEXT_H */
