/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chunks of 2 MiB and the runs of units in them. Owns the reservation, the table of chunks and one
 * pool for each node: lists of chunks by the longest run of free units in them, so that a run is
 * found without a search. Called by slab.c for slabs and by arena.c for large objects.
 *
 * A chunk without any unit in use is kept for a while (idle_keep()), then goes back to the kernel.
 * Runs longer than a chunk begin at a chunk's start; what they leave of their last chunk is pooled.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena_impl.h"
#include "asan.h"
#include "tenant.h"

#define BUCKETS     8u                /* longest run 1, 2-3, 4-7, ... 64-127, 128 units */
#define LOOK_MAX    8u                /* chunks looked at in the bucket that only may fit */
#define PIECE_MAX   32u               /* chunks mapped at once: 64 MiB */
#define RESERVE_MIN ((size_t)4 << 30) /* bytes of address space */
#define RESERVE_MAX ((size_t)16 << 40)

__extension__ typedef unsigned __int128 unit_mask; /* one bit a unit of a chunk; set: free */

/** struct chunk - guarded by its node's pool lock while mapped, else by grow_lock */
struct chunk {
	unit_mask free_mask;
	uint32_t next, prev; /* its bucket's list; NIL ends it */
	uint8_t bucket;      /* BUCKETS: on none */
	uint8_t free;        /* units */
};

struct pool {
	struct arena_lock lock;
	uint32_t bucket[BUCKETS]; /* all guarded by lock: lists of chunks */
	uint32_t chunks;          /* mapped */
	uint32_t idle;            /* of them without a unit in use */
} __attribute__((aligned(64)));

static struct netns_mutex grow_lock = NETNS_MUTEX_INIT; /* mapping, unmapping, chunk_node[] */
static struct chunk *chunks;                            /* one for each of the reservation */
static struct pool pools[ARENA_NODES_MAX];
static uint32_t first_hole; /* grow_lock: no chunk before this one is unmapped */

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

static unit_mask run_mask(unsigned int at, uint32_t n)
{
	unit_mask ones = n >= UNITS_PER_CHUNK ? ~(unit_mask)0 : ((unit_mask)1 << n) - 1;

	return ones << at;
}

