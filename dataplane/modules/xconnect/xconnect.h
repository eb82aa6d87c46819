/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Module "xconnect": a wire between two links of a tenant; what comes in by one leaves by the
 * other, whatever its MAC or protocol. Parameters: "a=LINK", "b=LINK" (the same: a mirror).
 */
#ifndef XCONNECT_H
#define XCONNECT_H

#include "dataplane/dp_module.h"

extern const struct dp_module xconnect_module;

/* xconnect_path.c */
void xconnect_prefetch(struct dp_worker *w, struct dp_vec *v);
void xconnect_process(struct dp_worker *w, struct dp_vec *v);

#endif /* XCONNECT_H */
