/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots: which ids are given out, and the arrays of tenants that need more than the inline ones.
 * Called by ops.c and undo.c in the phase; workers read through netns_slots.h only.
 *
 * Rules: one writer per tenant at a time (its creator, or whoever holds the phase for writing).
 * Growing: allocate, copy, fill the new slot, publish with release, retire the old array; so no
 * reader ever sees a slot that is neither old nor filled, and running out of memory changes
 * nothing. Replaced arrays are freed by the retire thread after a grace period; the last one with
 * the tenant.
 */
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "rcu.h"
#include "slots.h"
#include "tenant.h"
#include "watch.h"

/* A grown array with the record that retires it; lengths 5, 13, 29, … fill 64, 128, 256 … bytes. */
struct slots_array {
	struct netns_defer defer;
	struct netns_slots pub;
};

#define WORD_BITS 64u

/* A value set in an array that is being copied would be lost. Inline slots need no lock. */
static struct netns_mutex grow_lock = NETNS_MUTEX_INIT;

static uint64_t used[NETNS_SLOTS_MAX / WORD_BITS]; /* atomic; w:phase writer r:any */
static uint32_t ids_end; /* atomic; no id in use is >= this; w:phase writer r:phase reader */

static bool test_bit(const uint64_t *map, unsigned int id)
{
	return __atomic_load_n(&map[id / WORD_BITS], __ATOMIC_RELAXED) >> id % WORD_BITS & 1;
}

static void find_end(void)
{
	unsigned int id = NETNS_SLOTS_MAX;

	while (id > 0 && !test_bit(used, id - 1))
		id--;
	__atomic_store_n(&ids_end, id, __ATOMIC_RELAXED);
}

int slot_id_take(void)
{
	unsigned int id;

	for (id = 0; id < NETNS_SLOTS_MAX; id++) {
		if (test_bit(used, id))
			continue;
		__atomic_fetch_or(&used[id / WORD_BITS], UINT64_C(1) << id % WORD_BITS,
				  __ATOMIC_RELAXED);
		find_end();
		return (int)id;
	}
	return -ENOSPC;
}

void slot_id_release(unsigned int id)
{
	__atomic_fetch_and(&used[id / WORD_BITS], ~(UINT64_C(1) << id % WORD_BITS),
			   __ATOMIC_RELAXED);
	find_end();
}

uint32_t slot_ids_used(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < NETNS_SLOTS_MAX / WORD_BITS; i++)
		n += (uint32_t)__builtin_popcountll(__atomic_load_n(&used[i], __ATOMIC_RELAXED));
	return n;
}

void slots_reset(void)
{
	memset(used, 0, sizeof(used));
	ids_end = 0;
}

static size_t array_bytes(uint32_t len)
{
	return sizeof(struct slots_array) + len * sizeof(union netns_slot);
}

static struct slots_array *array_of(struct netns_slots *slots)
{
	return (struct slots_array *)((char *)slots - offsetof(struct slots_array, pub));
}

/* Zeroed array that reaches @wanted slots; geometric. */
static struct netns_slots *slots_new(const struct tenant *t, uint32_t wanted)
{
	size_t bytes = 64;
	struct slots_array *a;

	while (bytes < array_bytes(wanted))
		bytes *= 2;
	a = arena_zalloc((int)t->pub.numa_node, bytes);
	if (a == NULL)
		return NULL;
	a->pub.len = (uint32_t)((bytes - sizeof(*a)) / sizeof(union netns_slot));
	a->pub.numa_node = t->pub.numa_node;
	return &a->pub;
}

static void array_free(struct slots_array *a)
{
	arena_free(a, array_bytes(a->pub.len));
}

static void array_reclaim(struct netns_defer *defer)
{
	array_free((struct slots_array *)defer); /* its first member */
}

static void slots_publish(struct tenant *t, struct netns_slots *slots)
{
	struct netns_slots *old = t->pub.slots;

	/* pairs with the acquire in netns_slot_at() */
	__atomic_store_n(&t->pub.slots, slots, __ATOMIC_RELEASE);
	if (old != NULL)
		netns_defer(&array_of(old)->defer, array_reclaim, array_bytes(old->len));
}

