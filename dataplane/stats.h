/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The debug check of conservation, tenant by tenant, on workers that stand between two bursts.
 */
#ifndef DP_STATS_H
#define DP_STATS_H

#include <stdint.h>

struct netns;

/* Some tenants, round robin; what is wrong is logged and counted. Takes dp_ctl_lock. */
void conservation_check(void);
/* One; dp_ctl_lock held. Return: workers on which the equation does not hold. */
unsigned int conservation_check_tenant(const struct netns *ns);

extern uint64_t conservation_failures; /* w:watch thread r:control */

#endif /* DP_STATS_H */
