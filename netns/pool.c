/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools: for each node the mapped chunks that have free units, in lists by the longest run of them,
 * so that a run is found without a search, and where it fits most tightly, so that whole chunks
 * stay whole. Called by slab.c (under a bin's lock) and region.c (under its grow_lock); takes the
 * node's pool lock for a short while and never asks the kernel for anything.
 */
#include <string.h>

#include "arena_impl.h"
#include "pool.h"
#include "tenant.h"

#define BUCKETS   8u /* longest run 1, 2-3, 4-7, ... 64-127, 128 units */
#define LOOK_MAX  8u /* chunks looked at in the bucket that only may fit */

#define IDLE_MIN  4u  /* chunks that a node keeps, whatever happens */
#define IDLE_FREE 32u /* more than these and half of all chunks do not wait for arena_trim() */
#define DECAY     16u /* part of the surplus that goes at each call */

struct pool {
	struct arena_lock lock;
	uint32_t bucket[BUCKETS]; /* all guarded by lock: lists of chunks */
	uint32_t chunks;          /* mapped */
	uint32_t idle;            /* of them without a unit in use */
	uint32_t idle_low;        /* fewest of these since the last pool_surplus() */
} __attribute__((aligned(64)));

static struct chunk *chunks; /* const after pool_init() */
static struct pool pools[ARENA_NODES_MAX];

void pool_init(struct chunk *table)
{
	chunks = table;
	memset(pools, 0, sizeof(pools));
	for (unsigned int node = 0; node < ARENA_NODES_MAX; node++)
		memset(pools[node].bucket, 0xff, sizeof(pools[node].bucket)); /* NIL */
}

static unsigned int log2_of(uint32_t n)
{
	return 31u - (unsigned int)__builtin_clz(n);
}

/* Bucket of @mask, which is not 0: log2 of its longest run, rounded down. */
static unsigned int bucket_of(unit_mask mask)
{
	unsigned int b = 0;

	while (b < BUCKETS - 1) {
		mask &= mask >> (1u << b);
		if (mask == 0)
			break;
		b++; /* what is left of mask begins runs of at least 2^b */
	}
	return b;
}

/* First position of @n set bits in a row, or UNITS_PER_CHUNK. */
static unsigned int find_run(unit_mask mask, uint32_t n)
{
	uint32_t have = 1, step;

	for (; have < n && mask != 0; have += step) {
		step = have < n - have ? have : n - have;
		mask &= mask >> step;
	}
	if (mask == 0)
		return UNITS_PER_CHUNK;
	if ((uint64_t)mask != 0)
		return (unsigned int)__builtin_ctzl((uint64_t)mask);
	return 64u + (unsigned int)__builtin_ctzl((uint64_t)(mask >> 64));
}

static void unlink_chunk(struct pool *pool, uint32_t c) TS_REQUIRES(pool->lock)
{
	struct chunk *chunk = &chunks[c];

	if (chunk->bucket == CHUNK_UNLISTED)
		return;
	if (chunk->prev != NIL)
		chunks[chunk->prev].next = chunk->next;
	else
		pool->bucket[chunk->bucket] = chunk->next;
	if (chunk->next != NIL)
		chunks[chunk->next].prev = chunk->prev;
	chunk->bucket = CHUNK_UNLISTED;
}

static void link_chunk(struct pool *pool, uint32_t c) TS_REQUIRES(pool->lock)
{
	struct chunk *chunk = &chunks[c];
	unsigned int b;

	if (chunk->free == 0)
		return;
	b = bucket_of(chunk->free_mask);
	chunk->bucket = (uint8_t)b;
	chunk->prev = NIL;
	chunk->next = pool->bucket[b];
	if (chunk->next != NIL)
		chunks[chunk->next].prev = c;
	pool->bucket[b] = c;
}

/*
 * Idle chunks that nobody has to wait for: mapping one again costs the kernel's clearing of 2 MiB,
 * which is more than all objects in it cost, so a load that breathes shall find them.
 */
static uint32_t idle_bound(const struct pool *pool) TS_REQUIRES(pool->lock)
{
	return IDLE_FREE + pool->chunks / 2;
}

static void idle_taken(struct pool *pool) TS_REQUIRES(pool->lock)
{
	pool->idle--;
	if (pool->idle < pool->idle_low)
		pool->idle_low = pool->idle;
}

static uint32_t take_from(struct pool *pool, uint32_t c, uint32_t n) TS_REQUIRES(pool->lock)
{
	struct chunk *chunk = &chunks[c];
	unsigned int at = find_run(chunk->free_mask, n);

	if (at == UNITS_PER_CHUNK)
		return NIL;
	unlink_chunk(pool, c);
	if (chunk->free == UNITS_PER_CHUNK)
		idle_taken(pool);
	chunk->free_mask &= ~run_mask(at, n);
	chunk->free = (uint8_t)(chunk->free - n);
	link_chunk(pool, c);
	return c * UNITS_PER_CHUNK + at;
}

/* Smallest fit first, so that whole chunks stay whole. */
static uint32_t take_locked(struct pool *pool, uint32_t n) TS_REQUIRES(pool->lock)
{
	unsigned int b = log2_of(n), look = 0;

	if ((n & (n - 1)) != 0) {
		for (uint32_t c = pool->bucket[b]; c != NIL && look < LOOK_MAX; look++) {
			uint32_t unit = take_from(pool, c, n);

			if (unit != NIL)
				return unit;
			c = chunks[c].next;
		}
		b++;
	}
	for (; b < BUCKETS; b++)
		if (pool->bucket[b] != NIL)
			return take_from(pool, pool->bucket[b], n);
	return NIL;
}

uint32_t pool_take(unsigned int node, uint32_t units)
{
	struct pool *pool = &pools[node];
	uint32_t unit;

	arena_lock(&pool->lock);
	unit = take_locked(pool, units);
	arena_unlock(&pool->lock);
	return unit;
}

bool pool_give(uint32_t unit, uint32_t units)
{
	struct pool *pool = &pools[owner_node(unit_addr(unit))];
	bool too_many;

	arena_lock(&pool->lock);
	while (units > 0) {
		uint32_t c = unit / UNITS_PER_CHUNK, at = unit % UNITS_PER_CHUNK;
		uint32_t n = UNITS_PER_CHUNK - at < units ? UNITS_PER_CHUNK - at : units;
		struct chunk *chunk = &chunks[c];

		if ((chunk->free_mask & run_mask(at, n)) != 0)
			netns_bug("arena: units %u+%u are freed twice", unit, n);
		unlink_chunk(pool, c);
		chunk->free_mask |= run_mask(at, n);
		chunk->free = (uint8_t)(chunk->free + n);
		pool->idle += chunk->free == UNITS_PER_CHUNK;
		link_chunk(pool, c);
		unit += n;
		units -= n;
	}
	too_many = pool->idle > idle_bound(pool);
	arena_unlock(&pool->lock);
	return too_many;
}

uint32_t pool_detach_idle(unsigned int node, bool trim)
{
	struct pool *pool = &pools[node];
	uint32_t c = NIL;

	arena_lock(&pool->lock);
	if (pool->idle > (trim ? IDLE_MIN : idle_bound(pool))) {
		c = pool->bucket[BUCKETS - 1];
		unlink_chunk(pool, c);
		idle_taken(pool);
		pool->chunks--;
	}
	arena_unlock(&pool->lock);
	return c;
}

uint32_t pool_surplus(unsigned int node)
{
	struct pool *pool = &pools[node];
	uint32_t n = 0;

	arena_lock(&pool->lock);
	if (pool->idle_low > IDLE_MIN)
		n = (pool->idle_low - IDLE_MIN + DECAY - 1) / DECAY;
	pool->idle_low = pool->idle;
	arena_unlock(&pool->lock);
	return n;
}

void pool_add(unsigned int node, uint32_t c, uint32_t n)
{
	struct pool *pool = &pools[node];

	arena_lock(&pool->lock);
	pool->chunks += n;
	for (uint32_t i = c + n; i-- > c;) {
		pool->idle += chunks[i].free == UNITS_PER_CHUNK;
		link_chunk(pool, i);
	}
	arena_unlock(&pool->lock);
}

uint32_t pool_chunks(unsigned int node)
{
	struct pool *pool = &pools[node];
	uint32_t n;

	arena_lock(&pool->lock);
	n = pool->chunks;
	arena_unlock(&pool->lock);
	return n;
}

/* Can chunk @c be part of a long run on @node: not mapped, or mapped there and idle? */
static bool claimable(struct pool *pool, unsigned int node, uint32_t c) TS_REQUIRES(pool->lock)
{
	return arena.chunk_node[c] == NODE_NONE ||
	       (arena.chunk_node[c] == node && chunks[c].free == UNITS_PER_CHUNK &&
		chunks[c].bucket != CHUNK_UNLISTED);
}

uint32_t pool_claim(unsigned int node, uint32_t n)
{
	struct pool *pool = &pools[node];
	uint32_t run = 0, c;

	arena_lock(&pool->lock);
	for (c = 0; c < arena.chunks && run < n; c++)
		run = claimable(pool, node, c) ? run + 1 : 0;
	c = run == n ? c - n : NIL;
	for (uint32_t i = c; c != NIL && i < c + n; i++) {
		if (arena.chunk_node[i] == NODE_NONE)
			continue;
		unlink_chunk(pool, i);
		idle_taken(pool);
		pool->chunks--;
	}
	arena_unlock(&pool->lock);
	return c;
}
