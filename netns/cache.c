/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Magazines: for each thread, node and size class a short stack of free objects, so that most
 * allocations and frees touch nothing shared. Called by arena.c; fills from and empties into
 * slab.c, half a magazine at a time. A magazine's objects belong to the node it stands for, so
 * what another thread or node allocated may be freed anywhere.
 *
 * A cache belongs to its thread, which alone touches it until the thread ends: then the destructor
 * of a pthread key empties and frees it. All caches hang in a list for statistics and for
 * arena_fini(), which empties those of threads that live on; it may only be called when no other
 * thread allocates.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "arena_impl.h"

struct magazine {
	uint32_t n;
	void *obj[ARENA_CACHE_MAX]; /* the n first ones; the last one is taken first */
};

/** struct cache - w:owner (used: r:any, relaxed), links: list_lock */
struct cache {
	int64_t used; /* bytes this thread took less what it gave back; may be negative */
	struct cache *next, *prev;
	struct magazine *mags[ARENA_NODES_MAX]; /* [node][class]; NULL until first use */
};

static struct netns_mutex list_lock = NETNS_MUTEX_INIT;
static struct cache *caches TS_GUARDED_BY(list_lock);
static int64_t used_elsewhere; /* atomic; bytes of threads that ended or have no cache */
static pthread_key_t key;      /* never deleted: threads may outlive arena_fini() */
static bool have_key;
static __thread struct cache *mine __attribute__((tls_model("initial-exec")));
static __thread bool ended __attribute__((tls_model("initial-exec"))); /* destructor has run */

static void empty(struct cache *cache)
{
	for (unsigned int node = 0; node < ARENA_NODES_MAX; node++) {
		struct magazine *mags = cache->mags[node];

		if (mags == NULL)
			continue;
		for (unsigned int ci = 0; ci < ARENA_CLASSES; ci++) {
			slab_give(ci, mags[ci].obj, mags[ci].n);
			mags[ci].n = 0;
		}
	}
}

/* Thread's end; the arena may be gone already, then arena_fini() has emptied the cache. */
static void destroy(void *arg)
{
	struct cache *cache = arg;

	ended = true;
	mine = NULL;
	netns_mutex_lock(&list_lock);
	empty(cache);
	if (cache->prev != NULL)
		cache->prev->next = cache->next;
	else
		caches = cache->next;
	if (cache->next != NULL)
		cache->next->prev = cache->prev;
	__atomic_fetch_add(&used_elsewhere, cache->used, __ATOMIC_RELAXED);
	netns_mutex_unlock(&list_lock);
	for (unsigned int node = 0; node < ARENA_NODES_MAX; node++)
		free(cache->mags[node]);
	free(cache);
}

int cache_init(void)
{
	int err = have_key ? 0 : pthread_key_create(&key, destroy);

	if (err != 0)
		return -err;
	have_key = true;
	return 0;
}

/* Not under fault injection: without a cache allocation works all the same, but slower. */
static struct cache *cache_make(void)
{
	struct cache *cache;

	if (ended)
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (cache == NULL)
		return NULL;
	if (pthread_setspecific(key, cache) != 0) {
		free(cache);
		return NULL;
	}
	netns_mutex_lock(&list_lock);
	cache->next = caches;
	if (caches != NULL)
		caches->prev = cache;
	caches = cache;
	netns_mutex_unlock(&list_lock);
	mine = cache;
	return cache;
}

static __attribute__((noinline)) struct magazine *magazine_make(unsigned int node, unsigned int ci)
{
	struct cache *cache = mine != NULL ? mine : cache_make();

	if (cache == NULL)
		return NULL;
	if (cache->mags[node] == NULL)
		cache->mags[node] = calloc(ARENA_CLASSES, sizeof(struct magazine));
	return cache->mags[node] == NULL ? NULL : &cache->mags[node][ci];
}

/* NULL: this thread has no cache. */
static inline struct magazine *magazine(unsigned int node, unsigned int ci)
{
	struct cache *cache = mine;

	if (__builtin_expect(cache == NULL || cache->mags[node] == NULL, 0))
		return magazine_make(node, ci);
	return &cache->mags[node][ci];
}

