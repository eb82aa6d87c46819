/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4 and IPv6 forwarding of a tenant: header checks, FIB, TTL, rewrite; local delivery with ICMP,
 * fragmentation and errors as Linux. Datapath modules "ip4" and "ip6" and their knobs.
 */
#ifndef IP_H
#define IP_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dp_link.h"
#include "dataplane/dp_module.h"
#include "dataplane/dp_worker.h"

/** struct ip_conf - a tenant's knobs; names and meanings of Linux's sysctls */
struct ip_conf {
	uint8_t forwarding4, forwarding6; /* default 1: a tenant is a router */
	uint8_t rp_filter;                /* 0 off, 1 strict, 2 loose; default 0 */
	uint8_t accept_local, route_localnet;
	uint8_t accept_source_route, log_martians;
	uint8_t icmp_echo_ignore_all, icmp_echo_ignore_broadcasts; /* defaults 0, 1 */
	uint8_t send_redirects;                                    /* default 1 */
	uint8_t ttl;                                               /* default 64 */
	uint32_t icmp_ratelimit_ms;                  /* per destination; default 1000 */
	uint32_t icmp_ratemask;                      /* default 6168 */
	uint32_t icmp_msgs_per_sec, icmp_msgs_burst; /* per tenant; defaults 1000, 50 */
};
int ip_conf_get(struct netns *ns, struct ip_conf *ret_conf);
/* Context: control, dp_ctl_lock held. -EINVAL */
int ip_conf_set(struct netns *ns, const struct ip_conf *conf);

/*
 * Sends an ICMP or ICMPv6 error about @m (at its L3 header), subject to the rate limits and to what
 * must not be answered. @m is not taken. @in: link that it came by. @param: MTU or pointer.
 */
void icmp_error(struct dp_worker *w, const struct dp_link *in, const struct rte_mbuf *m,
		uint8_t family, uint8_t type, uint8_t code, uint32_t param);

extern const struct dp_module ip_module;
extern const struct dp_module ip4_module;
extern const struct dp_module ip6_module;

/* All router modules; every tenant has them. Context: init, after dp_init(). */
int router_register(void);
int router_unregister(void);

#endif /* IP_H */
