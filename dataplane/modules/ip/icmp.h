/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP and ICMPv6: what their files share. Datapath.
 */
#ifndef ICMP_H
#define ICMP_H

#include "internal.h"

/**
 * icmp_allowed() - rate limits of errors: the tenant's own budget, then one per destination
 *
 * Context: worker; lock-free. Counts as sent when it returns true.
 * Source:  behaviour of Linux icmp_global_allow() and icmpv4_xrlim_allow(), both per tenant
 */
bool icmp_allowed(struct dp_worker *w, struct ip_ns *in, const struct netns *ns, uint8_t family,
		  uint8_t type, const uint8_t *dst);

/*
 * May @dst be told once more of a better way? As Linux does: at growing intervals, and no more
 * after nine that it did not heed, until it was quiet for 20 s. Counts as sent if true.
 */
bool icmp_redirect_allowed(struct dp_worker *w, const struct netns *ns, uint8_t family,
			   const uint8_t *dst);

uint32_t icmp_ms_since_midnight(void); /* UTC, ms */

/* Error about @m, whose L3 header is @off bytes into it; @m is not taken. */
void icmp4_error_at(struct dp_worker *w, const struct dp_link *in_link, const struct rte_mbuf *m,
		    uint32_t off, uint8_t type, uint8_t code, uint32_t param);
void icmp6_error_at(struct dp_worker *w, const struct dp_link *in_link, const struct rte_mbuf *m,
		    uint32_t off, uint8_t type, uint8_t code, uint32_t param);

void icmp4_receive(struct dp_worker *w, struct dp_vec *v, uint32_t i, bool broadcast);
void icmp6_receive(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at);

#endif /* ICMP_H */
