/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ordered set of one tenant's peer ids: a weight-balanced binary tree whose nodes lie in the links.
 * The subtree sizes that balance it also find the lowest free id, so a set costs no memory of its
 * own whatever ids it holds. Used by peer.c only, under the peer lock; cannot fail.
 */
#ifndef NETNS_PEER_TREE_H
#define NETNS_PEER_TREE_H

#include <stdint.h>

struct peer_node {
	struct peer_node *left, *right;
	uint32_t size; /* nodes in this subtree, itself included */
	int id;        /* >= 0 */
};

/* @node->id is set and not in the tree. Return: the new root. O(log n). */
struct peer_node *peer_tree_insert(struct peer_node *root, struct peer_node *node);

/* @id is in the tree. Return: the new root. O(log n). */
struct peer_node *peer_tree_remove(struct peer_node *root, int id);

/* The node with the lowest id > @after (-1: of all), or NULL. O(log n). */
struct peer_node *peer_tree_above(struct peer_node *root, int after);

/* The lowest number that is no id: 0 .. size of the tree. O(log n). */
uint32_t peer_tree_lowest_free(const struct peer_node *root);

/* Calls @fn in ascending order; @fn may free its node. The tree is gone afterwards. O(n). */
void peer_tree_drop(struct peer_node *root, void (*fn)(struct peer_node *node));

#endif /* NETNS_PEER_TREE_H */
