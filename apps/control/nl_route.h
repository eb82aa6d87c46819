/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between nl_route.c (requests that change) and nl_route_show.c (dumps, lookups, building).
 */
#ifndef CONTROL_NL_ROUTE_H
#define CONTROL_NL_ROUTE_H

#include "internal.h"

int route_parse(struct nl_req *req, uint8_t family, const struct nlattr **tb, unsigned int flags);

#endif /* CONTROL_NL_ROUTE_H */
