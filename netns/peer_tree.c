/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Weight-balanced tree of peer ids: owns the shape of the tree, nothing else. Neither side of a
 * node weighs more than DELTA times the other (weight = nodes + 1), which bounds the depth to about
 * 2.4 log2(n); recursion is as deep as the tree, so below 80 frames for 2^32 ids. The pair (3, 2)
 * is one of the few for which both insertion and removal are proven to keep the balance.
 * Callers hold the peer lock.
 */
#include "peer_tree.h"

#include <stddef.h>

#define DELTA 3u /* how many times heavier one side may be */
#define GAMMA 2u /* from here on a double rotation is needed */

static uint64_t weight(const struct peer_node *node)
{
	return (node ? (uint64_t)node->size : 0) + 1;
}

static void resize(struct peer_node *node)
{
	node->size = (uint32_t)(weight(node->left) + weight(node->right) - 1);
}

/* @top, the right child, takes the place of @node. */
static struct peer_node *rotate_left(struct peer_node *node, struct peer_node *top)
{
	node->right = top->left;
	top->left = node;
	resize(node);
	resize(top);
	return top;
}

/* @top, the left child, takes the place of @node. */
static struct peer_node *rotate_right(struct peer_node *node, struct peer_node *top)
{
	node->left = top->right;
	top->right = node;
	resize(node);
	resize(top);
	return top;
}

/* One side of @node grew or shrank by one. A side that is too heavy is not empty. */
static struct peer_node *balance(struct peer_node *node)
{
	struct peer_node *left = node->left, *right = node->right, *inner;

	if (right != NULL && weight(right) > DELTA * weight(left)) {
		inner = right->left;
		if (inner != NULL && weight(inner) >= GAMMA * weight(right->right))
			right = rotate_right(right, inner);
		return rotate_left(node, right);
	}
	if (left != NULL && weight(left) > DELTA * weight(right)) {
		inner = left->right;
		if (inner != NULL && weight(inner) >= GAMMA * weight(left->left))
			left = rotate_left(left, inner);
		return rotate_right(node, left);
	}
	resize(node);
	return node;
}

static struct peer_node *insert(struct peer_node *root, struct peer_node *node)
{
	if (root == NULL)
		return node;
	if (node->id < root->id)
		root->left = insert(root->left, node);
	else
		root->right = insert(root->right, node);
	return balance(root);
}

struct peer_node *peer_tree_insert(struct peer_node *root, struct peer_node *node)
{
	node->left = NULL;
	node->right = NULL;
	node->size = 1;
	return insert(root, node);
}

static struct peer_node *take_lowest(struct peer_node *root, struct peer_node **ret_lowest)
{
	if (root->left == NULL) {
		*ret_lowest = root;
		return root->right;
	}
	root->left = take_lowest(root->left, ret_lowest);
	return balance(root);
}

struct peer_node *peer_tree_remove(struct peer_node *root, int id)
{
	struct peer_node *heir;

	if (id < root->id) {
		root->left = peer_tree_remove(root->left, id);
		return balance(root);
	}
	if (id > root->id) {
		root->right = peer_tree_remove(root->right, id);
		return balance(root);
	}
	if (root->left == NULL)
		return root->right;
	if (root->right == NULL)
		return root->left;
	root->right = take_lowest(root->right, &heir);
	heir->left = root->left;
	heir->right = root->right;
	return balance(heir);
}

struct peer_node *peer_tree_above(struct peer_node *root, int after)
{
	struct peer_node *best = NULL;

	while (root != NULL) {
		if (root->id > after) {
			best = root;
			root = root->left;
		} else {
			root = root->right;
		}
	}
	return best;
}

/*
 * Ids are distinct and not negative, so the id of rank r is >= r, and equal just as long as no
 * number below it is free: the first rank where they differ is the answer.
 */
uint32_t peer_tree_lowest_free(const struct peer_node *root)
{
	uint32_t below = 0, rank;

	while (root != NULL) {
		rank = below + (uint32_t)(weight(root->left) - 1);
		if ((uint32_t)root->id == rank) {
			below = rank + 1;
			root = root->right;
		} else {
			root = root->left;
		}
	}
	return below;
}

void peer_tree_drop(struct peer_node *root, void (*fn)(struct peer_node *node))
{
	struct peer_node *right;

	while (root != NULL) {
		right = root->right;
		peer_tree_drop(root->left, fn);
		fn(root);
		root = right;
	}
}
