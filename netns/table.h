/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Index table: index -> tenant, and the indexes' generations. Two levels: a fixed top and chunks
 * of 4096 entries of 16 bytes, made as indexes are first used and kept until the library ends.
 */
#ifndef NETNS_TABLE_H
#define NETNS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct tenant;

#define TABLE_INUM_BASE 0xf0000000u /* inum = base + index */

int table_init(uint32_t max);
void table_fini(void);

/*
 * Gives index, handle and inum to @n tenants linked by undo_next from @head, or to none.
 * Errors: -ENOMEM, -ENOSPC every index is used or worn out
 */
int table_take(struct tenant *head, unsigned int n);
/*
 * Clears the entries of such a list and gives the indexes back under a new generation; whoever
 * found a tenant there is past its grace period.
 */
void table_give(struct tenant *head);

/* From now on lookups and walks find @t. Release: pairs with the acquire in lookups. */
void table_publish(struct tenant *t);
/* Lookups and walks miss @t at once. Called by whoever put the last reference. */
void table_tag_dying(struct tenant *t);

/*
 * Calls @fn for every tenant that is published and dying, or has just @handle if that is not 0;
 * they stay while it runs, under the table's lock, so it must be quick.
 */
void table_visit_dying(uint64_t handle, void (*fn)(struct tenant *t, void *arg), void *arg);

/* Indexes below this were given out at some time; entries above are empty. */
uint32_t table_high(void);
/* What lies at @index < table_high(), dying tenants included; NULL: nothing published. */
struct tenant *table_at(uint32_t index, bool *ret_dying);

#endif /* NETNS_TABLE_H */
