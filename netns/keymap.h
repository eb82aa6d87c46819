/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intrusive hash table for control structures, keyed by two numbers: descriptors by inode, sessions
 * by process, records of references by number. Each table belongs to one file, whose lock guards
 * it. Keys may occur more than once. Adding cannot fail: without memory to grow, chains get longer.
 */
#ifndef NETNS_KEYMAP_H
#define NETNS_KEYMAP_H

#include <stdint.h>

#include "hash.h"

struct keymap_node {
	struct keymap_node *next;
	uint64_t a, b; /* the key; const while in the table */
};

struct keymap {
	struct keymap_node **bucket;
	uint32_t mask;  /* buckets - 1 */
	uint32_t count; /* nodes */
	struct hash_salt salt;
};

/* 0, -ENOMEM or -EIO. */
int keymap_init(struct keymap *map);
/* The nodes are the caller's. */
void keymap_fini(struct keymap *map);

void keymap_add(struct keymap *map, struct keymap_node *node, uint64_t a, uint64_t b);
/* @node is in the table. */
void keymap_del(struct keymap *map, struct keymap_node *node);

/*
 * A node with this key, and more of the same; in no order. NULL at the end, and without
 * keymap_init(). O(1) each.
 */
struct keymap_node *keymap_find(const struct keymap *map, uint64_t a, uint64_t b);
struct keymap_node *keymap_find_next(const struct keymap_node *node);

#endif /* NETNS_KEYMAP_H */
