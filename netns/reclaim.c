/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reclaim: a batch of dying tenants becomes free memory, see ops_undo() for the order. Called by
 * the retire threads, and for its last step by create.c (failed setup) and tenant.c (last drop).
 *
 * Rules: nothing here fails or needs memory. Descriptors and peer ids go before any callback. What
 * was published leaves the table inside the phase, so that a registration meets a tenant either
 * with all its operations or not at all.
 */
#include "reclaim.h"

#include "arena.h"
#include "limbo.h"
#include "names.h"
#include "ops.h"
#include "owner.h"
#include "phase.h"
#include "rcu.h"
#include "slots.h"
#include "stats.h"
#include "table.h"
#include "tenant.h"

#define CHUNK 256u

/* Tenants whose memory goes back in one call, and whose owner is told in one. */
struct pile {
	void *ptr[CHUNK];
	unsigned int n;
	unsigned int born; /* of them, those that were created */
	struct owner_count *owner;
	unsigned int owned;
};

/* Exited tenants whose memory is held; linked by undo_next, back by batch_next. */
static struct netns_mutex held_lock = NETNS_MUTEX_INIT;
static struct tenant *held; /* held_lock */

static void pile_owner(struct pile *pile, struct owner_count *owner)
{
	if (owner != pile->owner) {
		owner_give(pile->owner, pile->owned);
		pile->owner = owner;
		pile->owned = 0;
	}
	pile->owned++;
}

static void pile_flush(struct pile *pile)
{
	if (pile->n == 0)
		return;
	arena_free_bulk(pile->ptr, pile->n, sizeof(struct tenant));
	stats_unreserve(pile->n);
	stats_add(&stats.destroyed, pile->born);
	pile->n = pile->born = 0;
}

/* The memory of a tenant without references, active or passive. */
static void pile_tenant(struct pile *pile, struct tenant *t)
{
	pile_owner(pile, t->owner);
	if (t->name != NULL)
		name_free(t);
	__atomic_store_n(&t->state, TENANT_FREE, __ATOMIC_RELAXED);
	pile->born += !(t->pub.flags & TENANT_F_UNBORN);
	pile->ptr[pile->n++] = t;
	if (pile->n == CHUNK)
		pile_flush(pile);
}

static void forget_held(struct tenant *t)
{
	netns_mutex_lock(&held_lock);
	if (t->undo_next != NULL)
		t->undo_next->batch_next = t->batch_next;
	if (t->batch_next != NULL)
		t->batch_next->undo_next = t->undo_next;
	else
		held = t->undo_next;
	netns_mutex_unlock(&held_lock);
}

void reclaim_memory(struct tenant *t)
{
	struct pile pile = { .n = 0 };

	forget_held(t);
	pile_tenant(&pile, t);
	pile_flush(&pile);
	owner_give(pile.owner, pile.owned);
}

/* Return: is it safe to free @t? If not, somebody has it and it stays for ever. */
static bool unused(struct tenant *t, uint32_t active)
{
	uint32_t state = __atomic_load_n(&t->state, __ATOMIC_RELAXED);
	/* of a failed setup, the creator's own reference goes here; it was never published */
	uint32_t have = active == 0 ? __atomic_load_n(&t->active, __ATOMIC_ACQUIRE)
				    : __atomic_exchange_n(&t->active, 0, __ATOMIC_ACQ_REL);
	uint64_t bytes = __atomic_load_n(&t->bytes_used, __ATOMIC_RELAXED);

	if (have != active || (active == 0) != (state == TENANT_DYING)) {
		netns_log(0,
			  "tenant %u is to be freed, but has %u references and state 0x%x: it is "
			  "left allocated",
			  t->pub.index, have, state);
		return false;
	}
	if (bytes != 0)
		netns_log(1, "tenant %u is freed with %llu bytes still charged: a module leaks",
			  t->pub.index, (unsigned long long)bytes);
	return true;
}

/* Somebody holds the memory: the last drop frees it, and until then it is known here. */
static void leave_held(struct pile *pile, struct tenant *t)
{
	__atomic_store_n(&t->state, TENANT_DEAD, __ATOMIC_RELEASE);
	netns_mutex_lock(&held_lock);
	t->batch_next = NULL;
	t->undo_next = held;
	if (held != NULL)
		held->batch_next = t;
	held = t;
	netns_mutex_unlock(&held_lock);
	if (__atomic_fetch_sub(&t->passive, 1, __ATOMIC_ACQ_REL) == 1) {
		forget_held(t);
		pile_tenant(pile, t);
	}
}

static void finish(struct pile *pile, struct tenant *t, uint32_t active)
{
	if (!unused(t, active)) {
		/* counted as gone: nobody must wait for it */
		stats_add(&stats.leaked, 1);
		stats_unreserve(1);
		stats_add(&stats.destroyed, !(t->pub.flags & TENANT_F_UNBORN));
		pile_owner(pile, t->owner);
		return;
	}
	ref_release(t);
	slots_free(t);
	/* acquire: what other holders did; pairs with the release in netns_drop() */
	if (__atomic_load_n(&t->passive, __ATOMIC_ACQUIRE) == 1)
		pile_tenant(pile, t);
	else
		leave_held(pile, t);
}

void reclaim_finish(struct tenant *head, uint32_t active)
{
	struct pile pile = { .n = 0 };
	struct tenant *t, *next;

	for (t = head; t != NULL; t = next) {
		next = t->undo_next;
		if (next != NULL) {
			__builtin_prefetch(&next->active);
			__builtin_prefetch(&next->undo_next);
		}
		finish(&pile, t, active);
	}
	pile_flush(&pile);
	owner_give(pile.owner, pile.owned);
}

unsigned int reclaim_batch(struct tenant *limbo, struct netns_defer *deferred)
{
	struct netns_batch batch = { .head = limbo, .deferred = deferred };
	struct tenant *t;

	if (limbo == NULL) {
		rcu_synchronize();
		defer_run(deferred);
		return 0;
	}
	phase_read_lock();
	/* inside the phase: (un)registration links all tenants, dying ones too, by undo_next */
	for (t = limbo; t != NULL; t = t->batch_next) {
		t->undo_next = t->batch_next;
		if (t->batch_next != NULL)
			__builtin_prefetch(&t->batch_next->batch_next);
		batch.size++;
	}
	fd_cleanup_batch(limbo);
	peer_cleanup_batch(limbo);
	ops_cleanup(&batch);
	table_give(limbo);
	phase_read_unlock();
	reclaim_finish(limbo, 0);
	return batch.size;
}

void reclaim_visit_held(void (*fn)(struct tenant *t, void *arg), void *arg)
{
	struct tenant *t;

	netns_mutex_lock(&held_lock);
	for (t = held; t != NULL; t = t->undo_next)
		fn(t, arg);
	netns_mutex_unlock(&held_lock);
}