uint64_t cache_used(void)
{
	int64_t sum;

	netns_mutex_lock(&list_lock);
	sum = __atomic_load_n(&used_elsewhere, __ATOMIC_RELAXED);
	for (const struct cache *cache = caches; cache != NULL; cache = cache->next)
		sum += __atomic_load_n(&cache->used, __ATOMIC_RELAXED);
	netns_mutex_unlock(&list_lock);
	return sum < 0 ? 0 : (uint64_t)sum; /* threads were moving while it was summed */
}

/* The owner alone writes, so counting needs no locked instruction. */
static inline void count(struct cache *cache, int64_t bytes)
{
	__atomic_store_n(&cache->used, cache->used + bytes, __ATOMIC_RELAXED);
}

void cache_count(int64_t bytes)
{
	if (mine != NULL)
		count(mine, bytes);
	else
		__atomic_fetch_add(&used_elsewhere, bytes, __ATOMIC_RELAXED);
}

static void *take_bare(unsigned int node, unsigned int ci)
{
	void *ptr;

	if (slab_take(node, ci, 1, &ptr) == 0)
		return NULL;
	cache_count(arena.classes[ci].size);
	return ptr;
}

void *cache_take(unsigned int node, unsigned int ci)
{
	struct magazine *mag = magazine(node, ci);

	if (__builtin_expect(mag == NULL, 0))
		return take_bare(node, ci);
	if (__builtin_expect(mag->n == 0, 0)) {
		mag->n = slab_take(node, ci, arena.classes[ci].cache / 2, mag->obj);
		if (mag->n == 0)
			return NULL;
	}
	count(mine, arena.classes[ci].size);
	return mag->obj[--mag->n];
}

/* Makes room for half a magazine: those that lay longest go. */
static __attribute__((noinline)) void spill(struct magazine *mag, unsigned int ci)
{
	uint32_t half = (mag->n + 1) / 2;

	slab_give(ci, mag->obj, half);
	mag->n -= half;
	memmove(mag->obj, mag->obj + half, mag->n * sizeof(mag->obj[0]));
}

void cache_give(unsigned int ci, void *ptr)
{
	struct magazine *mag = magazine(owner_node(ptr), ci);

	if (__builtin_expect(mag == NULL, 0)) {
		slab_give(ci, &ptr, 1);
		cache_count(-(int64_t)arena.classes[ci].size);
		return;
	}
	if (__builtin_expect(mag->n >= arena.classes[ci].cache, 0))
		spill(mag, ci);
	mag->obj[mag->n++] = ptr;
	count(mine, -(int64_t)arena.classes[ci].size);
}

static unsigned int take_bulk(unsigned int node, unsigned int ci, unsigned int n, void **ret_ptr)
{
	struct magazine *mag = magazine(node, ci);
	uint32_t refill = arena.classes[ci].cache / 2;

	/* for many, what the magazine has stays there: one visit to the bin serves them all */
	if (mag == NULL || (mag->n < n && n >= refill))
		return slab_take(node, ci, n, ret_ptr);
	if (mag->n < n)
		mag->n += slab_take(node, ci, refill, mag->obj + mag->n);
	if (mag->n < n)
		n = mag->n;
	mag->n -= n;
	memcpy(ret_ptr, mag->obj + mag->n, n * sizeof(*ret_ptr));
	return n;
}

unsigned int cache_take_bulk(unsigned int node, unsigned int ci, unsigned int n, void **ret_ptr)
{
	unsigned int got = take_bulk(node, ci, n, ret_ptr);

	cache_count((int64_t)got * arena.classes[ci].size);
	return got;
}

void cache_give_bulk(unsigned int ci, void *const *ptr, unsigned int n)
{
	struct magazine *mag;

	if (n == 0)
		return;
	cache_count(-(int64_t)n * arena.classes[ci].size);
	mag = magazine(owner_node(ptr[0]), ci);
	/* on more nodes than one the objects may belong to several magazines */
	if (mag == NULL || arena.nodes > 1 || n > arena.classes[ci].cache - mag->n) {
		slab_give(ci, ptr, n);
		return;
	}
	memcpy(mag->obj + mag->n, ptr, n * sizeof(*ptr));
	mag->n += n;
}

/* Everything in all caches goes back to the slabs. Caches of living threads stay with them. */
void cache_fini(void)
{
	netns_mutex_lock(&list_lock);
	for (struct cache *cache = caches; cache != NULL; cache = cache->next) {
		empty(cache);
		cache->used = 0;
	}
	used_elsewhere = 0;
	netns_mutex_unlock(&list_lock);
}
