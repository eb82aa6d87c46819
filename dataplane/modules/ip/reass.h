/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Putting together the fragments of packets addressed to a tenant, see reass.c. Datapath, but for
 * begin and end.
 */
#ifndef REASS_H
#define REASS_H

#include "internal.h"

/*
 * Packet @i is a fragment. True: it was the last one missing, and is the whole packet now; false:
 * it was taken, or dropped, with a verdict.
 */
bool reass4(struct dp_worker *w, struct dp_vec *v, uint32_t i);
/* The same; the fragment header is at @at and is named at @named_at, both taken out if whole. */
bool reass6(struct dp_worker *w, struct dp_vec *v, uint32_t i, uint32_t at, uint32_t named_at);

/* Each worker's table, and its clock. -ENOMEM */
int reass_lcore_init(struct dp_worker *w);
void reass_lcore_exit(struct dp_worker *w);
void reass_tick(struct dp_worker *w);

#endif /* REASS_H */