int slots_prepare(struct tenant *t)
{
	uint32_t end = __atomic_load_n(&ids_end, __ATOMIC_RELAXED); /* once: it may move */

	if (end <= NETNS_SLOTS_INLINE)
		return 0;
	t->pub.slots = slots_new(t, end - NETNS_SLOTS_INLINE);
	return t->pub.slots != NULL ? 0 : -ENOMEM;
}

/* Array of @t with slot @id filled, its old one retired. */
static int slots_grow(struct tenant *t, unsigned int id, void *ptr)
{
	struct netns_slots *grown, *old;

	id -= NETNS_SLOTS_INLINE;
	grown = slots_new(t, id + 1);
	if (grown == NULL)
		return -ENOMEM;
	netns_mutex_lock(&grow_lock);
	old = t->pub.slots;
	if (old != NULL)
		memcpy(grown->v, old->v, old->len * sizeof(old->v[0]));
	grown->v[id].ptr = ptr;
	slots_publish(t, grown);
	netns_mutex_unlock(&grow_lock);
	return 0;
}

static union netns_slot *slot_of(struct netns *ns, unsigned int id)
{
	return (union netns_slot *)(uintptr_t)netns_slot_at(ns, id);
}

int slot_assign(struct tenant *t, unsigned int id, void *ptr)
{
	union netns_slot *slot = slot_of(&t->pub, id);

	if (id >= NETNS_SLOTS_INLINE && slot == NULL)
		return slots_grow(t, id, ptr);
	/* pairs with the acquire in netns_generic() */
	if (ptr != NULL)
		__atomic_store_n(&slot->ptr, ptr, __ATOMIC_RELEASE);
	return 0;
}

void *slot_clear(struct tenant *t, unsigned int id)
{
	union netns_slot *slot = slot_of(&t->pub, id);
	void *ptr;

	if (slot == NULL)
		return NULL;
	ptr = slot->ptr;
	if (ptr != NULL)
		__atomic_store_n(&slot->ptr, NULL, __ATOMIC_RELEASE);
	return ptr;
}

void slots_free(struct tenant *t)
{
	if (t->pub.slots != NULL)
		array_free(array_of(t->pub.slots));
	t->pub.slots = NULL;
}

/* Return: has @ns such a slot? */
static bool value_store(struct netns *ns, unsigned int id, uint64_t value)
{
	union netns_slot *slot = slot_of(ns, id);

	/* nobody's slot stays empty: its next owner will take what it finds for its own */
	if (slot == NULL || !test_bit(used, id))
		return false;
	/* pairs with the acquire in netns_value() */
	__atomic_store_n(&slot->value, value, __ATOMIC_RELEASE);
	return true;
}

void netns_value_set(struct netns *ns, unsigned int id, uint64_t value)
{
	bool stored;

	if (id < NETNS_SLOTS_INLINE) {
		stored = value_store(ns, id, value);
	} else {
		netns_mutex_lock(&grow_lock);
		stored = value_store(ns, id, value);
		netns_mutex_unlock(&grow_lock);
	}
	if (!stored)
		netns_log(0, "netns_value_set: tenant %u has no slot %u", ns->index, id);
}

void netns_feature_set(struct netns *ns, uint64_t mask)
{
	__atomic_fetch_or(&ns->features, mask, __ATOMIC_RELEASE);
}

void netns_feature_clear(struct netns *ns, uint64_t mask)
{
	__atomic_fetch_and(&ns->features, ~mask, __ATOMIC_RELEASE);
}

#ifdef NETNS_DEBUG_CHECKS
void netns_generic_check(const struct netns *ns, unsigned int id)
{
	const struct tenant *t;
	uint32_t state;

	if (ns == NULL)
		netns_bug("netns_generic: tenant is NULL");
	if (id >= NETNS_SLOTS_MAX || !test_bit(used, id))
		netns_bug("netns_generic: slot id %u was never given out, or its module left", id);
	t = tenant_of(ns);
	state = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);
	if (state != TENANT_SETUP && state != TENANT_UNARMED && state != TENANT_LIVE &&
	    state != TENANT_DYING)
		netns_bug("netns_generic: tenant %p is freed or no tenant (state 0x%x)",
			  (const void *)ns, state);
	if (!rcu_online() && !watch_in_callback() &&
	    __atomic_load_n(&t->active, __ATOMIC_RELAXED) == 0)
		netns_bug("netns_generic: tenant %u is dying, and the caller neither is an online "
			  "reader nor holds a reference",
			  ns->index);
}
#endif
