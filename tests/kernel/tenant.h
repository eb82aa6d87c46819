/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tenant under test: what its two files share. One tenant with VLAN links on ring ports in one
 * process, polled by hand; told what to do by lines on standard input, answers on standard output.
 */
#ifndef TENANT_H
#define TENANT_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/dp.h"

#define WIRES_MAX 16u
#define WORDS_MAX 64u

/** struct wire - one link of the tenant, and the port's other end */
struct wire {
	struct rte_ring *to_dp, *from_dp;
	struct dp_link *port, *link;
	char name[16];
};

extern struct netns *tenant_ns;
extern struct wire wires[WIRES_MAX];
extern unsigned int n_wires;

struct wire *wire_find(const char *name);
/* Ring port @name with a VLAN link in the tenant. 0 or -errno; *@ret_error: static text */
int wire_make(const char *name, const uint8_t mac[6], uint16_t mtu, const char **ret_error);

/*
 * A line that configures; @word[0] says what. 0 or -errno, -ENOSYS: not one of these.
 * *@ret_error: static text or NULL.
 */
int configure(char **word, unsigned int n, const char **ret_error);

#endif /* TENANT_H */
