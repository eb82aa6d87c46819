/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Index table and the lookups over it. Owns the mapping index -> tenant and the generations that
 * make a handle unique for ever. Filled by create.c, emptied by reclaim.c, read by any thread.
 *
 * Rules: an entry's pointer is written by the creator once (publish), by whoever puts the last
 * reference once (tag), and by the cleanup once (clear): never by two at a time. Free indexes are
 * a LIFO list under table_lock, so the table stays dense. Lookups take no lock and write nothing.
 */
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "fault.h"
#include "rcu.h"
#include "stats.h"
#include "table.h"
#include "tenant.h"

#define CHUNK_SHIFT   12u
#define CHUNK_ENTRIES (1u << CHUNK_SHIFT)
#define DYING         1u /* tag in the lowest bit of the pointer */
#define NO_INDEX      UINT32_MAX

struct table_entry {
	uintptr_t ns;        /* tenant | DYING, or 0; w:control (release) r:worker (acquire) */
	uint32_t generation; /* of the present or the next user; w:table_lock r:any */
	uint32_t next_free;  /* table_lock */
};

static struct netns_mutex table_lock = NETNS_MUTEX_INIT;
static struct table_entry **chunks; /* const; entries w:control (release) r:worker (acquire) */
static uint32_t max_entries;        /* const */
static uint32_t high;               /* atomic; grows under table_lock; r:any */
static uint32_t free_head;          /* table_lock */

static inline struct table_entry *entry_at(uint32_t index)
{
	/* pairs with the release in grow(); an index below high has its chunk */
	return __atomic_load_n(&chunks[index >> CHUNK_SHIFT], __ATOMIC_ACQUIRE) +
	       (index & (CHUNK_ENTRIES - 1));
}

int table_init(uint32_t max)
{
	max_entries = max;
	high = 0;
	free_head = NO_INDEX;
	chunks = heap_zalloc(((size_t)max / CHUNK_ENTRIES + 1) * sizeof(struct table_entry *));
	return chunks != NULL ? 0 : -ENOMEM;
}

void table_fini(void)
{
	uint32_t i;

	for (i = 0; i < high; i += CHUNK_ENTRIES)
		arena_free(chunks[i >> CHUNK_SHIFT], CHUNK_ENTRIES * sizeof(struct table_entry));
	heap_free(chunks);
	chunks = NULL;
	high = 0;
}

/* Return: an index that was never used, or NO_INDEX with *@ret_err. */
static uint32_t grow(int *ret_err)
{
	uint32_t index = high;
	struct table_entry *chunk;

	if (index >= max_entries) {
		*ret_err = -ENOSPC;
		return NO_INDEX;
	}
	if ((index & (CHUNK_ENTRIES - 1)) == 0) {
		chunk = arena_zalloc(-1, CHUNK_ENTRIES * sizeof(*chunk));
		if (chunk == NULL) {
			*ret_err = -ENOMEM;
			return NO_INDEX;
		}
		__atomic_store_n(&chunks[index >> CHUNK_SHIFT], chunk, __ATOMIC_RELEASE);
	}
	entry_at(index)->generation = 1;
	/* release: who sees the index sees its chunk; pairs with table_high() */
	__atomic_store_n(&high, index + 1, __ATOMIC_RELEASE);
	return index;
}

static void give_locked(uint32_t index) TS_REQUIRES(table_lock)
{
	struct table_entry *e = entry_at(index);

	__atomic_store_n(&e->ns, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&e->generation, e->generation + 1, __ATOMIC_RELAXED);
	if (e->generation == 0)
		return; /* worn out: a handle of it could be met a second time */
	e->next_free = free_head;
	free_head = index;
}

int table_take(struct tenant *head, unsigned int n)
{
	struct table_entry *e;
	struct tenant *t;
	uint32_t index;
	int err = 0;

	netns_mutex_lock(&table_lock);
	for (t = head; t != NULL; t = t->undo_next) {
		index = free_head;
		if (index != NO_INDEX)
			free_head = entry_at(index)->next_free;
		else
			index = grow(&err);
		if (index == NO_INDEX)
			break;
		e = entry_at(index);
		t->pub.index = index;
		t->pub.inum = TABLE_INUM_BASE + index;
		t->pub.handle = (uint64_t)e->generation << 32 | index;
		n--;
	}
	if (err != 0) {
		struct tenant *end = t;

		for (t = head; t != end; t = t->undo_next)
			give_locked(t->pub.index);
	}
	netns_mutex_unlock(&table_lock);
	return err;
}

