/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control files share: the control lock's object, for conditions that wait under it, and the
 * options that dp_init() filled in.
 */
#ifndef DP_CTL_H
#define DP_CTL_H

#include "dp.h"
#include "netns/rcu.h"

extern struct netns_mutex ctl_mutex;
extern struct dp_options dp_opts; /* const after dp_init() filled in the defaults */

#endif /* DP_CTL_H */
