/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport protocols, as far as a tenant without sockets speaks them: is a datagram sound enough
 * to be answered, and the reset that a TCP segment gets. Datapath.
 */
#ifndef L4_H
#define L4_H

#include "internal.h"

/*
 * @at: where the transport header begins, bytes behind the begin of the IP header
 *
 * Length and checksum of the UDP datagram at packet @i, which is cut where the datagram ends.
 */
bool l4_udp_ok(const struct dp_vec *v, uint32_t i, uint8_t family, uint32_t at);
/* Answers a sound segment with a reset (but not a reset); an unsound one is dropped. */
void l4_tcp_reset(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint8_t family, uint32_t at);

#endif /* L4_H */
