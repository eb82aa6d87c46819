/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chunks and their pools, as region.c uses them beside pool_take() and pool_give(). Chunks enter
 * and leave the pools under region.c's grow_lock only.
 */
#ifndef NETNS_POOL_H
#define NETNS_POOL_H

#include <stdint.h>

#include "arena_impl.h"

__extension__ typedef unsigned __int128 unit_mask; /* one bit a unit of a chunk; set: free */

/** struct chunk - guarded by its node's pool lock while it is pooled, else by grow_lock */
struct chunk {
	unit_mask free_mask;
	uint32_t next, prev; /* its bucket's list; NIL ends it */
	uint8_t bucket;      /* CHUNK_UNLISTED: on none */
	uint8_t free;        /* units */
};

#define CHUNK_UNLISTED 0xffu

/* Bits of @n units from @at on. */
static inline unit_mask run_mask(unsigned int at, uint32_t n)
{
	unit_mask ones = n >= UNITS_PER_CHUNK ? ~(unit_mask)0 : ((unit_mask)1 << n) - 1;

	return ones << at;
}

void pool_init(struct chunk *table);
/* Chunks @c .. @c + @n - 1, whose masks say what of them is free, belong to @node's pool now. */
void pool_add(unsigned int node, uint32_t c, uint32_t n);
uint32_t pool_chunks(unsigned int node);
/* Takes an idle chunk out of the pool. NIL: so few are idle that they are kept, fewer if @trim. */
uint32_t pool_detach_idle(unsigned int node, bool trim);
/* Idle chunks to trim now: a part of those that nobody needed since the last call. */
uint32_t pool_surplus(unsigned int node);
/* Finds @n chunks in a row that are not mapped, or idle in @node's pool, which they leave. */
uint32_t pool_claim(unsigned int node, uint32_t n);

#endif /* NETNS_POOL_H */
