/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reclaim: from a batch of dying tenants to free memory.
 */
#ifndef NETNS_RECLAIM_H
#define NETNS_RECLAIM_H

#include <stdint.h>

struct tenant;
struct netns_defer;

/*
 * Cleans up tenants linked by batch_next and runs @deferred, all after one grace period. Retire
 * threads only. Return: tenants cleaned up.
 */
unsigned int reclaim_batch(struct tenant *limbo, struct netns_defer *deferred);

/*
 * Last step for tenants linked by undo_next that have no operations and no place in the tables any
 * more: drops the passive count that the active ones held. @active: the count that each must have;
 * others are reported and left allocated.
 */
void reclaim_finish(struct tenant *head, uint32_t active);

/* Frees one cleaned up tenant whose last passive count is gone. */
void reclaim_memory(struct tenant *t);

/* Cleaned up tenants whose memory somebody holds; they stay while @fn runs, which may not drop. */
void reclaim_visit_held(void (*fn)(struct tenant *t, void *arg), void *arg);

#endif /* NETNS_RECLAIM_H */
