/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 extension headers, see ip6_ext.c. Offsets count from the IPv6 header's begin. Datapath.
 */
#ifndef IP6_EXT_H
#define IP6_EXT_H

#include "internal.h"

/*
 * The header of options at @at. Return: its length, or 0: the packet was dropped, and the sender
 * told where the option wants that. @hops: hop-by-hop, else destination options
 */
uint32_t ip6_options(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at, bool hops);
/* The same for a routing header. */
uint32_t ip6_routing(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at);
/* Upper protocol of a packet of which @have bytes are there, and where it begins; no checks */
uint8_t ip6_skip(const uint8_t *h, uint32_t have, uint32_t *ret_at);

#endif /* IP6_EXT_H */
