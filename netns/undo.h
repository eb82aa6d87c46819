/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one undo routine, and module data in slots.
 */
#ifndef NETNS_UNDO_H
#define NETNS_UNDO_H

#include <stddef.h>

#include "netns_ops.h"

struct tenant;

/*
 * Takes the operations from @from back to @to, in reverse list order, off every tenant of @batch
 * that has them: pre_exit; one grace period; batch->deferred; exit for each, then exit_batch, op
 * by op; when all have exited, slots are cleared and data freed. @from NULL: no operations.
 * Serves failed setup, failed registration, unregistering and cleanup. Cannot fail, but may
 * allocate to be faster. Caller holds the phase (reading: nobody else has these tenants).
 */
void ops_undo(struct netns_batch *batch, struct netns_ops *from, struct netns_ops *to);

/* Data of the one tenant whose init failed: out of its slot at once, freed with the batch's. */
void ops_orphan(struct netns_batch *batch, const struct netns_ops *op, struct tenant *t);

/* Bytes of one tenant's data, as charged and as freed. */
static inline size_t ops_data_size(const struct netns_ops *op)
{
	return (op->size + 63) & ~(size_t)63;
}

#endif /* NETNS_UNDO_H */
