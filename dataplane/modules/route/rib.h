/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RIB of one tenant and family: every route, sorted as Linux lists them. Control side only, under
 * dp_ctl_lock; workers see the FIB, never this. One leaf of pointers serves a small tenant; beyond
 * it a top array of leaves, so that a change costs O(log n) compares and one short memmove.
 */
#ifndef RIB_H
#define RIB_H

#include <stdbool.h>
#include <stdint.h>

#include "netns/netns.h"

struct route;

#define RIB_LEAF_MAX 128u /* routes in a leaf, at most */

/** struct rib_leaf - sorted pointers; capacity grows 4, 8, ... RIB_LEAF_MAX */
struct rib_leaf {
	uint16_t n, cap;
	struct route *route[];
};

/** struct rib - 32 bytes; zeroed is empty but for ns and family */
struct rib {
	struct netns *ns;       /* who is charged */
	struct rib_leaf **leaf; /* n_leaves of them, never empty ones */
	uint32_t n_leaves, cap_leaves;
	uint32_t routes;
	uint8_t family; /* AF_INET, AF_INET6 */
};

/** struct rib_pos - a place in the order; valid until the next change */
struct rib_pos {
	uint32_t leaf, i;
};

/** struct rib_key - what orders routes; AF_INET by address, AF_INET6 longer prefixes first */
struct rib_key {
	uint8_t dst[16];
	uint8_t plen, tos;
	uint32_t table, metric;
};

/* First route that is not before @key. False: there is none behind it. */
bool rib_seek(const struct rib *rib, const struct rib_key *key, struct rib_pos *ret_pos);
struct route *rib_at(const struct rib *rib, const struct rib_pos *pos);
bool rib_step(const struct rib *rib, struct rib_pos *pos);

/* First route of exactly this prefix (any table, tos, metric), or NULL. */
struct route *rib_first(const struct rib *rib, const uint8_t *dst, uint8_t plen,
			struct rib_pos *ret_pos);

/* Inserts behind routes with the same key. -ENOMEM, -EDQUOT: unchanged. */
int rib_insert(struct rib *rib, struct route *route);
/* Inserts in front of @before, a route with the same key. */
int rib_insert_before(struct rib *rib, struct route *route, const struct route *before);
/* Puts @route where @old was (same key). */
void rib_swap(struct rib *rib, const struct route *old, struct route *route);
/* @route must be in it. Cannot fail. */
void rib_remove(struct rib *rib, const struct route *route);
void rib_fini(struct rib *rib);

#endif /* RIB_H */
