/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tag tables: VLAN tag -> link, one entry a tag. A port has one, and so has each link that others
 * are stacked on; an entry is an 8-byte word: 0, a link, or (bit 0 set) the table of a link that
 * has stacked ones. Two levels of 12 bits each. Written by control under dp_ctl_lock, one entry at
 * a time with release; read by workers with consume (plain loads on what was found).
 */
#ifndef DP_TAG_TABLE_H
#define DP_TAG_TABLE_H

#include <stdint.h>

#include "dp_link.h"
#include "netns/netns_rcu.h"

#define TAG_ENTRIES 4096u
#define TAG_TABLE   1ull /* flag in an entry: the rest points to a table */

/** struct dp_tag_table - tags in front of one port's or link's frames */
struct dp_tag_table {
	uint64_t self;  /* frames without a further tag; entry of a link; w:control r:worker */
	uint64_t *ad;   /* 802.1ad entries; NULL: none; w:control (release) r:worker */
	uint32_t links; /* entries set, in all levels below too; w:control r:worker (a hint) */
	int32_t node;
	struct netns_defer defer;
	uint64_t q[TAG_ENTRIES] __attribute__((aligned(64))); /* 802.1Q entries */
};

struct dp_tag_table *tag_table_new(int node, const struct dp_link *self);
/* At once: no worker may know it any more. */
void tag_table_free(struct dp_tag_table *t);
/* After a grace period. */
void tag_table_defer(struct dp_tag_table *t);

/* Entry's address for (@proto, @vid), 802.1ad entries made if need be; NULL: out of memory. */
uint64_t *tag_table_slot(struct dp_tag_table *t, uint16_t proto, uint16_t vid);

static inline uint64_t tag_entry(const struct dp_link *link)
{
	return (uint64_t)(uintptr_t)link;
}

static inline uint64_t tag_entry_table(const struct dp_tag_table *t)
{
	return (uint64_t)(uintptr_t)t | TAG_TABLE;
}

/* Pairs with tag_load(): whoever sees the entry sees the link or table that it points to. */
static inline void tag_store(uint64_t *slot, uint64_t entry)
{
	__atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

/* Address dependency orders what is read through the entry; acquire costs nothing on x86. */
static inline uint64_t tag_load(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_ACQUIRE);
}

static inline const struct dp_tag_table *tag_entry_as_table(uint64_t entry)
{
	return (const struct dp_tag_table *)(uintptr_t)(entry & ~TAG_TABLE);
}

static inline const struct dp_link *tag_entry_as_link(uint64_t entry)
{
	return (const struct dp_link *)(uintptr_t)entry;
}

#endif /* DP_TAG_TABLE_H */
