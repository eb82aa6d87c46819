/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ordered set below the peer ids: after any mix of insertions and removals it agrees with a
 * plain array, every size is right, and no side is more than three times as heavy as the other.
 */
#include <criterion/criterion.h>

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "netns/peer_tree.h"

enum { IDS = 3000, STEPS = 200000, PHASE = 25000 };

static struct peer_node nodes[IDS];
static bool in[IDS];

/* Return: nodes below and at @node, all ids of which lie in @low .. @high. */
static uint32_t check(const struct peer_node *node, int64_t low, int64_t high)
{
	uint32_t left, right;

	if (node == NULL)
		return 0;
	cr_assert(node->id >= low && node->id <= high);
	left = check(node->left, low, (int64_t)node->id - 1);
	right = check(node->right, (int64_t)node->id + 1, high);
	cr_assert_eq(node->size, left + right + 1);
	cr_assert(left + 1 <= 3 * (right + 1) && right + 1 <= 3 * (left + 1), "%u %u", left, right);
	return node->size;
}

static int next_in(int id)
{
	while (id < IDS && !in[id])
		id++;
	return id;
}

static void compare(struct peer_node *root, uint32_t count)
{
	int after = (int)(random() % (IDS + 1)) - 1, want = next_in(after + 1), free_id = 0;
	const struct peer_node *found = peer_tree_above(root, after);

	cr_assert_eq(check(root, 0, IDS - 1), count);
	cr_assert(want == IDS ? found == NULL : found == &nodes[want]);
	while (free_id < IDS && in[free_id])
		free_id++;
	cr_assert_eq(peer_tree_lowest_free(root), (uint32_t)free_id);
}

static int last_dropped = -1;
static uint32_t dropped;

static void drop(struct peer_node *node)
{
	cr_assert_gt(node->id, last_dropped);
	last_dropped = node->id;
	dropped++;
	memset(node, 0xff, sizeof(*node)); /* as if freed */
}

Test(peer_tree, agrees_with_an_array_and_keeps_its_balance)
{
	struct peer_node *root = NULL;
	uint32_t count = 0;
	int step, id;

	srandom(1);
	for (step = 0; step < STEPS; step++) {
		/* it grows for a while, then it shrinks for a while */
		bool remove = (step / PHASE) % 2 ? random() % 4 != 0 : random() % 4 == 0;

		id = (int)(random() % IDS);
		if (in[id] && remove) {
			root = peer_tree_remove(root, id);
			count--;
		} else if (!in[id] && !remove) {
			nodes[id].id = id;
			root = peer_tree_insert(root, &nodes[id]);
			count++;
		} else {
			continue;
		}
		in[id] = !remove;
		if (step % 100 == 0)
			compare(root, count);
	}
	compare(root, count);
	peer_tree_drop(root, drop);
	cr_assert_eq(dropped, count);
}

Test(peer_tree, ascending_and_descending_ids_stay_balanced)
{
	struct peer_node *up = NULL, *down = NULL;
	int id;

	for (id = 0; id < IDS / 2; id++) {
		nodes[id].id = id;
		up = peer_tree_insert(up, &nodes[id]);
		nodes[IDS - 1 - id].id = INT_MAX - id;
		down = peer_tree_insert(down, &nodes[IDS - 1 - id]);
	}
	cr_assert_eq(check(up, 0, IDS), IDS / 2);
	cr_assert_eq(check(down, 0, INT_MAX), IDS / 2);
	cr_assert_eq(peer_tree_lowest_free(up), IDS / 2);
	cr_assert_eq(peer_tree_lowest_free(down), 0);
	cr_assert_null(peer_tree_above(down, INT_MAX));
	cr_assert_eq(peer_tree_above(down, INT_MAX - 1)->id, INT_MAX);
	for (id = 0; id < IDS / 2; id++) {
		up = peer_tree_remove(up, id);
		cr_assert_eq(peer_tree_lowest_free(up), 0);
	}
	cr_assert_null(up);
}
