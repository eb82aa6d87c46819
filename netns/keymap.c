/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table behind keymap.h: chained, doubled when there are more nodes than buckets, never made
 * smaller. Owns the buckets only; whoever embeds a node owns the node and the lock.
 */
#include "keymap.h"

#include <stddef.h>

#include "fault.h"

#define FIRST_BUCKETS 64u

static struct keymap_node **bucket_of(const struct keymap *map, uint64_t a, uint64_t b)
{
	return &map->bucket[hash_pair(&map->salt, a, b) & map->mask];
}

int keymap_init(struct keymap *map)
{
	int err = hash_salt_init(&map->salt);

	if (err != 0)
		return err;
	map->bucket = heap_zalloc(FIRST_BUCKETS * sizeof(struct keymap_node *));
	if (map->bucket == NULL)
		return -ENOMEM;
	map->mask = FIRST_BUCKETS - 1;
	map->count = 0;
	return 0;
}

void keymap_fini(struct keymap *map)
{
	heap_free(map->bucket);
	map->bucket = NULL;
}

static void link_node(struct keymap *map, struct keymap_node *node)
{
	struct keymap_node **head = bucket_of(map, node->a, node->b);

	node->next = *head;
	*head = node;
}

static void grow(struct keymap *map)
{
	struct keymap_node **old = map->bucket, **wider, *node, *next;
	uint32_t i, buckets = map->mask + 1;

	if (buckets > UINT32_MAX / 2)
		return;
	wider = heap_zalloc((size_t)buckets * 2 * sizeof(struct keymap_node *));
	if (wider == NULL)
		return;
	map->bucket = wider;
	map->mask = buckets * 2 - 1;
	for (i = 0; i < buckets; i++) {
		for (node = old[i]; node != NULL; node = next) {
			next = node->next;
			link_node(map, node);
		}
	}
	heap_free(old);
}

void keymap_add(struct keymap *map, struct keymap_node *node, uint64_t a, uint64_t b)
{
	if (map->count > map->mask)
		grow(map);
	node->a = a;
	node->b = b;
	link_node(map, node);
	map->count++;
}

void keymap_del(struct keymap *map, struct keymap_node *node)
{
	struct keymap_node **at = bucket_of(map, node->a, node->b);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	map->count--;
}

static struct keymap_node *scan(struct keymap_node *node, uint64_t a, uint64_t b)
{
	while (node != NULL && (node->a != a || node->b != b))
		node = node->next;
	return node;
}

struct keymap_node *keymap_find(const struct keymap *map, uint64_t a, uint64_t b)
{
	return map->bucket != NULL ? scan(*bucket_of(map, a, b), a, b) : NULL;
}

struct keymap_node *keymap_find_next(const struct keymap_node *node)
{
	return scan(node->next, node->a, node->b);
}
