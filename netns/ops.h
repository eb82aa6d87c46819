/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations as the rest of the core sees them: run all inits over a batch, undo a batch.
 */
#ifndef NETNS_OPS_INTERNAL_H
#define NETNS_OPS_INTERNAL_H

#include <stdint.h>

#include "netns_ops.h"

/*
 * Runs every init over a batch that nobody can find yet, operation by operation. On failure all is
 * undone again. Caller holds the phase for reading. Return: 0, -errno, or what an init returned.
 */
int ops_setup(struct netns_batch *batch);

/*
 * Cleanup: undoes all operations for a batch, one grace period included (also with no operations).
 * Caller holds the phase for reading. Cannot fail.
 */
void ops_cleanup(struct netns_batch *batch);

/* Operations registered now; slot ids in use. Snapshots. */
uint32_t ops_count(void);
uint32_t ops_slot_ids(void);
/* Logs each operation that is still registered. */
void ops_report(void);

#endif /* NETNS_OPS_INTERNAL_H */
