/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the arena share: arena.c (callers' side), cache.c (magazines of threads),
 * slab.c (objects of one size), region.c (chunks and runs of units), pages.c (the kernel's side).
 *
 * Layout: one reservation of address space, in chunks of 2 MiB that belong to a node once they are
 * mapped, in units of 16 KiB. A slab is a run of 4 to 8 units with objects of one size class; what
 * is larger than the largest class is a run of units of its own. Everything known of a unit lies
 * outside of it (units[], bitmaps[]), so objects are packed without gaps and free ones are not
 * touched.
 *
 * Lock order, outermost first: cache list -> grow_lock or bin -> pool. No system call is made under
 * a bin or pool lock.
 */
#ifndef NETNS_ARENA_IMPL_H
#define NETNS_ARENA_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "rcu.h"

#define CHUNK_SHIFT     21 /* 2 MiB: one huge page */
#define CHUNK_SIZE      ((size_t)1 << CHUNK_SHIFT)
#define UNIT_SHIFT      14 /* 16 KiB */
#define UNIT_SIZE       ((size_t)1 << UNIT_SHIFT)
#define UNITS_PER_CHUNK 128u
#define BITMAP_WORDS    4u     /* 64-bit words a unit: one bit for each 64 bytes */
#define ARENA_CLASSES   64u    /* 32 in steps of 64 bytes, then 8 for each power of two */
#define ARENA_CLASS_MAX 32768u /* bytes; larger ones are runs of units */
#define ARENA_NODES_MAX 64u
#define ARENA_ALIGN     64u
#define NIL             UINT32_MAX
#define NODE_NONE       0xffu
#define ARENA_CACHE_MAX 64u /* objects in a magazine */

/** struct arena_lock - spins, then yields, then sleeps; a holder never waits for anything */
struct TS_CAPABILITY("mutex") arena_lock {
	uint32_t taken; /* atomic */
};

void arena_lock_slow(struct arena_lock *lock);

static inline void arena_lock(struct arena_lock *lock) TS_ACQUIRE(*lock) TS_NO_ANALYSIS
{
	/* acquire pairs with the release in arena_unlock() */
	if (__builtin_expect(__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE), 0))
		arena_lock_slow(lock);
}

static inline void arena_unlock(struct arena_lock *lock) TS_RELEASE(*lock) TS_NO_ANALYSIS
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE); /* pairs with arena_lock() */
}

enum unit_kind { UNIT_FREE, UNIT_SLAB, UNIT_RUN };

/** struct unit - one 16 KiB of a chunk; the bin's (slab) or pool's (else) lock guards it */
struct unit {
	uint32_t next, prev; /* the bin's list of slabs with room; NIL ends it */
	uint32_t head;       /* first unit of its slab or run */
	uint32_t units;      /* head: length of the slab or run */
	uint16_t free;       /* head of a slab: objects free */
	uint16_t hint;       /* head of a slab: no bit is set in words before this one */
	uint8_t kind;        /* head: enum unit_kind */
	uint8_t cls;         /* head of a slab: size class */
	uint8_t pad[10];
};
_Static_assert(sizeof(struct unit) == 32, "two units a cache line");

/** struct arena_class - objects of one size; const after arena_init() */
struct arena_class {
	uint32_t size;    /* bytes, multiple of 64 */
	uint32_t units;   /* of a slab */
	uint32_t objects; /* of a slab */
	uint32_t colors;  /* slabs begin their objects at so many lines in turn; power of two */
	uint64_t inverse; /* ceil(2^32 / (size / 64)): index = offset / 64 * inverse >> 32 */
	uint32_t cache;   /* objects that a thread's magazine holds */
};

/** struct arena_bin - slabs of one class on one node */
struct arena_bin {
	struct arena_lock lock;
	uint32_t head;    /* guarded by lock: slabs with room */
	uint32_t empties; /* guarded by lock: slabs of them without any object */
} __attribute__((aligned(64)));

/** struct arena - all of it; fields without a lock are const after arena_init() */
struct arena {
	char *base;                        /* start of the reservation, aligned to CHUNK_SIZE */
	uint32_t chunks;                   /* in the reservation */
	unsigned int nodes;                /* highest node id + 1 */
	struct unit *units;                /* one for each unit of the reservation */
	uint64_t (*bitmaps)[BITMAP_WORDS]; /* bit set: object is free */
	uint8_t *chunk_node;               /* NODE_NONE: not mapped; w:grow_lock r:any (atomic) */
	uint64_t reserved;                 /* bytes mapped; atomic */
	uint8_t home[ARENA_NODES_MAX];     /* node -> itself, or nearest node that has memory */
	struct arena_class classes[ARENA_CLASSES];
	struct arena_bin *bins; /* [node * ARENA_CLASSES + class] */
};
extern struct arena arena;

