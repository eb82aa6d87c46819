/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 options of packets that arrive, see ip4_opt.c. Datapath.
 */
#ifndef IP4_OPT_H
#define IP4_OPT_H

#include "internal.h"

/** struct ip4_opts - where in the header the router has to write; 0: nowhere */
struct ip4_opts {
	uint8_t record; /* record route: our address on the way out, behind the pointer's last step
			 */
	bool srr;       /* there is a source route */
	bool changed;   /* the checksum has to be made anew before the packet goes on */
};

/*
 * Reads the options of packet @i and does what is done on arrival: times and our address towards
 * the sender (@here, network order) are entered. Return: 0, or the offset of what is malformed.
 */
uint32_t ip4_opt_read(struct dp_vec *v, uint32_t i, uint32_t here, struct ip4_opts *ret);
/* What is done when the packet is sent on, with the address @out of the link that it leaves by. */
void ip4_opt_forward(uint8_t *h, const struct ip4_opts *o, uint32_t out);

#endif /* IP4_OPT_H */
