/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hot head of a tenant and the readers' side of its slots.
 *
 * Owns the layout that workers compile against: everything here is read-mostly, written by control
 * threads only. A slot id below NETNS_SLOTS_INLINE lies in the tenant itself and never moves, so
 * reading it costs no dependent line; higher ids lie in an array that grows under RCU and carries
 * its own length. Included by netns.h; not to be included alone by users of the library.
 */
#ifndef NETNS_SLOTS_H
#define NETNS_SLOTS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NETNS_CACHE_LINE   64u   /* bytes */
#define NETNS_SLOTS_INLINE 11u   /* slots that lie in struct netns itself */
#define NETNS_SLOTS_MAX    1024u /* slot ids are 0 .. NETNS_SLOTS_MAX - 1 */

/** union netns_slot - what one module stored in one tenant; 8 bytes */
union netns_slot {
	void *ptr;      /* module data of ops->size bytes; NULL: not populated */
	uint64_t value; /* with NETNS_OPS_VALUE: the module's own 64 bits */
};

/** struct netns_slots - the grown part: ids NETNS_SLOTS_INLINE and up; immutable length */
struct netns_slots {
	uint32_t len;         /* slots in v[], count */
	uint32_t numa_node;   /* where to free it */
	union netns_slot v[]; /* w:control (release) r:worker (consume) */
};

/**
 * struct netns - a tenant; its public, hot head of two cache lines
 *
 * Workers only read it. Counts, names and lists live behind it, in lines that workers never touch.
 */
struct netns {
	uint64_t handle;           /* generation << 32 | index; never 0, never reused; const */
	uint64_t features;         /* w:control r:worker; mask of the modules this tenant has */
	struct netns_slots *slots; /* w:control (release) r:worker (consume); NULL until id 11 */
	uint32_t index;            /* dense and reused; const while the tenant lives */
	uint32_t numa_node;        /* where its memory lies; const */
	uint32_t inum;             /* inode-like number, unique among live tenants; const */
	uint32_t flags;            /* NETNS_F_*; const after publishing */
	union netns_slot slot[NETNS_SLOTS_INLINE]; /* w:control (release) r:worker (consume) */
} __attribute__((aligned(64)));

static_assert(sizeof(struct netns) == 2 * NETNS_CACHE_LINE, "hot head is two cache lines");
static_assert(offsetof(struct netns, slot) == 40, "head and three slots share the first line");

#define NETNS_F_ROOT 1u /* netns_init_ns() */

#ifdef NETNS_DEBUG_CHECKS
/* Aborts with a text unless @ns is alive memory, @id was given out and the caller is protected. */
void netns_generic_check(const struct netns *ns, unsigned int id);
#else
static inline void netns_generic_check(const struct netns *ns, unsigned int id)
{
	(void)ns;
	(void)id;
}
#endif

/* Address of slot @id, or NULL when this tenant's array does not reach it. Wait-free. */
static inline const union netns_slot *netns_slot_at(const struct netns *ns, unsigned int id)
{
	const struct netns_slots *slots;

	if (__builtin_expect(id < NETNS_SLOTS_INLINE, 1))
		return &ns->slot[id];
	/* pairs with the release in slots_publish(); acquire is free on x86 */
	slots = __atomic_load_n(&ns->slots, __ATOMIC_ACQUIRE);
	id -= NETNS_SLOTS_INLINE;
	if (slots == NULL || id >= slots->len)
		return NULL;
	return &slots->v[id];
}

/**
 * netns_generic() - data that a module stored in a tenant
 * @ns: tenant, not NULL; referenced, or found in this burst
 * @id: slot id, as netns_subsys_register() gave it; any value is safe
 *
 * Shape:    ops->size bytes, aligned to a cache line
 * Context:  worker or control; RCU reader online or a reference held; wait-free
 * Ordering: consume; pairs with the release in slots_publish() and slot_set()
 * Lifetime: until the next quiescent state; netns_get() to keep it longer
 * Errors:   none
 * Return:   the data, or NULL if no module owns @id here
 * Source:   behaviour of Linux net_generic()
 */
static inline void *netns_generic(const struct netns *ns, unsigned int id)
{
	const union netns_slot *slot;

	netns_generic_check(ns, id);
	slot = netns_slot_at(ns, id);
	return slot ? __atomic_load_n(&slot->ptr, __ATOMIC_ACQUIRE) : NULL;
}

/**
 * netns_value() - 64 bits that a module stored in the slot itself
 * @ns: tenant, not NULL; referenced, or found in this burst
 * @id: slot id of operations registered with NETNS_OPS_VALUE
 *
 * Context:  as netns_generic(); wait-free
 * Return:   the value; 0 if it was never set, or no module owns @id here
 */
static inline uint64_t netns_value(const struct netns *ns, unsigned int id)
{
	const union netns_slot *slot;

	netns_generic_check(ns, id);
	slot = netns_slot_at(ns, id);
	return slot ? __atomic_load_n(&slot->value, __ATOMIC_ACQUIRE) : 0;
}

#ifdef __cplusplus
}
#endif

#endif /* NETNS_SLOTS_H */
