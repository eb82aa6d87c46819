/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reservation and what of it is mapped: chunks of 2 MiB come from the kernel piece by piece,
 * belong to a node's pool (pool.c), and go back when more are idle than the pool keeps. Called by
 * slab.c for slabs and by arena.c for large objects, without a bin or pool lock.
 *
 * Runs longer than a chunk begin at a chunk's start; what they leave of their last chunk is pooled.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arena_impl.h"
#include "asan.h"
#include "pool.h"

#define PIECE_MAX   32u               /* chunks mapped at once: 64 MiB */
#define TABLE_STEP  64u               /* chunks described at once: 512 KiB of tables */
#define RESERVE_MIN ((size_t)4 << 30) /* bytes of address space */
#define RESERVE_MAX ((size_t)16 << 40)

static struct netns_mutex grow_lock = NETNS_MUTEX_INIT; /* mapping, unmapping, chunk_node[] */
static struct chunk *chunks;                            /* one for each of the reservation */
static uint32_t first_hole; /* grow_lock: no chunk before this one is unmapped */
static uint32_t described;  /* grow_lock: chunks whose units have memory in the tables */

/* Gives an idle chunk back to the kernel. Return: was there one to spare? */
static bool shrink_one(unsigned int node, bool trim)
{
	uint32_t c;

	netns_mutex_lock(&grow_lock);
	c = pool_detach_idle(node, trim);
	if (c != NIL) {
		__atomic_store_n(&arena.chunk_node[c], NODE_NONE, __ATOMIC_RELAXED);
		pages_decommit(arena.base + ((size_t)c << CHUNK_SHIFT), CHUNK_SIZE);
		__atomic_fetch_sub(&arena.reserved, CHUNK_SIZE, __ATOMIC_RELAXED);
		if (c < first_hole)
			first_hole = c;
	}
	netns_mutex_unlock(&grow_lock); /* each time: others may wait for memory */
	return c != NIL;
}

void region_shrink(unsigned int node)
{
	while (shrink_one(node, false))
		;
}

void region_trim(void)
{
	for (unsigned int node = 0; node < arena.nodes; node++)
		for (uint32_t n = pool_surplus(node); n > 0 && shrink_one(node, true); n--)
			;
}

/* Makes the tables of units reach to chunk @end. Beyond they are address space only, because limits
 * and strict overcommit count memory that is mapped, used or not. */
static int describe(uint32_t end) TS_REQUIRES(grow_lock)
{
	size_t from = (size_t)described * UNITS_PER_CHUNK, n;
	uint32_t to = (end + TABLE_STEP - 1) / TABLE_STEP * TABLE_STEP;

	if (end <= described)
		return 0;
	if (to > arena.chunks)
		to = arena.chunks;
	n = (size_t)to * UNITS_PER_CHUNK - from;
	if (mprotect(arena.units + from, n * sizeof(*arena.units), PROT_READ | PROT_WRITE) != 0 ||
	    mprotect(arena.bitmaps + from, n * sizeof(*arena.bitmaps), PROT_READ | PROT_WRITE) != 0)
		return -ENOMEM;
	described = to;
	return 0;
}

/* Maps @n unmapped chunks from @c on for @node; they are in no pool yet. grow_lock is held. */
static int map_chunks(unsigned int node, uint32_t c, uint32_t n) TS_REQUIRES(grow_lock)
{
	char *addr = arena.base + ((size_t)c << CHUNK_SHIFT);
	int err = describe(c + n);

	if (err == 0)
		err = pages_commit(addr, n * CHUNK_SIZE, (int)node, false);
	if (err != 0)
		return err;
	asan_poison(addr, n * CHUNK_SIZE);
	for (uint32_t i = c; i < c + n; i++) {
		chunks[i].free_mask = ~(unit_mask)0;
		chunks[i].free = UNITS_PER_CHUNK;
		chunks[i].bucket = CHUNK_UNLISTED;
		/* relaxed: whoever asks got the pointer through a lock taken later */
		__atomic_store_n(&arena.chunk_node[i], (uint8_t)node, __ATOMIC_RELAXED);
	}
	__atomic_fetch_add(&arena.reserved, n * CHUNK_SIZE, __ATOMIC_RELAXED);
	return 0;
}

/* Pieces grow with the node, by less than a hundredth of it, so that little is mapped in vain. */
static uint32_t piece(unsigned int node)
{
	uint32_t n = pool_chunks(node) / UNITS_PER_CHUNK;

	return n < 1 ? 1 : n > PIECE_MAX ? PIECE_MAX : n;
}

/* Adds a piece to the pool of @node: the first hole, or what of it can be had. */
static int grow(unsigned int node) TS_REQUIRES(grow_lock)
{
	uint32_t want = piece(node), n, c;
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
		pool_add(node, c, n);
	return err;
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
				pool_add(node, i, 1);
		return err;
	}
	return 0;
}

/* A run longer than a chunk. */
static uint32_t take_long(unsigned int node, uint32_t units) TS_REQUIRES(grow_lock)
{
	uint32_t n = (units + UNITS_PER_CHUNK - 1) / UNITS_PER_CHUNK;
	uint32_t c = pool_claim(node, n);

	if (c == NIL || fill(node, c, n) != 0)
		return NIL;
	for (uint32_t i = c, left = units; i < c + n; i++) {
		uint32_t in = left < UNITS_PER_CHUNK ? left : UNITS_PER_CHUNK;

		chunks[i].free_mask = ~run_mask(0, in);
		chunks[i].free = (uint8_t)(UNITS_PER_CHUNK - in);
		left -= in;
	}
	pool_add(node, c, n);
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

static void *map_table(size_t bytes, int prot)
{
	void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

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

	described = 0;
	if (err != 0)
		return err;
	/* a page each for every chunk that is used, a few bytes for those that are not */
	arena.units = map_table(units * sizeof(*arena.units), PROT_NONE);
	arena.bitmaps = map_table(units * sizeof(*arena.bitmaps), PROT_NONE);
	arena.chunk_node = map_table(arena.chunks, PROT_READ | PROT_WRITE);
	chunks = map_table(arena.chunks * sizeof(*chunks), PROT_READ | PROT_WRITE);
	if (arena.units == NULL || arena.bitmaps == NULL || arena.chunk_node == NULL ||
	    chunks == NULL) {
		region_fini();
		return -ENOMEM;
	}
	memset(arena.chunk_node, NODE_NONE, arena.chunks);
	pool_init(chunks);
	first_hole = 0;
	arena.reserved = 0;
	return 0;
}

void region_fini(void)
{
	/* only what was poisoned: the shadow of all address space is large */
	for (uint32_t c = 0; NETNS_ASAN && c < described; c++)
		if (arena.chunk_node[c] != NODE_NONE)
			asan_unpoison(arena.base + ((size_t)c << CHUNK_SHIFT), CHUNK_SIZE);
	unmap_tables();
	pages_unreserve(arena.base, (size_t)arena.chunks << CHUNK_SHIFT);
	arena.base = NULL;
	arena.chunks = 0;
	arena.reserved = 0;
}