/* ---- pages.c: what is asked of the kernel ---- */
void pages_init(const struct netns_options *options);
/* Address space without memory, aligned to a chunk. NULL: none. */
void *pages_reserve(size_t bytes);
void pages_unreserve(void *addr, size_t bytes);
/* Maps memory of @node into reserved space; whole chunks. 0 or -ENOMEM. */
int pages_commit(void *addr, size_t bytes, int node, bool small);
/* Gives the memory back, keeps the address space. */
void pages_decommit(void *addr, size_t bytes);
enum arena_pages pages_kind(void);
/* Are pages taken from hugetlbfs at present, so that mapping is using? */
bool pages_hugetlb(void);
unsigned int nodes_init(uint8_t home[ARENA_NODES_MAX]);
int node_of_cpu(int cpu);
int node_current(void);

/* ---- region.c: runs of units ---- */
int region_init(void);
void region_fini(void);
/* A run of up to a chunk from what is mapped; needs no other lock, sleeps never. NIL: none. */
uint32_t pool_take(unsigned int node, uint32_t units);
/* A run of any length; may map memory. Not under a lock. NIL: out of memory. */
uint32_t region_take(unsigned int node, uint32_t units);
/* Gives a run back. Return: chunks are idle that region_shrink() should give to the kernel. */
bool pool_give(uint32_t unit, uint32_t units);
/* Not under a lock. */
void region_shrink(unsigned int node);
void region_trim(void);

/* ---- slab.c: objects of one class ---- */
void slab_init(void);
/* Up to @n objects under one lock. Return: how many; fewer only when out of memory. */
unsigned int slab_take(unsigned int node, unsigned int cls, unsigned int n, void **ret_ptr);
void slab_give(unsigned int cls, void *const *ptr, unsigned int n);
/* arena_fini: bytes never freed; logs what they are. */
uint64_t slab_report(void);

static inline unsigned int class_of(size_t size)
{
	unsigned int e;

	if (size <= 2048)
		return (unsigned int)((size - 1) >> 6);
	e = 63u - (unsigned int)__builtin_clzl(size - 1);
	return 32 + (e - 11) * 8 + (unsigned int)((size - 1) >> (e - 3)) - 8;
}

static inline uint32_t units_of(size_t size)
{
	return (uint32_t)((size + UNIT_SIZE - 1) >> UNIT_SHIFT);
}

static inline void *unit_addr(uint32_t unit)
{
	return arena.base + ((size_t)unit << UNIT_SHIFT);
}

static inline uint32_t unit_of(const void *ptr)
{
	return (uint32_t)((size_t)((const char *)ptr - arena.base) >> UNIT_SHIFT);
}

_Noreturn void arena_foreign(const void *ptr);

/* NODE_NONE: @ptr is not the arena's. */
static inline unsigned int node_at(const void *ptr)
{
	size_t chunk = (size_t)((const char *)ptr - arena.base) >> CHUNK_SHIFT;

	return chunk >= arena.chunks ? NODE_NONE
				     : __atomic_load_n(&arena.chunk_node[chunk], __ATOMIC_RELAXED);
}

/* The node whose bins and pool own @ptr. The chunk stays mapped while the caller owns @ptr. */
static inline unsigned int owner_node(const void *ptr)
{
	unsigned int node = node_at(ptr);

	if (__builtin_expect(node == NODE_NONE, 0))
		arena_foreign(ptr);
	return node;
}

/* ---- cache.c: magazines of threads ---- */
int cache_init(void);
void cache_fini(void);
/* One object from the calling thread's magazine, filled from the bin when empty. Counted. */
void *cache_take(unsigned int node, unsigned int cls);
void cache_give(unsigned int cls, void *ptr);
/* Up to @n under one lock at most; fewer only when out of memory. Counted. */
unsigned int cache_take_bulk(unsigned int node, unsigned int cls, unsigned int n, void **ret_ptr);
void cache_give_bulk(unsigned int cls, void *const *ptr, unsigned int n);
/* Bytes handed out (> 0) or given back (< 0) beside these. */
void cache_count(int64_t bytes);
uint64_t cache_used(void);

#endif /* NETNS_ARENA_IMPL_H */