static void unlink_chunk(struct pool *pool, uint32_t c) TS_REQUIRES(pool->lock)
{
	struct chunk *chunk = &chunks[c];

	if (chunk->bucket == BUCKETS)
		return;
	if (chunk->prev != NIL)
		chunks[chunk->prev].next = chunk->next;
	else
		pool->bucket[chunk->bucket] = chunk->next;
	if (chunk->next != NIL)
		chunks[chunk->next].prev = chunk->prev;
	chunk->bucket = BUCKETS;
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

/* Chunks without use that a node keeps, so that a breathing load does not map and unmap. */
static uint32_t idle_keep(const struct pool *pool) TS_REQUIRES(pool->lock)
{
	return 4 + pool->chunks / 16;
}

static uint32_t take_from(struct pool *pool, uint32_t c, uint32_t n) TS_REQUIRES(pool->lock)
{
	struct chunk *chunk = &chunks[c];
	unsigned int at = find_run(chunk->free_mask, n);

	if (at == UNITS_PER_CHUNK)
		return NIL;
	unlink_chunk(pool, c);
	if (chunk->free == UNITS_PER_CHUNK)
		pool->idle--;
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
	too_many = pool->idle > idle_keep(pool);
	arena_unlock(&pool->lock);
	return too_many;
}

/* Takes an idle chunk out of the pool. Return: NIL when there are not more than are kept. */
static uint32_t detach_idle(struct pool *pool)
{
	uint32_t c = NIL;

	arena_lock(&pool->lock);
	if (pool->idle > idle_keep(pool)) {
		c = pool->bucket[BUCKETS - 1];
		unlink_chunk(pool, c);
		pool->idle--;
		pool->chunks--;
	}
	arena_unlock(&pool->lock);
	return c;
}

void region_shrink(unsigned int node)
{
	uint32_t c;

	netns_mutex_lock(&grow_lock);
	while ((c = detach_idle(&pools[node])) != NIL) {
		__atomic_store_n(&arena.chunk_node[c], NODE_NONE, __ATOMIC_RELAXED);
		pages_decommit(arena.base + ((size_t)c << CHUNK_SHIFT), CHUNK_SIZE);
		__atomic_fetch_sub(&arena.reserved, CHUNK_SIZE, __ATOMIC_RELAXED);
		if (c < first_hole)
			first_hole = c;
	}
	netns_mutex_unlock(&grow_lock);
}

/* Maps @n unmapped chunks from @c on for @node; they are in no pool yet. grow_lock is held. */
static int map_chunks(unsigned int node, uint32_t c, uint32_t n) TS_REQUIRES(grow_lock)
{
	char *addr = arena.base + ((size_t)c << CHUNK_SHIFT);
	int err = pages_commit(addr, n * CHUNK_SIZE, (int)node, false);

	if (err != 0)
		return err;
	asan_poison(addr, n * CHUNK_SIZE);
	for (uint32_t i = c; i < c + n; i++) {
		chunks[i].free_mask = ~(unit_mask)0;
		chunks[i].free = UNITS_PER_CHUNK;
		chunks[i].bucket = BUCKETS;
		/* relaxed: whoever asks got the pointer through a lock taken later */
		__atomic_store_n(&arena.chunk_node[i], (uint8_t)node, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&arena.reserved, n * CHUNK_SIZE, __ATOMIC_RELAXED);
	return 0;
}

static void pool_chunks(struct pool *pool, uint32_t c, uint32_t n)
{
	arena_lock(&pool->lock);
	pool->chunks += n;
	for (uint32_t i = c + n; i-- > c;) {
		pool->idle += chunks[i].free == UNITS_PER_CHUNK;
		link_chunk(pool, i);
	}
	arena_unlock(&pool->lock);
}

/* Pieces grow with the node, by less than a hundredth of it, so that little is mapped in vain. */
static uint32_t piece_chunks(struct pool *pool)
{
	uint32_t n;

	arena_lock(&pool->lock);
	n = pool->chunks / UNITS_PER_CHUNK;
	arena_unlock(&pool->lock);
	return n < 1 ? 1 : n > PIECE_MAX ? PIECE_MAX : n;
}

/* Adds a piece to the pool of @node: the first hole, or what of it can be had. */
static int grow(unsigned int node) TS_REQUIRES(grow_lock)
{
	uint32_t want = piece_chunks(&pools[node]), n, c;
	int err;

	for (c = first_hole; c < arena.chunks && arena.chunk_node[c] != NODE_NONE; c++)
		;
	first_hole = c;
	for (n = 0; n < want && c + n < arena.chunks && arena.chunk_node[c + n] == NODE_NONE; n++)
		;
	if (n == 0)
		return -ENOMEM;
	for (err = -ENOMEM; err != 0 && n > 0; n = err != 0 ? n / 2 : n)
		err = map_chunks(node, c, n);
	if (err == 0)
		pool_chunks(&pools[node], c, n);
	return err;
}

/* Can chunk @c be part of a long run on @node: not mapped, or mapped there and idle? */
static bool claimable(struct pool *pool, unsigned int node, uint32_t c) TS_REQUIRES(pool->lock)
{
	return arena.chunk_node[c] == NODE_NONE ||
	       (arena.chunk_node[c] == node && chunks[c].free == UNITS_PER_CHUNK &&
		chunks[c].bucket != BUCKETS);
}

/* Finds @n chunks in a row and takes the mapped ones out of the pool. NIL: none. */
static uint32_t claim(struct pool *pool, unsigned int node, uint32_t n) TS_REQUIRES(grow_lock)
{
	uint32_t run = 0, c;

	arena_lock(&pool->lock);
	for (c = 0; c < arena.chunks && run < n; c++)
		run = claimable(pool, node, c) ? run + 1 : 0;
	c = run == n ? c - n : NIL;
	for (uint32_t i = c; c != NIL && i < c + n; i++) {
		if (arena.chunk_node[i] == NODE_NONE)
			continue;
		unlink_chunk(pool, i);
		pool->idle--;
		pool->chunks--;
	}
	arena_unlock(&pool->lock);
	return c;
}

/* Maps the holes in a claimed row; the row goes to the pool as it stands when one fails. */
static int fill(unsigned int node, uint32_t c, uint32_t n) TS_REQUIRES(grow_lock)
{
	for (uint32_t i = c, len; i < c + n; i += len) {
		bool hole = arena.chunk_node[i] == NODE_NONE;
		int err;

		for (len = 1; i + len < c + n && (arena.chunk_node[i + len] == NODE_NONE) == hole;)
			len++;
		err = hole ? map_chunks(node, i, len) : 0;
		if (err == 0)
			continue;
		for (i = c; i < c + n; i++)
			if (arena.chunk_node[i] != NODE_NONE)
				pool_chunks(&pools[node], i, 1);
		return err;
	}
	return 0;
}

/* A run longer than a chunk. */
static uint32_t take_long(unsigned int node, uint32_t units) TS_REQUIRES(grow_lock)
{
	uint32_t n = (units + UNITS_PER_CHUNK - 1) / UNITS_PER_CHUNK;
	struct pool *pool = &pools[node];
	uint32_t c = claim(pool, node, n);

	if (c == NIL || fill(node, c, n) != 0)
		return NIL;
	for (uint32_t i = c, left = units; i < c + n; i++) {
		uint32_t in = left < UNITS_PER_CHUNK ? left : UNITS_PER_CHUNK;

		chunks[i].free_mask = ~run_mask(0, in);
		chunks[i].free = (uint8_t)(UNITS_PER_CHUNK - in);
		left -= in;
	}
	pool_chunks(pool, c, n);
	return c * UNITS_PER_CHUNK;
}

uint32_t region_take(unsigned int node, uint32_t units)
{
	uint32_t unit;

	if (units / UNITS_PER_CHUNK >= arena.chunks)
		return NIL;
	if (units <= UNITS_PER_CHUNK) {
		unit = pool_take(node, units);
		if (unit != NIL)
			return unit;
	}
	netns_mutex_lock(&grow_lock);
	if (units > UNITS_PER_CHUNK) {
		unit = take_long(node, units);
	} else {
		/* somebody may have grown it while this thread waited */
		unit = pool_take(node, units);
		while (unit == NIL && grow(node) == 0)
			unit = pool_take(node, units);
	}
	netns_mutex_unlock(&grow_lock);
	return unit;
}

static void *map_table(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Address space for twice the machine's memory, or as much of it as the process may have. */
static int reserve(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	size_t bytes = pages > 0 && page > 0 ? 2 * (size_t)pages * (size_t)page : RESERVE_MIN;

	bytes = (bytes + CHUNK_SIZE - 1) & ~(CHUNK_SIZE - 1);
	if (bytes < RESERVE_MIN)
		bytes = RESERVE_MIN;
	if (bytes > RESERVE_MAX)
		bytes = RESERVE_MAX;
	for (; bytes >= 16 * CHUNK_SIZE; bytes = (bytes / 2) & ~(CHUNK_SIZE - 1)) {
		arena.base = pages_reserve(bytes);
		if (arena.base != NULL) {
			arena.chunks = (uint32_t)(bytes >> CHUNK_SHIFT);
			return 0;
		}
	}
	return -ENOMEM;
}

static void unmap_tables(void)
{
	size_t units = (size_t)arena.chunks * UNITS_PER_CHUNK;

	if (arena.units != NULL)
		munmap(arena.units, units * sizeof(*arena.units));
	if (arena.bitmaps != NULL)
		munmap(arena.bitmaps, units * sizeof(*arena.bitmaps));
	if (arena.chunk_node != NULL)
		munmap(arena.chunk_node, arena.chunks);
	if (chunks != NULL)
		munmap(chunks, arena.chunks * sizeof(*chunks));
	arena.units = NULL;
	arena.bitmaps = NULL;
	arena.chunk_node = NULL;
	chunks = NULL;
}

int region_init(void)
{
	int err = reserve();
	size_t units = (size_t)arena.chunks * UNITS_PER_CHUNK;

	if (err != 0)
		return err;
	/* zero pages until touched: 8 KiB for each chunk that is used */
	arena.units = map_table(units * sizeof(*arena.units));
	arena.bitmaps = map_table(units * sizeof(*arena.bitmaps));
	arena.chunk_node = map_table(arena.chunks);
	chunks = map_table(arena.chunks * sizeof(*chunks));
	if (arena.units == NULL || arena.bitmaps == NULL || arena.chunk_node == NULL ||
	    chunks == NULL) {
		region_fini();
		return -ENOMEM;
	}
	memset(arena.chunk_node, NODE_NONE, arena.chunks);
	memset(pools, 0, sizeof(pools));
	for (unsigned int node = 0; node < ARENA_NODES_MAX; node++)
		memset(pools[node].bucket, 0xff, sizeof(pools[node].bucket)); /* NIL */
	first_hole = 0;
	arena.reserved = 0;
	return 0;
}

void region_fini(void)
{
	unmap_tables();
	pages_unreserve(arena.base, (size_t)arena.chunks << CHUNK_SHIFT);
	arena.base = NULL;
	arena.chunks = 0;
	arena.reserved = 0;
}