void table_give(struct tenant *head)
{
	struct tenant *t;

	netns_mutex_lock(&table_lock);
	for (t = head; t != NULL; t = t->undo_next) {
		if (t->undo_next != NULL)
			__builtin_prefetch(t->undo_next);
		give_locked(t->pub.index);
	}
	netns_mutex_unlock(&table_lock);
}

void table_publish(struct tenant *t)
{
	__atomic_store_n(&entry_at(t->pub.index)->ns, (uintptr_t)t, __ATOMIC_RELEASE);
}

void table_tag_dying(struct tenant *t)
{
	__atomic_store_n(&entry_at(t->pub.index)->ns, (uintptr_t)t | DYING, __ATOMIC_RELEASE);
}

uint32_t table_high(void)
{
	return __atomic_load_n(&high, __ATOMIC_ACQUIRE);
}

struct tenant *table_at(uint32_t index, bool *ret_dying)
{
	uintptr_t ns = __atomic_load_n(&entry_at(index)->ns, __ATOMIC_ACQUIRE);

	*ret_dying = ns & DYING;
	return (struct tenant *)(ns & ~(uintptr_t)DYING);
}

/* Entries are cleared under the lock, and memory is freed after that. */
void table_visit_dying(uint64_t handle, void (*fn)(struct tenant *t, void *arg), void *arg)
{
	uint32_t i = (uint32_t)handle, end;
	struct tenant *t;
	bool dying;

	netns_mutex_lock(&table_lock);
	for (end = handle != 0 ? i + 1 : high; i < end && i < high; i++) {
		t = table_at(i, &dying);
		if (t != NULL && (handle != 0 ? t->pub.handle == handle : dying))
			fn(t, arg);
	}
	netns_mutex_unlock(&table_lock);
}

/* Live tenant of @e, or NULL. */
static inline struct netns *live_of(const struct table_entry *e)
{
	/* acquire: pairs with the release in table_publish() */
	uintptr_t ns = __atomic_load_n(&e->ns, __ATOMIC_ACQUIRE);

	return ns & DYING ? NULL : (struct netns *)ns;
}

struct netns *netns_by_index(uint32_t index)
{
	return index < table_high() ? live_of(entry_at(index)) : NULL;
}

/*
 * The generation beside the pointer is the tenant's own: it moved on before the pointer was
 * published, and moves again only after a grace period, which the caller holds. So the tenant's
 * line is not touched, and lookups of a vector do not wait for each other.
 */
struct netns *netns_resolve(uint64_t handle)
{
	uint32_t index = (uint32_t)handle, generation;
	const struct table_entry *e;
	struct netns *ns;

	if (index >= table_high())
		return NULL;
	e = entry_at(index);
	ns = live_of(e);
	generation = __atomic_load_n(&e->generation, __ATOMIC_RELAXED);
	return generation == handle >> 32 ? ns : NULL;
}

struct netns *netns_next_rcu(struct netns *ns)
{
	uint32_t i = ns != NULL ? ns->index + 1 : 0, end = table_high();
	struct netns *next;

	for (; i < end; i++) {
		next = netns_by_index(i);
		if (next != NULL)
			return next;
	}
	return NULL;
}

/* Takes a reference on what a lookup found; counts the miss. */
static struct netns *referenced(struct netns *ns)
{
	if (ns != NULL && netns_tryget(ns))
		return ns;
	stats_add(&stats.stale_handles, 1);
	return NULL;
}

struct netns *netns_find_by_cookie(uint64_t cookie)
{
	bool token = rcu_enter();
	struct netns *ns = referenced(netns_resolve(cookie));

	rcu_leave(token);
	return ns;
}

struct netns *netns_find_by_inum(uint32_t inum)
{
	bool token = rcu_enter();
	struct netns *ns = inum < TABLE_INUM_BASE ? NULL : netns_by_index(inum - TABLE_INUM_BASE);

	ns = referenced(ns);
	rcu_leave(token);
	return ns;
}
